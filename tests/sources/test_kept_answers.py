"""What was answered before is not asked for again while it is fresh, and stands in while the catalogue fails."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.application.pipeline import FUNCTIONS
from models.errors import (
    AnimeError,
    BadInput,
    InTrouble,
    Malformed,
    NotFound,
    NotRecorded,
    Permanent,
    Throttled,
    Unavailable,
)
from sources.http import Refused, Request, Response
from sources.json_api import JsonApi, RetryPolicy
from sources.keeping import LIFETIMES, MOST_BYTES, NEGATIVE_SECONDS, STALE_SECONDS, Keep, Kept, Kind, packed, unpacked
from sources.kept_answers import CLAIM_SECONDS, FOLLOW_SECONDS, KeptAnswers, SharedAnswers
from sources.politeness import AskedBefore, Paused
from sources.resting import REST_SECONDS, Resting
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import json_response
from workflows.catalogue_counts import CatalogueCounts, Count

ANIME = Keep(item="anime:1", kind=Kind.ANIME, airing=lambda value: value["airing"])
EPISODES = Keep(item="anime:1:episodes:2", kind=Kind.EPISODES, of="anime:1")
SETTLED = json_response({"airing": False})
AIRING = json_response({"airing": True})
DOWN = Unavailable("jikan GET /anime/1: answers 503")
DAY = timedelta(days=1)
FETCH_SECONDS = next(spec.timeout_seconds for spec in FUNCTIONS if spec.task == "fetch_source")


class Catalogue:
    """A server behind an API; ``answer`` is what it says at present. ``asked`` are the paths."""

    def __init__(self, answer: Response | Exception = SETTLED) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.when_asked: Callable[[], object] = lambda: None

    def send(self, request: Request) -> Response:
        self.asked.append(request.url.removeprefix("https://example.com"))
        self.when_asked()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class World:
    def __init__(self, answer: Response | Exception = SETTLED) -> None:
        self.clock = ManualClock()
        self.cache = FakeAnswerCache(clock=self.clock)
        self.catalogue = Catalogue(answer)
        self.counts = CatalogueCounts()
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.clock.advance(timedelta(seconds=seconds))

    def worker(self, *, without_cache: bool = False, at_least: float = 0.0, last_attempt: bool = False) -> "Worker":
        """A process of its own."""
        shared = SharedAnswers(
            cache=None if without_cache else self.cache,
            last_attempt=last_attempt,
            resting=Resting(monotonic=lambda: self.clock().timestamp()),
        )
        return Worker(self, shared, at_least)

    def kept(self, key: str = "jikan:anime:1") -> Kept:
        value = self.cache.get(key)
        assert value is not None
        kept = unpacked(value)
        assert kept is not None
        return kept


class Worker:
    def __init__(self, world: World, shared: SharedAnswers, at_least: float) -> None:
        self.shared = shared
        self.answers = KeptAnswers(
            "jikan", shared, counts=world.counts, clock=world.clock, sleep=world.sleep, at_least=at_least
        )
        self.api = JsonApi(
            catalogue="jikan",
            base_url="https://example.com",
            transport=world.catalogue,
            sleep=world.sleep,
            clock=world.clock,
            headers={"X-Server-Key": "abcdefgh"},
            policy=RetryPolicy(attempts=1),
            answers=self.answers,
        )

    def get(self, keep: Keep = ANIME, path: str = "/anime/1", **query: str | int) -> Any:
        return self.api.get(path, query or None, keep=keep)


# ------------------------------------------------------------------------------------------------------------- fresh


def test_a_fresh_answer_is_not_asked_for_again_by_any_worker() -> None:
    world = World()
    assert world.worker().get() == {"airing": False}
    assert world.worker().get() == {"airing": False}
    assert len(world.catalogue.asked) == 1
    assert world.counts[Count.HITS] == 1


def test_keys_are_the_catalogues_own_words_and_hold_no_key() -> None:
    world = World()
    world.worker().get(ANIME, access_token="abcdefgh")
    world.worker().get(EPISODES, "/anime/1/episodes", page=2)
    assert {key for _, key in world.cache.calls} == {"jikan:anime:1", "jikan:anime:1:episodes:2"}
    for key in ("jikan:anime:1", "jikan:anime:1:episodes:2"):
        value = world.cache.get(key)
        assert value is not None
        assert b"abcdefgh" not in value
        assert "abcdefgh" not in repr(unpacked(value))


def test_an_answer_grows_old() -> None:
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.worker().get()
    assert len(world.catalogue.asked) == 2


def test_an_anime_on_air_grows_old_sooner() -> None:
    world = World(AIRING)
    world.worker().get()
    world.clock.advance(timedelta(seconds=LIFETIMES[Kind.ANIME].airing))
    world.worker().get()
    assert len(world.catalogue.asked) == 2


@pytest.mark.parametrize(
    ("anime", "seconds"),
    [
        (SETTLED, LIFETIMES[Kind.EPISODES].settled),
        (AIRING, LIFETIMES[Kind.EPISODES].airing),
        (None, LIFETIMES[Kind.EPISODES].airing),
    ],
    ids=["settled", "on air", "unknown"],
)
def test_what_belongs_to_an_anime_lives_as_its_anime_does(anime: Response | None, seconds: float) -> None:
    world = World()
    if anime is not None:
        world.catalogue.answer = anime
        world.worker().get()
    world.catalogue.answer = json_response({"data": []})
    world.worker().get(EPISODES, "/anime/1/episodes")
    kept = world.kept("jikan:anime:1:episodes:2")
    assert kept.fresh_until - kept.at == seconds
    assert world.cache.seconds["jikan:anime:1:episodes:2"] == seconds + STALE_SECONDS


def test_a_catalogue_that_is_asked_once_a_day_keeps_everything_for_a_day() -> None:
    world = World(AIRING)
    world.worker(at_least=24 * 3600.0).get()
    assert world.kept().fresh_until - world.kept().at == 24 * 3600

    world.catalogue.answer = json_response({}, status=404)
    with pytest.raises(NotFound):
        world.worker(at_least=24 * 3600.0).get(replace(ANIME, item="anime:2"))
    assert world.cache.seconds["jikan:anime:2"] == 24 * 3600


def test_an_answer_to_another_question_under_the_same_key_is_none() -> None:
    """As after a release that asks for more fields."""
    world = World()
    world.worker().get()
    world.worker().get(ANIME, "/anime/1/full")
    assert world.catalogue.asked == ["/anime/1", "/anime/1/full"]


def test_a_changed_key_of_ours_is_the_same_question() -> None:
    world = World()
    world.worker().get(ANIME, api_key="abcdefgh")
    world.worker().get(ANIME, api_key="ijklmnop")
    assert len(world.catalogue.asked) == 1


def _moved(value: Any) -> None:
    """The shape that a newer release reads."""
    if "status" not in value:
        raise Malformed("jikan anime.status: expected a text, got nothing")


@pytest.mark.parametrize("age", [timedelta(0), DAY], ids=["fresh", "old"])
def test_an_answer_that_a_newer_release_cannot_read_is_asked_for_anew_once(age: timedelta) -> None:
    world = World()
    world.worker().get()
    world.clock.advance(age)
    world.catalogue.answer = json_response({"airing": False, "status": "ended"})
    newer = replace(ANIME, check=_moved)
    for _ in range(2):
        assert world.worker().get(newer) == {"airing": False, "status": "ended"}
    assert len(world.catalogue.asked) == 2


def test_an_answer_that_a_newer_release_cannot_read_stands_in_for_nothing() -> None:
    world = World()
    world.worker().get()
    world.catalogue.answer = DOWN
    with pytest.raises(Unavailable):
        world.worker(last_attempt=True).get(replace(ANIME, check=_moved))


def test_what_somebody_else_keeps_meanwhile_and_nobody_here_can_read_is_asked_for() -> None:
    """Two releases are at work while one follows the other."""
    world = World()
    claim = world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    assert claim is not None
    newer = world.worker()

    def older_answers(seconds: float) -> None:
        world.sleep(seconds)
        world.cache.release("jikan:anime:1", claim)
        world.worker().get()
        world.catalogue.answer = json_response({"airing": False, "status": "ended"})

    newer.answers._sleep = older_answers
    assert newer.get(replace(ANIME, check=_moved)) == {"airing": False, "status": "ended"}


def test_what_nobody_says_how_to_keep_is_not_kept() -> None:
    world = World()
    worker = world.worker()
    worker.api.get("/anime/1")
    worker.api.get("/anime/1")
    assert len(world.catalogue.asked) == 2
    assert world.cache.calls == []


def test_bodies_of_posts_are_part_of_the_question() -> None:
    world = World()
    worker = world.worker()
    for query in ("{ a }", "{ a }", "{ b }"):
        worker.api.post("/", {"query": query}, keep=ANIME)
    assert len(world.catalogue.asked) == 2


def test_a_document_comes_back_with_its_media_type() -> None:
    world = World(Response(status=200, headers={"content-type": "text/xml; charset=latin-1"}, body=b"<a/>"))
    keep = Keep(item="anime:1", kind=Kind.ANIME)
    for _ in range(2):
        answer = world.worker().api.get_document("/a", media_types=frozenset({"text/xml"}), keep=keep)
        assert (answer.headers["content-type"], answer.body) == ("text/xml; charset=latin-1", b"<a/>")
    assert len(world.catalogue.asked) == 1


# ---------------------------------------------------------------------------------------------- what is not kept


@pytest.mark.parametrize(
    "bad",
    [
        json_response(b"<html>maintenance</html>", content_type="text/html"),
        json_response(b'{"data": '),
        json_response({}, status=500),
        json_response({}, status=429),
        json_response({}, status=403),
        json_response({}, status=302, location="/elsewhere"),
    ],
    ids=["HTML", "cut off", "500", "429", "403", "redirect"],
)
def test_a_bad_answer_is_not_kept(bad: Response) -> None:
    world = World(bad)
    with pytest.raises(AnimeError):
        world.worker().get()
    world.catalogue.answer = SETTLED
    assert world.worker().get() == {"airing": False}


def test_an_error_in_disguise_is_not_kept() -> None:
    def check(value: Any) -> None:
        if "errors" in value:
            raise Malformed("anilist: answers a GraphQL error")

    world = World(json_response({"errors": [1], "airing": False}))
    keep = replace(ANIME, check=check)
    with pytest.raises(Malformed):
        world.worker().get(keep)
    world.catalogue.answer = SETTLED
    assert world.worker().get(keep) == {"airing": False}
    assert len(world.catalogue.asked) == 2


def test_an_error_in_disguise_is_one_without_a_cache_too() -> None:
    def check(_: Any) -> None:
        raise NotFound("anilist: does not know the anime")

    worker = World().worker()
    with pytest.raises(NotFound):
        replace(worker.api, answers=None).get("/anime/1", keep=replace(ANIME, check=check))


def test_an_answer_too_large_for_the_cache_is_given_and_not_kept() -> None:
    noise = random.Random(1).randbytes(1_200_000).hex()
    world = World(json_response({"airing": False, "text": noise}))
    assert len(packed(replace(KEPT, body=noise.encode()))) > MOST_BYTES
    assert world.worker().get()["text"] == noise
    assert "put" not in {name for name, _ in world.cache.calls}


KEPT = Kept(asked="", at=0, fresh_until=0, airing=False, missing=None, content_type="", body=b"")


@pytest.mark.parametrize("value", [b"", b"rubbish", packed(KEPT)[:-2]])
def test_rubbish_in_the_cache_is_replaced(value: bytes) -> None:
    world = World()
    world.cache.put("jikan:anime:1", value, seconds=3600)
    assert world.worker().get() == {"airing": False}
    assert world.kept().body == SETTLED.body


# ----------------------------------------------------------------------------------------------------------- negative


def test_what_does_not_exist_is_remembered_briefly() -> None:
    world = World(json_response({}, status=404))
    for _ in range(3):
        with pytest.raises(NotFound, match="jikan GET /anime/1: answers 404"):
            world.worker().get()
    assert len(world.catalogue.asked) == 1
    assert world.cache.seconds["jikan:anime:1"] == NEGATIVE_SECONDS
    world.clock.advance(timedelta(seconds=NEGATIVE_SECONDS))
    world.catalogue.answer = SETTLED
    assert world.worker().get() == {"airing": False}


def test_what_did_not_exist_stands_in_for_nothing() -> None:
    world = World(json_response({}, status=404))
    with pytest.raises(NotFound):
        world.worker().get()
    world.catalogue.answer = DOWN
    world.cache.put("jikan:anime:1", packed(replace(world.kept(), fresh_until=0)), seconds=3600)
    with pytest.raises(Unavailable):
        world.worker().get()


# -------------------------------------------------------------------------------------------------------------- stale


@pytest.mark.parametrize(
    "trouble",
    [
        DOWN,
        Paused("jikan: not asked before noon (outage)"),
        AskedBefore("anidb: asked for already"),
        json_response({}, status=500),
        json_response({}, status=403),
        json_response(b"<html>", content_type="text/html"),
        json_response(b'{"data'),
    ],
    ids=["down", "paused", "asked before", "500", "403", "HTML", "cut off"],
)
def test_an_old_answer_stands_in_for_a_catalogue_that_fails(trouble: Response | Exception) -> None:
    world = World()
    world.worker().get()
    world.clock.advance(timedelta(days=8))
    world.catalogue.answer = trouble
    worker = world.worker()
    assert worker.get() == {"airing": False}
    assert (world.counts[Count.STALE], world.counts[Count.HITS]) == (1, 0)
    (note,) = worker.answers.notes
    assert note.startswith("anime:1: an answer of 2026-11-21 01:00 UTC, since ")
    assert worker.answers.oldest == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def test_an_old_answer_does_not_stand_in_for_ever() -> None:
    world = World()
    world.worker().get()
    world.clock.advance(timedelta(days=9))
    world.catalogue.answer = DOWN
    with pytest.raises(Unavailable):
        world.worker().get()


@pytest.mark.parametrize(
    "said",
    [
        json_response({}, status=404),
        json_response({}, status=429, retry_after="600"),
        Throttled("its turn is in 50 s", retry_after=50),
        NotRecorded("no recorded answer"),
        BadInput("a URL that cannot be read"),
    ],
    ids=["404", "429", "no turn", "not recorded", "bad input"],
)
def test_an_old_answer_does_not_hide_what_is_no_failure(said: Response | Exception) -> None:
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.catalogue.answer = said
    with pytest.raises(AnimeError) as error:
        world.worker().get()
    assert not isinstance(error.value, Unavailable | Malformed | Refused)


def test_an_old_answer_stands_in_while_the_catalogue_is_left_alone_after_failures() -> None:
    world = World()
    first = world.worker().get()
    world.clock.advance(DAY)
    world.catalogue.answer = InTrouble("its turn is in 60 s (outage)", retry_after=60)
    assert world.worker().get() == first


@pytest.mark.parametrize(
    "late",
    [Throttled("many are waiting for their turns", retry_after=60), json_response({}, status=429, retry_after="600")],
    ids=["no turn", "429"],
)
def test_in_the_last_attempt_an_old_answer_stands_in_for_a_turn_that_does_not_come(late: Response | Exception) -> None:
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.catalogue.answer = late
    with pytest.raises(Throttled):
        world.worker().get()
    last = world.worker(last_attempt=True)
    assert last.get() == {"airing": False}
    assert world.counts[Count.STALE] == 1
    assert "an answer of 2026-11-21 01:00 UTC, since" in last.answers.notes[0]


def test_in_the_last_attempt_an_answer_that_somebody_else_asks_for_may_be_old() -> None:
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    assert world.worker(last_attempt=True).get() == {"airing": False}


def test_in_the_last_attempt_an_old_answer_does_not_stand_in_for_time_that_this_call_lacks() -> None:
    """The next call has it."""
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.catalogue.answer = Throttled("too late for another request in this call", retry_after=0.0)
    with pytest.raises(Throttled, match="too late"):
        world.worker(last_attempt=True).get()
    assert world.counts[Count.STALE] == 0


def test_in_the_last_attempt_what_was_never_answered_stays_late() -> None:
    with pytest.raises(Throttled):
        World(Throttled("many are waiting")).worker(last_attempt=True).get()


def test_a_catalogue_that_is_back_is_asked_at_once() -> None:
    world = World()
    world.worker().get()
    world.clock.advance(DAY)
    world.catalogue.answer = DOWN
    world.worker().get()
    world.catalogue.answer = AIRING
    assert world.worker().get() == {"airing": True}


def test_the_age_is_that_of_the_oldest_answer_since_the_beginning() -> None:
    world = World()
    world.worker().get()
    world.clock.advance(timedelta(hours=1))
    worker = world.worker()
    assert worker.answers.oldest is None
    worker.get(EPISODES, "/anime/1/episodes")
    worker.get()
    assert worker.answers.oldest == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    worker.answers.begin()
    assert (worker.answers.oldest, worker.answers.notes) == (None, ())


# ------------------------------------------------------------------------------------------------------ single flight


def test_threads_that_miss_the_same_answer_make_one_request() -> None:
    world = World()
    shared = world.worker().shared
    asked, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        assert go_on.wait(30)

    world.catalogue.when_asked = hold
    values: list[Any] = []
    threads = [threading.Thread(target=lambda: values.append(Worker(world, shared, 0.0).get())) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert asked.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert values == [{"airing": False}] * 2
    assert len(world.catalogue.asked) == 1
    assert world.counts[Count.HITS] == 1
    assert values[0] is not values[1]


def test_workers_that_miss_the_same_answer_make_one_request() -> None:
    """The second process finds the claim of the first, waits, and takes its answer."""
    world = World()
    first, second = world.worker(), world.worker()
    sleep = world.sleep
    answered: list[Any] = []

    def first_ends(seconds: float) -> None:
        sleep(seconds)
        if not answered:
            answered.append(first.get())

    claim = world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    assert claim is not None

    def release_and_answer(seconds: float) -> None:
        if not answered:
            world.cache.release("jikan:anime:1", claim)
        first_ends(seconds)

    second.answers._sleep = release_and_answer
    assert second.get() == {"airing": False}
    assert answered == [{"airing": False}]
    assert len(world.catalogue.asked) == 1
    assert world.counts[Count.HITS] == 1


def test_the_claim_of_a_worker_that_failed_passes_on() -> None:
    world = World(DOWN)
    with pytest.raises(Unavailable):
        world.worker().get()
    world.catalogue.answer = SETTLED
    world.worker().get()
    assert world.slept == 0


def test_an_answer_that_takes_long_is_waited_for_by_the_machine_and_not_asked_for_twice() -> None:
    world = World()
    claim = world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    assert claim is not None
    with pytest.raises(Throttled, match="somebody else is asking for it") as error:
        world.worker().get()
    assert FOLLOW_SECONDS <= world.slept < FOLLOW_SECONDS + 1
    assert error.value.retry_after == FOLLOW_SECONDS
    assert world.catalogue.asked == []
    world.cache.release("jikan:anime:1", claim)
    assert world.worker().get() == {"airing": False}


def test_an_answer_that_takes_a_quarter_of_a_minute_is_taken_in_the_same_call() -> None:
    world = World()
    first, second = world.worker(), world.worker()
    claim = world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    assert claim is not None

    def sleep(seconds: float) -> None:
        world.sleep(seconds)
        if world.slept >= 15 and not world.catalogue.asked:
            world.cache.release("jikan:anime:1", claim)
            first.get()

    second.answers._sleep = sleep
    assert second.get() == {"airing": False}
    assert world.slept >= 15
    assert (len(world.catalogue.asked), world.counts[Count.HITS]) == (1, 1)


def test_whoever_asks_is_alone_as_long_as_a_function_may_last() -> None:
    """The turn, the repetitions and the request itself."""
    world = World()
    others: list[AnimeError] = []

    def meanwhile() -> None:
        world.clock.advance(timedelta(seconds=FETCH_SECONDS - 2 * FOLLOW_SECONDS))
        with pytest.raises(Throttled) as error:
            world.worker().get()
        others.append(error.value)

    world.catalogue.when_asked = meanwhile
    assert world.worker().get() == {"airing": False}
    assert len(others) == 1
    assert len(world.catalogue.asked) == 1


def test_a_worker_that_died_is_waited_for_no_longer_than_it_could_have_lived() -> None:
    world = World()
    world.cache.claim("jikan:anime:1", seconds=CLAIM_SECONDS)
    world.clock.advance(timedelta(seconds=CLAIM_SECONDS))
    assert world.worker().get() == {"airing": False}
    assert world.slept == 0


def test_a_worker_that_waited_for_the_claim_looks_again() -> None:
    """Between its look and its claim another may have kept the answer."""
    world = World()
    world.worker().get()
    value = world.cache.get("jikan:anime:1")
    assert value is not None
    late = world.worker()
    looks = iter([None, value])
    late.answers._shared = SharedAnswers(cache=_Looking(world.cache, looks))
    assert late.get() == {"airing": False}
    assert len(world.catalogue.asked) == 1


class _Looking(FakeAnswerCache):
    """Finds what it is told to find."""

    def __init__(self, other: FakeAnswerCache, looks: Any) -> None:
        super().__init__(clock=other._clock)
        self._looks = looks

    def get(self, key: str) -> bytes | None:
        found: bytes | None = next(self._looks)
        return found


# ---------------------------------------------------------------------------------------------- without the cache


def test_without_a_cache_every_answer_is_asked_for() -> None:
    world = World()
    worker = world.worker(without_cache=True)
    assert [worker.get(), worker.get()] == [{"airing": False}] * 2
    assert len(world.catalogue.asked) == 2
    assert world.counts[Count.STORE_ERRORS] == 0


def test_a_cache_that_is_down_fails_no_fetch_and_is_left_alone_for_a_moment() -> None:
    world = World()
    world.cache.down = True
    worker = world.worker()
    assert [worker.get(), worker.get()] == [{"airing": False}] * 2
    assert len(world.catalogue.asked) == 2
    assert world.counts[Count.STORE_ERRORS] == 1

    world.cache.down = False
    world.clock.advance(timedelta(seconds=REST_SECONDS))
    worker.get()
    worker.get()
    assert len(world.catalogue.asked) == 3


@pytest.mark.parametrize("call", ["claim", "put", "release"])
def test_a_cache_that_fails_in_the_middle_fails_no_fetch(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Permanent("cache: refused")

    world = World()
    monkeypatch.setattr(world.cache, call, fail)
    assert world.worker().get() == {"airing": False}
    assert world.counts[Count.STORE_ERRORS] == 1
