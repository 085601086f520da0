"""Cowboy Bebop as the sample replay has it: the answers of all catalogues, fetched through the real clients."""

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from models.errors import Permanent
from models.events import Catalogue, EnrichmentSubject
from models.ids import mint_anime_id
from sources.registry import catalogue_clients
from sources.replay import ReplayTransport
from workflows.answers import merge_answers

REPLAY: Final = Path(__file__).resolve().parents[1] / "samples" / "replay"
SOURCES: Final = (
    "https://anidb.net/anime/23",
    "https://anilist.co/anime/1",
    "https://anime-planet.com/anime/cowboy-bebop",
    "https://anisearch.com/anime/1572",
    "https://kitsu.app/anime/1",
    "https://myanimelist.net/anime/1",
)
ANIME_ID: Final = mint_anime_id("https://myanimelist.net/anime/1")
SUBJECT: Final = EnrichmentSubject(anime_id=ANIME_ID, sources=SOURCES, title="Cowboy Bebop")


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"a replay waits for nothing, not {seconds} seconds")


@functools.cache
def fetched() -> tuple[dict[Catalogue, dict[str, Any]], dict[Catalogue, tuple[str, ...]]]:
    """Answers by catalogue, and problems by catalogue."""
    clients = catalogue_clients(
        ReplayTransport(REPLAY), {}, {}, sleep=no_sleep, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)
    )
    answers: dict[Catalogue, dict[str, Any]] = {}
    problems: dict[Catalogue, tuple[str, ...]] = {}
    for catalogue, client in clients.items():
        pages: list[Any] = []
        found: list[str] = []
        cursor: str | None = None
        try:
            while True:
                page = client.fetch(SOURCES, cursor=cursor)
                pages.append(page.answers)
                found.extend(page.problems)
                cursor = page.cursor
                if cursor is None:
                    break
        except Permanent as error:
            found.append(str(error))
        if pages:
            answers[catalogue] = merge_answers(pages)
        problems[catalogue] = tuple(found)
    return answers, problems


def answers() -> dict[Catalogue, dict[str, Any]]:
    return fetched()[0]
