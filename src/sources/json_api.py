"""Catalogues' APIs over an HTTP transport: statuses become typed errors, what may pass is repeated, and what was
answered before is not asked for again."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import orjson

from models.errors import AnimeError, BadInput, Malformed, NotFound, Retryable, Throttled, Unavailable
from sources.http import HttpTransport, Refused, Request, Response, Sleep
from sources.keeping import Keep
from sources.kept_answers import KeptAnswers
from sources.politeness import REQUEST_SECONDS
from sources.rate_headers import retry_after
from sources.replay import PARSED, recording_name
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.ports import Clock

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Waits double from ``first_wait``. A ``Retry-After`` is honoured while all waits together stay within
    ``patience``; beyond that the error goes to the caller, whose own retries have more time."""

    attempts: int = 3
    first_wait: float = 1.0
    patience: float = 45.0


_JSON_TYPES: Final = frozenset({"application/json", "text/json", ""})
_RETRIED_STATUSES: Final = frozenset({408, 425})


def _for_ever() -> float:
    return math.inf


def request_json(transport: HttpTransport, request: Request, *, policy: RetryPolicy, sleep: Sleep, clock: Clock) -> Any:
    """The JSON value of a successful answer.

    Raises:
        Malformed: no JSON, or as ``request_answer``.
        AnimeError: as ``request_answer``.
    """
    return _json_value(request, request_answer(transport, request, policy=policy, sleep=sleep, clock=clock))


def request_answer(
    transport: HttpTransport,
    request: Request,
    *,
    policy: RetryPolicy,
    sleep: Sleep,
    clock: Clock,
    remaining: Callable[[], float] = _for_ever,
    counts: CatalogueCounts | None = None,
) -> Response:
    """A successful answer. ``remaining``: seconds that may be waited, with a request to follow. ``counts`` is told of
    each attempt that failed.

    Raises:
        Throttled: told to slow down, for longer than the policy's patience or again and again.
        Unavailable: no answer, or the server's own fault, at every attempt.
        NotFound: 404 or 410.
        Refused: any other refusal (4xx).
        Malformed: a redirect, or too long.
        NotRecorded, NotSupported, Paused, AskedBefore: from the transport.
    """
    waited = 0.0
    for attempt in range(1, policy.attempts + 1):
        try:
            response = _attempt(transport, request, clock, counts or CatalogueCounts())
        except Retryable as error:
            wait = policy.first_wait * 2 ** (attempt - 1)
            if isinstance(error, Throttled) and error.retry_after is not None:
                wait = error.retry_after
            waited += wait
            if attempt == policy.attempts or waited > policy.patience or wait + REQUEST_SECONDS > remaining():
                raise
            sleep(wait)
        else:
            return response
    raise BadInput("a retry policy needs at least one attempt")


def _attempt(transport: HttpTransport, request: Request, clock: Clock, counts: CatalogueCounts) -> Response:
    """Counted are no answer and one of no use; what the transport counted itself is not counted again. That it did not
    ask, for it waits or has only recordings, is no error."""
    before = counts[Count.ERRORS]
    try:
        response = transport.send(request)
    except (Unavailable, Malformed):
        _count_error(counts, before)
        raise
    with _counting_errors(counts, before):
        _check_status(request, response, clock)
    return response


@contextmanager
def _counting_errors(counts: CatalogueCounts, before: float) -> Iterator[None]:
    """For what is made of an answer."""
    try:
        yield
    except NotFound:
        raise
    except AnimeError:
        _count_error(counts, before)
        raise


def _count_error(counts: CatalogueCounts, before: float) -> None:
    """``before``: the errors before this request, which is one error at most."""
    if counts[Count.ERRORS] == before:
        counts.add(Count.ERRORS)


