"""The client of a stack's database, and collections that read and write with majority concern."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, Final, TypeVar

import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from models.errors import BadInput
from stores.mongo.documents import Document

MAJORITY: Final = WriteConcern("majority")
READ_MAJORITY: Final = ReadConcern("majority")
DEFAULT_TIMEOUT: Final = timedelta(seconds=20)

T = TypeVar("T")


def connect(
    uri: str, *, app_name: str = "anime-infra", timeout: timedelta = DEFAULT_TIMEOUT, max_connections: int = 20
) -> MongoClient[Document]:
    """A client that connects on first use. ``timeout`` bounds each operation, its retries and the search for a server.

    Raises:
        BadInput: the URI is none; the message does not repeat it, since it may hold a password.
    """
    milliseconds = int(timeout.total_seconds() * 1000)
    options: dict[str, Any] = {
        "appname": app_name,
        "connectTimeoutMS": min(milliseconds, 10_000),
        "maxPoolSize": max_connections,
        "readConcernLevel": "majority",
        "retryReads": True,
        "retryWrites": True,
        "serverSelectionTimeoutMS": milliseconds,
        "timeoutMS": milliseconds,
        "tz_aware": True,
        "tzinfo": UTC,
        "w": "majority",
    }
    try:
        return MongoClient(uri, **options)
    except (ConfigurationError, InvalidURI, ValueError):
        raise BadInput("the MongoDB URI is not valid; expected mongodb://HOST:PORT or mongodb+srv://HOST") from None


def majority(database: Database[Document], name: str) -> Collection[Document]:
    return database.get_collection(
        name, read_concern=READ_MAJORITY, write_concern=MAJORITY, read_preference=ReadPreference.PRIMARY
    )


def in_transaction(client: MongoClient[Document], body: Callable[[ClientSession], T], *, timeout: timedelta) -> T:
    """Runs ``body`` on one snapshot, all or nothing. What the server calls transient is repeated, and so is a commit
    whose answer was lost, within ``timeout``; ``body`` may therefore run several times."""
    with pymongo.timeout(timeout.total_seconds()), client.start_session() as session:
        return session.with_transaction(
            body,
            read_concern=ReadConcern("snapshot"),
            write_concern=MAJORITY,
            read_preference=ReadPreference.PRIMARY,
        )
