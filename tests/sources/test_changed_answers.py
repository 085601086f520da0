"""What becomes of answers whose shape changed: whole ones are not kept, and of others the rest is used."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from models.errors import AnimeError
from models.events import Catalogue
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.http import Request, Response
from sources.json_api import RetryPolicy
from sources.keeping import STALE_SECONDS
from sources.kept_answers import SharedAnswers
from sources.registry import PAGES, catalogue_clients
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import Waits
from workflows.answers import merge_answers
from workflows.ports import CatalogueClient, FetchedPage

J, A, K, D = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU, Catalogue.ANIDB
P, S, T = Catalogue.ANIMEPLANET, Catalogue.ANISEARCH, Catalogue.ANIMESCHEDULE

Change = Callable[[bytes], bytes]


def changed(*path: str | int, to: Any) -> Change:
    """The value at a place of a JSON answer; ``*`` is every item of a list."""

    def change(body: bytes) -> bytes:
        answer = json.loads(body)
        _put(answer, path, to)
        return json.dumps(answer).encode()

    return change


def _put(value: Any, path: tuple[str | int, ...], to: Any) -> None:
    key, *rest = path
    for one in range(len(value)) if key == "*" else [key]:
        if rest:
            _put(value[one], tuple(rest), to)
        else:
            value[one] = to


def instead(body: bytes) -> Change:
    return lambda _: body


MOMENT = b"<html><body><p>Just a moment...</p></body></html>"

USELESS: Mapping[tuple[Catalogue, str], Change] = {
    (J, "anime:7"): changed("data", "title", to=5),
    (J, "anime:7:characters"): changed("data", "*", "character", "name", to=""),
    (J, "character:1"): changed("data", "mal_id", to="1"),
    (J, "anime:7:staff"): changed("data", "*", "person", to=None),
    (J, "anime:7:statistics"): changed("data", to=[]),
    (J, "anime:7:pictures"): changed("data", to=[1]),
    (J, "anime:7:videos"): changed("data", to="none"),
    (J, "anime:7:episodes:1"): changed("data", "*", "mal_id", to="1"),
    (J, "anime:7:episode:1"): changed("data", "mal_id", to=None),
    (A, "media:7"): changed("data", "Media", "title", to="Long"),
    (A, "media:7:characters:1"): changed("data", "Media", "characters", "edges", "*", "node", "name", to=None),
    (A, "media:7:staff:1"): changed("data", "Media", "staff", "edges", "*", "node", to=[]),
    (A, "media:7:schedule:1"): changed("data", "Media", "airingSchedule", to=None),
    (A, "media:7:airing:1"): changed("data", "Page", "airingSchedules", "*", "airingAt", to="soon"),
    (K, "anime:7"): changed("data", "attributes", "canonicalTitle", to=None),
    (K, "anime:7:episodes:0"): changed("data", "*", "attributes", to=[]),
    (K, "anime:7:characters:0"): changed("data", "*", "id", to="x"),
    (K, "anime:7:anime-staff:0"): changed("data", to={}),
    (D, "anime:7"): instead(b'<anime id="8"><titles><title type="main">Short</title></titles></anime>'),
    (P, "anime:long"): instead(MOMENT),
    (S, "anime:7"): instead(MOMENT),
    (S, "anime:7:relations"): instead(MOMENT),
    (S, "anime:7:episodes"): instead(MOMENT),
    (S, "anime:7:characters"): instead(MOMENT),
    (T, "anime:long"): changed("route", to=5),
}
"""By catalogue and item: a needed field of another type."""


@dataclass
class World:
    """A series whose answers of some items are changed."""

    series: MadeUpSeries
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.cache = FakeAnswerCache(clock=self.clock)

    def send(self, request: Request) -> Response:
        response = self.series.send(request)
        change = self.changes.get((request.catalogue or "", request.item or ""))
        if change is None:
            return response
        return Response(status=200, headers=response.headers, body=change(response.body))

    def client(self, catalogue: Catalogue) -> CatalogueClient:
        return catalogue_clients(
            self,
            {},
            {"anidb": ANIDB_CLIENT},
            sleep=Waits(),
            clock=self.clock,
            policy=RetryPolicy(attempts=1),
            answers=SharedAnswers(cache=self.cache),
            page_catalogues=PAGES,
        )[catalogue]

    def walk(self, catalogue: Catalogue, episode: str | None = None) -> list[FetchedPage]:
        client = self.client(catalogue)
        pages: list[FetchedPage] = []
        cursor: str | None = None
        while not pages or cursor is not None:
            try:
                page = client.fetch(SOURCES, cursor=cursor, episode=episode)
            except AnimeError:
                if pages:
                    raise
                break
            pages.append(page)
            cursor = page.cursor
        return pages

    def kept(self) -> set[str]:
        return {key for name, key in self.cache.calls if name == "put"}


def small() -> World:
    return World(MadeUpSeries(episodes=1, characters=1, staff=1))


def episode_of(item: str) -> str | None:
    return "1" if ":airing:" in item else None


def test_every_answer_that_is_kept_is_among_those_below() -> None:
    world = small()
    for catalogue in Catalogue:
        world.walk(catalogue)
        world.walk(catalogue, "1")
    assert world.kept() == {f"{catalogue}:{item}" for catalogue, item in USELESS}


@pytest.mark.parametrize(("catalogue", "item"), USELESS)
def test_an_answer_that_nobody_can_use_is_not_kept(catalogue: Catalogue, item: str) -> None:
    world = small()
    world.changes[catalogue, item] = USELESS[catalogue, item]
    pages = world.walk(catalogue, episode_of(item))
    assert f"{catalogue}:{item}" not in world.kept()
    assert not pages or any(page.problems for page in pages)


@pytest.mark.parametrize(("catalogue", "item"), USELESS)
def test_the_good_answer_of_before_stands_in_for_one_that_nobody_can_use(catalogue: Catalogue, item: str) -> None:
    world, key = small(), f"{catalogue}:{item}"
    world.walk(catalogue, episode_of(item))
    good = world.cache.get(key)
    world.changes[catalogue, item] = USELESS[catalogue, item]
    world.clock.advance(timedelta(seconds=world.cache.seconds[key] - STALE_SECONDS + 1))
    problems = [problem for page in world.walk(catalogue, episode_of(item)) for problem in page.problems]
    assert [problem for problem in problems if problem.startswith(f"{item}: an answer of ")]
    assert world.cache.get(key) == good


# --------------------------------------------------------------------------------------------------------- odd rows

ODD: Mapping[tuple[Catalogue, str], tuple[Change, str, int]] = {
    (J, "anime:7:characters"): (
        changed("data", 1, "character", "name", to=""),
        'characters: 1 of 5 left out, first jikan characters[1].character.name: expected a text, got ""',
        4,
    ),
    (J, "anime:7:episodes:1"): (
        changed("data", 2, "mal_id", to=None),
        "episodes: 1 of 5 left out, first jikan episodes[2].mal_id: expected a whole number, got nothing",
        4,
    ),
    (A, "media:7:staff:1"): (
        changed("data", "Media", "staff", "edges", 0, "node", to=None),
        "staff: 1 of 5 left out, first anilist staff[0].node: expected an object, got nothing",
        4,
    ),
    (A, "media:7:characters:1"): (
        changed("data", "Media", "characters", "edges", 4, "voiceActors", to=[{"id": 1, "name": None}]),
        "characters.voiceActors: 1 of 1 left out, first anilist characters[4].voiceActors[0].name: expected an object,"
        " got nothing",
        5,
    ),
    (K, "anime:7:characters:0"): (
        changed("data", 3, "id", to=4),
        "characters: 1 of 5 left out, first kitsu characters[3].id: expected digits, got 4",
        4,
    ),
}
"""The change, the problem it makes, and how many rows stay."""


@pytest.mark.parametrize(("catalogue", "item"), ODD)
def test_a_row_without_what_it_needs_costs_itself_alone_and_is_told(catalogue: Catalogue, item: str) -> None:
    world = World(MadeUpSeries(episodes=5, characters=5, staff=5))
    change, problem, count = ODD[catalogue, item]
    world.changes[catalogue, item] = change
    pages = world.walk(catalogue)
    assert [one for page in pages for one in page.problems] == [problem]
    kind = problem.partition(":")[0].partition(".")[0]
    assert len(merge_answers(page.answers for page in pages)[kind]) == count
    assert f"{catalogue}:{item}" in world.kept()


INCLUDED = [
    ("mappings", {"externalSite": "anidb", "externalId": 5}, "externalId"),
    ("mappings", {"externalSite": "anidb", "externalId": ""}, "externalId"),
    ("streamingLinks", {"url": None}, "url"),
    ("anime", {"canonicalTitle": None}, "canonicalTitle"),
]


@pytest.mark.parametrize(("kind", "attributes", "named"), INCLUDED)
def test_what_comes_with_kitsus_anime_does_not_cost_the_anime(kind: str, attributes: Any, named: str) -> None:
    world = World(MadeUpSeries(episodes=1))
    included = [{"id": "1", "type": kind, "attributes": attributes}]
    world.changes[K, "anime:7"] = changed("included", to=included)
    first, *_ = world.walk(K)
    assert first.answers["anime"]["id"] == "7"
    [problem] = first.problems
    assert f"[0].attributes.{named}: expected a text" in problem


def test_a_next_airing_that_cannot_be_read_does_not_cost_anilists_anime() -> None:
    world = World(MadeUpSeries(episodes=1))
    world.changes[A, "media:7"] = changed("data", "Media", "nextAiringEpisode", to={"episode": None, "airingAt": 1})
    first, *_ = world.walk(A)
    assert "nextAiringEpisode" not in first.answers["anime"]
    assert first.problems == (
        "anime.nextAiringEpisode: 1 left out, first anilist anime.nextAiringEpisode.episode: expected a whole number,"
        " got nothing",
    )


# -------------------------------------------------------------------------------------------------------- odd pages

LISTS: Mapping[Catalogue, tuple[str, Callable[[int], str], int, Change]] = {
    J: ("episodes", lambda n: f"anime:7:episodes:{n + 1}", 100, changed("data", to=None)),
    A: ("characters", lambda n: f"media:7:characters:{n + 1}", 25, changed("data", "Media", to={"characters": 1})),
    K: ("episodes", lambda n: f"anime:7:episodes:{n * 20}", 20, changed("data", to="none")),
}
"""A list of each catalogue that has pages: its kind, the item of a page, the page's size, and what spoils one."""

