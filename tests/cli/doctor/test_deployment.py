"""What ``pulumi up`` makes, judged by what AWS tells of it."""

import pytest

from cli.doctor.deployment import (
    LETTERS,
    FunctionState,
    Subscribers,
    Timers,
    alarm_subscribers,
    dead_letters,
    deployment,
    functions,
    prefix_of,
    ringing,
    schema,
    secrets,
    timers,
)
from cli.doctor.errors import Absent, Denied, Unreachable
from cli.doctor.findings import State, worst

WORKS = FunctionState(name="anime-infra-dev-query", state="Active")


def test_a_stack_that_is_not_deployed_is_no_fault_and_says_how() -> None:
    found = deployment(Absent(), stack="dev")
    assert (found.state, found.found) == (State.WARNING, "not deployed yet")
    assert "pulumi up --stack dev" in found.do
    assert deployment({"functions": {"query": "q"}, "machines": {}}, stack="dev").state is State.OK
    assert deployment(Denied("ssm:GetParameter"), stack="dev").state is State.WARNING


def test_a_schema_is_judged_where_the_stack_tells_its_own() -> None:
    assert schema(None, ours="a", stack="dev") == []
    assert worst(schema("a", ours="a", stack="dev")) is State.OK
    assert worst(schema("b", ours="a", stack="dev")) is State.WARNING


@pytest.mark.parametrize(
    ("state", "update", "expected"),
    [
        ("Active", "Successful", State.OK),
        ("Inactive", "Successful", State.OK),
        ("Pending", "Successful", State.WARNING),
        ("Active", "InProgress", State.WARNING),
        ("Failed", "Successful", State.MISSING),
        ("Active", "Failed", State.MISSING),
        ("Deactivated", "Successful", State.MISSING),
    ],
)
def test_every_function_must_be_callable(state: str, update: str, expected: State) -> None:
    other = FunctionState(name="anime-infra-dev-review", state=state, update=update)
    assert functions([WORKS, other], stack="dev").state is expected


def test_a_broken_function_is_named_with_its_reason() -> None:
    broken = FunctionState(name="anime-infra-dev-review", state="Failed", reason="InvalidSubnet")
    assert "anime-infra-dev-review (InvalidSubnet)" in functions([WORKS, broken], stack="dev").found


def test_many_broken_functions_are_named_in_part() -> None:
    many = [FunctionState(name=f"f{number}", state="Failed") for number in range(9)]
    assert functions(many, stack="dev").found.endswith("and 4 more")


def test_a_function_that_is_gone_blocks_and_one_that_may_not_be_seen_does_not() -> None:
    assert functions([WORKS, Absent()], stack="dev").state is State.MISSING
    assert functions([WORKS, Denied("lambda:GetFunctionConfiguration")], stack="dev").state is State.WARNING


def test_an_empty_secret_says_what_is_off_and_the_command_that_fills_it() -> None:
    name = "anime-infra-dev-catalogue-animeschedule"
    empty, counted = secrets({name: False, "anime-infra-dev-index-key-readers": True}, stack="dev", region="eu-west-1")
    assert empty.state is State.WARNING
    assert "AnimeSchedule" in empty.found
    assert empty.do == (
        f"aws secretsmanager put-secret-value --secret-id {name} --secret-string file://token.txt --region eu-west-1"
    )
    assert counted.found.startswith("1 of 2")


def test_a_secret_of_a_catalogue_that_is_not_known_here_is_told_as_well() -> None:
    empty, _ = secrets({"anime-infra-dev-catalogue-newone": False}, stack="dev", region="x")
    assert "newone" in empty.found


def test_a_key_that_the_program_should_have_written_blocks() -> None:
    empty, _ = secrets({"anime-infra-dev-index-key-readers": False}, stack="dev", region="x")
    assert empty.state is State.MISSING
    assert "pulumi up" in empty.do


def test_secrets_that_may_not_be_listed_are_a_doubt() -> None:
    (found,) = secrets(Denied("secretsmanager:ListSecrets"), stack="dev", region="x")
    assert found.state is State.WARNING


@pytest.mark.parametrize(
    ("confirmed", "pending", "emails", "state", "said"),
    [
        (1, 0, 1, State.OK, ""),
        (2, 1, 3, State.OK, ""),
        (0, 2, 2, State.WARNING, "mail"),
        (0, 0, 0, State.WARNING, "alarmEmails"),
        (0, 0, 1, State.WARNING, "pulumi up"),
    ],
)
def test_alarms_must_reach_somebody(confirmed: int, pending: int, emails: int, state: State, said: str) -> None:
    found = alarm_subscribers(Subscribers(confirmed=confirmed, pending=pending), emails=emails, stack="dev")
    assert found.state is state
    assert said in found.do


def test_a_topic_that_is_gone_blocks() -> None:
    assert alarm_subscribers(Absent(), emails=0, stack="dev").state is State.MISSING
    assert alarm_subscribers(Unreachable(), emails=0, stack="dev").state is State.WARNING


def test_alarms_that_ring_are_named() -> None:
    assert ringing([]).state is State.OK
    found = ringing(["anime-infra-dev-commit-dlq-has-messages"])
    assert found.state is State.WARNING
    assert "commit-dlq" in found.found
    assert ringing(Denied("cloudwatch:DescribeAlarms")).state is State.WARNING


ON, OFF = Timers(enabled=("a", "b"), paused=()), Timers(enabled=("a",), paused=("b",))


@pytest.mark.parametrize(
    ("found", "wanted", "state", "said"),
    [
        (ON, True, State.OK, ""),
        (OFF, True, State.WARNING, "--refresh"),
        (ON, False, State.WARNING, "--refresh"),
        (Timers(enabled=(), paused=("a",)), False, State.WARNING, "schedulesEnabled"),
        (Timers(enabled=(), paused=()), True, State.MISSING, "pulumi up"),
        (Unreachable(), True, State.WARNING, "repeat"),
    ],
)
def test_schedules_are_as_the_settings_say(found: Timers | Unreachable, wanted: bool, state: State, said: str) -> None:
    judged = timers(found, wanted=wanted, stack="dev")
    assert judged.state is state
    assert said in judged.do


def test_on_a_laptop_schedules_do_not_fire_and_that_is_right() -> None:
    found = timers(Timers(enabled=(), paused=("a",)), wanted=False, stack="local")
    assert found.state is State.OK
    assert "anime local tick" in found.found


def test_letters_say_what_they_mean_and_what_to_do() -> None:
    counts = {f"{prefix_of('dev')}{role}": 0 for role in LETTERS}
    (none,) = dead_letters(counts, stack="dev")
    assert none.state is State.OK
    (commit,) = dead_letters({**counts, "anime-infra-dev-commit-dlq": 3}, stack="dev")
    assert (commit.state, commit.do) == (State.WARNING, "`anime redrive --stack dev`")
    assert "about 3" in commit.found


def test_each_kind_of_letter_has_an_advice_for_its_stack() -> None:
    found = dead_letters({f"anime-infra-dev-{role}": 1 for role in (*LETTERS, "new-dlq")}, stack="dev")
    assert len(found) == len(LETTERS) + 1
    assert not any("{" in finding.do for finding in found)


def test_queues_that_cannot_be_read_are_doubts_and_none_at_all_blocks() -> None:
    assert worst(dead_letters(Denied("sqs:ListQueues"), stack="dev")) is State.WARNING
    found = dead_letters({"anime-infra-dev-commit-dlq": Denied("sqs:GetQueueAttributes")}, stack="dev")
    assert worst(found) is State.WARNING
    assert worst(dead_letters({}, stack="dev")) is State.MISSING
