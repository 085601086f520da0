from typing import Any

import pytest

from models.errors import BadInput, ChangedShape, NotFound
from models.events import Catalogue
from sources.keeping import LIFETIMES, STALE_SECONDS, Kind
from sources.kept_answers import SharedAnswers
from sources.kitsu import ANIME_INCLUDE, CHARACTERS_INCLUDE, KitsuClient
from sources.registry import catalogue_clients
from tests.support.clients import api, fetch_all
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import Scripted, Waits

PAGE = ("https://kitsu.app/anime/7",)
ANIME = f"GET /anime/7?include={ANIME_INCLUDE}"
VOICES = CHARACTERS_INCLUDE


def page(path: str, kind: str, total: int, offset: int, *, include: str = "") -> tuple[str, dict[str, Any]]:
    numbers = range(offset + 1, min(offset + 20, total) + 1)
    links = {"next": "https://kitsu.app/somewhere"} if offset + 20 < total else {}
    data = [{"id": str(number), "type": kind, "attributes": {"number": number}} for number in numbers]
    query = f"{include}page[limit]=20&page[offset]={offset}"
    answer: dict[str, Any] = {"data": data, "meta": {"count": total}, "links": links}
    if include:
        answer["included"] = [
            {"id": str(number), "type": "characters", "attributes": {"canonicalName": "Nobody"}} for number in numbers
        ]
    return f"GET {path}?{query}", answer


def series(*, episodes: int, characters: int) -> dict[str, Any]:
    link = {"id": "5", "type": "streamingLinks", "attributes": {"url": "https://example.com/watch"}}
    answers: dict[str, Any] = {
        ANIME: {
            "data": {"id": "7", "type": "anime", "attributes": {"canonicalTitle": "Long"}},
            "included": [
                {"id": "1", "type": "categories", "attributes": {"title": "Space"}},
                {"id": "2", "type": "people", "attributes": {}},
                {"id": "3", "type": "mappings", "attributes": {"externalSite": "anidb", "externalId": "23"}},
                {"id": "4", "type": "streamers", "attributes": {"siteName": "Example"}},
                link,
                {"id": "6", "type": "mediaRelationships", "attributes": {"role": "sequel"}},
                {"id": "8", "type": "anime", "attributes": {"canonicalTitle": "Longer"}},
            ],
        }
    }
    for offset in range(0, max(episodes, 1), 20):
        answers.update([page("/anime/7/episodes", "episodes", episodes, offset)])
    for offset in range(0, max(characters, 1), 20):
        answers.update(
            [page("/anime/7/characters", "mediaCharacters", characters, offset, include=f"include={VOICES}&")]
        )
    answers.update([page("/anime/7/anime-staff", "animeStaff", 2, 0, include="include=person&")])
    return answers


def client(answers: dict[str, Any]) -> KitsuClient:
    return KitsuClient(api=api("kitsu", Scripted(answers)))


def test_a_series_is_fetched_page_by_page() -> None:
    fetched = fetch_all(client(series(episodes=1100, characters=23)), PAGE)
    counts = {kind: len(found) for kind, found in fetched.answers.items() if isinstance(found, list)}
    assert {kind: count for kind, count in counts.items() if count} == {
        "categories": 1,
        "mappings": 1,
        "streaming_links": 1,
        "streamers": 1,
        "media_relationships": 1,
        "related_media": 1,
        "episodes": 1100,
        "characters": 23,
        "character_resources": 23,
        "staff": 2,
    }
    assert fetched.problems == []
    assert len(fetched.pages) == 1 + 55 + 2 + 1


def test_a_page_named_by_its_slug_is_looked_up_once() -> None:
    answers = series(episodes=1, characters=1)
    anime = answers.pop(ANIME)
    answers[f"GET /anime?filter[slug]=cowboy-bebop&include={ANIME_INCLUDE}"] = {**anime, "data": [anime["data"]]}
    fetched = fetch_all(client(answers), ("https://kitsu.app/anime/cowboy-bebop",))
    assert (fetched.answers["anime"]["id"], len(fetched.answers["episodes"])) == ("7", 1)


