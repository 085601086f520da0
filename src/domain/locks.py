"""What a person wrote in a review stays: places in an entry that are locked, and how they are kept.

A lock is a path: a field (``synopsis``), or, where a list would otherwise stop growing, an item of it
(``episode_details/5``, ``characters/char_...``) or a field of such an item (``episode_details/5/title``). A locked item
that is not there was taken out by a person, and stays out. Nothing but another review changes what is locked, or
unlocks it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from models.anime import STORE_FIELDS, SYNC_OWNED_FIELDS, AnimeEntry, CharacterEntry, EpisodeDetailEntry

Part = dict[str, Any]

KEYS: Final = {"episode_details": "episode_number", "characters": "character_id"}
"""Lists whose items are locked one by one, and the field that names an item."""

_ITEM_FIELDS: Final[Mapping[str, Collection[str]]] = {
    "episode_details": EpisodeDetailEntry.model_fields.keys() - {"episode_id", "episode_number"},
    "characters": CharacterEntry.model_fields.keys() - {"character_id"},
}
UNLOCKABLE: Final = (
    frozenset({"anime_id", "locked_fields", "provenance", "enrichment_metadata", "enriched"})
    | SYNC_OWNED_FIELDS
    | STORE_FIELDS
)
"""Fields that are nobody's to lock: ids, bookkeeping, and what the weekly comparison owns."""

_FIELD_OF_ITEM: Final = 2


def lock_problems(paths: Iterable[str]) -> list[str]:
    """A line for each path that names no place which can be locked."""
    return [
        f"locked_fields: {path} names nothing that can be locked" for path in dict.fromkeys(paths) if not _exists(path)
    ]


def _exists(path: str) -> bool:
    name, *below = path.split("/")
    if name not in AnimeEntry.model_fields or name in UNLOCKABLE:
        return False
    if not below:
        return True
    if name not in KEYS or not below[0]:
        return False
    return len(below) == 1 or (len(below) == _FIELD_OF_ITEM and below[1] in _ITEM_FIELDS[name])


def locks_of_edit(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The places in which a person changed a dumped entry; sorted."""
    paths: list[str] = []
    for name in {*before, *after} - UNLOCKABLE:
        if before.get(name) == after.get(name):
            continue
        paths += _changed_items(name, before.get(name, []), after.get(name, [])) if name in KEYS else [name]
    return sorted(paths)


def _changed_items(name: str, before: list[Part], after: list[Part]) -> list[str]:
    old, new = ({str(item[KEYS[name]]): item for item in items} for items in (before, after))
    if name == "characters" and [key for key in old if key in new] != [key for key in new if key in old]:
        return [name]  # a person's order of a list can only be kept as a whole
    paths = []
    for key in {*old, *new}:
        if key not in old or key not in new:
            paths.append(f"{name}/{key}")
        else:
            fields = {*old[key], *new[key]}
            paths += [f"{name}/{key}/{field}" for field in fields if old[key].get(field) != new[key].get(field)]
    return paths


def kept(entry: Part, stored: Mapping[str, Any], locked: Iterable[str]) -> Part:
    """``entry`` with each locked place as it is stored."""
    result = dict(entry)
    for path in locked:
        name, *below = path.split("/")
        if below and name in KEYS:
            result[name] = _kept_item(name, below, result.get(name, []), stored.get(name, []))
        elif name in stored:
            result[name] = stored[name]
        else:
            result.pop(name, None)
    return result


def _kept_item(name: str, below: list[str], items: list[Part], stored: list[Part]) -> list[Part]:
    """An item that is stored alone comes last; lists that have an order of their own are sorted afterwards."""
    key = KEYS[name]
    known = next((item for item in stored if item[key] == below[0]), None)
    if len(below) == 1:
        if known is None:
            return [item for item in items if item[key] != below[0]]
        found = any(item[key] == below[0] for item in items)
        return [known if item[key] == below[0] else item for item in items] if found else [*items, known]
    if known is None:
        return items
    return [_with_field(item, below[1], known) if item[key] == below[0] else item for item in items]


def _with_field(item: Part, field: str, known: Mapping[str, Any]) -> Part:
    without = {name: value for name, value in item.items() if name != field}
    return {**without, field: known[field]} if field in known else without


def has_locks(locked: Collection[str], name: str, item: str) -> bool:
    """Whether an item of a list is locked, or anything above or in it."""
    return is_locked(locked, name, item) or any(path.startswith(f"{name}/{item}/") for path in locked)


def is_locked(locked: Collection[str], name: str, *below: str) -> bool:
    """Whether a place, or anything above it, is locked."""
    parts = (name, *below)
    return any("/".join(parts[:length]) in locked for length in range(1, len(parts) + 1))
