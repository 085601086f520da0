"""Fires what is due: the stack's own schedules, which never fire by themselves here, and one-time schedules.

The emulator fires enabled one-time schedules by the wall clock as well; such a one is gone afterwards, so it is not
found again. A target gets its explicit ``Input`` through the API, as the scheduler would deliver it.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local import places as files
from local.aws import AwsClients
from local.configuration import REPOSITORY
from local.cron import At, due_times, parse_expression
from local.errors import ClockError, NotRunning
from local.places import Places

_MANY: Final = 1_000_000
"""The emulator knows no next page and cuts the list at what is asked for."""


@dataclass(frozen=True, kw_only=True)
class Fired:
    """``due`` is the latest moment of ``occurrences``: a schedule that was due several times fires once."""

    name: str
    group: str
    target: str
    due: datetime
    occurrences: int
    one_time: bool


def tick(at: datetime | None = None, *, name: str = "local", root: Path = REPOSITORY) -> list[Fired]:
    """Fires what is due between the last tick (or the start of the stack) and ``at`` (now), in the order of time.

    Raises:
        NotRunning: there is no such stack.
        ClockError: a schedule cannot be understood, a target cannot be called, or the time is before the last tick
            or in no time zone.
    """
    if at is not None and at.tzinfo is None:
        raise ClockError("the time has no time zone; write it like 2026-05-16T01:00:00Z")
    places = Places(root.resolve(), name)
    described = files.read_json(places.stack_file)
    known = files.read_json(places.clock_file)
    if described is None or known is None or not files.is_running(places):
        raise NotRunning(f"the stack {name!r} is not running; start it with `anime local up --detach`")
    aws = AwsClients(endpoint_url=described["aws_endpoint"], region=described["region"])
    last = datetime.fromisoformat(known["last"])
    until = datetime.now(UTC) if at is None else at.astimezone(UTC)
    if at is not None and until < last:
        raise ClockError(f"the clock was last at {last:%Y-%m-%dT%H:%M:%SZ} and does not go back")
    with contextlib.closing(aws):
        fired = fire_due(aws, after=last, until=until)
    files.write_json(places.clock_file, {"last": max(last, until).isoformat()})
    return fired


def fire_due(aws: AwsClients, *, after: datetime, until: datetime) -> list[Fired]:
    """Everything is read and understood before anything fires."""
    scheduler = aws("scheduler")
    due: list[tuple[Fired, Mapping[str, Any]]] = []
    for listed in scheduler.list_schedules(MaxResults=_MANY)["Schedules"]:
        try:
            schedule = scheduler.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
        except scheduler.exceptions.ResourceNotFoundException:
            continue  # it fired by itself a moment ago
        found = _due(schedule, after=after, until=until)
        if found is not None:
            due.append((found, schedule))
    due.sort(key=lambda pair: (pair[0].due, pair[0].name))
    return [fired for fired, schedule in due if _fire(aws, fired, schedule)]


def _due(schedule: Mapping[str, Any], *, after: datetime, until: datetime) -> Fired | None:
    timezone = schedule.get("ScheduleExpressionTimezone", "UTC")
    if timezone != "UTC":
        raise ClockError(f"schedule {schedule['Name']!r} is in the time zone {timezone}; here all are in UTC")
    expression = parse_expression(schedule["ScheduleExpression"])
    one_time = isinstance(expression, At)
    if one_time and schedule["State"] == "DISABLED":
        return None
    created: datetime = schedule["CreationDate"].astimezone(UTC)
    # A one-time schedule made after its time fires at once, wherever the last tick was.
    since = datetime.min.replace(tzinfo=UTC) if one_time else after
    moments = list(due_times(expression, created=created, after=since, until=until))
    if not moments:
        return None
    return Fired(
        name=schedule["Name"],
        group=schedule["GroupName"],
        target=schedule["Target"]["Arn"],
        due=moments[-1],
        occurrences=len(moments),
        one_time=one_time,
    )


def _fire(aws: AwsClients, fired: Fired, schedule: Mapping[str, Any]) -> bool:
    """A one-time schedule is removed first: whoever removes it is the one who fires it."""
    if fired.one_time:
        scheduler = aws("scheduler")
        try:
            scheduler.delete_schedule(Name=fired.name, GroupName=fired.group)
        except scheduler.exceptions.ResourceNotFoundException:
            return False
    service = fired.target.split(":")[2]
    deliver = _DELIVERIES.get(service)
    if deliver is None:
        raise ClockError(f"schedule {fired.name!r} has a target of {service}, which this clock cannot call")
    try:
        deliver(aws, fired.target, schedule["Target"].get("Input", "{}"))
    except ClientError as error:
        raise ClockError(f"schedule {fired.name!r}: its target refuses: {error}") from error
    return True


def _to_function(aws: AwsClients, arn: str, text: str) -> None:
    aws("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())


def _to_machine(aws: AwsClients, arn: str, text: str) -> None:
    aws("stepfunctions").start_execution(stateMachineArn=arn, input=text)


def _to_queue(aws: AwsClients, arn: str, text: str) -> None:
    client = aws("sqs")
    url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=text)


def _to_topic(aws: AwsClients, arn: str, text: str) -> None:
    aws("sns").publish(TopicArn=arn, Message=text)


_DELIVERIES: Final[Mapping[str, Callable[[AwsClients, str, str], None]]] = {
    "lambda": _to_function,
    "states": _to_machine,
    "sqs": _to_queue,
    "sns": _to_topic,
}
