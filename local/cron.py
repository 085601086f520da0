"""When a schedule of EventBridge Scheduler is due: ``cron(...)``, ``rate(...)`` and ``at(...)``, in UTC.

Of AWS's cron fields (minutes, hours, day of month, month, day of week, year) this reads numbers, names, ``*``, ``?``,
lists, ranges and steps. ``L``, ``W`` and ``#`` are refused by name, as is anything malformed.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from local.errors import ClockError

_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_FIELDS: Final = 6
_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_YEARS: Final = (1970, 2199)
_CALL: Final = re.compile(r"^(cron|rate|at)\((.*)\)$")
_TERM: Final = re.compile(r"^(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?$")


@dataclass(frozen=True, kw_only=True)
class Cron:
    """Allowed values of each field. Of the two kinds of days exactly one is given, the other is None.
    Days of the week count from Sunday, 1."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]

    def matches_day(self, day: datetime) -> bool:
        if day.month not in self.months or day.year not in self.years:
            return False
        if self.days is not None:
            return day.day in self.days
        return self.weekdays is not None and day.isoweekday() % 7 + 1 in self.weekdays


@dataclass(frozen=True)
class Rate:
    every: timedelta


@dataclass(frozen=True)
class At:
    moment: datetime


Expression = Cron | Rate | At


def parse_expression(text: str) -> Expression:
    """Raises:
    ClockError: it is malformed, or uses what this does not read.
    """
    call = _CALL.match(text.strip())
    if call is None:
        raise ClockError(f"{text!r} is no schedule: it is neither cron(...), rate(...) nor at(...)")
    kind, inside = call.groups()
    if kind == "cron":
        return _cron(inside, text)
    return _rate(inside, text) if kind == "rate" else _at(inside, text)


def due_times(expression: Expression, *, created: datetime, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments in ``(after, until]`` at which it fires. A rate counts from ``created``."""
    if isinstance(expression, At):
        return iter([expression.moment] if after < expression.moment <= until else [])
    if isinstance(expression, Rate):
        return _rate_times(expression, created, after, until)
    return _cron_times(expression, after, until)


def _cron_times(cron: Cron, after: datetime, until: datetime) -> Iterator[datetime]:
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        if cron.matches_day(day):
            for hour in sorted(cron.hours):
                for minute in sorted(cron.minutes):
                    moment = day.replace(hour=hour, minute=minute)
                    if after < moment <= until:
                        yield moment
        day += timedelta(days=1)


def _rate_times(rate: Rate, created: datetime, after: datetime, until: datetime) -> Iterator[datetime]:
    count = max(1, (after - created) // rate.every + 1)
    while (moment := created + count * rate.every) <= until:
        if moment > after:
            yield moment
        count += 1


def _cron(inside: str, text: str) -> Cron:
    fields = inside.split()
    if len(fields) != _FIELDS:
        raise ClockError(f"{text!r} has {len(fields)} fields; cron has {_FIELDS}")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ClockError(f"{text!r}: exactly one of day of month and day of week has to be ?")
    return Cron(
        minutes=_values(minutes, 0, 59, {}, text),
        hours=_values(hours, 0, 23, {}, text),
        days=None if days == "?" else _values(days, 1, 31, {}, text),
        months=_values(months, 1, 12, _MONTHS, text),
        weekdays=None if weekdays == "?" else _values(weekdays, 1, 7, _WEEKDAYS, text),
        years=_values(years, *_YEARS, {}, text),
    )


def _values(field: str, low: int, high: int, names: dict[str, int], text: str) -> frozenset[int]:
    found: set[int] = set()
    for term in field.split(","):
        parts = _TERM.match(term)
        if parts is None:
            raise ClockError(f"{text!r}: {term!r} is not understood here")
        step = int(parts["step"] or 1)
        first = low if parts["first"] == "*" else _number(parts["first"], names, text)
        if parts["last"]:
            last = _number(parts["last"], names, text)
        else:
            last = high if parts["first"] == "*" or parts["step"] else first
        if step < 1 or not low <= first <= last <= high:
            raise ClockError(f"{text!r}: {term!r} is not within {low} to {high}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(part: str, names: dict[str, int], text: str) -> int:
    if part.upper() in names:
        return names[part.upper()]
    if part.isascii() and part.isdigit():
        return int(part)
    raise ClockError(f"{text!r}: {part!r} is not understood here")


def _rate(inside: str, text: str) -> Rate:
    parts = inside.split()
    if len(parts) != len(("value", "unit")) or not parts[0].isdigit() or int(parts[0]) < 1:
        raise ClockError(f"{text!r} is no rate; one looks like rate(5 minutes)")
    unit = _UNITS.get(parts[1].removesuffix("s"))
    if unit is None:
        raise ClockError(f"{text!r}: a rate counts minutes, hours or days")
    return Rate(timedelta(seconds=int(parts[0]) * unit))


def _at(inside: str, text: str) -> At:
    try:
        moment = datetime.strptime(inside.strip(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ClockError(f"{text!r} is no time; one looks like at(2026-05-16T15:00:00)") from None
    return At(moment)
