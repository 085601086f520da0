"""What the MongoDB adapters make of a server that fails, and that a failure never leaves half a commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from models.collections import LOCKS
from models.errors import LockLost, Malformed, Permanent, Unavailable
from models.events import LockRef
from stores.mongo.animes import MongoAnimes
from stores.mongo.connection import connect
from stores.mongo.locks import MongoLocks
from stores.mongo.reviews import MongoReviews
from stores.mongo.schema import MongoSchema
from tests.support.contracts.samples import anime_id, entry, full_entry, lock
from tests.support.fixtures import MONGO_DATABASE
from tests.support.servers import free_port
from tests.support.tcp_proxy import tcp_proxy
from workflows.ports import CommitWrite, SyncUpdate

LEASE = timedelta(minutes=15)
OTHER = lock("other", "01OTHER")
TINY = timedelta(milliseconds=200)
ID = anime_id(1)
TRANSIENT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}

Db = Database[dict[str, Any]]


@contextmanager
def failing(database: Db, *commands: str, times: int | None = None, **how: Any) -> Iterator[None]:
    """The server fails these commands, the given number of times or as long as the context lasts."""
    mode: Any = "alwaysOn" if times is None else {"times": times}
    admin = database.client.admin
    admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": {"failCommands": list(commands), **how}})
    try:
        yield
    finally:
        admin.command({"configureFailPoint": "failCommand", "mode": "off"})


@pytest.fixture
def animes(mongo_database: Db) -> MongoAnimes:
    return MongoAnimes(mongo_database, transaction_timeout=timedelta(seconds=20))


@pytest.fixture
def held(mongo_database: Db) -> LockRef:
    return MongoLocks(mongo_database).acquire(ID, lock(), lease=LEASE)


def write(held: LockRef, **fields: Any) -> CommitWrite:
    return CommitWrite(entry=full_entry(1, revision=1, last_saga="s1", **fields), base_revision=None, lock=held)


# ------------------------------------------------------------------------------------------------------ within a commit


@pytest.mark.parametrize("command", ["update", "insert"])
def test_a_commit_repeats_what_the_server_calls_transient(
    mongo_database: Db, animes: MongoAnimes, held: LockRef, command: str
) -> None:
    with failing(mongo_database, command, times=2, **TRANSIENT):
        animes.commit(write(held))

    assert animes.get(ID) == full_entry(1, revision=1, last_saga="s1")


@pytest.mark.parametrize("command", ["update", "insert", "commitTransaction"])
def test_a_commit_survives_a_lost_connection(
    mongo_database: Db, animes: MongoAnimes, held: LockRef, command: str
) -> None:
    with failing(mongo_database, command, times=1, closeConnection=True):
        animes.commit(write(held))

    assert animes.get(ID) == full_entry(1, revision=1, last_saga="s1")


def test_a_commit_whose_answer_was_lost_is_applied_once(mongo_uri: str, mongo_database: Db, held: LockRef) -> None:
    target = urlsplit(mongo_uri)
    with tcp_proxy(target.hostname or "", target.port or 0) as proxy:
        uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        with connect(uri) as client:
            animes = MongoAnimes(client[MONGO_DATABASE])
            proxy.lose_answer_to(b"commitTransaction")

            animes.commit(write(held))

    assert proxy.lost == 1
    assert MongoAnimes(mongo_database).get(ID) == full_entry(1, revision=1, last_saga="s1")
    assert mongo_database[LOCKS].find_one({"_id": ID}, {"commits": 1}) == {"_id": ID, "commits": 1}


@pytest.mark.parametrize("how", [TRANSIENT, {"errorCode": 262, "errorLabels": ["TransientTransactionError"]}])
def test_a_commit_that_stays_transient_is_unavailable_and_writes_nothing(
    mongo_database: Db, held: LockRef, how: dict[str, Any]
) -> None:
    animes = MongoAnimes(mongo_database, transaction_timeout=timedelta(seconds=1))

    with failing(mongo_database, "update", **how), pytest.raises(Unavailable):
        animes.commit(write(held))

    assert animes.get(ID) is None


def test_a_commit_that_the_server_refuses_is_permanent_and_writes_nothing(
    mongo_database: Db, animes: MongoAnimes, held: LockRef
) -> None:
    with failing(mongo_database, "insert", times=1, errorCode=13), pytest.raises(Permanent) as caught:
        animes.commit(write(held))

    assert str(caught.value) == "mongodb animes.commit: OperationFailure 13"
    assert animes.get(ID) is None


def test_a_lock_taken_over_before_a_commit_ends_undoes_it(
    mongo_database: Db, animes: MongoAnimes, held: LockRef
) -> None:
    """Another owner reaches for the lock in the middle of the transaction. A server may refuse it or make it wait; but
    where it gets the lock first, nothing of the commit may remain."""
    locks = MongoLocks(mongo_database)
    inside, answered = threading.Event(), threading.Event()
    taken: list[LockRef] = []
    taken_first: list[LockRef] = []
    original = animes._writer._write_anime

    def meet_the_other(*arguments: Any) -> None:
        inside.set()
        answered.wait(timeout=2)
        taken_first.extend(taken)
        original(*arguments)

    animes._writer._write_anime = meet_the_other  # type: ignore[assignment, method-assign]

    def take() -> None:
        inside.wait(timeout=20)
        with suppress(Unavailable):
            taken.append(locks.take_over(ID, OTHER, ended=held, lease=LEASE))
        answered.set()

    taker = threading.Thread(target=take)
    taker.start()
    with suppress(LockLost, Unavailable):
        animes.commit(write(held))
    taker.join(timeout=20)

    committed = animes.commit_state(ID) is not None
    assert not (taken_first and committed)
    assert committed or taken
    assert locks.holder(ID) == (OTHER if taken else held)


# -------------------------------------------------------------------------------------------------------------- reading


def test_get_reads_one_snapshot(mongo_database: Db, animes: MongoAnimes, held: LockRef) -> None:
    """An entry that is replaced again and again is never seen with the episodes of another revision."""
    animes.commit(CommitWrite(entry=entry(1, revision=1, episodes=("1",)), base_revision=None, lock=held))
    stop = threading.Event()

    def replace_again_and_again() -> None:
        revision = 1
        while not stop.is_set():
            new = entry(1, revision=revision + 1, episodes=[str(revision + 1)], characters=[f"c{revision + 1}"])
            animes.commit(CommitWrite(entry=new, base_revision=revision, lock=held))
            revision += 1

    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    try:
        seen = [animes.get(ID) for _ in range(60)]
    finally:
        stop.set()
        writer.join(timeout=30)

    assert all(one is not None for one in seen)
    for one in seen:
        assert one is not None
        assert [part.episode_number for part in one.episode_details] == [str(one.revision)]


class Reads(CommandListener):
    """Notes the read concern of every read."""

    def __init__(self) -> None:
        self.concerns: list[Any] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in {"find", "aggregate"}:
            self.concerns.append(event.command.get("readConcern"))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


def test_a_snapshot_reads_all_collections_at_one_time(mongo_uri: str, animes: MongoAnimes) -> None:
    """The local server does not hold reads to a snapshot, so what is asked of the server is checked."""
    entries = [entry(number, episodes=("1",)) for number in range(1, 1102)]
    animes.insert_missing(entries)
    reads = Reads()

    with (
        MongoClient[dict[str, Any]](mongo_uri, event_listeners=[reads]) as client,
        MongoAnimes(client[MONGO_DATABASE]).snapshot() as reader,
    ):
        found = list(reader.entries())

    assert found == sorted(entries, key=lambda one: one.anime_id)
    assert len(reads.concerns) == 1 + 3 * 2  # the anime, and the parts of each batch
    assert {concern["level"] for concern in reads.concerns} == {"snapshot"}
    times = [concern.get("atClusterTime") for concern in reads.concerns]
    assert times[0] is None  # the first read chooses the time
    assert len(set(times[1:])) == 1
    assert times[1] is not None


def test_a_failing_snapshot_is_unavailable(mongo_database: Db, animes: MongoAnimes) -> None:
    animes.insert_missing([entry(1)])

    with failing(mongo_database, "find", errorCode=239), pytest.raises(Unavailable), animes.snapshot() as reader:
        list(reader.entries())


def test_a_stored_entry_of_an_older_version_is_read(mongo_database: Db, animes: MongoAnimes) -> None:
    animes.insert_missing([entry(1, episodes=("1",))])
    mongo_database["animes"].update_one({"_id": ID}, {"$set": {"gone_field": 1, "synopsis": None}})
    mongo_database["episodes"].update_many({}, {"$set": {"gone_field": {"x": 1}}})

    assert animes.get(ID) == entry(1, episodes=("1",))


def test_a_review_of_another_shape_is_malformed(mongo_database: Db) -> None:
    mongo_database["reviews"].insert_one({"_id": "rev_1", "state": "pending"})

    with pytest.raises(Malformed):
        MongoReviews(mongo_database).get("rev_1")


# -------------------------------------------------------------------------------------------------------- no connection


def _snapshot(database: Db) -> None:
    with MongoAnimes(database).snapshot() as reader:
        list(reader.entries())


Call = Callable[[Db], object]
CALLS: dict[str, Call] = {
    "get": lambda db: MongoAnimes(db, transaction_timeout=TINY).get(ID),
    "get_many": lambda db: MongoAnimes(db, transaction_timeout=TINY).get_many([ID]),
    "commit_state": lambda db: MongoAnimes(db).commit_state(ID),
    "find_by_sources": lambda db: MongoAnimes(db).find_by_sources(["https://x/"]),
    "summaries": lambda db: list(MongoAnimes(db).summaries()),
    "episode_counts": lambda db: MongoAnimes(db).episode_counts(),
    "count": lambda db: MongoAnimes(db).count(),
    "insert_missing": lambda db: MongoAnimes(db).insert_missing([entry(1)]),
    "apply_sync": lambda db: MongoAnimes(db).apply_sync([SyncUpdate(anime_id=ID, resurrect=True)]),
    "commit": lambda db: MongoAnimes(db, transaction_timeout=TINY).commit(write(lock())),
    "anime_with_pending": lambda db: MongoAnimes(db).anime_with_pending(),
    "snapshot": _snapshot,
    "restore": lambda db: MongoAnimes(db).restore([entry(1)]),
    "delete": lambda db: MongoAnimes(db).delete([ID]),
    "acquire": lambda db: MongoLocks(db).acquire(ID, lock(), lease=LEASE),
    "take_over": lambda db: MongoLocks(db).take_over(ID, lock(), ended=lock(), lease=LEASE),
    "extend": lambda db: MongoLocks(db).extend(ID, lock(), lease=LEASE),
    "release": lambda db: MongoLocks(db).release(ID, lock()),
    "holder": lambda db: MongoLocks(db).holder(ID),
    "review": lambda db: MongoReviews(db).get("rev_1"),
    "reviews": lambda db: MongoReviews(db).list(state=None, kind=None, limit=1),
    "flags": lambda db: list(MongoReviews(db).raised_flags()),
    "migrate": lambda db: MongoSchema(db).migrate(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_without_a_server_every_call_is_unavailable(call: Call) -> None:
    uri = f"mongodb://127.0.0.1:{free_port()}"
    with connect(uri, timeout=timedelta(milliseconds=100)) as client, pytest.raises(Unavailable) as caught:
        call(client["anime_service"])

    assert caught.value.__cause__ is None


def test_a_server_that_refuses_says_nothing_of_values(mongo_database: Db) -> None:
    with failing(mongo_database, "find", times=1, errorCode=13), pytest.raises(Permanent) as caught:
        MongoReviews(mongo_database).get("rev_secret")

    assert "rev_secret" not in str(caught.value)


def test_a_write_that_most_members_did_not_confirm_is_unavailable(mongo_database: Db) -> None:
    concern = {"code": 64, "errmsg": "waiting for replication timed out"}
    with failing(mongo_database, "update", times=1, writeConcernError=concern), pytest.raises(Unavailable):
        MongoLocks(mongo_database).acquire(ID, lock(), lease=LEASE)

    assert MongoLocks(mongo_database).acquire(ID, lock(), lease=LEASE) == lock()


@pytest.fixture(autouse=True)
def _no_fail_point_survives(mongo_uri: str) -> Iterator[None]:
    yield
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
