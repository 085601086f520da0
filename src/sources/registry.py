"""All catalogues' clients over one transport."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from models.events import Catalogue
from sources import anidb, anilist, animeplanet, animeschedule, anisearch, jikan, kitsu
from sources.http import HttpTransport, Sleep
from sources.json_api import JsonApi, RetryPolicy
from workflows.ports import CatalogueClient, Clock

BASE_URLS: Final[Mapping[Catalogue, str]] = {
    Catalogue.JIKAN: jikan.BASE_URL,
    Catalogue.ANILIST: anilist.BASE_URL,
    Catalogue.KITSU: kitsu.BASE_URL,
    Catalogue.ANIDB: anidb.BASE_URL,
    Catalogue.ANIMEPLANET: animeplanet.BASE_URL,
    Catalogue.ANISEARCH: anisearch.BASE_URL,
    Catalogue.ANIMESCHEDULE: animeschedule.BASE_URL,
}

SECONDS_BETWEEN_REQUESTS: Final[Mapping[str, float]] = {
    Catalogue.JIKAN: 1.0,
    Catalogue.ANILIST: 2.0,
    Catalogue.KITSU: 1.0,
    Catalogue.ANIDB: 2.5,
    Catalogue.ANIMEPLANET: 1.0,
    Catalogue.ANISEARCH: 1.0,
    Catalogue.ANIMESCHEDULE: 1.0,
}
"""For ``PacedTransport`` around a live transport: 60 and 30 a minute are what Jikan's and AniList's services allow; the
others publish no figure, but AniDB's 2 seconds."""

_CLIENTS: Final[Mapping[Catalogue, Callable[[JsonApi], CatalogueClient]]] = {
    Catalogue.JIKAN: lambda api: jikan.JikanClient(api=api),
    Catalogue.ANILIST: lambda api: anilist.AniListClient(api=api),
    Catalogue.KITSU: lambda api: kitsu.KitsuClient(api=api),
    Catalogue.ANIDB: lambda api: anidb.AniDbClient(api=api),
    Catalogue.ANIMEPLANET: lambda api: animeplanet.AnimePlanetClient(api=api),
    Catalogue.ANISEARCH: lambda api: anisearch.AniSearchClient(api=api),
    Catalogue.ANIMESCHEDULE: lambda api: animeschedule.AnimeScheduleClient(api=api),
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


def catalogue_clients(
    transport: HttpTransport,
    base_urls: Mapping[Catalogue, str],
    secrets: Mapping[str, str],
    *,
    sleep: Sleep,
    clock: Clock = _utc_now,
    policy: RetryPolicy | None = None,
) -> Mapping[Catalogue, CatalogueClient]:
    """``base_urls`` override the defaults; ``secrets`` are an application token of ``animeschedule`` and, for a Jikan
    service that gives them out, a server key of ``jikan``. Both by catalogue. ``clock`` reads the dates of
    ``Retry-After``."""
    return {
        catalogue: make(
            JsonApi(
                catalogue=catalogue,
                base_url=base_urls.get(catalogue, BASE_URLS[catalogue]),
                transport=transport,
                headers=_headers(catalogue, secrets),
                sleep=sleep,
                clock=clock,
                policy=policy or RetryPolicy(),
            )
        )
        for catalogue, make in _CLIENTS.items()
    }


def _headers(catalogue: Catalogue, secrets: Mapping[str, str]) -> dict[str, str]:
    secret = secrets.get(catalogue)
    match catalogue:
        case Catalogue.KITSU:
            return {"Accept": kitsu.MEDIA_TYPE}
        case Catalogue.ANIMESCHEDULE if secret:
            return {"Authorization": f"Bearer {secret}"}
        case Catalogue.JIKAN if secret:
            return {"X-Server-Key": secret}
    return {}
