"""A catalogue on a loopback server that tells of a made-up series, and its client as it asks there."""

import socket
from collections.abc import Callable
from typing import Final

from models.events import Catalogue
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.http import HttpTransport, LiveTransport, Request
from sources.json_api import RetryPolicy
from sources.registry import PAGES, catalogue_clients
from tests.support.http_server import Answer, Asked, Server, answer
from tests.support.scripted_http import Waits
from workflows.catalogue_counts import CatalogueCounts
from workflows.ports import CatalogueClient, FetchedPage

ATTEMPTS: Final = 2
FIRST_WAIT: Final = 0.5
TOTAL_SECONDS: Final = 0.6

_MEDIA_TYPES: Final = {
    Catalogue.ANIDB: "text/xml; charset=UTF-8",
    Catalogue.ANIMEPLANET: "text/html; charset=UTF-8",
    Catalogue.ANISEARCH: "text/html",
    Catalogue.KITSU: "application/vnd.api+json; charset=utf-8",
}


def media_type(catalogue: Catalogue) -> str:
    return _MEDIA_TYPES.get(catalogue, "application/json")


def good_body(catalogue: Catalogue, asked: Asked, *, base_path: str = "") -> bytes:
    url = f"https://example.com{asked.target}"
    request = Request(method=asked.method, url=url, body=asked.body or None, catalogue=catalogue, base_path=base_path)
    return MadeUpSeries(episodes=3).send(request).body


def good(catalogue: Catalogue) -> Answer:
    def write(asked: Asked, connection: socket.socket) -> None:
        answer(good_body(catalogue, asked), content_type=media_type(catalogue))(asked, connection)

    return write


def client_of(
    catalogue: Catalogue,
    server: Server,
    *,
    waits: Waits | None = None,
    counts: CatalogueCounts | None = None,
    attempts: int = ATTEMPTS,
    around: Callable[[HttpTransport], HttpTransport] = lambda transport: transport,
) -> CatalogueClient:
    """``around`` is put about the transport that asks the server."""
    live = LiveTransport(connect_seconds=2, read_seconds=0.2, total_seconds=TOTAL_SECONDS)
    clients = catalogue_clients(
        around(live),
        {catalogue: server.url},
        {"anidb": ANIDB_CLIENT},
        sleep=waits or Waits(),
        policy=RetryPolicy(attempts=attempts, first_wait=FIRST_WAIT),
        counts=counts,
        page_catalogues=PAGES,
    )
    return clients[catalogue]


def later_cursors(catalogue: Catalogue) -> list[str]:
    """Of the steps after the first that make one request each."""
    clients = catalogue_clients(
        MadeUpSeries(episodes=3), {}, {"anidb": ANIDB_CLIENT}, sleep=Waits(), page_catalogues=PAGES
    )
    found: list[str] = []
    cursor = clients[catalogue].fetch(SOURCES, cursor=None).cursor
    while cursor is not None:
        found.append(cursor)
        cursor = clients[catalogue].fetch(SOURCES, cursor=cursor).cursor
    return [cursor for cursor in found if "details" not in cursor]


def first_page(
    catalogue: Catalogue, server: Server, waits: Waits | None = None, counts: CatalogueCounts | None = None
) -> FetchedPage:
    return client_of(catalogue, server, waits=waits, counts=counts).fetch(SOURCES, cursor=None)
