from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stages import values
from models.vocabulary import SourceMaterial


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("HTTPS://WWW.Example.org:443/A?b=C#d", "https://www.example.org/A?b=C#d"),
        ("http://example.org:80", "http://example.org"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://example.org/a?utm_source=x&id=1&utm_medium=y", "https://example.org/a?id=1"),
        ("https://ja.example.org/%E3%82%AB?q=a%20b", "https://ja.example.org/%E3%82%AB?q=a%20b"),
        ("ftp://example.org/", None),
        ("https://example.org:99999/", None),
        ("https:// example.org", None),
    ],
)
def test_a_page_has_one_address(raw: str, canonical: str | None) -> None:
    assert values.url(raw) == canonical


@given(st.text())
def test_an_address_stays_as_it_is_once_it_is_canonical(raw: str) -> None:
    found = values.url(f"https://{raw}")
    assert found is None or values.url(found) == found


@pytest.mark.parametrize(
    ("raw", "clean"),
    [(" A <i>dog</i>.\n", "A dog."), (" \u200b ", None), ("<br>", None), ("~!He dies.!~", None), (7, None)],
)
def test_prose_is_plain_or_absent(raw: object, clean: str | None) -> None:
    assert values.prose(raw) == clean


@pytest.mark.parametrize(
    ("raw", "best", "score"),
    [
        (86, 100, 8.6),
        ("82.23", 100, 8.223),
        (4.339, 5, 8.678),
        (0, 10, None),
        (11, 10, None),
        ("n/a", 10, None),
        (True, 10, None),
    ],
)
def test_scores_are_brought_to_ten(raw: object, best: float, score: float | None) -> None:
    assert values.score(raw, best=best) == score


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        (3.5, None),
        (-1, None),
        (True, None),
        (None, None),
        ("", None),
        (10**30, None),
        ("inf", None),
    ],
)
def test_whole_numbers(raw: object, found: int | None) -> None:
    assert values.whole(raw) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [(1, 1), ("270", 270), ("spike", "spike"), (0, None), ("0", None), ("", None), (None, None), ([1], None)],
)
def test_ids(raw: object, found: int | str | None) -> None:
    assert values.identifier(raw) == found


@pytest.mark.parametrize(
    ("date", "text"),
    [
        ({"year": 1961, "month": 6, "day": 17}, "1961-06-17"),
        ({"year": 1961, "month": 6, "day": None}, "1961-06"),
        ({"year": 1961, "month": None, "day": 17}, "1961"),
        ({"year": None, "month": 6, "day": 17}, "--06-17"),
        ({"year": None, "month": 6, "day": None}, None),
        ({"year": 1961, "month": 13, "day": 1}, None),
        ({"year": 19610, "month": 1, "day": 1}, None),
        (None, None),
    ],
)
def test_dates_hold_as_much_as_is_known(date: Any, text: str | None) -> None:
    assert values.partial_date(date) == text


@pytest.mark.parametrize("word", ["LIGHT_NOVEL", "Light novel", "light novel"])
def test_members_are_found_whatever_the_spelling(word: str) -> None:
    assert values.member(SourceMaterial, word) is SourceMaterial.LIGHT_NOVEL


def test_an_unknown_word_is_no_member() -> None:
    assert values.member(SourceMaterial, "stage play") is None


def test_pages_are_equal_by_catalogue_id_and_up_to_scheme_www_and_slash() -> None:
    one = {
        values.page_key(url)
        for url in ("https://myanimelist.net/anime/5", "http://www.myanimelist.net/anime/5/Tengoku")
    }
    assert len(one) == 1
    assert values.page_key("http://www.cowboy-bebop.net/") == values.page_key("https://cowboy-bebop.net")
    assert values.page_key("https://a.example/x?id=1") != values.page_key("https://a.example/x?id=2")


def test_filled_drops_what_is_absent_and_keeps_false_and_zero() -> None:
    assert values.filled({"a": None, "b": "", "c": [], "d": {}, "e": False, "f": 0}) == {"e": False, "f": 0}


def test_together_keeps_the_first_word_and_its_order() -> None:
    joined = values.together({"b": 1}, {"a": 2, "b": 3}, {"c": 4})
    assert list(joined.items()) == [("b", 1), ("a", 2), ("c", 4)]
