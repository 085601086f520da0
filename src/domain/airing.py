"""When episodes air: the only module that converts Japanese time.

Rules:

* All instants are UTC. Japan is UTC+9 all year.
* Broadcasters write the hours after midnight as 24:00 to 29:59 of the day before: ``Friday 25:30`` is Saturday 01:30.
* A day stays a day. Records that only know days write them as midnight (``1998-10-24T00:00:00+09:00``), so midnight in
  such a record, in the zone it is written in, is a day and no time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from models.anime import EpisodeDetailEntry

JST: Final = timezone(timedelta(hours=9), "JST")

_YEARS: Final = range(1900, 2201)
"""Others are no dates: AnimeSchedule writes year 1 where there is none."""
_LAST_HOUR: Final = 29
_LAST_MINUTE: Final = 59
_HOURS_A_DAY: Final = 24
_DAYS_A_WEEK: Final = 7

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KANJI_WEEKDAYS: Final = "月火水木金土日"
_CLOCK: Final = re.compile(r"^(\d{1,2}):(\d{2})$")
_SLOT: Final = re.compile(
    r"^\s*(?P<day>[A-Za-z]+|[月火水木金土日](?:曜日?)?)\s*(?:at\s+)?(?P<clock>\d{1,2}:\d{2})\s*(?:\(JST\))?\s*$"
)


@dataclass(frozen=True, kw_only=True)
class WeeklySlot:
    """A weekly broadcast in Japan, in civil days: ``weekday`` 0 is Monday, ``at`` before 24:00."""

    weekday: int
    at: time


@dataclass(frozen=True, kw_only=True)
class DueEpisode:
    """``exact`` is False where only the day is known: ``at`` is then the end of that day in Japan."""

    number: str
    at: datetime
    exact: bool


def parse_clock(text: str) -> tuple[int, time] | None:
    """Days to add, and the time of day: ``25:30`` is (1, 01:30). None where it is no time from 0:00 to 29:59."""
    match = _CLOCK.match(text.strip())
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    if hours > _LAST_HOUR or minutes > _LAST_MINUTE:
        return None
    return hours // _HOURS_A_DAY, time(hours % _HOURS_A_DAY, minutes)


def parse_weekday(text: str) -> int | None:
    """0 for Monday, of ``Saturdays``, ``sat``, ``土曜日`` or ``土``; None for anything else."""
    word = text.strip().casefold()
    if word and word[0] in _KANJI_WEEKDAYS and word[1:] in {"", "曜", "曜日"}:
        return _KANJI_WEEKDAYS.index(word[0])
    for number, name in enumerate(_WEEKDAYS):
        if word in {name, f"{name}s", name[:3]}:
            return number
    return None


def parse_broadcast(text: str) -> WeeklySlot | None:
    """Of ``Saturdays at 01:00 (JST)``; None where it says no weekly time, such as ``Not scheduled once per week``."""
    match = _SLOT.match(text)
    return weekly_slot(match["day"], match["clock"]) if match else None


def weekly_slot(day: str, clock: str) -> WeeklySlot | None:
    """Of a weekday's name and a time, 24:00 to 29:59 included."""
    weekday, parsed = parse_weekday(day), parse_clock(clock)
    if weekday is None or parsed is None:
        return None
    later, at = parsed
    return WeeklySlot(weekday=(weekday + later) % _DAYS_A_WEEK, at=at)


def from_jst(day: date, clock: str) -> datetime | None:
    """The instant of a time in Japan, 24:00 to 29:59 included; None where ``clock`` is no time."""
    parsed = parse_clock(clock)
    if parsed is None:
        return None
    later, at = parsed
    return datetime.combine(day + timedelta(days=later), at, JST).astimezone(UTC)


def day_of_record(text: str | None) -> date | datetime | None:
    """Of a record of days: a day, or the instant where it really has a time of day. None for no date.

    A time without a zone in such a record is Japan's.
    """
    parsed = _parsed(text)
    if isinstance(parsed, datetime):
        if parsed.time() == time():
            parsed = parsed.date()
        else:
            parsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=JST)).astimezone(UTC)
    return parsed


def instant_of_record(text: str | None) -> datetime | None:
    """Of a record of moments, where midnight is a time like any other. None for no date, and for a mere day."""
    parsed = _parsed(text)
    if not isinstance(parsed, datetime) or parsed.tzinfo is None:
        return None
    return parsed.astimezone(UTC)


def instant_of_epoch(seconds: float) -> datetime | None:
    """None for what is no moment of our era."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def day_in_japan(aired: date | datetime) -> date:
    return aired.astimezone(JST).date() if isinstance(aired, datetime) else aired


def next_airing(slot: WeeklySlot, after: datetime) -> datetime:
    """The first airing of a weekly slot later than ``after``."""
    local = after.astimezone(JST)
    ahead = (slot.weekday - local.weekday()) % _DAYS_A_WEEK
    candidate = datetime.combine(local.date() + timedelta(days=ahead), slot.at, JST)
    if candidate <= local:
        candidate += timedelta(days=_DAYS_A_WEEK)
    return candidate.astimezone(UTC)


def airs_at(aired: date | datetime, slot: WeeklySlot | None) -> tuple[datetime, bool]:
    """The instant by which an episode has aired, and whether it is exact.

    A day gets the slot's time where it falls on the slot's weekday; otherwise its end in Japan, by which it has aired.
    """
    if isinstance(aired, datetime):
        return aired.astimezone(UTC), True
    if slot is not None and aired.weekday() == slot.weekday:
        return datetime.combine(aired, slot.at, JST).astimezone(UTC), True
    return datetime.combine(aired + timedelta(days=1), time(), JST).astimezone(UTC), False


def due_between(
    episodes: Iterable[EpisodeDetailEntry], start: datetime, end: datetime, *, slot: WeeklySlot | None = None
) -> tuple[DueEpisode, ...]:
    """Episodes that air in ``start <= at < end``, by time and number; ``slot`` gives days their time of day."""
    due = []
    for episode in episodes:
        if episode.aired is None:
            continue
        at, exact = airs_at(episode.aired, slot)
        if start <= at < end:
            due.append(DueEpisode(number=episode.episode_number, at=at, exact=exact))
    return tuple(sorted(due, key=lambda item: (item.at, item.number)))


def _parsed(text: str | None) -> date | datetime | None:
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text) if "T" in text or ":" in text else date.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.year in _YEARS else None
