"""Which catalogue each value of an entry comes from, where the entry is made of others.

The stages say it of what they offer (``stages.merging.Notes``), the provenance of a stored entry of what is in it. Each
value of the new entry is looked for in those that it may come from, the nearest first, and is theirs whose it is there.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.laying_over import NESTED, Key, Keys
from domain.locks import KEYS, UNLOCKABLE, is_locked
from domain.shares import (
    RELEASED,
    REVIEWED,
    Shares,
    Tables,
    of_notes,
    of_origins,
    together,
    written,
    written_whole,
)
from domain.stages.merging import TELLING
from models.provenance import RELEASE, REVIEWER, Origin, Provenance

Part = dict[str, Any]

Fields = dict[str, list[Origin]]

_EPISODES: Final = "episode_details"
_NUMBER: Final = "episode_number"
_KEYED: Final = frozenset({"external_links", "statistics", "popularity_trends"})
"""Mappings whose values have an origin each."""

_UNTOLD: Final = TELLING | {"anime_id", "character_id", "episode_id", "episode_number"}
"""Fields of items that are ours, or tell it themselves."""

_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


@dataclass(frozen=True)
class Side:
    """An entry, or what is offered for one, from which values may come."""

    part: Mapping[str, Any]
    tables: Tables


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Of what an entry is assembled. ``offered`` by the stages, with images as they became; ``stored`` with what its
    provenance told; ``released``: what the release says. ``answered``: this run's answers; ``now``: the catalogues as
    the entry will tell of them."""

    offered: Mapping[str, Any]
    told: Mapping[str, Any]
    stored: Mapping[str, Any]
    before: Provenance
    released: Mapping[str, Any]
    answered: Provenance
    now: Provenance

    def tables_before(self) -> Tables:
        return of_origins(self.before.fields, self.aged)

    def dates(self) -> dict[str, datetime]:
        """Of this run's answers, by catalogue, where its latest about the whole entry is another."""
        found = {}
        for name, latest in self.answered.catalogues.items():
            counted = self.now.catalogues.get(name)
            if latest.fetched_at is not None and (counted is None or counted.fetched_at != latest.fetched_at):
                found[name] = latest.fetched_at
        return found

    def aged(self, origin: Origin) -> Origin:
        """Dated by the answer that offered it, where that catalogue has answered anew since."""
        if origin.fetched_at is not None or origin.catalogue in {RELEASE, REVIEWER}:
            return origin
        earlier = self.before.catalogues.get(origin.catalogue)
        latest = self.now.catalogues.get(origin.catalogue)
        if earlier is None or latest is None or latest.fetched_at in (None, earlier.fetched_at):
            return origin
        return origin.model_copy(update={"fetched_at": earlier.fetched_at})


def origins(entry: Part, sides: Sides, *, keys: Keys, locked: Collection[str] = ()) -> Fields:
    """By path; what nobody knows the origin of is left out."""
    stored = Side(sides.stored, sides.tables_before())
    all_sides = [Side(sides.offered, of_notes(sides.told)), stored, Side(sides.released, RELEASED)]
    found = _before(sides, lambda name: name in entry and is_locked(locked, name))
    for path, value in _paths(entry):
        name = path.partition("/")[0]
        if not is_locked(locked, name):
            own = _only(stored, name, lambda *below, name=name: is_locked(locked, name, *below))
            found |= _of(path, value, [one for one in (own, *all_sides) if one], keys(path))
    return dict(sorted(found.items()))


