"""The downloader: redirects, statuses, attempts within 60 seconds; and the transport against a real TLS server."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from models.errors import NotFound, Permanent, Throttled, Unavailable
from sources.addresses import CheckedUrl, RefusedAddress
from sources.images import ImageDownloader, ImageResponse, PinnedTransport, TooLarge
from tests.support.pictures import picture
from workflows.images import DOWNLOAD_ATTEMPTS

HOST = "cdn.myanimelist.net"
URL = f"https://{HOST}/images/1.jpg"


class Script:
    """A transport that answers in order and keeps what it was asked."""

    def __init__(self, *answers: ImageResponse | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def get(self, url: CheckedUrl, *, seconds: float, max_bytes: int) -> ImageResponse:
        self.asked.append(url.url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def answer(status: int = 200, body: bytes = b"", **headers: str) -> ImageResponse:
    return ImageResponse(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body)


def downloader(script: Script, time: Time) -> ImageDownloader:
    return ImageDownloader(transport=script, hosts=frozenset({HOST}), clock=lambda: time.now, sleep=time.sleep)


def test_a_picture_is_returned_with_its_hash() -> None:
    script = Script(answer(body=picture()))
    assert downloader(script, Time()).download(URL).extension == "jpg"
    assert script.asked == [URL]


def test_a_failure_that_may_pass_is_repeated() -> None:
    script = Script(answer(503), Unavailable("lost"), answer(body=picture()))
    assert downloader(script, Time()).download(URL).body
    assert len(script.asked) == 3


def test_attempts_end_after_a_few_within_a_minute() -> None:
    script, time = Script(answer(500)), Time()
    with pytest.raises(Unavailable):
        downloader(script, time).download(URL)
    assert len(script.asked) == DOWNLOAD_ATTEMPTS
    assert time.now < 60


def test_a_host_that_asks_for_more_patience_than_there_is_ends_the_attempts() -> None:
    script, time = Script(answer(429, retry_after="120")), Time()
    with pytest.raises(Throttled):
        downloader(script, time).download(URL)
    assert (len(script.asked), time.slept) == (1, [])


def test_retry_after_is_waited_for() -> None:
    script, time = Script(answer(429, retry_after="7"), answer(body=picture())), Time()
    downloader(script, time).download(URL)
    assert time.slept == [7]


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, NotFound), (403, Permanent), (204, Permanent)])
def test_what_will_not_change_is_asked_once(status: int, error: type[Exception]) -> None:
    script = Script(answer(status))
    with pytest.raises(error):
        downloader(script, Time()).download(URL)
    assert len(script.asked) == 1


def test_a_redirect_is_followed_on_allowed_hosts_alone() -> None:
    script = Script(answer(302, location="/images/2.jpg"), answer(body=picture()))
    downloader(script, Time()).download(URL)
    assert script.asked == [URL, f"https://{HOST}/images/2.jpg"]
    with pytest.raises(RefusedAddress):
        downloader(Script(answer(302, location="https://169.254.169.254/latest")), Time()).download(URL)


def test_a_circle_of_redirects_ends() -> None:
    with pytest.raises(Permanent, match="circle"):
        downloader(Script(answer(301, location=URL)), Time()).download(URL)


def test_a_chain_of_redirects_ends() -> None:
    hops = [answer(301, location=f"/{number}.jpg") for number in range(10)]
    with pytest.raises(Permanent, match="more than 5"):
        downloader(Script(*hops), Time()).download(URL)


def test_an_encoded_body_is_refused() -> None:
    with pytest.raises(Permanent, match="encoding"):
        downloader(Script(answer(body=b"\x1f\x8b", content_encoding="gzip")), Time()).download(URL)


# ------------------------------------------------------------------------------------------- a real server with TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``server.pem`` (certificate for HOST and its key) and ``authority.pem``, made anew."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return folder


Talk = Callable[[ssl.SSLSocket, bytes], None]


@contextlib.contextmanager
def serve(certificate: Path, talk: Talk) -> Iterator[int]:
    """One connection at a time on a free loopback port, until the block ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "server.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as connection:
                    talk(connection, connection.recv(65536))
            except OSError:
                continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            socket.create_connection(listener.getsockname(), timeout=1).close()
        thread.join(timeout=15)
        listener.close()


def transport(port: int, certificate: Path, **options: object) -> PinnedTransport:
    # The check of addresses is replaced as a whole: nothing on loopback could pass it.
    return PinnedTransport(
        resolver=lambda _host: ("127.0.0.1",),
        pick=lambda host, resolver: next(iter(resolver(host))),
        port=port,
        ca_certs=str(certificate / "authority.pem"),
        **options,  # type: ignore[arg-type]
    )


TARGET = CheckedUrl(host=HOST, target="/images/1.jpg?s=1")


def test_the_connection_goes_to_the_checked_address_under_the_hosts_name(certificate: Path) -> None:
    heard: list[bytes] = []

    def talk(connection: ssl.SSLSocket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc")

    with serve(certificate, talk) as port:
        got = transport(port, certificate, contact="https://team.example/bot").get(TARGET, seconds=5, max_bytes=10)
    assert (got.status, got.body, got.headers["x-a"]) == (200, b"abc", "b")
    head = heard[0].decode().lower()
    assert head.startswith("get /images/1.jpg?s=1 http/1.1")
    assert f"host: {HOST}\r\n" in head
    assert "(+https://team.example/bot)\r\n" in head
    assert not {"cookie:", "referer:", "authorization:"} & set(head.split())


def test_a_certificate_of_another_name_is_refused(certificate: Path) -> None:
    other = CheckedUrl(host="media.kitsu.app", target="/1.jpg")
    with serve(certificate, lambda _c, _r: None) as port, pytest.raises(Unavailable):
        transport(port, certificate).get(other, seconds=5, max_bytes=10)


@pytest.mark.parametrize("length", [b"Content-Length: 5000\r\n", b"Content-Length: 5\r\n", b""])
def test_a_body_longer_than_the_cap_is_cut_whatever_its_length_says(certificate: Path, length: bytes) -> None:
    def talk(connection: ssl.SSLSocket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * 5000)

    with serve(certificate, talk) as port:
        if length == b"Content-Length: 5\r\n":
            assert transport(port, certificate).get(TARGET, seconds=5, max_bytes=1000).body == b"xxxxx"
        else:
            with pytest.raises(TooLarge):
                transport(port, certificate).get(TARGET, seconds=5, max_bytes=1000)


def test_a_truncated_body_is_no_answer(certificate: Path) -> None:
    def talk(connection: ssl.SSLSocket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")

    with serve(certificate, talk) as port, pytest.raises(Unavailable):
        transport(port, certificate).get(TARGET, seconds=5, max_bytes=1000)


def test_a_slow_drip_meets_the_deadline(certificate: Path) -> None:
    ticks = iter(range(1000))

    def talk(connection: ssl.SSLSocket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"x")

    with serve(certificate, talk) as port, pytest.raises(Unavailable, match="in time"):
        transport(port, certificate, clock=lambda: float(next(ticks))).get(TARGET, seconds=3, max_bytes=10**6)


def test_nobody_listening_is_unavailable(certificate: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable):
        transport(port, certificate).get(TARGET, seconds=5, max_bytes=10)


def test_proxies_of_the_environment_are_not_used(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with serve(certificate, lambda c, _r: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        assert transport(port, certificate).get(TARGET, seconds=5, max_bytes=10).status == 200