def _json_value(request: Request, response: Response) -> Any:
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
            retry_after=retry_after(response.headers, clock()),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRIED_STATUSES:
        raise Unavailable(f"{request.where}: answers {status}")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotFound(f"{request.where}: answers {status}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(f"{request.where}: answers {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise Malformed(f"{request.where}: answers {status}, and redirects are not followed")


@dataclass(frozen=True, kw_only=True)
class JsonApi:
    """One catalogue's API: its base URL, its standing headers, and how it is asked. ``answers`` are those kept before,
    where any are. ``remaining`` and ``counts`` as of ``request_answer``; an answer of another shape counts too."""

    catalogue: str
    base_url: str
    transport: HttpTransport
    sleep: Sleep
    clock: Clock
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    policy: RetryPolicy = RetryPolicy()
    answers: KeptAnswers | None = None
    remaining: Callable[[], float] = _for_ever
    counts: CatalogueCounts = field(default_factory=CatalogueCounts)

    def get(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        keep: Keep | None = None,
        recorded_only: bool = False,
    ) -> Any:
        """The JSON value of ``path`` below the base URL. Raises as ``request_json`` does."""
        request = self._request("GET", path, query, accept="application/json", keep=keep, recorded_only=recorded_only)
        return self._ask(request, keep, lambda response: _json_value(request, response))

    def get_document(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        media_types: frozenset[str],
        keep: Keep | None = None,
        recorded_only: bool = False,
        redirects: int = 0,
    ) -> Response:
        """An XML or HTML answer of one of the media types, or a recording that was parsed before (``PARSED``).

        Raises as ``request_json`` does.
        """
        request = self._request(
            "GET",
            path,
            query,
            accept=", ".join(sorted(media_types)),
            keep=keep,
            recorded_only=recorded_only,
            redirects=redirects,
        )

        def read(response: Response) -> Response:
            if response.content_type not in {*media_types, PARSED}:
                raise Malformed(
                    f"{request.where}: answers {response.content_type or 'something'} where "
                    f"{' or '.join(sorted(media_types))} was expected"
                )
            return response

        return self._ask(request, keep, read)

    def post(self, path: str, body: Mapping[str, Any], *, keep: Keep | None = None) -> Any:
        """``body`` is sent as JSON, and so is the answer. Raises as ``request_json`` does."""
        request = self._request(
            "POST", path, None, accept="application/json", keep=keep, body=json.dumps(body).encode()
        )
        return self._ask(request, keep, lambda response: _json_value(request, response))

    @property
    def keeps(self) -> bool:
        """Whether answers are kept for others at all."""
        return self.answers is not None and self.answers.shared_with_others

    def keep_post(self, path: str, body: Mapping[str, Any], value: Any, keep: Keep) -> None:
        """``value`` is what ``post`` of this body would answer, known from elsewhere."""
        if self.answers is None:
            return
        written = json.dumps(body).encode()
        request = self._request("POST", path, None, accept="application/json", keep=keep, body=written)
        response = Response(status=200, headers={"content-type": "application/json"}, body=orjson.dumps(value))
        self.answers.add(keep, recording_name(request), response, value)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        *,
        accept: str,
        keep: Keep | None,
        recorded_only: bool = False,
        redirects: int = 0,
        body: bytes | None = None,
    ) -> Request:
        url = f"{self.base_url.rstrip('/')}{path}"
        content = {} if body is None else {"Content-Type": "application/json"}
        return Request(
            method=method,
            url=f"{url}?{urlencode(query)}" if query else url,
            headers={"Accept": accept, **self.headers, **content},
            body=body,
            catalogue=self.catalogue,
            base_path=urlsplit(self.base_url).path.rstrip("/"),
            item=None if keep is None else keep.item,
            recorded_only=recorded_only,
            redirects=redirects,
        )

    def _ask(self, request: Request, keep: Keep | None, read: Callable[[Response], T]) -> T:
        def ask() -> Response:
            return request_answer(
                self.transport,
                request,
                policy=self.policy,
                sleep=self.sleep,
                clock=self.clock,
                remaining=self.remaining,
                counts=self.counts,
            )

        def read_counting(response: Response) -> T:
            with _counting_errors(self.counts, self.counts[Count.ERRORS]):
                return read(response)

        def check_counting(value: Any) -> None:
            if keep is not None:
                with _counting_errors(self.counts, self.counts[Count.ERRORS]):
                    keep.check(value)

        if self.answers is None or keep is None:
            value = read_counting(ask())
            check_counting(value)
            return value
        return self.answers.fetch(replace(keep, check=check_counting), recording_name(request), ask, read_counting)
