"""The anime whose enrichment is measured, and the answers that stand for its catalogues.

``recorded`` is Cowboy Bebop from ``samples/replay``; ``made-up:N`` is a series of N episodes, 60 characters and 30
people, whose pages are generated. Recorded answers are real in number and size; generated ones are real in number
alone, since their items hold little more than ids.
"""

from dataclasses import dataclass
from typing import Final

from models.events import EnrichmentSubject
from models.ids import mint_anime_id
from scripts import made_up_series, replayed
from sources.http import HttpTransport
from sources.replay import ReplayTransport

RECORDED: Final = "recorded"
MADE_UP: Final = "made-up:"


@dataclass(frozen=True, kw_only=True)
class Series:
    """``ids`` are those of its pages, by the catalogue's host."""

    name: str
    title: str
    subject: EnrichmentSubject

    @property
    def ids(self) -> dict[str, str]:
        pages = (url.removeprefix("https://").split("/") for url in self.subject.sources)
        return {host: number for host, _, number in pages}


def series_named(name: str) -> Series:
    if name == RECORDED:
        return Series(name=name, title="Cowboy Bebop", subject=replayed.SUBJECT)
    sources = made_up_series.SOURCES
    subject = EnrichmentSubject(anime_id=mint_anime_id(sources[-1]), sources=sources, title="Long")
    return Series(name=name, title=f"{_episodes(name)} made-up episodes", subject=subject)


def answers_of(name: str) -> HttpTransport:
    """What answers in the place of the catalogues."""
    if name == RECORDED:
        return ReplayTransport(replayed.REPLAY)
    return made_up_series.MadeUpSeries(episodes=_episodes(name), characters=60, staff=30)


def _episodes(name: str) -> int:
    return int(name.removeprefix(MADE_UP))
