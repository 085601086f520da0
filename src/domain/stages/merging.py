"""Merging the readers' parts by the priority table, and noting beside the values where they come from."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.stages import values
from domain.stages.priority import SHORT_NAMES
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.values import Unknown
from models.events import Catalogue

Offers = Mapping[Catalogue, Part]
"""What each catalogue says, in the words of an entry."""

Pairs = Sequence[tuple[Catalogue, Any]]
"""Values, each with the catalogue that gave it."""

PROVENANCE: Final = "provenance"
"""Under this name a stage's part holds its notes, which are no field of an entry."""

TELLING: Final = frozenset({"staff_ids", "company_ids"})
"""Fields of people and companies that need no note: each catalogue gives its own id, under its name."""


Givers = Mapping[str, Sequence[Catalogue]]
"""By field of a thing, whose the value is: several catalogues', where it is a list or mapping put together."""


@dataclass(frozen=True)
class Joined:
    """One thing, such as a person, out of several catalogues' records of it. ``owner`` told of it first."""

    value: Part
    owner: Catalogue
    givers: Givers


def joined(records: Pairs, mappings: Collection[str] = ()) -> Joined:
    """Of each field the first word stays; the mappings named are put together key by key."""
    parts = [part for _, part in records]
    value = values.together({}, *parts)
    value |= {name: values.together({}, *(part.get(name, {}) for part in parts)) for name in mappings}
    return Joined(values.filled(value), records[0][0], {name: givers(records, name, value[name]) for name in value})


def givers(
    records: Pairs, name: str, value: Any, key: Callable[[Any], Hashable] = lambda item: item
) -> tuple[Catalogue, ...]:
    """Whose a field's value is. Of each item of a list, and each key of a mapping, the first who has it counts."""
    if not isinstance(value, list | Mapping):
        return tuple(c for c, part in records if name in part)[:1]
    found: dict[Hashable, Catalogue] = {}
    for catalogue, part in records:
        for item in part.get(name, ()):
            found.setdefault(item if isinstance(value, Mapping) else key(item), catalogue)
    wanted = value if isinstance(value, Mapping) else map(key, value)
    return tuple(dict.fromkeys(found[item] for item in wanted if item in found))


@dataclass
class Notes:
    """What a stage says beside its values. ``origins``, by path, are one of

    * the name of a catalogue, where the value is a whole,
    * ``{"of": [...]}``, where several catalogues' values went into it,
    * ``{"items": [...]}``, one for each item of the list, in its order,
    * ``{"keys": {...}}``, one for each key of the mapping, or each number of the episodes: a name, or a list of names.

    ``PATH/FIELD`` tells by ``keys`` of a field of a list's items, which are named by position from 1; of an item that
    is missing there, ``PATH`` does.
    """

    origins: dict[str, Any] = field(default_factory=dict)
    conflicts: list[Part] = field(default_factory=list)
    unknown_values: list[Part] = field(default_factory=list)

    def whole(self, path: str, catalogue: Catalogue) -> None:
        self.origins[path] = SHORT_NAMES[catalogue]

    def items(self, path: str, pairs: Pairs) -> list[Any]:
        """The values; where each comes from is noted."""
        if pairs:
            self.origins[path] = {"items": [SHORT_NAMES[catalogue] for catalogue, _ in pairs]}
        return [value for _, value in pairs]

    def keyed(self, path: str, catalogues: Mapping[str, Catalogue | Sequence[Catalogue]]) -> None:
        told = {key: _short(found) for key, found in catalogues.items() if found}
        if told:
            self.origins[path] = {"keys": told}

    def joined(self, path: str, things: Sequence[Joined]) -> list[Part]:
        """The values; of fields no more is noted than what the owner alone does not account for."""
        found = self.items(path, [(thing.owner, thing.value) for thing in things])
        self.fields(path, [{n: c for n, c in one.givers.items() if tuple(c) != (one.owner,)} for one in things])
        return found

    def fields(self, path: str, things: Sequence[Givers]) -> None:
        """Of the fields of each item of a list. Ids by catalogue tell it by their keys."""
        for name in dict.fromkeys(name for thing in things for name in thing if name not in TELLING):
            self.keyed(f"{path}/{name}", {str(at): one[name] for at, one in enumerate(things, 1) if name in one})

    def unknown(self, name: str, catalogue: Catalogue, value: str) -> None:
        told = {"field": name, "catalogue": SHORT_NAMES[catalogue], "value": str(value)}
        if told not in self.unknown_values:
            self.unknown_values.append(told)

    def beside(self, part: Part) -> Part:
        """The part with the notes in it; nothing is added to a part without values."""
        noted = values.filled(
            {"origins": self.origins, "conflicts": self.conflicts, "unknown_values": self.unknown_values}
        )
        return {**part, PROVENANCE: noted} if noted else part


def _short(catalogues: Catalogue | Sequence[Catalogue]) -> str | list[str]:
    names = [SHORT_NAMES[one] for one in ((catalogues,) if isinstance(catalogues, Catalogue) else catalogues)]
    return names[0] if len(names) == 1 else names


def read(
    answers: Mapping[Catalogue, Answers], what: Callable[[Reader], Callable[[Answers], Part]]
) -> dict[Catalogue, Part]:
    """``what`` picks the reader's function."""
    return {catalogue: what(READERS[catalogue])(given) for catalogue, given in answers.items()}


def read_all(
    answers: Mapping[Catalogue, Answers],
    order: Sequence[Catalogue],
    what: Callable[[Reader], Callable[[Answers], list[Part]]],
) -> list[tuple[Catalogue, Part]]:
    """The parts of all catalogues that answered, in this order."""
    return [(c, part) for c in order if c in answers for part in what(READERS[c])(answers[c])]


def said(offers: Offers, name: str, order: Iterable[Catalogue]) -> list[tuple[Catalogue, Any]]:
    """Each catalogue's word for a field, in this order; words that are not known are left out."""
    found = ((c, offers[c].get(name)) for c in order if c in offers)
    return [(c, value) for c, value in found if value is not None and not isinstance(value, Unknown)]


def first(offers: Offers, table: Mapping[str, Sequence[Catalogue]], notes: Notes) -> Part:
    """Each field of the table from the first catalogue that says it."""
    chosen = {}
    for name, order in table.items():
        note_unknown(offers, name, order, notes)
        for catalogue, value in said(offers, name, order)[:1]:
            chosen[name] = value
            notes.whole(name, catalogue)
    return values.filled(chosen)


def note_unknown(offers: Offers, name: str, order: Iterable[Catalogue], notes: Notes) -> None:
    for catalogue in order:
        value = offers.get(catalogue, {}).get(name)
        if isinstance(value, Unknown):
            notes.unknown(name, catalogue, value)


def union(
    offers: Offers, name: str, order: Iterable[Catalogue], key: Callable[[Any], Hashable]
) -> list[tuple[Catalogue, Any]]:
    """What all catalogues list under a name, each key once, with the first catalogue that has it."""
    pairs = ((c, item) for c in order if c in offers for item in offers[c].get(name, ()))
    return values.distinct(pairs, lambda pair: key(pair[1]))
