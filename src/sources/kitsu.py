"""Kitsu's JSON:API (https://kitsu.docs.apiary.io), by number or slug.

Steps: the anime with its categories, ids elsewhere, streaming links, relations and companies; the pages of its
episodes; the pages of its characters with their voices; the pages of its staff. A page has 10 resources, the API's own
size; the link ``next`` says whether there are more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import NotFound
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import (
    checked_page,
    expect_list,
    expect_object,
    going_on,
    later_step,
    own_id,
    page_number,
    split_cursor,
    unknown_cursor,
)
from sources.shapes import Shape, shape
from workflows.ports import FetchedPage

BASE_URL: Final = "https://kitsu.app/api/edge"
PAGE_SIZE: Final = 10

MEDIA_TYPE: Final = "application/vnd.api+json"

ANIME_INCLUDE: Final = (
    "categories,mappings,streamingLinks.streamer,mediaRelationships.destination,animeProductions.producer"
)
CHARACTERS_INCLUDE: Final = "character,voices.person"
STAFF_INCLUDE: Final = "person"

_WITH_ANIME: Final = {
    "categories": ("categories",),
    "mappings": ("mappings",),
    "streaming_links": ("streamingLinks",),
    "streamers": ("streamers",),
    "media_relationships": ("mediaRelationships",),
    "related_media": ("anime", "manga", "drama"),
    "productions": ("animeProductions", "mediaProductions"),
    "producers": ("producers",),
}
_WITH_CHARACTERS: Final = {
    "character_resources": ("characters",),
    "voices": ("characterVoices",),
    "people": ("people",),
}
_WITH_STAFF: Final = {"people": ("people",)}
"""Kinds of answers, by the types of included resources."""


def _resource(attributes: str) -> Shape:
    return shape(f"id:digits! type:text! links* relationships* attributes:object!(createdAt updatedAt {attributes})")


_MEDIA: Final = """slug synopsis description coverImageTopOffset titles* canonicalTitle:text! abbreviatedTitles:list
    averageRating ratingFrequencies* userCount favoritesCount startDate endDate nextRelease popularityRank ratingRank
    ageRating ageRatingGuide subtype status tba posterImage* coverImage*"""
_NAMED: Final = "slug name canonicalName:text names* otherNames:list malId description image*"

SHAPES: Final[Mapping[str, Shape]] = {
    "anime": _resource(f"{_MEDIA} episodeCount episodeLength totalLength youtubeVideoId showType nsfw"),
    "episodes": _resource(
        """synopsis description titles* canonicalTitle seasonNumber number relativeNumber airdate length
        thumbnail*"""
    ),
    "characters": _resource("role"),
    "staff": _resource("role"),
    "categories": _resource("title description totalMediaCount slug nsfw childCount image*"),
    "mappings": _resource("externalSite:text! externalId:text!"),
    "streaming_links": _resource("url:text! subs:list dubs:list"),
    "streamers": _resource("siteName streamingLinksCount logo*"),
    "media_relationships": _resource("role:text!"),
    "related_media": _resource(f"""{_MEDIA} episodeCount episodeLength totalLength youtubeVideoId showType nsfw
        chapterCount volumeCount serialization mangaType"""),
    "productions": _resource("role"),
    "producers": _resource("slug name"),
    "character_resources": _resource(_NAMED),
    "voices": _resource("locale"),
    "people": _resource(_NAMED),
}


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
        match step:
            case "episodes":
                return later_step(
                    f"episodes from {offset + 1} on",
                    lambda: self._episodes(number, offset),
                    then=f"characters:{number}:0",
                )
            case "characters":
                return later_step(
                    f"characters from {offset + 1} on",
                    lambda: self._characters(number, offset),
                    then=f"staff:{number}:0",
                )
            case "staff":
                return later_step(f"staff from {offset + 1} on", lambda: self._staff(number, offset), then=None)
        raise unknown_cursor(Catalogue.KITSU)

    def _anime(self, page: str) -> FetchedPage:
        """A page's slug is looked up; every later step goes by number."""
        keep = Keep(item=f"anime:{page}", kind=Kind.ANIME, airing=_airs, check=_one)
        query = {"include": ANIME_INCLUDE}
        if page.isdecimal():
            answer = self.api.get(f"/anime/{page}", query, keep=keep)
        else:
            answer = self.api.get("/anime", {"filter[slug]": page, **query}, keep=keep)
        anime = _one(answer)
        fetched = _page({"anime": anime, **_included(answer, _WITH_ANIME)})
        return going_on(fetched, f"episodes:{anime['id']}:0")

    def _episodes(self, anime: int, offset: int) -> FetchedPage:
        answer = self._answer(anime, "episodes", offset, {}, Kind.EPISODES)
        fetched = _page({"episodes": _list(answer, "episodes")})
        return going_on(fetched, _next(answer, "episodes", anime, offset) or f"characters:{anime}:0")

    def _characters(self, anime: int, offset: int) -> FetchedPage:
        answer = self._answer(anime, "characters", offset, {"include": CHARACTERS_INCLUDE}, Kind.CHARACTERS)
        links = _list(answer, "characters")
        included = _included(answer, _WITH_CHARACTERS)
        nameless = len(links) - len(included["character_resources"])
        problems = (f"characters from {offset + 1} on: {nameless} links without names",) if nameless > 0 else ()
        fetched = _page({"characters": links, **included}, problems=problems)
        return going_on(fetched, _next(answer, "characters", anime, offset) or f"staff:{anime}:0")

    def _staff(self, anime: int, offset: int) -> FetchedPage:
        answer = self._answer(anime, "anime-staff", offset, {"include": STAFF_INCLUDE}, Kind.STAFF)
        fetched = _page({"staff": _list(answer, "staff"), **_included(answer, _WITH_STAFF)})
        return going_on(fetched, _next(answer, "staff", anime, offset))

    def _answer(self, anime: int, path: str, offset: int, query: Mapping[str, str], kind: Kind) -> Mapping[str, Any]:
        keep = Keep(item=f"anime:{anime}:{path}:{offset}", kind=kind, of=f"anime:{anime}", check=_listed)
        pages: Mapping[str, str | int] = {**query, "page[limit]": PAGE_SIZE, "page[offset]": offset}
        return _object(self.api.get(f"/anime/{anime}/{path}", pages, keep=keep))


