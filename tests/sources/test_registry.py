from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.errors import BadInput, NotFound, NotRecorded
from models.events import Catalogue
from scripts.replayed import REPLAY, SOURCES, fetched, no_sleep
from sources.http import LiveTransport, NotSupported, Request, Response
from sources.kept_answers import SharedAnswers
from sources.manners import MANNERS
from sources.registry import BASE_URLS, catalogue_clients
from sources.replay import ReplayTransport
from tests.support.fake_answers import FakeAnswerCache
from tests.support.scripted_http import Scripted, Waits, json_response
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.ports import CatalogueClient


def clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


OFF_BY_DEFAULT = {
    Catalogue.ANIDB: "put NAME/VERSION of one into the secret catalogue-anidb",
    Catalogue.ANIMEPLANET: "only where pageCatalogues names it",
    Catalogue.ANISEARCH: "only where pageCatalogues names it",
}


def walk(client: CatalogueClient) -> None:
    cursor = client.fetch(SOURCES, cursor=None).cursor
    while cursor is not None:
        cursor = client.fetch(SOURCES, cursor=cursor).cursor


def test_every_catalogue_has_a_client_a_base_url_and_manners() -> None:
    clients = catalogue_clients(Scripted({}), {}, {}, sleep=Waits())
    assert set(clients) == set(BASE_URLS) == set(MANNERS) == set(Catalogue)


@pytest.mark.parametrize("catalogue", list(Catalogue))
def test_no_client_answers_for_an_anime_it_cannot_name(catalogue: Catalogue) -> None:
    client = catalogue_clients(Scripted({}), {}, {}, sleep=Waits())[catalogue]
    with pytest.raises(NotFound):
        client.fetch(("https://simkl.com/anime/1",), cursor=None)


@pytest.mark.parametrize("catalogue", OFF_BY_DEFAULT)
def test_live_these_catalogues_are_off_and_say_which_setting_turns_them_on(catalogue: Catalogue) -> None:
    clients = catalogue_clients(LiveTransport(), {catalogue: "http://127.0.0.1:9"}, {}, sleep=no_sleep)
    with pytest.raises(NotSupported, match=f"^{catalogue}: .*{OFF_BY_DEFAULT[catalogue]}"):
        clients[catalogue].fetch(SOURCES, cursor=None)


def test_a_secret_of_anidb_that_is_no_client_keeps_nobody_from_the_other_catalogues() -> None:
    transport = Scripted({"GET /v1/anime/1/full": {"data": {"mal_id": 1, "title": "Long"}}})
    clients = catalogue_clients(transport, {}, {"anidb": "token-abcdef123456"}, sleep=Waits())
    assert clients[Catalogue.JIKAN].fetch(SOURCES, cursor=None).answers["anime"]["title"] == "Long"
    with pytest.raises(BadInput, match="the secret catalogue-anidb"):
        clients[Catalogue.ANIDB].fetch(SOURCES, cursor=None)


def test_base_urls_and_secrets_reach_their_catalogue_alone() -> None:
    transport = Scripted({})
    urls = {Catalogue.JIKAN: "https://jikan.example/v4", Catalogue.ANIMESCHEDULE: "https://schedule.example"}
    secrets = {"jikan": "abcdefgh", "animeschedule": "ijklmnop"}
    clients = catalogue_clients(transport, urls, secrets, sleep=Waits())
    for catalogue in (Catalogue.JIKAN, Catalogue.ANIMESCHEDULE, Catalogue.KITSU, Catalogue.ANILIST):
        with pytest.raises(NotFound):
            clients[catalogue].fetch(SOURCES, cursor=None)
    jikan, schedule, *_, kitsu, anilist = transport.requests
    assert (jikan.url, jikan.headers["X-Server-Key"]) == ("https://jikan.example/v4/anime/1/full", "abcdefgh")
    assert schedule.url == "https://schedule.example/anime?mal-ids=1"
    assert schedule.headers["Authorization"] == "Bearer ijklmnop"
    assert kitsu.headers["Accept"] == "application/vnd.api+json"
    for other in (kitsu, anilist):
        assert not {"Authorization", "X-Server-Key"} & set(other.headers)


# ------------------------------------------------------------------------------------------------ the sample replay


