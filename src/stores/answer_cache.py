"""Kept answers of catalogues in Valkey or Redis."""

import secrets
from typing import Any, Final

from redis import Redis

from stores.cache import translated

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 0
"""


class RedisAnswerCache:
    """Port ``AnswerCache``. A claim on ``jikan:anime:1`` is the key ``jikan:anime:1:claim``."""

    def __init__(self, client: Redis, *, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix

    def get(self, key: str) -> bytes | None:
        with translated("GET"):
            value = self._client.get(self._prefix + key)
        return bytes(value) if isinstance(value, bytes) else None

    def put(self, key: str, value: bytes, *, seconds: float) -> None:
        with translated("SET"):
            self._client.set(self._prefix + key, value, px=_milliseconds(seconds))

    def claim(self, key: str, *, seconds: float) -> str | None:
        claim = secrets.token_hex(8)
        with translated("SET"):
            taken: Any = self._client.set(self._claim_key(key), claim, nx=True, px=_milliseconds(seconds))
        return claim if taken else None

    def release(self, key: str, claim: str) -> None:
        with translated("EVAL"):
            self._client.eval(_RELEASE, 1, self._claim_key(key), claim)

    def _claim_key(self, key: str) -> str:
        return f"{self._prefix}{key}:claim"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
