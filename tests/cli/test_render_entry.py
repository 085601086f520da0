"""What a person reads of an entry, and what a reviewer is told to look at."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from rich.cells import cell_len

from cli.output import Output
from cli.render_entry import entry
from cli.render_provenance import to_look_at
from cli.render_review import review
from models.anime import AnimeEntry, check_entry
from models.ids import mint_anime_id, mint_character_id, mint_episode_id

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANIME: Final = mint_anime_id("https://myanimelist.net/anime/1")
FILM: Final = mint_anime_id("https://myanimelist.net/anime/5")
FAILED: Final = {"image_url": "https://images.example/2.jpg", "error_message": "404"}
OURS: Final = "https://images.example/images/1.jpg"


def episode(number: str, **more: Any) -> dict[str, Any]:
    return {"episode_id": mint_episode_id(ANIME, number), "episode_number": number, **more}


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


ENTRY: Final[dict[str, Any]] = {
    "anime_id": ANIME,
    "sources": ["https://myanimelist.net/anime/1"],
    "title": "Cowboy Bebop",
    "title_english": "Cowboy Bebop (English)",
    "title_japanese": "カウボーイビバップ",
    "synonyms": ["CBB"],
    "type": "TV",
    "status": "ONGOING",
    "episodes": 26,
    "season": "SPRING",
    "year": 1998,
    "month": "April",
    "duration": 1440,
    "rating": "R - 17+ (violence & profanity)",
    "source_material": "ORIGINAL",
    "country_of_origin": "JP",
    "nsfw": False,
    "synopsis": "Bounty hunters in space.",
    "background": "Shown at night.",
    "genres": ["Sci-Fi"],
    "tags": ["noir"],
    "themes": [{"name": "Space", "description": "Set in space."}],
    "demographics": ["Seinen"],
    "content_warnings": ["Violence"],
    "images": {"covers": [OURS, FAILED], "posters": [], "banners": []},
    "trailers": [{"url": "https://www.youtube.com/watch?v=1", "title": "First trailer"}],
    "opening_themes": [{"title": "Tank!", "artist": "The Seatbelts", "episodes": "1-25"}],
    "ending_themes": [{"title": "Blue", "artist": "Mai Yamane"}],
    "episode_details": [
        episode("1", title="Asteroid Blues", aired="1998-10-24", duration=1440, recap=True),
        episode("2", title_romaji="Nora Inu", title_japanese="野良犬のストラット", aired="2026-11-27T16:00:00Z"),
        episode("S1", title="Special", aired="2026-11-25T16:00:00Z"),
    ],
    "characters": [
        {
            "character_id": mint_character_id(ANIME, "mal:1"),
            "name": "Spike Spiegel",
            "name_kanji": "スパイク",
            "role": "Main",
            "images": [OURS],
            "character_ids": {"mal": 1, "anilist": 1},
            "voice_actors": [
                {"name": "Steve Blum", "language": "English"},
                {"name": "Kouichi Yamadera", "language": "Japanese"},
            ],
        }
    ],
    "staff_data": {
        "studios": [{"name": "Sunrise", "type": "animation_studio"}],
        "producers": [{"name": "Bandai Visual", "type": "producer"}],
        "licensors": [{"name": "Funimation", "type": "licensor"}],
        "production_staff": {
            "adr_director": [person(f"Adr {number}", role="ADR Director") for number in range(10)],
            "music_composers": [person("Youko Kanno", role="Music")],
            "directors": [person("Shinichirou Watanabe", role="Director")],
            "series_writers": [person("Keiko Nobumoto", role="Series Composition")],
        },
        "voice_actors": {"japanese": [person("Kouichi Yamadera")]},
    },
    "related_anime": [
        {"url": "https://myanimelist.net/anime/5", "relation_type": "SIDE STORY", "title": "Film", "anime_id": FILM},
        {"url": "https://anilist.co/anime/5", "relation_type": "SIDE STORY", "anime_id": FILM},
        {"url": "https://myanimelist.net/anime/6", "relation_type": "SEQUEL"},
    ],
    "relations": [
        {"url": "https://myanimelist.net/manga/173", "relation_type": "ADAPTATION", "title": "Bebop", "type": "manga"}
    ],
    "statistics": {"mal": {"score": 8.75, "scored_by": 1024836, "score_distribution": {"10": 5}}},
    "score": {"arithmetic_geometric_mean": 8.5585, "arithmetic_mean": 8.5496, "median": 8.6},
    "popularity_trends": {"anilist": 11},
    "external_links": {"official site": "https://www.cowboy-bebop.net/"},
    "streaming_info": [{"platform": "Crunchyroll", "url": "https://www.crunchyroll.com/series-1", "free": True}],
    "streaming_licenses": ["Wakanim"],
    "aired_dates": {"from": "1998-04-03", "string": "Apr 3, 1998 to ?"},
    "premiere_dates": {"sub": "2020-01-01T10:00:00Z"},
    "broadcast": {"day": "Saturdays", "time": "01:00", "timezone": "Asia/Tokyo"},
    "broadcast_schedule": {"jpn_time": "2020-06-14T16:00:00Z"},
    "delay_information": {"delayed_timetable": True, "delayed_from": "2026-11-30", "delay_reason": "sports"},
    "episode_overrides": {
        "main_override": {"override_date": "2026-12-01", "override_episode": 5, "episodes_aired": 2},
        "sub_override": {"override_episode": 0, "episodes_aired": 0},
    },
    "enriched": True,
    "enrichment_metadata": {"source": "multi-source", "enriched_at": "2026-11-23T10:00:00Z", "success": True},
    "locked_fields": ["synopsis", "episode_details/1/title"],
    "system_status": "ORPHANED",
    "orphaned_at": "2026-11-01T00:00:00Z",
    "offered_sources": ["https://kitsu.app/anime/1"],
    "revision": 3,
    "last_saga": "refresh-1",
    "provenance": {
        "catalogues": {
            "mal": {
                "status": "ok",
                "fetched_at": "2026-11-23T10:00:00Z",
                "unknown_fields": [{"path": "anime.moods", "times": 2}],
            },
            "kitsu": {"status": "ok", "reason": "staff: no recorded answer"},
            "anisearch": {"status": "not_recorded", "reason": "no recorded page"},
        },
        "fields": {
            "synopsis": [{"catalogue": "reviewer"}],
            "genres": [
                {"catalogue": "mal", "items": "1-3"},
                {"catalogue": "kitsu", "items": "4", "fetched_at": "2026-01-01T00:00:00Z"},
            ],
            "characters/age": [{"catalogue": "anilist", "items": "1"}],
            "characters/name": [{"catalogue": "mal", "items": "1-2"}, {"catalogue": "anilist", "items": "3"}],
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
"""A valid entry in which every field has a value."""

NAMED: Final[dict[str, str]] = {
    "anime_id": f"Cowboy Bebop ({ANIME}, revision 3)",
    "sources": "source https://myanimelist.net/anime/1",
    "title": f"Cowboy Bebop ({ANIME}, revision 3)",
    "title_english": "English Cowboy Bebop (English)",
    "title_japanese": "Japanese カウボーイビバップ",
    "synonyms": "other titles CBB",
    "type": "type TV",
    "status": "status ONGOING",
    "episodes": "episodes 26",
    "season": "season SPRING 1998 (April)",
    "year": "season SPRING 1998 (April)",
    "month": "season SPRING 1998 (April)",
    "duration": "duration 24 min",
    "rating": "rating R - 17+ (violence & profanity)",
    "source_material": "source material ORIGINAL",
    "country_of_origin": "country JP",
    "nsfw": "for adults only no",
    "synopsis": "synopsis Bounty hunters in space.",
    "background": "background Shown at night.",
    "genres": "genres Sci-Fi",
    "tags": "tags noir",
    "themes": "themes Space",
    "demographics": "demographics Seinen",
    "content_warnings": "content warnings Violence",
    "images": "images 2 of our own, 1 failed; covers 2",
    "trailers": "trailer First trailer https://www.youtube.com/watch?v=1",
    "opening_themes": "opening Tank! The Seatbelts 1-25",
    "ending_themes": "ending Blue Mai Yamane",
    "episode_details": "episodes listed 2 (1 on 1998-10-24 … 2 on 2026-11-27 16:00 UTC), 1 special",
    "characters": "characters 1 (1 with an image of our own)",
    "staff_data": "staff 13 in 4 kinds of work: adr director 10, music composers 1, directors 1, series writers 1",
    "related_anime": "relations 2 anime on 3 pages, 1 page of other works",
    "relations": "ADAPTATION Bebop, manga https://myanimelist.net/manga/173",
    "statistics": "mal 8.75 1,024,836",
    "score": "score 8.56 (arithmetic-geometric mean of the catalogues; arithmetic mean 8.55, median 8.60)",
    "popularity_trends": "anilist: trend 11",
    "external_links": "link official site https://www.cowboy-bebop.net/",
    "streaming_info": "watch Crunchyroll, free https://www.crunchyroll.com/series-1",
    "streaming_licenses": "license Wakanim",
    "aired_dates": "aired Apr 3, 1998 to ?",
    "premiere_dates": "premieres sub 2020-01-01 10:00 UTC",
    "broadcast": "broadcast Saturdays 01:00 Asia/Tokyo",
    "broadcast_schedule": "weekly times original Sun 16:00 UTC",
    "delay_information": "delay original: from 2026-11-30 until further notice",
    "episode_overrides": "renumbered weeks main: episode 5 on 2026-12-01, 2 at once",
    "enriched": "enriched as of 2026-11-23 10:00 UTC, written by refresh-1",
    "enrichment_metadata": "enriched as of 2026-11-23 10:00 UTC, written by refresh-1",
    "provenance": "mal ok 2026-11-23 10:00 UTC fields that nobody here knows: anime.moods (2)",
    "locked_fields": "locked by a person synopsis",
    "system_status": "in no release since 2026-11-01 00:00 UTC",
    "orphaned_at": "in no release since 2026-11-01 00:00 UTC",
    "offered_sources": "offered by a release, not a source https://kitsu.app/anime/1",
    "revision": f"Cowboy Bebop ({ANIME}, revision 3)",
    "last_saga": "enriched as of 2026-11-23 10:00 UTC, written by refresh-1",
}
"""A line of what is shown, for each field."""


def set_width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("cli.output.WIDTH_OF_FILES", columns)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_width(monkeypatch, 200)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(printed: str) -> list[str]:
    return [" ".join(line.replace("│", " ").replace("┃", " ").split()) for line in printed.splitlines()]


def shown(capsys: pytest.CaptureFixture[str], now: datetime = NOW, **changes: Any) -> list[str]:
    entry(Output(), {"entry": {**ENTRY, **changes}}, now)
    return rows(capsys.readouterr().out)


def episodes(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [episode(str(number), title=f"Part {number}.", **more) for number in numbers]


# ---------------------------------------------------------------------------------------------------------- the whole


def test_every_field_of_an_entry_is_told_or_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(check_entry(ENTRY).model_dump(exclude_defaults=True)) == set(AnimeEntry.model_fields) == set(NAMED)
    printed = shown(capsys)
    assert {name: line for name, line in NAMED.items() if line not in printed} == {}


def test_the_most_important_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    order = ["type TV", "next episode", "synopsis", "What else is known", "Episodes", "Characters", "Staff", "Songs"]
    places = [next(at for at, line in enumerate(printed) if line.startswith(word)) for word in order]
    assert places == sorted(places)


def test_no_table_and_no_reason_is_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    printed = "\n".join(shown(capsys))
    for once in ("staff: no recorded answer", "no recorded page", "Catalogues", "Staff\n", "Tank!", "other voices"):
        assert printed.count(once) == 1, once


@pytest.mark.parametrize("columns", [60, 80, 120, 160])
def test_no_line_is_wider_than_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_width(monkeypatch, columns)
    entry(Output(), {"entry": ENTRY}, NOW)
    assert max(map(cell_len, capsys.readouterr().out.splitlines())) <= columns


def test_a_narrow_terminal_gets_fewer_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Main Spike Spiegel スパイク Kouichi Yamadera mal, anilist" in shown(capsys)
    set_width(monkeypatch, 80)
    assert "Main Spike Spiegel Kouichi Yamadera" in shown(capsys)


def test_machines_get_no_tables(capsys: pytest.CaptureFixture[str]) -> None:
    entry(Output(as_json=True), {"entry": ENTRY}, NOW)
    assert capsys.readouterr().out == ""


def test_an_entry_made_of_a_release_alone_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    bare = {"anime_id": ANIME, "title": "Bebop", "type": "TV", "status": "UNKNOWN", "episodes": 0, "enriched": False}
    entry(Output(), {"entry": bare}, NOW)
    printed = rows(capsys.readouterr().out)
    assert {"episodes not known", "enriched never"} <= set(printed)


def test_titles_in_latin_letters_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    titles = ["카우보이 비밥", "Ковбой Бибоп", "Kowboj Bebop", "Cowboy Bebop カウボーイ", "Cow-boy Bébop 2", "091"]
    expected = "Kowboj Bebop, Cow-boy Bébop 2, 091, 카우보이 비밥, Ковбой Бибоп, Cowboy Bebop カウボーイ"
    assert f"other titles {expected}" in shown(capsys, synonyms=titles)


def test_a_weekly_time_is_told_by_its_day_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    times = {"jpn_time": "2020-06-15T01:00:00+09:00", "dub_time": "2023-03-18T16:01:00Z"}
    assert "weekly times original Sun 16:00 UTC, dub Sat 16:01 UTC" in shown(capsys, broadcast_schedule=times)


def test_tags_that_are_told_by_another_name_already_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    tags = ["noir", "sci-fi", "space", "Seinen", "violence", "space travel"]
    assert "tags noir, space travel" in shown(capsys, tags=tags)
    assert not [line for line in shown(capsys, tags=["space"]) if line.startswith("tags")]


# ----------------------------------------------------------------------------------------------------------- episodes


def test_the_next_episode_is_told_in_utc_in_japan_and_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "next episode 2: Fri 2026-11-27 16:00 UTC, Sat 01:00 in Japan" in shown(capsys)
    monkeypatch.setenv("TZ", "EST5")
    time.tzset()
    assert "next episode 2: Fri 2026-11-27 16:00 UTC, Sat 01:00 in Japan, Fri 11:00 here" in shown(capsys)


def test_a_special_is_not_the_next_episode(capsys: pytest.CaptureFixture[str]) -> None:
    special = episode("S1", aired="2026-11-24T16:00:00Z")
    printed = shown(capsys, episode_details=[*episodes(1, aired="2026-11-20"), special])
    assert "next episode nobody says when" in printed


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (datetime(2026, 11, 24, 14, 59, tzinfo=UTC), "next episode 1: Tue 2026-11-24 in Japan"),
        (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), "next episode nobody says when"),
    ],
)
def test_a_day_is_over_when_it_is_in_japan(now: datetime, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in shown(capsys, now, episode_details=episodes(1, aired="2026-11-24"))


def test_an_anime_that_ended_has_no_next_episode(capsys: pytest.CaptureFixture[str]) -> None:
    assert not [line for line in shown(capsys, status="FINISHED") if line.startswith("next episode")]


def test_of_a_long_series_that_airs_the_latest_episodes_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    aired = episodes(*range(1, 1101), aired="2026-01-01")
    coming = episodes(*range(1101, 1110), aired="2026-12-01")
    printed = shown(capsys, episode_details=[*aired, *coming, *[episode(f"S{n}") for n in range(1, 40)]])
    found = [line.split()[0] for line in printed if " Part " in line]
    assert found == [str(number) for number in range(1077, 1107)]
    assert "and 1,118 more; --json has them all" in printed


def test_of_a_long_series_without_a_next_episode_the_last_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys, episode_details=[*episodes(*range(1, 101)), episode("S1")])
    assert [line.split()[0] for line in printed if " Part " in line] == [str(number) for number in range(71, 101)]


def test_of_a_long_series_that_ended_the_first_episodes_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys, status="FINISHED", episode_details=episodes(*range(1, 101)))
    assert [line.split()[0] for line in printed if " Part " in line] == [str(number) for number in range(1, 31)]
    assert "and 70 more; --json has them all" in printed


def test_an_episode_is_told_with_its_time_length_and_marks(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    assert "1 Asteroid Blues 1998-10-24 24 min recap" in printed
    assert "2 Nora Inu 野良犬のストラット 2026-11-27 16:00 UTC" in printed


# -------------------------------------------------------------------------------------------------------------- lists


def test_staff_begins_with_director_script_and_music_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    begin = printed.index("directors Shinichirou Watanabe")
    assert printed[begin : begin + 4] == [
        "directors Shinichirou Watanabe",
        "series writers Keiko Nobumoto",
        "music composers Youko Kanno",
        "others adr director 10",
    ]


def test_an_anime_on_several_pages_is_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    assert f"SIDE STORY Film {FILM}" in printed
    assert "SEQUEL https://myanimelist.net/anime/6" in printed
    assert sum(line.startswith("SIDE STORY") for line in printed) == 1


def test_an_anime_without_a_title_is_called_by_the_name_in_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    addresses = {
        "https://animeschedule.net/anime/cowboy-bebop-the-movie/": "PREQUEL",
        "https://a.test/anime/7": "SEQUEL",
    }
    related = [{"url": address, "relation_type": kind} for address, kind in addresses.items()]
    titled = {"url": "https://animeschedule.net/anime/a-slug", "relation_type": "OTHER", "title": "A title"}
    printed = shown(capsys, related_anime=[*related, titled])
    assert "PREQUEL cowboy-bebop-the-movie https://animeschedule.net/anime/cowboy-bebop-the-movie/" in printed
    assert "SEQUEL https://a.test/anime/7" in printed
    assert "OTHER A title https://animeschedule.net/anime/a-slug" in printed


def test_a_long_cast_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    cast = [{"name": f"No. {number}", "role": "Background"} for number in range(40)]
    printed = "\n".join(shown(capsys, characters=cast))
    assert "and 10 more; --json has them all" in printed
    assert "No. 29" in printed
    assert "No. 30" not in printed


# --------------------------------------------------------------------------------------------------------- provenance


def test_a_catalogue_that_lacks_something_is_partial(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    assert "kitsu partial staff: no recorded answer" in printed
    assert "anisearch not_recorded no recorded page" in printed


def test_where_values_come_from_is_told_with_the_age_of_what_nobody_offers_now(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = shown(capsys)
    assert "synopsis reviewer" in printed
    assert "kitsu: 4 (as of 2026-01-01)" in printed


def test_the_fields_of_characters_are_one_line_of_catalogues(capsys: pytest.CaptureFixture[str]) -> None:
    printed = shown(capsys)
    assert "characters/* anilist, mal" in printed
    assert "characters/name" not in printed


def test_a_reviewer_is_told_what_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    asked = {
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
    review(Output(), asked)
    printed = rows(capsys.readouterr().out)
    assert f"episodes nothing -> {ENTRY['episodes']}" in printed
    assert "kitsu partial staff: no recorded answer" in printed
    assert "episodes mal: 26 mal believed first" in printed
    assert "anidb: 25" in printed
    assert "episode_details/aired 1, 4-6 mal: 1: 1998-10-24 mal slot" in printed
    assert "rating kitsu XXX" in printed
    assert "Fad / Fatty mal, anilist other voices" in printed


def test_an_entry_with_nothing_to_look_at_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    to_look_at(Output(), {"provenance": {"catalogues": {"mal": {"status": "ok"}}}})
    assert capsys.readouterr().out == ""
