"""A three-way merge of entries: what was approved on one revision, carried over to a later one.

``base`` is the entry that the approved one was made from, ``theirs`` the one that is stored now. A field is taken from
the side that changed it. Episodes are merged by number and characters by id, so two updates of different episodes
meet without harm. The same field changed on both sides, differently, is for a person to look at.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

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
_MERGED: Final = frozenset({"episode_details", "characters", "provenance", "enrichment_metadata"})
_PLAIN: Final = tuple(sorted(set(AnimeEntry.model_fields) - _THEIRS - _MERGED))

T = TypeVar("T")
M = TypeVar("M", bound=Model)


def rebase(base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry) -> AnimeEntry:
    """``theirs`` with the changes from ``base`` to ``ours``; fields of the sync and the stores are theirs.

    Raises:
        StaleRevision: both sides changed the same; names the fields.
    """
    conflicts: list[str] = []
    merged: dict[str, Any] = {
        field: _merge_value(field, getattr(base, field), getattr(ours, field), getattr(theirs, field), conflicts)
        for field in _PLAIN
    }
    merged["episode_details"] = _merge_episodes(base, ours, theirs, conflicts)
    merged["characters"] = _merge_items(
        "characters", base.characters, ours.characters, theirs.characters, lambda one: one.character_id, conflicts
    )
    if conflicts:
        raise StaleRevision(f"{theirs.anime_id} was changed since, in the same places: {', '.join(conflicts)}")
    merged["provenance"] = _merge_provenance(base.provenance, ours.provenance, theirs.provenance)
    merged["enrichment_metadata"] = _later(ours.enrichment_metadata, theirs.enrichment_metadata)
    return check_entry(dump_entry(theirs.model_copy(update=merged)))


def _merge_value(name: str, base: T, ours: T, theirs: T, conflicts: list[str]) -> T:
    if ours in (base, theirs):
        return theirs
    if theirs != base:
        conflicts.append(name)
    return ours


def _merge_items(
    name: str, base: Sequence[M], ours: Sequence[M], theirs: Sequence[M], key: Callable[[M], str], conflicts: list[str]
) -> list[M]:
    """A missing item counts as one more state of it. The order is the stored one, then what only we have; ours, where
    the stored one is as old as the base."""
    old, mine, stored = ({key(item): item for item in items} for items in (base, ours, theirs))
    order = (*mine, *stored) if list(stored) == list(old) else (*stored, *mine)
    merged = (
        _merge_value(f"{name}[{one}]", old.get(one), mine.get(one), stored.get(one), conflicts)
        for one in dict.fromkeys(order)
    )
    return [item for item in merged if item is not None]


def _merge_episodes(
    base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry, conflicts: list[str]
) -> list[EpisodeDetailEntry]:
    merged = _merge_items(
        "episode_details",
        base.episode_details,
        ours.episode_details,
        theirs.episode_details,
        lambda one: one.episode_number,
        conflicts,
    )
    return sorted(merged, key=_by_number)


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
    return theirs.model_copy(update={"catalogues": {name: one for name, one in merged.items() if one is not None}})


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
