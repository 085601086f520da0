"""Images through the recorder and the replay that the catalogues use; both directions are thin adapters."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sources.addresses import CheckedUrl
from sources.http import HttpTransport, Request, Response
from sources.images import ImageResponse, ImageTransport

_SECONDS: Final = 20.0


@dataclass(frozen=True)
class ImagesOverHttp:
    """An ``ImageTransport`` that asks a replay or a recorder."""

    transport: HttpTransport

    def get(self, url: CheckedUrl, *, seconds: float, max_bytes: int) -> ImageResponse:  # noqa: ARG002 - the port's
        answer = self.transport.send(Request(method="GET", url=url.url, max_bytes=max_bytes))
        return ImageResponse(status=answer.status, headers=answer.headers, body=answer.body)


@dataclass(frozen=True)
class HttpOverImages:
    """The live side of a recorder: sends what ``ImagesOverHttp`` asks through the checked connection."""

    transport: ImageTransport

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        checked = CheckedUrl(host=parts.hostname or "", target=target)
        answer = self.transport.get(checked, seconds=_SECONDS, max_bytes=request.max_bytes)
        return Response(status=answer.status, headers=answer.headers, body=answer.body)
