from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.errors import ChangedShape, Malformed
from sources.animeplanet import AnimePlanetClient
from sources.animeplanet_page import parsed_anime
from sources.http import NotSupported, Response
from sources.replay import PARSED
from tests.support.clients import api
from tests.support.scripted_http import Scripted

PAGE = (Path(__file__).parents[1] / "data/synthetic/animeplanet-anime.html").read_bytes()
SOURCES = ("https://anime-planet.com/anime/letters-from-a-star",)
LATER = date(2032, 1, 1)


def anime(page: bytes = PAGE, today: date = LATER) -> Any:
    return parsed_anime(page, slug="letters-from-a-star", today=today)[0]


def test_what_the_page_says_for_machines_is_taken() -> None:
    found = anime()
    assert found["json_ld"]["numberOfEpisodes"] == 3
    assert found["json_ld"]["aggregateRating"]["ratingCount"] == 1201
    assert found["opengraph"]["image"].endswith("letters-from-a-star-1.jpg?t=1")


def test_escapes_and_doubled_hosts_are_repaired() -> None:
    facts = anime()["json_ld"]
    assert facts["description"].strip() == 'A postman finds "letters" that were never sent.'
    assert facts["image"].startswith("https://cdn.anime-planet.com/anime/primary/")


def test_what_stands_in_elements_alone_is_read() -> None:
    found = anime()
    assert (found["type"], found["minutes"], found["rank"]) == ("TV", 24, 1234)
    assert (found["season"], found["year"], found["studios"]) == ("SPRING", 2031, ["Studio Kumo"])
    assert found["alternative_titles"] == ["Hoshi no Tegami", "Hoshitega"]
    assert found["tags"] == ["Drama", "Post Office"]
    assert found["content_warnings"] == ["Mature Themes", "Violence"]


def test_relations_are_links_within_the_site() -> None:
    found = anime()
    assert [(item["slug"], item["relation_type"]) for item in found["related_anime"]] == [
        ("letters-from-a-star-reply", "Sequel"),
        ("postcards-of-the-moon", "other_franchise"),
    ]
    assert found["related_manga"][0]["url"] == "https://www.anime-planet.com/manga/letters-from-a-star"


def test_one_title_may_hold_commas() -> None:
    one = PAGE.replace(b"Alt titles: Hoshi no Tegami, Hoshitega", b"Alt title: Hoshi, no Tegami")
    assert anime(one)["alternative_titles"] == ["Hoshi, no Tegami"]


@pytest.mark.parametrize(
    ("today", "end", "status"),
    [
        (date(2031, 4, 1), b'"endDate":"2031-04-19",', "UPCOMING"),
        (date(2031, 4, 10), b'"endDate":"2031-04-19",', "ONGOING"),
        (date(2031, 4, 20), b'"endDate":"2031-04-19",', "COMPLETED"),
        (date(2031, 4, 10), b"", None),
    ],
)
def test_the_status_follows_from_the_dates(today: date, end: bytes, status: str | None) -> None:
    page = PAGE.replace(b'"endDate":"2031-04-19",', end)
    assert anime(page, today).get("status") == status
    if not end:
        assert anime(page.replace(b" 2031 </span>", b" 2031 - ? </span>"), today)["status"] == "ONGOING"


def test_a_page_without_its_facts_is_an_error_that_says_so() -> None:
    with pytest.raises(ChangedShape, match=r"^animeplanet anime\.json_ld: expected an object, got nothing$"):
        anime(b"<html><head><title>Just a moment...</title></head><body></body></html>")
    with pytest.raises(ChangedShape, match=r"^animeplanet anime\.json_ld\.name: expected a text, got nothing$"):
        anime(PAGE.replace(b'"name":"Letters from a Star",', b""))
    with pytest.raises(Malformed, match="JSON-LD is not JSON"):
        anime(PAGE.replace(b'"numberOfEpisodes":3', b'"numberOfEpisodes":'))


def test_what_nobody_knows_is_counted() -> None:
    page = PAGE.replace(b'"numberOfEpisodes":3', b'"numberOfEpisodes":3,"mood":"calm"')
    assert parsed_anime(page, slug="x", today=LATER)[1] == {"anime.json_ld.mood": 1}


def html(body: bytes, content_type: str = "text/html; charset=utf-8") -> Response:
    return Response(status=200, headers={"content-type": content_type}, body=body)


def client(answer: Any, *, live: bool = True) -> AnimePlanetClient:
    return AnimePlanetClient(api=api("animeplanet", Scripted({"GET /anime/letters-from-a-star": answer})), live=live)


def test_the_anime_is_one_page() -> None:
    page = client(html(PAGE)).fetch(SOURCES, cursor=None)
    assert (page.cursor, page.unknown) == (None, {})
    assert page.answers["anime"]["slug"] == "letters-from-a-star"


def test_a_page_parsed_before_is_taken_from_a_replay() -> None:
    page = client(html(b'{"slug": "a"}', PARSED), live=False).fetch(SOURCES, cursor=None)
    assert page.answers == {"anime": {"slug": "a"}}


def test_no_page_is_asked_for_unless_the_stack_says_so() -> None:
    with pytest.raises(NotSupported, match="only where pageCatalogues names it; read the site's terms"):
        client(NotSupported("off"), live=False).fetch(SOURCES, cursor=None)
