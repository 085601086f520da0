import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from models.errors import BadInput, Malformed, NotFound
from sources.anilist import ANIME_QUERY, MANY_QUERY, AniListClient
from sources.http import Request, Response
from sources.json_api import JsonApi, RetryPolicy
from sources.kept_answers import KeptAnswers, SharedAnswers
from tests.support.clients import fetch_all
from tests.support.fake_answers import FakeAnswerCache
from tests.support.scripted_http import Scripted, json_response
from workflows.catalogue_counts import CatalogueCounts

BY_ID = ("https://anilist.co/anime/5", "https://myanimelist.net/anime/7")


@dataclass
class GraphQL(Scripted):
    """Answers ``Media`` by operation and variables, in pages of two edges."""

    edges: dict[str, int] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        body = json.loads(request.body or b"{}")
        self.bodies.append(body)
        self.asked.append(body["operationName"])
        if body["operationName"] == "Anime":
            return json_response({"data": {"Media": {"id": 5, "title": {"romaji": "Long"}}}})
        member = {"Schedule": "airingSchedule"}.get(body["operationName"], body["operationName"].lower())
        start, total = (body["variables"]["page"] - 1) * 2, self.edges.get(member, 0)
        nodes: list[Any] = [
            {"episode": number, "airingAt": 0} if member == "airingSchedule" else {"id": number, "name": {"full": "N"}}
            for number in range(start, min(start + 2, total))
        ]
        page = {
            "pageInfo": {"hasNextPage": start + 2 < total},
            "edges": [{"role": str(number), "node": node} for number, node in enumerate(nodes, start)],
        }
        return json_response({"data": {"Media": {member: page}}})


def client(transport: Scripted) -> AniListClient:
    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} seconds")

    return AniListClient(
        api=JsonApi(
            catalogue="anilist",
            base_url="https://example.com",
            transport=transport,
            sleep=sleep,
            clock=_no_clock,
            policy=RetryPolicy(attempts=1),
        )
    )


def _no_clock() -> Any:
    raise AssertionError("nothing here needs the time")


def test_an_anime_is_fetched_with_all_pages_of_characters_staff_and_schedule() -> None:
    transport = GraphQL({}, edges={"characters": 5, "staff": 4, "airingSchedule": 3})
    fetched = fetch_all(client(transport), BY_ID)
    assert fetched.answers["anime"] == {"id": 5, "title": {"romaji": "Long"}}
    assert [edge["role"] for edge in fetched.answers["characters"]] == ["0", "1", "2", "3", "4"]
    assert len(fetched.answers["staff"]) == 4
    assert [edge["node"]["episode"] for edge in fetched.answers["schedule"]] == [0, 1, 2]
    assert transport.asked == ["Anime", *["Characters"] * 3, *["Staff"] * 2, *["Schedule"] * 2]
    assert {body["variables"]["id"] for body in transport.bodies} == {5}


def test_every_query_is_one_document_with_its_operation() -> None:
    transport = GraphQL({}, edges={"characters": 1, "staff": 1})
    fetch_all(client(transport), BY_ID)
    for body in transport.bodies:
        assert body["query"].startswith(f"query {body['operationName']}(")
        assert body["query"].count("{") == body["query"].count("}")


def test_an_anime_known_on_myanimelist_alone_is_asked_for_by_that_id() -> None:
    transport = GraphQL({}, edges={"characters": 0, "staff": 0})
    fetch_all(client(transport), ("https://myanimelist.net/anime/7",))
    assert [body["variables"] for body in transport.bodies] == [
        {"idMal": 7},
        {"idMal": 7, "page": 1},
        {"idMal": 7, "page": 1},
        {"idMal": 7, "page": 1},
    ]


def test_an_anime_on_neither_site_is_not_found() -> None:
    with pytest.raises(NotFound):
        client(GraphQL({})).fetch(("https://kitsu.app/anime/1",), cursor=None)


ERRORS: list[tuple[Callable[[], Response], type[Exception]]] = [
    (lambda: json_response({"errors": [{"status": 404}], "data": {"Media": None}}), NotFound),
    (lambda: json_response({"errors": [{"status": 404}]}, status=404), NotFound),
    (lambda: json_response({"errors": [{"message": "Syntax Error", "status": 400}]}), Malformed),
    (lambda: json_response({"errors": "all wrong"}), Malformed),
    (lambda: json_response({"data": {"Media": None}}), Malformed),
    (lambda: json_response({"data": []}), Malformed),
]


@pytest.mark.parametrize(("response", "expected"), ERRORS)
def test_errors_of_graphql_are_typed(response: Callable[[], Response], expected: type[Exception]) -> None:
    transport = Scripted({"POST /": response()})
    with pytest.raises(expected):
        client(transport).fetch(BY_ID, cursor=None)


