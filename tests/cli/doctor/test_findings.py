"""One line of the doctor, and what becomes of a question without an answer."""

import pytest

from cli.doctor.errors import (
    Absent,
    Denied,
    FunctionFailed,
    NoAnswer,
    NotSignedIn,
    SignInRefused,
    Unexpected,
    Unreachable,
    Unreadable,
)
from cli.doctor.findings import (
    Finding,
    State,
    apply_program,
    command,
    missing,
    needed_to_deploy,
    ok,
    unanswered,
    warning,
    worst,
)


@pytest.mark.parametrize("state", [State.WARNING, State.MISSING])
def test_a_finding_that_says_something_is_wrong_says_what_to_do(state: State) -> None:
    with pytest.raises(ValueError, match="say what to do"):
        Finding(check="uv", state=state, found="is not on PATH")


def test_what_is_missing_is_worse_than_any_number_of_warnings() -> None:
    fine, doubtful, bad = ok("a", "is"), warning("b", "is", "do"), missing("c", "is", "do")
    assert worst([]) is State.OK
    assert worst([fine, fine]) is State.OK
    assert worst([fine, doubtful, doubtful]) is State.WARNING
    assert worst([bad, doubtful, fine]) is State.MISSING


def test_what_only_a_deployment_needs_blocks_nobody_once_the_stack_stands() -> None:
    before = needed_to_deploy("uv", "is not on PATH", "install it", deployed=False)
    after = needed_to_deploy("uv", "is not on PATH", "install it", deployed=True)
    assert (before.state, after.state) == (State.MISSING, State.WARNING)
    assert "pulumi up" in after.found


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Denied("sqs:ListQueues"), "sqs:ListQueues"),
        (Unreachable(), "in time"),
        (NotSignedIn(), "who you are"),
        (SignInRefused(), "who you are"),
        (Absent(), "not there"),
        (FunctionFailed("Unavailable"), "Unavailable"),
        (Unreadable("has no stage"), "has no stage"),
        (Unexpected("ThrottlingException"), "ThrottlingException"),
    ],
)
def test_a_question_without_an_answer_is_a_warning_that_says_why_and_what_to_do(error: NoAnswer, said: str) -> None:
    finding = unanswered("queues", error)
    assert finding.state is State.WARNING
    assert said in finding.found
    assert finding.do


def test_whoever_is_not_allowed_to_look_is_told_the_right_that_is_needed() -> None:
    assert "servicequotas:GetServiceQuota" in unanswered("VPCs", Denied("servicequotas:GetServiceQuota")).do


def test_commands_are_those_of_the_stack() -> None:
    assert command("local", "redrive") == "`anime redrive`"
    assert command("dev", "redrive") == "`anime redrive --stack dev`"
    assert apply_program("dev") == "`pulumi up --stack dev`"
    assert "anime local up" in apply_program("local")


def test_as_json_an_empty_advice_is_null() -> None:
    assert ok("uv", "0.9.1").as_json == {"check": "uv", "state": "ok", "found": "0.9.1", "do": None}
