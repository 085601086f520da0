"""What an enrichment is measured by, whichever way it goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from models.anime import AnimeEntry

WHOLE: Final = "whole"
FETCH: Final = "fetch"
ASSEMBLE: Final = "assemble"

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment at which it all begins: of a season that is over, so that a minute more or less is in no entry."""

_STARTED: Final = time.monotonic()

Interrupt = Callable[[], None]
"""Called after each answer that came over the network; raises ``Interrupted`` where the process ends there."""


class Interrupted(Exception):
    """The process that made the request is gone, and the answer with it."""


def now() -> datetime:
    """Moves as time does, from ``AT`` on."""
    return AT + timedelta(seconds=time.monotonic() - _STARTED)


def never() -> None:
    """Nothing interrupts."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds by the clock, and of the processor: of this thread for a part, of the process for the whole."""

    seconds: float
    cpu_seconds: float


@dataclass
class Timings:
    """By part: what it took in all, how many calls of functions it was, and the seconds of the longest of them."""

    parts: dict[str, Took] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    longest_call: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def whole(self, part: str) -> Iterator[None]:
        with self._timed(part, time.process_time):
            yield

    @contextmanager
    def part(self, part: str) -> Iterator[None]:
        with self._timed(part, time.thread_time):
            yield

    @contextmanager
    def call(self, part: str) -> Iterator[None]:
        """One call of a function, of several that make up the part."""
        start = time.perf_counter()
        yield
        self.calls[part] = self.calls.get(part, 0) + 1
        self.longest_call[part] = max(self.longest_call.get(part, 0.0), time.perf_counter() - start)

    @contextmanager
    def _timed(self, part: str, processor: Callable[[], float]) -> Iterator[None]:
        start, cpu_start = time.perf_counter(), processor()
        yield
        self.parts[part] = Took(seconds=time.perf_counter() - start, cpu_seconds=processor() - cpu_start)


@dataclass(frozen=True, kw_only=True)
class Enriched:
    entry: AnimeEntry
    timings: Timings
