"""For one episode a client asks for what the episode stage needs, and for no more."""

from typing import Any

import pytest

from domain.stages.episodes import episodes
from domain.stages.readers import READERS
from models.events import Catalogue
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.jikan import JikanClient
from sources.json_api import RetryPolicy
from sources.kitsu import KitsuClient
from sources.registry import PAGES, catalogue_clients
from tests.support.clients import api
from tests.support.scripted_http import Scripted, Waits
from workflows.answers import merge_answers
from workflows.ports import CatalogueClient

MOST_STEPS = 20
NOT_NEEDED = ("character", "staff", "pictures", "videos", "statistics", "relations")
MOST_REQUESTS = {Catalogue.JIKAN: 6, Catalogue.ANILIST: 2, Catalogue.KITSU: 3, Catalogue.ANISEARCH: 2}
"""Whatever the length of the series; the others tell all in one answer."""

WITH_EPISODES = (*MOST_REQUESTS, Catalogue.ANIDB)


def client_of(catalogue: Catalogue, series: MadeUpSeries) -> CatalogueClient:
    return catalogue_clients(
        series, {}, {"anidb": ANIDB_CLIENT}, sleep=Waits(), policy=RetryPolicy(attempts=1), page_catalogues=PAGES
    )[catalogue]


def fetched(client: CatalogueClient, episode: str, sources: tuple[str, ...] = SOURCES) -> tuple[dict[str, Any], Any]:
    pages = []
    cursor: str | None = None
    for _ in range(MOST_STEPS):
        page = client.fetch(sources, cursor=cursor, episode=episode)
        pages.append(page)
        cursor = page.cursor
        if cursor is None:
            break
    assert cursor is None
    problems = tuple(problem for page in pages for problem in page.problems)
    return merge_answers(page.answers for page in pages), problems


@pytest.mark.parametrize("catalogue", list(Catalogue))
@pytest.mark.parametrize(("length", "episode"), [(12, "12"), (12, "1"), (1100, "1100"), (1100, "550"), (1100, "501")])
def test_few_requests_find_it_and_nothing_else_is_asked_for(catalogue: Catalogue, length: int, episode: str) -> None:
    series = MadeUpSeries(episodes=length, characters=60, staff=40)
    answers, problems = fetched(client_of(catalogue, series), episode)
    assert problems == ()
    assert len(series.asked) <= MOST_REQUESTS.get(catalogue, 1)
    paths = [line.partition("?")[0].casefold() for line in series.asked]
    assert not [path for path in paths if any(word in path for word in NOT_NEEDED)]
    if catalogue in WITH_EPISODES:
        assert episode in [part["episode_number"] for part in READERS[catalogue].episodes(answers)]


def test_the_stage_makes_the_same_of_it_as_of_everything() -> None:
    def stage(episode: str | None) -> Any:
        answers = {}
        for catalogue in WITH_EPISODES:
            client = client_of(catalogue, MadeUpSeries(episodes=150))
            if episode is not None:
                answers[catalogue] = fetched(client, episode)[0]
                continue
            pages = [client.fetch(SOURCES, cursor=None)]
            while pages[-1].cursor is not None:
                pages.append(client.fetch(SOURCES, cursor=pages[-1].cursor))
            answers[catalogue] = merge_answers(page.answers for page in pages)
        [found] = [one for one in episodes(answers)["episode_details"] if one["episode_number"] == "149"]
        return found

    assert stage("149") == stage(None)


@pytest.mark.parametrize("catalogue", WITH_EPISODES)
@pytest.mark.parametrize("episode", ["S1", "12.5", "0", "5000"])
def test_a_number_that_no_list_has_ends_as_well(catalogue: Catalogue, episode: str) -> None:
    series = MadeUpSeries(episodes=1100, characters=60, staff=40)
    _, problems = fetched(client_of(catalogue, series), episode)
    assert problems == ()
    assert len(series.asked) <= MOST_REQUESTS.get(catalogue, 1)


def test_jikan_is_asked_for_the_details_beside_it_and_for_its_last_page() -> None:
    series = MadeUpSeries(episodes=1100)
    answers, _ = fetched(client_of(Catalogue.JIKAN, series), "550")
    assert series.asked == [
        "jikan GET /anime/7/full",
        "jikan GET /anime/7/episodes?page=6",
        "jikan GET /anime/7/episodes?page=11",
        "jikan GET /anime/7/episodes/549",
        "jikan GET /anime/7/episodes/550",
        "jikan GET /anime/7/episodes/551",
    ]
    assert max(item["mal_id"] for item in answers["episodes"]) == 1100


def test_before_jikan_lists_a_new_episode_its_last_page_still_tells_how_far_it_is() -> None:
    """Also where a page behind the end is answered with 404."""
    answers = {
        "GET /anime/7/full": {"data": {"mal_id": 7, "title": "Long"}},
        "GET /anime/7/episodes?page=1": {
            "pagination": {"has_next_page": False, "last_visible_page": 1},
            "data": [{"mal_id": number} for number in range(1, 101)],
        },
    }
    client = JikanClient(api=api("jikan", Scripted(answers)))
    found, problems = fetched(client, "101", ("https://myanimelist.net/anime/7",))
    assert (len(found["episodes"]), problems) == (100, ())


def test_an_anime_without_episodes_at_jikan_is_a_problem_and_no_circle() -> None:
    client = JikanClient(api=api("jikan", Scripted({"GET /anime/7/full": {"data": {"mal_id": 7, "title": "Long"}}})))
    _, problems = fetched(client, "3", ("https://myanimelist.net/anime/7",))
    assert problems == ("episodes, page 1: jikan GET /anime/7/episodes: answers 404",)


def test_behind_the_end_of_kitsus_list_its_last_page_is_asked_for() -> None:
    """The newest episodes are the nearest to one that it does not list yet."""
    empty = {"data": [], "meta": {"count": 45}}
    transport = Scripted({"GET /anime/7/episodes?page[limit]=20&page[offset]=60": empty})
    client = KitsuClient(api=api("kitsu", transport))
    page = client.fetch(("https://kitsu.app/anime/7",), cursor="episodes:7:60", episode="70")
    assert page.cursor == "other_episodes:7:40"


def test_kitsus_numbers_say_which_page_has_it_where_some_are_missing() -> None:
    numbers = [number for number in range(1, 200) if not 20 < number <= 50]
    answers: dict[str, Any] = {
        f"GET /anime/7/episodes?page[limit]=20&page[offset]={offset}": {
            "data": [
                {"id": str(number), "type": "episodes", "attributes": {"number": number}}
                for number in numbers[offset : offset + 20]
            ],
            "meta": {"count": len(numbers)},
        }
        for offset in range(0, 240, 20)
    }
    transport = Scripted(answers)
    client = KitsuClient(api=api("kitsu", transport))
    cursor: str | None = "episodes:7:120"
    found: list[int] = []
    while cursor is not None:
        page = client.fetch(("https://kitsu.app/anime/7",), cursor=cursor, episode="130")
        found += [item["attributes"]["number"] for item in page.answers["episodes"]]
        cursor = page.cursor
    assert 130 in found
    assert len(transport.asked) == 2
