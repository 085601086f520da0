"""A store that failed is left alone for a moment: one that hangs would else cost every request its time limit."""

import time
from collections.abc import Callable
from typing import Final

REST_SECONDS: Final = 15.0


class Resting:
    """Of one store, for all threads of a process."""

    def __init__(self, *, seconds: float = REST_SECONDS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._until = float("-inf")

    @property
    def now(self) -> bool:
        return self._monotonic() < self._until

    def begin(self) -> None:
        self._until = self._monotonic() + self._seconds