PAGES_EACH = 6


def paged(catalogue: Catalogue, *spoiled: int) -> tuple[dict[str, Any], list[str]]:
    kind, item, size, change = LISTS[catalogue]
    world = World(MadeUpSeries(episodes=size * PAGES_EACH, characters=size * PAGES_EACH, staff=1))
    if catalogue is J:
        world.series.characters = 0
    world.changes = {(catalogue, item(number)): change for number in spoiled}
    pages = world.walk(catalogue)
    problems = [problem for page in pages for problem in page.problems]
    return merge_answers(page.answers for page in pages), [one for one in problems if one.startswith(kind)]


@pytest.mark.parametrize("catalogue", LISTS)
@pytest.mark.parametrize("spoiled", [(0,), (2,), (1, 3)])
def test_a_page_that_cannot_be_read_costs_itself_alone(catalogue: Catalogue, spoiled: tuple[int, ...]) -> None:
    kind, _, size, _ = LISTS[catalogue]
    answers, problems = paged(catalogue, *spoiled)
    assert len(answers[kind]) == size * (PAGES_EACH - len(spoiled))
    assert len(problems) == len(spoiled)


@pytest.mark.parametrize("catalogue", LISTS)
def test_two_pages_in_a_row_that_cannot_be_read_end_the_list_and_what_is_behind_it_follows(
    catalogue: Catalogue,
) -> None:
    kind, _, size, _ = LISTS[catalogue]
    answers, problems = paged(catalogue, 2, 3)
    assert len(answers[kind]) == size * 2
    assert len(problems) == 2
    behind = {J: "episode_details", A: "staff", K: "characters"}[catalogue]
    assert answers[behind]


