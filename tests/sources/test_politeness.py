"""Catalogues are asked at their pace, by all workers together, and left alone when they say so."""

import math
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from domain.token_bucket import Reason
from models.errors import (
    BadInput,
    InTrouble,
    Permanent,
    Throttled,
    Unavailable,
)
from sources.http import Request, Response
from sources.json_api import RetryPolicy
from sources.manners import MANNERS, Manners
from sources.politeness import (
    CROWD_SECONDS,
    WORKERS_ALONE,
    AskedBefore,
    CarefulBuckets,
    Paused,
    PoliteTransport,
)
from sources.resting import REST_SECONDS, Resting
from stores.rate_buckets import ProcessRateBuckets
from tests.support.fakes import Failing, ManualClock
from tests.support.scripted_http import json_response
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.catalogue_ports import RateBuckets

GOOD = json_response({"data": 1})
BROKEN = json_response({}, status=503)
NO_CONNECTION = Unavailable("no connection", sent=False)


def throttled(**headers: str) -> Response:
    return json_response({}, status=429, **headers)


@dataclass
class Server:
    """Answers in order, the last one again and again, and writes down when it was asked."""

    clock: ManualClock
    answers: list[Response | Exception] = field(default_factory=lambda: [GOOD])
    asked: list[float] = field(default_factory=list)
    when_asked: Callable[[], object] = lambda: None

    def send(self, _request: Request) -> Response:
        self.when_asked()
        self.asked.append(self.clock().timestamp())
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


class World:
    """One store, a clock that sleeping moves, and as many workers as are made."""

    def __init__(self, *answers: Response | Exception, lasts: float = math.inf) -> None:
        self.clock = ManualClock()
        self.begun = self.clock()
        self.server = Server(self.clock, list(answers) or [GOOD])
        self.store = ProcessRateBuckets(clock=self.clock)
        self.failing = Failing(self.store)
        self.counts = CatalogueCounts()
        self.lasts = lasts

    def worker(self, shared: RateBuckets | None = None, manners: Mapping[str, Manners] = MANNERS) -> PoliteTransport:
        buckets = CarefulBuckets(
            shared=shared or self.store,
            own=ProcessRateBuckets(clock=self.clock),
            resting=Resting(monotonic=lambda: self.clock().timestamp()),
        )
        return self.with_buckets(buckets, manners)

    def with_buckets(self, buckets: CarefulBuckets, manners: Mapping[str, Manners] = MANNERS) -> PoliteTransport:
        return PoliteTransport(
            self.server,
            manners=manners,
            buckets=buckets,
            counts=self.counts,
            clock=self.clock,
            remaining=lambda: self.lasts - (self.clock() - self.begun).total_seconds(),
            sleep=lambda seconds: self.clock.advance(timedelta(seconds=seconds)),
        )

    @property
    def seconds(self) -> list[float]:
        """When the server was asked, since the beginning."""
        return [round(at - self.begun.timestamp(), 3) for at in self.server.asked]


def request(catalogue: str | None = "jikan", *, item: str | None = "anime:1", **more: Any) -> Request:
    return Request(
        method="GET", url="https://example.com/v4/anime/1?key=abcdefgh", catalogue=catalogue, item=item, **more
    )


def ask(worker: PoliteTransport, catalogue: str = "jikan", times: int = 1, *, item: str | None = None) -> None:
    for number in range(times):
        worker.send(request(catalogue, item=item or f"anime:{number}"))


# -------------------------------------------------------------------------------------------------------------- pace


def test_requests_keep_the_pace_of_their_catalogue() -> None:
    world = World()
    ask(world.worker(), "kitsu", 5)
    assert world.seconds == [0, 0, 1, 2, 3]


def test_workers_share_the_pace() -> None:
    world = World()
    one, other = world.worker(), world.worker()
    for worker in (one, other, one, other):
        ask(worker, "kitsu")
    assert world.seconds == [0, 0, 1, 2]


def test_anidb_is_never_asked_twice_in_two_seconds() -> None:
    world = World()
    one, other = world.worker(), world.worker()
    for number, worker in enumerate((one, other, other, one)):
        ask(worker, "anidb", item=f"anime:{number}")
    assert world.seconds == [0, 2.5, 5, 7.5]


