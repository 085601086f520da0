"""Series on air that have fallen silent: their last known episode has aired, and nobody knows of a next one.

When an episode airs is found out by the update that follows on the one before. Where that update failed, or its review
was rejected, expired, or decided after the next episode had aired, no later episode would ever be known. So the series
is looked up anew.

Rules:

* Specials say nothing of the weekly airing, and nothing is to come where as many episodes have aired as there are.
* The weeks of silence count from the last airing, or from the end of a delay. Each of them is over a day after the
  airing that would have been due: by then the catalogues know of it.
* The first ``_WEEKLY`` weeks are looked up each, and of the later ones every ``_SELDOM``-th: a person decides on what
  comes of it. So it is from the beginning where a delay has no end, and where no episode has a date.
* An entry that was never enriched says nothing of its airing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from domain.airing import WeeklySlot, airs_at
from models.anime import AnimeEntry, DelayInformation
from models.ids import is_special

_WEEK: Final = timedelta(weeks=1)
_KNOWN_AFTER: Final = timedelta(days=1)
_WEEKLY: Final = 4
_SELDOM: Final = 4


@dataclass(frozen=True, kw_only=True)
class Silence:
    """``cause`` names the calendar week in which a week of silence is over, so that each starts one execution."""

    since: datetime
    cause: str


def silence_of(
    entry: AnimeEntry, begin: datetime, end: datetime, *, slot: WeeklySlot | None, premiere: date | datetime | None
) -> Silence | None:
    """Of an entry that is to be looked up because a week of silence is over in ``begin <= time < end``.

    ``slot`` gives days their time of day; ``premiere`` stands for the last airing where no episode has a date.
    """
    if not entry.enriched:
        return None
    airings = [
        airs_at(episode.aired, slot)[0]
        for episode in entry.episode_details
        if episode.aired is not None and not is_special(episode.episode_number)
    ]
    if 0 < entry.episodes <= len(airings):
        return None
    if airings:
        last = max(airings)
    elif premiere is not None:
        last = airs_at(premiere, slot)[0]
    else:
        return None
    delay = entry.delay_information or DelayInformation()
    until = None if delay.delayed_until is None else airs_at(delay.delayed_until, slot)[0]
    since = last if until is None else max(last, until)
    weeks = -((since + _KNOWN_AFTER - begin) // _WEEK)
    over = since + _KNOWN_AFTER + weeks * _WEEK
    seldom = weeks > _WEEKLY or not airings or _is_endless(delay, last, slot)
    if weeks < 1 or over >= end or (seldom and weeks % _SELDOM):
        return None
    year, week, _ = over.isocalendar()
    return Silence(since=since, cause=f"stalled:{year}-W{week:02}")


def _is_endless(delay: DelayInformation, last: datetime, slot: WeeklySlot | None) -> bool:
    """A delay that began before the last airing is over."""
    begun = delay.delayed_from
    return delay.delayed_until is None and begun is not None and airs_at(begun, slot)[0] >= last
