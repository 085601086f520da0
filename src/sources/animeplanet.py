"""Anime-Planet's pages. They are not parsed by this version, which reads replays of parsed pages; live it is not
asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.events import Catalogue
from sources.json_api import JsonApi
from sources.parsed import anime_page
from workflows.ports import FetchedPage

BASE_URL: Final = "https://www.anime-planet.com"


@dataclass(frozen=True, kw_only=True)
class AnimePlanetClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:  # noqa: ARG002 - one step only
        return anime_page(self.api, Catalogue.ANIMEPLANET, sources)
