"""When the next episode of a series airs that is on air: what each catalogue's answers say of it.

* AniList announces each episode's moment and number.
* MyAnimeList has the weekly slot in Japan and the episodes so far.
* AnimeSchedule has a moment of the weekly slot, the premiere, delays, and weeks that were renumbered.

``domain.airing`` has the rules that decide between them. Nothing is said of a series while any catalogue says that it
is on a break.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from domain import airing
from domain.airing import Announced, Delay, DueEpisode, NextEpisode, WeeklySlot
from domain.shares import of_origins
from domain.stages import values
from domain.stages.merging import Offers, said
from domain.stages.priority import BY_SIZE, FIRST, SHORT_NAMES
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part
from models.anime import AnimeEntry
from models.events import Catalogue
from models.vocabulary import AnimeStatus

J, A, T = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.ANIMESCHEDULE

COUNTING: Final = frozenset({J, T})
"""They say when a series airs by the week; which episode that is, is counted."""
COUNTING_NAMES: Final = frozenset(SHORT_NAMES[catalogue] for catalogue in COUNTING)

_COUNTED: Final = timedelta(weeks=60)
"""So long after its premiere AnimeSchedule's weeks are counted where no catalogue lists an episode; the breaks of
longer series are recorded nowhere."""

_FORESEEN: Final = timedelta(days=730)
"""An end of a delay further ahead stands for none: nobody plans an airing so early."""

_EVER: Final = datetime(1900, 1, 1, tzinfo=UTC)

Plan = Mapping[str, date | datetime]
"""By number of the episode."""

Count = Callable[[datetime, Sequence[Delay]], int | None]
"""The number of the episode that airs at a time, where these delays hold it up."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is known of a series at a time; ``last``: the last regular episode that has aired."""

    after: datetime
    delays: tuple[Delay, ...] = ()
    last: DueEpisode | None = None

    def follows(self, number: int) -> bool:
        return self.last is None or number > int(self.last.number)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An announcement that does not count: it lies in a delay, or its episode has aired already."""

    source: str
    number: int
    at: datetime
    by: Delay | None = None


@dataclass(kw_only=True)
class Upcoming:
    next: NextEpisode | None = None
    refused: list[Refused] = field(default_factory=list)


def recorded(stored: AnimeEntry | None) -> dict[str, date | datetime]:
    """When the stored episodes air that somebody has on a list or a schedule; what was only counted is not counted on
    from."""
    if stored is None:
        return {}
    origins = of_origins(stored.provenance.fields)

    def is_counted(number: str) -> bool:
        return {name for name, _ in origins.field("episode_details", number, "aired")} <= COUNTING_NAMES

    return {
        one.episode_number: one.aired
        for one in stored.episode_details
        if one.aired is not None and not (isinstance(one.aired, datetime) and is_counted(one.episode_number))
    }


def delays_of(
    answers: Mapping[Catalogue, Answers], offers: Offers, *, after: datetime, last: DueEpisode | None = None
) -> tuple[Delay, ...]:
    """A break is a delay without an end. One without an end that began before ``last`` aired is over."""
    breaks = (c for c in BY_SIZE if c in answers and READERS[c].on_break(answers[c]))
    delays = [Delay(start=after, source=SHORT_NAMES[c]) for c in breaks]
    told = values.mapping(offers.get(T, {}).get("delay_information"))
    start, until = _moment(told.get("delayed_from")), _moment(told.get("delayed_until"))
    if until is not None and until - after > _FORESEEN:
        start, until = start or after, None
    if until is not None or (start is not None and (last is None or last.at <= start)):
        delays.append(Delay(start=start or _EVER, until=until, source=SHORT_NAMES[T]))
    return tuple(delays)


def in_words(delay: Delay) -> str:
    if delay.source != SHORT_NAMES[T]:
        return "on a break"
    begin = "" if delay.start == _EVER else f" from {values.days(delay.start)}"
    return f"delayed{begin} until {values.days(delay.until) or 'further notice'}"


def last_aired(plan: Plan, *, after: datetime, slot: WeeklySlot | None) -> DueEpisode | None:
    """The regular episode with the highest number among those that have aired."""
    known = [
        (int(number), *airing.airs_at(aired, slot))
        for number, aired in plan.items()
        if number.isdecimal() and airing.has_aired(aired, after, slot)
    ]
    if not known:
        return None
    number, at, exact = max(known)
    return DueEpisode(number=str(number), at=at, exact=exact)


def upcoming(offers: Offers, schedule: Plan, outlook: Outlook) -> Upcoming:
    """``offers``: of the metadata; ``schedule``: AniList's, as the delays leave it.

    Nothing is to come of what is not on air or all aired, and where nobody says anything of a next episode.
    """
    status = next((value for _, value in said(offers, "status", FIRST["status"])), None)
    total = next((value for _, value in said(offers, "episodes", FIRST["episodes"])), None)
    if status is not AnimeStatus.ONGOING:
        return Upcoming()
    weekly = _Weekly(outlook)
    weekly.add_slot(offers.get(J, {}))
    weekly.add_timetable(offers.get(T, {}))
    within = [
        one
        for one in [*_of_schedule(schedule, outlook), *weekly.announced]
        if total is None or one.number is None or one.number <= total
    ]
    return Upcoming(
        next=airing.next_episode(within, after=outlook.after),
        refused=[one for one in weekly.refused if total is None or one.number <= total],
    )


def _of_schedule(schedule: Plan, outlook: Outlook) -> list[Announced]:
    """The first that follows on what has aired."""
    coming = sorted(
        (aired, int(number))
        for number, aired in schedule.items()
        if isinstance(aired, datetime) and aired > outlook.after and number.isdecimal() and outlook.follows(int(number))
    )
    return [Announced(source=SHORT_NAMES[A], at=at, number=number) for at, number in coming[:1]]


class _Weekly:
    """What airs by the week, with numbers that are counted."""

    def __init__(self, outlook: Outlook) -> None:
        self.announced: list[Announced] = []
        self.refused: list[Refused] = []
        self._outlook = outlook

    def add_slot(self, offer: Part) -> None:
        slot = airing.broadcast_slot(values.mapping(offer.get("broadcast")))
        if slot is not None:
            begin = _first_airing(values.mapping(offer.get("aired_dates")), slot)
            self._add(J, slot, lambda at, delays: self._after_last(at, delays, begin))

    def add_timetable(self, offer: Part) -> None:
        shown = _moment(values.dig(offer, "broadcast_schedule", "jpn_time"))
        if shown is not None:
            self._add(T, airing.slot_of(shown), lambda at, delays: self._by_timetable(at, delays, offer))

    def _add(self, catalogue: Catalogue, slot: WeeklySlot, count: Count) -> None:
        source, delays = SHORT_NAMES[catalogue], self._outlook.delays
        planned = airing.next_airing(slot, self._outlook.after)
        covering = [delay for delay in delays if delay.covers(planned)]
        number = count(planned, [delay for delay in delays if delay not in covering])
        if covering and number is not None and self._outlook.follows(number):
            self.refused.append(Refused(source=source, number=number, at=planned, by=covering[0]))
        at = airing.after_delays(planned, delays)
        if at is None:
            return
        number = count(at, delays)
        if number is not None and not self._outlook.follows(number):
            self.refused.append(Refused(source=source, number=number, at=at))
            number = None
        self.announced.append(Announced(source=source, at=at, number=number))

    def _after_last(self, at: datetime, delays: Sequence[Delay], begin: datetime | None) -> int | None:
        last = self._outlook.last
        if last is None and begin is not None:
            if begin > self._outlook.after:
                return 1 if begin <= at else None
            last = DueEpisode(number="1", at=begin, exact=False)
        return None if last is None else airing.counted_number(last, at, delays)

    def _by_timetable(self, at: datetime, delays: Sequence[Delay], offer: Part) -> int | None:
        """An override says which number an airing has; it stands for the weeks after it as well."""
        override = values.mapping(values.dig(offer, "episode_overrides", "main_override"))
        since, count = _moment(override.get("override_date")), values.whole(override.get("override_episode"), least=1)
        if since is None or count is None or since > at:
            since, count = _moment(values.dig(offer, "premiere_dates", "original")), 1
            if since is None or since > at or at - since > _COUNTED:
                return None
        number = count + airing.weeks_between(since, at, delays)
        last = self._outlook.last
        return number if last is None or airing.is_near(number, last) else None


def _first_airing(dates: Mapping[str, Any], slot: WeeklySlot) -> datetime | None:
    """Where a day of it is known."""
    first = airing.day_of_record(values.text(dates.get("from")))
    if first is None or not airing.names_a_day(values.text(dates.get("string"))):
        return None
    return airing.airs_at(first, slot)[0]


def _moment(text: object) -> datetime | None:
    return airing.instant_of_record(values.text(text))
