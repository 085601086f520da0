"""All catalogues' clients over one transport."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from models.events import Catalogue
from sources import anidb, anilist, animeplanet, animeschedule, anisearch, jikan, kitsu
from sources.dated import DatedClient
from sources.http import HttpTransport, Sleep
from sources.json_api import JsonApi, RetryPolicy
from sources.kept_answers import KeptAnswers, SharedAnswers
from sources.manners import MANNERS
from workflows.catalogue_counts import CatalogueCounts
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

PLAIN_HTTP_HOSTS: Final = frozenset({"api.anidb.net"})
"""That offer nothing else; what goes there and comes back is public."""

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


def _for_ever() -> float:
    return math.inf


def catalogue_clients(
    transport: HttpTransport,
    base_urls: Mapping[Catalogue, str],
    secrets: Mapping[str, str],
    *,
    sleep: Sleep,
    clock: Clock = _utc_now,
    policy: RetryPolicy | None = None,
    answers: SharedAnswers | None = None,
    counts: CatalogueCounts | None = None,
    remaining: Callable[[], float] = _for_ever,
) -> Mapping[Catalogue, CatalogueClient]:
    """``base_urls`` override the defaults; ``secrets`` are an application token of ``animeschedule`` and, for a Jikan
    service that gives them out, a server key of ``jikan``. Both by catalogue. ``clock`` reads the dates of
    ``Retry-After``. With ``answers`` those kept before are given. ``remaining``: seconds that the function has left."""

    def client_of(catalogue: Catalogue) -> CatalogueClient:
        manners = MANNERS[catalogue]
        kept = None
        if answers is not None:
            kept = KeptAnswers(
                catalogue,
                answers,
                counts=counts or CatalogueCounts(),
                clock=clock,
                sleep=sleep,
                at_least=manners.same_item_after or 0.0,
            )
        # Where the same is not asked for twice a day, a second attempt would only be refused by ourselves.
        attempts = RetryPolicy() if manners.same_item_after is None else RetryPolicy(attempts=1)
        api = JsonApi(
            catalogue=catalogue,
            base_url=base_urls.get(catalogue, BASE_URLS[catalogue]),
            transport=transport,
            headers=_headers(catalogue, secrets),
            sleep=sleep,
            clock=clock,
            policy=policy or attempts,
            answers=kept,
            remaining=remaining,
        )
        client = _CLIENTS[catalogue](api)
        return client if kept is None else DatedClient(client=client, api=api, answers=kept)

    return {catalogue: client_of(catalogue) for catalogue in _CLIENTS}


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
