"""AniDB's HTTP API (https://wiki.anidb.net/HTTP_API_Definition). Its XML is not parsed by this version, which reads
replays of parsed answers; live it is not asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.events import Catalogue
from sources.json_api import JsonApi
from sources.paging import own_id
from sources.parsed import fetch_parsed
from workflows.ports import FetchedPage

BASE_URL: Final = "http://api.anidb.net:9001"


@dataclass(frozen=True, kw_only=True)
class AniDbClient:
    api: JsonApi

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:  # noqa: ARG002 - one step only
        query = {"request": "anime", "aid": own_id(Catalogue.ANIDB, sources)}
        anime = fetch_parsed(self.api, Catalogue.ANIDB, "/httpapi", query)
        problems = () if anime.get("episodes") else ("episodes: the recorded answer has none",)
        return FetchedPage(answers={"anime": anime}, cursor=None, problems=problems)
