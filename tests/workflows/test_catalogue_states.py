"""How the catalogues are doing is told for each of them, as far as it can be known."""

from datetime import timedelta

from domain.token_bucket import Bucket, Pace, Reason, Signals, Trouble, told
from models.errors import Unavailable
from models.events import Catalogue, QueryInput
from stores.rate_buckets import ProcessRateBuckets
from tests.support.fakes import Failing, ManualClock
from workflows.catalogue_states import catalogue_states


def banned(buckets: ProcessRateBuckets, catalogue: str, seconds: float) -> None:
    def step(bucket: Bucket | None, now: float) -> tuple[Bucket, None]:
        trouble = Trouble(reason=Reason.BAN, seconds=seconds)
        return told(bucket, Pace(per_second=0.4), Signals(trouble=trouble), now), None

    buckets.change(catalogue, step)


def test_a_pause_shows_with_its_end_and_its_reason_until_it_is_over() -> None:
    clock = ManualClock()
    buckets = ProcessRateBuckets(clock=clock)
    banned(buckets, "anidb", 3600)

    paused = {one["catalogue"]: one for one in catalogue_states(buckets, clock=clock)["catalogues"]}
    clock.advance(timedelta(hours=1))
    over = {one["catalogue"]: one for one in catalogue_states(buckets, clock=clock)["catalogues"]}

    assert paused["anidb"] == {
        "catalogue": "anidb",
        "paused_until": "2026-11-21T02:00:00+00:00",
        "reason": "ban",
        "failures": 1,
        "requests_a_minute": 24.0,
    }
    assert (over["anidb"]["paused_until"], over["anidb"]["reason"]) == (None, None)


def test_every_catalogue_is_told_of_also_those_that_nobody_asked() -> None:
    clock = ManualClock()
    found = catalogue_states(ProcessRateBuckets(clock=clock), clock=clock)
    assert [one["catalogue"] for one in found["catalogues"]] == [catalogue.value for catalogue in Catalogue]
    assert found["problem"] is None
    assert {one["requests_a_minute"] for one in found["catalogues"]} == {None}


def test_a_store_that_is_down_is_asked_once() -> None:
    clock = ManualClock()
    failing = Failing(ProcessRateBuckets(clock=clock)).before("find", Unavailable("cache GET: TimeoutError"), times=9)
    assert catalogue_states(failing, clock=clock) == {"catalogues": [], "problem": "cache GET: TimeoutError"}
    assert failing.calls == ["find"]


def test_a_stack_that_counts_nowhere_says_so() -> None:
    found = catalogue_states(None, clock=ManualClock())
    assert found["catalogues"] == []
    assert "neither a cache nor a table" in found["problem"]


def test_the_question_needs_nothing_else() -> None:
    assert QueryInput.model_validate({"action": "catalogues"}).action == "catalogues"
