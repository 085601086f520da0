"""Cursors of lists, and when a list ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput, ChangedShape, NotFound, NotRecorded, Permanent, Throttled
from sources.http import Refused
from sources.paging import Listed, Place, last_of, listed_step, whole_number
from workflows.ports import FetchedPage

ids = st.integers(-(10**19), 10**19)


@given(position=st.integers(0, 10**9), ends=st.none() | st.tuples(ids, ids), broken=st.booleans())
def test_a_place_reads_back_from_its_cursor(position: int, ends: tuple[int, int] | None, broken: bool) -> None:
    place = Place(position=position, seen="" if ends is None else f"{ends[0]}..{ends[1]}", broken=broken)
    assert Place.parse(str(place)) == place
    assert last_of(place.seen) == (0 if ends is None else ends[1])


@pytest.mark.parametrize("text", ["", "x", "-1", "1:x", "1:2", "1!", "1:1..2!!", "1:1..", "1:1..2:3", "9" * 21])
def test_a_cursor_that_no_fetch_gave_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no fetch"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("episode", "number"), [("1", 1), ("12.5", 12), ("0", 0), ("S1", None), ("1000", 1000), ("012", 12), ("s1", None)]
)
def test_a_special_has_no_number_among_the_others(episode: str, number: int | None) -> None:
    assert whole_number(episode) == number


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(BadInput, match="not an episode number"):
        whole_number("x")


def step(answer: Listed | Exception, place: Place) -> FetchedPage:
    def ask() -> Listed:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return listed_step(
        "episodes, page 2",
        ask,
        place=place,
        behind=3,
        cursor=lambda one: f"episodes:{one}",
        then=lambda seen: f"then:{seen}",
    )


def listed(*found: int, more: bool = True, behind: int | None = None) -> Listed:
    return Listed(page=FetchedPage(answers={"episodes": found}, cursor=None), ids=found, more=more, behind=behind)


SECOND = Place(position=2, seen="1..100")


@pytest.mark.parametrize(
    ("answer", "cursor"),
    [
        (listed(101, 150), "episodes:3:101..150"),
        (listed(101, 150, behind=9), "episodes:9:101..150"),
        (listed(101, 150, more=False), "then:101..150"),
        (listed(), "then:1..100"),
        (listed(1, 100), "then:1..100"),
        (ChangedShape("jikan", "data", expected="a list", found="1"), "episodes:3:1..100!"),
        (NotFound("gone"), "then:1..100"),
        (NotRecorded("never"), "then:1..100"),
        (Refused("no"), "then:1..100"),
    ],
)
def test_what_comes_after_a_page(answer: Listed | Exception, cursor: str) -> None:
    page = step(answer, SECOND)
    assert page.cursor == cursor
    assert bool(page.problems) is (isinstance(answer, Exception) or answer == listed(1, 100))


@pytest.mark.parametrize(
    ("answer", "cursor", "problems"),
    [
        (listed(201, 300), "episodes:3:201..300", 0),
        (ChangedShape("jikan", "data", expected="a list", found="1"), "then:1..100", 1),
        (NotFound("gone"), "then:1..100", 0),
        (NotRecorded("never"), "then:1..100", 1),
    ],
)
def test_what_comes_after_a_page_behind_one_that_could_not_be_read(
    answer: Listed | Permanent, cursor: str, problems: int
) -> None:
    page = step(answer, Place(position=2, seen="1..100", broken=True))
    assert (page.cursor, len(page.problems)) == (cursor, problems)


def test_what_may_pass_goes_to_the_caller() -> None:
    with pytest.raises(Throttled):
        step(Throttled("slow"), SECOND)
