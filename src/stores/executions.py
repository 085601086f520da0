"""One state machine's executions, and the task tokens of those that wait."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from botocore.exceptions import ClientError

from models.errors import BadInput, Permanent, Unavailable
from stores.aws_errors import error_code, translated
from workflows.ports import ExecutionStatus

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

PAYLOAD_LIMIT: Final = 262_144
"""Bytes of a state's input or output. Checked here, since not every implementation of the API enforces it."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NOBODY_WAITS: Final = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})


class StepFunctionsExecutions:
    """Port ``Executions``."""

    def __init__(self, client: "SFNClient", machine_arn: str) -> None:
        self._client = client
        self._machine_arn = machine_arn

    def start(self, name: str, payload: Mapping[str, Any]) -> ExecutionStatus:
        """Raises:
        BadInput: not a name of an execution.
        Permanent: the payload is larger than a state's input may be.
        """
        if not _NAME.fullmatch(name):
            raise BadInput(f"not a name of an execution: {name!r}; expected 1 to 80 of A-Z, a-z, 0-9, _ and -")
        text = _limited(f"the input of {name}", payload)
        with translated("states StartExecution"):
            try:
                self._client.start_execution(stateMachineArn=self._machine_arn, name=name, input=text)
            except ClientError as error:
                if error_code(error) != "ExecutionAlreadyExists":
                    raise
            else:
                return ExecutionStatus.RUNNING
        status = self.status(name)
        if status is None:
            raise Unavailable(f"execution {name} is said to exist and cannot be described")
        return status

    def status(self, name: str) -> ExecutionStatus | None:
        with translated("states DescribeExecution"):
            try:
                answer = self._client.describe_execution(executionArn=self._execution_arn(name))
            except ClientError as error:
                if error_code(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return ExecutionStatus(answer["status"])

    def _execution_arn(self, name: str) -> str:
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


class StepFunctionsTasks:
    """Port ``Tasks``."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Raises:
        Permanent: the output is larger than a state's output may be.
        """
        text = _limited("the output of a task", output)
        with translated("states SendTaskSuccess"):
            try:
                self._client.send_task_success(taskToken=token, output=text)
            except ClientError as error:
                if error_code(error) in _NOBODY_WAITS:
                    return False
                raise
        return True


def _limited(what: str, payload: Mapping[str, Any]) -> str:
    encoded = orjson.dumps(dict(payload))
    if len(encoded) > PAYLOAD_LIMIT:
        raise Permanent(f"{what} is larger than {PAYLOAD_LIMIT} bytes")
    return encoded.decode()
