from typing import Any

import pytest

from models.errors import Malformed, NotFound, Unavailable
from models.events import Catalogue
from sources.animeschedule import AnimeScheduleClient
from sources.http import Refused
from sources.kept_answers import SharedAnswers
from sources.registry import catalogue_clients
from tests.support.clients import api, fetch_all
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import Scripted, Waits, json_response

FOUND = {"page": 1, "totalAmount": 1, "anime": [{"title": "Bebop", "route": "bebop"}]}


@pytest.mark.parametrize(
    ("sources", "asked", "answer"),
    [
        (
            ("https://animeschedule.net/anime/bebop", "https://myanimelist.net/anime/1"),
            "/anime/bebop",
            {"title": "Bebop", "route": "bebop"},
        ),
        (("https://anilist.co/anime/2", "https://myanimelist.net/anime/1"), "/anime?mal-ids=1", FOUND),
        (("https://anidb.net/anime/3", "https://anilist.co/anime/2"), "/anime?anilist-ids=2", FOUND),
        (("https://anidb.net/anime/3",), "/anime?anidb-ids=3", FOUND),
    ],
)
def test_an_anime_is_asked_for_by_the_best_id(sources: tuple[str, ...], asked: str, answer: Any) -> None:
    transport = Scripted({f"GET {asked}": answer})
    fetched = fetch_all(AnimeScheduleClient(api=api("animeschedule", transport)), sources)
    assert fetched.answers == {"anime": {"title": "Bebop", "route": "bebop"}}
    assert transport.asked == [f"GET {asked}"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"page": 1, "totalAmount": 0, "anime": None}, NotFound),
        ({"page": 1, "totalAmount": 0, "anime": []}, NotFound),
        ({"page": 1, "totalAmount": 1, "anime": None}, Malformed),
        ({"page": 1, "totalAmount": 1, "anime": []}, Malformed),
        (["bebop"], Malformed),
        (json_response({}, status=401), Refused),
    ],
)
def test_answers_without_the_anime_are_typed_errors(answer: Any, expected: type[Exception]) -> None:
    client = AnimeScheduleClient(api=api("animeschedule", Scripted({"GET /anime?mal-ids=1": answer})))
    with pytest.raises(expected):
        client.fetch(("https://myanimelist.net/anime/1",), cursor=None)


NOBODY = {"page": 1, "totalAmount": 0, "anime": []}


def test_an_anime_that_one_id_does_not_find_is_asked_for_by_the_next() -> None:
    transport = Scripted({"GET /anime?mal-ids=1": NOBODY, "GET /anime?anilist-ids=2": FOUND})
    sources = ("https://animeschedule.net/anime/moved", "https://myanimelist.net/anime/1", "https://anilist.co/anime/2")
    fetched = fetch_all(AnimeScheduleClient(api=api("animeschedule", transport)), sources)
    assert fetched.answers["anime"]["route"] == "bebop"
    assert transport.asked == ["GET /anime/moved", "GET /anime?mal-ids=1", "GET /anime?anilist-ids=2"]


def test_an_anime_that_no_id_finds_is_not_found() -> None:
    transport = Scripted({"GET /anime?mal-ids=1": NOBODY, "GET /anime?anilist-ids=2": NOBODY})
    with pytest.raises(NotFound, match="does not know the anime"):
        AnimeScheduleClient(api=api("animeschedule", transport)).fetch(
            ("https://myanimelist.net/anime/1", "https://anilist.co/anime/2"), cursor=None
        )
    assert len(transport.asked) == 2


def test_a_failure_is_no_reason_to_ask_by_another_id() -> None:
    transport = Scripted({"GET /anime?mal-ids=1": json_response({}, status=500), "GET /anime?anilist-ids=2": FOUND})
    with pytest.raises(Unavailable):
        AnimeScheduleClient(api=api("animeschedule", transport)).fetch(
            ("https://myanimelist.net/anime/1", "https://anilist.co/anime/2"), cursor=None
        )


def test_the_id_that_found_it_is_the_only_one_that_is_asked_for_soon_after() -> None:
    clock = ManualClock()
    transport = Scripted({"GET /anime?mal-ids=1": NOBODY, "GET /anime?anilist-ids=2": FOUND})
    client = catalogue_clients(
        transport,
        {Catalogue.ANIMESCHEDULE: "https://example.com"},
        {},
        sleep=Waits(),
        clock=clock,
        answers=SharedAnswers(cache=FakeAnswerCache(clock=clock)),
    )[Catalogue.ANIMESCHEDULE]
    sources = ("https://myanimelist.net/anime/1", "https://anilist.co/anime/2")
    for _ in range(3):
        assert client.fetch(sources, cursor=None).answers["anime"]["route"] == "bebop"
    assert len(transport.asked) == 2


def test_an_anime_without_any_usable_id_is_not_found() -> None:
    with pytest.raises(NotFound, match="no id is known"):
        AnimeScheduleClient(api=api("animeschedule", Scripted({}))).fetch(("https://kitsu.app/anime/1",), cursor=None)
