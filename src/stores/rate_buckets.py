"""Rate buckets of one process, and the written form that the shared ones have in common."""

import threading
from dataclasses import asdict
from typing import Any

import orjson

from domain.token_bucket import Bucket, Reason
from workflows.catalogue_ports import R, Step
from workflows.ports import Clock


class ProcessRateBuckets:
    """Port ``RateBuckets`` for a process that counts alone: the local limiter, and the fake of the tests."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._marks: dict[tuple[str, str], float] = {}

    def change(self, catalogue: str, step: Step[R]) -> R:
        with self._mutex:
            after, result = step(self._buckets.get(catalogue), self._now())
            if after is not None:
                self._buckets[catalogue] = after
            return result

    def find(self, catalogue: str) -> Bucket | None:
        with self._mutex:
            return self._buckets.get(catalogue)

    def mark(self, catalogue: str, item: str, *, seconds: float) -> float | None:
        with self._mutex:
            now = self._now()
            self._marks = {key: until for key, until in self._marks.items() if until > now}
            until = self._marks.get((catalogue, item))
            if until is None:
                self._marks[catalogue, item] = now + seconds
            return until

    def unmark(self, catalogue: str, item: str) -> None:
        with self._mutex:
            self._marks.pop((catalogue, item), None)

    def _now(self) -> float:
        return self._clock().timestamp()


def mark_key(catalogue: str, item: str) -> str:
    return f"{catalogue}:asked:{item}"


def written(bucket: Bucket) -> str:
    return orjson.dumps(asdict(bucket), option=orjson.OPT_SORT_KEYS).decode()


def read(text: str) -> Bucket | None:
    """None where it is no bucket of ours: it is begun anew."""
    try:
        values: Any = orjson.loads(text)
        reason = values["reason"]
        return Bucket(
            tokens=float(values["tokens"]),
            at=float(values["at"]),
            per_second=float(values["per_second"]),
            capacity=float(values["capacity"]),
            learned=values["learned"] is True,
            paused_until=float(values["paused_until"]),
            reason=None if reason is None else Reason(reason),
            failures=int(values["failures"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