def origins_of_episodes(entry: Part, sides: Sides, number: str, *, locked: Collection[str] = ()) -> Fields:
    """After one episode was brought up to date. Of the others only what changed with it is of now."""
    if is_locked(locked, _EPISODES):
        return _before(sides, lambda _name: True)
    now: dict[str, Part] = {one[_NUMBER]: one for one in entry.get(_EPISODES, ())}
    then: dict[str, Part] = {one[_NUMBER]: one for one in sides.stored.get(_EPISODES, ())}
    told = [one for one in sides.offered.get(_EPISODES, ()) if one[_NUMBER] in now]
    of_now = [
        one if one[_NUMBER] == number else _changed(one, now[one[_NUMBER]], then.get(one[_NUMBER], {})) for one in told
    ]
    stored = Side(sides.stored, sides.tables_before())
    own = _only(stored, _EPISODES, lambda *below: is_locked(locked, _EPISODES, *below))
    all_sides = [own, Side({_EPISODES: of_now}, of_notes(sides.told, sides.dates())), stored]
    found = _before(sides, lambda name: name != _EPISODES)
    found |= _of(_EPISODES, list(now.values()), [one for one in all_sides if one], _by_id(_EPISODES))
    return dict(sorted(found.items()))


def _changed(offered: Part, now: Part, then: Part) -> Part:
    changed = {name: value for name, value in offered.items() if now.get(name) == value != then.get(name)}
    return {**changed, _NUMBER: offered[_NUMBER]}


def reviewed(before: Part, after: Part, paths: Iterable[str]) -> Fields:
    """The origins after a person wrote what lies at these paths (``domain.locks``)."""
    changed = list(paths)
    found = _fields(before)
    for name in dict.fromkeys(path.partition("/")[0] for path in changed):
        whole = name in changed
        kept = {path: origins for path, origins in found.items() if not _within(path, name)}
        if not whole:
            sides = [_only(Side(after, REVIEWED), name, lambda *below, name=name: is_locked(changed, name, *below))]
            sides.append(Side(before, of_origins(found)))
            kept |= _of(name, after.get(name, []), [one for one in sides if one], _by_id(name), joins=False)
        elif after.get(name) not in _EMPTY:
            kept[name] = [Origin(catalogue=REVIEWER)]
        found = kept
    return dict(sorted(found.items()))


def rebased(ours: Part, theirs: Part, merged: Part) -> Fields:
    """The origins in a dumped entry that was merged of two: of each value, those of the side that it is of."""
    found: Fields = {}
    tables = [(side, _fields(side)) for side in (theirs, ours)]
    for name, value in merged.items():
        if name in KEYS:
            sides = [Side(side, of_origins(fields)) for side, fields in tables]
            found |= _of(name, value, sides, _by_id(name), joins=False)
        else:
            fields = next((fields for side, fields in tables if side.get(name) == value), {})
            found |= {path: origins for path, origins in fields.items() if _within(path, name)}
    return dict(sorted(found.items()))


def _fields(entry: Part) -> Fields:
    return dict(Provenance.tolerant(entry.get("provenance", {})).fields)


def _before(sides: Sides, wanted: Callable[[str], bool]) -> Fields:
    """The stored origins of the fields whose names are wanted."""
    return {
        path: list(map(sides.aged, origins))
        for path, origins in sides.before.fields.items()
        if wanted(path.partition("/")[0])
    }


def _within(path: str, name: str) -> bool:
    return path.partition("/")[0] == name


def _by_id(name: str) -> Key:
    return lambda item: item[KEYS[name]]


def _only(side: Side, name: str, wanted: Callable[..., bool]) -> Side | None:
    """Of a list whose items are locked one by one, those fields of its items that are wanted; None without any."""
    if name not in KEYS:
        return None
    key = KEYS[name]
    items = [
        {field: value for field, value in item.items() if field == key or wanted(item[key], field)}
        for item in side.part.get(name, ())
    ]
    return Side({name: items}, side.tables) if any(len(item) > 1 for item in items) else None


