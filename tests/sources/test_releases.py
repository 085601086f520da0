"""Releases from a server that answers like the GitHub API."""

import hashlib
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from domain.releases import ASSET_NAME, Download, ReleaseLimits, ResolvedRelease
from models.errors import BadInput, Malformed, NotFound, Permanent, Throttled, Unavailable
from sources.http import LiveTransport, Refused, TooLarge
from sources.json_api import RetryPolicy
from sources.releases import GitHubReleases
from tests.support.fakes import FakeObjects, ManualClock
from tests.support.http_server import Answer, Asked, Server, answer, drip, raw, serve
from workflows.release_intake import ReleaseSource

BODY: Final = bytes(range(256)) * 40
DIGEST: Final = hashlib.sha256(BODY).hexdigest()
SHA: Final = "878793685943aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
REPOSITORY: Final = "owner/anime-offline-database"
API: Final = f"/repos/{REPOSITORY}"
ASSET: Final = f"/{REPOSITORY}/releases/download/2026-05/{ASSET_NAME}"


def as_json(value: Any) -> Answer:
    return answer(json.dumps(value).encode(), content_type="application/json; charset=utf-8")


@dataclass
class GitHub:
    """``answers``: by path, used one a request, the last one again and again."""

    server: Server
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def route(self, asked: Asked, connection: socket.socket) -> None:
        known = self.answers.get(asked.target, [answer(b'{"message": "Not Found"}', status="404 Not Found")])
        turn = self.asked.count(asked.target)
        self.asked.append(asked.target)
        known[min(turn, len(known) - 1)](asked, connection)

    def publishes(self, *, tag: str = "2026-05", path: str = "releases/latest", **asset: Any) -> None:
        described = {
            "name": ASSET_NAME,
            "browser_download_url": f"{self.server.url}{ASSET}",
            "size": len(BODY),
            "digest": f"sha256:{DIGEST}",
            **asset,
        }
        others = [{"name": "anime-offline-database.json", "browser_download_url": "https://x.test", "size": 1}]
        self.answers[f"{API}/{path}"] = [as_json({"tag_name": tag, "draft": False, "assets": [*others, described]})]
        self.answers[f"{API}/commits/{tag}"] = [as_json({"sha": SHA, "commit": {}})]
        self.answers[ASSET] = [answer(BODY, content_type="application/octet-stream")]

    def source(self, *, total_seconds: float = 5, max_bytes: int = 10**6) -> GitHubReleases:
        return GitHubReleases(
            base_url=self.server.url,
            repository=REPOSITORY,
            transport=LiveTransport(total_seconds=total_seconds),
            sleep=self.slept.append,
            clock=ManualClock(),
            limits=ReleaseLimits(max_compressed_bytes=max_bytes),
            policy=RetryPolicy(attempts=3, first_wait=1, patience=30),
        )


@contextmanager
def github() -> Iterator[GitHub]:
    with serve() as server:
        hub = GitHub(server)
        server.answers.append(hub.route)
        yield hub


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as one:
        one.publishes()
        yield one


def downloaded(source: ReleaseSource, release: ResolvedRelease) -> tuple[Download, bytes | None, int]:
    """The result, what is stored, and how many writers were opened."""
    objects = FakeObjects()
    opened = 0

    @contextmanager
    def open_writer() -> Iterator[Any]:
        nonlocal opened
        opened += 1
        with objects.writer("asset", content_type="application/zstd") as writer:
            yield writer

    result = source.download(release, open_writer)
    stored = objects.get("asset")
    return result, None if stored is None else stored.body, opened


def test_the_newest_release_is_resolved_to_the_commit_of_its_tag(hub: GitHub) -> None:
    assert hub.source().resolve(None) == ResolvedRelease(
        tag="2026-05", sha=SHA, asset_url=f"{hub.server.url}{ASSET}", asset_bytes=len(BODY), sha256=DIGEST
    )
    assert hub.source().resolve("latest").sha == SHA
    assert hub.asked[:2] == [f"{API}/releases/latest", f"{API}/commits/2026-05"]
    assert hub.server.asked[0].headers["accept"] == "application/vnd.github+json"
    assert "anime-infra" in hub.server.asked[0].headers["user-agent"]


def test_a_release_is_found_by_its_tag(hub: GitHub) -> None:
    hub.publishes(tag="2026-04", path="releases/tags/2026-04")
    assert hub.source().resolve("2026-04").tag == "2026-04"


def test_an_asset_without_a_stated_digest_is_taken(hub: GitHub) -> None:
    hub.publishes(digest=None)
    release = hub.source().resolve(None)
    assert release.sha256 is None
    assert downloaded(hub.source(), release)[0] == Download(sha256=DIGEST, size=len(BODY))


def test_the_asset_is_downloaded_into_the_writer(hub: GitHub) -> None:
    source = hub.source()
    assert downloaded(source, source.resolve(None)) == (Download(sha256=DIGEST, size=len(BODY)), BODY, 1)
    assert hub.slept == []


# --------------------------------------------------------------------------------------------------- what is missing


