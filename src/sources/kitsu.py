"""Kitsu's JSON:API (https://kitsu.docs.apiary.io), by number or slug.

Steps: the anime with its categories, the pages of its episodes, the pages of its characters. A page has 10 resources,
the API's own size; the link ``next`` says whether there are more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import Malformed, NotFound
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.paging import expect_list, expect_object, later_step, own_id, page_number, split_cursor, unknown_cursor
from workflows.ports import FetchedPage

BASE_URL: Final = "https://kitsu.app/api/edge"
PAGE_SIZE: Final = 10

MEDIA_TYPE: Final = "application/vnd.api+json"


@dataclass(frozen=True, kw_only=True)
class KitsuClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:
        page = own_id(Catalogue.KITSU, sources)
        if cursor is None:
            return self._anime(page)
        step, position = split_cursor(cursor)
        anime, _, start = position.partition(":")
        number, offset = page_number(anime), page_number(start)
        if step == "episodes":
            return later_step(
                f"episodes from {offset + 1} on", lambda: self._episodes(number, offset), then=f"characters:{number}:0"
            )
        if step == "characters":
            return later_step(f"characters from {offset + 1} on", lambda: self._characters(number, offset), then=None)
        raise unknown_cursor(Catalogue.KITSU)

    def _anime(self, page: str) -> FetchedPage:
        """A page's slug is looked up; every later step goes by number."""
        if page.isdecimal():
            answer = expect_object(self.api.get(f"/anime/{page}", {"include": "categories"}), "kitsu anime")
            anime = answer.get("data")
        else:
            answer = expect_object(
                self.api.get("/anime", {"filter[slug]": page, "include": "categories"}), "kitsu anime"
            )
            found = expect_list(answer.get("data"), "kitsu anime")
            if not found:
                raise NotFound("kitsu: does not know the anime")
            anime = found[0]
        anime = expect_object(anime, "kitsu anime")
        number = anime.get("id")
        if not isinstance(number, str) or not number.isdecimal():
            raise Malformed("kitsu anime: expected an id in digits")
        return FetchedPage(
            answers={"anime": anime, "categories": _included(answer, "categories")}, cursor=f"episodes:{number}:0"
        )

    def _episodes(self, anime: int, offset: int) -> FetchedPage:
        answer = self._page(f"/anime/{anime}/episodes", offset, {})
        episodes = expect_list(answer.get("data"), "kitsu episodes")
        more = bool(episodes) and _has_next(answer)
        return FetchedPage(
            answers={"episodes": episodes},
            cursor=f"episodes:{anime}:{offset + PAGE_SIZE}" if more else f"characters:{anime}:0",
        )

    def _characters(self, anime: int, offset: int) -> FetchedPage:
        answer = self._page(f"/anime/{anime}/characters", offset, {"include": "character"})
        links = expect_list(answer.get("data"), "kitsu characters")
        resources = _included(answer, "characters")
        nameless = len(links) - len(resources)
        return FetchedPage(
            answers={"characters": links, "character_resources": resources},
            cursor=f"characters:{anime}:{offset + PAGE_SIZE}" if links and _has_next(answer) else None,
            problems=(f"characters from {offset + 1} on: {nameless} links without names",) if nameless > 0 else (),
        )

    def _page(self, path: str, offset: int, query: Mapping[str, str]) -> Mapping[str, Any]:
        return expect_object(
            self.api.get(path, {**query, "page[limit]": PAGE_SIZE, "page[offset]": offset}), f"kitsu {path}"
        )


def _included(answer: Mapping[str, Any], kind: str) -> list[Any]:
    included = answer.get("included")
    resources = included if isinstance(included, list) else []
    return [resource for resource in resources if isinstance(resource, dict) and resource.get("type") == kind]


def _has_next(answer: Mapping[str, Any]) -> bool:
    links = answer.get("links")
    return isinstance(links, dict) and bool(links.get("next"))
