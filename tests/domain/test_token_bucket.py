"""A bucket gives out no more than it may, whoever asks when, and believes what a catalogue says of itself."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.token_bucket import (
    LONGEST_PAUSE,
    SERIES,
    Bucket,
    Pace,
    Reason,
    Signals,
    Trouble,
    Turn,
    has_news,
    take,
    told,
)

NOW = 1_795_222_800.0
PACE = Pace(per_second=0.5, capacity=3, most_per_second=2.0)
STRICT = Pace(per_second=0.4)
FAILURE = Signals(trouble=Trouble(reason=Reason.OUTAGE))

# Quarters of a second, so that arithmetic on times is exact and the bound needs no slack.
moments = st.integers(min_value=-40, max_value=4000).map(lambda quarters: NOW + quarters / 4)
paces = st.builds(
    Pace,
    per_second=st.sampled_from([0.25, 0.5, 1.0, 2.0]),
    capacity=st.integers(min_value=1, max_value=5).map(float),
)
troubles = st.builds(
    Trouble, reason=st.sampled_from(Reason), seconds=st.none() | st.floats(min_value=0, max_value=300, allow_nan=False)
)
signals = st.builds(
    Signals,
    limit=st.none() | st.floats(min_value=-1, max_value=500, allow_nan=False),
    remaining=st.none() | st.floats(min_value=-1, max_value=500, allow_nan=False),
    reset_at=st.none() | moments,
    trouble=st.none() | troubles,
)
asking = st.none()


def granted(turns: Sequence[Turn]) -> int:
    return sum(turn.granted for turn in turns)


def asked_at(pace: Pace, *times: float, bucket: Bucket | None = None) -> list[Turn]:
    turns = []
    for now in times:
        turn = take(bucket, pace, now)
        bucket = turn.bucket
        turns.append(turn)
    return turns


@given(pace=paces, steps=st.lists(st.tuples(moments, asking | signals), max_size=60))
def test_no_window_has_more_than_the_capacity_and_the_refill(
    pace: Pace, steps: list[tuple[float, Signals | None]]
) -> None:
    """Whatever the order of the workers' clocks, of which the fastest counts, and whatever they tell in between."""
    bucket: Bucket | None = None
    grants: list[float] = []
    latest = NOW - 10
    for now, signal in steps:
        latest = max(latest, now)
        if signal is not None:
            bucket = told(bucket, pace, signal, now)
        else:
            turn = take(bucket, pace, now)
            bucket = turn.bucket if turn.granted else bucket
            if turn.granted:
                grants.append(latest)
    for first in range(len(grants)):
        for last in range(first, len(grants)):
            assert last - first + 1 <= pace.capacity + pace.most * (grants[last] - grants[first]) + 1e-6


@given(times=st.lists(moments, max_size=80).map(sorted))
def test_a_strict_pace_keeps_its_distance(times: list[float]) -> None:
    turns = asked_at(STRICT, *times)
    grants = [now for now, turn in zip(times, turns, strict=True) if turn.granted]
    assert all(later - earlier >= 2.5 - 1e-6 for earlier, later in itertools.pairwise(grants))


@given(pace=paces, times=st.lists(moments, min_size=1, max_size=40).map(sorted))
def test_whoever_waits_as_told_is_served(pace: Pace, times: list[float]) -> None:
    turn = asked_at(pace, *times)[-1]
    now, waits = times[-1], 0
    while not turn.granted:
        assert turn.wait > 0
        now, waits = now + turn.wait, waits + 1
        turn = take(turn.bucket, pace, now)
        assert waits <= 2


def test_a_new_bucket_is_full_and_fills_up_to_its_capacity() -> None:
    assert [turn.granted for turn in asked_at(PACE, *[NOW] * 4)] == [True, True, True, False]
    emptied = asked_at(PACE, *[NOW] * 3)[-1].bucket
    assert granted(asked_at(PACE, *[NOW + 3600] * 4, bucket=emptied)) == 3


def test_the_wait_is_until_the_next_token() -> None:
    turn = asked_at(PACE, *[NOW] * 3, NOW + 0.5)[-1]
    assert (turn.granted, turn.wait, turn.pause) == (False, 1.5, None)


def test_workers_who_do_not_know_of_each_other_share_the_pace() -> None:
    alone = PACE.among(10)
    assert (alone.per_second, alone.capacity, alone.most) == (0.05, 1.0, 0.05)


def test_a_limit_in_the_headers_sets_the_pace_within_what_was_agreed() -> None:
    """30 a minute: 3 at once and 27 by and by."""
    slower = told(None, PACE, Signals(limit=30), NOW)
    assert (slower.per_second, slower.learned) == (27 / 60, True)
    assert told(slower, PACE, Signals(limit=90), NOW).per_second == 87 / 60
    assert told(slower, PACE, Signals(limit=600), NOW).per_second == 2.0
    assert told(None, STRICT, Signals(limit=600), NOW).per_second == 0.4


def test_a_limit_of_nothing_is_no_limit() -> None:
    assert not told(None, PACE, Signals(limit=0), NOW).learned


