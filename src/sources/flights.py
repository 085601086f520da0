"""One request for all threads of a process that want the same at the same time."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.errors import AnimeError, Throttled

T = TypeVar("T")


@dataclass
class _Flight(Generic[T]):
    landed: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    error: AnimeError | None = None


class Flights(Generic[T]):
    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._flights: dict[str, _Flight[T]] = {}

    def join(self, key: str, work: Callable[[], T], *, seconds: float) -> tuple[T, bool]:
        """The result of ``work``, or of the same work that another thread is at, and whether it was the other's.

        What the other could not do is not tried again at once: its error is raised here too.

        Raises:
            Throttled: the other is not done after ``seconds``.
        """
        with self._mutex:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if leads:
            return self._fly(key, flight, work), False
        if flight.landed.wait(seconds):
            if flight.error is not None:
                raise flight.error
            if flight.result is not None:
                return flight.result, True
            # It ended in no error of ours, and perhaps for a reason that is not here.
            return work(), False
        raise Throttled("somebody else is asking for the same", retry_after=seconds)

    def _fly(self, key: str, flight: _Flight[T], work: Callable[[], T]) -> T:
        try:
            flight.result = work()
        except AnimeError as error:
            flight.error = error
            raise
        finally:
            with self._mutex:
                del self._flights[key]
            flight.landed.set()
        return flight.result
