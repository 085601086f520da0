"""Downloads images from third-party URLs, safely.

The name is resolved once, every address is checked, and the connection goes to the checked address while TLS still
verifies the host's name; a redirect starts over. No proxy, no cookie, no credential is ever used. Bytes, pixels,
seconds and redirects are capped. Attempts are repeated only for failures that may pass, all within 60 seconds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import urllib3

from models.errors import NotFound, Permanent, Retryable, Throttled, Unavailable
from sources.addresses import CheckedUrl, Resolver, check_redirect, check_url, pick_address, system_resolver
from sources.http import user_agent
from sources.image_content import inspect_image
from workflows.images import DOWNLOAD_ATTEMPTS
from workflows.ports import DownloadedImage

MAX_BYTES: Final = 15 * 2**20
MAX_REDIRECTS: Final = 5
TOTAL_SECONDS: Final = 60.0
ATTEMPT_SECONDS: Final = 20.0
CONNECT_SECONDS: Final = 5.0
FIRST_WAIT_SECONDS: Final = 1.0

_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({404, 410})


class TooLarge(Permanent):
    """The body is longer than an image may be."""


@dataclass(frozen=True, kw_only=True)
class ImageResponse:
    """``headers`` have lower-case names; ``body`` is whole and at most as long as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ImageTransport(Protocol):
    def get(self, url: CheckedUrl, *, seconds: float, max_bytes: int) -> ImageResponse:
        """One request, no redirect followed.

        Raises:
            Unavailable: no connection, or no whole answer within ``seconds``.
            TooLarge: the body is longer than ``max_bytes``.
            Permanent: the host may not be connected to.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PinnedTransport:
    """Connects to the address that was checked, not to the name. ``port`` differs from 443 in tests alone."""

    resolver: Resolver = system_resolver
    pick: Callable[[str, Resolver], str] = pick_address
    port: int = 443
    ca_certs: str | None = None
    contact: str | None = None
    clock: Callable[[], float] = time.monotonic

    def get(self, url: CheckedUrl, *, seconds: float, max_bytes: int) -> ImageResponse:
        deadline = self.clock() + seconds
        pool = urllib3.HTTPSConnectionPool(
            self.pick(url.host, self.resolver),
            self.port,
            server_hostname=url.host,
            assert_hostname=url.host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self.ca_certs,
            maxsize=1,
            retries=False,
        )
        headers = {
            "Host": url.host,
            "User-Agent": user_agent(self.contact),
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        }
        try:
            answer = pool.request(
                "GET",
                url.target,
                headers=headers,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=min(CONNECT_SECONDS * 2, seconds)),
            )
            try:
                body = self._read(answer, deadline, max_bytes)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{url.host} does not answer ({type(error).__name__})") from None
        finally:
            pool.close()
        return ImageResponse(
            status=answer.status, headers={name.lower(): value for name, value in answer.headers.items()}, body=body
        )

    def _read(self, answer: urllib3.BaseHTTPResponse, deadline: float, max_bytes: int) -> bytes:
        # The server's own Content-Length is believed only where it spares the download.
        if (int_or_none(answer.headers.get("Content-Length")) or 0) > max_bytes:
            raise TooLarge(f"the body is longer than {max_bytes} bytes")
        body = bytearray()
        # read1 returns what has arrived, so that a slow drip meets the deadline between its drops.
        while chunk := answer.read1(_CHUNK):
            body += chunk
            if len(body) > max_bytes:
                raise TooLarge(f"the body is longer than {max_bytes} bytes")
            if self.clock() > deadline:
                raise Unavailable("the answer did not arrive in time")
        return bytes(body)


def int_or_none(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class ImageDownloader:
    """Port ``ImageSource``."""

    transport: ImageTransport
    hosts: frozenset[str]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = field(default=time.sleep)

    def download(self, url: str) -> DownloadedImage:
        checked = check_url(url, hosts=self.hosts)
        deadline = self.clock() + TOTAL_SECONDS
        wait = FIRST_WAIT_SECONDS
        for attempt in range(1, DOWNLOAD_ATTEMPTS + 1):
            try:
                return inspect_image(self._fetch(checked, deadline))
            except Retryable as error:
                pause = max(wait, getattr(error, "retry_after", None) or 0.0)
                if attempt == DOWNLOAD_ATTEMPTS or self.clock() + pause >= deadline:
                    raise
                self.sleep(pause)
                wait *= 3
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _fetch(self, url: CheckedUrl, deadline: float) -> bytes:
        seen = {url.url}
        for _ in range(MAX_REDIRECTS + 1):
            seconds = min(ATTEMPT_SECONDS, deadline - self.clock())
            if seconds <= 0:
                raise Unavailable("the time for this image is used up")
            answer = self.transport.get(url, seconds=seconds, max_bytes=MAX_BYTES)
            if answer.status not in _REDIRECTS:
                return _body_of(answer, url.host)
            url = check_redirect(url, answer.headers.get("location", ""), hosts=self.hosts)
            if url.url in seen:
                raise Permanent("the image redirects in a circle")
            seen.add(url.url)
        raise Permanent(f"the image redirects more than {MAX_REDIRECTS} times")


def _body_of(answer: ImageResponse, host: str) -> bytes:
    status = answer.status
    if status == 200:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise Permanent("the image is sent in an encoding that was not asked for")
        return answer.body
    if status in _GONE:
        raise NotFound(f"{host} has no such image ({status})")
    if status == 429:
        raise Throttled(f"{host} asks to slow down", retry_after=int_or_none(answer.headers.get("retry-after")))
    if status >= 500:
        raise Unavailable(f"{host} fails ({status})")
    raise Permanent(f"{host} refuses the image ({status})")
