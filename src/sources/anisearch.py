"""aniSearch's pages, by number. Steps: the anime; its relations; its episodes; its characters. For one episode: the
anime; its episodes, which are on one page.

The site offers no interface for programs. A live stack asks for its pages only where its setting ``pageCatalogues``
names it, so that whoever turns it on has read the site's terms and its robots.txt.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import BadInput
from models.events import Catalogue
from sources.anisearch_page import parsed_anime, parsed_characters, parsed_episodes, parsed_relations
from sources.http import Response
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import going_on, later_step, own_id, unknown_cursor
from sources.parsed import parsed_answer
from sources.replay import PARSED
from sources.web_pages import web_page
from workflows.ports import FetchedPage

BASE_URL: Final = "https://www.anisearch.com"


@dataclass(frozen=True, kw_only=True)
class _Step:
    parse: Callable[[bytes], list[dict[str, Any]]]
    keep: Kind
    then: str | None


_STEPS: Final = {
    "relations": _Step(parse=parsed_relations, keep=Kind.RELATIONS, then="episodes"),
    "episodes": _Step(parse=parsed_episodes, keep=Kind.EPISODES, then="characters"),
    "characters": _Step(parse=parsed_characters, keep=Kind.CHARACTERS, then=None),
}
"""By the last part of the page's path, which is also the kind of the answers. A page holds all its items."""


@dataclass(frozen=True, kw_only=True)
class AniSearchClient:
    """``live`` False: only a replay answers."""

    api: JsonApi
    live: bool = False

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        number = own_id(Catalogue.ANISEARCH, sources)
        if not number.isdecimal():
            raise BadInput("the page on anisearch.com has no number")
        if cursor is None:
            return going_on(self._anime(number), "relations" if episode is None else "episodes")
        if cursor not in _STEPS:
            raise unknown_cursor(Catalogue.ANISEARCH)
        then = _STEPS[cursor].then if episode is None else None
        return later_step(cursor, lambda: going_on(self._step(cursor, number), then), then=then)

    def _anime(self, number: str) -> FetchedPage:
        def read(response: Response) -> tuple[Mapping[str, Any], Mapping[str, int]]:
            if response.content_type == PARSED:
                return parsed_answer(response, Catalogue.ANISEARCH), {}
            return parsed_anime(response.body, number=number)

        keep = Keep(item=f"anime:{number}", kind=Kind.ANIME, check=read)
        anime, unknown = read(web_page(self.api, f"/anime/{number}", keep=keep, live=self.live))
        return FetchedPage(answers={"anime": anime}, cursor=None, unknown=unknown)

    def _step(self, step: str, number: str) -> FetchedPage:
        wanted = _STEPS[step]

        def read(response: Response) -> list[dict[str, Any]]:
            return wanted.parse(response.body)

        item = f"anime:{number}"
        keep = Keep(item=f"{item}:{step}", kind=wanted.keep, of=item, check=read)
        found = read(web_page(self.api, f"/anime/{number}/{step}", keep=keep, live=self.live))
        return FetchedPage(answers={step: found}, cursor=None)
