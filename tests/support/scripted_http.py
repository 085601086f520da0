"""A transport that answers what a test wrote down, and remembers what it was asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from sources.http import Request, Response


def json_response(value: Any, *, status: int = 200, content_type: str = "application/json", **headers: str) -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status=status, headers={"content-type": content_type, **named}, body=body)


@dataclass
class Scripted:
    """``answers`` by ``<METHOD> <path and query>``, not percent-encoded; what is missing is 404. An exception is
    raised."""

    answers: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        name = f"{request.method} {unquote(parts.path + ('?' + parts.query if parts.query else ''))}"
        self.asked.append(name)
        self.requests.append(request)
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Response):
            return answer
        return json_response({} if answer is None else answer, status=404 if answer is None else 200)


@dataclass
class Waits:
    """A sleep that only remembers."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
