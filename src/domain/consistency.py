"""What it means that both stores agree: each entry has one point, and the point's payload is the one it must have.

MongoDB is the source of truth; a difference is always told as what is wrong with the point.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from models.errors import Malformed

L = TypeVar("L")
R = TypeVar("R")
T = TypeVar("T")


class Kind(StrEnum):
    """From the gravest on: the first that applies names a difference."""

    MISSING = "missing_points"
    SURPLUS = "surplus_points"
    REVISION = "revision_differs"
    SAGA = "saga_differs"
    PAYLOAD = "payload_differs"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """``fields`` of the payload that are not as the entry demands; empty where point or entry is missing."""

    anime_id: str
    kind: Kind
    fields: tuple[str, ...] = ()

    @property
    def needs_vector(self) -> bool:
        """Whether the vector may be of another text, so that the entry has to be embedded again."""
        return self.kind in _OTHER_TEXT


_LAST_BITS: Final = 1e-12

_OTHER_TEXT: Final = frozenset({Kind.MISSING, Kind.REVISION, Kind.SAGA})


def difference(anime_id: str, expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> Difference | None:
    """``expected``: the payload that follows from the entry, None where there is no entry; ``found``: the point's.

    None where they agree.
    """
    if expected is None:
        return None if found is None else Difference(anime_id=anime_id, kind=Kind.SURPLUS)
    if found is None:
        return Difference(anime_id=anime_id, kind=Kind.MISSING)
    fields = tuple(sorted(name for name in {*expected, *found} if not _same(expected.get(name), found.get(name))))
    if not fields:
        return None
    if "revision" in fields:
        kind = Kind.REVISION
    elif "saga" in fields:
        kind = Kind.SAGA
    else:
        kind = Kind.PAYLOAD
    return Difference(anime_id=anime_id, kind=kind, fields=fields)


def _same(expected: Any, found: Any) -> bool:
    """As values come back from a store: a tuple is a list there, and a fraction may lose its last bit (the embedded
    engine reads 7.2379999999999995 as 7.238)."""
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=_LAST_BITS)
    return bool((list(expected) if isinstance(expected, tuple) else expected) == found)


def in_step(
    left: Iterable[L], right: Iterable[R], *, left_id: Callable[[L], str], right_id: Callable[[R], str]
) -> Iterator[tuple[L | None, R | None]]:
    """Walks two streams that are ordered by id at once; None stands where one of them has nothing under an id.

    Raises:
        Malformed: one of them is not in ascending order, or holds an id twice.
    """
    one, other = _Ordered(left, left_id), _Ordered(right, right_id)
    while one.id is not None or other.id is not None:
        if other.id is None or (one.id is not None and one.id < other.id):
            yield one.take(), None
        elif one.id is None or other.id < one.id:
            yield None, other.take()
        else:
            yield one.take(), other.take()


class _Ordered(Generic[T]):
    """A stream with its head in view; ``id`` is the head's, None at the end."""

    def __init__(self, items: Iterable[T], identify: Callable[[T], str]) -> None:
        self._items = iter(items)
        self._identify = identify
        self._head: T | None = None
        self.id: str | None = None
        self._advance()

    def take(self) -> T | None:
        head = self._head
        self._advance()
        return head

    def _advance(self) -> None:
        before = self.id
        self._head = next(self._items, None)
        self.id = None if self._head is None else self._identify(self._head)
        if before is not None and self.id is not None and self.id <= before:
            raise Malformed(f"{self.id} comes after {before}: the stream is not ordered by anime id")
