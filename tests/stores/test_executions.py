"""The contracts of ``Executions`` and ``Tasks``, and what only Step Functions can get wrong."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from models.errors import BadInput, Permanent, Throttled, Unavailable
from stores.executions import PAYLOAD_LIMIT, StepFunctionsExecutions, StepFunctionsTasks
from tests.support.emulator import aws_client
from tests.support.fakes import FakeExecutions, FakeTasks
from tests.support.servers import free_port
from workflows.ports import Executions, ExecutionStatus, Tasks

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:enrichment"
ROLE = "arn:aws:iam::000000000000:role/states"


@pytest.fixture(scope="module")
def sfn(request: pytest.FixtureRequest) -> Any:
    return aws_client("stepfunctions", request.getfixturevalue("aws_endpoint"))


def _machine(sfn: Any, state: dict[str, Any]) -> str:
    definition = {"StartAt": "Only", "States": {"Only": state}}
    created = sfn.create_state_machine(
        name=f"m-{uuid.uuid4().hex[:20]}", definition=json.dumps(definition), roleArn=ROLE
    )
    arn: str = created["stateMachineArn"]
    return arn


# --------------------------------------------------------------------------------------------------------- executions


@dataclass(frozen=True)
class World:
    """``end`` makes a running execution end as failed or aborted."""

    executions: Executions
    end: Callable[[str], object]


@pytest.fixture(params=["fake", "stepfunctions"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        fake = FakeExecutions()
        return World(fake, lambda name: fake.finish(name, ExecutionStatus.ABORTED))
    sfn = request.getfixturevalue("sfn")
    machine = _machine(sfn, {"Type": "Wait", "Seconds": 600, "End": True})
    prefix = machine.replace(":stateMachine:", ":execution:")
    return World(
        StepFunctionsExecutions(sfn, machine), lambda name: sfn.stop_execution(executionArn=f"{prefix}:{name}")
    )


def test_an_absent_execution_has_no_status(world: World) -> None:
    assert world.executions.status("new-ani_1-01A") is None


def test_a_started_execution_is_running(world: World) -> None:
    assert world.executions.start("new-ani_1-01A", {"a": [1, "ü"]}) is ExecutionStatus.RUNNING
    assert world.executions.status("new-ani_1-01A") is ExecutionStatus.RUNNING


def test_the_same_start_again_is_the_running_one(world: World) -> None:
    world.executions.start("new-ani_1-01A", {"a": 1})

    assert world.executions.start("new-ani_1-01A", {"a": 1}) is ExecutionStatus.RUNNING


def test_a_start_under_a_taken_name_tells_how_that_one_ended(world: World) -> None:
    world.executions.start("new-ani_1-01A", {"a": 1})
    world.end("new-ani_1-01A")

    assert world.executions.start("new-ani_1-01A", {"a": 1}) is ExecutionStatus.ABORTED
    assert world.executions.status("new-ani_1-01A") is ExecutionStatus.ABORTED


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ü", "a" * 81])
def test_a_wrong_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(BadInput):
        world.executions.start(name, {})


def test_an_input_above_the_limit_is_refused(world: World) -> None:
    fits = {"a": "x" * (PAYLOAD_LIMIT - 20)}
    exceeds = {"a": "x" * PAYLOAD_LIMIT}

    assert world.executions.start("fits", fits) is ExecutionStatus.RUNNING
    with pytest.raises(Permanent):
        world.executions.start("exceeds", exceeds)
    assert world.executions.status("exceeds") is None


def test_the_machine_gets_the_payload(sfn: Any) -> None:
    machine = _machine(sfn, {"Type": "Pass", "End": True})

    StepFunctionsExecutions(sfn, machine).start("e1", {"a": {"b": ["ü"]}})

    described = sfn.describe_execution(executionArn=machine.replace(":stateMachine:", ":execution:") + ":e1")
    assert json.loads(described["input"]) == {"a": {"b": ["ü"]}}


# -------------------------------------------------------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Waiting:
    """``token`` is one that somebody waits for; ``output`` what that one was sent in the end."""

    tasks: Tasks
    token: str
    output: Callable[[], Any]


@pytest.fixture(params=["fake", "stepfunctions"])
def waiting(request: pytest.FixtureRequest) -> Waiting:
    if request.param == "fake":
        fake = FakeTasks()
        fake.wait("token-1")
        return Waiting(fake, "token-1", lambda: fake.outputs["token-1"])
    return _waiting_execution(request.getfixturevalue("sfn"), request.getfixturevalue("aws_endpoint"))


def _waiting_execution(sfn: Any, endpoint: str) -> Waiting:
    sqs = aws_client("sqs", endpoint)
    queue = sqs.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
    machine = _machine(
        sfn,
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
            "End": True,
        },
    )
    execution = sfn.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]

    def output() -> Any:
        while (described := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
            pass
        return json.loads(described["output"])

    return Waiting(StepFunctionsTasks(sfn), json.loads(message["Body"])["token"], output)


def test_succeed_hands_the_output_over(waiting: Waiting) -> None:
    assert waiting.tasks.succeed(waiting.token, {"verdict": "approved", "n": [1, "ü"]})
    assert waiting.output() == {"verdict": "approved", "n": [1, "ü"]}


def test_a_token_is_taken_once(waiting: Waiting) -> None:
    waiting.tasks.succeed(waiting.token, {"n": 1})

    assert waiting.output() == {"n": 1}
    assert not waiting.tasks.succeed(waiting.token, {"n": 2})
    assert waiting.output() == {"n": 1}


def test_nobody_waits_for_an_unknown_token(waiting: Waiting) -> None:
    assert not waiting.tasks.succeed("unknown", {})


def test_an_output_above_the_limit_is_refused_and_the_token_stays(waiting: Waiting) -> None:
    with pytest.raises(Permanent):
        waiting.tasks.succeed(waiting.token, {"a": "x" * PAYLOAD_LIMIT})

    assert waiting.tasks.succeed(waiting.token, {"n": 1})


# -------------------------------------------------------------------------------------------------------- translation


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = aws_client("stepfunctions", "http://127.0.0.1:1")
    with Stubber(client) as stubber:
        yield client, stubber


@pytest.mark.parametrize("code", ["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"])
def test_a_token_whose_task_is_over_is_no_error(stubbed: tuple[Any, Stubber], code: str) -> None:
    client, stubber = stubbed
    stubber.add_client_error("send_task_success", service_error_code=code)

    assert not StepFunctionsTasks(client).succeed("token", {})


@pytest.mark.parametrize(
    ("code", "expected"),
    [("InvalidOutput", Permanent), ("AccessDeniedException", Permanent), ("ThrottlingException", Throttled)],
)
def test_other_answers_to_a_token_are_errors_without_the_token(
    stubbed: tuple[Any, Stubber], code: str, expected: type[Exception]
) -> None:
    client, stubber = stubbed
    stubber.add_client_error("send_task_success", service_error_code=code, service_message="Invalid Token: 'secret'")

    with pytest.raises(expected) as caught:
        StepFunctionsTasks(client).succeed("secret", {})

    assert "secret" not in str(caught.value)


def test_a_token_that_is_none_is_an_error_without_the_token(stubbed: tuple[Any, Stubber]) -> None:
    with pytest.raises(Permanent) as caught:
        StepFunctionsTasks(stubbed[0]).succeed("x" * 3000, {})

    assert "xxx" not in str(caught.value)


def test_a_redriven_execution_has_not_ended(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    at = datetime(2026, 1, 1, tzinfo=UTC)
    described = {"executionArn": "a", "stateMachineArn": MACHINE, "startDate": at, "status": "PENDING_REDRIVE"}
    stubber.add_client_error("start_execution", service_error_code="ExecutionAlreadyExists")
    stubber.add_response(
        "describe_execution",
        described,
        {"executionArn": "arn:aws:states:us-east-1:000000000000:execution:enrichment:e1"},
    )

    status = StepFunctionsExecutions(client, MACHINE).start("e1", {})

    assert status is ExecutionStatus.PENDING_REDRIVE
    assert not status.ended


def test_a_name_that_is_taken_by_nobody_may_be_tried_again(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_client_error("start_execution", service_error_code="ExecutionAlreadyExists")
    stubber.add_client_error("describe_execution", service_error_code="ExecutionDoesNotExist")

    with pytest.raises(Unavailable):
        StepFunctionsExecutions(client, MACHINE).start("e1", {})


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ExecutionLimitExceeded", 400, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("InternalFailure", 500, Unavailable),
        ("StateMachineDoesNotExist", 400, Permanent),
    ],
)
def test_error_codes_are_translated(
    stubbed: tuple[Any, Stubber], code: str, status: int, expected: type[Exception]
) -> None:
    client, stubber = stubbed
    stubber.add_client_error("start_execution", service_error_code=code, http_status_code=status)

    with pytest.raises(expected):
        StepFunctionsExecutions(client, MACHINE).start("e1", {})


def test_a_refused_connection_is_unavailable() -> None:
    client = aws_client("stepfunctions", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Unavailable):
        StepFunctionsExecutions(client, MACHINE).start("e1", {})
    with pytest.raises(Unavailable):
        StepFunctionsExecutions(client, MACHINE).status("e1")
    with pytest.raises(Unavailable):
        StepFunctionsTasks(client).succeed("token", {})
