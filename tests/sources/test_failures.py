"""Every catalogue's client over real sockets against a server that fails in each way that servers fail."""

import math
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from models.errors import AnimeError, Malformed, NotFound, Throttled, Unavailable
from models.events import Catalogue
from scripts.made_up_series import SOURCES
from sources.http import HttpTransport, Refused, TooLarge
from sources.manners import MANNERS
from sources.politeness import CarefulBuckets, PoliteTransport
from sources.registry import PAGES
from stores.rate_buckets import ProcessRateBuckets
from tests.support.catalogue_server import (
    ATTEMPTS,
    FIRST_WAIT,
    TOTAL_SECONDS,
    client_of,
    first_page,
    good,
    good_body,
    media_type,
)
from tests.support.http_server import Answer, Asked, answer, drip, raw, serve, silence
from tests.support.scripted_http import Waits
from workflows.catalogue_counts import CatalogueCounts, Count

pytestmark = pytest.mark.parametrize("catalogue", list(Catalogue))

MIB = 1024 * 1024

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking</body></html>"


@pytest.fixture
def counts() -> CatalogueCounts:
    return CatalogueCounts()


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_the_made_up_series_is_answered(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    with serve(good(catalogue)) as server:
        page = first_page(catalogue, server, counts=counts)
    assert page.answers["anime"]
    assert (page.problems, page.unknown) == ((), {})
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 0)


def test_a_server_that_says_nothing_is_unavailable(
    catalogue: Catalogue, counts: CatalogueCounts, stop: threading.Event
) -> None:
    with serve(silence(stop)) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            first_page(catalogue, server, counts=counts)
        stop.set()
    assert (len(server.asked), counts[Count.ERRORS]) == (ATTEMPTS, ATTEMPTS)


def test_a_slow_drip_ends_at_the_deadline(catalogue: Catalogue, counts: CatalogueCounts, stop: threading.Event) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type(catalogue)}\r\n\r\n".encode()
    with serve(drip(head, b" ", stop, every=0.02)) as server:
        before = time.monotonic()
        with pytest.raises(Unavailable, match="no whole answer within"):
            first_page(catalogue, server, counts=counts)
        taken = time.monotonic() - before
        stop.set()
    assert taken < ATTEMPTS * TOTAL_SECONDS + 2
    assert counts[Count.ERRORS] == ATTEMPTS


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry_After": "7"}, 7.0), ({}, FIRST_WAIT)], ids=["with", "without"]
)
def test_too_many_requests_are_repeated_after_the_wait(
    catalogue: Catalogue, counts: CatalogueCounts, headers: dict[str, str], waited: float
) -> None:
    waits = Waits()
    with serve(answer(b"{}", status="429 Too Many Requests", **headers), good(catalogue)) as server:
        assert first_page(catalogue, server, waits, counts).answers["anime"]
    assert waits.seconds == [waited]
    assert counts[Count.ERRORS] == 1


def test_a_long_wait_is_left_to_the_caller(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    waits = Waits()
    slow_down = answer(status="429 Too Many Requests", Retry_After="600")
    with serve(slow_down) as server, pytest.raises(Throttled) as raised:
        first_page(catalogue, server, waits, counts)
    assert (raised.value.retry_after, waits.seconds, len(server.asked)) == (600.0, [], 1)
    assert counts[Count.ERRORS] == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
def test_a_fault_of_the_server_is_repeated_and_then_unavailable(
    catalogue: Catalogue, counts: CatalogueCounts, status: str
) -> None:
    with serve(answer(status=status), good(catalogue)) as server:
        assert first_page(catalogue, server, counts=counts).answers["anime"]
    assert counts[Count.ERRORS] == 1
    fault = answer(HTML_PAGE, status=status, content_type="text/html")
    with serve(fault) as server, pytest.raises(Unavailable, match=f"answers {status[:3]}"):
        first_page(catalogue, server, counts=counts)
    assert (len(server.asked), counts[Count.ERRORS]) == (ATTEMPTS, 1 + ATTEMPTS)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden"])
def test_a_refusal_is_not_repeated(catalogue: Catalogue, counts: CatalogueCounts, status: str) -> None:
    with serve(answer(HTML_PAGE, status=status, content_type="text/html")) as server, pytest.raises(Refused):
        first_page(catalogue, server, counts=counts)
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 1)


