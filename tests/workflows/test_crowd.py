"""Two hundred anime at once, as many as a sync starts, lose nothing of any catalogue, and no execution its history."""

import functools
from itertools import accumulate

import pytest

from components.settings import DAY
from models.events import Catalogue
from sources.manners import MANNERS
from tests.statemachines.asl import tasks
from tests.support.crowds import (
    AGAIN,
    MACHINE,
    REQUESTS,
    STATES,
    TOO_MANY,
    VISIT,
    WAIT,
    Crowd,
    Played,
    longest_delays,
    retrier,
)
from workflows.enrichment import CALL_TIME, LEAST_WAIT, PATIENCE

EXECUTIONS = 200
MOST_EVENTS = 25_000
"""Of one execution, its inline maps included (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)."""


@functools.cache
def played_by(*, fetching: int | None = None, at_once: int | None = None) -> Played:
    return Crowd(EXECUTIONS, fetching=fetching, at_once=at_once).play()


@pytest.mark.parametrize(
    "limits",
    [{}, {"fetching": 20}, {"fetching": 5}, {"at_once": 10}],
    ids=["no limit", "20 fetch", "5 fetch", "a new account"],
)
def test_two_hundred_at_once_lose_nothing(limits: dict[str, int]) -> None:
    played = played_by(**limits)
    assert not played.lost
    assert played.finished == EXECUTIONS
    assert played.requests == {catalogue: EXECUTIONS * requests for catalogue, requests in REQUESTS.items()}
    assert played.hours < PATIENCE.total_seconds() / 3600 / 2
    assert played.most_events < MOST_EVENTS / 10


def test_a_catalogue_is_asked_at_its_whole_pace_while_most_wait() -> None:
    """Jikan's requests alone take so long; and functions that wait are paid for."""
    played = played_by()
    least = EXECUTIONS * REQUESTS[Catalogue.JIKAN] / MANNERS["jikan"].pace.per_second / 3600
    assert least <= played.fetched_hours < 1.05 * least
    assert played.function_hours < 15 * least


def test_one_anime_waits_in_no_state() -> None:
    played = Crowd(1).play()
    assert played.hours < 4 / 60
    assert played.most_events == VISIT * (len(REQUESTS) + len(Crowd.OTHERS))


def test_a_crowd_that_is_too_large_is_seen_to_be() -> None:
    played = played_by(at_once=2)
    assert played.lost["attempts"] > 0
    assert played.finished < EXECUTIONS


def test_no_execution_can_outgrow_its_history() -> None:
    """Of every catalogue all the time that patience allows, at the rounds that write most: each with as many
    repetitions, for a catalogue that fails and for functions that are not free, as make it worst. All begin anew with
    each visit of the state. Delays are the mean ones."""
    unavailable = [delay / 2 for delay in longest_delays(retrier("Fetch", "Unavailable"))]
    busy = [delay / 2 for delay in longest_delays(retrier("Fetch", TOO_MANY))]
    rounds = ((VISIT + WAIT, LEAST_WAIT), (VISIT, CALL_TIME.total_seconds()))
    a_second = max(
        (events + AGAIN * (failed + again)) / (seconds + down + delayed)
        for events, seconds in rounds
        for failed, down in enumerate(accumulate(unavailable, initial=0.0))
        for again, delayed in enumerate(accumulate(busy, initial=0.0))
    )
    fetching = len(REQUESTS) * a_second * PATIENCE.total_seconds()
    last_round = len(REQUESTS) * AGAIN * sum(one["MaxAttempts"] for one in STATES["Fetch"]["Retry"])
    others = sum(
        (len(REQUESTS) if name == "RecordFailure" else 1)
        * (VISIT + AGAIN * sum(one["MaxAttempts"] for one in state["Retry"]))
        for name, state in tasks(MACHINE)
        if name != "Fetch"
    )
    assert fetching + last_round + others < MOST_EVENTS


def test_what_comes_before_the_review_fits_into_the_machines_day() -> None:
    """With a mean delay before every attempt that its states have for functions that are not free."""
    ways = ("Fetch", *Crowd.OTHERS)
    waited = sum(sum(longest_delays(retrier(name, TOO_MANY))) / 2 for name in ways)
    assert PATIENCE.total_seconds() + waited < DAY


def test_every_state_waits_for_a_function_that_is_not_free() -> None:
    """As long as a crowd keeps them busy."""
    for name, _ in tasks(MACHINE):
        assert sum(longest_delays(retrier(name, TOO_MANY))) / 2 > 3600, name
