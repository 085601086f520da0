"""What asking catalogues needs of a store that all workers share: who may ask when, and answers that are kept.

Adapters are in ``stores``; where a stack has neither store, the sources do without.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from domain.token_bucket import Bucket

R = TypeVar("R")

Step = Callable[[Bucket | None, float], tuple[Bucket | None, R]]
"""The bucket (None: nobody has begun it) and the store's time to the bucket as it is to be and a result; None leaves
it as it is. May be called several times for one change."""


class RateBuckets(Protocol):
    """One bucket a catalogue, and what was asked for in a time of its own. Times are seconds since the epoch, by the
    store's clock where it has one.

    Every method raises ``Unavailable`` or ``Throttled`` where the store cannot be had now, ``Permanent`` where it
    refuses.
    """

    def change(self, catalogue: str, step: Step[R]) -> R:
        """Carries out ``step`` as if nobody else were there."""
        ...

    def find(self, catalogue: str) -> Bucket | None: ...

    def mark(self, catalogue: str, item: str, *, seconds: float) -> float | None:
        """None where the item is marked from now on, for so many seconds; else until when it was marked already."""
        ...

    def unmark(self, catalogue: str, item: str) -> None: ...


class AnswerCache(Protocol):
    """Kept answers, by key. Every method raises ``Unavailable`` where the cache cannot be had."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes, *, seconds: float) -> None: ...

    def claim(self, key: str, *, seconds: float) -> str | None:
        """The right to ask for the key's answer, for so long at most; None while somebody else has it."""
        ...

    def release(self, key: str, claim: str) -> None:
        """Only if the claim is still the one that holds."""
        ...
