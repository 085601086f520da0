"""The contract of ``AnswerCache``, and what only a server can get wrong."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from models.errors import Unavailable
from stores.answer_cache import RedisAnswerCache
from stores.cache import connect_redis
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.http_stub import Answer, http_stub
from tests.support.servers import free_port
from workflows.catalogue_ports import AnswerCache

KEY = "jikan:anime:1"


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Any]:
    client = connect_redis(valkey_url)
    client.flushall()
    yield client
    client.close()


@dataclass(frozen=True)
class World:
    """``wait_until`` lets time pass until something holds."""

    cache: AnswerCache
    wait_until: Callable[[Callable[[], bool]], object]


@pytest.fixture(params=["fake", "redis"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        clock = ManualClock()

        def later(holds: Callable[[], bool]) -> None:
            clock.advance(timedelta(seconds=1))
            assert holds()

        return World(FakeAnswerCache(clock=clock), later)

    def poll(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < deadline

    return World(RedisAnswerCache(request.getfixturevalue("redis"), prefix="demo:"), poll)


def test_an_absent_answer_is_none(world: World) -> None:
    assert world.cache.get(KEY) is None


def test_an_answer_reads_back_equal_and_is_replaced(world: World) -> None:
    world.cache.put(KEY, b"\x00\xffone", seconds=60)
    assert world.cache.get(KEY) == b"\x00\xffone"
    world.cache.put(KEY, b"two", seconds=60)
    assert world.cache.get(KEY) == b"two"
    assert world.cache.get("jikan:anime:2") is None


def test_an_answer_ends_with_its_time(world: World) -> None:
    world.cache.put(KEY, b"one", seconds=0.02)
    world.wait_until(lambda: world.cache.get(KEY) is None)


def test_one_of_two_gets_the_claim(world: World) -> None:
    claim = world.cache.claim(KEY, seconds=60)
    assert claim is not None
    assert world.cache.claim(KEY, seconds=60) is None
    assert world.cache.claim("jikan:anime:2", seconds=60) is not None


def test_a_released_claim_is_anybodys(world: World) -> None:
    claim = world.cache.claim(KEY, seconds=60)
    assert claim is not None
    world.cache.release(KEY, claim)
    assert world.cache.claim(KEY, seconds=60) is not None


def test_a_claim_ends_with_its_time_and_its_holder_takes_no_other_away(world: World) -> None:
    late = world.cache.claim(KEY, seconds=0.02)
    assert late is not None
    claims: list[str | None] = []

    def claimed() -> bool:
        claims.append(world.cache.claim(KEY, seconds=60))
        return claims[-1] is not None

    world.wait_until(claimed)
    world.cache.release(KEY, late)
    assert claims[-1] != late
    assert world.cache.claim(KEY, seconds=60) is None


def test_a_claim_is_no_answer(world: World) -> None:
    world.cache.claim(KEY, seconds=60)
    assert world.cache.get(KEY) is None


def test_stacks_that_share_a_server_do_not_meet(redis: Any) -> None:
    one, other = RedisAnswerCache(redis, prefix="one:"), RedisAnswerCache(redis, prefix="other:")
    one.put(KEY, b"one", seconds=3600)
    one.claim(KEY, seconds=3600)
    assert other.get(KEY) is None
    assert other.claim(KEY, seconds=3600) is not None
    assert 3_590 < redis.ttl(f"one:{KEY}") <= 3_600


CALLS: list[Callable[[AnswerCache], object]] = [
    lambda cache: cache.get(KEY),
    lambda cache: cache.put(KEY, b"one", seconds=1),
    lambda cache: cache.claim(KEY, seconds=1),
    lambda cache: cache.release(KEY, "claim"),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_connection_is_unavailable(call: Callable[[AnswerCache], object]) -> None:
    with pytest.raises(Unavailable):
        call(RedisAnswerCache(connect_redis(f"redis://127.0.0.1:{free_port()}")))


@pytest.mark.parametrize("call", CALLS)
def test_a_server_that_says_nothing_is_unavailable(call: Callable[[AnswerCache], object]) -> None:
    with http_stub(Answer(hang=True)) as stub:
        client = connect_redis(stub.url.replace("http://", "redis://"), timeout=timedelta(milliseconds=100))
        with pytest.raises(Unavailable):
            call(RedisAnswerCache(client))
        client.close()
