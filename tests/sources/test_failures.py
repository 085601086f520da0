"""Every catalogue's client over real sockets against a server that fails in each way that servers fail."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from models.errors import Malformed, NotFound, Throttled, Unavailable
from models.events import Catalogue
from sources.http import LiveTransport, Refused, Request, TooLarge
from sources.json_api import RetryPolicy
from sources.registry import PAGES, catalogue_clients
from tests.support.http_server import Answer, Asked, Server, answer, drip, raw, serve, silence
from tests.support.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from tests.support.scripted_http import Waits
from workflows.ports import FetchedPage

pytestmark = pytest.mark.parametrize("catalogue", list(Catalogue))

ATTEMPTS = 2
FIRST_WAIT = 0.5
TOTAL_SECONDS = 0.6
MIB = 1024 * 1024

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking</body></html>"
MEDIA_TYPES = {
    Catalogue.ANIDB: "text/xml; charset=UTF-8",
    Catalogue.ANIMEPLANET: "text/html; charset=UTF-8",
    Catalogue.ANISEARCH: "text/html",
    Catalogue.KITSU: "application/vnd.api+json; charset=utf-8",
}


def media_type(catalogue: Catalogue) -> str:
    return MEDIA_TYPES.get(catalogue, "application/json")


def good_body(catalogue: Catalogue, asked: Asked) -> bytes:
    url = f"https://example.com{asked.target}"
    request = Request(method=asked.method, url=url, body=asked.body or None, catalogue=catalogue)
    return MadeUpSeries(episodes=3).send(request).body


def good(catalogue: Catalogue) -> Answer:
    def write(asked: Asked, connection: socket.socket) -> None:
        answer(good_body(catalogue, asked), content_type=media_type(catalogue))(asked, connection)

    return write


def first_page(catalogue: Catalogue, server: Server, waits: Waits | None = None) -> FetchedPage:
    clients = catalogue_clients(
        LiveTransport(connect_seconds=2, read_seconds=0.2, total_seconds=TOTAL_SECONDS),
        {catalogue: server.url},
        {"anidb": ANIDB_CLIENT},
        sleep=waits or Waits(),
        policy=RetryPolicy(attempts=ATTEMPTS, first_wait=FIRST_WAIT),
        page_catalogues=PAGES,
    )
    return clients[catalogue].fetch(SOURCES, cursor=None)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_the_made_up_series_is_answered(catalogue: Catalogue) -> None:
    with serve(good(catalogue)) as server:
        page = first_page(catalogue, server)
    assert page.answers["anime"]
    assert (page.problems, page.unknown) == ((), {})
    assert len(server.asked) == 1


def test_a_server_that_says_nothing_is_unavailable(catalogue: Catalogue, stop: threading.Event) -> None:
    with serve(silence(stop)) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            first_page(catalogue, server)
        stop.set()
    assert len(server.asked) == ATTEMPTS


def test_a_slow_drip_ends_at_the_deadline(catalogue: Catalogue, stop: threading.Event) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type(catalogue)}\r\n\r\n".encode()
    with serve(drip(head, b" ", stop, every=0.02)) as server:
        before = time.monotonic()
        with pytest.raises(Unavailable, match="no whole answer within"):
            first_page(catalogue, server)
        taken = time.monotonic() - before
        stop.set()
    assert taken < ATTEMPTS * TOTAL_SECONDS + 2


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry_After": "7"}, 7.0), ({}, FIRST_WAIT)], ids=["with", "without"]
)
def test_too_many_requests_are_repeated_after_the_wait(
    catalogue: Catalogue, headers: dict[str, str], waited: float
) -> None:
    waits = Waits()
    with serve(answer(b"{}", status="429 Too Many Requests", **headers), good(catalogue)) as server:
        assert first_page(catalogue, server, waits).answers["anime"]
    assert waits.seconds == [waited]


def test_a_long_wait_is_left_to_the_caller(catalogue: Catalogue) -> None:
    waits = Waits()
    slow_down = answer(status="429 Too Many Requests", Retry_After="600")
    with serve(slow_down) as server, pytest.raises(Throttled) as raised:
        first_page(catalogue, server, waits)
    assert (raised.value.retry_after, waits.seconds, len(server.asked)) == (600.0, [], 1)


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
def test_a_fault_of_the_server_is_repeated_and_then_unavailable(catalogue: Catalogue, status: str) -> None:
    with serve(answer(status=status), good(catalogue)) as server:
        assert first_page(catalogue, server).answers["anime"]
    fault = answer(HTML_PAGE, status=status, content_type="text/html")
    with serve(fault) as server, pytest.raises(Unavailable, match=f"answers {status[:3]}"):
        first_page(catalogue, server)
    assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(("status", "error"), [("404 Not Found", NotFound), ("403 Forbidden", Refused)])
def test_a_refusal_is_not_repeated(catalogue: Catalogue, status: str, error: type[Exception]) -> None:
    with serve(answer(HTML_PAGE, status=status, content_type="text/html")) as server, pytest.raises(error):
        first_page(catalogue, server)
    assert len(server.asked) == 1


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_answer_that_breaks_off_is_unavailable(catalogue: Catalogue, framing: str) -> None:
    kind = media_type(catalogue)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
    cut = {
        "length": f"{head}Content-Length: 5000\r\n\r\n{{",
        "chunks": f"{head}Transfer-Encoding: chunked\r\n\r\n400\r\n{{",
    }
    with serve(raw(cut[framing].encode())) as server, pytest.raises(Unavailable, match="no whole answer"):
        first_page(catalogue, server)
    assert len(server.asked) == ATTEMPTS


def test_a_document_that_is_cut_off_is_malformed(catalogue: Catalogue) -> None:
    """The server says that it is whole, so asking again would give the same."""

    def write(asked: Asked, connection: socket.socket) -> None:
        body = good_body(catalogue, asked)
        answer(body[: len(body) // 2], content_type=media_type(catalogue))(asked, connection)

    with serve(write) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
        first_page(catalogue, server)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"data": 5}', b"<x/>", b"\xff\xfe\x00", b'{"data": NaN}', b"[" * 20_000]
)
def test_something_else_of_the_right_media_type_is_malformed(catalogue: Catalogue, body: bytes) -> None:
    with (
        serve(answer(body, content_type=media_type(catalogue))) as server,
        pytest.raises(Malformed, match=f"^{catalogue}"),
    ):
        first_page(catalogue, server)


def test_a_page_for_people_instead_of_the_answer_is_malformed(catalogue: Catalogue) -> None:
    for kind in ("text/html", media_type(catalogue)):
        with serve(answer(HTML_PAGE, content_type=kind)) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
            first_page(catalogue, server)


def test_a_good_answer_of_another_media_type_is_malformed(catalogue: Catalogue) -> None:
    def write(asked: Asked, connection: socket.socket) -> None:
        answer(good_body(catalogue, asked), content_type="text/plain")(asked, connection)

    with serve(write) as server, pytest.raises(Malformed, match="answers text/plain where"):
        first_page(catalogue, server)


def test_a_recording_that_was_parsed_before_is_no_live_answer(catalogue: Catalogue) -> None:
    body = b'{"anidb_id": "7", "json_ld": {"name": "Long"}}'
    with serve(answer(body)) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
        first_page(catalogue, server)


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "endless"])
def test_an_answer_of_ten_megabytes_is_refused(catalogue: Catalogue, announced: bool) -> None:
    length = f"Content-Length: {10 * MIB}\r\n" if announced else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type(catalogue)}\r\n{length}\r\n".encode()

    def write(_asked: Asked, connection: socket.socket) -> None:
        try:
            connection.sendall(head)
            for _ in range(10):
                connection.sendall(b" " * MIB)
        except OSError:
            return

    with serve(write) as server, pytest.raises(TooLarge, match="longer than 8388608 bytes"):
        first_page(catalogue, server)
    assert len(server.asked) == 1


@pytest.mark.parametrize("path", ["/", "/anime/7"])
def test_a_redirect_to_another_host_is_refused_and_nobody_there_is_asked(catalogue: Catalogue, path: str) -> None:
    with serve(good(catalogue)) as other:
        elsewhere = answer(status="302 Found", Location=f"{other.url}{path}")
        with serve(elsewhere) as server, pytest.raises(Malformed, match="answers 302, and redirects are not"):
            first_page(catalogue, server)
    assert other.asked == []
    assert len(server.asked) == 1


def test_only_pages_follow_one_redirect_within_their_host(catalogue: Catalogue) -> None:
    with serve(answer(status="301 Moved Permanently", Location="/anime/7,long"), good(catalogue)) as server:
        if catalogue in PAGES:
            assert first_page(catalogue, server).answers["anime"]
            assert [asked.target for asked in server.asked][1] == "/anime/7,long"
        else:
            with pytest.raises(Malformed, match="answers 301"):
                first_page(catalogue, server)
    again = answer(status="301 Moved Permanently", Location="/again")
    with serve(again) as server, pytest.raises(Malformed, match="answers 301"):
        first_page(catalogue, server)
    assert len(server.asked) == (2 if catalogue in PAGES else 1)
