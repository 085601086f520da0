"""Which catalogue knows an anime under which id, told by its source URLs."""

from collections.abc import Sequence
from typing import Final

from models.events import Catalogue
from models.ids import source_host

PAGE_HOSTS: Final = {
    Catalogue.JIKAN: ("myanimelist.net",),
    Catalogue.ANILIST: ("anilist.co", "myanimelist.net"),
    Catalogue.KITSU: ("kitsu.app",),
    Catalogue.ANIDB: ("anidb.net",),
    Catalogue.ANIMEPLANET: ("anime-planet.com",),
    Catalogue.ANISEARCH: ("anisearch.com",),
    Catalogue.ANIMESCHEDULE: ("animeschedule.net", "myanimelist.net", "anilist.co", "anidb.net"),
}
"""By catalogue, the hosts by whose ids an anime can be asked for, best first."""


def known_catalogues(sources: Sequence[str]) -> tuple[Catalogue, ...]:
    """The catalogues that can be asked about an anime with these canonical source URLs."""
    hosts = {source_host(url) for url in sources}
    return tuple(catalogue for catalogue, pages in PAGE_HOSTS.items() if hosts.intersection(pages))


def page_id(sources: Sequence[str], host: str) -> str | None:
    """The id or slug on a host: the last part of the first of its URLs by alphabet; None where there is none."""
    urls = sorted(url for url in sources if source_host(url) == host)
    return urls[0].rpartition("/")[2] if urls else None
