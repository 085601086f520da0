"""Asks catalogues no faster than they bear, all workers together.

The count is in a store that the workers share. While that store fails, each process counts for itself and asks a tenth
as often: ten at a time is what a new AWS account can run in all, and what the setting ``fetchConcurrency`` is meant
for. A catalogue that bans rather than slows down is not asked at all in that time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.token_bucket import Bucket, Pace, Reason, Signals, Turn, has_news, take, told
from models.errors import (
    AnimeError,
    BadInput,
    InTrouble,
    Permanent,
    Throttled,
    Unavailable,
)
from sources.http import HttpTransport, Request, Response, Sleep
from sources.manners import NO_ANSWER, Manners, signals_of
from sources.resting import REST_SECONDS, Resting
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.catalogue_ports import RateBuckets
from workflows.ports import Clock

WORKERS_ALONE: Final = 10
"""So many processes may ask at once without knowing of each other."""

REQUEST_SECONDS: Final = 60.0
"""Kept free for a request before a wait is begun: as long as ``LiveTransport`` may take."""

TURNS: Final = 5.0
"""So many turns of others a function lets pass before its own. Of a crowd about as many then wait in functions, which
is enough for the catalogue's whole pace; the rest waits in the state machine, which costs nothing and keeps no function
from others."""

PAUSE_SECONDS: Final = 30.0
"""So long a function waits for the end of a pause."""

CROWD_SECONDS: Final = 60.0
"""Who has so many before it that its turn does not come had better not ask again sooner."""

LONG_PAUSE: Final = 15 * 60.0
"""A pause beyond this is no matter of turns: the catalogue is down, or has had enough of us. The enrichment goes on
without it, and says so."""


class Paused(Permanent):
    """The catalogue is not asked for a while, longer than anybody waits for it."""


class AskedBefore(Permanent):
    """The catalogue is not asked for the same again so soon."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A turn, and whose count it is on."""

    turn: Turn
    buckets: RateBuckets
    pace: Pace


class CarefulBuckets:
    """The shared buckets while their store answers, else those of this process. ``shared`` None: the stack has none.

    One for all threads of a process.
    """

    def __init__(self, *, shared: RateBuckets | None, own: RateBuckets, resting: Resting | None = None) -> None:
        self._shared = shared
        self._own = own
        self._resting = resting or Resting()

    def take(self, catalogue: str, manners: Manners, counts: CatalogueCounts) -> Taken:
        """Raises:
        InTrouble: the shared count cannot be had, and the catalogue is not asked without it.
        """
        if self._shared is not None and not self._resting.now:
            try:
                return _take(self._shared, catalogue, manners.pace)
            except AnimeError:
                self._failed(counts)
        if manners.never_alone:
            raise _uncounted(catalogue)
        return _take(self._own, catalogue, manners.pace.among(WORKERS_ALONE))

    def tell(self, catalogue: str, taken: Taken, signals: Signals, counts: CatalogueCounts) -> None:
        """Never fails: what the shared store does not take, this process remembers."""
        if not has_news(taken.turn.bucket, taken.pace, signals):
            return
        try:
            _tell(taken.buckets, catalogue, taken.pace, signals)
        except AnimeError:
            self._failed(counts)
            _tell(self._own, catalogue, taken.pace, signals)

    def mark(self, catalogue: str, item: str, seconds: float, counts: CatalogueCounts) -> float | None:
        """As the port's. Raises ``InTrouble`` as ``take``."""
        if self._shared is not None:
            try:
                return self._shared.mark(catalogue, item, seconds=seconds)
            except AnimeError:
                self._failed(counts)
        raise _uncounted(catalogue)

    def unmark(self, catalogue: str, item: str, counts: CatalogueCounts) -> None:
        if self._shared is not None:
            try:
                self._shared.unmark(catalogue, item)
            except AnimeError:
                self._failed(counts)

    def _failed(self, counts: CatalogueCounts) -> None:
        counts.add(Count.STORE_ERRORS)
        self._resting.begin()


def _uncounted(catalogue: str) -> InTrouble:
    return InTrouble(
        f"{catalogue}: not asked while the shared count of its requests cannot be had", retry_after=REST_SECONDS
    )


def _take(buckets: RateBuckets, catalogue: str, pace: Pace) -> Taken:
    def step(bucket: Bucket | None, now: float) -> tuple[Bucket | None, Turn]:
        turn = take(bucket, pace, now)
        return (turn.bucket if turn.granted else None), turn

    return Taken(turn=buckets.change(catalogue, step), buckets=buckets, pace=pace)


