"""Rate buckets in Valkey or Redis, by the server's time.

A key a catalogue, ``<catalogue>:rate``, and one a marked item. Neither has an expiry: a server short of memory throws
away what has one (``volatile-lru``, ElastiCache's default), so answers go before a ban does, or the memory of who was
asked today. A mark that is over stays until its item is asked for again: there are as many as anime, a few MB.
"""

import secrets
from typing import Any, Final

from redis import Redis

from domain.token_bucket import Bucket
from models.errors import Throttled, Unavailable
from stores.cache import translated
from stores.rate_buckets import mark_key, read, written
from workflows.catalogue_ports import R, Step

_ATTEMPTS: Final = 20
"""Only those who are given a token write, a few a second, so that two rarely meet."""

_SCRIPT: Final = """
local stored = redis.call('GET', KEYS[1]) or ''
local changed = 0
if ARGV[2] ~= '' and stored == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  stored = ARGV[2]
  changed = 1
end
local time = redis.call('TIME')
return {changed, stored, time[1], time[2]}
"""
"""Puts ``ARGV[2]``, where it is not empty, in place of ``ARGV[1]``; tells whether it did, what is there now, and the
time. What a request costs is decided in one place, ``domain.token_bucket``, not again in Lua."""

_MARK: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('GET', KEYS[1]) or ''
local ends = tonumber(string.match(stored, '^(%d+) '))
if ends and ends > now then
  if string.sub(stored, -#ARGV[2]) == ARGV[2] then
    return ''
  end
  return stored
end
redis.call('SET', KEYS[1], string.format('%.0f', now + ARGV[1]) .. ' ' .. ARGV[2])
return ''
"""
"""Empty where ``ARGV[2]`` marks it, now or when the answer to the first attempt was lost; else when the other's mark
ends, in milliseconds since the epoch, and whose it is."""


class RedisRateBuckets:
    """Port ``RateBuckets``. ``prefix`` keeps stacks that share a server apart."""

    def __init__(self, client: Redis, *, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix

    def change(self, catalogue: str, step: Step[R]) -> R:
        _, stored, now = self._call(catalogue, "", "")
        for _ in range(_ATTEMPTS):
            after, result = step(read(stored) if stored else None, now)
            if after is None:
                return result
            changed, stored, now = self._call(catalogue, stored, written(after))
            if changed:
                return result
        raise Throttled(f"{catalogue}: too many workers count at once", retry_after=1.0)

    def find(self, catalogue: str) -> Bucket | None:
        with translated("GET"):
            stored: Any = self._client.get(self._key(catalogue))
        return read(_text(stored)) if stored is not None else None

    def mark(self, catalogue: str, item: str, *, seconds: float) -> float | None:
        milliseconds = max(1, int(seconds * 1000))
        with translated("EVAL"):
            stored: Any = self._client.eval(
                _MARK, 1, self._prefix + mark_key(catalogue, item), str(milliseconds), secrets.token_hex(8)
            )
        return float(_text(stored).partition(" ")[0]) / 1000 if stored else None

    def unmark(self, catalogue: str, item: str) -> None:
        with translated("DEL"):
            self._client.delete(self._prefix + mark_key(catalogue, item))

    def _call(self, catalogue: str, before: str, after: str) -> tuple[bool, str, float]:
        with translated("EVAL"):
            answer: Any = self._client.eval(_SCRIPT, 1, self._key(catalogue), before, after)
        try:
            changed, stored, seconds, microseconds = answer
            return bool(changed), _text(stored), int(seconds) + int(microseconds) / 1e6
        except (TypeError, ValueError):
            raise Unavailable("cache EVAL: an answer of another shape") from None

    def _key(self, catalogue: str) -> str:
        return f"{self._prefix}{catalogue}:rate"


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
