"""When the next episode of a series airs that is on air: what each catalogue's answers say of it.

* AniList announces each episode's moment and number.
* MyAnimeList has the weekly slot in Japan and the episodes so far.
* AnimeSchedule has a moment of the weekly slot, the premiere, delays, and weeks that were renumbered.

``domain.airing.next_episode`` decides between them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from domain import airing
from domain.airing import Announced, Delay, NextEpisode, WeeklySlot
from domain.stages import values
from domain.stages.merging import Offers, said
from domain.stages.priority import FIRST, SHORT_NAMES
from domain.stages.readers.base import Part
from domain.stages.slots import broadcast_slot
from models.events import Catalogue
from models.vocabulary import AnimeStatus

J, A, T = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.ANIMESCHEDULE

_COUNTED: Final = timedelta(weeks=60)
"""So long after its premiere a series' weeks are counted; the breaks of longer ones are recorded nowhere."""


def upcoming(offers: Offers, episodes: Mapping[Catalogue, list[Part]], *, after: datetime) -> NextEpisode | None:
    """``offers``: of the metadata. None for what is not on air, and where nobody says anything of a next episode."""
    status = next((value for _, value in said(offers, "status", FIRST["status"])), None)
    if status is not AnimeStatus.ONGOING:
        return None
    delays = delays_of(offers)
    announced = [
        *_of_schedule(episodes.get(A, []), after),
        *_of_slot(offers.get(J, {}), episodes.get(J, []), after, delays),
        *_of_timetable(offers.get(T, {}), after, delays),
    ]
    total = next((value for _, value in said(offers, "episodes", FIRST["episodes"])), None)
    within = [one for one in announced if total is None or one.number is None or one.number <= total]
    return airing.next_episode(within, after=after, delays=delays)


def delays_of(offers: Offers) -> tuple[Delay, ...]:
    told = values.mapping(offers.get(T, {}).get("delay_information"))
    start, until = _moment(told.get("delayed_from")), _moment(told.get("delayed_until"))
    if start is None and until is None:
        return ()
    return (Delay(start=start or datetime.min.replace(tzinfo=airing.JST), until=until),)


def _of_schedule(episodes: Iterable[Part], after: datetime) -> list[Announced]:
    coming = []
    for episode in episodes:
        at, number = _moment(episode.get("aired")), values.whole(episode["episode_number"], least=1)
        if at is not None and at > after:
            coming.append(Announced(source=SHORT_NAMES[A], at=at, number=number, slot=airing.slot_of(at)))
    return sorted(coming, key=lambda one: one.at)[:1]


def _of_slot(offer: Part, episodes: Iterable[Part], after: datetime, delays: tuple[Delay, ...]) -> list[Announced]:
    """Counted from the last episode that has a day, else from the first day of airing."""
    slot = broadcast_slot(offer.get("broadcast"))
    if slot is None:
        return []
    at = airing.after_delays(airing.next_airing(slot, after), slot, delays)
    if at is None:
        return []
    numbers = ((values.whole(one["episode_number"], least=1), _aired(one.get("aired"), slot)) for one in episodes)
    known = [(moment, number) for number, moment in numbers if number is not None and moment is not None]
    begin = _aired(values.dig(offer, "aired_dates", "from"), slot)
    if not known and begin is not None:
        known = [(begin, 1)]
    past = [one for one in known if one[0] <= at]
    number = None
    if past:
        last, count = max(past)
        number = count + airing.weeks_between(last, at, delays)
    return [Announced(source=SHORT_NAMES[J], at=at, number=number, slot=slot)]


def _of_timetable(offer: Part, after: datetime, delays: tuple[Delay, ...]) -> list[Announced]:
    """An override says which number an airing has; it stands for the weeks after it as well."""
    shown = _moment(values.dig(offer, "broadcast_schedule", "jpn_time"))
    if shown is None:
        return []
    slot = airing.slot_of(shown)
    at = airing.after_delays(airing.next_airing(slot, after), slot, delays)
    if at is None:
        return []
    override = values.mapping(values.dig(offer, "episode_overrides", "main_override"))
    since, count = _moment(override.get("override_date")), values.whole(override.get("override_episode"), least=1)
    if since is None or count is None or since > at:
        since, count = _moment(values.dig(offer, "premiere_dates", "original")), 1
        if since is None or since > at or at - since > _COUNTED:
            return [Announced(source=SHORT_NAMES[T], at=at, slot=slot)]
    number = count + airing.weeks_between(since, at, delays)
    return [Announced(source=SHORT_NAMES[T], at=at, number=number, slot=slot)]


def _moment(text: object) -> datetime | None:
    return airing.instant_of_record(values.text(text))


def _aired(text: object, slot: WeeklySlot) -> datetime | None:
    found = airing.day_of_record(values.text(text))
    return None if found is None else airing.airs_at(found, slot)[0]
