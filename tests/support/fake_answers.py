"""An answer cache in memory, which can be made to fail."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import Unavailable
from workflows.ports import Clock


class FakeAnswerCache:
    """Port ``AnswerCache``. ``down`` makes every call fail; ``calls`` are their names and keys; ``seconds`` the times
    for which values were put."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._mutex = threading.RLock()
        self._values: dict[str, tuple[bytes, float]] = {}
        self._claims: dict[str, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self.down = False
        self.calls: list[tuple[str, str]] = []
        self.seconds: dict[str, float] = {}

    def get(self, key: str) -> bytes | None:
        with self._called("get", key):
            value, until = self._values.get(key, (b"", 0.0))
            return value if until > self._now() else None

    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        with self._called("put", key):
            self._values[key] = (value, self._now() + seconds)
            self.seconds[key] = seconds

    def claim(self, key: str, *, seconds: float) -> str | None:
        with self._called("claim", key):
            if self._claims.get(key, ("", 0.0))[1] > self._now():
                return None
            claim = f"claim-{next(self._numbers)}"
            self._claims[key] = (claim, self._now() + seconds)
            return claim

    def release(self, key: str, claim: str) -> None:
        with self._called("release", key):
            if self._claims.get(key, ("", 0.0))[0] == claim:
                del self._claims[key]

    @contextmanager
    def _called(self, name: str, key: str) -> Iterator[None]:
        if self.down:
            raise Unavailable("cache: down")
        with self._mutex:
            self.calls.append((name, key))
            yield

    def _now(self) -> float:
        return self._clock().timestamp()
