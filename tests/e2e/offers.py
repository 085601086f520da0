"""Releases that a test makes up around the samples, catalogues that know a few anime, and a place that publishes."""

import hashlib
import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import zstandard

from domain.releases import ASSET_NAME
from models.ids import mint_anime_id
from tests.support.http_server import Asked, answer, serve
from tests.support.samples import FIRST, SAMPLES, SECOND, cowboy_bebop_line, release_lines

REPOSITORY: Final = "cedya77/anime-offline-database"
FULL_ANSWER: Final = SAMPLES / "replay/jikan/GET %2Fanime%2F1%2Ffull.json"


def page(number: int) -> str:
    """On MyAnimeList."""
    return f"https://myanimelist.net/anime/{number}"


@dataclass(frozen=True)
class Newcomer:
    """An anime that no sample knows, under a number of MyAnimeList that nobody has."""

    number: int

    @property
    def anime_id(self) -> str:
        return mint_anime_id(page(self.number))

    @property
    def title(self) -> str:
        return f"Newcomer {self.number}"

    @property
    def line(self) -> bytes:
        """As a release offers it: the sample's line of Cowboy Bebop under another name."""
        offered = json.loads(cowboy_bebop_line())
        return json.dumps(
            {**offered, "title": self.title, "sources": [page(self.number)], "relatedAnime": [], "synonyms": []}
        ).encode()


@dataclass
class Offers:
    """What the latest release offers; ``lines`` are its entries."""

    folder: Path
    lines: list[bytes]
    releases: int = 0

    def add(self, *newcomers: Newcomer) -> None:
        self.lines += [newcomer.line for newcomer in newcomers]

    def release(self) -> tuple[Path, str]:
        """The next one: its file and SHA."""
        self.releases += 1
        sha = f"release-{self.releases}"
        return write_release(self.folder / f"{sha}.jsonl.zst", self.lines), sha


def pack(lines: Iterable[bytes], *, metadata: bytes = release_lines(SECOND)[0]) -> bytes:
    return zstandard.ZstdCompressor().compress(b"".join(line + b"\n" for line in (metadata, *lines)))


def write_release(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(pack(lines))
    return path


def first_sample() -> list[bytes]:
    """Its entries."""
    return list(release_lines(FIRST)[1:])


def second_sample() -> list[bytes]:
    """Its entries, without Cowboy Bebop."""
    return [line for line in release_lines(SECOND)[1:] if line != cowboy_bebop_line()]


def record_answers(folder: Path, *numbers: int) -> Path:
    """Answers of one catalogue, about these anime alone: the sample's about Cowboy Bebop, without its details."""
    (folder / "jikan").mkdir(parents=True)
    for number in numbers:
        answered = json.loads(FULL_ANSWER.read_text())
        answered["data"] |= {"mal_id": number, "url": page(number), "title": f"Newcomer {number}"}
        (folder / "jikan" / f"GET %2Fanime%2F{number}%2Ffull.json").write_text(json.dumps(answered))
    return folder


@dataclass
class Publisher:
    """A server that answers like the GitHub API, with one release as the newest, or none yet."""

    url: str
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, body: bytes, *, tag: str, sha: str) -> None:
        asset = f"/{REPOSITORY}/releases/download/{tag}/{ASSET_NAME}"
        described = {
            "name": ASSET_NAME,
            "browser_download_url": f"{self.url}{asset}",
            "size": len(body),
            "digest": f"sha256:{hashlib.sha256(body).hexdigest()}",
        }
        release: dict[str, Any] = {"tag_name": tag, "draft": False, "assets": [described]}
        self.answers |= {
            f"/repos/{REPOSITORY}/releases/latest": json.dumps(release).encode(),
            f"/repos/{REPOSITORY}/commits/{tag}": json.dumps({"sha": sha}).encode(),
            asset: body,
        }

    def respond(self, asked: Asked, connection: socket.socket) -> None:
        self.asked.append(asked.target)
        found = self.answers.get(asked.target)
        told = answer(b"{}", status="404 Not Found") if found is None else answer(found)
        told(asked, connection)


@contextmanager
def publisher() -> Iterator[Publisher]:
    with serve() as server:
        made = Publisher(server.url)
        server.answers.append(made.respond)
        yield made
