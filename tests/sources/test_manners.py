"""How often a catalogue is asked where a stack says what it bears."""

from datetime import UTC, datetime

import pytest

from domain.token_bucket import Bucket, Pace, Reason, take, told
from models.events import Catalogue
from sources.http import Response
from sources.manners import DAY, MANNERS, Manners, manners_at, same_item_seconds, signals_of


def given_within(pace: Pace, seconds: float) -> int:
    """Turns that somebody gets who asks all the time, from a full bucket on."""
    bucket: Bucket | None = None
    now, count = 1000.0, 0
    while now < 1000.0 + seconds:
        turn = take(bucket, pace, now)
        bucket = turn.bucket
        count += turn.granted
        now += turn.wait
    return count


def test_jikan_is_asked_as_often_as_its_public_limits_allow_unless_told_otherwise() -> None:
    pace = MANNERS[Catalogue.JIKAN].pace
    assert 57 <= given_within(pace, 60) <= 60


@pytest.mark.parametrize("a_minute", [1, 2, 20, 300, 6000])
def test_a_stacks_own_pace_is_used_up_and_never_exceeded(a_minute: int) -> None:
    pace = manners_at({"jikan": a_minute})["jikan"].pace
    for begun in (0.0, 60.0):
        most = given_within(pace, begun + 60) - (given_within(pace, begun) if begun else 0)
        assert most <= a_minute
    assert given_within(pace, 600) >= (9 if a_minute >= 20 else 5) * a_minute


def test_with_a_key_no_second_has_more_than_five_requests() -> None:
    assert given_within(manners_at({"jikan": 300})["jikan"].pace, 1) <= 5


NOW = datetime(2026, 11, 23, tzinfo=UTC)


def pace_after(manners: Manners, limit: str) -> float:
    """A second, after an answer with such a limit in its headers."""
    answer = Response(status=200, headers={"x-ratelimit-limit": limit}, body=b"")
    return told(None, manners.pace, signals_of(answer, manners, NOW), NOW.timestamp()).per_second


@pytest.mark.parametrize("limit", ["600", "30", "3"])
def test_a_stacks_own_pace_is_not_changed_by_limits_of_which_nobody_says_over_how_long_they_count(limit: str) -> None:
    manners = manners_at({"jikan": 300})["jikan"]
    assert pace_after(manners, limit) == manners.pace.per_second


def test_a_stacks_own_pace_still_ends_in_a_pause_where_the_catalogue_asks_for_one() -> None:
    manners = manners_at({"jikan": 300})["jikan"]
    answer = Response(
        status=429, headers={"x-ratelimit-remaining": "0", "retry-after": "20", "x-ratelimit-limit": "3"}, body=b""
    )
    bucket = told(None, manners.pace, signals_of(answer, manners, NOW), NOW.timestamp())
    assert bucket.pause(NOW.timestamp() + 19) is Reason.RATE
    assert bucket.tokens == 0


def test_a_limit_for_each_second_does_not_stop_a_catalogue() -> None:
    """Read as one for a minute, three a second would be one request a minute."""
    jikan = MANNERS[Catalogue.JIKAN]
    assert pace_after(jikan, "3") == pytest.approx(0.095)
    assert pace_after(jikan, "33") == pytest.approx(0.5)


def test_a_pace_leaves_the_other_manners_and_the_other_catalogues_as_they_are() -> None:
    changed = manners_at({"anidb": 12})
    assert changed["anidb"].same_item_after == DAY
    assert changed["anidb"].never_alone
    assert changed["anidb"].refusal is MANNERS["anidb"].refusal
    assert {name: one for name, one in changed.items() if name != "anidb"} == {
        name: one for name, one in MANNERS.items() if name != "anidb"
    }
    assert manners_at({}) == MANNERS


def test_only_anidb_minds_being_asked_the_same_again() -> None:
    assert same_item_seconds() == {"anidb": 24 * 3600}
