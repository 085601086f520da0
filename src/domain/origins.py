"""Which catalogue each value of an assembled entry comes from.

The stages say it of what they offer (``stages.merging.Notes``); the stored entry's provenance says it of what was there
before. Here both are held against the entry that came of them.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from domain.locks import is_locked
from domain.spans import expanded, spans
from models.provenance import RELEASE, REVIEWER, Origin, Provenance

Part = dict[str, Any]
Keys = Mapping[str, Callable[[Any], Hashable]]
"""What makes two items of a list the same, by the list's name."""

Share = tuple[str, datetime | None]
"""A catalogue, and the time of its answer where that is not its latest."""

_EPISODES: Final = "episode_details"


class Origins:
    """``entry`` is what was assembled, ``stored`` what it was assembled on, ``released`` what the release said.

    ``told`` are the stages' origins by path; ``offered`` the values they belong to, with images as they became.
    """

    def __init__(
        self,
        *,
        entry: Part,
        stored: Part,
        offered: Part,
        released: Part,
        told: Mapping[str, Any],
        before: Provenance,
        now: Provenance,
        locked: Collection[str],
        keys: Keys,
    ) -> None:
        self._entry, self._stored, self._offered, self._released = entry, stored, offered, released
        self._told, self._before, self._now, self._locked, self._keys = told, before, now, locked, keys

    def fields(self) -> dict[str, list[Origin]]:
        """By path; what nobody knows the origin of is left out."""
        paths = sorted({*self._told, *self._before.fields, *(self._released.keys() & self._entry.keys())})
        return {path: origins for path in paths if (origins := self._of(path))}

    def of_episode(self, number: str) -> dict[str, list[Origin]]:
        """Those before, with one episode's as the stages tell them now."""
        found = dict(self._before.fields)
        for path in self._told:
            name, _, field = path.partition("/")
            if name == _EPISODES and not is_locked(self._locked, name, number, field):
                shares = {**self._shares_before(path), **{k: s for k, s in self._keyed(path).items() if k == number}}
                ordered = [one for one in _numbers(self._entry) if one in shares]
                found[path] = _origins([(one, shares[one]) for one in ordered])
        return {path: origins for path, origins in sorted(found.items()) if origins}

    def _of(self, path: str) -> list[Origin]:
        name, _, below = path.partition("/")
        if name == _EPISODES and below:
            return self._of_episodes(path, below)
        value = _at(self._entry, path)
        if value is None or value in ([], {}, ""):
            return []
        if is_locked(self._locked, name):
            return list(self._before.fields.get(path, ()))
        return self._of_items(path, value) if isinstance(value, list) else self._of_value(path, value)

    def _of_value(self, path: str, value: Any) -> list[Origin]:
        told = self._told.get(path)
        if (isinstance(told, Mapping) and "keys" in told) or (told is None and isinstance(value, Mapping)):
            shares = {**self._shares_before(path), **self._keyed(path)}
            return _origins([(key, shares[key]) for key in value if key in shares])
        if isinstance(told, Mapping):
            return [Origin(catalogue=one) for one in told.get("of", ())]
        if isinstance(told, str):
            return [Origin(catalogue=told)]
        if path in self._before.fields:
            return [self._aged(origin) for origin in self._before.fields[path]]
        return [Origin(catalogue=RELEASE)] if path in self._released else []

    def _of_episodes(self, path: str, field: str) -> list[Origin]:
        shares, now = self._shares_before(path), self._keyed(path)
        found = []
        for number in _numbers(self._entry):
            held = is_locked(self._locked, _EPISODES, number, field)
            share = shares.get(number) if held or number not in now else now[number]
            if share is not None:
                found.append((number, share))
        return _origins(found)

    def _of_items(self, path: str, value: list[Any]) -> list[Origin]:
        key = self._keys.get(path.rpartition("/")[2])
        told = self._told.get(path)
        fresh: list[Share] = [(one, None) for one in told["items"]] if isinstance(told, Mapping) else []
        offered, stored = _at(self._offered, path) or [], _at(self._stored, path) or []
        if key is None:  # such a list is only ever replaced as a whole
            shares = fresh if value == offered else list(self._shares_before(path).values())
            return _origins(list(zip(_positions(value), shares, strict=False)))
        by_key: dict[Hashable, Share] = {}
        by_key |= {key(item): (RELEASE, None) for item in _at(self._released, path) or []}
        earlier = self._shares_before(path)
        by_key |= {key(item): earlier[at] for at, item in zip(_positions(stored), stored, strict=True) if at in earlier}
        if len(fresh) == len(offered):
            by_key |= {key(item): share for item, share in zip(offered, fresh, strict=True)}
        return _origins(
            [(at, by_key[key(item)]) for at, item in zip(_positions(value), value, strict=True) if key(item) in by_key]
        )

    def _keyed(self, path: str) -> dict[str, Share]:
        told = self._told.get(path)
        return {key: (one, None) for key, one in told.get("keys", {}).items()} if isinstance(told, Mapping) else {}

    def _shares_before(self, path: str) -> dict[str, Share]:
        """By item. Of a value as a whole that has items, each has the same share."""
        found: dict[str, Share] = {}
        for origin in map(self._aged, self._before.fields.get(path, ())):
            items = expanded(origin.items) if origin.items else self._items(path)
            found |= dict.fromkeys(items, (origin.catalogue, origin.fetched_at))
        return found

    def _items(self, path: str) -> Iterable[str]:
        value = _at(self._stored, path)
        if path.startswith(f"{_EPISODES}/"):
            return _numbers(self._stored)
        return _positions(value) if isinstance(value, list) else list(value) if isinstance(value, Mapping) else ()

    def _aged(self, origin: Origin) -> Origin:
        """Dated by the answer that offered it, where that catalogue has answered anew since."""
        if origin.fetched_at is not None or origin.catalogue in {RELEASE, REVIEWER}:
            return origin
        earlier = self._before.catalogues.get(origin.catalogue)
        latest = self._now.catalogues.get(origin.catalogue)
        if earlier is None or latest is None or latest.fetched_at in (None, earlier.fetched_at):
            return origin
        return origin.model_copy(update={"fetched_at": earlier.fetched_at})