def test_others_who_use_up_the_limit_are_noticed() -> None:
    bucket = told(None, PACE, Signals(remaining=1), NOW)
    assert granted(asked_at(PACE, NOW, NOW, bucket=bucket)) == 1


def test_a_used_up_limit_pauses_until_it_begins_anew() -> None:
    bucket = told(None, PACE, Signals(remaining=0, reset_at=NOW + 40), NOW)
    turn = take(bucket, PACE, NOW + 10)
    assert (turn.granted, turn.wait, turn.pause) == (False, 30, Reason.RATE)


def test_a_pause_ends_with_one_request_not_with_a_burst() -> None:
    bucket = told(None, PACE, Signals(trouble=Trouble(reason=Reason.RATE, seconds=60)), NOW)
    assert granted(asked_at(PACE, NOW + 59.9, bucket=bucket)) == 0
    assert granted(asked_at(PACE, *[NOW + 60] * 3, bucket=bucket)) == 1


def test_a_short_pause_lends_no_token() -> None:
    spent = take(None, STRICT, NOW).bucket
    paused = told(spent, STRICT, Signals(trouble=Trouble(reason=Reason.RATE, seconds=0.1)), NOW)
    assert granted(asked_at(STRICT, NOW + 0.2, NOW + 2.4, bucket=paused)) == 0


def test_a_longer_pause_stands() -> None:
    banned = told(None, PACE, Signals(trouble=Trouble(reason=Reason.BAN, seconds=3600)), NOW)
    after = told(banned, PACE, Signals(trouble=Trouble(reason=Reason.RATE, seconds=5)), NOW + 1)
    assert (after.paused_until, after.pause(NOW + 2)) == (NOW + 3600, Reason.BAN)


@pytest.mark.parametrize("seconds", [10 * LONGEST_PAUSE, 1e300])
def test_nobody_sends_us_away_for_ever(seconds: float) -> None:
    bucket = told(None, PACE, Signals(trouble=Trouble(reason=Reason.RATE, seconds=seconds)), NOW)
    assert bucket.paused_until == NOW + LONGEST_PAUSE


def test_single_failures_pause_nothing_and_a_series_does_longer_and_longer() -> None:
    bucket: Bucket | None = None
    pauses = []
    now = NOW
    for _ in range(SERIES + 8):
        bucket = told(bucket, PACE, FAILURE, now)
        pauses.append(max(0.0, bucket.paused_until - now))
        now = max(now, bucket.paused_until)
    assert pauses[: SERIES - 1] == [0.0] * (SERIES - 1)
    assert pauses[SERIES - 1 :][:6] == [60, 120, 240, 480, 960, 1800]
    assert set(pauses[SERIES + 5 :]) == {1800}


def test_a_good_answer_ends_the_series() -> None:
    bucket: Bucket | None = None
    for _ in range(SERIES - 1):
        bucket = told(bucket, PACE, FAILURE, NOW)
    bucket = told(bucket, PACE, Signals(), NOW)
    assert bucket.failures == 0
    assert told(bucket, PACE, FAILURE, NOW).paused_until == 0


def test_being_slowed_down_without_a_time_pauses_at_once_and_longer_each_time() -> None:
    slow_down = Signals(trouble=Trouble(reason=Reason.RATE))
    once = told(None, PACE, slow_down, NOW)
    twice = told(once, PACE, slow_down, NOW + 60)
    assert (once.paused_until, twice.paused_until) == (NOW + 60, NOW + 180)


def test_a_clock_that_went_back_fills_nothing() -> None:
    spent = asked_at(PACE, *[NOW] * 3)[-1].bucket
    turn = take(spent, PACE, NOW - 100)
    assert (turn.granted, turn.wait) == (False, 102)


def test_a_stored_bucket_follows_todays_pace() -> None:
    stored = Bucket(tokens=50, at=NOW, per_second=9.0, capacity=50)
    after = take(stored, PACE, NOW).bucket
    assert (after.tokens, after.per_second, after.capacity) == (2, 0.5, 3)
    assert take(replace(stored, learned=True), PACE, NOW).bucket.per_second == 2.0


def test_most_answers_are_no_news() -> None:
    fresh = take(None, PACE, NOW).bucket
    paced = told(None, PACE, Signals(limit=33), NOW)
    assert not has_news(fresh, PACE, Signals())
    assert not has_news(fresh, PACE, Signals(remaining=25))
    assert not has_news(paced, PACE, Signals(limit=33))
    assert has_news(fresh, PACE, Signals(limit=90))
    assert has_news(fresh, PACE, Signals(remaining=1))
    assert has_news(fresh, PACE, FAILURE)
    assert has_news(replace(fresh, failures=1), PACE, Signals())


@pytest.mark.parametrize(
    "values",
    [
        {"per_second": 0.0},
        {"per_second": -1.0},
        {"per_second": 2.0, "most_per_second": 1.0},
        {"per_second": 1.0, "capacity": 0.5},
    ],
)
def test_a_pace_that_never_lets_anybody_through_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"choose above 0|make it 1 or more"):
        Pace(**values)
