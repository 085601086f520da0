"""Pages of one catalogue become one answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workflows.answers
from domain.canonical_json import canonical_bytes
from tests.support.fakes import ManualClock
from workflows.answers import AnswerPage, Joined, merge_answers, outcome_of


@given(st.lists(st.sets(st.integers(0, 50), max_size=5).map(sorted), max_size=5))
def test_joined_lists_hold_each_item_once_in_order(pages: list[list[int]]) -> None:
    merged = merge_answers([{"data": {"list": items}} for items in pages])
    expected = list(dict.fromkeys(item for items in pages for item in items))
    assert merged.get("data", {}).get("list", []) == expected


def test_of_other_values_the_later_stands() -> None:
    assert merge_answers(
        [{"a": {"x": 1, "y": 1}, "b": [1]}, {"a": {"x": 2}, "b": "text"}, {"b": [2]}, {"b": [1, 2]}]
    ) == {
        "a": {"x": 2, "y": 1},
        "b": [2, 1],
    }


def test_a_page_that_says_nothing_takes_nothing_away() -> None:
    said = {"a": {"x": 1, "y": [1]}, "b": [1], "c": 0}
    assert merge_answers([said, {"a": None, "b": None, "c": None}, {"a": {"x": None, "y": [2]}}]) == {
        "a": {"x": 1, "y": [1, 2]},
        "b": [1],
        "c": 0,
    }
    assert merge_answers([{"a": None}, {"a": {"x": 1}, "b": None}]) == {"a": {"x": 1}, "b": None}


def test_what_one_page_says_twice_stays_as_it_says() -> None:
    assert merge_answers([{"a": [1, 1]}]) == {"a": [1, 1]}
    assert merge_answers([{"a": [1]}, {"a": [1, 2, 2]}]) == {"a": [1, 2, 2]}


def test_joining_leaves_the_pages_as_they_are() -> None:
    pages: list[dict[str, Any]] = [{"a": {"b": [1]}}, {"a": {"b": [2], "c": {"d": [1]}}}, {"a": {"c": {"d": [2]}}}]
    merge_answers(pages)
    assert pages == [{"a": {"b": [1]}}, {"a": {"b": [2], "c": {"d": [1]}}}, {"a": {"c": {"d": [2]}}}]


@pytest.mark.parametrize(
    ("page", "known"),
    [
        ({"n": [1, 2]}, True),
        ({"n": [2]}, True),
        ({"n": [3, 1]}, False),
        ({"n": []}, False),
        ({}, False),
        ({"n": [1], "total": 2}, True),
        ({"n": [1], "total": 3}, False),
        ({"more": [1]}, False),
        ({"n": {"x": 1}}, False),
        ({"deep": {"list": ["a"]}}, True),
        ({"deep": {"list": ["b"]}}, False),
        ({"n": [1], "total": None, "deep": None}, True),
        ({"n": [1], "other": None}, False),
    ],
)
def test_a_page_is_known_if_it_holds_something_and_nothing_new(page: dict[str, Any], known: bool) -> None:
    joined = Joined()
    joined.add({"n": [1], "deep": {"list": ["a"]}})
    joined.add({"n": [2], "total": 2})
    assert joined.has(page) is known


def test_each_item_is_spelled_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    spelled = 0

    def counting(value: Any) -> bytes:
        nonlocal spelled
        spelled += 1
        return canonical_bytes(value)

    monkeypatch.setattr(workflows.answers, "canonical_bytes", counting)
    joined = Joined()
    for page in range(200):
        items = {"n": list(range(page * 10, page * 10 + 10))}
        assert not joined.has(items)
        joined.add(items)
    assert spelled <= 2 * 200 * 10


def test_a_reviewer_is_not_told_of_every_one_of_many_problems() -> None:
    problems = tuple(f"episodes, page {number}: gone" for number in range(1000))
    page = AnswerPage(
        cursor=None,
        next_cursor=None,
        status="ok",
        asked_at=ManualClock()(),
        fetched_at=ManualClock()(),
        answers={},
        problems=problems,
    )
    reason = outcome_of([page], {}).reason
    assert reason is not None
    assert reason.startswith("episodes, page 0: gone; episodes, page 1: gone")
    assert reason.endswith("page 19: gone; and 980 more")
