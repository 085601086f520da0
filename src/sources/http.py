"""HTTP as the catalogues and releases are fetched: one request, one whole answer, everything bounded.

``HttpTransport`` is the seam: ``LiveTransport`` here, ``ReplayTransport`` and ``RecordTransport`` in
``sources.replay``. A transport gives back whatever status the server sent; ``sources.json_api`` turns statuses and
bodies into values or typed errors, and repeats what may pass.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Final, Protocol
from urllib.parse import urljoin, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from models.errors import BadInput, Malformed, Permanent, Unavailable

Sleep = Callable[[float], None]
"""Waits for so many seconds."""

MAX_BYTES: Final = 8 * 1024 * 1024
_NAME: Final = "anime-infra/0.1"

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024


class NotSupported(Permanent):
    """As the stack is set up the catalogue is not asked live; only a replay may answer for it."""


class Refused(Permanent):
    """The server will not answer this request: not signed in, not allowed, or not understood."""


class TooLarge(Malformed):
    """The answer is longer than what is read."""


def user_agent(contact: str | None) -> str:
    """``contact``: a page or an address for whoever runs a server that is asked."""
    return _NAME if contact is None else f"{_NAME} (+{contact})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request.

    ``catalogue`` and ``base_path`` name its recording: the catalogue's folder, and the part of the path that belongs
    to the base URL, which is a setting. ``item`` says what is asked for, such as ``anime:1:episodes:2``.
    ``recorded_only``: only a replay may answer; nothing is sent for it. ``redirects`` are followed within the same
    scheme, host and port alone, so many at most.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    catalogue: str | None = None
    base_path: str = ""
    item: str | None = None
    recorded_only: bool = False
    redirects: int = 0
    max_bytes: int = MAX_BYTES

    @property
    def where(self) -> str:
        """What errors and logs may say of it: no query, which may hold keys."""
        parts = urlsplit(self.url)
        return f"{self.catalogue or parts.hostname} {self.method} {parts.path or '/'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """``headers`` have lower-case names; ``body`` is decoded from its transfer and content encodings."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case; empty where the server gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class HttpTransport(Protocol):
    def send(self, request: Request) -> Response:
        """One attempt; any status comes back as it is.

        Raises:
            Unavailable: no connection, no whole answer, or not in time.
            TooLarge: more than ``request.max_bytes``.
            NotRecorded: a replay holds no answer.
            NotSupported: ``recorded_only``, and this is no replay.
        """
        ...


# ------------------------------------------------------------------------------------------------------------- live


@dataclass(frozen=True, kw_only=True)
class LiveTransport:
    """urllib3 over one connection a request: no proxies from the environment, no cookies, no redirects by default.

    https only, but for loopback addresses and ``plain_hosts``, which offer nothing else. ``total_seconds`` bounds the
    whole exchange, also against a server that keeps sending a byte now and then. With ``redirects`` each hop is held to
    the same rules, and credentials do not follow to another host. ``contact`` tells the server whom to turn to.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 60.0
    redirects: int = 0
    plain_hosts: frozenset[str] = frozenset()
    contact: str | None = None

    def send(self, request: Request) -> Response:
        if request.recorded_only:
            raise NotSupported(f"{request.where}: not asked live as this stack is set up")
        near = 0
        for _ in range(self.redirects + request.redirects + 1):
            response = self._exchange(request)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return response
            if near < request.redirects and _stays(request, location):
                near += 1
            elif not self.redirects:
                return response
            if request.method != "GET":
                raise Malformed(f"{request.where}: redirects, which is followed for GET alone")
            request = _redirected(request, location)
        raise Malformed(f"{request.where}: redirects more than {self.redirects} times")

    def _exchange(self, request: Request) -> Response:
        deadline = _Deadline(self.total_seconds)
        connection = self._connection(request.url, deadline)
        sent = False
        try:
            with deadline.running():
                connection.connect()
                sent = True
                connection.timeout = min(self.read_seconds, self.total_seconds)
                response = _ask(connection, request, user_agent(self.contact))
                body = _read(response, request)
        except (HTTPError, HTTPException, OSError) as error:
            raise Unavailable(f"{request.where}: {self._reason(error, deadline)}", sent=sent) from error
        finally:
            connection.close()
        if deadline.passed:
            raise Unavailable(f"{request.where}: {self._reason(None, deadline)}")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(status=response.status, headers=headers, body=body)

    def _connection(self, url: str, deadline: "_Deadline") -> HTTPConnection:
        host, port, secure = _endpoint(url, self.plain_hosts)
        made = (_WatchedTls if secure else _Watched)(host, port, timeout=self.connect_seconds)
        made.deadline = deadline
        return made

    def _reason(self, error: Exception | None, deadline: "_Deadline") -> str:
        if deadline.passed:
            return f"no whole answer within {self.total_seconds:g} seconds"
        if isinstance(error, TimeoutError):
            return "no answer in time"
        return f"no whole answer ({type(error).__name__})"


class _Deadline:
    """Shuts a connection down when the time is over, so that neither TLS nor a read outlasts it, whatever the server
    sends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passed = threading.Event()
        self._mutex = threading.Lock()
        self._watched: socket.socket | None = None

    @property
    def passed(self) -> bool:
        return self._passed.is_set()

    @contextmanager
    def running(self) -> Iterator[None]:
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._mutex:
                if self._watched is not None:
                    self._watched.close()

    def watch(self, sock: socket.socket) -> None:
        """A handle of our own on the same connection: TLS takes the given one away before it has shaken hands, and what
        it makes of it belongs to the thread that reads."""
        with self._mutex:
            self._watched = sock.dup()
            if self.passed:
                self._shut()

    def _end(self) -> None:
        with self._mutex:
            self._passed.set()
            self._shut()

    def _shut(self) -> None:
        if self._watched is not None:
            with suppress(OSError):  # closed meanwhile: the exchange ended by itself
                self._watched.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    deadline: _Deadline

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self.deadline.watch(made)
        return made


class _WatchedTls(_Watched, HTTPSConnection):
    pass


def _endpoint(url: str, plain_hosts: frozenset[str]) -> tuple[str, int, bool]:
    """Host, port, and whether by TLS.

    Raises:
        BadInput: nothing that is fetched.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadInput("a URL to fetch cannot be read; expected https://<host>/<path>") from None
    if not host or parts.username is not None:
        raise BadInput("a URL to fetch must be https://<host>/<path>, without user information")
    if parts.scheme == "https":
        return host, port or 443, True
    if parts.scheme == "http" and (host in _LOOPBACK or host in plain_hosts):
        return host, port or 80, False
    raise BadInput(f"{host}: only https is fetched; plain http is for loopback addresses and hosts without https")


def _ask(connection: HTTPConnection, request: Request, user_agent: str) -> HTTPResponse:
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip", **request.headers}
    connection.request(request.method, target, body=request.body, headers=headers, preload_content=False)
    return connection.getresponse()


def _read(response: HTTPResponse, request: Request) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > request.max_bytes:
            raise TooLarge(f"{request.where}: the answer is longer than {request.max_bytes} bytes")
    return bytes(body)


def _stays(request: Request, location: str) -> bool:
    """Whether a redirect leads to the same scheme, host and port."""
    there, here = urlsplit(urljoin(request.url, location)), urlsplit(request.url)
    return (there.scheme, there.netloc) == (here.scheme, here.netloc)


def _redirected(request: Request, location: str) -> Request:
    url = urljoin(request.url, location)
    same_host = urlsplit(url).netloc == urlsplit(request.url).netloc
    return replace(request, url=url, headers=request.headers if same_host else {})
