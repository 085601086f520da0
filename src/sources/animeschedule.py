"""AnimeSchedule v3 (https://animeschedule.net/api/v3/documentation), with an application token.

By its own page, else by the ids of another catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.catalogues import page_id
from models.errors import NotFound
from sources.json_api import JsonApi
from sources.paging import expect_list, expect_object
from workflows.ports import FetchedPage

BASE_URL: Final = "https://animeschedule.net/api/v3"

_BY_IDS: Final = (("mal-ids", "myanimelist.net"), ("anilist-ids", "anilist.co"), ("anidb-ids", "anidb.net"))


@dataclass(frozen=True, kw_only=True)
class AnimeScheduleClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:  # noqa: ARG002 - one step only
        return FetchedPage(answers={"anime": self._anime(sources)}, cursor=None)

    def _anime(self, sources: Sequence[str]) -> Any:
        route = page_id(sources, "animeschedule.net")
        if route is not None:
            return expect_object(self.api.get(f"/anime/{route}"), "animeschedule anime")
        for parameter, host in _BY_IDS:
            identifier = page_id(sources, host)
            if identifier is not None:
                return self._search(parameter, identifier)
        raise NotFound("animeschedule: no id is known by which to ask for the anime")

    def _search(self, parameter: str, identifier: str) -> Any:
        answer = expect_object(self.api.get("/anime", {parameter: identifier}), "animeschedule search")
        if not answer.get("totalAmount") and not answer.get("anime"):
            raise NotFound("animeschedule: does not know the anime")
        found = expect_list(answer.get("anime"), "animeschedule search")
        return expect_object(found[0] if found else None, "animeschedule search")