def test_an_unknown_release_is_not_found(hub: GitHub) -> None:
    with pytest.raises(NotFound, match="no release 1999-01"):
        hub.source().resolve("1999-01")
    assert hub.slept == []


def test_a_release_without_the_asset_is_not_found(hub: GitHub) -> None:
    hub.publishes(name="anime-offline-database-minified.json")
    with pytest.raises(NotFound, match="no asset"):
        hub.source().resolve(None)


def test_an_asset_that_is_gone_is_not_found(hub: GitHub) -> None:
    release = hub.source().resolve(None)
    del hub.answers[ASSET]
    with pytest.raises(NotFound):
        downloaded(hub.source(), release)


@pytest.mark.parametrize("tag", ["", "../../x", "a b", "x" * 65])
def test_what_can_be_no_tag_is_bad_input(hub: GitHub, tag: str) -> None:
    with pytest.raises(BadInput, match="tag"):
        hub.source().resolve(tag)
    assert hub.asked == []


@pytest.mark.parametrize("repository", ["owner", "owner/name/more", "owner/na me", ""])
def test_what_can_be_no_repository_is_bad_input(hub: GitHub, repository: str) -> None:
    with pytest.raises(BadInput, match="owner/name"):
        GitHubReleases(
            base_url=hub.server.url,
            repository=repository,
            transport=LiveTransport(),
            sleep=hub.slept.append,
            clock=ManualClock(),
            limits=ReleaseLimits(),
        )


@pytest.mark.parametrize(
    "described",
    [
        [],
        {"tag_name": "2026-05"},
        {"tag_name": "../x", "assets": []},
        {"tag_name": "2026-05", "draft": True, "assets": []},
        {"tag_name": "2026-05", "assets": [{"name": ASSET_NAME, "browser_download_url": "u", "size": "9"}, {}]},
    ],
)
def test_an_answer_of_another_shape_is_malformed(hub: GitHub, described: Any) -> None:
    hub.answers[f"{API}/releases/latest"] = [as_json(described)]
    with pytest.raises(Malformed):
        hub.source().resolve(None)


def test_a_commit_that_is_none_is_malformed(hub: GitHub) -> None:
    hub.answers[f"{API}/commits/2026-05"] = [as_json({"sha": "not a sha"})]
    with pytest.raises(Malformed):
        hub.source().resolve(None)


# ------------------------------------------------------------------------------------------------- what comes and goes

FAULT: Final = answer(b"", status="500 Internal Server Error")


def test_a_fault_of_the_server_is_asked_again(hub: GitHub) -> None:
    for path in (f"{API}/releases/latest", f"{API}/commits/2026-05", ASSET):
        hub.answers[path].insert(0, FAULT)
    source = hub.source()
    assert downloaded(source, source.resolve(None))[1] == BODY
    assert hub.slept == [1, 1, 1]


def test_a_fault_that_stays_is_unavailable(hub: GitHub) -> None:
    release = hub.source().resolve(None)
    hub.answers[ASSET] = [FAULT]
    with pytest.raises(Unavailable, match="500"):
        downloaded(hub.source(), release)
    hub.answers[f"{API}/releases/latest"] = [FAULT]
    with pytest.raises(Unavailable, match="500"):
        hub.source().resolve(None)
    assert hub.slept == [1, 2, 1, 2]


@pytest.mark.parametrize(
    "limited",
    [
        answer(b"{}", status="429 Too Many Requests", Retry_After="7"),
        answer(b"{}", status="403 Forbidden", Retry_After="7"),
        answer(b"{}", status="403 Forbidden", x_ratelimit_remaining="0", x_ratelimit_reset="1795222807"),
    ],
    ids=["429", "403 and a time to wait", "403 and a used up limit"],
)
def test_a_rate_limit_is_waited_for(hub: GitHub, limited: Answer) -> None:
    assert ManualClock()().timestamp() == 1795222800
    hub.answers[f"{API}/releases/latest"].insert(0, limited)
    hub.answers[ASSET].insert(0, limited)
    source = hub.source()
    assert downloaded(source, source.resolve(None))[1] == BODY
    assert hub.slept == [7, 7]


def test_a_rate_limit_of_an_hour_is_not_waited_for(hub: GitHub) -> None:
    hour = answer(b"{}", status="403 Forbidden", x_ratelimit_remaining="0", x_ratelimit_reset="1795226400")
    release = hub.source().resolve(None)
    hub.answers[f"{API}/releases/latest"] = [hour]
    hub.answers[ASSET] = [hour]
    for attempt in (lambda: hub.source().resolve(None), lambda: downloaded(hub.source(), release)):
        with pytest.raises(Throttled) as raised:
            attempt()
        assert raised.value.retry_after == 3600
    assert hub.slept == []


def test_a_refusal_is_not_asked_again(hub: GitHub) -> None:
    release = hub.source().resolve(None)
    forbidden = answer(b"{}", status="403 Forbidden", x_ratelimit_remaining="41")
    hub.answers[f"{API}/releases/latest"] = [forbidden]
    hub.answers[ASSET] = [forbidden]
    with pytest.raises(Refused):
        hub.source().resolve(None)
    with pytest.raises(Refused):
        downloaded(hub.source(), release)
    assert hub.slept == []


