"""What the readers make of answers that the recording does not hold, by small made-up ones of the documented shapes."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import pytest

from domain.stages.readers import words
from domain.stages.readers.anilist import ANILIST
from domain.stages.readers.jikan import JIKAN
from domain.stages.readers.kitsu import KITSU
from models.vocabulary import RelationType


def jpg(name: str) -> dict[str, Any]:
    return {
        "jpg": {"image_url": f"https://cdn.example/{name}.jpg", "large_image_url": f"https://cdn.example/{name}l.jpg"}
    }


# ------------------------------------------------------------------------------------------------------- MyAnimeList


def test_mal_staff_is_one_credit_a_position() -> None:
    person = {
        "mal_id": 2009,
        "name": "Watanabe, Shinichirou",
        "url": "https://myanimelist.net/people/2009",
        "images": jpg("w"),
    }
    found = JIKAN.staff({"staff": [{"person": person, "positions": ["Director", "Script"]}]})
    assert [(one["name"], one["role"], one["group"]) for one in found] == [
        ("Shinichirou Watanabe", "Director", "directors"),
        ("Shinichirou Watanabe", "Script", "script_writers"),
    ]
    assert (found[0]["staff_ids"], found[0]["image"]) == ({"mal": 2009}, "https://cdn.example/wl.jpg")


def test_mal_statistics_have_votes_and_lists() -> None:
    told = {
        "watching": 5,
        "completed": 7,
        "on_hold": 1,
        "total": 13,
        "scores": [{"score": 10, "votes": 4}, {"score": 9}],
    }
    found = JIKAN.statistics({"anime": {"score": 8.75}, "statistics": told})
    assert found["score_distribution"] == {"10": 4}
    assert found["status_distribution"] == {"watching": 5, "completed": 7, "on_hold": 1}


def test_mal_pictures_and_videos_are_covers_trailers_and_thumbnails() -> None:
    trailer = {"youtube_id": "abc", "url": "https://www.youtube.com/watch?v=abc", "images": {}}
    answers = {
        "anime": {"images": jpg("cover"), "trailer": {}},
        "pictures": [jpg("cover"), jpg("other")],
        "videos": {
            "promo": [{"title": "PV 1", "trailer": trailer}],
            "episodes": [{"mal_id": 3, "episode": "Episode 3", "title": "Three", "images": jpg("three")}],
        },
    }
    found = JIKAN.metadata(answers)
    assert found["covers"] == ["https://cdn.example/coverl.jpg", "https://cdn.example/otherl.jpg"]
    assert found["trailers"] == [{"url": "https://www.youtube.com/watch?v=abc", "title": "PV 1"}]
    assert JIKAN.episodes(answers) == [{"episode_number": "3", "thumbnails": ["https://cdn.example/threel.jpg"]}]


# ------------------------------------------------------------------------------------------------------------ AniList


def test_anilists_schedule_gives_every_episode_its_moment() -> None:
    edges = [{"node": {"episode": number, "airingAt": 1795453200 + number * 604800}} for number in (1, 2)]
    assert [one["aired"] for one in ANILIST.episodes({"anime": {}, "schedule": edges})] == [
        "2026-11-30T17:00:00Z",
        "2026-12-07T17:00:00Z",
    ]


# -------------------------------------------------------------------------------------------------------------- Kitsu


def resource(kind: str, identifier: str, related: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    links = {name: {"data": data} for name, data in (related or {}).items()}
    return {"id": identifier, "type": kind, "attributes": attributes, "relationships": links}


def to(kind: str, identifier: str) -> dict[str, str]:
    return {"type": kind, "id": identifier}


def test_kitsus_streaming_links_name_their_platforms_and_languages() -> None:
    answers = {
        "anime": {},
        "streaming_links": [
            resource(
                "streamingLinks",
                "1",
                {"streamer": to("streamers", "4")},
                url="https://hulu.com/x",
                subs=["en"],
                dubs=["ja"],
            ),
            resource("streamingLinks", "2", url="https://www.example.org/y"),
        ],
        "streamers": [resource("streamers", "4", siteName="Hulu")],
    }
    assert KITSU.metadata(answers)["streaming_info"] == [
        {"platform": "Hulu", "url": "https://hulu.com/x", "subtitle_languages": ["en"], "dub_languages": ["ja"]},
        {"platform": "www.example.org", "url": "https://www.example.org/y"},
    ]


def test_kitsus_companies_stand_by_what_they_do() -> None:
    answers = {
        "anime": {},
        "productions": [
            resource("mediaProductions", "1", {"producer": to("producers", "7")}, role="studio"),
            resource("mediaProductions", "2", {"producer": to("producers", "8")}, role="licensor"),
            resource("mediaProductions", "3", {"producer": to("producers", "9")}, role="serialization"),
        ],
        "producers": [resource("producers", number, name=f"Company {number}") for number in "789"],
    }
    found = KITSU.metadata(answers)
    assert [(one["name"], one["company_ids"]) for one in found["studios"]] == [("Company 7", {"kitsu": 7})]
    assert [one["name"] for one in found["licensors"]] == ["Company 8"]
    assert "producers" not in found


def test_kitsus_relations_lead_to_anime_and_to_other_works() -> None:
    answers = {
        "media_relationships": [
            resource("mediaRelationships", "1", {"destination": to("anime", "3")}, role="side_story"),
            resource("mediaRelationships", "2", {"destination": to("manga", "77")}, role="adaptation"),
            resource("mediaRelationships", "3", {"destination": to("people", "1")}, role="other"),
        ],
        "related_media": [resource("anime", "3", canonicalTitle="Film"), resource("manga", "77", subtype="Manga")],
    }
    assert KITSU.relations(answers) == [
        {"url": "https://kitsu.app/anime/3", "title": "Film", "relation_type": "SIDE STORY", "is_anime": True},
        {"url": "https://kitsu.app/manga/77", "relation_type": "ADAPTATION", "type": "manga", "is_anime": False},
    ]


def test_kitsus_characters_have_their_voices_and_its_staff_its_kinds_of_work() -> None:
    people = [
        resource("people", "5", canonicalName="Kouichi Yamadera", names={"ja_jp": "山寺宏一"}),
        resource("people", "6", name="Shinichirou Watanabe"),
    ]
    link = resource("mediaCharacters", "1", {"character": to("characters", "9")}, role="main")
    answers = {
        "characters": [link],
        "character_resources": [
            resource("characters", "9", canonicalName="Spike Spiegel", malId=1, otherNames=["Swimming Bird"])
        ],
        "voices": [
            resource(
                "characterVoices",
                "1",
                {"mediaCharacter": to("mediaCharacters", "1"), "person": to("people", "5")},
                locale="ja_jp",
            ),
            resource(
                "characterVoices",
                "2",
                {"mediaCharacter": to("mediaCharacters", "2"), "person": to("people", "6")},
                locale="ja_jp",
            ),
        ],
        "people": people,
        "staff": [resource("mediaStaff", "1", {"person": to("people", "6")}, role="Director, Storyboard")],
    }
    [spike] = KITSU.characters(answers)
    assert (spike["character_ids"], spike["nicknames"]) == ({"kitsu": 9, "mal": 1}, ["Swimming Bird"])
    assert spike["voice_actors"] == [
        {"name": "Kouichi Yamadera", "native_name": "山寺宏一", "staff_ids": {"kitsu": 5}, "language": "Japanese"}
    ]
    assert [(one["name"], one["group"]) for one in KITSU.staff(answers)] == [
        ("Shinichirou Watanabe", "directors"),
        ("Shinichirou Watanabe", "storyboard_artists"),
    ]


ANILIST_WORDS: Final = {
    words.anime_type: "TV TV_SHORT MOVIE SPECIAL OVA ONA MUSIC",
    words.anime_status: "FINISHED RELEASING NOT_YET_RELEASED HIATUS",
    words.season: "WINTER SPRING SUMMER FALL",
    words.source_material: "ORIGINAL MANGA LIGHT_NOVEL VISUAL_NOVEL VIDEO_GAME OTHER NOVEL DOUJINSHI ANIME WEB_NOVEL"
    " LIVE_ACTION GAME COMIC MULTIMEDIA_PROJECT PICTURE_BOOK",
    words.relation_type: "ADAPTATION PREQUEL SEQUEL PARENT SIDE_STORY CHARACTER SUMMARY ALTERNATIVE SPIN_OFF OTHER"
    " SOURCE COMPILATION CONTAINS",
}
"""Of the schema at https://docs.anilist.co, in the newest versions of its enumerations. ``CANCELLED`` is no status of
ours; it stays among the unknown words."""


@pytest.mark.parametrize(
    ("read", "word"), [(read, word) for read, listed in ANILIST_WORDS.items() for word in listed.split()]
)
def test_every_word_of_anilists_enumerations_is_one_of_ours(read: Callable[[object], object], word: str) -> None:
    assert isinstance(read(word), StrEnum)


def test_anilists_word_for_the_work_that_an_anime_was_made_from_is_the_original() -> None:
    assert words.relation_type("SOURCE") is RelationType.ORIGINAL_WORK
