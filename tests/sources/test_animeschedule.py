from typing import Any

import pytest

from models.errors import Malformed, NotFound
from sources.animeschedule import AnimeScheduleClient
from sources.http import Refused
from tests.support.clients import api, fetch_all
from tests.support.scripted_http import Scripted, json_response

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


def test_an_anime_without_any_usable_id_is_not_found() -> None:
    with pytest.raises(NotFound, match="no id is known"):
        AnimeScheduleClient(api=api("animeschedule", Scripted({}))).fetch(("https://kitsu.app/anime/1",), cursor=None)