def cut_short() -> Answer:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode()
    return raw(head + BODY[:-5])


def short_without_length() -> Answer:
    return raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY[:-5])


@pytest.mark.parametrize("short", [cut_short, short_without_length])
def test_a_body_that_is_cut_short_is_fetched_again(hub: GitHub, short: Callable[[], Answer]) -> None:
    hub.answers[ASSET].insert(0, short())
    source = hub.source()
    assert downloaded(source, source.resolve(None)) == (Download(sha256=DIGEST, size=len(BODY)), BODY, 1)
    assert hub.slept == [1]


def test_a_body_that_is_always_cut_short_leaves_nothing(hub: GitHub) -> None:
    hub.answers[ASSET] = [cut_short()]
    objects = FakeObjects()
    source = hub.source()
    release = source.resolve(None)
    with pytest.raises(Unavailable):
        source.download(release, lambda: objects.writer("asset", content_type=""))
    assert objects.keys() == ()


# --------------------------------------------------------------------------------------------------------- the bounds


def test_another_digest_is_refused_and_leaves_nothing(hub: GitHub) -> None:
    hub.publishes(digest=f"sha256:{'0' * 64}")
    objects = FakeObjects()
    source = hub.source()
    release = source.resolve(None)
    with pytest.raises(Malformed, match=f"{DIGEST}.*{'0' * 64}"):
        source.download(release, lambda: objects.writer("asset", content_type=""))
    assert objects.keys() == ()


def test_an_asset_that_is_too_large_is_not_asked_for(hub: GitHub) -> None:
    source = hub.source(max_bytes=len(BODY) - 1)
    release = source.resolve(None)
    with pytest.raises(BadInput, match="release_max_compressed_mib"):
        downloaded(source, release)
    assert ASSET not in hub.asked


def test_a_body_longer_than_announced_is_not_read_to_its_end(hub: GitHub) -> None:
    stop = threading.Event()
    hub.answers[ASSET] = [drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", bytes(65536), stop, every=0)]
    source = hub.source(max_bytes=len(BODY))
    release = source.resolve(None)
    with pytest.raises(TooLarge):
        downloaded(source, release)
    stop.set()


def test_a_body_that_drips_is_given_up_when_the_time_is_over(hub: GitHub) -> None:
    stop = threading.Event()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode()
    hub.answers[ASSET] = [drip(head, b"x", stop, every=0.01)]
    source = hub.source(total_seconds=0.3)
    release = source.resolve(None)
    with pytest.raises(Unavailable, match=r"within 0\.3 seconds"):
        downloaded(source, release)
    stop.set()


# ------------------------------------------------------------------------------------------------------- the redirects


def to(location: str, status: str = "302 Found") -> Answer:
    return answer(b"", status=status, Location=location)


def test_an_asset_may_lie_on_another_host(hub: GitHub) -> None:
    with serve(answer(BODY)) as elsewhere:
        hub.answers[ASSET] = [to(f"{elsewhere.url}/signed?key=1")]
        source = hub.source()
        assert downloaded(source, source.resolve(None))[1] == BODY
        assert [asked.target for asked in elsewhere.asked] == ["/signed?key=1"]
        assert not {"authorization", "cookie", "referer"} & elsewhere.asked[0].headers.keys()


def test_a_repository_that_was_renamed_is_found(hub: GitHub) -> None:
    release = hub.answers[f"{API}/releases/latest"]
    hub.answers[f"{API}/releases/latest"] = [to("/repositories/1/releases/latest", "301 Moved Permanently")]
    hub.answers["/repositories/1/releases/latest"] = release
    assert hub.source().resolve(None).sha == SHA


def test_redirects_end_after_five(hub: GitHub) -> None:
    hub.answers[ASSET] = [to(ASSET)]
    source = hub.source()
    release = source.resolve(None)
    with pytest.raises(Malformed, match="more than 5 times"):
        downloaded(source, release)
    assert hub.asked.count(ASSET) == 6


@pytest.mark.parametrize(
    "location",
    ["http://objects.example.test/x", "ftp://objects.example.test/x", "file:///etc/passwd", "//objects.example.test"],
)
def test_a_redirect_to_anything_but_https_is_refused(hub: GitHub, location: str) -> None:
    hub.answers[ASSET] = [to(location)]
    source = hub.source()
    release = source.resolve(None)
    with pytest.raises(Permanent):
        downloaded(source, release)


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/x", "https://localhost/x", "https://[::1]/x"])
def test_the_real_api_cannot_lead_to_this_machine(location: str) -> None:
    source = GitHubReleases(
        base_url="https://api.example.test",
        repository=REPOSITORY,
        transport=LiveTransport(),
        sleep=lambda _: None,
        clock=ManualClock(),
        limits=ReleaseLimits(),
    )
    release = ResolvedRelease(tag="t", sha=SHA, asset_url=location, asset_bytes=1, sha256=None)
    with pytest.raises(Permanent, match="not fetched"):
        downloaded(source, release)
