"""Anime-Planet's pages, by their slug: one step, the anime's own page.

The site offers no interface for programs. A live stack asks for its pages only where its setting ``pageCatalogues``
names it, so that whoever turns it on has read the site's terms and its robots.txt; the pages of characters and staff,
which would be a request each, are left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.events import Catalogue
from sources.animeplanet_page import parsed_anime
from sources.http import Response
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import own_id
from sources.parsed import parsed_answer
from sources.replay import PARSED
from sources.web_pages import web_page
from workflows.ports import FetchedPage

BASE_URL: Final = "https://www.anime-planet.com"


@dataclass(frozen=True, kw_only=True)
class AnimePlanetClient:
    """``live`` False: only a replay answers."""

    api: JsonApi
    live: bool = False

    def fetch(
        self,
        sources: Sequence[str],
        *,
        cursor: str | None,  # noqa: ARG002 - one step only
        episode: str | None = None,  # noqa: ARG002 - as much for one episode
    ) -> FetchedPage:
        slug = own_id(Catalogue.ANIMEPLANET, sources)

        def read(response: Response) -> tuple[Mapping[str, Any], Mapping[str, int]]:
            if response.content_type == PARSED:
                return parsed_answer(response, Catalogue.ANIMEPLANET), {}
            return parsed_anime(response.body, slug=slug, today=self.api.clock().date())

        keep = Keep(item=f"anime:{slug}", kind=Kind.ANIME, check=read)
        anime, unknown = read(web_page(self.api, f"/anime/{slug}", keep=keep, live=self.live))
        return FetchedPage(answers={"anime": anime}, cursor=None, unknown=unknown)
