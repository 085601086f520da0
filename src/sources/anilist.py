"""AniList's GraphQL API (https://docs.anilist.co), by AniList's id or MyAnimeList's.

Steps: the anime, then the pages of its characters, of its staff and of its airing schedule; 25 a page are the most it
gives.

For one episode: the anime, which has the moments to come; the moment of the episode.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from domain.catalogues import page_id
from models.errors import BadInput, Malformed, NotFound
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
    page_number,
    split_cursor,
    unknown_cursor,
    whole_number,
)
from sources.shapes import Shape, shape
from workflows.ports import FetchedPage

T = TypeVar("T")

BASE_URL: Final = "https://graphql.anilist.co"

_MANY: Final = 50
"""The most that it gives on one page of anime."""

_PERSON: Final = """
      id name { full native alternative } image { large } description primaryOccupations gender
      dateOfBirth { year month day } age yearsActive homeTown bloodType favourites"""

_MEDIA: Final = """{
    id idMal title { romaji english native userPreferred } description source(version: 3) format episodes duration
    status(version: 2)
    season seasonYear startDate { year month day } endDate { year month day } countryOfOrigin isAdult
    coverImage { extraLarge large } bannerImage trailer { id site thumbnail }
    averageScore meanScore popularity favourites trending genres synonyms
    tags { id name description category rank isGeneralSpoiler isMediaSpoiler isAdult }
    relations { edges { relationType(version: 2) node { id type format status title { romaji english } } } }
    studios { edges { isMain node { id name isAnimationStudio } } }
    externalLinks { id url site type language }
    streamingEpisodes { title thumbnail url site }
    nextAiringEpisode { episode airingAt }
    airingSchedule(notYetAired: true) { edges { node { episode airingAt } } }
    rankings { rank type format year season allTime context }
    stats { scoreDistribution { score amount } statusDistribution { status amount } }
    updatedAt
  }"""

ANIME_QUERY: Final = f"""query Anime($id: Int, $idMal: Int) {{
  Media(id: $id, idMal: $idMal, type: ANIME) {_MEDIA}
}}"""

MANY_QUERY: Final = f"""query Many($ids: [Int], $malIds: [Int]) {{
  Page(page: 1, perPage: 50) {{
    media(id_in: $ids, idMal_in: $malIds, type: ANIME) {_MEDIA}
  }}
}}"""

CHARACTERS_QUERY: Final = f"""query Characters($id: Int, $idMal: Int, $page: Int) {{
  Media(id: $id, idMal: $idMal, type: ANIME) {{
    characters(page: $page, perPage: 25, sort: [ROLE, RELEVANCE, ID]) {{
      pageInfo {{ hasNextPage }}
      edges {{
        role
        node {{
          id name {{ full native alternative }} image {{ large }} description gender
          dateOfBirth {{ year month day }} age bloodType favourites
        }}
        voiceActors(sort: [RELEVANCE, ID]) {{ languageV2{_PERSON}
        }}
      }}
    }}
  }}
}}"""

STAFF_QUERY: Final = f"""query Staff($id: Int, $idMal: Int, $page: Int) {{
  Media(id: $id, idMal: $idMal, type: ANIME) {{
    staff(page: $page, perPage: 25, sort: [RELEVANCE, ID]) {{
      pageInfo {{ hasNextPage }}
      edges {{
        role
        node {{{_PERSON}
        }}
      }}
    }}
  }}
}}"""

SCHEDULE_QUERY: Final = """query Schedule($id: Int, $idMal: Int, $page: Int) {
  Media(id: $id, idMal: $idMal, type: ANIME) {
    airingSchedule(page: $page, perPage: 25) {
      pageInfo { hasNextPage }
      edges { node { episode airingAt } }
    }
  }
}"""

AIRING_QUERY: Final = """query Airing($id: Int, $episode: Int) {
  Page(page: 1, perPage: 25) {
    airingSchedules(mediaId: $id, episode: $episode) { episode airingAt }
  }
}"""

_DATE: Final = "(year month day)"
_PERSON_SHAPE: Final = f"""id:int! name:object!(full native alternative:list) image(large medium) description
    primaryOccupations:list gender dateOfBirth{_DATE} age yearsActive:list homeTown bloodType favourites"""

SHAPES: Final[Mapping[str, Shape]] = {
    "anime": shape(
        f"""id:int! idMal title:object!(romaji english native userPreferred) description source format episodes duration
        status season seasonYear startDate{_DATE} endDate{_DATE} countryOfOrigin isAdult hashtag
        coverImage(extraLarge large medium color) bannerImage trailer(id site thumbnail) averageScore meanScore
        popularity favourites trending genres:list synonyms:list
        tags(id name:text! description category rank isGeneralSpoiler isMediaSpoiler isAdult)
        relations(edges(relationType node:object!(id:int! type format status title(romaji english native))))
        studios(edges(isMain node(id name:text isAnimationStudio)))
        externalLinks(id url site type language color icon notes isDisabled siteId)
        streamingEpisodes(title thumbnail url site) nextAiringEpisode(episode:int! airingAt:int! timeUntilAiring)
        airingSchedule(edges(node:object!(episode:int! airingAt:int!)))
        rankings(id rank type format year season allTime context)
        stats(scoreDistribution(score:int! amount:int!) statusDistribution(status:text! amount:int!)) updatedAt"""
    ),
    "characters": shape(
        f"""role node:object!(id:int! name:object!(full native alternative:list alternativeSpoiler:list)
        image(large medium) description gender dateOfBirth{_DATE} age bloodType favourites) voiceActorRoles*
        voiceActors(languageV2 {_PERSON_SHAPE})"""
    ),
    "staff": shape(f"role node:object!({_PERSON_SHAPE})"),
    "schedule": shape("node:object!(episode:int! airingAt:int!)"),
}


@dataclass(frozen=True, kw_only=True)
class _Paged:
    """``member`` of ``Media`` that holds the pages."""

    operation: str
    query: str
    member: str
    keep: Kind
    id_of: Callable[[Mapping[str, Any]], Any]
    then: str | None


def _node_id(edge: Mapping[str, Any]) -> Any:
    return edge["node"]["id"]


def _episode_number(edge: Mapping[str, Any]) -> Any:
    return edge["node"]["episode"]


_PAGED: Final = {
    "characters": _Paged(
        operation="Characters",
        query=CHARACTERS_QUERY,
        member="characters",
        keep=Kind.CHARACTERS,
        id_of=_node_id,
        then="staff:1",
    ),
    "staff": _Paged(
        operation="Staff", query=STAFF_QUERY, member="staff", keep=Kind.STAFF, id_of=_node_id, then="schedule:1"
    ),
    "schedule": _Paged(
        operation="Schedule",
        query=SCHEDULE_QUERY,
        member="airingSchedule",
        keep=Kind.EPISODES,
        id_of=_episode_number,
        then=None,
    ),
}
"""By step, which is also the kind of the answers."""


@dataclass(frozen=True, kw_only=True)
class AniListClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        which = _variables(sources)
        if cursor is None:
            page = _read_anime(self.api.post("/", _body("Anime", ANIME_QUERY, which), keep=_keep(which)))
            return going_on(page, "characters:1" if episode is None else _airing_of(page, episode))
        step, position = split_cursor(cursor)
        if step == "airing" and episode is not None:
            media = page_number(position)
            return later_step(f"airing of episode {episode}", lambda: self._airing(which, media, episode), then=None)
        if step not in _PAGED:
            raise unknown_cursor(Catalogue.ANILIST)
        return self._step(step, Place.parse(position), which)

    def warm(self, animes: Iterable[Sequence[str]]) -> int:
        """Asks for many anime at once, given by their sources, and keeps the answers for whoever asks for one of them:
        50 in one request instead of one each. How many are kept; none where the stack keeps no answers.

        Raises:
            AnimeError: as ``fetch``; what was kept before stays.
        """
        wanted: dict[str, dict[int, Mapping[str, int]]] = {"id": {}, "idMal": {}}
        for sources in animes if self.api.keeps else ():
            with suppress(NotFound, BadInput):
                which = _variables(sources)
                wanted[next(iter(which))].update(dict.fromkeys(which.values(), which))
        return sum(
            self._warm(name, dict(part)) for name, found in wanted.items() for part in _parts(list(found.items()))
        )

    def _warm(self, name: str, wanted: Mapping[int, Mapping[str, int]]) -> int:
        variables = {"ids" if name == "id" else "malIds": list(wanted)}
        answer = self.api.post("/", _body("Many", MANY_QUERY, variables))
        kept = 0
        for media in _medias(answer):
            number = media.get(name)
            which = wanted.get(number) if isinstance(number, int) else None
            if which is not None:
                body = _body("Anime", ANIME_QUERY, which)
                # One that cannot be read is asked for by itself when its turn comes, and then it is told.
                with suppress(Malformed):
                    self.api.keep_post("/", body, {"data": {"Media": media}}, _keep(which))
                    kept += 1
        return kept

    def _step(self, step: str, place: Place, which: Mapping[str, int]) -> FetchedPage:
        paged = _PAGED[step]

        def connection(answer: object) -> Mapping[str, Any]:
            return expect_object(_media(answer).get(paged.member), Catalogue.ANILIST, step)

        def read(answer: object) -> FetchedPage:
            return _page({step: expect_list(connection(answer).get("edges"), Catalogue.ANILIST, step)}, rows=step)

        def ask() -> Listed:
            item = f"{_item(which)}:{step}:{place.position}"
            keep = Keep(item=item, kind=paged.keep, of=_item(which), check=read)
            body = _body(paged.operation, paged.query, {**which, "page": place.position})
            answer = self.api.post("/", body, keep=keep)
            page, info = read(answer), connection(answer).get("pageInfo")
            more = isinstance(info, dict) and info.get("hasNextPage") is True
            return Listed(page=page, ids=[paged.id_of(edge) for edge in page.answers[step]], more=more)

        return listed_step(
            f"{step}, page {place.position}",
            ask,
            place=place,
            behind=place.position + 1,
            cursor=lambda next_one: f"{step}:{next_one}",
            then=lambda _: paged.then,
        )

    def _airing(self, which: Mapping[str, int], media: int, episode: str) -> FetchedPage:
        def read(answer: object) -> FetchedPage:
            found = expect_list(_list_page(answer).get("airingSchedules"), Catalogue.ANILIST, "schedule")
            return _page({"schedule": [{"node": moment} for moment in found]}, rows="schedule")

        item, number = _item(which), whole_number(episode)
        keep = Keep(item=f"{item}:airing:{number}", kind=Kind.EPISODES, of=item, check=read)
        body = _body("Airing", AIRING_QUERY, {"id": media, "episode": number})
        return read(self.api.post("/", body, keep=keep))


def _airing_of(page: FetchedPage, episode: str) -> str | None:
    """A special has no place in the schedule."""
    return None if whole_number(episode) is None else f"airing:{page.answers['anime']['id']}"


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]


def _keep(which: Mapping[str, int]) -> Keep:
    return Keep(item=_item(which), kind=Kind.ANIME, airing=_airs, check=_read_anime)


def _body(operation: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"operationName": operation, "query": query, "variables": dict(variables)}


def _media(answer: object) -> Mapping[str, Any]:
    return expect_object(_data(answer).get("Media"), Catalogue.ANILIST, "data.Media")


def _medias(answer: object) -> list[Mapping[str, Any]]:
    found = expect_list(_list_page(answer).get("media"), Catalogue.ANILIST, "data.Page.media")
    return [media for media in found if isinstance(media, dict)]


def _list_page(answer: object) -> Mapping[str, Any]:
    return expect_object(_data(answer).get("Page"), Catalogue.ANILIST, "data.Page")


def _data(answer: object) -> Mapping[str, Any]:
    """Raises:
    NotFound, Malformed: as the GraphQL errors say.
    """
    found = expect_object(answer, Catalogue.ANILIST, "answer")
    errors = found.get("errors")
    if errors:
        raise _graphql_error(errors)
    return expect_object(found.get("data"), Catalogue.ANILIST, "data")


def _airs(answer: object) -> bool:
    return _media(answer).get("status") == "RELEASING"


def _read_anime(answer: object) -> FetchedPage:
    return _page({"anime": _media(answer)})


def _page(answers: Mapping[str, Any], *, rows: str | None = None) -> FetchedPage:
    return checked_page(Catalogue.ANILIST, answers, shapes=SHAPES, rows=rows)


def _variables(sources: Sequence[str]) -> dict[str, int]:
    """Raises:
    NotFound: neither site has a page of the anime.
    """
    for name, host in (("id", "anilist.co"), ("idMal", "myanimelist.net")):
        found = page_id(sources, host)
        if found is not None:
            if not found.isdecimal():
                raise BadInput(f"the page on {host} has no number")
            return {name: int(found)}
    raise NotFound("anilist: the anime has no page there, and none on MyAnimeList")


def _item(which: Mapping[str, int]) -> str:
    return f"media:{which['id']}" if "id" in which else f"media:mal-{which['idMal']}"


def _graphql_error(errors: object) -> NotFound | Malformed:
    """AniList answers a missing anime with status 404 in the error, also where HTTP says 200."""
    first = errors[0] if isinstance(errors, list) and errors else None
    status = first.get("status") if isinstance(first, dict) else None
    if status == 404:
        return NotFound("anilist: does not know the anime")
    return Malformed(f"anilist: answers a GraphQL error (status {status if isinstance(status, int) else 'none'})")