def test_the_samples_answer_for_every_catalogue_that_was_recorded() -> None:
    answers, problems = fetched()
    assert set(answers) == set(Catalogue) - {Catalogue.ANISEARCH}
    counts = {
        (catalogue.value, kind): len(found)
        for catalogue, kinds in answers.items()
        for kind, found in kinds.items()
        if isinstance(found, list) and found
    }
    assert counts == {
        ("jikan", "characters"): 126,
        ("jikan", "character_details"): 126,
        ("jikan", "episodes"): 26,
        ("jikan", "episode_details"): 26,
        ("anilist", "characters"): 69,
        ("anilist", "staff"): 306,
        ("kitsu", "categories"): 10,
        ("kitsu", "episodes"): 10,
        ("kitsu", "characters"): 10,
    }
    assert {catalogue for catalogue, found in problems.items() if found} == {
        Catalogue.JIKAN,
        Catalogue.KITSU,
        Catalogue.ANIDB,
        Catalogue.ANISEARCH,
    }
    assert problems[Catalogue.JIKAN] == tuple(
        f"{step}: jikan GET /v1/anime/1/{step}: no recorded answer"
        for step in ("staff", "statistics", "pictures", "videos")
    )
    assert problems[Catalogue.KITSU] == (
        "episodes from 11 on: kitsu GET /api/edge/anime/1/episodes: no recorded answer",
        "characters from 1 on: 10 links without names",
        "characters from 11 on: kitsu GET /api/edge/anime/1/characters: no recorded answer",
        "staff from 1 on: kitsu GET /api/edge/anime/1/anime-staff: no recorded answer",
    )


@pytest.mark.parametrize("catalogue", sorted(set(Catalogue) - {Catalogue.ANISEARCH}))
def test_nothing_in_the_recorded_answers_is_unknown(catalogue: Catalogue) -> None:
    """So the shapes are those of the real answers, and a count that is not 0 tells of a change."""
    counts = CatalogueCounts()
    client = catalogue_clients(ReplayTransport(REPLAY), {}, {}, sleep=no_sleep, counts=counts)[catalogue]
    walk(client)
    assert counts[Count.UNKNOWN_FIELDS] == 0


def test_unknown_fields_are_counted_by_catalogue() -> None:
    counts = CatalogueCounts()
    answer = {"title": "Long", "route": "long", "moods": ["calm"], "names": {"klingon": "x"}}
    transport = Scripted({"GET /api/v3/anime/long": answer})
    client = catalogue_clients(transport, {}, {}, sleep=Waits(), counts=counts)[Catalogue.ANIMESCHEDULE]
    page = client.fetch(("https://animeschedule.net/anime/long",), cursor=None)
    assert page.unknown == {"anime.moods": 1, "anime.names.klingon": 1}
    assert counts[Count.UNKNOWN_FIELDS] == 2


def test_what_was_never_recorded_says_so() -> None:
    client = catalogue_clients(ReplayTransport(REPLAY), {}, {}, sleep=no_sleep)[Catalogue.ANISEARCH]
    with pytest.raises(NotRecorded, match="anisearch GET /anime/1572: no recorded answer"):
        client.fetch(SOURCES, cursor=None)


def test_every_request_says_which_item_it_asks_for_and_no_two_the_same() -> None:
    """It is the key under which its answer is kept; without one it would be asked for again and again."""

    class Watched(ReplayTransport):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.items: list[tuple[str | None, str | None]] = []

        def send(self, request: Request) -> Response:
            self.items.append((request.catalogue, request.item))
            return super().send(request)

    transport = Watched(REPLAY)
    for catalogue, client in catalogue_clients(transport, {}, {}, sleep=no_sleep).items():
        if catalogue is Catalogue.ANISEARCH:
            continue
        walk(client)
    assert len(set(transport.items)) == len(transport.items)
    assert not [item for item in transport.items if not item[1]]
    assert {
        ("jikan", "anime:1"),
        ("jikan", "anime:1:episodes:1"),
        ("anilist", "media:1"),
        ("anilist", "media:1:characters:2"),
    } <= set(transport.items)


def test_every_recorded_file_is_asked_for() -> None:
    class Watched(ReplayTransport):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.given = 0

        def send(self, request: Request) -> Response:
            response = super().send(request)
            self.given += 1
            return response

    transport = Watched(REPLAY)
    for catalogue, client in catalogue_clients(transport, {}, {}, sleep=no_sleep).items():
        if catalogue is Catalogue.ANISEARCH:
            continue
        walk(client)
    files = [path for catalogue in Catalogue for path in (REPLAY / catalogue.value).glob("*")]
    assert transport.given == len(files)
    assert sum(path.stat().st_size for path in files) < 1_000_000


@pytest.mark.parametrize("catalogue", [Catalogue.JIKAN, Catalogue.KITSU, Catalogue.ANILIST])
def test_a_later_answer_that_holds_nothing_is_not_kept(catalogue: Catalogue) -> None:
    """It would stand for a week in place of what the catalogue says an hour later."""

    class Broken(ReplayTransport):
        asked = 0

        def send(self, request: Request) -> Response:
            self.asked += 1
            return super().send(request) if self.asked == 1 else json_response({"message": "try again"})

    cache = FakeAnswerCache(clock=clock)
    clients = catalogue_clients(
        Broken(REPLAY),
        {},
        {},
        sleep=no_sleep,
        clock=clock,
        answers=SharedAnswers(cache=cache),
        counts=CatalogueCounts(),
    )
    walk(clients[catalogue])
    asked = {key for name, key in cache.calls if name == "get"}
    [first] = [key for name, key in cache.calls if name == "put"]
    assert len(asked - {first}) >= 2
