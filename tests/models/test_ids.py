"""Identity: what is pinned here must never change, or known anime would get new ids."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ids

BEBOP = "https://myanimelist.net/anime/1"


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("https://myanimelist.net/anime/1", BEBOP),
        ("http://www.MyAnimeList.net/anime/1/Cowboy_Bebop/", BEBOP),
        ("https://myanimelist.net/anime/0001?suggestion=1#top", BEBOP),
        ("https://anilist.co/anime/1/Cowboy-Bebop/", "https://anilist.co/anime/1"),
        ("https://anidb.net/a23", "https://anidb.net/anime/23"),
        ("http://anidb.net/perl-bin/animedb.pl?show=anime&aid=23", "https://anidb.net/anime/23"),
        ("https://kitsu.io/anime/Cowboy-Bebop/", "https://kitsu.app/anime/cowboy-bebop"),
        ("https://kitsu.app/anime/1", "https://kitsu.app/anime/1"),
        ("https://www.anime-planet.com/anime/Cowboy-Bebop", "https://anime-planet.com/anime/cowboy-bebop"),
        ("https://www.anisearch.com/anime/1572,cowboy-bebop", "https://anisearch.com/anime/1572"),
        ("https://notify.moe/anime/Tk3ccKimg", "https://notify.moe/anime/Tk3ccKimg"),
        ("https://simkl.com/anime/37089/cowboy-bebop", "https://simkl.com/anime/37089"),
        ("https://animecountdown.com/1566/cowboy-bebop", "https://animecountdown.com/1566"),
        (
            "https://www.animenewsnetwork.com/encyclopedia/anime.php?id=13",
            "https://animenewsnetwork.com/encyclopedia/anime.php?id=13",
        ),
    ],
)
def test_spellings_of_a_source_become_one(given_url: str, expected: str) -> None:
    assert ids.normalise_source(given_url) == expected


@pytest.mark.parametrize("text", ["", "anilist.co/anime/1", "ftp://anilist.co/anime/1", "https:///anime/1"])
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a source URL"):
        ids.normalise_source(text)


@pytest.mark.parametrize(
    ("minted", "expected"),
    [
        (ids.mint_anime_id(BEBOP), "ani_2M6HN9HGHQC3NXVVAVNA91X3XE"),
        (ids.mint_episode_id("ani_2M6HN9HGHQC3NXVVAVNA91X3XE", "1"), "ep_2R3N9NKX91NB43R2EDVGSFMWCN"),
        (ids.point_id("ani_2M6HN9HGHQC3NXVVAVNA91X3XE"), "54346a98-c237-60eb-dded-5baa921e8fae"),
    ],
)
def test_golden_ids(minted: str, expected: str) -> None:
    assert minted == expected


def test_the_canonical_source_follows_the_order_of_catalogues_then_the_alphabet() -> None:
    sources = [
        "https://zzz.example/1",
        "https://aaa.example/1",
        "https://simkl.com/anime/5",
        "https://anilist.co/anime/1",
    ]
    assert ids.canonical_source(sources) == "https://anilist.co/anime/1"
    assert ids.canonical_source(sources[:3]) == "https://simkl.com/anime/5"
    assert ids.canonical_source(sources[:2]) == "https://aaa.example/1"


def test_an_anime_without_sources_has_no_canonical_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ids.canonical_source([])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        ("01", "1"),
        (1.0, "1"),
        (10, "10"),
        ("12.50", "12.5"),
        ("s1", "S1"),
        ("S01", "S1"),
        ("１２", "12"),
        (0, "0"),
    ],
)
def test_episode_numbers_have_one_spelling(value: int | float | str, expected: str) -> None:
    assert ids.canonical_number(value) == expected


@pytest.mark.parametrize("value", ["", "one", "-1", "S", "NaN", "1e999999", "∞"])
def test_what_is_no_episode_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not an episode number"):
        ids.canonical_number(value)


def test_a_character_is_keyed_by_the_first_catalogue_that_knows_it_else_by_name() -> None:
    assert ids.character_key({"anidb": 270, "mal": 1}, "Spike") == "mal:1"
    assert ids.character_key({"zzz": 1, "yyy": 2}, "Spike") == "yyy:2"
    assert ids.character_key({}, "  Spike   SPIEGEL ") == "name:spike spiegel"


@given(st.integers(min_value=0, max_value=2**128 - 1))
def test_any_128_bits_make_a_ulid_text_that_gives_them_back(bits: int) -> None:
    text = ids.ulid_from_bits(bits)
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", text)
    assert int(ids.point_id(f"ani_{text}").replace("-", ""), 16) == bits


@given(st.sampled_from(ids.SOURCE_ORDER), st.integers(min_value=1, max_value=10**6))
def test_normalising_twice_changes_nothing(host: str, number: int) -> None:
    once = ids.normalise_source(f"http://www.{host}/anime/{number}/slug?x=1")
    assert ids.normalise_source(once) == once
