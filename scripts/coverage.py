"""What the catalogues offer and what becomes of it, found by taking values away one by one.

A place in an answer is a path: keys, and ``[]`` for every item of a list. A reader uses a place where its parts change
when the values there are taken away or replaced; so what a page says is what the code does.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.stages import run_stage, values
from domain.stages.merging import PROVENANCE
from domain.stages.priority import SHORT_NAMES
from domain.stages.readers import READERS
from domain.stages.readers.base import Reader
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, fetched

Path = tuple[str, ...]
ITEM: Final = "[]"
FUNCTIONS: Final = ("metadata", "episodes", "relations", "statistics", "characters", "staff")

_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, "0001-01-01T00:00:00Z")
"""The last is what AnimeSchedule writes where there is no date."""

_ITEMS: Final = 3
_DEEPEST: Final = 2


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A place in a catalogue's answers. ``fields``: what of the reader's parts depends on it; none where it is left
    out."""

    catalogue: Catalogue
    path: str
    fields: tuple[str, ...]


@functools.cache
def offered() -> tuple[Offered, ...]:
    return tuple(found for catalogue in Catalogue for found in _offered(catalogue))


def _offered(catalogue: Catalogue) -> Iterator[Offered]:
    whole = fetched()[0].get(catalogue)
    if whole is None:
        return
    answers = _shortened(whole)
    before = _read(READERS[catalogue], answers)
    for path in sorted(set(_paths(answers))):
        changed: set[str] = set()
        for change in (_taken_away, _replaced):
            changed |= _differences(before, _read(READERS[catalogue], _at_path(answers, path, change)))
            if changed:
                break
        yield Offered(catalogue=catalogue, path=".".join(path), fields=tuple(sorted(changed)))


def _read(reader: Reader, answers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(reader, name)(answers) for name in FUNCTIONS}


def _shortened(value: Any) -> Any:
    """With the first items of each list, and those that have something which none before them has."""
    if isinstance(value, Mapping):
        return {key: _shortened(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    kept: list[Any] = []
    seen: set[Path] = set()
    for number, item in enumerate(value):
        short = _shortened(item)
        paths = set(_paths(short))
        if number < _ITEMS or not paths <= seen:
            kept.append(short)
            seen |= paths
    return kept


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of every value that says something."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from _paths(item, (*path, ITEM))
    elif value not in _NOTHING:
        yield path


def _taken_away(_value: Any) -> None:
    return None


def _replaced(value: Any) -> Any:
    """Another value that could stand there as well."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value[:-1]}7" if isinstance(value, str) and "://" in value else f"{value}7"


def _at_path(value: Any, path: Path, change: Any) -> Any:
    """A copy that differs along the path only."""
    if not path:
        return change(value)
    if isinstance(value, Mapping):
        return {key: _at_path(item, path[1:], change) if key == path[0] else item for key, item in value.items()}
    if isinstance(value, list) and path[0] == ITEM:
        return [_at_path(item, path[1:], change) for item in value]
    return value


def _differences(one: Any, other: Any, path: Path = ()) -> set[str]:
    if one == other:
        return set()
    if len(path) < _DEEPEST and isinstance(one, Mapping) and isinstance(other, Mapping):
        return {found for key in {*one, *other} for found in _differences(one.get(key), other.get(key), (*path, key))}
    if len(path) == 1 and isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return {found for a, b in zip(one, other, strict=True) for found in _differences(a, b, path)}
    return {"/".join(path[1:] if path[0] == "metadata" else path)}


# ------------------------------------------------------------------------------------------------ field by catalogue


@functools.cache
def parts() -> dict[Stage, dict[str, Any]]:
    return {stage: run_stage(stage, fetched()[0], SUBJECT) for stage in Stage}


def origins() -> dict[str, set[str]]:
    """By path of the entry: short names of the catalogues whose values are in it."""
    found: dict[str, set[str]] = {}
    for part in parts().values():
        for path, told in part.get(PROVENANCE, {}).get("origins", {}).items():
            found[path] = {told} if isinstance(told, str) else {name for kind in told.values() for name in _names(kind)}
    return found


def _names(told: Any) -> Iterator[str]:
    yield from told.values() if isinstance(told, Mapping) else told


def fields() -> dict[str, dict[Catalogue, str]]:
    """By field of an entry and catalogue: ``used``, ``offered``; a catalogue that is missing does not offer it."""
    answers = fetched()[0]
    table: dict[str, dict[Catalogue, str]] = {}
    used = origins()
    for catalogue, given in answers.items():
        read = _read(READERS[catalogue], given)
        for name in read["metadata"]:
            path = _ENTRY_PATHS.get(name, name)
            state = "used" if SHORT_NAMES[catalogue] in used.get(path, ()) else "offered"
            table.setdefault(path, {})[catalogue] = state
        for name in {name for episode in read["episodes"] for name in episode} - {"episode_number"}:
            path = f"episode_details/{name}"
            state = "used" if SHORT_NAMES[catalogue] in used.get(path, ()) else "offered"
            table.setdefault(path, {})[catalogue] = state
        for name in read["statistics"]:
            path = "popularity_trends" if name == "trending" else f"statistics/{name}"
            table.setdefault(path, {})[catalogue] = "used"
        for kind, path in (("relations", "related_anime, relations"), ("staff", "staff_data/production_staff")):
            if read[kind]:
                table.setdefault(path, {})[catalogue] = "used"
        for name, state in _of_characters(read["characters"]).items():
            table.setdefault(f"characters/{name}", {})[catalogue] = state
    return dict(sorted(table.items()))


_ENTRY_PATHS: Final = {
    **{kind: f"images/{kind}" for kind in ("covers", "posters", "banners")},
    **{kind: f"staff_data/{kind}" for kind in ("studios", "producers", "licensors")},
}


def _of_characters(offered_parts: list[dict[str, Any]]) -> dict[str, str]:
    merged = {
        pair: character
        for character in parts()[Stage.CHARACTERS].get("characters", [])
        for pair in character.get("character_ids", {}).items()
    }
    states: dict[str, str] = {}
    for part in offered_parts:
        character: dict[str, Any] = next(
            (merged[pair] for pair in part.get("character_ids", {}).items() if pair in merged), {}
        )
        for name, value in part.items():
            if _is_in(value, character.get(name)):
                states[name] = "used"
            else:
                states.setdefault(name, "offered")
    return states


def _is_in(value: Any, whole: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(whole, Mapping):
        return all(whole.get(key) == item for key, item in value.items())
    if isinstance(value, list) and isinstance(whole, list):
        keys = {_key(item) for item in whole}
        return any(_key(item) in keys for item in value)
    return bool(value == whole)


def _key(item: Any) -> Any:
    return values.folded(item["name"] if isinstance(item, Mapping) else str(item))
