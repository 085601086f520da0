import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from models.errors import BadInput, Malformed, Unavailable
from sources.http import LiveTransport, NotSupported, Request, TooLarge
from tests.support.http_server import Answer, Asked, answer, drip, raw, serve, silence

QUICK = LiveTransport(connect_seconds=2, read_seconds=0.3, total_seconds=0.8)
PATIENT = LiveTransport(connect_seconds=2, read_seconds=5, total_seconds=10)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def get(url: str, *, max_bytes: int = 1000, **headers: str) -> Request:
    return Request(method="GET", url=url, max_bytes=max_bytes, headers=headers)


def test_an_answer_comes_back_whole_with_its_status_and_headers() -> None:
    with serve(answer(b'{"a": 1}', status="404 Not Found", X_Limit="30")) as server:
        response = PATIENT.send(get(f"{server.url}/anime/1?page=2"))
    assert (response.status, response.body, response.headers["x-limit"]) == (404, b'{"a": 1}', "30")
    assert response.content_type == "application/json"
    assert server.asked[0].target == "/anime/1?page=2"


def test_a_compressed_answer_is_unpacked() -> None:
    with serve(answer(gzip.compress(b'{"a": 1}'), Content_Encoding="gzip")) as server:
        assert PATIENT.send(get(server.url)).body == b'{"a": 1}'


def test_no_cookie_and_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    with serve(answer(Set_Cookie="session=1")) as server:
        PATIENT.send(get(server.url))
        PATIENT.send(get(server.url))
    assert [set(asked.headers) for asked in server.asked] == [{"host", "user-agent", "accept-encoding"}] * 2


def test_a_server_that_says_nothing_is_unavailable(stop: threading.Event) -> None:
    with serve(silence(stop)) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            QUICK.send(get(server.url))
        stop.set()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["body", "body without length", "head", "chunks"],
)
def test_a_slow_drip_ends_at_the_total_deadline(head: bytes, piece: bytes, stop: threading.Event) -> None:
    with serve(drip(head, piece, stop, every=0.05)) as server:
        with pytest.raises(Unavailable, match=r"no whole answer within 0\.8 seconds"):
            QUICK.send(get(server.url, max_bytes=100_000))
        stop.set()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
    ids=["length", "in a chunk", "between chunks", "status line", "not HTTP", "nothing"],
)
def test_a_truncated_answer_is_unavailable(data: bytes) -> None:
    with serve(raw(data)) as server, pytest.raises(Unavailable):
        PATIENT.send(get(server.url))


def test_a_closed_port_is_unavailable() -> None:
    with serve(answer()) as server:
        url = server.url
    with pytest.raises(Unavailable):
        QUICK.send(get(url))


@pytest.mark.parametrize("body", [b"x" * 1001, gzip.compress(b"x" * 10_000_000)], ids=["plain", "compressed"])
def test_an_answer_over_the_cap_is_refused(body: bytes) -> None:
    encoding = {"Content_Encoding": "gzip"} if body[:1] == b"\x1f" else {}
    with serve(answer(body, **encoding)) as server, pytest.raises(TooLarge, match="longer than 1000 bytes"):
        PATIENT.send(get(server.url))


def test_a_redirect_is_given_back_and_not_followed() -> None:
    with serve(answer(status="302 Found", Location="http://127.0.0.1:9/")) as server:
        assert PATIENT.send(get(server.url)).status == 302
    assert len(server.asked) == 1


def test_credentials_do_not_follow_a_redirect_to_another_host() -> None:
    transport = LiveTransport(redirects=1)
    with serve(answer(b"there")) as other, serve(answer(status="302 Found", Location=f"{other.url}/x")) as server:
        response = transport.send(get(server.url, Authorization="Bearer abcdefgh"))
    assert response.body == b"there"
    assert "authorization" in server.asked[0].headers
    assert "authorization" not in other.asked[0].headers


