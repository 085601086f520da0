"""Merging the readers' parts by the priority table."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from domain.stages import values
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part, Reader
from models.events import Catalogue

Offers = Mapping[Catalogue, Part]
"""What each catalogue says, in the words of an entry."""


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


def first(offers: Offers, table: Mapping[str, Sequence[Catalogue]]) -> Part:
    """Each field of the table from the first catalogue that says it."""
    chosen = {}
    for name, order in table.items():
        value = next((offers[c][name] for c in order if c in offers and offers[c].get(name) is not None), None)
        chosen[name] = value
    return values.filled(chosen)


def union(offers: Offers, name: str, order: Iterable[Catalogue], key: Callable[[Any], Hashable]) -> list[Any]:
    """What all catalogues list under a name, each key once."""
    return values.distinct((item for c in order if c in offers for item in offers[c].get(name, ())), key)