def reviewed(fields: Mapping[str, Sequence[Origin]], paths: Iterable[str], entry: Part) -> dict[str, list[Origin]]:
    """The origins after a person wrote what lies at these paths (``domain.locks``)."""
    found = {path: list(origins) for path, origins in fields.items()}
    for path in paths:
        name, *below = path.split("/")
        if not below:
            for inner in [one for one in found if one == name or one.startswith(f"{name}/")]:
                del found[inner]
            if entry.get(name) not in (None, [], {}):
                found[name] = [Origin(catalogue=REVIEWER)]
        elif name == _EPISODES:
            _review_episode(found, below, entry)
    return dict(sorted(found.items()))


def _review_episode(found: dict[str, list[Origin]], below: Sequence[str], entry: Part) -> None:
    number = below[0]
    known: dict[str, Any] = next((one for one in entry.get(_EPISODES, ()) if one["episode_number"] == number), {})
    fields = below[1:] or [field for field in known if field not in {"episode_id", "episode_number"}]
    for path in [f"{_EPISODES}/{field}" for field in fields] if below[1:] or known else []:
        shares = {item: share for one in found.get(path, ()) for item, share in _shared(one)}
        shares[number] = (REVIEWER, None)
        ordered = [one for one in _numbers(entry) if one in shares]
        found[path] = _origins([(one, shares[one]) for one in ordered])


def rebased(ours: Part, theirs: Part, merged: Part) -> dict[str, list[Origin]]:
    """The origins in a dumped entry that was merged of two: of each value, those of the side that it is of."""
    sides = [_fields(theirs), _fields(ours)]
    found: dict[str, list[Origin]] = {}
    for path in sorted({*sides[0], *sides[1]}):
        name, _, field = path.partition("/")
        if name == _EPISODES and field:
            found[path] = _rebased_episodes(field, [one.get(path, []) for one in sides], (theirs, ours), merged)
        else:
            is_theirs = _at(merged, path) == _at(theirs, path)
            found[path] = sides[0 if is_theirs else 1].get(path, [])
    return {path: origins for path, origins in found.items() if origins}


def _fields(entry: Part) -> dict[str, list[Origin]]:
    return Provenance.tolerant(entry.get("provenance", {})).fields


def _rebased_episodes(
    field: str, origins: Sequence[Sequence[Origin]], sides: Sequence[Part], merged: Part
) -> list[Origin]:
    shares = [{item: share for one in each for item, share in _shared(one)} for each in origins]
    known: list[dict[str, Any]] = [
        {one["episode_number"]: one.get(field) for one in side.get(_EPISODES, ())} for side in sides
    ]
    found: list[tuple[str, Share]] = []
    for episode in merged.get(_EPISODES, ()):
        number, value = episode["episode_number"], episode.get(field)
        share = next(
            (
                each[number]
                for each, told in zip(shares, known, strict=True)
                if number in each and told.get(number) == value
            ),
            None,
        )
        if share is not None and value is not None:
            found.append((number, share))
    return _origins(found)


def _shared(origin: Origin) -> Iterator[tuple[str, Share]]:
    return ((item, (origin.catalogue, origin.fetched_at)) for item in expanded(origin.items or ""))


def _origins(shares: Sequence[tuple[str, Share]]) -> list[Origin]:
    """One origin a share, in the order of their first items."""
    items: dict[Share, list[str]] = {}
    for name, share in shares:
        items.setdefault(share, []).append(name)
    return [
        Origin(catalogue=catalogue, items=spans(names), fetched_at=fetched_at)
        for (catalogue, fetched_at), names in items.items()
    ]


def _positions(items: Sequence[Any]) -> list[str]:
    return [str(position) for position in range(1, len(items) + 1)]


def _numbers(entry: Mapping[str, Any]) -> Iterator[str]:
    return (episode["episode_number"] for episode in entry.get(_EPISODES, ()))


def _at(part: Any, path: str) -> Any:
    for name in path.split("/"):
        if not isinstance(part, Mapping):
            return None
        part = part.get(name)
    return part
