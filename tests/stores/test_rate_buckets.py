"""The contract of ``RateBuckets``, and what only the shared ones can get wrong."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from domain.token_bucket import Bucket, Reason
from models.errors import AnimeError, Permanent, Throttled, Unavailable
from stores.answer_cache import RedisAnswerCache
from stores.cache import connect_redis
from stores.rate_buckets import ProcessRateBuckets
from stores.rate_buckets_dynamodb import DynamoRateBuckets
from stores.rate_buckets_redis import RedisRateBuckets
from tests.support.bucket_process import CATALOGUE, Task, run_side_by_side
from tests.support.emulator import aws_client
from tests.support.fakes import ManualClock
from tests.support.http_stub import Answer, http_stub
from tests.support.servers import free_port
from workflows.catalogue_ports import RateBuckets

BUCKET = Bucket(
    tokens=1.3333333333333333,
    at=1_795_222_800.123456,
    per_second=28 / 60,
    capacity=2.0,
    learned=True,
    paused_until=1_795_222_860.5,
    reason=Reason.OUTAGE,
    failures=7,
)


@dataclass(frozen=True)
class World:
    """``wait_until`` lets the store's time pass until something holds. ``now`` is about the store's time."""

    buckets: RateBuckets
    wait_until: Callable[[Callable[[], bool]], object]
    now: Callable[[], float]


def _table(dynamodb: Any) -> str:
    name = f"rates-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "catalogue", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "catalogue", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Any]:
    client = connect_redis(valkey_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(scope="module")
def dynamodb(request: pytest.FixtureRequest) -> Any:
    return aws_client("dynamodb", request.getfixturevalue("aws_endpoint"))


def _poll(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline


@pytest.fixture(params=["process", "redis", "dynamodb"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "redis":
        return World(RedisRateBuckets(request.getfixturevalue("redis"), prefix="demo:"), _poll, time.time)
    clock = ManualClock()

    def now() -> float:
        return clock().timestamp()

    def later(holds: Callable[[], bool]) -> None:
        clock.advance(timedelta(seconds=1))
        assert holds()

    if request.param == "process":
        return World(ProcessRateBuckets(clock=clock), later, now)
    client = request.getfixturevalue("dynamodb")
    return World(DynamoRateBuckets(client, _table(client), clock=clock), later, now)


def put(bucket: Bucket) -> Callable[[Bucket | None, float], tuple[Bucket, None]]:
    return lambda _before, _now: (bucket, None)


def test_what_nobody_has_begun_is_none(world: World) -> None:
    assert world.buckets.find("jikan") is None
    assert world.buckets.change("jikan", lambda bucket, _: (None, bucket)) is None


def test_a_bucket_reads_back_equal_and_is_its_catalogues_own(world: World) -> None:
    world.buckets.change("jikan", put(BUCKET))

    assert world.buckets.find("jikan") == BUCKET
    assert world.buckets.change("jikan", lambda bucket, _: (None, bucket)) == BUCKET
    assert world.buckets.find("anilist") is None


def test_a_bucket_is_replaced(world: World) -> None:
    world.buckets.change("jikan", put(BUCKET))
    world.buckets.change("jikan", put(replace(BUCKET, reason=None, failures=0)))

    assert world.buckets.find("jikan") == replace(BUCKET, reason=None, failures=0)


def test_a_step_that_changes_nothing_leaves_it(world: World) -> None:
    world.buckets.change("jikan", put(BUCKET))

    assert world.buckets.change("jikan", lambda _bucket, _now: (None, "result")) == "result"
    assert world.buckets.find("jikan") == BUCKET


def test_a_step_is_told_the_time(world: World) -> None:
    told = world.buckets.change("jikan", lambda _, now: (None, now))

    assert abs(told - world.now()) < 60


def test_no_change_is_lost_among_many_threads(world: World) -> None:
    world.buckets.change("jikan", put(replace(BUCKET, failures=0)))
    problems: list[AnimeError] = []

    def count(bucket: Bucket | None, _now: float) -> tuple[Bucket | None, None]:
        assert bucket is not None
        return replace(bucket, failures=bucket.failures + 1), None

    def work() -> None:
        for _ in range(5):
            try:
                world.buckets.change("jikan", count)
            except AnimeError as error:
                problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = world.buckets.find("jikan")
    assert found is not None
    assert found.failures + len(problems) == 20
    assert found.failures > 0


def test_an_item_is_marked_once(world: World) -> None:
    assert world.buckets.mark("anidb", "anime:1", seconds=3600) is None

    until = world.buckets.mark("anidb", "anime:1", seconds=3600)

    assert until is not None
    assert abs(until - world.now() - 3600) < 60
    assert world.buckets.mark("anidb", "anime:2", seconds=3600) is None
    assert world.buckets.mark("kitsu", "anime:1", seconds=3600) is None


def test_a_mark_ends_with_its_time(world: World) -> None:
    world.buckets.mark("anidb", "anime:1", seconds=0.05)

    world.wait_until(lambda: world.buckets.mark("anidb", "anime:1", seconds=0.05) is None)


def test_a_mark_may_be_taken_back_also_twice(world: World) -> None:
    world.buckets.mark("anidb", "anime:1", seconds=3600)
    world.buckets.unmark("anidb", "anime:1")
    world.buckets.unmark("anidb", "anime:1")

    assert world.buckets.mark("anidb", "anime:1", seconds=3600) is None


def test_marks_and_buckets_do_not_meet(world: World) -> None:
    world.buckets.mark("anidb", "anime:1", seconds=3600)
    world.buckets.change("anidb", put(BUCKET))
    world.buckets.unmark("anidb", "anime:1")

    assert world.buckets.find("anidb") == BUCKET


# ------------------------------------------------------------------------------------------------- across processes


@pytest.fixture(params=["redis", "dynamodb"])
def task(request: pytest.FixtureRequest) -> Task:
    if request.param == "redis":
        request.getfixturevalue("redis")
        address: str = request.getfixturevalue("valkey_url")
        return Task(kind="redis", address=address, per_second=40, capacity=4, turns=12)
    address = request.getfixturevalue("aws_endpoint")
    table = _table(request.getfixturevalue("dynamodb"))
    return Task(kind="dynamodb", address=address, table=table, per_second=20, capacity=4, turns=10)


def test_two_processes_never_exceed_the_bucket_that_they_share(task: Task) -> None:
    given = run_side_by_side(task, 2)

    assert len(given) == 2 * task.turns
    for first in range(len(given)):
        for last in range(first, len(given)):
            most = task.capacity + task.per_second * (given[last] - given[first])
            assert last - first + 1 <= most + 1e-6
    assert task.buckets().find(CATALOGUE) is not None


@pytest.fixture(params=["redis", "dynamodb"])
def shared(request: pytest.FixtureRequest) -> tuple[RateBuckets, RateBuckets, Callable[[str], object]]:
    """Two workers' views of one store, and a way to write something else into the bucket's place."""
    if request.param == "redis":
        client = request.getfixturevalue("redis")
        return RedisRateBuckets(client), RedisRateBuckets(client), lambda text: client.set("jikan:rate", text)
    client = request.getfixturevalue("dynamodb")
    table = _table(client)

    def write(text: str) -> None:
        client.put_item(TableName=table, Item={"catalogue": {"S": "jikan"}, "bucket": {"S": text}})

    clock = ManualClock()
    one, other = (DynamoRateBuckets(client, table, clock=clock, pause=lambda _: None) for _ in range(2))
    return one, other, write


def test_a_change_that_another_worker_forestalls_begins_again(
    shared: tuple[RateBuckets, RateBuckets, Callable[[str], object]],
) -> None:
    one, other, _ = shared
    seen: list[Bucket | None] = []

    def step(bucket: Bucket | None, _now: float) -> tuple[Bucket, None]:
        seen.append(bucket)
        if len(seen) == 1:
            other.change("jikan", put(BUCKET))
        return replace(bucket or BUCKET, failures=99), None

    one.change("jikan", step)

    assert seen == [None, BUCKET]
    found = one.find("jikan")
    assert found is not None
    assert found.failures == 99


def test_a_worker_that_is_always_forestalled_gives_up_for_now(
    shared: tuple[RateBuckets, RateBuckets, Callable[[str], object]],
) -> None:
    one, other, _ = shared
    rounds: list[int] = []

    def step(_bucket: Bucket | None, _now: float) -> tuple[Bucket, None]:
        rounds.append(len(rounds))
        other.change("jikan", put(replace(BUCKET, failures=len(rounds))))
        return BUCKET, None

    with pytest.raises(Throttled, match="too many workers count at once") as error:
        one.change("jikan", step)
    assert error.value.retry_after == 1.0


@pytest.mark.parametrize("text", ["", "x", "[]", '{"tokens": 1}', '{"tokens": "many"}', '{"reason": "mood"}'])
def test_what_is_no_bucket_is_begun_anew(
    shared: tuple[RateBuckets, RateBuckets, Callable[[str], object]], text: str
) -> None:
    buckets, _, write = shared
    write(text)

    assert buckets.find("jikan") is None
    buckets.change("jikan", put(BUCKET))
    assert buckets.find("jikan") == BUCKET


CALLS: list[Callable[[RateBuckets], object]] = [
    lambda buckets: buckets.change("jikan", put(BUCKET)),
    lambda buckets: buckets.find("jikan"),
    lambda buckets: buckets.mark("anidb", "anime:1", seconds=1),
    lambda buckets: buckets.unmark("anidb", "anime:1"),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_connection_is_unavailable(call: Callable[[RateBuckets], object]) -> None:
    for buckets in (
        RedisRateBuckets(connect_redis(f"redis://127.0.0.1:{free_port()}")),
        DynamoRateBuckets(aws_client("dynamodb", f"http://127.0.0.1:{free_port()}"), "rates", clock=ManualClock()),
    ):
        with pytest.raises(Unavailable):
            call(buckets)


@pytest.mark.parametrize("call", CALLS)
def test_a_server_that_says_nothing_is_unavailable(call: Callable[[RateBuckets], object]) -> None:
    with http_stub(Answer(hang=True)) as stub:
        client = connect_redis(stub.url.replace("http://", "redis://"), timeout=timedelta(milliseconds=100))
        with pytest.raises(Unavailable):
            call(RedisRateBuckets(client))
        client.close()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ProvisionedThroughputExceededException", 400, Throttled),
        ("InternalServerError", 500, Unavailable),
        ("AccessDeniedException", 400, Permanent),
    ],
)
def test_error_codes_are_translated(
    call: Callable[[RateBuckets], object], code: str, status: int, expected: type[Exception]
) -> None:
    first = {0: "get_item", 1: "get_item"}.get(CALLS.index(call), "update_item")
    client = aws_client("dynamodb", "http://127.0.0.1:1")
    with Stubber(client) as stubber:
        stubber.add_client_error(first, service_error_code=code, http_status_code=status)
        with pytest.raises(expected):
            call(DynamoRateBuckets(client, "rates", clock=ManualClock()))


def test_a_mark_whose_answer_was_lost_is_ours(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client repeats the command, and finds its own mark."""
    monkeypatch.setattr("stores.rate_buckets_redis.secrets.token_hex", lambda _: "0123456789abcdef")
    buckets = RedisRateBuckets(redis)

    assert buckets.mark("anidb", "anime:1", seconds=3600) is None
    assert buckets.mark("anidb", "anime:1", seconds=3600) is None


