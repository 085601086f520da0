"""A three-way merge of entries: what was approved on one revision, carried over to a later one.

``base`` is the entry that the approved one was made from, ``theirs`` the one that is stored now. A field is taken from
the side that changed it. Episodes are merged by number and characters by id, so two updates of different episodes
meet without harm. What a person locked meanwhile, on either side, stands against what the other side changed there
(``domain.locks``). Else the same field changed on both sides, differently, is for a person to look at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

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
    episodes = _merge_items(
        "episode_details",
        base.episode_details,
        ours.episode_details,
        theirs.episode_details,
        lambda one: one.episode_number,
        sides,
    )
    merged["episode_details"] = sorted(episodes, key=_by_number)
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


def _merge_locks(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """Old ones that neither side took off, then new ones."""
    yield from (path for path in base if path in ours and path in theirs)
    yield from sorted({*ours, *theirs} - {*base})


def _by_number(episode: EpisodeDetailEntry) -> tuple[str, Decimal]:
    """``2`` before ``12.5`` before ``S1``."""
    prefix = episode.episode_number[:1] if episode.episode_number[:1].isalpha() else ""
    return prefix, Decimal(episode.episode_number[len(prefix) :])


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
