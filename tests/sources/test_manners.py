"""How often a catalogue is asked where a stack says what it bears."""

import pytest

from domain.token_bucket import Bucket, Pace, Signals, take, told
from models.events import Catalogue
from sources.manners import DAY, MANNERS, manners_at, same_item_seconds


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


def test_headers_only_slow_a_stacks_own_pace_down() -> None:
    pace = manners_at({"jikan": 300})["jikan"].pace
    bucket = take(None, pace, 0.0).bucket
    assert told(bucket, pace, Signals(limit=600), 1.0).per_second == pace.per_second
    assert told(bucket, pace, Signals(limit=30), 1.0).per_second == pytest.approx(29 / 60)


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
