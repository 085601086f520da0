"""The contract of ``Schedules``, and what only EventBridge Scheduler can get wrong."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from models.errors import BadInput, Permanent, Throttled, Unavailable
from stores.schedules import SchedulerSchedules
from tests.support.emulator import aws_client
from tests.support.fakes import FakeSchedules
from tests.support.servers import free_port
from workflows.ports import Schedules

AT = datetime(2036, 4, 1, 14, 30, tzinfo=UTC)
NAME = "animeId-ani_2M6HN9HGHQC3NXVVAVNA91X3XE-episode-12"
ARNS: dict[str, Any] = {
    "role_arn": "arn:aws:iam::000000000000:role/scheduler",
    "target_arn": "arn:aws:lambda:us-east-1:000000000000:function:enrich-anime",
    "dead_letter_arn": "arn:aws:sqs:us-east-1:000000000000:schedules-dlq",
}


@dataclass(frozen=True)
class World:
    """``read`` gives a schedule's time and payload, or None."""

    schedules: Schedules
    read: Callable[[str], tuple[datetime, Mapping[str, Any]] | None]


@pytest.fixture(scope="module")
def scheduler(request: pytest.FixtureRequest) -> Any:
    return aws_client("scheduler", request.getfixturevalue("aws_endpoint"))


def _group(scheduler: Any) -> str:
    name = f"group-{uuid.uuid4().hex[:20]}"
    scheduler.create_schedule_group(Name=name)
    return name


@pytest.fixture(params=["fake", "scheduler"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        fake = FakeSchedules()

        def of_fake(name: str) -> tuple[datetime, Mapping[str, Any]] | None:
            there = fake.schedules.get(name)
            return None if there is None else (there.at, there.payload)

        return World(fake, of_fake)
    client = request.getfixturevalue("scheduler")
    group = _group(client)

    def of_service(name: str) -> tuple[datetime, Mapping[str, Any]] | None:
        listed = [one["Name"] for one in client.list_schedules(GroupName=group)["Schedules"]]
        if name not in listed:
            return None
        there = client.get_schedule(Name=name, GroupName=group)
        at = datetime.strptime(there["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
        return at, json.loads(there["Target"]["Input"])

    return World(SchedulerSchedules(client, group=group, **ARNS), of_service)


def test_a_schedule_is_made(world: World) -> None:
    world.schedules.put(NAME, AT, {"anime_id": "ani_1", "n": [1, "ü"]})

    assert world.read(NAME) == (AT, {"anime_id": "ani_1", "n": [1, "ü"]})


def test_one_with_the_same_time_is_left(world: World) -> None:
    world.schedules.put(NAME, AT, {"cause": "first"})

    world.schedules.put(NAME, AT, {"cause": "second"})

    assert world.read(NAME) == (AT, {"cause": "first"})


def test_one_with_another_time_is_updated(world: World) -> None:
    world.schedules.put(NAME, AT, {"cause": "first"})

    world.schedules.put(NAME, AT + timedelta(hours=1), {"cause": "second"})

    assert world.read(NAME) == (AT + timedelta(hours=1), {"cause": "second"})


def test_the_same_moment_in_another_zone_is_the_same_time(world: World) -> None:
    world.schedules.put(NAME, AT, {"cause": "first"})
    tokyo = datetime.fromisoformat("2036-04-01T23:30:00+09:00")

    world.schedules.put(NAME, tokyo, {"cause": "second"})

    assert world.read(NAME) == (AT, {"cause": "first"})


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ü", "a" * 65])
def test_a_wrong_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(BadInput):
        world.schedules.put(name, AT, {})


def test_a_schedule_fires_once_at_its_time_and_is_not_lost(scheduler: Any) -> None:
    group = _group(scheduler)
    SchedulerSchedules(scheduler, group=group, **ARNS).put(NAME, AT, {})

    made = scheduler.get_schedule(Name=NAME, GroupName=group)

    assert made["ScheduleExpression"] == "at(2036-04-01T14:30:00)"
    assert made["ScheduleExpressionTimezone"] == "UTC"
    assert made["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made["ActionAfterCompletion"] == "DELETE"
    assert made["State"] == "ENABLED"
    assert made["Target"] == {
        "Arn": ARNS["target_arn"],
        "RoleArn": ARNS["role_arn"],
        "DeadLetterConfig": {"Arn": ARNS["dead_letter_arn"]},
        "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 21_600},
        "Input": "{}",
    }


def test_schedules_may_be_made_that_do_not_fire_by_themselves(scheduler: Any) -> None:
    group = _group(scheduler)
    schedules = SchedulerSchedules(scheduler, group=group, enabled=False, **ARNS)
    schedules.put(NAME, AT, {})
    schedules.put(NAME, AT + timedelta(hours=1), {})

    assert scheduler.get_schedule(Name=NAME, GroupName=group)["State"] == "DISABLED"


# -------------------------------------------------------------------------------------------------------- translation


@pytest.fixture
def stubbed() -> Iterator[tuple[SchedulerSchedules, Stubber]]:
    client = aws_client("scheduler", "http://127.0.0.1:1")
    with Stubber(client) as stubber:
        yield SchedulerSchedules(client, group="g", **ARNS), stubber


def test_one_that_fires_between_two_calls_is_made_anew(stubbed: tuple[SchedulerSchedules, Stubber]) -> None:
    schedules, stubber = stubbed
    stubber.add_client_error("create_schedule", service_error_code="ConflictException")
    stubber.add_client_error("get_schedule", service_error_code="ResourceNotFoundException")
    stubber.add_client_error("create_schedule", service_error_code="ConflictException")
    stubber.add_response("get_schedule", {"ScheduleExpression": "at(2030-01-01T00:00:00)"})
    stubber.add_client_error("update_schedule", service_error_code="ResourceNotFoundException")
    stubber.add_response("create_schedule", {"ScheduleArn": "arn:aws:scheduler:us-east-1:000000000000:schedule/g/n"})

    schedules.put(NAME, AT, {})

    stubber.assert_no_pending_responses()


def test_one_that_comes_and_goes_for_ever_is_unavailable(stubbed: tuple[SchedulerSchedules, Stubber]) -> None:
    schedules, stubber = stubbed
    for _ in range(3):
        stubber.add_client_error("create_schedule", service_error_code="ConflictException")
        stubber.add_client_error("get_schedule", service_error_code="ResourceNotFoundException")

    with pytest.raises(Unavailable):
        schedules.put(NAME, AT, {})


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 429, Throttled),
        ("InternalServerException", 500, Unavailable),
        ("ResourceNotFoundException", 404, Permanent),
        ("ValidationException", 400, Permanent),
    ],
)
def test_error_codes_are_translated(
    stubbed: tuple[SchedulerSchedules, Stubber], code: str, status: int, expected: type[Exception]
) -> None:
    schedules, stubber = stubbed
    stubber.add_client_error("create_schedule", service_error_code=code, http_status_code=status)

    with pytest.raises(expected):
        schedules.put(NAME, AT, {})


def test_a_refused_connection_is_unavailable() -> None:
    client = aws_client("scheduler", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Unavailable):
        SchedulerSchedules(client, group="g", **ARNS).put(NAME, AT, {})
