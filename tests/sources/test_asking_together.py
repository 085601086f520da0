"""The whole way to a catalogue, over a real connection and a real server of Valkey, as workers of their own go it."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from models.errors import Throttled, Unavailable
from sources.flights import Flights
from sources.http import LiveTransport
from sources.json_api import JsonApi, RetryPolicy
from sources.keeping import Keep, Kind
from sources.kept_answers import KeptAnswers, SharedAnswers
from sources.manners import MANNERS
from sources.politeness import REQUEST_SECONDS, CarefulBuckets, PoliteTransport
from stores.answer_cache import RedisAnswerCache
from stores.cache import connect_redis
from stores.rate_buckets import ProcessRateBuckets
from stores.rate_buckets_redis import RedisRateBuckets
from tests.support.fixtures import valkey_url
from tests.support.http_server import Answer, answer, serve
from tests.support.servers import free_port
from workflows.catalogue_counts import CatalogueCounts, Count

__all__ = ["valkey_url"]

KEEP = Keep(item="anime:1", kind=Kind.ANIME)


@pytest.fixture
def redis_url(valkey_url: str) -> Iterator[str]:
    with connect_redis(valkey_url) as client:
        client.flushall()
        yield valkey_url


def _now() -> datetime:
    return datetime.now(UTC)


class WatchedCache(RedisAnswerCache):
    def __init__(self, redis: Redis, refused: threading.Event) -> None:
        super().__init__(redis)
        self._refused = refused

    def claim(self, key: str, *, seconds: float) -> str | None:
        claim = super().claim(key, seconds=seconds)
        if claim is None:
            self._refused.set()
        return claim


class Worker:
    """With connections and memory of its own, like a process."""

    def __init__(
        self,
        redis_url: str,
        base_url: str,
        catalogue: str = "jikan",
        *,
        remaining: float = 300,
        refused: threading.Event | None = None,
    ) -> None:
        """``refused`` is set when somebody else holds the claim that this worker wants."""
        self.counts = CatalogueCounts()
        redis = connect_redis(redis_url)
        transport = PoliteTransport(
            LiveTransport(),
            manners=MANNERS,
            buckets=CarefulBuckets(shared=RedisRateBuckets(redis), own=ProcessRateBuckets(clock=_now)),
            counts=self.counts,
            clock=_now,
            remaining=lambda: remaining,
        )
        shared = SharedAnswers(cache=WatchedCache(redis, refused or threading.Event()), flights=Flights())
        self.api = JsonApi(
            catalogue=catalogue,
            base_url=base_url,
            transport=transport,
            sleep=time.sleep,
            clock=_now,
            policy=RetryPolicy(attempts=1),
            answers=KeptAnswers(catalogue, shared, counts=self.counts, clock=_now, sleep=time.sleep),
            remaining=lambda: remaining,
        )

    def get(self, keep: Keep = KEEP) -> Any:
        return self.api.get(f"/{keep.item}", keep=keep)


def held(answer_it: Answer, asked: threading.Event, go_on: threading.Event) -> Answer:
    def write(request: Any, connection: Any) -> None:
        asked.set()
        assert go_on.wait(30)
        answer_it(request, connection)

    return write


def test_two_workers_that_want_the_same_at_once_make_one_request(redis_url: str) -> None:
    """The first is not answered before the second has looked for its claim and found it held."""
    asked, go_on, refused = threading.Event(), threading.Event(), threading.Event()
    with serve(held(answer(b'{"data": 1}'), asked, go_on)) as server:
        workers = [Worker(redis_url, server.url, refused=refused) for _ in range(2)]
        values: list[Any] = []
        threads = [threading.Thread(target=lambda one=one: values.append(one.get())) for one in workers]
        threads[0].start()
        assert asked.wait(30)
        with connect_redis(redis_url) as client:
            claimed_for: Any = client.pttl("jikan:anime:1:claim")
        threads[1].start()
        held_back = refused.wait(10)
        go_on.set()
        for thread in threads:
            thread.join(30)
        assert held_back
        assert claimed_for > (REQUEST_SECONDS - 30) * 1000
        assert values == [{"data": 1}] * 2
        assert len(server.asked) == 1
        assert sum(worker.counts[Count.HITS] for worker in workers) == 1
        assert sum(worker.counts[Count.REQUESTS] for worker in workers) == 1


def test_what_one_worker_is_told_all_workers_heed(redis_url: str) -> None:
    with serve(answer(status="429 Too Many Requests", Retry_After="50")) as server:
        with pytest.raises(Throttled):
            Worker(redis_url, server.url).get()
        with pytest.raises(Throttled, match="its turn is in") as error:
            Worker(redis_url, server.url, remaining=100).get(Keep(item="anime:2", kind=Kind.ANIME))
        assert error.value.retry_after is not None
        assert 45 < error.value.retry_after <= 50
        assert len(server.asked) == 1


def test_with_the_server_gone_answers_come_all_the_same(redis_url: str) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    with serve(answer(b'{"data": 1}')) as server:
        worker = Worker(nowhere, server.url)
        assert worker.get() == {"data": 1}
        assert worker.counts[Count.STORE_ERRORS] == 2
        with pytest.raises(Throttled, match="not asked while the shared count"):
            Worker(nowhere, server.url, "anidb").get()
        assert len(server.asked) == 1


def test_an_old_answer_comes_from_the_server_when_the_catalogue_is_gone(redis_url: str) -> None:
    with serve(answer(b'{"data": 1}')) as server:
        url = server.url
        worker = Worker(redis_url, url)
        worker.get()
    later = Worker(redis_url, url)
    assert later.api.answers is not None
    later.api.answers._clock = lambda: datetime.fromtimestamp(time.time() + 25 * 3600, UTC)
    assert later.get() == {"data": 1}
    assert later.counts[Count.STALE] == 1
    with pytest.raises(Unavailable):
        later.get(Keep(item="anime:2", kind=Kind.ANIME))
