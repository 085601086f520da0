import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ChangedShape
from sources.shapes import check, shape, shown, sift

KNOWN = shape("id:int! name!(full:text! native) tags(name:text rank:number) links:list extra* note")


def unknown(value: Any) -> Counter[str]:
    return check(value, KNOWN, catalogue="anilist", path="anime")


def test_what_is_known_counts_nothing() -> None:
    whole = {
        "id": 1,
        "name": {"full": "Bebop", "native": None},
        "tags": [{"name": "Space", "rank": 9.5}],
        "links": ["a", {"b": 1}],
        "extra": {"what": ["ever"]},
        "note": 5,
    }
    assert unknown(whole) == Counter()
    assert unknown([whole, whole]) == Counter()


def test_unknown_fields_are_counted_as_often_as_they_come() -> None:
    value = {"id": 1, "name": {"full": "a", "short": "b"}, "tags": [{"new": 1}, {"new": 2}, {}], "later": {"deep": 1}}
    assert unknown(value) == {"anime.name.short": 1, "anime.tags.new": 2, "anime.later": 1}


def test_a_field_of_another_shape_that_is_not_needed_is_counted() -> None:
    value = {"id": 1, "name": {"full": "a"}, "tags": [{"name": 5, "rank": "high"}], "links": "a", "note": {"x": 1}}
    assert unknown(value) == {
        "anime.tags.name: a number": 1,
        "anime.tags.rank: a text": 1,
        "anime.links: a text": 1,
        "anime.note: an object": 1,
    }


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"name": {"full": "a"}}, "anime.id", "nothing"),
        ({"id": None, "name": {"full": "a"}}, "anime.id", "nothing"),
        ({"id": "1", "name": {"full": "a"}}, "anime.id", '"1"'),
        ({"id": True, "name": {"full": "a"}}, "anime.id", "true"),
        ({"id": 1}, "anime.name", "nothing"),
        ({"id": 1, "name": "Bebop"}, "anime.name", '"Bebop"'),
        ({"id": 1, "name": {"full": " "}}, "anime.name.full", '" "'),
        ([{"id": 1, "name": {"full": "a"}}, {"id": [2], "name": {"full": "a"}}], "anime[1].id", "a list"),
        ("text", "anime", '"text"'),
    ],
)
def test_a_needed_field_of_another_shape_is_an_error_that_says_where(value: Any, path: str, found: str) -> None:
    with pytest.raises(ChangedShape) as raised:
        unknown(value)
    assert (raised.value.catalogue, raised.value.path, raised.value.found) == ("anilist", path, found)
    assert str(raised.value).startswith(f"anilist {path}: expected ")


def test_the_item_of_a_list_is_named() -> None:
    with pytest.raises(ChangedShape, match=r"^anilist episodes\[2\]\.id: expected a whole number, got 1\.5$"):
        check([{"id": 1}, {"id": 2}, {"id": 1.5}], shape("id:int!"), catalogue="anilist", path="episodes")


def test_values_are_shown_short() -> None:
    assert shown("x" * 500) == f'"{"x" * 59}...'
    assert (shown({"a": 1}), shown([1]), shown({}), shown(None)) == ("an object", "a list", "nothing", "nothing")


@pytest.mark.parametrize("text", ["a)", "a(b))", "a(b", "a:colour", "!", "a:int! ("])
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"shape|type"):
        shape(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "full", "x"]), inner),
    max_leaves=20,
)


@given(json_values)
def test_any_value_is_counted_or_refused_with_a_short_message(value: Any) -> None:
    assert all(len(line) < 300 for line in lines_about(json.loads(json.dumps(value))))


def lines_about(value: Any) -> list[str]:
    try:
        return list(unknown(value))
    except ChangedShape as error:
        return [str(error)]


# ---------------------------------------------------------------------------------------------------------- sifting

LISTED = shape("id:int! name:object!(full:text!) voices(id:int! name) next(at:int!)")


def sifted(value: Any) -> tuple[Any, dict[str, tuple[int, str]]]:
    found = sift(value, LISTED, catalogue="anilist", path="characters")
    return found.value, {path: (one.count, one.first.path) for path, one in found.left_out.items()}


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": {"full": "a"}, **more}


def test_what_lacks_nothing_comes_back_as_it_is() -> None:
    value = [row(1, voices=[{"id": 2}], next={"at": 1}), row(2)]
    found, left_out = sifted(value)
    assert found is value
    assert left_out == {}


def test_rows_that_lack_a_needed_field_are_left_out_and_counted_once_a_list() -> None:
    value = [row(1), {"id": 2}, row(3), {"id": "4", "name": {"full": "a"}}, 5]
    assert sifted(value) == ([row(1), row(3)], {"characters": (3, "characters[1].name")})


def test_the_smallest_part_that_can_be_spared_is_left_out() -> None:
    value = [row(1, voices=[{"id": None}, {"id": 2}], next={"at": "soon"})]
    assert sifted(value) == (
        [row(1, voices=[{"id": 2}])],
        {"characters.voices": (1, "characters[0].voices[0].id"), "characters.next": (1, "characters[0].next.at")},
    )


def test_what_is_left_out_is_left_in_the_answer_as_it_came() -> None:
    value = [row(1, voices=[{"id": None}]), {"id": 2}]
    before = json.dumps(value)
    sifted(value)
    assert json.dumps(value) == before


def test_where_nothing_can_be_spared_it_is_an_error() -> None:
    with pytest.raises(ChangedShape, match=r"^anilist characters\.name\.full: expected a text, got 5$"):
        sifted(row(1) | {"name": {"full": 5}})


@given(json_values)
def test_what_is_left_of_any_value_passes_the_check(value: Any) -> None:
    try:
        found = sift(value, KNOWN, catalogue="anilist", path="anime").value
    except ChangedShape:
        return
    check(found, KNOWN, catalogue="anilist", path="anime")


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1" * 21, "\N{ARABIC-INDIC DIGIT ONE}"])
def test_what_cannot_be_a_number_in_an_address_is_no_digits(text: str) -> None:
    with pytest.raises(ChangedShape, match="expected digits"):
        check({"id": text}, shape("id:digits!"), catalogue="kitsu", path="anime")
