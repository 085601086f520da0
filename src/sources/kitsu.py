"""Kitsu's JSON:API (https://kitsu.docs.apiary.io), by number or slug.

Steps: the anime with its categories, ids elsewhere, streaming links, relations and companies; the pages of its
episodes; the pages of its characters with their voices; the pages of its staff. A page has 20 resources, the most that
the API gives; the link ``next`` says whether there are more.

For one episode: the anime; the page of episodes that has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import NotFound
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import (
    Listed,
    Place,
    checked_page,
    expect_list,
    expect_object,
    going_on,
    later_step,
    listed_step,
    own_id,
    page_number,
    split_cursor,
    unknown_cursor,
    whole_number,
)
from sources.shapes import Shape, shape
from workflows.ports import FetchedPage

BASE_URL: Final = "https://kitsu.app/api/edge"
PAGE_SIZE: Final = 20

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
class _Paged:
    """``path`` of the list below the anime, and the step behind it."""

    path: str
    query: Mapping[str, str]
    keep: Kind
    included: Mapping[str, tuple[str, ...]]
    then: str | None


_PAGED: Final = {
    "episodes": _Paged(path="episodes", query={}, keep=Kind.EPISODES, included={}, then="characters"),
    "characters": _Paged(
        path="characters",
        query={"include": CHARACTERS_INCLUDE},
        keep=Kind.CHARACTERS,
        included=_WITH_CHARACTERS,
        then="staff",
    ),
    "staff": _Paged(
        path="anime-staff", query={"include": STAFF_INCLUDE}, keep=Kind.STAFF, included=_WITH_STAFF, then=None
    ),
}
"""By step, which is also the kind of the answers."""

_ELSEWHERE: Final = "other_episodes"
"""The step after a page that does not have the episode, where its numbers say which one does."""


@dataclass(frozen=True, kw_only=True)
class KitsuClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        page = own_id(Catalogue.KITSU, sources)
        if cursor is None:
            return self._anime(page, episode)
        step, position = split_cursor(cursor)
        anime, _, at = position.partition(":")
        number, place = page_number(anime), Place.parse(at)
        if step == _ELSEWHERE or (step == "episodes" and episode is not None):
            return self._around(page, number, place.position, None if step == _ELSEWHERE else episode)
        if step in _PAGED:
            return self._step(page, number, step, place)
        raise unknown_cursor(Catalogue.KITSU)

    def _anime(self, page: str, episode: str | None) -> FetchedPage:
        """A page's slug is looked up; every later step goes by number."""

        def read(answer: object) -> FetchedPage:
            return _page({"anime": _one(answer), **_included(answer, _WITH_ANIME)})

        keep = Keep(item=f"anime:{page}", kind=Kind.ANIME, airing=_airs, check=read)
        query = {"include": ANIME_INCLUDE}
        if page.isdecimal():
            fetched = read(self.api.get(f"/anime/{page}", query, keep=keep))
        else:
            fetched = read(self.api.get("/anime", {"filter[slug]": page, **query}, keep=keep))
        start = 0 if episode is None else _page_of(whole_number(episode))
        return going_on(fetched, None if start is None else f"episodes:{fetched.answers['anime']['id']}:{start}")

    def _step(self, page: str, anime: int, step: str, place: Place) -> FetchedPage:
        behind, then = place.position + PAGE_SIZE, _PAGED[step].then
        return listed_step(
            _from(step, place.position),
            lambda: self._listed(page, anime, step, place.position)[0],
            place=place,
            behind=behind,
            cursor=lambda next_one: f"{step}:{anime}:{next_one}",
            then=lambda _: None if then is None else f"{then}:{anime}:0",
        )

    def _around(self, page: str, anime: int, offset: int, episode: str | None) -> FetchedPage:
        """``episode`` None: wherever it is, the list is not looked through further."""

        def ask() -> FetchedPage:
            listed, count = self._listed(page, anime, "episodes", offset)
            start = None if episode is None else _elsewhere(listed.page, offset, count, whole_number(episode))
            return going_on(listed.page, None if start is None else f"{_ELSEWHERE}:{anime}:{start}")

        return later_step(_from("episodes", offset), ask, then=None)

    def _listed(self, page: str, anime: int, step: str, offset: int) -> tuple[Listed, int]:
        """``page`` is the anime as its own answer is kept. With how many resources the whole list has, 0 where nobody
        says."""
        paged = _PAGED[step]

        def read(answer: object) -> FetchedPage:
            included = _included(answer, paged.included)
            found = _list(_object(answer), step)
            nameless = len(found) - len(included.get("character_resources", found))
            problems = (f"{_from(step, offset)}: {nameless} links without names",) if nameless > 0 else ()
            return _page({step: found, **included}, rows=step, problems=problems)

        keep = Keep(item=f"anime:{anime}:{paged.path}:{offset}", kind=paged.keep, of=f"anime:{page}", check=read)
        pages: Mapping[str, str | int] = {**paged.query, "page[limit]": PAGE_SIZE, "page[offset]": offset}
        answer = self.api.get(f"/anime/{anime}/{paged.path}", pages, keep=keep)
        fetched = read(answer)
        ids = [int(resource["id"]) for resource in fetched.answers[step]]
        links, meta = answer.get("links"), answer.get("meta")
        more = isinstance(links, dict) and bool(links.get("next"))
        count = meta.get("count") if isinstance(meta, dict) else None
        # A server may give fewer than it was asked for; the next ones then begin there.
        behind = offset + len(_list(answer, step))
        return Listed(page=fetched, ids=ids, more=more, behind=behind), count if isinstance(count, int) else 0


def _from(step: str, offset: int) -> str:
    return f"{step} from {offset + 1} on"


def _page_of(number: int | None) -> int | None:
    """Offset of the page that has the episode, where the numbers begin at 1 and none is missing."""
    return None if number is None else max(0, number - 1) // PAGE_SIZE * PAGE_SIZE


def _elsewhere(page: FetchedPage, offset: int, count: int, number: int | None) -> int | None:
    """Offset of another page that should have the episode, by the numbers on this one; of the last, where this one is
    behind the end."""
    numbers = [resource["attributes"].get("number") for resource in page.answers["episodes"]]
    known = [one for one in numbers if isinstance(one, int)]
    if number is None or number in known or not (known or count > 0):
        return None
    start = offset + number - known[0] if known else count - 1
    other = _page_of(min(start, count - 1 if count > 0 else start) + 1)
    return None if other == offset else other


def _object(answer: object) -> Mapping[str, Any]:
    return expect_object(answer, Catalogue.KITSU, "answer")


def _list(answer: Mapping[str, Any], kind: str) -> list[Any]:
    return expect_list(answer.get("data"), Catalogue.KITSU, kind)


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


def _page(answers: Mapping[str, Any], *, rows: str | None = None, problems: tuple[str, ...] = ()) -> FetchedPage:
    return checked_page(Catalogue.KITSU, answers, shapes=SHAPES, rows=rows, problems=problems)