def _tell(buckets: RateBuckets, catalogue: str, pace: Pace, signals: Signals) -> None:
    def step(bucket: Bucket | None, now: float) -> tuple[Bucket | None, None]:
        return told(bucket, pace, signals, now), None

    buckets.change(catalogue, step)


class PoliteTransport:
    """Waits for each request's turn, and remembers what the answers say. Images and others pass freely.

    ``remaining``: seconds that the function has left.
    """

    def __init__(
        self,
        inner: HttpTransport,
        *,
        manners: Mapping[str, Manners],
        buckets: CarefulBuckets,
        counts: CatalogueCounts,
        clock: Clock,
        remaining: Callable[[], float],
        sleep: Sleep = time.sleep,
    ) -> None:
        self._inner = inner
        self._manners = manners
        self._buckets = buckets
        self._counts = counts
        self._clock = clock
        self._remaining = remaining
        self._sleep = sleep

    def send(self, request: Request) -> Response:
        """Raises:
        Throttled: its turn comes later than a function waits; ``retry_after`` says when to ask again, 0 that only this
            call has no time left.
        Paused: its turn comes later than anybody waits.
        AskedBefore: the same was asked for too short a time ago.
        """
        catalogue = request.catalogue or ""
        manners = self._manners.get(catalogue)
        if manners is None or request.recorded_only:
            return self._inner.send(request)
        taken = self._turn(request, catalogue, manners)
        item = self._mark(request, catalogue, manners)
        self._counts.add(Count.REQUESTS)
        try:
            response = self._inner.send(request)
        except Unavailable as error:
            self._counts.add(Count.ERRORS)
            self._buckets.tell(catalogue, taken, NO_ANSWER, self._counts)
            if item is not None and not error.sent:
                self._buckets.unmark(catalogue, item, self._counts)
            raise
        if item is not None and manners.unmarked(response):
            self._buckets.unmark(catalogue, item, self._counts)
        signals = signals_of(response, manners, self._clock())
        self._buckets.tell(catalogue, taken, signals, self._counts)
        if signals.trouble is not None:
            self._counts.add(Count.ERRORS)
            refusal = manners.refusal(response)
            if refusal is not None:
                raise Paused(f"{request.where}: turned away ({refusal.reason}); it is left alone for a while")
        return response

    def _turn(self, request: Request, catalogue: str, manners: Manners) -> Taken:
        in_line = in_pauses = 0.0
        while True:
            if self._remaining() < REQUEST_SECONDS:
                raise Throttled(f"{request.where}: too late for another request in this call", retry_after=0.0)
            taken = self._buckets.take(catalogue, manners, self._counts)
            turn = taken.turn
            if turn.granted:
                if in_line or in_pauses:
                    self._counts.waited(in_line + in_pauses)
                return taken
            if turn.pause is not None and turn.wait > LONG_PAUSE:
                raise Paused(f"{request.where}: not asked before {_minute(turn.bucket.paused_until)} ({turn.pause})")
            if turn.pause is None:
                in_line += turn.wait
            else:
                in_pauses += turn.wait
            waited = in_line if turn.pause is None else in_pauses
            if waited > longest_wait(turn) or turn.wait + REQUEST_SECONDS > self._remaining():
                raise _late(request, turn)
            self._sleep(turn.wait)

    def _mark(self, request: Request, catalogue: str, manners: Manners) -> str | None:
        """What is marked, for a catalogue that minds. It is the last thing before the request goes out: a function that
        ends before it has marked nothing."""
        if manners.same_item_after is None:
            return None
        item = request.item
        if item is None:
            raise BadInput(f"{request.where}: it has to say which item it asks for, of a catalogue that counts them")
        until = self._buckets.mark(catalogue, item, manners.same_item_after, self._counts)
        if until is not None:
            raise AskedBefore(f"{request.where}: asked for already, and not again before {_minute(until)}")
        return item


def longest_wait(turn: Turn) -> float:
    """Seconds in all that a function waits in line, or, of a turn in a pause, for the ends of pauses."""
    return TURNS / turn.bucket.per_second if turn.pause is None else PAUSE_SECONDS


def _late(request: Request, turn: Turn) -> Throttled:
    if turn.pause is None:
        return Throttled(f"{request.where}: many are waiting for their turns", retry_after=CROWD_SECONDS)
    kind = Throttled if turn.pause is Reason.RATE else InTrouble
    return kind(f"{request.where}: its turn is in {turn.wait:.0f} s ({turn.pause})", retry_after=turn.wait)


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