def test_what_a_page_named_by_its_slug_has_is_kept_as_long_as_by_its_number() -> None:
    """Whether the anime is on air stands in its own answer, which is kept under the slug."""
    answers = series(episodes=1, characters=1)
    anime = answers.pop(ANIME)
    anime["data"]["attributes"]["status"] = "finished"
    answers[f"GET /anime?filter[slug]=cowboy-bebop&include={ANIME_INCLUDE}"] = anime
    clock = ManualClock()
    cache = FakeAnswerCache(clock=clock)
    kitsu = catalogue_clients(
        Scripted(answers),
        {Catalogue.KITSU: "https://example.com"},
        {},
        sleep=Waits(),
        clock=clock,
        answers=SharedAnswers(cache=cache),
    )[Catalogue.KITSU]
    cursor = kitsu.fetch(("https://kitsu.app/anime/cowboy-bebop",), cursor=None).cursor
    while cursor is not None:
        cursor = kitsu.fetch(("https://kitsu.app/anime/cowboy-bebop",), cursor=cursor).cursor
    seconds = {key: kept - STALE_SECONDS for key, kept in cache.seconds.items()}
    assert seconds["kitsu:anime:7:episodes:0"] == LIFETIMES[Kind.EPISODES].settled
    assert seconds["kitsu:anime:7:characters:0"] == LIFETIMES[Kind.CHARACTERS].settled


def test_a_slug_that_nobody_has_is_not_found() -> None:
    answers: dict[str, Any] = {f"GET /anime?filter[slug]=none&include={ANIME_INCLUDE}": {"data": []}}
    with pytest.raises(NotFound):
        client(answers).fetch(("https://kitsu.app/anime/none",), cursor=None)


def test_a_missing_page_is_a_problem_and_the_characters_follow() -> None:
    answers = series(episodes=26, characters=1)
    del answers["GET /anime/7/episodes?page[limit]=20&page[offset]=20"]
    fetched = fetch_all(client(answers), PAGE)
    assert (len(fetched.answers["episodes"]), len(fetched.answers["characters"])) == (20, 1)
    assert fetched.problems == ["episodes from 21 on: kitsu GET /anime/7/episodes: answers 404"]


def test_a_server_that_gives_fewer_than_asked_for_is_asked_for_the_rest() -> None:
    answers = series(episodes=26, characters=0)
    whole = answers["GET /anime/7/episodes?page[limit]=20&page[offset]=0"]
    for offset in (0, 10):
        part = {**whole, "data": whole["data"][offset : offset + 10]}
        answers[f"GET /anime/7/episodes?page[limit]=20&page[offset]={offset}"] = part
    fetched = fetch_all(client(answers), PAGE)
    assert [int(one["id"]) for one in fetched.answers["episodes"]] == list(range(1, 27))


def test_links_that_come_without_their_characters_are_a_problem() -> None:
    answers = series(episodes=0, characters=3)
    answers[f"GET /anime/7/characters?include={VOICES}&page[limit]=20&page[offset]=0"]["included"] = []
    assert fetch_all(client(answers), PAGE).problems == ["characters from 1 on: 3 links without names"]


def test_an_anime_without_a_number_is_an_error() -> None:
    with pytest.raises(ChangedShape, match=r"^kitsu anime\.id: expected digits, got nothing$"):
        client({ANIME: {"data": {"type": "anime", "attributes": {"canonicalTitle": "a"}}}}).fetch(PAGE, cursor=None)


def test_an_answer_of_another_shape_is_an_error() -> None:
    with pytest.raises(ChangedShape, match=r"^kitsu anime: expected an object, got 1$"):
        client({ANIME: {"data": [1]}}).fetch(PAGE, cursor=None)


@pytest.mark.parametrize("cursor", ["episodes", "episodes:7", "episodes:x:0", "people:7:0"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        client(series(episodes=1, characters=1)).fetch(PAGE, cursor=cursor)