def test_after_a_long_rest_anidb_is_still_asked_one_by_one() -> None:
    world = World()
    ask(world.worker(), "anidb", item="anime:1")
    world.clock.advance(timedelta(hours=1))
    ask(world.worker(), "anidb", item="anime:2")
    ask(world.worker(), "anidb", item="anime:3")
    assert world.seconds == [0, 3600, 3602.5]


def test_catalogues_do_not_wait_for_each_other_and_other_hosts_do_not_wait_at_all() -> None:
    world = World()
    worker = world.worker()
    for catalogue in ("animeplanet", "anisearch", None, None):
        worker.send(request(catalogue))
    assert world.seconds == [0, 0, 0, 0]


def test_what_only_a_replay_holds_waits_for_nothing() -> None:
    world = World()
    for _ in range(3):
        world.worker().send(request("anidb", item=None, recorded_only=True))
    assert world.seconds == [0, 0, 0]
    assert world.store.find("anidb") is None


def test_many_threads_of_one_process_keep_the_pace_too() -> None:
    """Grants are counted by the store, so that the order of the threads does not matter."""
    world = World()
    worker = world.worker()
    refused: list[Throttled] = []
    world.lasts = 61.0

    def work() -> None:
        try:
            worker.send(request("kitsu"))
        except Throttled as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    elapsed = (world.clock() - world.begun).total_seconds()
    assert 2 <= len(world.seconds) <= 2 + elapsed
    assert len(world.seconds) + len(refused) == 8


def test_every_catalogue_has_manners_that_its_terms_allow() -> None:
    """Requests a minute at the most: what is published, and 60 where nothing is."""
    allowed = {"jikan": 60, "anilist": 30, "anidb": 30}
    for catalogue, manners in MANNERS.items():
        pace = manners.pace
        assert pace.capacity + pace.per_second * 60 <= allowed.get(catalogue, 60) + 2
    assert MANNERS["anidb"].pace.capacity == 1
    assert MANNERS["anidb"].pace.per_second <= 0.5
    assert MANNERS["jikan"].pace.capacity + MANNERS["jikan"].pace.per_second * 60 <= 60


# --------------------------------------------------------------------------------------------- what the answers say


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    return Response(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body
    )


def test_a_limit_in_the_headers_is_kept_by_every_worker() -> None:
    """90 a minute: 2 at once, and 88 by and by."""
    world = World(answer(x_ratelimit_limit="90", x_ratelimit_remaining="80"))
    for _ in range(4):
        ask(world.worker(), "anilist")
    assert world.seconds == pytest.approx([0, 0, 60 / 88, 120 / 88], abs=0.01)
    bucket = world.store.find("anilist")
    assert bucket is not None
    assert bucket.learned


def test_a_slower_limit_slows_every_worker_down() -> None:
    world = World(answer(x_ratelimit_limit="8"))
    for _ in range(4):
        ask(world.worker(), "anilist")
    assert world.seconds == pytest.approx([0, 0, 10, 20], abs=0.01)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "Sat, 21 Nov 2026 01:00:30 GMT"}, 30),
        ({"retry_after": "Saturday, 21-Nov-26 01:00:30 GMT"}, 30),
    ],
)
def test_retry_after_holds_for_all_workers(headers: dict[str, str], pause: float) -> None:
    world = World(answer(429, b"", **headers), GOOD)
    assert world.worker().send(request()).status == 429
    ask(world.worker())
    assert world.seconds == [0, pause]


@pytest.mark.parametrize("headers", [{}, {"retry_after": "soon"}, {"retry_after": "60"}])
def test_the_end_of_a_longer_pause_is_waited_for_by_the_machine(headers: dict[str, str]) -> None:
    world = World(answer(429, b"", **headers), GOOD)
    world.worker().send(request())
    with pytest.raises(Throttled, match=r"its turn is in 60 s \(rate\)") as error:
        ask(world.worker())
    assert error.value.retry_after == 60
    world.clock.advance(timedelta(seconds=60))
    ask(world.worker())
    assert world.seconds == [0, 60]


