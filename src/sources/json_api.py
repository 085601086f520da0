"""JSON APIs over an HTTP transport: statuses become typed errors, and what may pass is repeated."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypedDict
from urllib.parse import urlencode, urlsplit

import orjson

from models.errors import BadInput, Malformed, NotFound, Retryable, Throttled, Unavailable
from sources.http import HttpTransport, Refused, Request, Response, Sleep
from workflows.ports import Clock


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Waits double from ``first_wait``. A ``Retry-After`` is honoured while all waits together stay within
    ``patience``; beyond that the error goes to the caller, whose own retries have more time."""

    attempts: int = 3
    first_wait: float = 1.0
    patience: float = 45.0


_JSON_TYPES: Final = frozenset({"application/json", "text/json", ""})
_RETRIED_STATUSES: Final = frozenset({408, 425})


def request_json(transport: HttpTransport, request: Request, *, policy: RetryPolicy, sleep: Sleep, clock: Clock) -> Any:
    """The JSON value of a successful answer.

    Raises:
        Throttled: told to slow down, for longer than the policy's patience or again and again.
        Unavailable: no answer, or the server's own fault, at every attempt.
        NotFound: 404 or 410.
        Refused: any other refusal (4xx).
        Malformed: a redirect, no JSON, or too long.
        NotRecorded, NotSupported: from the transport.
    """
    waited = 0.0
    for attempt in range(1, policy.attempts + 1):
        try:
            return _json_value(request, transport.send(request), clock)
        except Retryable as error:
            wait = policy.first_wait * 2 ** (attempt - 1)
            if isinstance(error, Throttled) and error.retry_after is not None:
                wait = error.retry_after
            waited += wait
            if attempt == policy.attempts or waited > policy.patience:
                raise
            sleep(wait)
    raise BadInput("a retry policy needs at least one attempt")


def _json_value(request: Request, response: Response, clock: Clock) -> Any:
    _check_status(request, response, clock)
    content_type = response.content_type
    if content_type not in _JSON_TYPES and not content_type.endswith("+json"):
        raise Malformed(f"{request.where}: answers {content_type} where JSON was expected")
    try:
        # Unlike json.loads it refuses what could not be written again: half surrogate pairs, NaN.
        return orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{request.where}: the answer is not JSON") from error


def _check_status(request: Request, response: Response, clock: Clock) -> None:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(
            f"{request.where}: answers 429, too many requests",
            retry_after=_retry_after(response.headers.get("retry-after"), clock),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRIED_STATUSES:
        raise Unavailable(f"{request.where}: answers {status}")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotFound(f"{request.where}: answers {status}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(f"{request.where}: answers {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise Malformed(f"{request.where}: answers {status}, and redirects are not followed")


def _retry_after(value: str | None, clock: Clock) -> float | None:
    """Seconds of the header's two forms: a number, or an HTTP date. None where it is absent or neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - clock()).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


@dataclass(frozen=True, kw_only=True)
class JsonApi:
    """One catalogue's API: its base URL, its standing headers, and how it is asked."""

    catalogue: str
    base_url: str
    transport: HttpTransport
    sleep: Sleep
    clock: Clock
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    policy: RetryPolicy = RetryPolicy()

    def get(self, path: str, query: Mapping[str, str | int] | None = None, *, recorded_only: bool = False) -> Any:
        """``path`` below the base URL. Raises as ``request_json`` does."""
        url = f"{self.base_url.rstrip('/')}{path}"
        if query:
            url += f"?{urlencode(query)}"
        return self._ask(
            Request(method="GET", url=url, headers=self._headers(), **self._names(recorded_only=recorded_only))
        )

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """``body`` is sent as JSON. Raises as ``request_json`` does."""
        return self._ask(
            Request(
                method="POST",
                url=f"{self.base_url.rstrip('/')}{path}",
                headers={**self._headers(), "Content-Type": "application/json"},
                body=json.dumps(body).encode(),
                **self._names(recorded_only=False),
            )
        )

    def _ask(self, request: Request) -> Any:
        return request_json(self.transport, request, policy=self.policy, sleep=self.sleep, clock=self.clock)

    def _headers(self) -> dict[str, str]:
        return {"Accept": "application/json", **self.headers}

    def _names(self, *, recorded_only: bool) -> "_RequestNames":
        return {
            "catalogue": self.catalogue,
            "base_path": urlsplit(self.base_url).path.rstrip("/"),
            "recorded_only": recorded_only,
        }


class _RequestNames(TypedDict):
    catalogue: str
    base_path: str
    recorded_only: bool
