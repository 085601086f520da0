"""AniDB, Anime-Planet and aniSearch from their synthetic pages to the parts of an entry."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.stages.readers import READERS
from models.events import Catalogue
from models.vocabulary import AnimeStatus, AnimeType, CharacterRole, RelationType, Season, SourceMaterial
from sources import anidb_xml, animeplanet_page, anisearch_page

FOLDER = Path(__file__).parents[2] / "data/synthetic"


def answers(catalogue: Catalogue) -> dict[str, Any]:
    if catalogue is Catalogue.ANIDB:
        return {"anime": anidb_xml.parsed_anime((FOLDER / "anidb-anime.xml").read_bytes(), number="99001")[0]}
    if catalogue is Catalogue.ANIMEPLANET:
        page = (FOLDER / "animeplanet-anime.html").read_bytes()
        found, _ = animeplanet_page.parsed_anime(page, slug="letters-from-a-star", today=date(2032, 1, 1))
        return {"anime": found}
    return {
        "anime": anisearch_page.parsed_anime((FOLDER / "anisearch-anime.html").read_bytes(), number="99101")[0],
        "relations": anisearch_page.parsed_relations((FOLDER / "anisearch-relations.html").read_bytes()),
        "episodes": anisearch_page.parsed_episodes((FOLDER / "anisearch-episodes.html").read_bytes()),
        "characters": anisearch_page.parsed_characters((FOLDER / "anisearch-characters.html").read_bytes()),
    }


@pytest.fixture(params=[Catalogue.ANIDB, Catalogue.ANIMEPLANET, Catalogue.ANISEARCH])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    found: Catalogue = request.param
    return found


def metadata(catalogue: Catalogue) -> dict[str, Any]:
    return READERS[catalogue].metadata(answers(catalogue))


def test_all_three_agree_on_what_they_all_tell(catalogue: Catalogue) -> None:
    found = metadata(catalogue)
    assert found["type"] is AnimeType.TV
    assert found["aired_dates"] == {"from": "2031-04-05", "to": "2031-04-19"}
    assert found["month"] == "April"
    assert [studio["name"] for studio in found["studios"]] == ["Studio Kumo"]
    assert {"Hoshi no Tegami", "Letters from a Star"} & {found["title"]}
    assert "Hoshitega" in found["synonyms"]


def test_titles_by_language() -> None:
    for one in (Catalogue.ANIDB, Catalogue.ANISEARCH):
        found = metadata(one)
        assert (found["title"], found["title_english"]) == ("Hoshi no Tegami", "Letters from a Star")
        assert found["title_japanese"] == "星の手紙"


def test_status_season_and_source() -> None:
    planet, search = metadata(Catalogue.ANIMEPLANET), metadata(Catalogue.ANISEARCH)
    assert planet["status"] is search["status"] is AnimeStatus.FINISHED
    assert (planet["season"], planet["year"], planet["duration"]) == (Season.SPRING, 2031, 24 * 60)
    assert (search["source_material"], search["duration"]) == (SourceMaterial.LIGHT_NOVEL, 24 * 60)


def test_tags_that_spoil_are_left_out() -> None:
    found = metadata(Catalogue.ANIDB)
    assert found["tags"] == ["post office"]
    assert metadata(Catalogue.ANIMEPLANET)["content_warnings"] == ["Mature Themes", "Violence"]


def test_anidb_s_numbers_of_sites_become_pages() -> None:
    found = metadata(Catalogue.ANIDB)
    assert found["external_links"] == [
        ("official site", "https://hoshi.example/"),
        ("Anime News Network", "https://www.animenewsnetwork.com/encyclopedia/anime.php?id=44001"),
        ("MyAnimeList", "https://myanimelist.net/anime/88001"),
        ("MyAnimeList", "https://myanimelist.net/anime/88002"),
        ("Official Site", "https://hoshi.example/anime/"),
        ("Wikipedia (Japanese)", "https://ja.wikipedia.org/wiki/%E6%98%9F%E3%81%AE%E6%89%8B%E7%B4%99"),
        ("The Movie Database", "https://www.themoviedb.org/tv/55001"),
    ]
    assert found["streaming_info"] == [
        {"platform": "Crunchyroll", "url": "https://www.crunchyroll.com/series/GHOSHI01"}
    ]


def test_credits_and_trailers_are_no_episodes() -> None:
    found = READERS[Catalogue.ANIDB].episodes(answers(Catalogue.ANIDB))
    assert [episode["episode_number"] for episode in found] == ["1", "2", "S1"]
    assert found[0] == {
        "episode_number": "1",
        "title": "The First Letter",
        "title_japanese": "最初の手紙",
        "title_romaji": "Saisho no Tegami",
        "aired": "2031-04-05",
        "duration": 24 * 60,
        "synopsis": "The first letter has no address.",
    }


def test_anisearch_marks_filler() -> None:
    first, second = READERS[Catalogue.ANISEARCH].episodes(answers(Catalogue.ANISEARCH))
    assert (first["filler"], second["filler"]) == (False, True)
    assert (first["aired"], first["duration"], first["title"]) == ("2031-04-05", 24 * 60, "The First Letter")


def test_relations_say_what_they_are_of() -> None:
    relations = {
        one: READERS[one].relations(answers(one))
        for one in (Catalogue.ANIDB, Catalogue.ANIMEPLANET, Catalogue.ANISEARCH)
    }
    assert [(part["url"], part["relation_type"]) for part in relations[Catalogue.ANIDB]] == [
        ("https://anidb.net/anime/99002", RelationType.SEQUEL),
        ("https://anidb.net/anime/99003", RelationType.ALTERNATIVE_VERSION),
    ]
    planet = relations[Catalogue.ANIMEPLANET]
    assert [(part["is_anime"], part["relation_type"]) for part in planet] == [
        (True, RelationType.SEQUEL),
        (True, RelationType.OTHER),
        (False, RelationType.ORIGINAL_WORK),
    ]
    search = relations[Catalogue.ANISEARCH]
    assert [(part["is_anime"], part.get("type"), part["relation_type"]) for part in search] == [
        (True, None, RelationType.SEQUEL),
        (False, "manga", RelationType.ADAPTATION),
    ]


def test_scores_end_at_ten_and_ranks_are_whole(catalogue: Catalogue) -> None:
    found = READERS[catalogue].statistics(answers(catalogue))
    assert {
        Catalogue.ANIDB: {"score": 7.81, "scored_by": 120},
        Catalogue.ANIMEPLANET: {"score": 8.2, "scored_by": 1201, "rank": 1234},
        Catalogue.ANISEARCH: {"score": 7.8, "scored_by": 812, "rank": 1234},
    }[catalogue] == found


def test_characters_have_their_role_and_page(catalogue: Catalogue) -> None:
    mio = READERS[catalogue].characters(answers(catalogue))[0]
    assert mio["name"] == "Mio"
    assert list(mio["character_ids"]) == [catalogue.value]
    assert mio["character_pages"][catalogue.value].startswith("https://")
    if catalogue is not Catalogue.ANIMEPLANET:
        assert mio["role"] is CharacterRole.MAIN


def test_names_are_written_given_name_first_without_capitals() -> None:
    planet = READERS[Catalogue.ANIMEPLANET].staff(answers(Catalogue.ANIMEPLANET))
    search = READERS[Catalogue.ANISEARCH].staff(answers(Catalogue.ANISEARCH))
    assert [(person["name"], person["group"]) for person in planet] == [
        ("Aoi Yamano", "directors"),
        ("Sora Umino", "music_composers"),
    ]
    assert [(person["name"], person["group"]) for person in search] == [
        ("Aoi Yamano", "original_creators"),
        ("Hoshi Tegami", "original_creators"),
        ("Sora Umino", "music_composers"),
    ]
    assert planet[0]["staff_ids"] == {"animeplanet": "aoi-yamano"}
    assert search[0]["url"] == "https://www.anisearch.com/person/1"
