"""What a person reads of an entry, and what a reviewer is told to look at."""

from typing import Any

import pytest

from cli.output import Output
from cli.render import review
from cli.render_entry import entry, to_look_at

FILM = "ani_00000000000000000000000005"
ENTRY: dict[str, Any] = {
    "anime_id": "ani_00000000000000000000000001",
    "title": "Cowboy Bebop",
    "title_japanese": "カウボーイビバップ",
    "type": "TV",
    "status": "ONGOING",
    "episodes": 26,
    "duration": 1440,
    "sources": ["https://myanimelist.net/anime/1"],
    "episode_details": [
        {"episode_number": "1", "title": "Asteroid Blues", "aired": "1998-10-24", "duration": 1440, "recap": True},
        {"episode_number": "12.5", "title": "Special", "aired": "2026-11-27T16:00:00Z"},
    ],
    "characters": [
        {
            "name": "Spike Spiegel",
            "role": "Main",
            "character_ids": {"mal": 1, "anilist": 1},
            "voice_actors": [{"name": "Kouichi Yamadera", "language": "Japanese"}],
        }
    ],
    "related_anime": [
        {"url": "https://myanimelist.net/anime/5", "relation_type": "SIDE STORY", "title": "Film", "anime_id": FILM},
        {"url": "https://anilist.co/anime/5", "relation_type": "SIDE STORY", "anime_id": FILM},
        {"url": "https://myanimelist.net/anime/6", "relation_type": "SEQUEL"},
    ],
    "locked_fields": ["synopsis", "episode_details/1/title"],
    "provenance": {
        "catalogues": {
            "mal": {"status": "ok"},
            "anisearch": {"status": "not_recorded", "reason": "no recorded answer"},
        },
        "fields": {
            "synopsis": [{"catalogue": "reviewer"}],
            "genres": [
                {"catalogue": "mal", "items": "1-3"},
                {"catalogue": "kitsu", "items": "4", "fetched_at": "2026-01-01T00:00:00Z"},
            ],
        },
        "conflicts": [
            {"field": "episodes", "values": {"mal": "26", "anidb": "25"}, "chosen": "mal", "rule": "believed first"},
            {
                "field": "episode_details/aired",
                "values": {"mal": "1: 1998-10-24"},
                "chosen": "mal",
                "rule": "slot",
                "items": "1, 4-6",
            },
        ],
        "unknown_values": [{"field": "rating", "catalogue": "kitsu", "value": "XXX"}],
        "doubtful_matches": [
            {"names": ["Fad", "Fatty"], "catalogues": ["mal", "anilist"], "ids": [], "reason": "other voices"}
        ],
    },
}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def rows(printed: str) -> list[str]:
    return [" ".join(line.replace("│", " ").replace("┃", " ").split()) for line in printed.splitlines()]


def test_an_entry_is_told_with_what_is_locked_and_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    entry(Output(), {"entry": ENTRY})
    printed = rows(capsys.readouterr().out)
    assert printed[0] == f"Cowboy Bebop ({ENTRY['anime_id']}, revision 0)"
    assert "duration 24 min" in printed
    assert "last known time 12.5 at 2026-11-27T16:00:00Z" in printed
    assert "locked by a person synopsis" in printed
    assert "1 Asteroid Blues 1998-10-24 24 min recap" in printed
    assert "Main Spike Spiegel Kouichi Yamadera mal, anilist" in printed
    assert "relations 2 anime, 0 works" in printed
    assert f"SIDE STORY Film {FILM}" in printed
    assert "SEQUEL https://myanimelist.net/anime/6" in printed
    assert "synopsis reviewer" in printed
    assert "kitsu: 4 (as of 2026-01-01)" in printed


def test_a_reviewer_is_told_what_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {
        "review": {
            "title": "Cowboy Bebop",
            "kinds": ["refresh"],
            "state": "pending",
            "review_id": "rev_1",
            "flags": [],
        },
        "proposed": ENTRY,
        "base": {"anime_id": ENTRY["anime_id"]},
        "changed": ["episodes", "provenance"],
    }
    review(Output(), shown)
    printed = rows(capsys.readouterr().out)
    assert "changes: episodes" in printed
    assert "anisearch not_recorded no recorded answer" in printed
    assert "episodes mal: 26 mal believed first" in printed
    assert "anidb: 25" in printed
    assert "episode_details/aired 1, 4-6 mal: 1: 1998-10-24 mal slot" in printed
    assert "rating kitsu XXX" in printed
    assert "Fad / Fatty mal, anilist other voices" in printed


def test_an_entry_with_nothing_to_look_at_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    to_look_at(Output(), {"provenance": {"catalogues": {"mal": {"status": "ok"}}}})
    assert capsys.readouterr().out == ""


def test_a_long_cast_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    cast = [{"name": f"No. {number}", "role": "Background"} for number in range(40)]
    entry(Output(), {"entry": {**ENTRY, "characters": cast}})
    printed = capsys.readouterr().out
    assert "and 10 more; --json has them all" in printed
    assert "No. 29" in printed
    assert "No. 30" not in printed