def test_of_pages_of_another_shape_the_second_ends_the_list_and_the_next_step_follows() -> None:
    transport = Scripted({"POST /": {"data": {"Media": {"characters": {"edges": "many"}}}}})
    page = client(transport).fetch(BY_ID, cursor="characters:2")
    assert (page.cursor, page.answers) == ("characters:3:!", {})
    assert page.problems == ('characters, page 2: anilist characters: expected a list, got "many"',)
    assert client(transport).fetch(BY_ID, cursor=page.cursor).cursor == "staff:1"


@pytest.mark.parametrize("cursor", ["anime", "characters:", "characters:x", "tags:1"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        client(Scripted({})).fetch(BY_ID, cursor=cursor)


# ------------------------------------------------------------------------------------------------------ many at once


@dataclass
class Library(Scripted):
    """Answers for whatever ids it is asked, but for ``missing``."""

    missing: frozenset[int] = frozenset()
    operations: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        body = json.loads(request.body or b"{}")
        self.operations.append(body["operationName"])
        variables = body["variables"]
        if body["operationName"] == "Anime":
            return json_response({"data": {"Media": self._media(next(iter(variables.values())))}})
        wanted = variables.get("ids") or variables["malIds"]
        self.sizes.append(len(wanted))
        media = [self._media(number) for number in wanted if number not in self.missing]
        return json_response({"data": {"Page": {"media": media}}})

    def _media(self, number: int) -> dict[str, Any]:
        return {"id": number, "idMal": number, "title": {"romaji": f"Anime {number}"}, "status": "FINISHED"}


def at_noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


def warmer(transport: Scripted, cache: FakeAnswerCache | None) -> AniListClient:
    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} seconds")

    kept = KeptAnswers("anilist", SharedAnswers(cache=cache), counts=CatalogueCounts(), clock=at_noon, sleep=sleep)
    return AniListClient(
        api=JsonApi(
            catalogue="anilist",
            base_url="https://example.com",
            transport=transport,
            sleep=sleep,
            clock=at_noon,
            policy=RetryPolicy(attempts=1),
            answers=kept,
        )
    )


def test_many_anime_are_asked_for_fifty_at_a_time_and_each_is_then_answered_from_the_cache() -> None:
    cache, transport = FakeAnswerCache(clock=at_noon), Library({})
    animes = [(f"https://anilist.co/anime/{number}",) for number in range(1, 121)]
    assert warmer(transport, cache).warm(animes) == 120
    assert (transport.operations, transport.sizes) == (["Many"] * 3, [50, 50, 20])
    another = Library({})
    page = warmer(another, cache).fetch(("https://anilist.co/anime/77",), cursor=None)
    assert (page.answers["anime"]["title"]["romaji"], page.cursor) == ("Anime 77", "characters:1")
    assert another.operations == []


def test_anime_without_a_page_there_are_asked_for_by_their_number_elsewhere_or_left_out() -> None:
    cache, transport = FakeAnswerCache(clock=at_noon), Library({})
    animes = [("https://anilist.co/anime/1",), ("https://myanimelist.net/anime/2",), ("https://kitsu.app/anime/3",)]
    assert warmer(transport, cache).warm(animes) == 2
    assert transport.sizes == [1, 1]
    another = Library({})
    warmer(another, cache).fetch(("https://myanimelist.net/anime/2",), cursor=None)
    assert another.operations == []


def test_what_is_missing_among_many_is_asked_for_by_itself() -> None:
    cache, transport = FakeAnswerCache(clock=at_noon), Library({}, missing=frozenset({2}))
    animes = [("https://anilist.co/anime/1",), ("https://anilist.co/anime/2",)]
    assert warmer(transport, cache).warm(animes) == 1
    warmer(transport, cache).fetch(animes[1], cursor=None)
    assert transport.operations == ["Many", "Anime"]


def test_one_among_many_that_cannot_be_read_is_not_kept_and_costs_no_other() -> None:
    @dataclass
    class Odd(Library):
        def _media(self, number: int) -> Any:
            return {**super()._media(number), "title": "?"} if number == 2 else super()._media(number)

    cache = FakeAnswerCache(clock=at_noon)
    animes = [(f"https://anilist.co/anime/{number}",) for number in (1, 2, 3)]
    assert warmer(Odd({}), cache).warm(animes) == 2
    assert {key for name, key in cache.calls if name == "put"} == {"anilist:media:1", "anilist:media:3"}


def test_without_a_cache_nothing_is_asked_for_in_advance() -> None:
    transport = Library({})
    assert warmer(transport, None).warm([("https://anilist.co/anime/1",)]) == 0
    assert transport.operations == []


def test_the_queries_for_one_and_for_many_ask_for_the_same_fields() -> None:
    one, many = (query.partition("type: ANIME)")[2].split() for query in (ANIME_QUERY, MANY_QUERY))
    assert many == [*one, "}"]


def test_words_are_asked_for_in_their_newest_versions() -> None:
    """An older version has other words in their place: OTHER for a web novel, RELEASING for a series on hiatus."""
    asked = ANIME_QUERY.split()
    assert {"source(version:", "status(version:", "relationType(version:"} <= set(asked)
    assert not {"source", "relationType"} & set(asked)
