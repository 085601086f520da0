"""Kept answers come back as they were put, and what cannot be one is none."""

from dataclasses import replace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sources.http import MAX_BYTES
from sources.keeping import LIFETIMES, Kept, Kind, Lifetime, packed, unpacked

KEPT = Kept(
    asked="GET %2Fanime%2F1%2Ffull",
    at=1_795_222_800.25,
    fresh_until=1_795_309_200.25,
    airing=True,
    missing=None,
    content_type="application/json; charset=utf-8",
    body=b'{"title": "\xe3\x82\xab\\n"}\n\n',
)


@pytest.mark.parametrize(
    "kept",
    [
        KEPT,
        replace(KEPT, body=b""),
        replace(KEPT, missing="jikan GET /anime/1: answers 404", body=b"", airing=False),
        replace(KEPT, asked="カウボーイ\n"),
    ],
)
def test_a_kept_answer_reads_back_equal(kept: Kept) -> None:
    assert unpacked(packed(kept)) == kept


@given(body=st.binary(max_size=2000))
def test_any_body_reads_back_equal(body: bytes) -> None:
    assert unpacked(packed(replace(KEPT, body=body))) == replace(KEPT, body=body)


def test_an_answer_is_kept_compressed() -> None:
    assert len(packed(replace(KEPT, body=b'{"name": "Spike"}' * 1000))) < 500


@given(value=st.binary(max_size=300))
def test_what_nobody_packed_is_none(value: bytes) -> None:
    assert unpacked(value) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no JSON\n",
        b"[]\n",
        b"{}\n",
        b'{"v": 1, "asked": "a"}\n',
        b'{"v": 2, "asked": "a", "at": 1, "fresh": 1, "airing": true, "missing": null, "type": "t"}\nbody',
        b'{"v": 1, "asked": "a", "at": "x", "fresh": 1, "airing": true, "missing": null, "type": "t"}\nbody',
        b'{"v": 1, "asked": "a", "at": 1, "fresh": 1, "airing": true, "missing": null, "type": "t"}',
    ],
)
def test_a_frame_of_something_else_is_none(line: bytes) -> None:
    assert unpacked(zstandard.ZstdCompressor().compress(line)) is None


def test_a_truncated_answer_is_none() -> None:
    assert unpacked(packed(KEPT)[:-3]) is None


def test_a_bomb_is_none() -> None:
    value = packed(replace(KEPT, body=b"x" * (MAX_BYTES * 4)))
    assert len(value) < 100_000
    assert unpacked(value) is None


def test_a_frame_that_does_not_tell_its_size_is_none() -> None:
    value = zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 1000)
    assert unpacked(value) is None


def test_every_kind_has_its_time_and_on_air_it_is_no_longer() -> None:
    assert set(LIFETIMES) == set(Kind)
    assert all(0 < lifetime.airing <= lifetime.settled for lifetime in LIFETIMES.values())


HOUR = 3600


def test_an_answer_about_an_anime_on_air_is_asked_for_anew_after_hours_and_not_days() -> None:
    """Its status, its next episode and its score change while it airs."""
    assert LIFETIMES[Kind.ANIME] == Lifetime(settled=24 * HOUR, airing=3 * HOUR)
    assert LIFETIMES[Kind.STATISTICS] == Lifetime(settled=24 * HOUR, airing=6 * HOUR)


def test_an_episode_that_just_aired_is_not_hidden_by_an_older_list() -> None:
    assert LIFETIMES[Kind.EPISODES].airing <= 3600
    assert LIFETIMES[Kind.EPISODE].airing <= 3600