def test_a_used_up_limit_is_waited_for() -> None:
    reset = int(ManualClock()().timestamp()) + 20
    world = World(answer(x_ratelimit_remaining="0", x_ratelimit_reset=str(reset)), GOOD)
    ask(world.worker(), "animeschedule")
    ask(world.worker(), "animeschedule")
    assert world.seconds[1] >= 20


def test_a_series_of_failures_is_an_outage_for_all() -> None:
    world = World(BROKEN)
    for _ in range(5):
        assert world.worker().send(request()).status == 503
    world.lasts = (world.clock() - world.begun).total_seconds() + 100
    with pytest.raises(InTrouble, match=r"its turn is in 60 s \(outage\)") as error:
        ask(world.worker())
    assert error.value.retry_after == 60
    assert len(world.seconds) == 5


def test_no_answer_counts_as_a_failure() -> None:
    world = World(Unavailable("no answer in time"))
    for _ in range(5):
        with pytest.raises(Unavailable):
            ask(world.worker())
    bucket = world.store.find("jikan")
    assert bucket is not None
    assert (bucket.failures, bucket.reason) == (5, Reason.OUTAGE)


def test_a_good_answer_in_between_ends_the_series() -> None:
    world = World(BROKEN, BROKEN, BROKEN, BROKEN, GOOD, BROKEN, BROKEN, BROKEN, BROKEN, GOOD)
    for _ in range(10):
        world.worker().send(request("jikan"))
    bucket = world.store.find("jikan")
    assert bucket is not None
    assert (bucket.failures, bucket.paused_until) == (0, 0)


@pytest.mark.parametrize("body", [b'<error code="500">banned</error>', b"<error>Banned</error>"])
def test_a_ban_by_anidb_keeps_everybody_away_for_a_day(body: bytes) -> None:
    world = World(answer(body=body), GOOD)
    with pytest.raises(Paused, match=r"anidb GET /v4/anime/1: turned away \(ban\)"):
        ask(world.worker(), "anidb", item="anime:1")
    world.clock.advance(timedelta(hours=23))
    with pytest.raises(Paused, match=r"not asked before 2026-11-22 01:00 UTC \(ban\)"):
        ask(world.worker(), "anidb", item="anime:2")
    world.clock.advance(timedelta(hours=1, seconds=3))
    ask(world.worker(), "anidb", item="anime:2")
    assert len(world.seconds) == 2


def test_anidb_is_asked_the_same_again_once_it_knows_our_client() -> None:
    unknown = answer(body=b'<error code="302">client version missing or invalid</error>')
    world = World(unknown, answer(body=b"<anime><title>Client</title></anime>"))
    ask(world.worker(), "anidb", 2, item="anime:1")
    with pytest.raises(AskedBefore):
        ask(world.worker(), "anidb", item="anime:1")
    assert len(world.seconds) == 2


def test_an_anime_that_is_about_a_ban_is_none() -> None:
    body = b"<?xml version='1.0'?><anime id='1'><title>Banned</title></anime>"
    world = World(answer(body=body))
    ask(world.worker(), "anidb", item="anime:1")


def test_anilist_turned_off_is_an_outage() -> None:
    off = json_response({"errors": [{"message": "disabled", "status": 403}], "data": None}, status=403)
    world = World(off)
    with pytest.raises(Paused, match=r"turned away \(outage\)"):
        ask(world.worker(), "anilist")
    with pytest.raises(Paused, match=r"not asked before 2026-11-21 01:30 UTC \(outage\)"):
        ask(world.worker(), "anilist")
    assert len(world.seconds) == 1


def test_a_forbidden_page_pauses_pages_for_a_minute_and_jikan_not_at_all() -> None:
    world = World(json_response({}, status=403))
    with pytest.raises(Paused):
        ask(world.worker(), "animeplanet")
    assert world.worker().send(request("jikan")).status == 403
    planet, jikan = world.store.find("animeplanet"), world.store.find("jikan")
    assert planet is not None
    assert jikan is not None
    assert planet.paused_until - world.begun.timestamp() == 60
    assert (jikan.paused_until, jikan.failures) == (0, 0)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 404, 410])
