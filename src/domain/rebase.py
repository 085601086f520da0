"""A three-way merge of entries: what was approved on one revision, carried over to a later one.

``base`` is the entry that the approved one was made from, ``theirs`` the one that is stored now. A field is taken from
the side that changed it. Episodes are merged by number and characters by id, so two updates of different episodes
meet without harm; of two words on when an episode airs the later stands. What a person locked meanwhile, on either
side, stands against what the other side changed there (``domain.locks``). Else the same field changed on both sides,
differently, is for a person to look at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from domain.episode_numbers import number_order
from domain.locks import is_locked
from domain.origins import rebased
from models.anime import (
    STORE_FIELDS,
    SYNC_OWNED_FIELDS,
    AnimeEntry,
    CatalogueProvenance,
    EnrichmentMetadata,
    EpisodeDetailEntry,
    Provenance,
    check_entry,
    dump_entry,
)
from models.base import Model
from models.errors import StaleRevision

_THEIRS: Final = SYNC_OWNED_FIELDS | STORE_FIELDS | {"anime_id"}
_MERGED: Final = frozenset({"episode_details", "characters", "provenance", "enrichment_metadata", "locked_fields"})
_PLAIN: Final = tuple(sorted(set(AnimeEntry.model_fields) - _THEIRS - _MERGED))

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """What was locked since the base on each side, and the places that both changed."""

    ours: frozenset[str]
    theirs: frozenset[str]
    conflicts: list[str] = field(default_factory=list)

    def locker(self, name: str, *below: str) -> str | None:
        """The side that alone locked a place, ``ours`` or ``theirs``; None where both or none did."""
        mine, stored = is_locked(self.ours, name, *below), is_locked(self.theirs, name, *below)
        return None if mine == stored else "ours" if mine else "theirs"

    def locks_at(self, name: str, key: str) -> bool:
        return any(is_locked(side, name, key) for side in (self.ours, self.theirs)) or self.locks_within(name, key)

    def locks_within(self, name: str, key: str) -> bool:
        return any(path.startswith(f"{name}/{key}/") for path in self.ours | self.theirs)


def rebase(base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry) -> AnimeEntry:
    """``theirs`` with the changes from ``base`` to ``ours``; fields of the sync and the stores are theirs.

    Raises:
        StaleRevision: both sides changed the same; names the fields.
    """
    locked = frozenset(base.locked_fields)
    sides = _Sides(ours=frozenset(ours.locked_fields) - locked, theirs=frozenset(theirs.locked_fields) - locked)
    merged: dict[str, Any] = {
        name: _merge_value((name,), getattr(base, name), getattr(ours, name), getattr(theirs, name), sides)
        for name in _PLAIN
    }
    mine, stored = _with_latest_forecasts(base, ours, theirs, sides)
    episodes = _merge_items(
        "episode_details", base.episode_details, mine, stored, lambda one: one.episode_number, sides
    )
    merged["episode_details"] = sorted(episodes, key=lambda one: number_order(one.episode_number))
    merged["characters"] = _merge_items(
        "characters", base.characters, ours.characters, theirs.characters, lambda one: one.character_id, sides
    )
    if sides.conflicts:
        raise StaleRevision(f"{theirs.anime_id} was changed since, in the same places: {', '.join(sides.conflicts)}")
    merged["locked_fields"] = list(_merge_locks(base.locked_fields, ours.locked_fields, theirs.locked_fields))
    merged["enrichment_metadata"] = _later(ours.enrichment_metadata, theirs.enrichment_metadata)
    entry = theirs.model_copy(update=merged)
    provenance = _merge_provenance(base.provenance, ours.provenance, theirs.provenance)
    fields = rebased(*(dump_entry(one) for one in (ours, theirs, entry)))
    return check_entry(
        dump_entry(entry.model_copy(update={"provenance": provenance.model_copy(update={"fields": fields})}))
    )


def _merge_value(place: tuple[str, ...], base: T, ours: T, theirs: T, sides: _Sides) -> T:
    locker = sides.locker(*place)
    if locker is not None:
        return ours if locker == "ours" else theirs
    if ours in (base, theirs):
        return theirs
    if theirs != base:
        sides.conflicts.append(_named(place))
    return ours


def _named(place: tuple[str, ...]) -> str:
    name, *below = place
    return f"{name}[{below[0]}]" if below else name


def _merge_items(
    name: str, base: Sequence[M], ours: Sequence[M], theirs: Sequence[M], key: Callable[[M], str], sides: _Sides
) -> list[M]:
    """A missing item counts as one more state of it. The order is the stored one, then what only we have; ours, where
    the stored one is as old as the base."""
    old, mine, stored = ({key(item): item for item in items} for items in (base, ours, theirs))
    order = (*mine, *stored) if list(stored) == list(old) else (*stored, *mine)
    merged = (
        _merge_item(name, one, old.get(one), mine.get(one), stored.get(one), sides) for one in dict.fromkeys(order)
    )
    return [item for item in merged if item is not None]


def _merge_item(name: str, key: str, base: M | None, ours: M | None, theirs: M | None, sides: _Sides) -> M | None:
    """As a whole; field by field where a person locked some of its fields."""
    if base is None or ours is None or theirs is None or not sides.locks_within(name, key):
        return _merge_value((name, key), base, ours, theirs, sides)
    fields = {
        one: _merge_value((name, key, one), getattr(base, one), getattr(ours, one), getattr(theirs, one), sides)
        for one in type(theirs).model_fields
    }
    return theirs.model_copy(update=fields)


def _with_latest_forecasts(
    base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry, sides: _Sides
) -> tuple[list[EpisodeDetailEntry], list[EpisodeDetailEntry]]:
    """The episodes of both sides, alike where one of them says no more than when an episode airs, or that nobody knows.

    Every update of an episode says it of the next one, which has an update of its own by the time that the first is
    approved.
    """
    old, mine, stored = (
        {episode.episode_number: episode for episode in entry.episode_details} for entry in (base, ours, theirs)
    )
    later = _later(ours.enrichment_metadata, theirs.enrichment_metadata)
    ours_later = later is not None and later != theirs.enrichment_metadata
    for number in {**old, **mine, **stored}:
        before, our, their = old.get(number), mine.get(number), stored.get(number)
        if before in (our, their) or our == their or sides.locks_at("episode_details", number):
            continue
        told = [one for one in (our, their) if not _is_forecast(before, one)]
        if len(told) > 1 or None in told:
            continue
        settled = _settled(told[0] if told else None, our, their, our if ours_later else their)
        for side in (mine, stored):
            side.pop(number, None)
            side.update({} if settled is None else {number: settled})
    return list(mine.values()), list(stored.values())


def _settled(
    told: EpisodeDetailEntry | None,
    ours: EpisodeDetailEntry | None,
    theirs: EpisodeDetailEntry | None,
    latest: EpisodeDetailEntry | None,
) -> EpisodeDetailEntry | None:
    """``told``: the side that says more of the episode, where one does; only when it airs may the other know better."""
    if told is None:
        return latest
    if ours is None or theirs is None or latest is None:
        return told
    return told.model_copy(update={"aired": latest.aired})


def _is_forecast(before: EpisodeDetailEntry | None, after: EpisodeDetailEntry | None) -> bool:
    """Whether what a side changed is no more than when the episode airs; to take out an episode of which only that was
    known is no more either."""
    known = after or before
    if known is None:
        return False
    blank = EpisodeDetailEntry(episode_id=known.episode_id, episode_number=known.episode_number)
    old, new = before or blank, after or blank
    return new.aired != old.aired and _undated(new) == _undated(old)


def _undated(episode: EpisodeDetailEntry) -> EpisodeDetailEntry:
    return episode.model_copy(update={"aired": None})


def _merge_locks(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """Old ones that neither side took off, then new ones."""
    yield from (path for path in base if path in ours and path in theirs)
    yield from sorted({*ours, *theirs} - {*base})


def _merge_provenance(base: Provenance, ours: Provenance, theirs: Provenance) -> Provenance:
    """A record of what was asked when: where both sides asked the same catalogue, the later answer stands."""
    names = dict.fromkeys((*theirs.catalogues, *ours.catalogues))
    merged = {
        name: _merge_asked(*(side.catalogues.get(name) for side in (base, ours, theirs))) for name in sorted(names)
    }
    latest = theirs if ours in (base, theirs) else ours
    return theirs.model_copy(
        update={
            "catalogues": {name: one for name, one in merged.items() if one is not None},
            **{name: getattr(latest, name) for name in ("conflicts", "unknown_values", "doubtful_matches")},
        }
    )


def _merge_asked(
    base: CatalogueProvenance | None, ours: CatalogueProvenance | None, theirs: CatalogueProvenance | None
) -> CatalogueProvenance | None:
    if ours in (base, theirs):
        return theirs
    if theirs == base or theirs is None or ours is None:
        return ours
    return ours if _instant(ours.fetched_at) >= _instant(theirs.fetched_at) else theirs


def _later(ours: EnrichmentMetadata | None, theirs: EnrichmentMetadata | None) -> EnrichmentMetadata | None:
    if ours is None or theirs is None:
        return ours or theirs
    return ours if ours.enriched_at >= theirs.enriched_at else theirs


def _instant(value: datetime | None) -> datetime:
    return value or datetime.min.replace(tzinfo=UTC)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of the top-level fields in which two dumped entries differ."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