def test_redirects_end() -> None:
    with serve(answer(status="302 Found", Location="/again")) as server, pytest.raises(Malformed, match="more than 2"):
        LiveTransport(redirects=2).send(get(server.url))
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:password@example.com/",
        "https:///path",
        "http://[::1",
        "https://example.com:port/",
    ],
)
def test_only_https_and_loopback_are_fetched(url: str) -> None:
    with pytest.raises(BadInput) as error:
        QUICK.send(get(url))
    assert "password" not in str(error.value)


def test_what_only_a_replay_holds_is_not_asked_for_live() -> None:
    with serve(answer()) as server:
        request = Request(method="GET", url=f"{server.url}/anime/1", catalogue="anidb", recorded_only=True)
        with pytest.raises(NotSupported, match="anidb GET /anime/1: not asked live"):
            PATIENT.send(request)
    assert server.asked == []


def test_the_deadline_holds_while_tls_is_agreed_on() -> None:
    """The server takes the connection and the greeting, and says nothing."""
    impatient = LiveTransport(connect_seconds=20, read_seconds=20, total_seconds=0.3)
    with serve(answer()) as server:
        before = time.monotonic()
        with pytest.raises(Unavailable, match=r"no whole answer within 0\.3 seconds") as error:
            impatient.send(get(server.url.replace("http://", "https://")))
        assert time.monotonic() - before < 10
    assert error.value.sent is False


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server that this process believes."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@contextmanager
def encrypted(context: ssl.SSLContext, talk: Answer) -> Iterator[str]:
    """One connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def run() -> None:
        with suppress(OSError):
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                talk(Asked("GET", "/", {}, b""), connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(15)
        listener.close()


def test_an_answer_comes_back_by_tls(tls: ssl.SSLContext) -> None:
    with encrypted(tls, answer(b'{"a": 1}')) as url:
        assert PATIENT.send(get(url)).body == b'{"a": 1}'


def test_a_slow_drip_by_tls_ends_at_the_total_deadline(tls: ssl.SSLContext, stop: threading.Event) -> None:
    dripping = drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x", stop, every=0.05)
    with encrypted(tls, dripping) as url, pytest.raises(Unavailable, match=r"no whole answer within 0\.8 seconds"):
        QUICK.send(get(url, max_bytes=100_000))


@pytest.mark.parametrize(
    ("contact", "shown"),
    [(None, "anime-infra/0.1"), ("https://example.org/who", "anime-infra/0.1 (+https://example.org/who)")],
)
def test_a_server_is_told_who_asks_and_whom_to_turn_to(contact: str | None, shown: str) -> None:
    with serve(answer()) as server:
        LiveTransport(contact=contact).send(get(server.url))
    assert server.asked[0].headers["user-agent"] == shown


def test_neither_errors_nor_reprs_show_query_or_headers() -> None:
    request = get("https://example.com/anime?token=abcdefgh", Authorization="Bearer abcdefgh")
    assert "abcdefgh" not in repr(request)
    assert request.where == "example.com GET /anime"


def test_plain_http_goes_to_the_hosts_that_offer_nothing_else() -> None:
    """The name does not resolve, which is as far as the request gets."""
    transport = LiveTransport(plain_hosts=frozenset({"api.catalogue.invalid"}))
    with pytest.raises(Unavailable):
        transport.send(get("http://api.catalogue.invalid:9001/httpapi"))
    with pytest.raises(BadInput, match="only https is fetched"):
        transport.send(get("http://other.catalogue.invalid:9001/httpapi"))


def test_a_request_that_found_nobody_says_that_it_was_not_sent() -> None:
    with serve(answer()) as server:
        url = server.url
    with pytest.raises(Unavailable) as error:
        QUICK.send(get(url))
    assert not error.value.sent


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b""])
def test_a_request_that_may_have_arrived_says_so(data: bytes) -> None:
    with serve(raw(data)) as server, pytest.raises(Unavailable) as error:
        PATIENT.send(get(server.url))
    assert error.value.sent
