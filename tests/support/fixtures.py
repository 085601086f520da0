"""Fixtures of the servers that contract tests run against; each is started once a session, when first asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from stores.mongo.connection import connect
from stores.mongo.schema import MongoSchema
from tests.support.emulator import aws_client, emulator
from tests.support.servers import secantus, valkey

MONGO_DATABASE = "anime_service_test"


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    with secantus() as uri:
        yield uri


@pytest.fixture(scope="session")
def _migrated_database(mongo_uri: str) -> Iterator[Database[dict[str, Any]]]:
    with connect(mongo_uri) as client:
        MongoSchema(client[MONGO_DATABASE]).migrate()
        yield client[MONGO_DATABASE]


@pytest.fixture
def mongo_database(_migrated_database: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    """Every collection of the schema, empty."""
    for name in _migrated_database.list_collection_names():
        _migrated_database[name].delete_many({})
    return _migrated_database


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    with emulator() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with valkey() as url:
        yield url


__all__ = ["MONGO_DATABASE", "aws_client", "aws_endpoint", "mongo_database", "mongo_uri", "valkey_url"]
