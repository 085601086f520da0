"""Runs a machine of ours in the emulator, with scripted functions in the place of the real ones.

Every event is parsed by the model of its function, so a machine that sends something else fails here.
"""

import io
import json
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3

from components.aws.step_functions import definition_file, placeholders, render_definition
from models import events
from models.errors import AnimeError
from tests.statemachines.test_definitions import INPUTS, PARAMETERS

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/machine"
SHA = "0" * 64

Behaviour = Callable[[Any, int], Any]
"""From the parsed event and the number of the call (from 1) to the result; what it raises is the function's error."""


class Crash(Exception):
    """An end of a function that no code of ours raises; ``error_type`` is what Lambda would report."""

    def __init__(self, error_type: str) -> None:
        super().__init__(error_type)
        self.error_type = error_type


@dataclass(frozen=True, kw_only=True)
class Call:
    task: str
    event: Any


@dataclass
class Run:
    """An execution that has ended."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    calls: list[Call]
    history_bytes: int

    def tasks(self) -> list[str]:
        return [call.task for call in self.calls]

    def events(self, task: str) -> list[Any]:
        return [call.event for call in self.calls if call.task == task]


@dataclass
class _Script:
    behaviours: Mapping[str, Behaviour]
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def call(self, task: str, payload: Mapping[str, Any]) -> Any:
        event = INPUTS[task].model_validate(payload)
        with self.lock:
            self.calls.append(Call(task=task, event=event))
            self.counts[task] += 1
            number = self.counts[task]
        return self.behaviours[task](event, number)


class Harness:
    def __init__(self, endpoint: str) -> None:
        session = boto3.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
        self.machines = session.client("stepfunctions", endpoint_url=endpoint)
        self.objects = session.client("s3", endpoint_url=endpoint)
        functions = session.client("lambda", endpoint_url=endpoint)
        self._arns = {task: _make_function(functions, task) for task in INPUTS}
        self._script = _Script({})

    def dispatch(
        self, func: Mapping[str, Any], config: Mapping[str, Any], event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        """In the place of the emulator's own executor."""
        try:
            result = self._script.call(config["FunctionName"], event)
        except (AnimeError, Crash) as error:
            name = error.error_type if isinstance(error, Crash) else type(error).__name__
            body = {"errorType": name, "errorMessage": str(error)}
            _fail_the_waiting_task(event, body)
            return {"body": body, "error": True, "log": ""}
        return {"body": json.loads(json.dumps(result)), "log": ""}

    def run(
        self,
        machine: str,
        given: Mapping[str, Any],
        behaviours: Mapping[str, Behaviour],
        *,
        parameters: Mapping[str, int] | None = None,
        seconds: float = 30,
    ) -> Run:
        script = self._script = _Script(behaviours)
        name = f"{machine}-{uuid4().hex[:12]}"
        definition = _render(machine, self._arns, parameters or {})
        arn = self.machines.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
        execution = self.machines.start_execution(
            stateMachineArn=arn, name=f"run-{uuid4().hex[:12]}", input=json.dumps(given)
        )["executionArn"]
        deadline = time.monotonic() + seconds
        while (found := self.machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"still running after {seconds} s: {[c.task for c in script.calls]}"
            time.sleep(0.01)
        history = self.machines.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return Run(
            status=found["status"],
            output=json.loads(found["output"]) if found["status"] == "SUCCEEDED" else None,
            error=found.get("error"),
            cause=found.get("cause"),
            calls=script.calls,
            history_bytes=max(len(json.dumps(event, default=str)) for event in history),
        )

    def decide(self, verdict: str, *, commit: bool = True) -> Behaviour:
        """A reviewer who decides at once."""

        def request(event: events.ReviewRequestInput, _: int) -> None:
            outcome = {
                "review_id": "review-1",
                "verdict": verdict,
                "commit": commit,
                "approved_key": event.proposed_key,
                "sha256": event.sha256,
            }
            self.machines.send_task_success(taskToken=event.token, output=json.dumps(outcome))

        return request


def _render(machine: str, arns: Mapping[str, str], parameters: Mapping[str, int]) -> str:
    wanted = placeholders(definition_file(machine))
    defaults = dict.fromkeys(PARAMETERS[machine], 600)
    called = {name: arn for name, arn in arns.items() if name in wanted}
    return render_definition(definition_file(machine), {**called, **defaults, **parameters})


def _make_function(functions: Any, task: str) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("empty.py", "")
    arn: str = functions.create_function(
        FunctionName=task,
        Role=ROLE,
        Runtime="python3.13",
        Handler="empty.handler",
        Code={"ZipFile": package.getvalue()},
    )["FunctionArn"]
    return arn


def _fail_the_waiting_task(event: Mapping[str, Any], body: Mapping[str, str]) -> None:
    """As AWS does. The emulator ignores the error of a function that was to hand on a task token, and waits on."""
    from ministack.services import stepfunctions

    waiting = stepfunctions._task_tokens.get(event.get("token", ""))
    if waiting is not None:
        waiting["error"] = {"Error": body["errorType"], "Cause": json.dumps(body)}
        waiting["event"].set()


@contextmanager
def in_place_of_executor(harness: Harness) -> Iterator[Harness]:
    from ministack.services import lambda_svc

    original = lambda_svc._execute_function_dispatch
    lambda_svc._execute_function_dispatch = harness.dispatch
    try:
        yield harness
    finally:
        lambda_svc._execute_function_dispatch = original


def fails(error: Exception, *, times: int | None = None, then: Behaviour | None = None) -> Behaviour:
    """Always, or the first ``times`` calls and then as ``then`` does."""

    def behave(event: Any, number: int) -> Any:
        if times is None or number <= times:
            raise error
        assert then is not None
        return then(event, number)

    return behave


def gives(result: events.Event | None = None) -> Behaviour:
    return lambda _event, _number: None if result is None else result.model_dump(mode="json")
