"""Runs, reviews, catalogues."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.doctor.errors import FunctionFailed, Unreachable
from cli.doctor.findings import State
from cli.doctor.work import (
    OVERDUE,
    Catalogues,
    CatalogueState,
    LastRun,
    Runs,
    Waiting,
    ago,
    catalogues,
    first_load,
    reviews,
    weekly_run,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def good(hours: float = 1) -> LastRun:
    at = NOW - hours * HOUR
    return LastRun(state="succeeded", at=at, succeeded_at=at)


def bad(error: str | None = "the release is not zstd", *, succeeded: float | None = None) -> LastRun:
    return LastRun(
        state="failed", at=NOW - HOUR, error=error, succeeded_at=None if succeeded is None else NOW - succeeded * HOUR
    )


@pytest.mark.parametrize("runs", [{"bootstrap": good()}, {"restore": good()}, {"bootstrap": bad(), "sync": good()}])
def test_a_database_is_filled_by_any_of_three_ways(runs: Runs) -> None:
    assert first_load(runs, stack="dev").state is State.OK


def test_an_empty_database_says_how_to_fill_it() -> None:
    found = first_load({"bootstrap": None}, stack="dev")
    assert found.state is State.WARNING
    assert "anime bootstrap --release latest --stack dev" in found.do
    assert "samples/" in first_load({"bootstrap": None}, stack="local").do


def test_a_first_load_that_failed_says_why() -> None:
    assert "not zstd" in first_load({"bootstrap": bad()}, stack="dev").found
    assert "without a reason" in first_load({"bootstrap": bad(None)}, stack="dev").found


def test_a_first_load_that_goes_on_is_not_started_again() -> None:
    found = first_load({"bootstrap": LastRun(state="running", at=NOW)}, stack="dev")
    assert found.state is State.WARNING
    assert found.do.startswith("wait")


def test_reports_that_cannot_be_read_are_a_doubt() -> None:
    assert first_load({"bootstrap": Unreachable()}, stack="dev").state is State.WARNING
    assert weekly_run("sync", Unreachable(), now=NOW, scheduled=True, stack="dev").state is State.WARNING


def state_of(run: LastRun | None, *, scheduled: bool = True, stack: str = "dev") -> State:
    return weekly_run("sync", run, now=NOW, scheduled=scheduled, stack=stack).state


def test_a_weekly_run_is_missed_when_its_alarm_would_ring() -> None:
    hours = OVERDUE / HOUR
    assert state_of(good(hours)) is State.OK
    assert state_of(good(hours + 0.1)) is State.WARNING


def test_what_is_not_scheduled_is_not_missed() -> None:
    assert state_of(good(2000), scheduled=False) is State.OK


def test_a_run_that_failed_is_told_though_an_older_one_succeeded() -> None:
    found = weekly_run("sync", bad(succeeded=100), now=NOW, scheduled=True, stack="dev")
    assert found.state is State.WARNING
    assert "not zstd" in found.found
    assert "anime sync --stack dev" in found.do


def test_a_failure_is_over_once_a_later_run_succeeded() -> None:
    assert state_of(bad(succeeded=0.5)) is State.OK


@pytest.mark.parametrize("run", [None, LastRun(state="succeeded", at=NOW), LastRun(state="running", at=NOW)])
def test_a_run_that_never_changed_anything_has_not_run(run: LastRun | None) -> None:
    assert "Saturday" in weekly_run("sync", run, now=NOW, scheduled=True, stack="dev").found
    assert state_of(run) is State.OK
    assert state_of(run, scheduled=False) is State.WARNING
    assert state_of(run, scheduled=False, stack="local") is State.OK


def test_reviews_may_wait_until_their_reminder() -> None:
    def judge(count: int, hours: float) -> State:
        waiting = Waiting(count=count, oldest=NOW - hours * HOUR if count else None)
        return reviews(waiting, now=NOW, remind_after=72 * HOUR, stack="dev").state

    assert judge(0, 0) is State.OK
    assert judge(5, 72) is State.OK
    assert judge(1, 73) is State.WARNING


def test_reviews_are_counted_as_far_as_they_were_listed() -> None:
    waiting = Waiting(count=1000, oldest=NOW - 100 * HOUR, complete=False)
    found = reviews(waiting, now=NOW, remind_after=72 * HOUR, stack="dev")
    assert "1000 or more" in found.found
    assert "4 days" in found.found
    assert "anime review list --stack dev" in found.do


def test_a_review_function_that_fails_is_a_doubt() -> None:
    found = reviews(FunctionFailed("Unavailable"), now=NOW, remind_after=HOUR, stack="dev")
    assert found.state is State.WARNING
    assert "Unavailable" in found.found


STATES = (
    CatalogueState(catalogue="anidb", paused_until=NOW + 5 * HOUR, reason="ban"),
    CatalogueState(catalogue="kitsu", paused_until=NOW - HOUR, reason="outage"),
    CatalogueState(catalogue="anilist", paused_until=NOW + HOUR / 60, reason="rate"),
    CatalogueState(catalogue="jikan"),
)


def test_a_catalogue_that_is_banned_or_down_has_a_line_and_one_that_is_only_paced_has_none() -> None:
    (found,) = catalogues(Catalogues(states=STATES), now=NOW, stack="dev")
    assert (found.check, found.state) == ("catalogue anidb", State.WARNING)
    assert "5 hours: ban" in found.found
    (fine,) = catalogues(Catalogues(states=STATES[1:]), now=NOW, stack="dev")
    assert fine.state is State.OK


def test_a_catalogue_that_asks_for_a_long_wait_has_a_line_too() -> None:
    long, short = NOW + 24 * HOUR, NOW + HOUR / 60
    states = tuple(
        CatalogueState(catalogue=name, paused_until=until, reason="rate")
        for name, until in (("jikan", long), ("anilist", short), ("kitsu", NOW - 24 * HOUR))
    )
    (found,) = catalogues(Catalogues(states=states), now=NOW, stack="dev")
    assert (found.check, found.state) == ("catalogue jikan", State.WARNING)
    assert "24 hours: rate" in found.found


def test_catalogues_whose_states_cannot_all_be_read_are_told_beside_those_that_can() -> None:
    found = catalogues(Catalogues(states=STATES, problem="cache GET: TimeoutError"), now=NOW, stack="dev")
    assert [one.check for one in found] == ["catalogue anidb", "catalogues"]
    assert "cache GET: TimeoutError" in found[1].found
    assert found[1].state is State.WARNING


def test_catalogues_whose_states_nobody_keeps_have_no_line() -> None:
    assert catalogues(Catalogues(), now=NOW, stack="dev") == []
    assert [one.state for one in catalogues(Unreachable(), now=NOW, stack="dev")] == [State.WARNING]


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-5), "a moment"),
        (timedelta(seconds=0.2), "1 second"),
        (timedelta(seconds=12), "12 seconds"),
        (timedelta(seconds=90), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(minutes=61), "1 hour"),
        (timedelta(hours=48), "48 hours"),
        (timedelta(hours=73), "3 days"),
    ],
)
def test_ages_are_told_in_words(age: timedelta, said: str) -> None:
    assert ago(age) == said
