"""Running a catalogue's client to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sources.json_api import JsonApi, RetryPolicy
from tests.support.scripted_http import Scripted
from workflows.answers import merge_answers
from workflows.ports import CatalogueClient, FetchedPage

BASE_URL = "https://example.com"
MOST_STEPS = 1000


def api(catalogue: str, transport: Scripted) -> JsonApi:
    """Without repetitions, so that every request is one the client wanted."""

    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} seconds")

    return JsonApi(
        catalogue=catalogue,
        base_url=BASE_URL,
        transport=transport,
        sleep=sleep,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        policy=RetryPolicy(attempts=1),
    )


@dataclass(frozen=True)
class Fetched:
    answers: dict[str, Any]
    problems: list[str]
    pages: list[FetchedPage]
    asked: list[int]
    """How many requests had been made when each step ended."""

    def requests_a_step(self, transport: Scripted) -> list[int]:
        assert self.asked[-1] == len(transport.asked)
        return [now - before for before, now in zip([0, *self.asked], self.asked, strict=False)]


def fetch_all(client: CatalogueClient, sources: Sequence[str]) -> Fetched:
    transport: Scripted = client.api.transport  # type: ignore[attr-defined]  # every client of ours holds its API
    pages: list[FetchedPage] = []
    asked: list[int] = []
    cursor: str | None = None
    for _ in range(MOST_STEPS):
        page = client.fetch(sources, cursor=cursor)
        pages.append(page)
        asked.append(len(transport.asked))
        cursor = page.cursor
        if cursor is None:
            break
    else:
        raise AssertionError(f"the fetch did not end within {MOST_STEPS} steps")
    problems = [problem for page in pages for problem in page.problems]
    return Fetched(merge_answers(page.answers for page in pages), problems, pages, asked)