def test_an_anime_that_is_not_there_is_no_error_of_the_catalogue(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    missing = answer(HTML_PAGE, status="404 Not Found", content_type="text/html")
    with serve(missing) as server, pytest.raises(NotFound):
        first_page(catalogue, server, counts=counts)
    targets = [asked.target for asked in server.asked]
    assert len(targets) == len(set(targets))
    assert counts[Count.ERRORS] == 0


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_answer_that_breaks_off_is_unavailable(catalogue: Catalogue, counts: CatalogueCounts, framing: str) -> None:
    kind = media_type(catalogue)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
    cut = {
        "length": f"{head}Content-Length: 5000\r\n\r\n{{",
        "chunks": f"{head}Transfer-Encoding: chunked\r\n\r\n400\r\n{{",
    }
    with serve(raw(cut[framing].encode())) as server, pytest.raises(Unavailable, match="no whole answer"):
        first_page(catalogue, server, counts=counts)
    assert (len(server.asked), counts[Count.ERRORS]) == (ATTEMPTS, ATTEMPTS)


def test_a_document_that_is_cut_off_is_malformed(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    """The server says that it is whole, so asking again would give the same."""

    def write(asked: Asked, connection: socket.socket) -> None:
        body = good_body(catalogue, asked)
        answer(body[: len(body) // 2], content_type=media_type(catalogue))(asked, connection)

    with serve(write) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
        first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 1


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"data": 5}', b"<x/>", b"\xff\xfe\x00", b'{"data": NaN}', b"[" * 20_000]
)
def test_something_else_of_the_right_media_type_is_malformed(
    catalogue: Catalogue, counts: CatalogueCounts, body: bytes
) -> None:
    with (
        serve(answer(body, content_type=media_type(catalogue))) as server,
        pytest.raises(Malformed, match=f"^{catalogue}"),
    ):
        first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 1


TITLED_BY_A_NUMBER = {
    Catalogue.JIKAN: b'{"data": {"mal_id": 7, "title": 5}}',
    Catalogue.ANILIST: b'{"data": {"Media": {"id": 7, "title": 5}}}',
    Catalogue.KITSU: b'{"data": {"id": "7", "type": "anime", "attributes": {"canonicalTitle": 5}}}',
    Catalogue.ANIDB: b'<anime id="7"/>',
    Catalogue.ANIMESCHEDULE: b'{"title": 5, "route": "long"}',
    Catalogue.ANIMEPLANET: b"<html><body/></html>",
    Catalogue.ANISEARCH: b"<html><body/></html>",
}


def test_an_anime_of_another_shape_is_malformed(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    odd = answer(TITLED_BY_A_NUMBER[catalogue], content_type=media_type(catalogue))
    with serve(odd) as server, pytest.raises(Malformed, match=f"^{catalogue}"):
        first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 1


def test_a_page_for_people_instead_of_the_answer_is_malformed(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    for kind in ("text/html", media_type(catalogue)):
        with serve(answer(HTML_PAGE, content_type=kind)) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
            first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 2


def test_a_good_answer_of_another_media_type_is_malformed(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    def write(asked: Asked, connection: socket.socket) -> None:
        answer(good_body(catalogue, asked), content_type="text/plain")(asked, connection)

    with serve(write) as server, pytest.raises(Malformed, match="answers text/plain where"):
        first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 1


def test_a_recording_that_was_parsed_before_is_no_live_answer(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    body = b'{"anidb_id": "7", "json_ld": {"name": "Long"}}'
    with serve(answer(body)) as server, pytest.raises(Malformed, match=f"^{catalogue} "):
        first_page(catalogue, server, counts=counts)
    assert counts[Count.ERRORS] == 1


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "endless"])
def test_an_answer_of_ten_megabytes_is_refused(catalogue: Catalogue, counts: CatalogueCounts, announced: bool) -> None:
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
        first_page(catalogue, server, counts=counts)
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 1)


@pytest.mark.parametrize("path", ["/", "/anime/7"])
def test_a_redirect_to_another_host_is_refused_and_nobody_there_is_asked(
    catalogue: Catalogue, counts: CatalogueCounts, path: str
) -> None:
    with serve(good(catalogue)) as other:
        elsewhere = answer(status="302 Found", Location=f"{other.url}{path}")
        with serve(elsewhere) as server, pytest.raises(Malformed, match="answers 302, and redirects are not"):
            first_page(catalogue, server, counts=counts)
    assert other.asked == []
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 1)


def test_only_pages_follow_one_redirect_within_their_host(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    with serve(answer(status="301 Moved Permanently", Location="/anime/7,long"), good(catalogue)) as server:
        if catalogue in PAGES:
            assert first_page(catalogue, server, counts=counts).answers["anime"]
            assert [asked.target for asked in server.asked][1] == "/anime/7,long"
        else:
            with pytest.raises(Malformed, match="answers 301"):
                first_page(catalogue, server, counts=counts)
    again = answer(status="301 Moved Permanently", Location="/again")
    with serve(again) as server, pytest.raises(Malformed, match="answers 301"):
        first_page(catalogue, server, counts=counts)
    assert len(server.asked) == (2 if catalogue in PAGES else 1)
    assert counts[Count.ERRORS] == (1 if catalogue in PAGES else 2)


def now() -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC)


def polite(live: HttpTransport, counts: CatalogueCounts) -> HttpTransport:
    """As the functions ask."""
    buckets = ProcessRateBuckets(clock=now)
    return PoliteTransport(
        live,
        manners=MANNERS,
        buckets=CarefulBuckets(shared=buckets, own=buckets),
        counts=counts,
        clock=now,
        remaining=lambda: math.inf,
    )


FAILURES: dict[str, Answer] = {
    "429": answer(status="429 Too Many Requests", Retry_After="600"),
    "500": answer(status="500 Internal Server Error"),
    "408": answer(status="408 Request Timeout"),
    "401": answer(status="401 Unauthorized"),
    "403": answer(status="403 Forbidden"),
    "302": answer(status="302 Found", Location="https://example.com/"),
    "nothing": raw(b""),
    "wrong JSON": answer(b'{"data": '),
    "HTML": answer(HTML_PAGE, content_type="text/html"),
    "banned": answer(b'<error code="500">banned</error>', content_type="text/xml"),
    "too long": answer(b" " * (9 * MIB)),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_request_is_one_error_whoever_sees_what_is_wrong_with_it(
    catalogue: Catalogue, counts: CatalogueCounts, failure: str
) -> None:
    with serve(FAILURES[failure]) as server:
        client = client_of(catalogue, server, counts=counts, attempts=1, around=lambda live: polite(live, counts))
        with pytest.raises(AnimeError):
            client.fetch(SOURCES, cursor=None)
    assert (len(server.asked), counts[Count.REQUESTS], counts[Count.ERRORS]) == (1, 1, 1)


def test_who_is_not_asked_makes_no_error(catalogue: Catalogue, counts: CatalogueCounts) -> None:
    with serve(answer(status="429 Too Many Requests", Retry_After="7200")) as server:
        client = client_of(catalogue, server, counts=counts, attempts=1, around=lambda live: polite(live, counts))
        for _ in range(3):
            with pytest.raises(AnimeError):
                client.fetch(SOURCES, cursor=None)
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 1)