def test_a_mark_in_the_table_whose_answer_was_lost_is_ours(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stores.rate_buckets_dynamodb.secrets.token_hex", lambda _: "0123456789abcdef")
    buckets = DynamoRateBuckets(dynamodb, _table(dynamodb), clock=lambda: datetime(2026, 11, 21, tzinfo=UTC))

    assert buckets.mark("anidb", "anime:1", seconds=3600) is None
    assert buckets.mark("anidb", "anime:1", seconds=3600) is None


@pytest.fixture
def short_of_memory(redis: Any) -> Iterator[Any]:
    """With 2 MiB left, and ElastiCache's own way to make room."""
    before = {name: redis.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
    redis.config_resetstat()
    redis.config_set("maxmemory-policy", "volatile-lru")
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 2 * 2**20)
    yield redis
    for name, value in before.items():
        redis.config_set(name, value)


def test_buckets_and_marks_outlive_answers_when_memory_is_short(short_of_memory: Any) -> None:
    buckets, answers = RedisRateBuckets(short_of_memory), RedisAnswerCache(short_of_memory)
    buckets.change("jikan", put(BUCKET))
    buckets.mark("anidb", "anime:1", seconds=3600)

    for number in range(400):
        answers.put(f"jikan:anime:{number}", bytes(20_000), seconds=3600)

    assert short_of_memory.info("stats")["evicted_keys"] > 100
    assert buckets.find("jikan") == BUCKET
    assert buckets.mark("anidb", "anime:1", seconds=3600) is not None


def test_marks_that_are_over_are_replaced_and_do_not_pile_up(redis: Any) -> None:
    buckets = RedisRateBuckets(redis)
    buckets.mark("anidb", "anime:1", seconds=0.01)

    _poll(lambda: buckets.mark("anidb", "anime:1", seconds=3600) is None)

    assert buckets.mark("anidb", "anime:1", seconds=3600) is not None
    assert redis.dbsize() == 1


def test_stacks_that_share_a_server_do_not_meet(redis: Any) -> None:
    one, other = RedisRateBuckets(redis, prefix="one:"), RedisRateBuckets(redis, prefix="other:")
    one.change("jikan", put(BUCKET))
    one.mark("anidb", "anime:1", seconds=3600)

    assert other.find("jikan") is None
    assert other.mark("anidb", "anime:1", seconds=3600) is None
