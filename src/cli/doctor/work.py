"""What the stack has been doing: its runs, what waits for a person, and which catalogues pause."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cli.doctor.errors import NoAnswer
from cli.doctor.findings import LOCAL_STACKS, Finding, apply_program, command, ok, unanswered, warning

RUNS: Final = ("bootstrap", "restore", "sync", "snapshot")
"""Kinds of reports that are looked at."""

OVERDUE: Final = timedelta(hours=7 * 24 + 6)
"""Of a weekly run: a week, and as long as one that fails is repeated. Its alarm rings after the same time."""

WEEKLY: Final[Mapping[str, tuple[str, str]]] = {
    "sync": ("weekly sync", "it comes on Saturday 01:00 UTC"),
    "snapshot": ("weekly snapshot", "it comes on Sunday 03:00 UTC"),
}
_PACE: Final = "rate"
_MOMENT: Final = timedelta(minutes=1)
"""A shorter pause for the reason above is part of asking politely; a longer one is a catalogue that has had enough."""

_SAMPLE: Final = "bootstrap --offline samples/releases/2026-04.jsonl.zst --source-sha 2026-04"
"""A laptop asks nobody by itself."""

_LONG: Final = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """The newest of its kind, as its report stands, and when one of them last succeeded. Dry runs do not count."""

    state: str
    at: datetime
    error: str | None = None
    succeeded_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """``complete`` False: there are more of them than were asked for."""

    count: int
    oldest: datetime | None = None
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class CatalogueState:
    """``paused_until`` None: it may be asked. ``reason``: ``rate``, ``outage`` or ``ban``."""

    catalogue: str
    paused_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Catalogues:
    """``problem``: why not all of them are in it."""

    states: tuple[CatalogueState, ...] = ()
    problem: str | None = None


Runs = Mapping[str, LastRun | NoAnswer | None]
"""By kind; None where none has ever run."""


def first_load(runs: Runs, *, stack: str) -> Finding:
    check = "first load"
    for kind in ("bootstrap", "restore", "sync"):
        run = runs.get(kind)
        if isinstance(run, LastRun) and run.succeeded_at is not None:
            return ok(check, f"filled by {kind}")
    newest = runs.get("bootstrap")
    if isinstance(newest, NoAnswer):
        return unanswered(check, newest)
    again = command(stack, _SAMPLE if stack in LOCAL_STACKS else "bootstrap --release latest")
    if newest is None:
        return warning(check, "the database is empty", again)
    if newest.state == "running":
        return warning(check, "is under way, or was broken off", "wait for it; if nothing comes, " + again)
    return warning(check, f"failed: {newest.error or 'without a reason'}", again)


def weekly_run(kind: str, run: LastRun | NoAnswer | None, *, now: datetime, scheduled: bool, stack: str) -> Finding:
    check, comes = WEEKLY[kind]
    if isinstance(run, NoAnswer):
        return unanswered(check, run)
    by_hand = command(stack, kind)
    if run is None or (run.succeeded_at is None and run.state != "failed"):
        return _not_yet(check, comes if scheduled else None, by_hand, stack=stack)
    if run.state == "failed" and (run.succeeded_at is None or run.succeeded_at < run.at):
        return warning(check, f"failed {ago(now - run.at)} ago: {run.error or 'without a reason'}", by_hand)
    assert run.succeeded_at is not None  # noqa: S101 (all others have been answered above)
    age = now - run.succeeded_at
    if scheduled and age > OVERDUE:
        return warning(check, f"has not succeeded for {ago(age)}", by_hand)
    return ok(check, f"succeeded {ago(age)} ago")


def _not_yet(check: str, comes: str | None, by_hand: str, *, stack: str) -> Finding:
    found = "has not run yet"
    if stack in LOCAL_STACKS:
        return ok(check, f"{found}; {by_hand} runs it")
    return warning(check, found, by_hand) if comes is None else ok(check, f"{found}; {comes}")


def reviews(found: Waiting | NoAnswer, *, now: datetime, remind_after: timedelta, stack: str) -> Finding:
    check = "reviews"
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    if not found.count or found.oldest is None:
        return ok(check, "none waits")
    number = f"{found.count}{'' if found.complete else ' or more'}"
    waited = now - found.oldest
    told = f"{number} {'waits' if number == '1' else 'wait'}, the oldest for {ago(waited)}"
    if waited > remind_after:
        return warning(check, told, command(stack, "review list") + ", then approve or reject before they expire")
    return ok(check, told)


def catalogues(found: Catalogues | NoAnswer, *, now: datetime, stack: str) -> list[Finding]:
    """One line for each that is banned or down, or asked us to wait for long; none at all where nobody keeps such
    states."""
    check = "catalogues"
    if isinstance(found, NoAnswer):
        return [unanswered(check, found)]
    findings = [
        warning(
            f"catalogue {each.catalogue}",
            f"is not asked for another {ago(each.paused_until - now)}{': ' if each.reason else ''}{each.reason}",
            "wait: it is asked again by itself, and asking earlier would make it longer",
        )
        for each in found.states
        if each.paused_until is not None
        and each.paused_until - now > (_MOMENT if each.reason == _PACE else timedelta(0))
    ]
    if found.problem:
        findings.append(
            warning(
                check,
                f"their pauses cannot be read: {found.problem}",
                f"see whether the cache answers, or the table of rates; {apply_program(stack)} tells `query` where",
            )
        )
    if findings or not found.states:
        return findings
    return [ok(check, f"none of {len(found.states)} pauses")]


def ago(age: timedelta) -> str:
    if age > _LONG:
        return f"{age.days} days"
    hours = age // timedelta(hours=1)
    if hours >= 1:
        return "1 hour" if hours == 1 else f"{hours} hours"
    minutes = age // timedelta(minutes=1)
    if minutes >= 1:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    seconds = math.ceil(age / timedelta(seconds=1))
    if seconds < 1:
        return "a moment"
    return "1 second" if seconds == 1 else f"{seconds} seconds"
