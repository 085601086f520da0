"""What no alarm can find out by itself: how long reviews wait, and how long ago the weekly runs succeeded.

CloudWatch looks back at most seven days (period times evaluation periods of PutMetricAlarm), so an alarm over the
invocations of a weekly function cannot tell a run that is an hour late from one that never came. And a run that came
and was refused, as of an implausible release, is an invocation like any other. So this runs every hour and states
ages, which alarms need only compare with a limit.

The reports tell how runs ended, but their names tell no time and those of a sync may be large. So each is read once: an
object of the watch's own remembers which it has read, by ETag, and the last success that they told of. It also says
since when there has been a watch, from which a run that never came is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from models.errors import Malformed
from models.events import Report
from workflows import keys
from workflows.metrics import Figure, Metrics, Unit
from workflows.ports import Clock, Objects, Reviews
from workflows.reports import read_report

OLDEST_REVIEW_HOURS: Final = "OldestReviewHours"
HOURS_SINCE: Final[Mapping[str, str]] = {"sync": "HoursSinceSync", "snapshot": "HoursSinceSnapshot"}
"""By kind of report."""

MEMORY: Final = keys.report("watch", "since")

_PAGE: Final = 1000


@dataclass(frozen=True, kw_only=True)
class WatchPorts:
    objects: Objects
    reviews: Reviews
    metrics: Metrics
    clock: Clock


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Runs(_Document):
    """Of one kind. ``read`` holds the ETags of reports that have been read, by run id."""

    succeeded_at: AwareDatetime | None = None
    read: dict[str, str] = Field(default_factory=dict)


class _Memory(_Document):
    since: AwareDatetime
    runs: dict[str, _Runs] = Field(default_factory=dict)


def watch(ports: WatchPorts) -> dict[str, Any]:
    """Records the figures and returns them, with ``problems`` in words.

    A database that does not answer keeps the ages of the runs from nobody: they are recorded before it is asked.
    """
    now = ports.clock()
    before = _remembered(ports.objects)
    problems: list[str] = []
    known = before.runs if before else {}
    memory = _Memory(
        since=before.since if before else now,
        runs={kind: _look(kind, known.get(kind, _Runs()), ports.objects, problems) for kind in HOURS_SINCE},
    )
    ages = {name: _hours(now, memory.runs[kind].succeeded_at or memory.since) for kind, name in HOURS_SINCE.items()}
    _record(ages, ports.metrics)
    if memory != before:
        ports.objects.put(MEMORY, memory.model_dump_json().encode())
    waiting = {OLDEST_REVIEW_HOURS: _hours(now, oldest_pending(ports.reviews) or now)}
    _record(waiting, ports.metrics)
    return {**ages, **waiting, "problems": problems}


def oldest_pending(reviews: Reviews, *, page_size: int = _PAGE) -> datetime | None:
    """When the review was asked for that has waited longest; None where none waits."""
    oldest: datetime | None = None
    after: str | None = None
    while page := reviews.list(state="pending", kind=None, limit=page_size, after=after):
        asked = min(review.created_at for review in page)
        oldest = asked if oldest is None else min(oldest, asked)
        after = page[-1].review_id
    return oldest


def _remembered(objects: Objects) -> _Memory | None:
    stored = objects.get(MEMORY)
    if stored is None:
        return None
    try:
        return _Memory.model_validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{MEMORY} is not what the watch wrote; delete it, and it is made anew") from error


def _look(kind: str, before: _Runs, objects: Objects, problems: list[str]) -> _Runs:
    folder = keys.report(kind, "").removesuffix(".json")
    found = {info.key.removeprefix(folder).removesuffix(".json"): info.etag for info in objects.list(folder)}
    succeeded_at = before.succeeded_at
    for run_id, etag in found.items():
        if before.read.get(run_id) == etag:
            continue
        try:
            report = read_report(objects, kind=kind, run_id=run_id)
            ended = _success(report) if report else None
        except Malformed as error:
            problems.append(str(error))
            continue
        if ended is not None and (succeeded_at is None or ended > succeeded_at):
            succeeded_at = ended
    return _Runs(succeeded_at=succeeded_at, read=found)


def _success(report: Report) -> datetime | None:
    """When the run ended well. A dry run changes nothing, so the weekly one is still owed."""
    if report.state != "succeeded" or report.result.get("dry_run"):
        return None
    try:
        return datetime.fromisoformat(report.updated_at).astimezone(UTC)
    except ValueError as error:
        raise Malformed(f"{keys.report(report.kind, report.run_id)} does not say when it was written") from error


def _hours(now: datetime, since: datetime) -> float:
    return max(0.0, round((now - since) / timedelta(hours=1), 2))


def _record(hours: Mapping[str, float], metrics: Metrics) -> None:
    metrics.record(*(Figure(name=name, value=value, unit=Unit.NONE) for name, value in hours.items()))
