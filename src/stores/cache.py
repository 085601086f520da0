"""Short-lived values in Valkey or Redis. A cache that fails is ``Unavailable``; callers decide to do without."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError
from redis.retry import Retry

from models.errors import BadInput, Unavailable

DEFAULT_TIMEOUT: Final = timedelta(seconds=1)


class RedisCache:
    """Port ``Cache``. ``prefix`` keeps stacks that share a server apart."""

    def __init__(self, client: Redis, *, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix

    def get(self, key: str) -> bytes | None:
        with translated("GET"):
            value = self._client.get(self._prefix + key)
        return bytes(value) if isinstance(value, bytes) else None

    def set(self, key: str, value: bytes, *, ttl: timedelta) -> None:
        milliseconds = ttl // timedelta(milliseconds=1)
        if milliseconds < 1:
            raise BadInput("a value needs to be kept for at least a millisecond")
        with translated("SET"):
            self._client.set(self._prefix + key, value, px=milliseconds)

    def delete(self, key: str) -> None:
        with translated("DEL"):
            self._client.delete(self._prefix + key)


class NoCache:
    """Port ``Cache`` of a stack without one: remembers nothing."""

    def get(self, key: str) -> bytes | None:  # noqa: ARG002 - the port's signature
        return None

    def set(self, key: str, value: bytes, *, ttl: timedelta) -> None:
        pass

    def delete(self, key: str) -> None:
        pass


def connect_redis(
    url: str, *, sign_in: CredentialProvider | None = None, timeout: timedelta = DEFAULT_TIMEOUT
) -> Redis:
    """A client that connects on first use and repeats a failed command once. ``sign_in`` is asked for a name and a
    password at every connection; without it the URL may hold them.

    Raises:
        BadInput: the URL is none, or names a user beside ``sign_in``; the message does not repeat it, since it may
            hold a password.
    """
    seconds = timeout.total_seconds()
    try:
        client = Redis.from_url(
            url,
            credential_provider=sign_in,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), retries=1),
            health_check_interval=30,
        )
    except ValueError:
        raise BadInput("the cache's URL is not valid; expected redis://HOST:PORT or rediss://HOST:PORT") from None
    options = client.connection_pool.connection_kwargs
    if sign_in is not None and (options.get("username") or options.get("password")):
        raise BadInput("the cache's URL names a user or a password, and another signs in: take them out of the URL")
    return client


@contextmanager
def translated(command: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(f"cache {command}: {type(error).__name__}") from None
