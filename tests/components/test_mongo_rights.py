"""The table of rights, held against what the functions really ask of MongoDB.

The adapters are driven against a server while the driver is watched; which of their methods a function can come to is
read from its code. So a new call in a workflow, or a new command in an adapter, fails here before Atlas refuses it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from components.application.concerns import Concern
from components.application.pipeline import FUNCTIONS
from components.mongo.users import DATABASE, RIGHTS, Action, DocumentRights
from models.collections import COLLECTIONS, Collection, Index
from models.errors import LockHeld
from models.review import Decision, Flag, Review, ReviewKind
from stores.mongo.animes import MongoAnimes
from stores.mongo.locks import MongoLocks
from stores.mongo.reviews import MongoReviews
from stores.mongo.schema import MongoSchema
from tests.components.mongo_needs import DRIVER, Method, Need, Watch, driver_calls, methods_of, needs_of, renamed_ports
from tests.support.contracts.samples import AT, anime_id, entry, full_entry, lock, source
from tests.support.servers import secantus
from workflows.ports import CommitWrite, PendingEvent, SyncUpdate

LEASE = timedelta(minutes=15)
DIGEST = "a" * 64

GROUPS = {spec.task: spec.documents for spec in FUNCTIONS if spec.documents is not None}


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    """After every method of the adapters was called in all the ways that send something else."""
    watching = Watch()
    with (
        secantus() as uri,
        MongoClient[dict[str, Any]](uri, event_listeners=[watching], tz_aware=True, tzinfo=UTC) as client,
    ):
        database = client["anime_service_rights"]
        _change_the_shape(watching, database)
        _write_entries(watching, database)
        _hold_locks(watching, database)
        _decide(watching, database)
        yield watching


def _change_the_shape(watch: Watch, database: Any) -> None:
    """There, to other keys and another expiry everywhere, and back."""
    rekeyed = [_with_indexes(each, lambda index: {"keys": (*index.keys, ("more", 1))}) for each in COLLECTIONS]
    for collections in (COLLECTIONS, rekeyed, COLLECTIONS, [_with_indexes(each, _sooner) for each in COLLECTIONS]):
        schema = watch.watched("schema", MongoSchema(database, collections))
        schema.check()
        schema.migrate()


def _with_indexes(collection: Collection, change: Callable[[Index], dict[str, Any]]) -> Collection:
    return replace(collection, indexes=tuple(replace(index, **change(index)) for index in collection.indexes))


def _sooner(index: Index) -> dict[str, Any]:
    return {} if index.expire_after_seconds is None else {"expire_after_seconds": index.expire_after_seconds + 1}


def _write_entries(watch: Watch, database: Any) -> None:
    animes = watch.watched("animes", MongoAnimes(database))
    animes.insert_missing([full_entry(1), entry(2)])
    animes.insert_missing([entry(3, sources=[source(3), source(1)])])
    animes.get(anime_id(1))
    animes.get_many([anime_id(1), anime_id(2)])
    animes.commit_state(anime_id(1))
    animes.find_by_sources([source(1)])
    animes.summaries()
    animes.episode_counts()
    animes.count()
    animes.apply_sync([SyncUpdate(anime_id=anime_id(2), orphaned_at=AT)])
    _commit(watch, database)
    animes.restore([full_entry(1, title="Another"), entry(2, episodes=("1",), characters=("A",))])
    animes.restore([entry(2, episode_details=[_retitled(2)], characters=()), entry(4, characters=("B",))])
    animes.restore([entry(2)])
    animes.restore([entry(4, characters=("C", "B"))])
    event = PendingEvent(mode="refresh", cause="c")
    animes.add_pending(anime_id(1), event)
    animes.pending(anime_id(1))
    animes.anime_with_pending()
    animes.remove_pending(anime_id(1), event)
    with watch.calling("animes", "snapshot"), MongoAnimes(database).snapshot() as reader:
        list(reader.entries())
    animes.delete([anime_id(4)])


def _commit(watch: Watch, database: Any) -> None:
    animes = watch.watched("animes", MongoAnimes(database))
    for base, changed in (
        (None, entry(5, revision=1, episodes=("1", "2"), characters=("A", "B"))),
        (1, entry(5, revision=2, episode_details=[_retitled(5)], characters=("B", "C"))),
    ):
        held = MongoLocks(database).acquire(changed.anime_id, lock(), lease=LEASE)
        animes.commit(CommitWrite(entry=changed, base_revision=base, lock=held))
    MongoLocks(database).release(anime_id(5), lock())


def _retitled(number: int) -> Any:
    (first,) = entry(number, episodes=("1",)).episode_details
    return first.model_copy(update={"title": "Another"})


def _hold_locks(watch: Watch, database: Any) -> None:
    locks = watch.watched("locks", MongoLocks(database))
    mine, other = lock("mine", "01MINE"), lock("other", "01OTHER")
    locks.acquire(anime_id(1), mine, lease=LEASE)
    locks.acquire(anime_id(1), mine, lease=LEASE)
    with pytest.raises(LockHeld):
        locks.acquire(anime_id(1), other, lease=LEASE)
    locks.extend(anime_id(1), mine, lease=LEASE)
    locks.holder(anime_id(1))
    locks.take_over(anime_id(1), other, ended=mine, lease=LEASE)
    locks.release(anime_id(1), other)
    locks.take_over(anime_id(1), mine, ended=other, lease=LEASE)


def _decide(watch: Watch, database: Any) -> None:
    reviews = watch.watched("reviews", MongoReviews(database))
    asked = Review(
        review_id="rev_1",
        anime_id=anime_id(1),
        title="Anime 1",
        kinds=(ReviewKind.STATUS,),
        state="pending",
        execution="review_only-1",
        token="token",
        sha256=DIGEST,
        flags=(Flag(field="status", stored="ONGOING", offered="FINISHED"),),
        created_at=AT,
    )
    decision = Decision(verdict="approved", by="ana", at=AT, sha256=DIGEST)
    reviews.request(asked)
    reviews.decide("rev_1", decision)
    reviews.decide("rev_1", decision)
    reviews.request(asked)
    reviews.get("rev_1")
    reviews.list(state="decided", kind=ReviewKind.STATUS, limit=10)
    reviews.expire("rev_1")
    reviews.rejected_anime()
    reviews.raised_flags()


def _needs(watch: Watch, task: str) -> dict[Need, set[Method]]:
    """What the task needs, with the methods that do."""
    found: dict[Need, set[Method]] = {}
    for method in methods_of(task):
        for need in watch.needs[method]:
            found.setdefault(need, set()).add(method)
    return found


def _granted(group: DocumentRights) -> set[Need]:
    return {(collection, action) for collection, actions in RIGHTS[group].items() for action in actions}


# ------------------------------------------------------------------------------------------------------------ proofs


def test_whoever_has_the_documents_has_a_group() -> None:
    assert {spec.task for spec in FUNCTIONS if Concern.DOCUMENTS in spec.concerns} == set(GROUPS)


@pytest.mark.parametrize("task", GROUPS)
def test_a_task_lacks_no_right(watch: Watch, task: str) -> None:
    needed = _needs(watch, task)
    lacking = {need: methods for need, methods in needed.items() if need not in _granted(GROUPS[task])}

    assert needed
    assert lacking == {}


@pytest.mark.parametrize("group", DocumentRights)
def test_a_group_has_no_right_that_none_of_its_tasks_needs(watch: Watch, group: DocumentRights) -> None:
    needed = {need for task in GROUPS if GROUPS[task] is group for need in _needs(watch, task)}

    assert _granted(group) - needed == set()


@pytest.mark.parametrize("task", GROUPS)
def test_every_method_that_a_task_can_come_to_was_called(watch: Watch, task: str) -> None:
    assert methods_of(task)
    assert methods_of(task) <= watch.needs.keys()


def test_every_call_of_the_driver_in_the_adapters_was_made(watch: Watch) -> None:
    missing = [
        (file, function, call)
        for file, function, call in driver_calls()
        if not any((file, function, command) in watch.sent for command in DRIVER[call])
    ]

    assert missing == []


# --------------------------------------------------------------------------------------------- the proofs themselves


def test_the_functions_without_documents_come_to_none() -> None:
    without = [spec.task for spec in FUNCTIONS if Concern.DOCUMENTS not in spec.concerns]

    assert {task: methods_of(task) for task in without if methods_of(task)} == {}


def test_no_workflow_holds_a_port_under_another_name() -> None:
    assert list(renamed_ports()) == []


def test_calls_are_found_through_workflows_that_call_each_other() -> None:
    assert ("locks", "release") in methods_of("run_single_episode_update")
    assert ("animes", "commit") in methods_of("commit_data")
    assert ("schema", "migrate") in methods_of("migrate_collections")
    assert methods_of("begin") == {("animes", "get"), ("locks", "extend")}


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ({"find": "a"}, {("a", Action.FIND)}),
        ({"aggregate": "a", "pipeline": [{"$match": {}}]}, {("a", Action.FIND)}),
        ({"update": "a", "updates": [{"u": {}}]}, {("a", Action.UPDATE)}),
        ({"update": "a", "updates": [{"u": {}, "upsert": True}]}, {("a", Action.UPDATE), ("a", Action.INSERT)}),
        ({"findAndModify": "a", "update": {}}, {("a", Action.FIND), ("a", Action.UPDATE)}),
        ({"findAndModify": "a", "remove": True}, {("a", Action.FIND), ("a", Action.REMOVE)}),
        ({"listCollections": 1}, {(DATABASE, Action.LIST_COLLECTIONS)}),
        ({"getMore": 1, "collection": "a"}, set()),
    ],
    ids=lambda part: str(part) if isinstance(part, dict) else "",
)
def test_what_a_command_needs(command: dict[str, Any], needs: set[Need]) -> None:
    assert needs_of(next(iter(command)), command) == needs


def test_a_command_that_nobody_judged_is_an_error() -> None:
    with pytest.raises(KeyError):
        needs_of("dropDatabase", {"dropDatabase": 1})
    with pytest.raises(AssertionError):
        needs_of("aggregate", {"aggregate": "a", "pipeline": [{"$out": "b"}]})


def test_migration_may_shape_every_collection_of_the_list() -> None:
    assert {collection.name for collection in COLLECTIONS} == set(RIGHTS[DocumentRights.MIGRATE]) - {DATABASE}
