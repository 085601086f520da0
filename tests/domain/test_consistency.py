"""When two stores agree, and walking both at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consistency import Difference, Kind, difference, in_step
from models.errors import Malformed

PAYLOAD = {"anime_id": "a", "revision": 3, "saga": "new-a", "system_status": "ACTIVE", "sources": ["x", "y"]}


def test_equal_payloads_agree_and_a_tuple_is_a_list() -> None:
    assert difference("a", PAYLOAD, dict(PAYLOAD)) is None
    assert difference("a", {**PAYLOAD, "sources": ("x", "y")}, PAYLOAD) is None
    assert difference("a", None, None) is None


def test_the_last_bit_of_a_fraction_is_no_difference_and_more_is_one() -> None:
    expected = {**PAYLOAD, "score": 7.2379999999999995}
    assert difference("a", expected, {**PAYLOAD, "score": 7.238}) is None
    assert difference("a", expected, {**PAYLOAD, "score": 7.2381}) is not None
    assert difference("a", expected, PAYLOAD) is not None


@pytest.mark.parametrize(
    ("found", "kind", "fields", "needs_vector"),
    [
        (None, Kind.MISSING, (), True),
        ({**PAYLOAD, "revision": 2, "saga": "x", "title": "old"}, Kind.REVISION, ("revision", "saga", "title"), True),
        ({**PAYLOAD, "saga": "refresh-a"}, Kind.SAGA, ("saga",), True),
        ({**PAYLOAD, "system_status": "ORPHANED"}, Kind.PAYLOAD, ("system_status",), False),
        ({**PAYLOAD, "sources": ["x"]}, Kind.PAYLOAD, ("sources",), False),
        ({**PAYLOAD, "left_over": 1}, Kind.PAYLOAD, ("left_over",), False),
    ],
)
def test_each_difference_is_told_by_its_gravest_kind(
    found: dict[str, Any] | None, kind: Kind, fields: tuple[str, ...], needs_vector: bool
) -> None:
    assert difference("a", PAYLOAD, found) == Difference(anime_id="a", kind=kind, fields=fields)
    assert Difference(anime_id="a", kind=kind).needs_vector is needs_vector


def test_a_point_without_an_entry_is_surplus() -> None:
    assert difference("a", None, PAYLOAD) == Difference(anime_id="a", kind=Kind.SURPLUS)


@given(st.sets(st.text("abc", max_size=3)), st.sets(st.text("abc", max_size=3)))
def test_walking_in_step_shows_each_id_of_either_side_once_and_in_order(left: set[str], right: set[str]) -> None:
    pairs = list(in_step(sorted(left), sorted(right), left_id=str, right_id=str))
    assert [one if one is not None else other for one, other in pairs] == sorted(left | right)
    assert {one for one, _ in pairs if one is not None} == left
    assert {other for _, other in pairs if other is not None} == right
    assert all(one == other for one, other in pairs if one is not None and other is not None)


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"]])
def test_a_stream_out_of_order_is_an_error_and_not_a_wrong_answer(ids: list[str]) -> None:
    with pytest.raises(Malformed, match="not ordered"):
        list(in_step(ids, ["c"], left_id=str, right_id=str))
    with pytest.raises(Malformed, match="not ordered"):
        list(in_step(["c"], ids, left_id=str, right_id=str))
