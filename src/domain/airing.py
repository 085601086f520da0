"""When episodes air: the only module that converts Japanese time.

Rules:

* All instants are UTC. Japan is UTC+9 all year.
* Broadcasters write the hours after midnight as 24:00 to 29:59 of the day before: ``Friday 25:30`` is Saturday 01:30.
* A day stays a day. Records that only know days write them as midnight (``1998-10-24T00:00:00+09:00``), so midnight in
  such a record, in the zone it is written in, is a day and no time.
* Where records of an episode disagree (``decide_aired``), a moment counts before a day. Of two neighbouring days the
  one that the weekly slot falls on counts: late nights are also written under the day before. Of three records or more
  those count that most agree on. Otherwise days further apart are those of two broadcasts, of which the first counts,
  unless it lies before the anime began.
* What has aired stays (``has_aired``): only what is still to come is moved, and the next episode comes after the last
  one that has aired.
* What was announced within a delay was said before the delay was known (``postponed``): it moves by whole weeks past
  its end, and so does all that the source announces after it. Where no end is known, nobody knows when it airs. That
  the announced time has passed meanwhile does not make it aired.
* The next episode of a series (``next_episode``) airs when most sources say; of as many, when the first of them says.
  Its number is counted over a short gap only (``counted_number``): a longer one is a break as likely as a list that
  nobody keeps up.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Final

from models.anime import EpisodeDetailEntry
from models.vocabulary import Season

JST: Final = timezone(timedelta(hours=9), "JST")

_YEARS: Final = range(1900, 2201)
"""Others are no dates: AnimeSchedule writes year 1 where there is none."""
_LAST_HOUR: Final = 29
_LAST_MINUTE: Final = 59
_HOURS_A_DAY: Final = 24
_DAYS_A_WEEK: Final = 7

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KANJI_WEEKDAYS: Final = "月火水木金土日"
_JAPANESE_ZONES: Final = frozenset({None, "Asia/Tokyo", "JST"})
_CLOCK: Final = re.compile(r"^(\d{1,2}):(\d{2})$")
_SLOT: Final = re.compile(
    r"^\s*(?P<day>[A-Za-z]+|[月火水木金土日](?:曜日?)?)\s*(?:at\s+)?(?P<clock>\d{1,2}:\d{2})\s*(?:\(JST\))?\s*$"
)


_A_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_SEASONS: Final = (Season.WINTER, Season.SPRING, Season.SUMMER, Season.FALL)
_MONTHS_A_SEASON: Final = 3
_MONTHS_A_YEAR: Final = 12
_EARLY_START: Final = 24
"""From this day of a season's last month on a new series belongs to the season that comes: broadcasters begin it in the
last week of the old quarter."""

_DAY_OF_MONTH: Final = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_MONTH_OF_YEAR: Final = re.compile(r"[A-Za-z]{3}")
_SAME_AIRING: Final = timedelta(hours=1)
"""Sources that are no further apart mean the same broadcast."""
_LATE_NIGHT: Final = time(_LAST_HOUR - _HOURS_A_DAY + 1)
"""Up to here a time belongs to the broadcasting day before."""
_MANY: Final = 3
_COUNTED_AIRINGS: Final = 2
"""So many airings after the last known one an episode's number is counted: lists lag behind by one."""


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


@dataclass(frozen=True, kw_only=True)
class Delay:
    """Nothing airs in ``start <= time < until``; without ``until`` nothing airs until further notice. ``source`` is who
    says so."""

    start: datetime
    until: datetime | None = None
    source: str | None = None

    def covers(self, at: datetime) -> bool:
        return self.start <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, kw_only=True)
class Postponed:
    """Where a delay moves what was to come; ``to`` is None where nobody knows when it airs."""

    to: date | datetime | None
    by: Delay


