"""Entries made of a release alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.derive import NOT_FETCHED, derive_entry
from models.anime import check_entry, dump_entry
from models.base import FailedImage
from models.ids import canonical_source, mint_anime_id
from models.offline import OfflineEntry, read_offline
from models.vocabulary import AnimeStatus, AnimeType, CompanyType, RelationType, Season, SystemStatus
from scripts.check_full_files import lost_from_line
from tests.support.samples import FIRST, SECOND, cowboy_bebop_line, release_lines

ANIME_ID = mint_anime_id("https://myanimelist.net/anime/1")
NO_PICTURE = "https://raw.githubusercontent.com/manami-project/anime-offline-database/master/pics/no_pic.png"


def offered(**fields: Any) -> OfflineEntry:
    return read_offline(json.dumps(json.loads(cowboy_bebop_line()) | fields))


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_no_known_value_of_a_release_is_lost(path: Path) -> None:
    _, *lines = release_lines(path)
    for line in lines:
        entry = read_offline(line)
        derived = derive_entry(entry, mint_anime_id(canonical_source(entry.sources)))
        written = dump_entry(derived)
        assert check_entry(written) == derived
        assert lost_from_line(json.loads(line), written) == []


@pytest.mark.parametrize("field", ["tags", "synonyms", "season", "offered_sources", "images", "score"])
def test_the_check_for_losses_notices_one(field: str) -> None:
    written = dump_entry(derive_entry(offered(), ANIME_ID))
    del written[field]
    assert lost_from_line(json.loads(cowboy_bebop_line()), written) != []


def test_the_check_for_losses_notices_a_field_without_a_place() -> None:
    line = json.loads(cowboy_bebop_line()) | {"mood": "melancholic"}
    assert lost_from_line(line, dump_entry(derive_entry(offered(), ANIME_ID))) == ["mood: no place for 'melancholic'"]


def test_cowboy_bebop_as_offered() -> None:
    entry = derive_entry(offered(), ANIME_ID)
    assert entry.anime_id == ANIME_ID
    assert (entry.title, entry.type, entry.status, entry.episodes) == (
        "Cowboy Bebop",
        AnimeType.TV,
        AnimeStatus.FINISHED,
        26,
    )
    assert (entry.season, entry.year, entry.duration) == (Season.SPRING, 1998, 1500)
    assert "カウボーイビバップ" in entry.synonyms
    assert entry.score is not None
    assert entry.score.median == 8.224


def test_it_is_marked_as_never_enriched_and_as_offered() -> None:
    entry = derive_entry(offered(), ANIME_ID)
    assert entry.enriched is False
    assert entry.enrichment_metadata is None
    assert entry.episode_details == []
    assert entry.characters == []
    assert entry.system_status is SystemStatus.ACTIVE
    assert entry.offered_sources == entry.sources
    assert len(entry.sources) == 8


def test_pictures_are_placeholders_until_somebody_fetches_them() -> None:
    covers = derive_entry(offered(), ANIME_ID).images.covers
    assert covers == [
        FailedImage(image_url=f"https://media.kitsu.app/anime/poster_images/1/{size}.jpg", error_message=NOT_FETCHED)
        for size in ("large", "small")
    ]


def test_what_stands_for_nothing_is_dropped() -> None:
    entry = derive_entry(
        offered(animeSeason={"season": "UNDEFINED"}, picture=NO_PICTURE, thumbnail=NO_PICTURE, tags=["", " drama "]),
        ANIME_ID,
    )
    assert entry.season is None
    assert entry.year is None
    assert entry.images.covers == []
    assert entry.tags == ["drama"]


def test_the_year_is_kept_where_the_season_is_not_known() -> None:
    assert derive_entry(offered(animeSeason={"season": "UNDEFINED", "year": 1998}), ANIME_ID).year == 1998


def test_studios_and_producers_become_companies() -> None:
    entry = derive_entry(offered(studios=["sunrise"], producers=["bandai visual"]), ANIME_ID)
    assert entry.staff_data is not None
    assert [(studio.name, studio.type) for studio in entry.staff_data.studios] == [
        ("sunrise", CompanyType.ANIMATION_STUDIO)
    ]
    assert [(company.name, company.type) for company in entry.staff_data.producers] == [
        ("bandai visual", CompanyType.PRODUCER)
    ]
    assert derive_entry(offered(studios=[], producers=[]), ANIME_ID).staff_data is None


def test_of_related_anime_only_the_url_is_known() -> None:
    related = derive_entry(offered(relatedAnime=["https://myanimelist.net/anime/5"]), ANIME_ID).related_anime
    assert [(item.url, item.relation_type, item.title) for item in related] == [
        ("https://myanimelist.net/anime/5", RelationType.UNKNOWN, None)
    ]


def test_sources_are_canonical_and_each_stands_once() -> None:
    spelled = [
        "https://kitsu.io/anime/1",
        "https://kitsu.app/anime/1",
        "http://www.myanimelist.net/anime/1/Cowboy_Bebop",
    ]
    entry = derive_entry(offered(sources=spelled), ANIME_ID)
    assert entry.sources == ["https://kitsu.app/anime/1", "https://myanimelist.net/anime/1"]


def test_what_the_line_tells_is_the_releases_and_what_it_does_not_is_nobodys() -> None:
    entry = derive_entry(offered(type="UNKNOWN", episodes=0, studios=["sunrise"], tags=[]), ANIME_ID)
    fields = entry.provenance.fields
    assert {one.catalogue for origins in fields.values() for one in origins} == {"release"}
    assert {"title", "status", "season", "synonyms", "score", "images/covers", "staff_data/studios"} <= fields.keys()
    assert not {"type", "episodes", "tags", "staff_data/producers", "synopsis", "sources"} & fields.keys()
