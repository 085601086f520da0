"""Migration of collections and indexes, by the server itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from models.collections import COLLECTIONS, LOCK_JANITOR_SECONDS, LOCKS, MARKER, Collection, Index
from models.errors import Permanent, SchemaConflict, Unavailable
from stores.mongo.connection import connect
from stores.mongo.schema import MongoSchema
from tests.stores.mongo.test_failures import failing
from workflows.ports import Migration, Schema

Db = Database[dict[str, Any]]


@pytest.fixture
def empty(mongo_uri: str) -> Iterator[Db]:
    with connect(mongo_uri) as client:
        client.drop_database("anime_service_migration")
        yield client["anime_service_migration"]
        client.drop_database("anime_service_migration")


def test_everything_is_created_once(empty: Db) -> None:
    schema: Schema = MongoSchema(empty)

    created = schema.migrate().created

    assert created == tuple(
        name for spec in COLLECTIONS for name in (spec.name, *(f"{spec.name}.{index.name}" for index in spec.indexes))
    )
    assert set(empty.list_collection_names()) == {spec.name for spec in COLLECTIONS}
    assert MongoSchema(empty).migrate() == Migration()


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
JANITOR = replace(STATUS, expire_after_seconds=3600)
UNIQUE = replace(STATUS, unique=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STATUS, replace(STATUS, keys=(("status", -1),))),
        (STATUS, replace(STATUS, keys=(("status", 1), ("year", 1)))),
        (STATUS, UNIQUE),
        (UNIQUE, STATUS),
        (UNIQUE, replace(UNIQUE, keys=(("status", 1), ("year", 1)))),
        (STATUS, JANITOR),
        (JANITOR, replace(JANITOR, expire_after_seconds=60)),
        (JANITOR, STATUS),
    ],
)
def test_an_index_that_changed_takes_the_place_of_the_old_one(empty: Db, before: Index, after: Index) -> None:
    MongoSchema(empty, _with(before)).migrate()
    empty["animes"].insert_one({"_id": "1", "status": "FINISHED"})

    assert MongoSchema(empty, _with(after)).migrate() == Migration(changed=("animes.status",))
    assert MongoSchema(empty, _with(after)).migrate() == Migration()

    (found,) = (about for name, about in empty["animes"].index_information().items() if name != "_id_")
    assert found["key"] == list(after.keys)
    assert bool(found.get("unique")) == after.unique
    assert found.get("expireAfterSeconds") == after.expire_after_seconds
    assert empty["animes"].count_documents({}) == 1


def test_an_index_goes_back_to_what_it_was(empty: Db) -> None:
    changed = replace(STATUS, keys=(("status", 1), ("year", 1)))
    for spec in (STATUS, changed, STATUS, changed):
        MongoSchema(empty, _with(spec)).migrate()
        assert MongoSchema(empty, _with(spec)).migrate() == Migration()


@pytest.mark.parametrize("before", [STATUS, UNIQUE])
def test_a_renamed_index_stays_as_it_is(empty: Db, before: Index) -> None:
    MongoSchema(empty, _with(before)).migrate()

    assert MongoSchema(empty, _with(replace(before, name="renamed"))).migrate() == Migration()


def test_names_that_were_exchanged_change_nothing(empty: Db) -> None:
    year = Index(name="year", keys=(("year", 1),), unique=True)
    MongoSchema(empty, _with(UNIQUE, year)).migrate()

    assert (
        MongoSchema(empty, _with(replace(UNIQUE, name="year"), replace(year, name="status"))).migrate() == Migration()
    )


@pytest.mark.parametrize("before", [(), (STATUS,), (replace(UNIQUE, keys=(("status", 1), ("_id", 1))),)])
def test_documents_that_break_a_unique_index_are_a_conflict_and_lose_no_index(
    empty: Db, before: tuple[Index, ...]
) -> None:
    MongoSchema(empty, _with(*before)).migrate()
    empty["animes"].insert_many([{"_id": "1", "status": "hidden-value"}, {"_id": "2", "status": "hidden-value"}])
    had = empty["animes"].index_information()

    with pytest.raises(SchemaConflict, match=r"animes.status: several documents have the same status") as caught:
        MongoSchema(empty, _with(UNIQUE)).migrate()

    assert "hidden-value" not in str(caught.value)
    assert empty["animes"].index_information() == had
    empty["animes"].delete_one({"_id": "2"})
    MongoSchema(empty, _with(UNIQUE)).migrate()
    assert MongoSchema(empty, _with(UNIQUE)).migrate() == Migration()


def test_an_index_that_is_missing_is_added_to_a_collection_that_is_there(empty: Db) -> None:
    MongoSchema(empty, _with()).migrate()

    assert MongoSchema(empty, _with(STATUS)).migrate() == Migration(created=("animes.status",))


def test_what_nobody_lists_is_named_and_kept(empty: Db) -> None:
    MongoSchema(empty, _with(STATUS)).migrate()
    empty["animes"].create_index("title", name="by_hand")
    empty["animes"].create_index("status", name="sparse_by_hand", sparse=True)
    empty["other"].insert_one({"_id": 1})
    empty[MARKER].insert_one({"_id": 1})

    assert MongoSchema(empty, _with(STATUS)).migrate() == Migration(
        left_over=("animes.by_hand", "animes.sparse_by_hand", "other")
    )
    assert "by_hand" in empty["animes"].index_information()
    assert empty["other"].count_documents({}) == 1


def test_an_index_that_is_no_longer_listed_is_named_and_kept(empty: Db) -> None:
    MongoSchema(empty, _with(STATUS)).migrate()

    assert MongoSchema(empty, _with()).migrate() == Migration(left_over=("animes.status",))
    assert "status" in empty["animes"].index_information()


def test_a_check_changes_nothing(empty: Db) -> None:
    MongoSchema(empty).check()

    assert empty.list_collection_names() == []


@pytest.mark.parametrize("code", [13, 18, 8000])
def test_a_user_who_is_not_known_yet_may_be_later(empty: Db, code: int) -> None:
    with failing(empty, "listCollections", times=1, errorCode=code), pytest.raises(Unavailable):
        MongoSchema(empty).check()

    MongoSchema(empty).check()


def test_a_check_that_is_refused_for_another_reason_stays_refused(empty: Db) -> None:
    with failing(empty, "listCollections", times=1, errorCode=73), pytest.raises(Permanent):
        MongoSchema(empty).check()
