"""Whose values are: read alike from what the stages tell and from stored provenance, and written short.

A list's items are named by position from 1, episodes by number, a mapping's values by key. What a table does not say of
an item's field its item says, of an item its list, of a value whatever the value is in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.spans import expanded, spans
from models.provenance import RELEASE, REVIEWER, Origin

Part = dict[str, Any]

Share = tuple[str, datetime | None]
"""A catalogue, and the time of its answer where that is not its latest."""

Shares = tuple[Share, ...]
"""All who have a share in a value; none where nobody knows."""


@dataclass(frozen=True)
class Table:
    """``whole``: of everything that ``items`` does not name."""

    whole: Shares = ()
    items: Mapping[str, Shares] = field(default_factory=dict)


class Tables:
    """By path in an entry."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables

    def whole(self, path: str) -> Shares:
        for one in _upwards(path):
            if one in self._tables and self._tables[one].whole:
                return self._tables[one].whole
        return ()

    def item(self, path: str, name: str) -> Shares:
        table = self._tables.get(path, _NOTHING)
        return table.items.get(name) or self.whole(path)

    def field(self, path: str, name: str, below: str) -> Shares:
        table = self._tables.get(f"{path}/{below}", _NOTHING)
        return table.items.get(name) or table.whole or self.item(path, name)


_NOTHING: Final = Table()
RELEASED: Final = Tables({"": Table(((RELEASE, None),))})
_OF_THE_LATEST: Final[Mapping[str, datetime]] = {}
REVIEWED: Final = Tables({"": Table(((REVIEWER, None),))})
"""Everything there is the release's, or a person's."""


def of_notes(told: Mapping[str, Any], dates: Mapping[str, datetime] = _OF_THE_LATEST) -> Tables:
    """Of the stages' origins (``stages.merging.Notes``). ``dates``: by catalogue, of answers that do not count as its
    latest."""
    return Tables({path: _noted(one, dates) for path, one in told.items()})


def _noted(told: Any, dates: Mapping[str, datetime]) -> Table:
    def shares(names: str | Sequence[str]) -> Shares:
        return tuple((name, dates.get(name)) for name in ([names] if isinstance(names, str) else names))

    if isinstance(told, str) or "of" in told:
        return Table(shares(told if isinstance(told, str) else told["of"]))
    if "items" in told:
        return Table(items={str(at): shares(one) for at, one in enumerate(told["items"], 1)})
    return Table(items={key: shares(one) for key, one in told["keys"].items()})


def renumbered(told: Mapping[str, Any], path: str, things: Sequence[tuple[Mapping[str, Any], Sequence[int]]]) -> Part:
    """The stages' origins where things of a list became others, each out of those at the positions beside it."""
    found = dict(told)
    for name in [one for one in told if one.startswith(f"{path}/")]:
        by_position = told[name]["keys"]
        field = name.rpartition("/")[2]
        moved = {}
        for at, (thing, places) in enumerate(things, 1):
            names = [by_position[str(place)] for place in places if str(place) in by_position]
            if names:
                moved[str(at)] = _all(names) if isinstance(thing.get(field), list | Mapping) else names[0]
        found[name] = {"keys": moved}
    return found


def _all(names: Iterable[str | Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(one for some in names for one in ([some] if isinstance(some, str) else some)))


def of_origins(fields: Mapping[str, Iterable[Origin]], dated: Callable[[Origin], Origin] = lambda one: one) -> Tables:
    """Of stored provenance."""
    return Tables({path: _stored(map(dated, origins)) for path, origins in fields.items()})


def _stored(origins: Iterable[Origin]) -> Table:
    whole: list[Share] = []
    items: dict[str, list[Share]] = {}
    for origin in origins:
        share = origin.catalogue, origin.fetched_at
        if origin.items is None:
            whole.append(share)
        else:
            for name in expanded(origin.items):
                items.setdefault(name, []).append(share)
    return Table(tuple(whole), {name: tuple(shares) for name, shares in items.items()})


def written(shares: Iterable[tuple[str, Shares]]) -> list[Origin]:
    """Of named items: one origin a share, in the order of their first items."""
    items: dict[Share, list[str]] = {}
    for name, several in shares:
        for share in several:
            items.setdefault(share, []).append(name)
    return [
        Origin(catalogue=catalogue, items=spans(names), fetched_at=fetched_at)
        for (catalogue, fetched_at), names in items.items()
    ]


def written_whole(shares: Shares) -> list[Origin]:
    return [Origin(catalogue=catalogue, fetched_at=fetched_at) for catalogue, fetched_at in shares]


def together(first: Shares, then: Shares) -> Shares:
    """Of a value put together of two, the first of which is the later.

    Of a catalogue that has a share in both the later is enough, unless it alone made both: then its oldest tells that
    not everything is of its latest answer.
    """
    known = {catalogue for catalogue, _ in first}
    more = [share for share in then if share[0] not in known]
    oldest = [share for share in then if share[1] is not None]
    return tuple(dict.fromkeys((*first, *(more or sorted(oldest, key=_time)[:1]))))


def _time(share: Share) -> str:
    return share[1].isoformat() if share[1] is not None else ""


def _upwards(path: str) -> Iterator[str]:
    """The path, what it is in, and so on to the whole entry, which is ``""``."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""