def _object(answer: object) -> Mapping[str, Any]:
    return expect_object(answer, Catalogue.KITSU, "answer")


def _list(answer: Mapping[str, Any], kind: str) -> list[Any]:
    return expect_list(answer.get("data"), Catalogue.KITSU, kind)


def _listed(answer: object) -> None:
    _list(_object(answer), "data")


def _one(answer: object) -> Mapping[str, Any]:
    """The resource, or the first one found."""
    found = _object(answer).get("data")
    if isinstance(found, list):
        if not found:
            raise NotFound("kitsu: does not know the anime")
        found = found[0]
    return expect_object(found, Catalogue.KITSU, "anime")


def _airs(answer: object) -> bool:
    attributes = _one(answer).get("attributes")
    return isinstance(attributes, dict) and attributes.get("status") == "current"


def _included(answer: object, kinds: Mapping[str, tuple[str, ...]]) -> dict[str, list[Any]]:
    included = _object(answer).get("included")
    resources = [item for item in included if isinstance(item, dict)] if isinstance(included, list) else []
    return {kind: [item for item in resources if item.get("type") in types] for kind, types in kinds.items()}


def _next(answer: Mapping[str, Any], step: str, anime: int, offset: int) -> str | None:
    links = answer.get("links")
    more = isinstance(links, dict) and bool(links.get("next")) and bool(answer.get("data"))
    return f"{step}:{anime}:{offset + PAGE_SIZE}" if more else None


def _page(answers: Mapping[str, Any], *, problems: tuple[str, ...] = ()) -> FetchedPage:
    return checked_page(Catalogue.KITSU, answers, shapes=SHAPES, problems=problems)