@pytest.mark.parametrize("catalogue", LISTS)
def test_a_last_page_that_cannot_be_read_is_one_problem(catalogue: Catalogue) -> None:
    answers, problems = paged(catalogue, PAGES_EACH - 1)
    kind, _, size, _ = LISTS[catalogue]
    assert len(answers[kind]) == size * (PAGES_EACH - 1)
    assert len(problems) == 1


@pytest.mark.parametrize("catalogue", LISTS)
@pytest.mark.parametrize("clamped_to", [0, 2])
def test_a_server_that_gives_the_same_page_for_ever_is_asked_once_more(catalogue: Catalogue, clamped_to: int) -> None:
    kind, item, size, _ = LISTS[catalogue]
    world = World(MadeUpSeries(episodes=size * PAGES_EACH, characters=size * PAGES_EACH if catalogue is A else 0))
    given: list[bytes] = []

    def repeated(body: bytes) -> bytes:
        given.append(body)
        return given[0]

    world.changes = {(catalogue, item(number)): repeated for number in range(clamped_to, 3 * PAGES_EACH)}
    pages = world.walk(catalogue)
    assert len(given) == 2
    assert len(merge_answers(page.answers for page in pages)[kind]) == size * (clamped_to + 1)
    [problem] = [problem for page in pages for problem in page.problems]
    assert problem.endswith("the same as the page before, so the list ends here")
