"""Cutting long sequences into requests."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consumes ``items`` as it goes; the last batch may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
