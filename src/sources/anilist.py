"""AniList's GraphQL API (https://docs.anilist.co), by AniList's id or MyAnimeList's.

Steps: the anime, the pages of its characters, the pages of its staff; 25 edges a page are the most it gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.catalogues import page_id
from models.errors import BadInput, Malformed, NotFound
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.paging import expect_list, expect_object, later_step, page_number, split_cursor, unknown_cursor
from workflows.ports import FetchedPage

BASE_URL: Final = "https://graphql.anilist.co"

_PERSON: Final = """
      id name { full native alternative } image { large } description primaryOccupations gender
      dateOfBirth { year month day } age yearsActive homeTown bloodType favourites"""

ANIME_QUERY: Final = """query Anime($id: Int, $idMal: Int) {
  Media(id: $id, idMal: $idMal, type: ANIME) {
    id idMal title { romaji english native userPreferred } description source format episodes duration status
    season seasonYear startDate { year month day } endDate { year month day } countryOfOrigin isAdult
    coverImage { extraLarge large } bannerImage trailer { id site thumbnail }
    averageScore meanScore popularity favourites trending genres synonyms
    tags { id name description category rank isGeneralSpoiler isMediaSpoiler isAdult }
    relations { edges { relationType node { id type format status title { romaji english } } } }
    studios { edges { isMain node { id name isAnimationStudio } } }
    externalLinks { id url site type language }
    streamingEpisodes { title thumbnail url site }
    nextAiringEpisode { episode airingAt }
    airingSchedule(notYetAired: true) { edges { node { episode airingAt } } }
    rankings { rank type format year season allTime context }
    stats { scoreDistribution { score amount } statusDistribution { status amount } }
    updatedAt
  }
}"""

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
        voiceActors(language: JAPANESE) {{{_PERSON}
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

_PAGED: Final = {"characters": ("Characters", CHARACTERS_QUERY), "staff": ("Staff", STAFF_QUERY)}
_AFTER: Final = {"characters": "staff:1", "staff": None}


@dataclass(frozen=True, kw_only=True)
class AniListClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:
        which = _variables(sources)
        if cursor is None:
            return FetchedPage(answers={"anime": self._media("Anime", ANIME_QUERY, which)}, cursor="characters:1")
        step, position = split_cursor(cursor)
        if step not in _PAGED:
            raise unknown_cursor(Catalogue.ANILIST)
        page = page_number(position)
        return later_step(f"{step}, page {page}", lambda: self._page(step, page, which), then=_AFTER[step])

    def _page(self, step: str, page: int, which: Mapping[str, int]) -> FetchedPage:
        operation, query = _PAGED[step]
        media = self._media(operation, query, {**which, "page": page})
        connection = expect_object(media.get(step), f"anilist {step}")
        edges = expect_list(connection.get("edges"), f"anilist {step}")
        info = connection.get("pageInfo")
        more = isinstance(info, dict) and info.get("hasNextPage") is True and bool(edges)
        return FetchedPage(answers={step: edges}, cursor=f"{step}:{page + 1}" if more else _AFTER[step])

    def _media(self, operation: str, query: str, variables: Mapping[str, int]) -> Mapping[str, Any]:
        answer = expect_object(
            self.api.post("/", {"operationName": operation, "query": query, "variables": dict(variables)}),
            "anilist",
        )
        errors = answer.get("errors")
        if errors:
            raise _graphql_error(errors)
        data = expect_object(answer.get("data"), "anilist data")
        return expect_object(data.get("Media"), "anilist Media")


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


def _graphql_error(errors: object) -> NotFound | Malformed:
    """AniList answers a missing anime with status 404 in the error, also where HTTP says 200."""
    first = errors[0] if isinstance(errors, list) and errors else None
    status = first.get("status") if isinstance(first, dict) else None
    if status == 404:
        return NotFound("anilist: does not know the anime")
    return Malformed(f"anilist: answers a GraphQL error (status {status if isinstance(status, int) else 'none'})")
