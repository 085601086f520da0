"""Pages made for people, of catalogues that offer nothing else."""

from typing import Final

from sources.http import NotSupported, Response
from sources.json_api import JsonApi
from sources.keeping import Keep

HTML: Final = "text/html"

_REDIRECTS: Final = 1
"""Within the site: from a page's number to the same with its title."""


def web_page(api: JsonApi, path: str, *, keep: Keep, live: bool) -> Response:
    """Raises:
    NotSupported: live, and this stack does not ask for pages of the site.
    AnimeError: as ``JsonApi.get_document``.
    """
    try:
        return api.get_document(
            path, media_types=frozenset({HTML}), keep=keep, recorded_only=not live, redirects=_REDIRECTS
        )
    except NotSupported:
        raise NotSupported(
            f"{api.catalogue}: has no interface for programs, and its pages are asked for only where pageCatalogues "
            "names it; read the site's terms first"
        ) from None
