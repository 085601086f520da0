"""AnimeSchedule v3 (https://animeschedule.net/api/v3/documentation), with an application token.

By its own page, else by the ids of the other catalogues, one after the other: not each of its entries has them all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from domain.catalogues import page_id
from models.errors import NotFound
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import checked_page, expect_list, expect_object
from sources.shapes import Shape, shape
from workflows.ports import FetchedPage

BASE_URL: Final = "https://animeschedule.net/api/v3"

_BY_IDS: Final = (("mal-ids", "myanimelist.net"), ("anilist-ids", "anilist.co"), ("anidb-ids", "anidb.net"))
_NAMED: Final = "(name route)"
_OVERRIDE: Final = "(overrideDate overrideEpisode episodesAired)"

SHAPES: Final[Mapping[str, Shape]] = {
    "anime": shape(
        f"""id title:text! route:text! premier subPremier dubPremier month year season(title year season route)
        episodeOverride{_OVERRIDE} subEpisodeOverride{_OVERRIDE} dubEpisodeOverride{_OVERRIDE} delayedTimetable
        delayedDesc delayedFrom delayedUntil subDelayedTimetable subDelayedDesc subDelayedFrom subDelayedUntil
        dubDelayedTimetable dubDelayedDesc dubDelayedFrom dubDelayedUntil jpnTime subTime dubTime description
        genres{_NAMED} studios{_NAMED} sources{_NAMED} mediaTypes{_NAMED} episodes lengthMin status imageVersionRoute
        stats(averageScore ratingCount trackedCount trackedRating colorLightMode colorDarkMode)
        names(romaji english native abbreviation synonyms:list)
        relations(sequels:list prequels:list parents:list alternatives:list other:list sideStories:list spinoffs:list
        summaries:list source:list) websites* days*"""
    )
}


@dataclass(frozen=True, kw_only=True)
class AnimeScheduleClient:
    """Next airing, delays and overrides come with the anime; there is one step."""

    api: JsonApi

    def fetch(
        self,
        sources: Sequence[str],
        *,
        cursor: str | None,  # noqa: ARG002 - one step only
        episode: str | None = None,  # noqa: ARG002 - as much for one episode
    ) -> FetchedPage:
        unknown = NotFound("animeschedule: no id is known by which to ask for the anime")
        for ask in self._ways(sources):
            try:
                return ask()
            except NotFound as error:
                unknown = error
        raise unknown

    def _ways(self, sources: Sequence[str]) -> Iterator[Callable[[], FetchedPage]]:
        """The best first. What is not known by one id is remembered as any other answer, so the next execution soon
        after asks by the one that worked alone."""
        route = page_id(sources, "animeschedule.net")
        if route is not None:
            yield partial(self._ask, f"anime:{route}", f"/anime/{route}", {}, _anime)
        for parameter, host in _BY_IDS:
            identifier = page_id(sources, host)
            if identifier is not None:
                query = {parameter: identifier}
                yield partial(self._ask, f"{parameter}:{identifier}", "/anime", query, _first)

    def _ask(
        self, item: str, path: str, query: Mapping[str, str], found: Callable[[object], Mapping[str, Any]]
    ) -> FetchedPage:
        def read(answer: object) -> FetchedPage:
            return checked_page(Catalogue.ANIMESCHEDULE, {"anime": found(answer)}, shapes=SHAPES)

        return read(self.api.get(path, query, keep=Keep(item=item, kind=Kind.TIMETABLE, check=read)))


def _anime(answer: object) -> Mapping[str, Any]:
    return expect_object(answer, Catalogue.ANIMESCHEDULE, "anime")


def _first(answer: object) -> Mapping[str, Any]:
    """Raises:
    NotFound: nothing was found.
    """
    found = expect_object(answer, Catalogue.ANIMESCHEDULE, "search")
    if not found.get("totalAmount") and not found.get("anime"):
        raise NotFound("animeschedule: does not know the anime")
    listed = expect_list(found.get("anime"), Catalogue.ANIMESCHEDULE, "search.anime")
    return _anime(listed[0] if listed else None)
