"""Migration of collections and indexes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from models.collections import COLLECTIONS, LOCK_JANITOR_SECONDS, LOCKS, Collection, Index
from stores.mongo.connection import connect
from stores.mongo.schema import MongoSchema
from workflows.ports import Schema

Db = Database[dict[str, Any]]


@pytest.fixture
def empty(mongo_uri: str) -> Iterator[Db]:
    with connect(mongo_uri) as client:
        client.drop_database("anime_service_migration")
        yield client["anime_service_migration"]
        client.drop_database("anime_service_migration")


def test_everything_is_created_once(empty: Db) -> None:
    schema: Schema = MongoSchema(empty)

    created = schema.migrate()

    assert created == tuple(
        name for spec in COLLECTIONS for name in (spec.name, *(f"{spec.name}.{index.name}" for index in spec.indexes))
    )
    assert set(empty.list_collection_names()) == {spec.name for spec in COLLECTIONS}
    assert MongoSchema(empty).migrate() == ()


def test_indexes_are_as_the_list_says(empty: Db) -> None:
    MongoSchema(empty).migrate()

    animes = empty["animes"].index_information()
    assert animes["sources_unique"]["key"] == [("sources", 1)]
    assert animes["sources_unique"]["unique"]
    janitor = empty[LOCKS].index_information()["janitor"]
    assert janitor["expireAfterSeconds"] == LOCK_JANITOR_SECONDS


def _with(*indexes: Index) -> list[Collection]:
    return [Collection(name="animes", indexes=indexes)]


STATUS = Index(name="status", keys=(("status", 1),))


@pytest.mark.parametrize(
    "changed",
    [
        replace(STATUS, keys=(("status", -1),)),
        replace(STATUS, keys=(("status", 1), ("year", 1))),
        replace(STATUS, unique=True),
        replace(STATUS, expire_after_seconds=60),
        replace(STATUS, name="renamed"),
    ],
)
def test_an_index_that_changed_is_made_anew(empty: Db, changed: Index) -> None:
    MongoSchema(empty, _with(STATUS)).migrate()
    empty["animes"].insert_one({"_id": "1", "status": "FINISHED"})

    assert MongoSchema(empty, _with(changed)).migrate() == (f"animes.{changed.name}",)
    assert MongoSchema(empty, _with(changed)).migrate() == ()
    assert set(empty["animes"].index_information()) == {"_id_", changed.name}
    assert empty["animes"].count_documents({}) == 1


def test_an_index_that_is_missing_is_added_to_a_collection_that_is_there(empty: Db) -> None:
    MongoSchema(empty, _with()).migrate()

    assert MongoSchema(empty, _with(STATUS)).migrate() == ("animes.status",)


def test_what_nobody_lists_is_left_alone(empty: Db) -> None:
    MongoSchema(empty, _with(STATUS)).migrate()
    empty["animes"].create_index("title", name="by_hand")
    empty["other"].insert_one({"_id": 1})

    assert MongoSchema(empty, _with(STATUS)).migrate() == ()
    assert "by_hand" in empty["animes"].index_information()
    assert empty["other"].count_documents({}) == 1
