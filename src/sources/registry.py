"""All catalogues' clients over one transport."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import orjson

from models.events import Catalogue
from sources import anidb, anilist, animeplanet, animeschedule, anisearch, jikan, kitsu
from sources.counted import CountedClient
from sources.dated import DatedClient
from sources.http import HttpTransport, Request, Response, Sleep
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

PAGES: Final = frozenset({Catalogue.ANIMEPLANET, Catalogue.ANISEARCH})
"""Catalogues without an interface for programs: live they are asked for their pages only where a stack says so."""


def gives_answer(request: Request, response: Response) -> bool:
    """Whether a good status is the truth: AniDB refuses with status 200, and so does GraphQL."""
    match request.catalogue:
        case Catalogue.ANIDB:
            return anidb.gives_answer(response)
        case Catalogue.ANILIST:
            return not _has_errors(response.body)
    return True


def _has_errors(body: bytes) -> bool:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return True
    return isinstance(answer, dict) and bool(answer.get("errors"))


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
    page_catalogues: Collection[Catalogue] = (),
) -> Mapping[Catalogue, CatalogueClient]:
    """``base_urls`` override the defaults; ``secrets`` are an application token of ``animeschedule``, NAME/VERSION of a
    client registered with ``anidb``, which does not answer others, and, for a Jikan service that gives them out, a
    server key of ``jikan``. Both by catalogue. ``clock`` reads the dates of ``Retry-After``. With ``answers`` those
    kept before are given. ``remaining``: seconds that the function has left. ``page_catalogues``: those of ``PAGES``
    that are asked live.
    """

    def client_of(catalogue: Catalogue) -> CatalogueClient:
        api = _api(
            catalogue,
            transport,
            base_urls.get(catalogue),
            sleep=sleep,
            clock=clock,
            headers=_headers(catalogue, secrets),
            policy=policy,
            answers=answers,
            counts=counts or CatalogueCounts(),
            remaining=remaining,
        )
        client = _client(catalogue, api, secrets.get(Catalogue.ANIDB), page_catalogues)
        if api.answers is not None:
            client = DatedClient(client=client, api=api, answers=api.answers)
        return client if counts is None else CountedClient(client=client, counts=counts)

    return {catalogue: client_of(catalogue) for catalogue in Catalogue}


def anilist_warmer(
    transport: HttpTransport,
    base_url: str | None,
    *,
    sleep: Sleep,
    clock: Clock = _utc_now,
    answers: SharedAnswers,
    counts: CatalogueCounts,
    remaining: Callable[[], float],
) -> Callable[[Iterable[Sequence[str]]], int]:
    """Asks AniList for many anime together; arguments as of ``catalogue_clients``."""
    api = _api(
        Catalogue.ANILIST,
        transport,
        base_url,
        sleep=sleep,
        clock=clock,
        headers={},
        policy=None,
        answers=answers,
        counts=counts,
        remaining=remaining,
    )
    return anilist.AniListClient(api=api).warm


def _api(
    catalogue: Catalogue,
    transport: HttpTransport,
    base_url: str | None,
    *,
    sleep: Sleep,
    clock: Clock,
    headers: Mapping[str, str],
    policy: RetryPolicy | None,
    answers: SharedAnswers | None,
    counts: CatalogueCounts,
    remaining: Callable[[], float],
) -> JsonApi:
    manners = MANNERS[catalogue]
    kept = None
    if answers is not None:
        kept = KeptAnswers(
            catalogue,
            answers,
            counts=counts,
            clock=clock,
            sleep=sleep,
            at_least=manners.same_item_after or 0.0,
        )
    # Where the same is not asked for twice a day, a second attempt would only be refused by ourselves.
    attempts = RetryPolicy() if manners.same_item_after is None else RetryPolicy(attempts=1)
    return JsonApi(
        catalogue=catalogue,
        base_url=base_url or BASE_URLS[catalogue],
        transport=transport,
        headers=headers,
        sleep=sleep,
        clock=clock,
        policy=policy or attempts,
        answers=kept,
        remaining=remaining,
        counts=counts,
    )


def _client(
    catalogue: Catalogue, api: JsonApi, registered: str | None, pages: Collection[Catalogue]
) -> CatalogueClient:
    live = catalogue in pages
    clients: Mapping[Catalogue, Callable[[], CatalogueClient]] = {
        Catalogue.JIKAN: lambda: jikan.JikanClient(api=api),
        Catalogue.ANILIST: lambda: anilist.AniListClient(api=api),
        Catalogue.KITSU: lambda: kitsu.KitsuClient(api=api),
        Catalogue.ANIDB: lambda: anidb.AniDbClient(api=api, registered=registered),
        Catalogue.ANIMEPLANET: lambda: animeplanet.AnimePlanetClient(api=api, live=live),
        Catalogue.ANISEARCH: lambda: anisearch.AniSearchClient(api=api, live=live),
        Catalogue.ANIMESCHEDULE: lambda: animeschedule.AnimeScheduleClient(api=api),
    }
    return clients[catalogue]()


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