def test_a_refusal_that_is_our_own_affair_tells_nothing_of_the_catalogue(status: int) -> None:
    world = World(json_response({}, status=status))
    ask(world.worker())
    bucket = world.store.find("jikan")
    assert bucket is not None
    assert (bucket.failures, bucket.paused_until) == (0, 0)
    assert world.counts[Count.ERRORS] == 0


def test_an_answer_without_news_is_not_written_down() -> None:
    world = World()
    ask(world.worker(world.failing))
    assert world.failing.calls == ["change"]


# ------------------------------------------------------------------------------------------------- the same once a day


def test_anidb_is_not_asked_for_the_same_twice_a_day() -> None:
    world = World()
    ask(world.worker(), "anidb", item="anime:1")
    ask(world.worker(), "anidb", item="anime:2")
    world.clock.advance(timedelta(hours=23))
    with pytest.raises(AskedBefore, match="asked for already, and not again before 2026-11-22 01:00 UTC"):
        ask(world.worker(), "anidb", item="anime:1")
    world.clock.advance(timedelta(hours=1))
    ask(world.worker(), "anidb", item="anime:1")
    assert len(world.seconds) == 3


def test_a_request_that_never_left_may_be_repeated() -> None:
    world = World(NO_CONNECTION, GOOD)
    with pytest.raises(Unavailable):
        ask(world.worker(), "anidb", item="anime:1")
    ask(world.worker(), "anidb", item="anime:1")
    assert len(world.seconds) == 2


@pytest.mark.parametrize("answer", [Unavailable("no whole answer"), BROKEN])
def test_one_that_may_have_arrived_may_not(answer: Response | Exception) -> None:
    world = World(answer, GOOD)
    with suppress(Unavailable):
        ask(world.worker(), "anidb", item="anime:1")
    with pytest.raises(AskedBefore):
        ask(world.worker(), "anidb", item="anime:1")


def test_a_request_to_anidb_that_does_not_say_what_it_asks_for_is_not_sent() -> None:
    world = World()
    with pytest.raises(BadInput, match="which item"):
        world.worker().send(request("anidb", item=None))
    assert world.seconds == []


# ------------------------------------------------------------------------------------------------------ limited time


def test_a_turn_beyond_the_functions_time_goes_to_the_machine() -> None:
    world = World(throttled(retry_after="50"), lasts=100)
    world.worker().send(request())
    with pytest.raises(Throttled, match=r"jikan GET /v4/anime/1: its turn is in 50 s \(rate\)") as error:
        ask(world.worker())
    assert error.value.retry_after == 50
    assert type(error.value) is Throttled
    assert world.seconds == [0]


def test_a_turn_that_many_others_have_before_is_waited_for_by_the_machine() -> None:
    """Each look finds that somebody else was faster."""
    world = World()
    worker = world.worker()
    ask(worker, "kitsu", 2)
    others = world.worker()

    def overtaken(seconds: float) -> None:
        world.clock.advance(timedelta(seconds=seconds))
        others.send(request("kitsu"))

    worker._sleep = overtaken
    with pytest.raises(Throttled, match="kitsu GET /v4/anime/1: many are waiting for their turns") as error:
        ask(worker, "kitsu")
    assert error.value.retry_after == CROWD_SECONDS
    assert (world.clock() - world.begun).total_seconds() == 5.0
    assert world.counts[Count.WAITS] == 0


def test_whoever_is_told_of_a_crowd_does_not_repeat_in_the_same_call() -> None:
    assert RetryPolicy().patience < CROWD_SECONDS


def test_a_slow_catalogue_is_waited_for_as_patiently() -> None:
    world = World(answer(x_ratelimit_limit="3"))
    ask(world.worker(), "anilist", 4)
    assert world.seconds == pytest.approx([0, 0, 21.43, 42.86], abs=0.01)


def test_no_request_is_begun_that_could_not_be_finished() -> None:
    world = World(lasts=59)
    with pytest.raises(Throttled, match="too late for another request"):
        ask(world.worker())
    assert world.seconds == []
    assert world.store.find("jikan") is None


