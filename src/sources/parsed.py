"""Catalogues whose live answers are not parsed by this version: only replays of parsed answers are read."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.events import Catalogue
from sources.json_api import JsonApi
from sources.paging import expect_object, own_id
from workflows.ports import FetchedPage


def fetch_parsed(
    api: JsonApi, catalogue: Catalogue, path: str, query: Mapping[str, str | int] | None = None
) -> Mapping[str, Any]:
    """The parsed answer.

    Raises:
        NotSupported: live.
        NotRecorded: the replay has none.
    """
    return expect_object(api.get(path, query, recorded_only=True), f"{catalogue} anime")


def anime_page(api: JsonApi, catalogue: Catalogue, sources: Sequence[str]) -> FetchedPage:
    """The one page ``/anime/<id or slug>``."""
    anime = own_id(catalogue, sources)
    return FetchedPage(answers={"anime": fetch_parsed(api, catalogue, f"/anime/{anime}")}, cursor=None)