@dataclass(frozen=True, kw_only=True)
class Announced:
    """One source's word of an episode to come."""

    source: str
    at: datetime
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class NextEpisode:
    """``number`` is None where no source that agrees on the time says it. ``others`` say another time."""

    at: datetime
    source: str
    number: int | None
    others: tuple[Announced, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Which record was believed, and why. ``source`` is one of the records' names."""

    source: str
    rule: str


MOMENT_RULE: Final = "a moment counts before a day"
SLOT_RULE: Final = (
    "of two days next to each other, the weekly slot's: late nights are also written under the day before"
)
MAJORITY_RULE: Final = "of three records or more, the day that most of them agree on"
NEIGHBOUR_RULE: Final = "two days next to each other are one late night; the catalogue that is believed first"
FIRST_SHOWING_RULE: Final = "two broadcasts; the first showing counts"

AIRED_RULE: Final = "what has aired stays"
DELAY_RULE: Final = "what is announced within a delay airs whole weeks later; where no end is known, nobody knows when"
NEXT_RULE: Final = "when most sources say; of as many, when the first of them says"
RULES_OF_WHAT_COMES: Final = frozenset({AIRED_RULE, DELAY_RULE, NEXT_RULE})
"""The rules about episodes to come; each enrichment, of whatever mode, decides by them anew."""


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


def broadcast_slot(broadcast: Mapping[str, Any]) -> WeeklySlot | None:
    """Of MyAnimeList's weekly slot (``models.anime.Broadcast``), where it is stated in Japan's time."""
    if broadcast.get("timezone") not in _JAPANESE_ZONES:
        return None
    day, clock = broadcast.get("day"), broadcast.get("time")
    slot = weekly_slot(day, clock) if day and clock else None
    return slot or parse_broadcast(broadcast.get("string") or "")


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


def date_of_entry(text: str | None) -> date | datetime | None:
    """Of a dumped ``aired``: a day, or a moment, where midnight is a time like any other. None for no date."""
    return instant_of_record(text) or day_of_record(text)


def instant_of_epoch(seconds: float) -> datetime | None:
    """None for what is no moment of our era."""
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return found if found.year in _YEARS else None


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


def season_of(day: date) -> tuple[Season, int]:
    """The broadcast season and its year of a series that begins on a day in Japan."""
    month, year = day.month - 1, day.year
    if month % _MONTHS_A_SEASON == _MONTHS_A_SEASON - 1 and day.day >= _EARLY_START:
        month += 1
    if month == _MONTHS_A_YEAR:
        month, year = 0, year + 1
    return _SEASONS[month // _MONTHS_A_SEASON], year


def names_a_day(wording: str | None) -> bool:
    """Whether the first date of a wording names a day: ``2026`` and ``Oct 2026`` are recorded as the first of January
    and of October. Without a wording the record is believed."""
    return wording is None or _DAY_OF_MONTH.search(wording.partition(" to ")[0]) is not None


def known_date(day: date, wording: str | None) -> tuple[int, ...]:
    """As much of a recorded first date as its wording names: year, month and day; year and month; or the year."""
    if names_a_day(wording):
        return day.year, day.month, day.day
    named = (wording or "").partition(" to ")[0]
    return (day.year, day.month) if _MONTH_OF_YEAR.search(named) else (day.year,)


def slot_of(moment: datetime) -> WeeklySlot:
    """The weekly slot that a moment falls on."""
    local = moment.astimezone(JST)
    return WeeklySlot(weekday=local.weekday(), at=local.time().replace(second=0, microsecond=0))


def decide_aired(
    records: Mapping[str, date | datetime], *, slot: WeeklySlot | None = None, begin: date | None = None
) -> Decided:
    """Of at least one record, by source, in the order in which sources are believed; ``begin``: of the whole anime."""
    moments = [name for name, aired in records.items() if isinstance(aired, datetime)]
    if moments:
        return Decided(source=moments[0], rule=MOMENT_RULE)
    days = {name: day_in_japan(aired) for name, aired in records.items()}
    plausible = {name: day for name, day in days.items() if begin is None or day >= begin - _A_DAY} or days
    near, agreed = _agreeing(plausible)
    rule = NEIGHBOUR_RULE if len(near) == len(days) else MAJORITY_RULE if agreed else FIRST_SHOWING_RULE
    if len(set(near.values())) == 1:
        return Decided(source=next(iter(near)), rule=rule)
    on_slot = [name for name, day in near.items() if slot is not None and day.weekday() == slot.weekday]
    if on_slot:
        return Decided(source=on_slot[0], rule=SLOT_RULE)
    return Decided(source=next(iter(near)), rule=rule)


def _agreeing(days: Mapping[str, date]) -> tuple[dict[str, date], bool]:
    """The records of one broadcast, which lie on at most two days next to each other, and whether most agree on them;
    otherwise it is the first broadcast."""
    broadcasts = [
        {name: day for name, day in days.items() if first <= day <= first + _A_DAY}
        for first in sorted(set(days.values()))
    ]
    largest = max(broadcasts, key=len)
    agreed = len(days) >= _MANY and 2 * len(largest) > len(days)
    return (largest if agreed else broadcasts[0]), agreed


def next_episode(announced: Sequence[Announced], *, after: datetime) -> NextEpisode | None:
    """``announced`` in the order in which the sources are believed; None where no source knows of one.

    What is over does not count.
    """
    coming = [one for one in announced if one.at > after]
    if not coming:
        return None
    agreeing = max(([other for other in coming if _together(one, other)] for one in coming), key=len)
    chosen = agreeing[0]
    number = next((one.number for one in agreeing if one.number is not None), None)
    others = tuple(one for one in coming if not _together(one, chosen))
    return NextEpisode(at=chosen.at, source=chosen.source, number=number, others=others)


def _together(one: Announced, other: Announced) -> bool:
    return abs(one.at - other.at) <= _SAME_AIRING


def after_delays(at: datetime, delays: Iterable[Delay]) -> datetime | None:
    """When what was to air weekly at a time airs: as many weeks later as it takes. None where a delay has no end."""
    weeks, _ = _held_up(at, tuple(delays))
    return None if weeks is None else at + weeks * _WEEK


def _held_up(at: datetime, delays: tuple[Delay, ...]) -> tuple[int | None, Delay | None]:
    """By how many weeks, and by which delay at last; None weeks where it has no end."""
    weeks, last = 0, None
    while (delay := next((each for each in delays if each.covers(at + weeks * _WEEK)), None)) is not None:
        last = delay
        if delay.until is None:
            return None, delay
        weeks -= (at + weeks * _WEEK - delay.until) // _WEEK
    return weeks, last


def postponed(
    plan: Mapping[str, date | datetime],
    delays: Iterable[Delay],
    *,
    after: datetime,
    slot: WeeklySlot | None = None,
    unconfirmed: Collection[str] = (),
) -> dict[str, Postponed]:
    """What of one source's plan of episodes, by number, the delays move.

    A source that has something air in a delay did not know of it. So what it has air afterwards moves as well:
    otherwise two episodes would air at once. ``slot`` gives days their time of day; they stay days.

    ``unconfirmed``: episodes that nobody has on a list; they move though the time announced for them has passed.
    """
    held_up = tuple(delays)
    moved: dict[str, Postponed] = {}
    weeks: int | None = 0
    by: Delay | None = None
    for at, number in sorted((airs_at(aired, slot)[0], number) for number, aired in plan.items()):
        if at <= after and number not in unconfirmed:
            continue
        if weeks is not None:
            more, cause = _held_up(at + weeks * _WEEK, held_up)
            weeks, by = (None if more is None else weeks + more), cause or by
        if by is not None:
            moved[number] = Postponed(to=None if weeks is None else plan[number] + weeks * _WEEK, by=by)
    return moved


def has_aired(aired: date | datetime, after: datetime, slot: WeeklySlot | None = None) -> bool:
    """Whether an episode is over at a time; ``slot`` gives days their time of day."""
    return airs_at(aired, slot)[0] <= after


def counted_number(last: DueEpisode, at: datetime, delays: Iterable[Delay] = ()) -> int | None:
    """Of the weekly airing at a time, counted from an episode that has aired; None where the gap is too long.

    What airs after an episode is another one, however few days lie between where its slot moved.
    """
    number = int(last.number) + max(1, weeks_between(last.at, at, delays))
    return number if is_near(number, last) else None


def is_near(number: int, last: DueEpisode) -> bool:
    """Whether so few airings lie between that a number can be counted."""
    return number <= int(last.number) + _COUNTED_AIRINGS


def weeks_between(first: datetime, at: datetime, delays: Iterable[Delay] = ()) -> int:
    """How many weekly airings after that of ``first`` the one at ``at`` is; those within a delay did not take place."""
    held_up = tuple(delays)
    weeks = max(0, round((at - first) / _WEEK))
    return sum(not any(delay.covers(first + week * _WEEK) for delay in held_up) for week in range(1, weeks + 1))


def airs_at(aired: date | datetime, slot: WeeklySlot | None) -> tuple[datetime, bool]:
    """The instant by which an episode has aired, and whether it is exact.

    A day gets the slot's time where it falls on the slot's weekday, and where it is the day before a slot of the late
    night; otherwise its end in Japan.
    """
    if isinstance(aired, datetime):
        return aired.astimezone(UTC), True
    if slot is not None and aired.weekday() == slot.weekday:
        return datetime.combine(aired, slot.at, JST).astimezone(UTC), True
    following = aired + _A_DAY
    if slot is not None and following.weekday() == slot.weekday and slot.at < _LATE_NIGHT:
        return datetime.combine(following, slot.at, JST).astimezone(UTC), True
    return datetime.combine(following, time(), JST).astimezone(UTC), False


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