def _paths(entry: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Of all values that come from somewhere."""
    for name, value in entry.items():
        path = f"{above}{name}"
        if path in NESTED and isinstance(value, Mapping):
            yield from _paths(value, f"{path}/")
        elif path not in UNLOCKABLE and value not in _EMPTY:
            yield path, value


def _of(path: str, value: Any, sides: Sequence[Side], key: Key | None, *, joins: bool = True) -> Fields:
    """``joins``: lists and mappings may be put together of what several sides have."""
    if isinstance(value, list):
        if not path.startswith("images/") and all(isinstance(item, Mapping) for item in value):
            return _Things(path, value, sides, key, joins=joins).origins()
        found = written((str(at), _first(held)) for at, _, held in _held(path, value, sides, key))
    elif path in _KEYED:
        found = written((name, _first(_keyed(path, name, one, sides))) for name, one in value.items())
    else:
        found = written_whole(_first(side.tables.whole(path) for side in sides if _at(side.part, path) == value))
    return {path: found} if found else {}


def _keyed(path: str, name: str, value: Any, sides: Iterable[Side]) -> Iterator[Shares]:
    for side in sides:
        if (_at(side.part, path) or {}).get(name) == value:
            yield side.tables.item(path, name)


def _first(shares: Iterable[Shares]) -> Shares:
    return next(filter(None, shares), ())


def _held(
    path: str, items: Sequence[Any], sides: Sequence[Side], key: Key | None
) -> Iterator[tuple[int, Any, list[Shares]]]:
    """Each item with its position, and whose it is on the sides that have it."""
    places = [_Places(path, items, side, key) for side in sides]
    for at, item in enumerate(items, 1):
        found = [(one, one.take(at, item)) for one in places]
        yield at, item, [one.tables.item(path, held[0]) for one, held in found if held is not None]


class _Places:
    """Where a side has the items of a list; each is taken once."""

    def __init__(self, path: str, items: Sequence[Any], side: Side, key: Key | None) -> None:
        self.tables = side.tables
        held = _at(side.part, path) or []
        self._key = key
        self._held: dict[Hashable, list[tuple[str, Any]]] = {}
        if key is not None or held == items:
            for at, item in enumerate(held, 1):
                self._held.setdefault(at if key is None else key(item), []).append((_name(path, at, item), item))

    def take(self, at: int, item: Any) -> tuple[str, Any] | None:
        found = self._held.get(at if self._key is None else self._key(item))
        return found.pop(0) if found else None


def _name(path: str, at: int, item: Any) -> str:
    return str(item[_NUMBER]) if path == _EPISODES else str(at)


class _Things:
    """A list of things that have fields, each with an origin of its own."""

    def __init__(
        self, path: str, things: Sequence[Part], sides: Sequence[Side], key: Key | None, *, joins: bool
    ) -> None:
        self._path, self._things, self._joins = path, things, joins
        self._places = [_Places(path, things, side, key) for side in sides]

    def origins(self) -> Fields:
        whole: list[tuple[str, Shares]] = []
        below: dict[str, list[tuple[str, Shares]]] = {}
        for at, thing in enumerate(self._things, 1):
            name = _name(self._path, at, thing)
            taken = ((one.tables, one.take(at, thing)) for one in self._places)
            held = [(tables, *place) for tables, place in taken if place is not None]
            shares = {field: self._shares(field, thing[field], held) for field in _told(thing)}
            # What nobody knows the origin of must not pass for the rest's.
            common = _first(tables.item(self._path, its) for tables, its, _ in held) if all(shares.values()) else ()
            if common in shares.values():
                whole.append((name, common))
            for field, several in shares.items():
                if several and several != common:
                    below.setdefault(field, []).append((name, several))
        found = {self._path: written(whole), **{f"{self._path}/{name}": written(one) for name, one in below.items()}}
        return {path: origins for path, origins in found.items() if origins}

    def _shares(self, field: str, value: Any, held: Iterable[tuple[Tables, str, Any]]) -> Shares:
        found: Shares = ()
        for tables, name, thing in held:
            same = field in thing and thing[field] == value
            if same or (self._joins and field in thing and isinstance(value, list | Mapping)):
                found = together(found, tables.field(self._path, name, field))
            if same and found:
                break
        return found


def _told(thing: Mapping[str, Any]) -> list[str]:
    """Fields that say something which somebody told."""
    return [field for field, value in thing.items() if field not in _UNTOLD and value not in _EMPTY]


def _at(part: Any, path: str) -> Any:
    for name in path.split("/"):
        if not isinstance(part, Mapping):
            return None
        part = part.get(name)
    return part
