import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from models.errors import BadInput, Malformed, NotFound
from sources.anilist import AniListClient
from sources.http import Request, Response
from sources.json_api import JsonApi, RetryPolicy
from tests.support.clients import fetch_all
from tests.support.scripted_http import Scripted, json_response

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
            return json_response({"data": {"Media": {"id": 5}}})
        kind = body["operationName"].lower()
        start, total = (body["variables"]["page"] - 1) * 2, self.edges[kind]
        page = {
            "pageInfo": {"hasNextPage": start + 2 < total},
            "edges": [{"role": str(number)} for number in range(start, min(start + 2, total))],
        }
        return json_response({"data": {"Media": {kind: page}}})


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


def test_an_anime_is_fetched_with_all_pages_of_characters_and_staff() -> None:
    transport = GraphQL({}, edges={"characters": 5, "staff": 4})
    fetched = fetch_all(client(transport), BY_ID)
    assert fetched.answers["anime"] == {"id": 5}
    assert [edge["role"] for edge in fetched.answers["characters"]] == ["0", "1", "2", "3", "4"]
    assert len(fetched.answers["staff"]) == 4
    assert transport.asked == ["Anime", *["Characters"] * 3, *["Staff"] * 2]
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


def test_a_page_of_another_shape_is_a_problem_and_the_next_step_follows() -> None:
    transport = Scripted({"POST /": {"data": {"Media": {"characters": {"edges": "many"}}}}})
    page = client(transport).fetch(BY_ID, cursor="characters:2")
    assert (page.cursor, page.answers) == ("staff:1", {})
    assert page.problems == ("characters, page 2: anilist characters: expected a list, got str",)


@pytest.mark.parametrize("cursor", ["anime", "characters:", "characters:x", "tags:1"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        client(Scripted({})).fetch(BY_ID, cursor=cursor)