def test_a_pause_that_nobody_waits_for_is_told_as_such() -> None:
    world = World(throttled(retry_after="3600"))
    world.worker().send(request())
    with pytest.raises(Paused, match=r"not asked before 2026-11-21 02:00 UTC \(rate\)") as error:
        ask(world.worker())
    assert "abcdefgh" not in str(error.value)


# ------------------------------------------------------------------------------------------- without the shared store


def down() -> Failing:
    failing = Failing(ProcessRateBuckets(clock=ManualClock()))
    for method in ("change", "mark", "unmark", "find"):
        failing.before(method, Unavailable("cache: down"), times=1000)
    return failing


@pytest.mark.parametrize("error", [Unavailable("down"), Throttled("slow"), Permanent("dynamodb: AccessDenied")])
def test_a_process_without_the_shared_count_asks_a_tenth_as_often(error: Exception) -> None:
    world = World()
    worker = world.worker(world.failing.before("change", error, times=100))
    ask(worker, "kitsu", 3)
    assert world.seconds == [0, WORKERS_ALONE, 2 * WORKERS_ALONE]
    assert world.counts[Count.STORE_ERRORS] == 2


def test_anidb_is_not_asked_without_the_shared_count() -> None:
    world = World()
    worker = world.worker(down())
    with pytest.raises(InTrouble, match="not asked while the shared count") as error:
        ask(worker, "anidb", item="anime:1")
    assert error.value.retry_after == REST_SECONDS
    with pytest.raises(InTrouble):
        ask(worker, "anidb", item="anime:1")
    assert world.seconds == []
    assert world.clock() == world.begun


def test_anidb_is_not_asked_where_it_could_not_be_noted() -> None:
    world = World()
    with pytest.raises(InTrouble, match="not asked while the shared count"):
        ask(world.worker(world.failing.before("mark", Unavailable("down"))), "anidb", item="anime:1")
    assert world.seconds == []


def test_a_store_that_failed_is_left_alone_for_a_moment_and_then_counts_again() -> None:
    world = World()
    worker = world.worker(world.failing.before("change", Unavailable("down")))
    ask(worker, "kitsu", 2)
    assert world.failing.calls == ["change"]
    world.clock.advance(timedelta(seconds=REST_SECONDS))
    ask(worker, "kitsu", 2)
    assert world.failing.calls == ["change"] * 3


def test_a_stack_without_a_shared_store_is_careful_in_each_process() -> None:
    world = World()
    clock = world.clock
    buckets = CarefulBuckets(shared=None, own=ProcessRateBuckets(clock=clock))
    ask(world.with_buckets(buckets), "jikan", 2)
    assert world.seconds[1] == pytest.approx(10 / 0.95, abs=0.01)
    with pytest.raises(InTrouble):
        ask(world.with_buckets(buckets), "anidb", item="anime:1")


def test_a_pause_that_the_store_does_not_take_is_kept_by_the_process() -> None:
    world = World(throttled(retry_after="25"), GOOD)
    world.server.when_asked = lambda: world.failing.before("change", Unavailable("down"))
    worker = world.worker(world.failing)
    worker.send(request())
    ask(worker)
    assert world.seconds[1] >= 25


# ----------------------------------------------------------------------------------------------------------- counters


def test_requests_waits_and_errors_are_counted() -> None:
    world = World(GOOD, GOOD, GOOD, BROKEN, throttled(retry_after="5"), Unavailable("none"))
    worker = world.worker()
    for _ in range(5):
        worker.send(request())
    with pytest.raises(Unavailable):
        worker.send(request())
    figures = {figure.name: figure.value for figure in world.counts.figures()}
    assert figures["CatalogueRequests"] == 6
    assert figures["CatalogueErrors"] == 3
    assert figures["CatalogueWaits"] == 3
    assert figures["CatalogueWaitSeconds"] == pytest.approx(world.seconds[-1], abs=0.01)


def test_what_is_nothing_is_not_a_figure() -> None:
    assert CatalogueCounts().figures() == ()
