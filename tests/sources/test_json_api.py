from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from models.errors import AnimeError, Malformed, NotFound, NotRecorded, Throttled, Unavailable
from sources.http import LiveTransport, Refused, Request, Response, TooLarge
from sources.json_api import JsonApi, RetryPolicy, request_answer, request_json
from sources.keeping import Keep, Kind
from tests.support.http_server import Answer, answer, raw, serve
from tests.support.scripted_http import Scripted, Waits, json_response

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REQUEST = Request(method="GET", url="https://example.com/anime/1?key=abcdefgh", catalogue="jikan")


@dataclass
class Sequel:
    """One answer after the other, the last one again and again."""

    answers: Sequence[Response | Exception]
    asked: int = 0
    waits: Waits = field(default_factory=Waits)

    def send(self, request: Request) -> Response:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(found, Exception):
            raise found
        return found

    def ask(self, policy: RetryPolicy | None = None) -> Any:
        return request_json(self, REQUEST, policy=policy or RetryPolicy(), sleep=self.waits, clock=lambda: NOW)


GOOD = json_response({"data": 1})


def throttled(**headers: str) -> Response:
    return json_response({}, status=429, **headers)


@pytest.mark.parametrize(
    "passing",
    [json_response({}, status=500), json_response({}, status=503), json_response({}, status=408), Unavailable("no")],
)
def test_what_may_pass_is_asked_again_with_doubling_waits(passing: Response | Exception) -> None:
    server = Sequel([passing, passing, passing, GOOD])
    assert server.ask(RetryPolicy(attempts=4)) == {"data": 1}
    assert server.waits.seconds == [1.0, 2.0, 4.0]


def test_a_server_that_stays_down_is_unavailable_after_the_last_attempt() -> None:
    server = Sequel([json_response({}, status=502)])
    with pytest.raises(Unavailable, match="jikan GET /anime/1: answers 502"):
        server.ask(RetryPolicy(attempts=3))
    assert (server.asked, len(server.waits.seconds)) == (3, 2)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Mon, 23 Nov 2026 12:00:05 GMT"}, 5.0),
        ({}, 1.0),
        ({"retry_after": "soon"}, 1.0),
    ],
)
def test_a_throttling_answer_is_waited_for_as_it_says(header: dict[str, str], seconds: float) -> None:
    server = Sequel([throttled(**header), GOOD])
    assert server.ask() == {"data": 1}
    assert server.waits.seconds == [seconds]


def test_a_wait_that_leaves_no_time_for_a_request_goes_to_the_caller() -> None:
    """70 seconds are left: 10 to wait, and 60 for what is asked then."""
    server, waits = Sequel([throttled(retry_after="11"), throttled(retry_after="10"), GOOD]), Waits()

    def ask() -> Response:
        return request_answer(
            server, REQUEST, policy=RetryPolicy(), sleep=waits, clock=lambda: NOW, remaining=lambda: 70
        )

    with pytest.raises(Throttled):
        ask()
    assert ask().status == 200
    assert (server.asked, waits.seconds) == (3, [10.0])


def test_a_pause_beyond_the_patience_goes_to_the_caller() -> None:
    server = Sequel([throttled(retry_after="600")])
    with pytest.raises(Throttled) as error:
        server.ask()
    assert error.value.retry_after == 600
    assert server.waits.seconds == []


@pytest.mark.parametrize(
    ("response", "expected", "says"),
    [
        (json_response({}, status=404), NotFound, "404"),
        (json_response({}, status=410), NotFound, "410"),
        (json_response({}, status=401), Refused, "401"),
        (json_response({}, status=302, location="https://elsewhere.example/"), Malformed, "redirects are not followed"),
        (json_response(b"<html>", content_type="text/html"), Malformed, "answers text/html where JSON"),
        (json_response(b'{"data": [1, 2'), Malformed, "not JSON"),
        (json_response(b"\xff\xfe\xfa"), Malformed, "not JSON"),
        (json_response(b'{"title": "\\ud83d"}'), Malformed, "not JSON"),
        (json_response(b'{"score": NaN}'), Malformed, "not JSON"),
        (TooLarge("longer"), TooLarge, "longer"),
        (NotRecorded("none"), NotRecorded, "none"),
    ],
)
def test_what_will_not_work_is_asked_once(
    response: Response | Exception, expected: type[AnimeError], says: str
) -> None:
    server = Sequel([response])
    with pytest.raises(expected, match=says) as error:
        server.ask()
    assert server.asked == 1
    assert "abcdefgh" not in str(error.value)


def test_json_of_any_media_type_that_is_json_is_read() -> None:
    assert Sequel([json_response({"a": 1}, content_type="application/vnd.api+json; charset=utf-8")]).ask() == {"a": 1}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([answer(status="500 Internal Server Error"), answer(b'{"data": 1}')], None),
        ([raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), answer(b'{"data": 1}')], None),
        ([answer(status="429 Too Many Requests", Retry_After="3"), answer(b'{"data": 1}')], None),
        ([answer(b"x" * 9_000_000)], TooLarge),
        ([answer(b"<html>maintenance</html>", content_type="text/html")], Malformed),
        ([answer(b'{"data": ')], Malformed),
    ],
    ids=["500", "truncated", "429", "9 MB", "HTML", "wrong JSON"],
)
def test_over_a_real_connection(answers: list[Answer], expected: type[AnimeError] | None) -> None:
    with serve(*answers) as server:
        request = Request(method="GET", url=f"{server.url}/anime/1")
        waits = Waits()

        def ask() -> Any:
            return request_json(LiveTransport(), request, policy=RetryPolicy(), sleep=waits, clock=lambda: NOW)

        if expected is None:
            assert ask() == {"data": 1}
            assert len(server.asked) == 2
        else:
            with pytest.raises(expected):
                ask()
            assert (len(server.asked), waits.seconds) == (1, [])


def api(transport: Scripted, base_url: str = "https://example.com/v4/") -> JsonApi:
    return JsonApi(
        catalogue="jikan",
        base_url=base_url,
        transport=transport,
        sleep=Waits(),
        clock=lambda: NOW,
        headers={"X-Server-Key": "abcdefgh"},
    )


def test_an_api_asks_below_its_base_url_with_its_headers() -> None:
    transport = Scripted({"GET /v4/anime?page[limit]=10": {"data": []}})
    assert api(transport).get("/anime", {"page[limit]": 10}) == {"data": []}
    request = transport.requests[0]
    assert request.headers == {"Accept": "application/json", "X-Server-Key": "abcdefgh"}
    assert (request.catalogue, request.base_path) == ("jikan", "/v4")
    assert "abcdefgh" not in repr(request)
    assert "abcdefgh" not in repr(api(transport))


def test_a_request_says_which_item_it_asks_for() -> None:
    transport = Scripted({"GET /v4/anime/1": {"data": 1}, "POST /v4/": {"data": 1}})
    keep = Keep(item="anime:1", kind=Kind.ANIME)
    api(transport).get("/anime/1", keep=keep)
    api(transport).post("/", {}, keep=keep)
    api(transport).get("/anime/1")
    assert [request.item for request in transport.requests] == ["anime:1", "anime:1", None]


def test_a_body_is_posted_as_json() -> None:
    transport = Scripted({"POST /v4/": {"data": 1}})
    api(transport).post("/", {"query": "{ a }"})
    assert transport.requests[0].body == b'{"query": "{ a }"}'
    assert transport.requests[0].headers["Content-Type"] == "application/json"
