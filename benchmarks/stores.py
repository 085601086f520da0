"""Stores to compare a release with, filled as a bootstrap from a release leaves them.

``file:PATH`` is one SQLite file: no server, no network, the kindest case for single look-ups. ``mongodb://...`` is the
document database of the local stack, read through the product's own adapter.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec

from domain.derive import derive_entry
from domain.releases import canonical_sources
from models.ids import canonical_source, mint_anime_id
from models.offline import WatchedEntry, read_offline
from workflows.ports import AnimeSummary

FILE = "file:"
DATABASE = "anime_service_benchmark"


def fill_file(path: Path, entries: Iterable[WatchedEntry]) -> str:
    """The store's name."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE animes (anime_id TEXT PRIMARY KEY, sources TEXT, status TEXT, episodes INTEGER)")
        database.execute("CREATE TABLE sources (url TEXT PRIMARY KEY, anime_id TEXT) WITHOUT ROWID")
        for entry in entries:
            sources = canonical_sources(entry.sources)
            anime_id = mint_anime_id(canonical_source(sources))
            row = (anime_id, json.dumps(sources), entry.status.value, entry.episodes)
            database.execute("INSERT INTO animes VALUES (?, ?, ?, ?)", row)
            database.executemany("INSERT INTO sources VALUES (?, ?)", ((url, anime_id) for url in sources))
        database.commit()
    return f"{FILE}{path}"


def fill_server(uri: str, lines: Iterable[bytes]) -> str:
    """The store's name, which is the URI. ``lines`` are the entries of a release."""
    from stores.mongo.animes import MongoAnimes  # the file store is measured without the driver
    from stores.mongo.connection import connect
    from stores.mongo.schema import MongoSchema

    with connect(uri) as client:
        MongoSchema(client[DATABASE]).migrate()
        animes = MongoAnimes(client[DATABASE])
        offered = map(read_offline, lines)
        entries = (derive_entry(one, mint_anime_id(canonical_source(one.sources))) for one in offered)
        while batch := list(islice(entries, 500)):
            animes.insert_missing(batch)
    return uri


def summaries(store: str) -> Iterator[AnimeSummary]:
    """All anime, by one scan."""
    if store.startswith(FILE):
        yield from _summaries_of_file(store.removeprefix(FILE))
        return
    from stores.mongo.animes import MongoAnimes  # as above
    from stores.mongo.connection import connect

    with connect(store) as client:
        yield from MongoAnimes(client[DATABASE]).summaries()


def _summaries_of_file(path: str) -> Iterator[AnimeSummary]:
    decode = msgspec.json.Decoder(tuple[str, ...]).decode
    with closing(sqlite3.connect(path)) as database:
        for anime_id, sources, status, episodes in database.execute("SELECT * FROM animes"):
            yield AnimeSummary(
                anime_id=anime_id,
                sources=decode(sources),
                offered_sources=decode(sources),
                status=status,
                episodes=episodes,
                enriched=False,
                orphaned=False,
            )
