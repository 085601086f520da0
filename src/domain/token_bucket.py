"""One token bucket a catalogue, as a value: what a request costs, and what the answers tell of the catalogue.

Nothing here knows where the bucket is kept. Whoever keeps it applies these functions one after the other, with the time
of one clock, and then the bucket gives out at most ``capacity + per_second * t`` requests in any ``t`` seconds, however
many workers ask. Times are seconds since the epoch.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

LONGEST_PAUSE: Final = 24 * 3600.0
"""A server that asks for more, by mistake or out of spite, is tried again after a day."""

SERIES: Final = 5
"""So many failures in a row, of all workers together, are an outage; single ones happen to every server."""

_FIRST_PAUSE: Final = 60.0
_LONGEST_OUTAGE_PAUSE: Final = 30 * 60.0
"""Between two looks at whether a catalogue is back: long enough to leave it alone, short enough for one weekly run."""

_LEAST_OF_PACE: Final = 0.1
"""Of the pace; no header slows it down further."""

_SHORTEST_WAIT: Final = 0.001
"""Sleeping for less moves no clock."""


class Reason(StrEnum):
    """Why a catalogue is not asked for a while."""

    RATE = "rate"
    OUTAGE = "outage"
    BAN = "ban"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a catalogue is asked, before it says anything itself.

    ``most_per_second`` is what its headers may raise the pace to; without it they only slow it down.
    ``window_seconds``: what the limit in its headers counts over.
    """

    per_second: float
    capacity: float = 1.0
    most_per_second: float | None = None
    window_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.per_second <= self.most:
            raise ValueError(
                f"{self.per_second} a second would never or always wait: choose above 0, up to {self.most}"
            )
        if self.capacity < 1:
            raise ValueError(f"a bucket of {self.capacity} never has a whole token: make it 1 or more")

    @property
    def most(self) -> float:
        return self.per_second if self.most_per_second is None else self.most_per_second

    def among(self, workers: int) -> "Pace":
        """Of one worker of so many who do not know of each other: together they are no faster than the catalogue
        bears, and none of them goes in bursts or speeds up by itself."""
        return Pace(per_second=self.per_second / workers, window_seconds=self.window_seconds)

    def of_limit(self, limit: float) -> float:
        """Requests a second, for a limit that holds in each window: a full bucket may come on top of the refill. One
        far below the pace counts over less than a window, such as the three of each second; who means it answers 429,
        and a pause keeps to that."""
        steady = max(1.0, limit - self.capacity) / self.window_seconds
        return min(self.most, max(steady, self.per_second * _LEAST_OF_PACE))


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """``at``: until when it has been filled; in a pause, the pause's end. ``learned``: ``per_second`` is the
    catalogue's own word. ``failures`` came one after the other. ``reason`` is of the last pause, also when it is over.
    """

    tokens: float
    at: float
    per_second: float
    capacity: float
    learned: bool = False
    paused_until: float = 0.0
    reason: Reason | None = None
    failures: int = 0

    def pause(self, now: float) -> Reason | None:
        return (self.reason or Reason.RATE) if now < self.paused_until else None


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Granted, or to be asked for again in ``wait`` seconds; ``pause`` is why, where it is not the pace alone.
    ``bucket`` is as this leaves it."""

    granted: bool
    wait: float
    pause: Reason | None
    bucket: Bucket


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What kept a good answer away. ``seconds``: the pause that is due at once; None leaves it to the series."""

    reason: Reason
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What one answer, or the lack of one, tells of the catalogue. ``reset_at`` is when ``remaining`` begins anew."""

    limit: float | None = None
    remaining: float | None = None
    reset_at: float | None = None
    trouble: Trouble | None = None


def take(bucket: Bucket | None, pace: Pace, now: float) -> Turn:
    """Asks for one request. A bucket that nobody has begun is full."""
    before = _fitted(bucket, pace, now)
    pause = before.pause(now)
    if pause is not None:
        return Turn(granted=False, wait=before.paused_until - now, pause=pause, bucket=before)
    filled = _filled(before, now)
    if filled.tokens >= 1:
        return Turn(granted=True, wait=0.0, pause=None, bucket=replace(filled, tokens=filled.tokens - 1))
    wait = max(_SHORTEST_WAIT, (1 - filled.tokens) / filled.per_second + (filled.at - now))
    return Turn(granted=False, wait=wait, pause=None, bucket=filled)


def told(bucket: Bucket | None, pace: Pace, signals: Signals, now: float) -> Bucket:
    """The bucket with what an answer told."""
    after = _filled(_fitted(bucket, pace, now), now)
    if signals.limit is not None and signals.limit > 0:
        after = replace(after, per_second=pace.of_limit(signals.limit), learned=True)
    if signals.remaining is not None:
        after = replace(after, tokens=min(after.tokens, max(0.0, signals.remaining)))
        if signals.remaining < 1 and signals.reset_at is not None:
            after = _paused(after, Reason.RATE, signals.reset_at - now, now)
    if signals.trouble is None:
        return replace(after, failures=0)
    after = replace(after, failures=after.failures + 1)
    return _paused(after, signals.trouble.reason, _pause_after(signals.trouble, after.failures), now)


def has_news(bucket: Bucket, pace: Pace, signals: Signals) -> bool:
    """Whether telling a bucket, as the request left it, would change what it does next. Most answers do not, and are
    not worth a write."""
    return (
        signals.trouble is not None
        or bucket.failures > 0
        or (signals.remaining is not None and signals.remaining < bucket.tokens)
        or (signals.limit is not None and signals.limit > 0 and pace.of_limit(signals.limit) != bucket.per_second)
    )


def _pause_after(trouble: Trouble, failures: int) -> float:
    if trouble.seconds is not None:
        return trouble.seconds
    if trouble.reason is Reason.OUTAGE:
        doublings = failures - SERIES
        return 0.0 if doublings < 0 else min(_LONGEST_OUTAGE_PAUSE, _FIRST_PAUSE * 2.0 ** min(doublings, 16))
    return min(_LONGEST_OUTAGE_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 1, 16))


def _paused(bucket: Bucket, reason: Reason, seconds: float, now: float) -> Bucket:
    """Nothing fills up in a pause, and one token at most is left: after it the workers begin at the pace, one by one. A
    pause that lasts longer stands."""
    until = now + min(LONGEST_PAUSE, seconds) if math.isfinite(seconds) else now
    if until <= max(now, bucket.paused_until):
        return bucket
    return replace(bucket, tokens=min(1.0, bucket.tokens), at=max(bucket.at, until), paused_until=until, reason=reason)


def _fitted(bucket: Bucket | None, pace: Pace, now: float) -> Bucket:
    """Under today's pace: what was stored may be of an older one."""
    if bucket is None:
        return Bucket(tokens=pace.capacity, at=now, per_second=pace.per_second, capacity=pace.capacity)
    per_second = min(bucket.per_second, pace.most) if bucket.learned else pace.per_second
    return replace(bucket, per_second=per_second, capacity=pace.capacity, tokens=min(bucket.tokens, pace.capacity))


def _filled(bucket: Bucket, now: float) -> Bucket:
    """A clock that went back fills nothing."""
    if now <= bucket.at:
        return bucket
    tokens = min(bucket.capacity, bucket.tokens + (now - bucket.at) * bucket.per_second)
    return replace(bucket, tokens=tokens, at=now)
