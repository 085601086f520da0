"""The clock refuses what it cannot do, and loses no time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from local.aws import AwsClients
from local.clock import fire_due, tick
from local.errors import ClockError, NotRunning
from local.places import Places, held, read_json, write_json

NOON = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


class Gone(Exception):
    pass


class FakeScheduler:
    """The part of the client that the clock uses."""

    class exceptions:  # noqa: N801 (as a client has them)
        ResourceNotFoundException = Gone

    def __init__(self, schedules: list[dict[str, Any]]) -> None:
        self.schedules = {each["Name"]: each for each in schedules}
        self.vanishing: set[str] = set()

    def list_schedules(self, **_: Any) -> Mapping[str, Any]:
        return {"Schedules": list(self.schedules.values())}

    def get_schedule(self, *, Name: str, GroupName: str) -> Mapping[str, Any]:  # noqa: N803 (the API's names)
        return self.schedules[Name]

    def delete_schedule(self, *, Name: str, GroupName: str) -> None:  # noqa: N803 (the API's names)
        if Name in self.vanishing or Name not in self.schedules:
            raise Gone
        del self.schedules[Name]


class FakeFunctions:
    def __init__(self) -> None:
        self.invoked: list[tuple[str, str, bytes]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803 (the API's names)
        self.invoked.append((FunctionName, InvocationType, Payload))


def schedule(name: str, expression: str, **changes: Any) -> dict[str, Any]:
    target = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "r", "Input": f'{{"n": "{name}"}}'}
    return {
        "Name": name,
        "GroupName": "default",
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "CreationDate": NOON - timedelta(days=1),
        "Target": target,
    } | changes


class World:
    def __init__(self, *schedules: dict[str, Any]) -> None:
        self.scheduler = FakeScheduler(list(schedules))
        self.functions = FakeFunctions()

    def fire(self, after: datetime, until: datetime) -> list[str]:
        clients = {"scheduler": self.scheduler, "lambda": self.functions}
        return [each.name for each in fire_due(cast("AwsClients", clients.__getitem__), after=after, until=until)]


def test_what_is_due_fires_in_the_order_of_time_with_its_own_input() -> None:
    world = World(
        schedule("late", "at(2026-05-13T14:00:00)"),
        schedule("daily", "cron(5 13 * * ? *)", State="DISABLED"),
        schedule("early", "at(2026-05-13T12:30:00)"),
        schedule("tomorrow", "at(2026-05-14T14:00:00)"),
    )
    assert world.fire(NOON, NOON + timedelta(hours=3)) == ["early", "daily", "late"]
    assert [payload for _, _, payload in world.functions.invoked] == [
        b'{"n": "early"}',
        b'{"n": "daily"}',
        b'{"n": "late"}',
    ]
    assert {kind for _, kind, _ in world.functions.invoked} == {"Event"}
    assert world.scheduler.schedules.keys() == {"daily", "tomorrow"}


def test_a_one_time_schedule_that_somebody_else_fires_meanwhile_is_not_fired_twice() -> None:
    world = World(schedule("episode", "at(2026-05-13T12:30:00)"))
    world.scheduler.vanishing.add("episode")
    assert world.fire(NOON, NOON + timedelta(hours=1)) == []
    assert world.functions.invoked == []


def test_a_one_time_schedule_made_after_its_time_fires_and_a_disabled_one_does_not() -> None:
    world = World(
        schedule("missed", "at(2020-01-01T00:00:00)"), schedule("off", "at(2020-01-01T00:00:00)", State="DISABLED")
    )
    assert world.fire(NOON, NOON) == ["missed"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (schedule("x", "cron(0 1 L * ? *)"), "not understood"),
        (schedule("x", "rate(1 hour)", ScheduleExpressionTimezone="Asia/Tokyo"), "time zone Asia/Tokyo"),
        (schedule("x", "rate(1 hour)", Target={"Arn": "arn:aws:kinesis:us-east-1:0:stream/s"}), "target of kinesis"),
    ],
)
def test_what_it_cannot_fire_is_an_error(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ClockError, match=told):
        World(wrong).fire(NOON, NOON + timedelta(days=1))


def test_nothing_fires_when_one_schedule_is_not_understood() -> None:
    world = World(schedule("good", "at(2026-05-13T12:30:00)"), schedule("bad", "cron(what)"))
    with pytest.raises(ClockError):
        world.fire(NOON, NOON + timedelta(hours=1))
    assert world.functions.invoked == []


def test_without_a_stack_there_is_no_clock(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="anime local up"):
        tick(root=tmp_path)


def test_files_of_a_stack_that_was_killed_are_no_stack(tmp_path: Path) -> None:
    places = Places(tmp_path, "local")
    write_json(places.stack_file, {"aws_endpoint": "http://127.0.0.1:1", "region": "us-east-1"})
    write_json(places.clock_file, {"last": NOON.isoformat()})
    with pytest.raises(NotRunning):
        tick(root=tmp_path)


def test_the_clock_does_not_go_back_and_wants_to_know_the_zone(tmp_path: Path) -> None:
    places = Places(tmp_path, "local")
    with held(places):
        write_json(places.stack_file, {"aws_endpoint": "http://127.0.0.1:1", "region": "us-east-1"})
        write_json(places.clock_file, {"last": NOON.isoformat()})
        with pytest.raises(ClockError, match="does not go back"):
            tick(NOON - timedelta(hours=1), root=tmp_path)
        with pytest.raises(ClockError, match="time zone"):
            tick(NOON.replace(tzinfo=None), root=tmp_path)
    assert read_json(places.clock_file) == {"last": NOON.isoformat()}
