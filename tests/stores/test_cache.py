"""The contract of ``Cache``, and what only a server can get wrong."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from redis.credentials import UsernamePasswordCredentialProvider

from models.errors import BadInput, Unavailable
from stores.cache import NoCache, RedisCache, connect_redis
from tests.support.fakes import FakeCache, ManualClock
from tests.support.http_stub import Answer, http_stub
from tests.support.servers import free_port
from workflows.ports import Cache

HOUR = timedelta(hours=1)


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Any]:
    client = connect_redis(valkey_url)
    client.flushall()
    yield client
    client.close()


@dataclass(frozen=True)
class World:
    """``wait_for`` lets a value's time pass."""

    cache: Cache
    wait_for: Callable[[str], object]


@pytest.fixture(params=["fake", "redis"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        clock = ManualClock()
        return World(FakeCache(clock=clock), lambda _: clock.advance(timedelta(milliseconds=20)))
    client = request.getfixturevalue("redis")

    def wait_for(key: str) -> None:
        deadline = time.monotonic() + 10
        while client.exists(f"demo:{key}"):
            assert time.monotonic() < deadline

    return World(RedisCache(client, prefix="demo:"), wait_for)


def test_an_absent_value_is_none(world: World) -> None:
    assert world.cache.get("anime:1") is None


def test_a_value_reads_back_equal(world: World) -> None:
    world.cache.set("anime:1", b"\x00\xffbytes", ttl=HOUR)

    assert world.cache.get("anime:1") == b"\x00\xffbytes"
    assert world.cache.get("anime:2") is None


def test_a_value_is_replaced(world: World) -> None:
    world.cache.set("a", b"1", ttl=HOUR)
    world.cache.set("a", b"", ttl=HOUR)

    assert world.cache.get("a") == b""


def test_a_value_ends_with_its_time(world: World) -> None:
    world.cache.set("a", b"1", ttl=timedelta(milliseconds=20))

    world.wait_for("a")

    assert world.cache.get("a") is None


def test_delete_is_idempotent(world: World) -> None:
    world.cache.set("a", b"1", ttl=HOUR)

    world.cache.delete("a")
    world.cache.delete("a")

    assert world.cache.get("a") is None


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(microseconds=999), timedelta(seconds=-1)])
def test_a_value_that_is_over_at_once_is_refused(world: World, ttl: timedelta) -> None:
    with pytest.raises(BadInput):
        world.cache.set("a", b"1", ttl=ttl)


def test_stacks_that_share_a_server_do_not_meet(redis: Any) -> None:
    one, other = RedisCache(redis, prefix="one:"), RedisCache(redis, prefix="other:")
    one.set("a", b"1", ttl=HOUR)

    other.delete("a")

    assert other.get("a") is None
    assert one.get("a") == b"1"
    assert 3_590 < redis.ttl("one:a") <= 3_600


def test_without_a_cache_nothing_is_remembered() -> None:
    cache: Cache = NoCache()

    cache.set("a", b"1", ttl=HOUR)
    cache.delete("a")

    assert cache.get("a") is None


CALLS: list[Callable[[Cache], object]] = [
    lambda cache: cache.get("a"),
    lambda cache: cache.set("a", b"1", ttl=HOUR),
    lambda cache: cache.delete("a"),
]


def _each_call_is_unavailable(cache: Cache) -> None:
    for call in CALLS:
        with pytest.raises(Unavailable):
            call(cache)


def test_a_refused_connection_is_unavailable() -> None:
    _each_call_is_unavailable(RedisCache(connect_redis(f"redis://127.0.0.1:{free_port()}")))


def test_a_server_that_says_nothing_is_unavailable() -> None:
    with http_stub(Answer(hang=True)) as stub:
        client = connect_redis(stub.url.replace("http://", "redis://"), timeout=timedelta(milliseconds=100))
        _each_call_is_unavailable(RedisCache(client))
        client.close()


def test_a_value_of_another_kind_is_unavailable(redis: Any) -> None:
    redis.rpush("a", "1")

    with pytest.raises(Unavailable):
        RedisCache(redis).get("a")


def test_a_wrong_url_is_bad_input_that_repeats_no_password() -> None:
    with pytest.raises(BadInput) as caught:
        connect_redis("http://:secret@host")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://:secret@host", "redis://someone@host", "redis://someone:secret@host"])
def test_whoever_signs_in_is_not_named_by_the_url_too(url: str) -> None:
    sign_in = UsernamePasswordCredentialProvider("functions", "token")

    with pytest.raises(BadInput, match="names a user or a password") as caught:
        connect_redis(url, sign_in=sign_in)

    assert "secret" not in str(caught.value)
    assert connect_redis(url)
