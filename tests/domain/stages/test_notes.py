"""What the stages tell reviewers beside the values: disagreements, unknown words, and the next episode."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.stages import run_stage
from domain.stages.scripts import Script, script_of
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, answers

NOW = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday


def run(stage: Stage, at: datetime | None = None, **given: dict[str, Any]) -> dict[str, Any]:
    return run_stage(stage, {Catalogue(name): kinds for name, kinds in given.items()}, SUBJECT, at=at)


def conflicts(part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["field"]: one for one in part.get("provenance", {}).get("conflicts", [])}


# -------------------------------------------------------------------------------------------------------- conflicts


def test_what_lost_of_cowboy_bebops_dates_is_told_with_the_rule() -> None:
    told = run_stage(Stage.EPISODES, answers(), SUBJECT)["provenance"]["conflicts"]
    assert [(one["field"], one["chosen"], one["items"]) for one in told] == [
        ("episode_details/aired", "mal", "1, 4-6"),
        ("episode_details/aired", "mal", "2-3, 7-10"),
    ]
    late_night, reruns = told
    assert late_night["values"]["kitsu"].startswith("1: 1998-10-23, 4: 1998-11-13")
    assert "late nights" in late_night["rule"]
    assert reruns["values"] == {
        "mal": "2: 1998-04-03, 3: 1998-04-10, 7: 1998-04-17, 8: 1998-04-24, 9: 1998-05-01 and 1 more",
        "kitsu": "2: 1998-10-30, 3: 1998-11-06, 7: 1998-12-04, 8: 1998-12-11, 9: 1998-12-18 and 1 more",
    }
    assert "first showing" in reruns["rule"]


def test_a_series_that_began_on_another_weekday_than_its_slot_is_told() -> None:
    told = conflicts(run_stage(Stage.METADATA, answers(), SUBJECT))
    assert told["broadcast"]["values"] == {"mal": "Saturdays at 01:00 (JST), but began on Friday 1998-04-03"}
    assert set(told) == {"broadcast"}, "of everything else the catalogues agree"


def test_another_count_status_or_date_is_a_conflict() -> None:
    part = run(
        Stage.METADATA,
        jikan={"anime": {"episodes": 26, "status": "Finished Airing", "aired": {"from": "2020-01-05"}}},
        anilist={
            "anime": {
                "episodes": 25,
                "status": "RELEASING",
                "startDate": {"year": 2020, "month": 1, "day": 7},
            }
        },
    )
    told = conflicts(part)
    assert set(told) == {"episodes", "status", "aired_dates"}
    assert told["episodes"]["values"] == {"mal": "26", "anilist": "25"}
    assert (told["episodes"]["chosen"], part["episodes"]) == ("mal", 26)
    assert told["aired_dates"]["values"] == {"mal": "2020-01-05", "anilist": "2020-01-07"}


def test_what_is_a_way_to_count_or_write_is_no_conflict() -> None:
    part = run(
        Stage.METADATA,
        jikan={"anime": {"duration": "24 min per ep", "aired": {"from": "2020-01-05"}}},
        kitsu={"anime": {"attributes": {"episodeLength": 25, "startDate": "2020-01-04"}}},
    )
    assert conflicts(part) == {}


# --------------------------------------------------------------------------------------------------------- origins


def origins(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part["provenance"]["origins"]
    return found


def test_a_list_of_an_episode_is_of_every_catalogue_that_added_to_it() -> None:
    kitsu = {"attributes": {"number": 1, "thumbnail": {"original": "https://k.example/1.jpg"}}}
    anilist = {
        "title": "Episode 1 - One",
        "url": "https://s.example/1",
        "site": "S",
        "thumbnail": "https://a.example/1",
    }
    part = run(Stage.EPISODES, kitsu={"episodes": [kitsu]}, anilist={"anime": {"streamingEpisodes": [anilist]}})
    assert len(part["episode_details"][0]["thumbnails"]) == 2
    assert origins(part)["episode_details/thumbnails"] == {"keys": {"1": ["kitsu", "anilist"]}}
    assert origins(part)["episode_details/streaming"] == {"keys": {"1": "anilist"}}


def test_a_description_that_another_catalogue_gives_a_theme_is_that_catalogues() -> None:
    part = run(
        Stage.METADATA,
        jikan={"anime": {"themes": [{"name": "Space"}, {"name": "Adult Cast"}]}},
        anilist={"anime": {"tags": [{"name": "Space", "description": "Set in outer space."}]}},
    )
    at = str(1 + [theme["name"] for theme in part["themes"]].index("Space"))
    assert origins(part)["themes"] == {"items": ["mal", "mal"]}
    assert origins(part)["themes/description"] == {"keys": {at: "anilist"}}


def test_what_a_second_catalogue_fills_in_of_a_person_is_its_own() -> None:
    anilist = {"role": "Director", "node": {"id": 1, "name": {"full": "Shinichirou Watanabe", "native": "渡辺信一郎"}}}
    jikan = {
        "person": {
            "mal_id": 2,
            "name": "Watanabe, Shinichirou",
            "images": {"jpg": {"image_url": "https://m.example/2.jpg"}},
        },
        "positions": ["Director"],
    }
    part = run(Stage.METADATA, anilist={"staff": [anilist]}, jikan={"staff": [jikan]})
    (person,) = part["staff_data"]["production_staff"]["directors"]
    assert person["staff_ids"] == {"anilist": 1, "mal": 2}
    path = "staff_data/production_staff/directors"
    told = {name: one for name, one in origins(part).items() if name.startswith(path)}
    assert told == {path: {"items": ["anilist"]}, f"{path}/image": {"keys": {"1": "mal"}}}


def test_each_field_of_a_character_says_whose_it_is() -> None:
    jikan = {"character": {"mal_id": 1, "name": "Spiegel, Spike"}, "role": "Main"}
    anilist = {
        "role": "MAIN",
        "node": {"id": 1, "name": {"full": "Spike Spiegel", "native": "スパイク"}, "age": "27", "gender": "Male"},
    }
    part = run(Stage.CHARACTERS, jikan={"characters": [jikan]}, anilist={"characters": [anilist]})
    assert len(part["characters"]) == 1
    assert {name: one["keys"]["1"] for name, one in origins(part).items()} == {
        "characters/name": "mal",
        "characters/role": "mal",
        "characters/name_native": "anilist",
        "characters/name_kanji": "anilist",
        "characters/age": "anilist",
        "characters/gender": "anilist",
        "characters/character_ids": ["mal", "anilist"],
        "characters/character_pages": "anilist",
    }


# ---------------------------------------------------------------------------------------------------- unknown words


def test_words_that_no_closed_set_knows_are_told_and_the_next_catalogue_decides() -> None:
    part = run(
        Stage.METADATA,
        jikan={"anime": {"type": "Hologram", "rating": "XXX", "genres": [{"name": "Polka"}], "source": "Opera"}},
        anilist={"anime": {"format": "TV", "season": "MONSOON"}},
    )
    assert part["type"] == "TV"
    assert "polka" in part["tags"]
    told = [(one["field"], one["catalogue"], one["value"]) for one in part["provenance"]["unknown_values"]]
    assert sorted(told) == [
        ("genres", "mal", "Polka"),
        ("rating", "mal", "XXX"),
        ("season", "anilist", "MONSOON"),
        ("source_material", "mal", "Opera"),
        ("type", "mal", "Hologram"),
    ]


def test_a_relation_of_an_unknown_kind_is_told() -> None:
    entry = {"mal_id": 5, "type": "anime", "name": "Film", "url": "https://myanimelist.net/anime/5"}
    part = run(Stage.RELATIONSHIPS, jikan={"anime": {"relations": [{"relation": "Stage Play", "entry": [entry]}]}})
    assert part["related_anime"][0]["relation_type"] == "OTHER"
    assert part["provenance"]["unknown_values"] == [
        {"field": "relation_type", "catalogue": "mal", "value": "Stage Play"}
    ]


# ------------------------------------------------------------------------------------------------- titles by script


@pytest.mark.parametrize(
    ("title", "script"),
    [
        ("Cowboy Bebop", Script.LATIN),
        ("Élise", Script.LATIN),
        ("カウボーイ", Script.EAST_ASIAN),
        ("ﾄｳｷｮｳ", Script.EAST_ASIAN),
        ("LINEスタンプ", Script.EAST_ASIAN),
        ("카우보이 비밥", Script.EAST_ASIAN),
        ("Ковбой Бибоп", Script.OTHER),
        ("86", Script.NONE),
    ],
)
def test_scripts(title: str, script: Script) -> None:
    assert script_of(title) is script


def test_a_title_in_the_wrong_script_is_a_synonym() -> None:
    part = run(
        Stage.METADATA,
        jikan={"anime": {"title": "Bebop", "title_english": "カウボーイ", "title_japanese": "Kaubooi"}},
        anilist={"anime": {"title": {"english": "Cowboy Bebop", "native": "カウボーイビバップ"}}},
    )
    assert (part["title_english"], part["title_japanese"]) == ("Cowboy Bebop", "カウボーイビバップ")
    assert {"カウボーイ", "Kaubooi"} <= set(part["synonyms"])


def test_a_japanese_title_in_latin_letters_stands_where_nobody_knows_another() -> None:
    assert run(Stage.METADATA, jikan={"anime": {"title_japanese": "!NVADE SHOW!"}})["title_japanese"] == "!NVADE SHOW!"


def test_synonyms_differ_in_more_than_case_and_width() -> None:
    part = run(
        Stage.METADATA, jikan={"anime": {"title_synonyms": ["ＢＥＢＯＰ", "bebop", "Bebop  ", "ビバップ", "ﾋﾞﾊﾞｯﾌﾟ"]}}
    )
    assert part["synonyms"] == ["ＢＥＢＯＰ", "ビバップ"]


# -------------------------------------------------------------------------------------------------------- what is next

SLOT = {"day": "Saturdays", "time": "01:00", "timezone": "Asia/Tokyo", "string": "Saturdays at 01:00 (JST)"}
FRIDAY_16_UTC = "2026-11-27T16:00:00Z"
ON_AIR: dict[str, Any] = {
    "anime": {"status": "Currently Airing", "broadcast": SLOT, "episodes": 12},
    "episodes": [{"mal_id": 7, "aired": "2026-11-14T00:00:00+09:00"}, {"mal_id": 8, "aired": "2026-11-21"}],
}


def aired(part: dict[str, Any]) -> dict[str, str]:
    return {one["episode_number"]: one["aired"] for one in part["episode_details"] if "aired" in one}


def test_the_next_episode_follows_from_the_weekly_slot() -> None:
    part = run(Stage.EPISODES, NOW, jikan=ON_AIR)
    assert aired(part) == {"7": "2026-11-14", "8": "2026-11-21", "9": FRIDAY_16_UTC}
    assert part["provenance"]["origins"]["episode_details/aired"]["keys"]["9"] == "mal"


def test_without_a_time_of_the_answers_nothing_is_said_of_the_future() -> None:
    assert "9" not in aired(run(Stage.EPISODES, jikan=ON_AIR))


@pytest.mark.parametrize("change", [{"status": "Finished Airing"}, {"episodes": 8}])
def test_a_series_that_is_over_has_no_next_episode(change: dict[str, Any]) -> None:
    over = {**ON_AIR, "anime": {**ON_AIR["anime"], **change}}
    assert "9" not in aired(run(Stage.EPISODES, NOW, jikan=over))


def test_what_two_sources_say_counts_against_a_third_and_the_third_is_told() -> None:
    later = {"anime": {"nextAiringEpisode": {"episode": 9, "airingAt": 1795881600}}}  # 2026-11-28T16:00:00Z
    timetable = {"anime": {"jpnTime": "2020-06-12T16:00:00Z"}}
    part = run(Stage.EPISODES, NOW, jikan=ON_AIR, anilist=later, animeschedule=timetable)
    assert aired(part)["9"] == FRIDAY_16_UTC
    told = [one for one in part["provenance"]["conflicts"] if one["items"] == "9"]
    assert told[-1]["values"] == {"mal": FRIDAY_16_UTC, "anilist": "2026-11-28T16:00:00Z"}


def test_a_delay_moves_the_next_episode() -> None:
    delay = {"delayedFrom": "2026-11-22T00:00:00Z", "delayedUntil": "2026-12-01T00:00:00Z"}
    part = run(Stage.EPISODES, NOW, jikan=ON_AIR, animeschedule={"anime": delay})
    assert aired(part)["9"] == "2026-12-04T16:00:00Z"


def test_an_override_renumbers_the_weeks_from_it_on() -> None:
    override = {"overrideDate": "2026-11-20T16:00:00Z", "overrideEpisode": 3, "episodesAired": 1}
    timetable = {"status": "Ongoing", "jpnTime": "2020-06-12T16:00:00Z", "episodeOverride": override}
    assert aired(run(Stage.EPISODES, NOW, animeschedule={"anime": timetable})) == {"4": FRIDAY_16_UTC}


def test_a_premiere_counts_the_weeks_of_a_short_series() -> None:
    timetable = {"status": "Ongoing", "jpnTime": "2020-06-12T16:00:00Z", "premier": "2026-10-02T16:00:00Z"}
    assert aired(run(Stage.EPISODES, NOW, animeschedule={"anime": timetable})) == {"9": FRIDAY_16_UTC}
    old = {**timetable, "premier": "1999-10-01T16:00:00Z"}
    assert "episode_details" not in run(Stage.EPISODES, NOW, animeschedule={"anime": old})


def test_the_season_of_the_first_broadcast_stands_where_no_catalogue_names_one() -> None:
    part = run(Stage.METADATA, anidb={"anime": {"startdate": "2026-12-28"}})
    assert (part["season"], part["year"]) == ("WINTER", 2027)
    vague = {"aired": {"from": "2026-12-01T00:00:00+00:00", "string": "Dec 2026"}}
    assert "season" not in run(Stage.METADATA, jikan={"anime": vague})
