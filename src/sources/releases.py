"""Releases as GitHub publishes them: https://docs.github.com/en/rest/releases/releases.

A release is resolved to the commit that its tag names, because tags can move (one repository keeps a moving tag
``latest``). Its asset is fetched within the limits, and held against the size and the digest that the API states for
it. Assets lie on another host, so redirects are followed, each one checked.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from pydantic import BaseModel, Field, ValidationError

from domain.releases import ASSET_NAME, MIB, Download, ReleaseLimits, ResolvedRelease
from models.errors import BadInput, Malformed, NotFound, Permanent, Retryable, Throttled, Unavailable
from sources.http import HttpTransport, Refused, Request, Response, Sleep
from sources.json_api import RetryPolicy, request_json
from workflows.ports import Clock, ObjectWriter

NEWEST: Final = "latest"
"""Asks for the newest release, whatever its tag is."""

MAX_REDIRECTS: Final = 5

_NAME: Final = r"^[A-Za-z0-9._-]{1,64}$"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_API_HEADERS: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_ASSET_HEADERS: Final = {"Accept": "application/octet-stream", "Accept-Encoding": "identity"}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class _Asset(BaseModel):
    name: str
    browser_download_url: str
    size: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None


class _Release(BaseModel):
    tag_name: Annotated[str, Field(pattern=_NAME)]
    draft: Literal[False] = False
    assets: list[_Asset]


class _Commit(BaseModel):
    sha: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]


Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class _GitHubTransport:
    """Follows redirects, and tells GitHub's way of saying "too many requests" (403) from a refusal."""

    inner: HttpTransport
    clock: Clock
    loopback: bool
    """The API itself is on this machine, as in tests; only then may a redirect lead there."""

    def send(self, request: Request) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            self._check(request.url)
            response = self.inner.send(request)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return self._with_plain_limit(response)
            request = replace(request, url=urljoin(request.url, location))
        raise Malformed(f"{request.where}: redirects more than {MAX_REDIRECTS} times")

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise Malformed("the release API names a URL that cannot be read") from None
        local = parts.hostname in _LOOPBACK
        if not (self.loopback if local else parts.scheme == "https"):
            raise Permanent(f"the release API leads to {parts.scheme}://{parts.hostname}, which is not fetched")

    def _with_plain_limit(self, response: Response) -> Response:
        """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api."""
        headers = response.headers
        limited = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
        if response.status != HTTPStatus.FORBIDDEN or not limited:
            return response
        reset = headers.get("x-ratelimit-reset", "")
        seconds = max(0, int(reset) - int(self.clock().timestamp())) if reset.isdecimal() else 60
        return replace(response, status=HTTPStatus.TOO_MANY_REQUESTS, headers={"retry-after": str(seconds), **headers})


class GitHubReleases:
    """A ``ReleaseSource``. ``transport`` follows no redirects itself; its time limit is that of a whole download."""

    def __init__(
        self,
        *,
        base_url: str,
        repository: str,
        transport: HttpTransport,
        sleep: Sleep,
        clock: Clock,
        limits: ReleaseLimits,
        policy: RetryPolicy | None = None,
    ) -> None:
        """Raises:
        BadInput: the repository is not written as owner/name.
        """
        if not _REPOSITORY.fullmatch(repository):
            raise BadInput(f"not a repository: {repository!r}; expected owner/name")
        self._api = f"{base_url.rstrip('/')}/repos/{repository}/"
        self._repository = repository
        self._http = _GitHubTransport(inner=transport, clock=clock, loopback=urlsplit(base_url).hostname in _LOOPBACK)
        self._sleep = sleep
        self._clock = clock
        self._limits = limits
        self._policy = policy or RetryPolicy()

    def resolve(self, tag: str | None) -> ResolvedRelease:
        newest = tag is None or tag == NEWEST
        if tag is not None and not re.match(_NAME, tag):
            raise BadInput(f"not a release's tag: {tag!r}; expected something like 2026-05, or {NEWEST}")
        try:
            release = self._ask("releases/latest" if newest else f"releases/tags/{tag}", _Release)
        except NotFound as error:
            wanted = "no release" if newest else f"no release {tag}"
            raise NotFound(f"{self._repository} has {wanted}; look at the repository's list of releases") from error
        asset = next((asset for asset in release.assets if asset.name == ASSET_NAME), None)
        if asset is None:
            raise NotFound(f"release {release.tag_name} of {self._repository} has no asset {ASSET_NAME}")
        commit = self._ask(f"commits/{quote(release.tag_name, safe='')}", _Commit)
        return ResolvedRelease(
            tag=release.tag_name,
            sha=commit.sha,
            asset_url=asset.browser_download_url,
            asset_bytes=asset.size,
            sha256=asset.digest.removeprefix("sha256:") if asset.digest else None,
        )

    def download(
        self, release: ResolvedRelease, open_writer: Callable[[], AbstractContextManager[ObjectWriter]]
    ) -> Download:
        limit = self._limits.max_compressed_bytes
        if release.asset_bytes > limit:
            raise BadInput(
                f"the asset of release {release.tag} is {release.asset_bytes / MIB:,.1f} MiB large, the limit is "
                f"{limit / MIB:,.1f} MiB; look at the release, or raise the stack's limit release_max_compressed_mib"
            )
        body = self._fetch_patiently(release)
        digest = hashlib.sha256(body).hexdigest()
        if release.sha256 not in {None, digest}:
            raise Malformed(
                f"the asset of release {release.tag} has SHA-256 {digest}, its publisher states {release.sha256}; "
                "run again later, or give the file with --file"
            )
        with open_writer() as writer:
            writer.write(body)
        return Download(sha256=digest, size=len(body))

    def _ask(self, path: str, shape: type[Shape]) -> Shape:
        request = Request(method="GET", url=f"{self._api}{path}", headers=_API_HEADERS)
        answer = request_json(self._http, request, policy=self._policy, sleep=self._sleep, clock=self._clock)
        try:
            return shape.model_validate(answer)
        except ValidationError as error:
            fields = ", ".join(sorted({".".join(map(str, detail["loc"])) or "answer" for detail in error.errors()}))
            raise Malformed(f"{request.where}: not what the release API documents ({fields})") from error

    def _fetch_patiently(self, release: ResolvedRelease) -> bytes:
        waited = 0.0
        for attempt in range(1, self._policy.attempts):
            try:
                return self._fetch(release)
            except Retryable as error:
                wait = self._policy.first_wait * 2 ** (attempt - 1)
                if isinstance(error, Throttled) and error.retry_after is not None:
                    wait = error.retry_after
                waited += wait
                if waited > self._policy.patience:
                    raise
                self._sleep(wait)
        return self._fetch(release)

    def _fetch(self, release: ResolvedRelease) -> bytes:
        """One attempt."""
        request = Request(
            method="GET",
            url=release.asset_url,
            headers=_ASSET_HEADERS,
            max_bytes=self._limits.max_compressed_bytes,
        )
        response = self._http.send(request)
        _check_status(request, response)
        if len(response.body) != release.asset_bytes:
            raise Unavailable(
                f"{request.where}: {len(response.body):,} bytes came where {release.asset_bytes:,} were announced"
            )
        return response.body


def _check_status(request: Request, response: Response) -> None:
    status = response.status
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = response.headers.get("retry-after", "")
        raise Throttled(
            f"{request.where}: answers 429, too many requests",
            retry_after=float(seconds) if seconds.isdecimal() else None,
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"{request.where}: answers {status}")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise NotFound(f"{request.where}: answers {status}")
    raise Refused(f"{request.where}: answers {status}")
