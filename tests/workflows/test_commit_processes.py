"""The commit over real stores: processes that end in the middle, and a database that fails.

MongoDB's protocol and S3 are served by processes of their own, so what a dead process wrote is still there; the folder
of the vector engine is opened anew.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient

from models.errors import AnimeError, Unavailable, UndoImpossible
from models.events import CleanupInput, CommitInput, LockRef
from tests.support.commit_process import DIED, Stores, Task, create, left_event, real_world, run
from tests.support.commits import ANIME, RUNNING_LEASE, Scenario, World, fake_world, run_commit
from tests.support.crashing import Faults, When
from tests.support.emulator import emulator
from tests.support.servers import secantus
from workflows import keys
from workflows.cleanup import clean_up
from workflows.commit import commit, redrive, undo
from workflows.ports import ExecutionStatus


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    with secantus() as mongo_uri, emulator() as aws_endpoint:
        yield mongo_uri, aws_endpoint


@pytest.fixture
def stores(servers: tuple[str, str], tmp_path: Path) -> Stores:
    mongo_uri, aws_endpoint = servers
    made = Stores(
        mongo_uri=mongo_uri, aws_endpoint=aws_endpoint, name=f"commit-{secrets.token_hex(8)}", folder=str(tmp_path)
    )
    create(made)
    return made


# ------------------------------------------------------------------------------------------------- processes that end


def writes(scenario: Scenario) -> list[str]:
    world = fake_world()
    faults = Faults()
    commit(world.prepared(scenario), ports=world.commit_ports(faults))
    return faults.writes


def deaths() -> list[Any]:
    """After each write of a commit, and before the first."""
    return [
        pytest.param(scenario, point, when, id=f"{scenario.value}-{when.value} {number}: {name}")
        for scenario in (Scenario.CREATE, Scenario.UPDATE)
        for number, name in enumerate(writes(scenario))
        for point, when in ([(0, When.BEFORE)] if number == 0 else []) + [(number, When.AFTER)]
    ]


def undone_deaths() -> list[Any]:
    """Everywhere in an update; of a new anime, where there is a point to be deleted, and where it stays."""
    return [
        one
        for one in deaths()
        if one.values[0] is Scenario.UPDATE or one.values[1:] in {(1, When.AFTER), (2, When.AFTER)}
    ]


def took_place(scenario: Scenario, point: int, when: When) -> bool:
    return when is When.AFTER and point >= _transaction(scenario)


def _transaction(scenario: Scenario) -> int:
    return writes(scenario).index("animes.commit")


def assert_new(world: World, event: CommitInput) -> None:
    assert world.disagreement() is None
    entry = world.animes.get(ANIME)
    assert entry is not None
    assert entry.last_saga == event.ref.execution


def assert_old(world: World, scenario: Scenario) -> None:
    assert world.disagreement() is None
    entry = world.animes.get(ANIME)
    if scenario is Scenario.CREATE:
        assert entry is None
    else:
        assert entry is not None
        assert (entry.revision, entry.last_saga) == (0, None)


@pytest.mark.parametrize(("scenario", "point", "when"), deaths())
def test_the_event_of_a_process_that_ended_is_carried_on(
    stores: Stores, scenario: Scenario, point: int, when: When
) -> None:
    assert run(Task(stores=stores, scenario=scenario, point=point, when=when)) == DIED
    event = left_event(stores)
    with real_world(stores) as world:
        commit(event, ports=world.commit_ports())
        assert_new(world, event)
        clean_up(CleanupInput(ref=event.ref, outcome="succeeded"), ports=world.cleanup_ports())
        assert world.locks.holder(ANIME) is None
        assert list(world.objects.list(keys.work(event.ref.execution))) == []


@pytest.mark.parametrize(("scenario", "point", "when"), undone_deaths())
def test_the_undo_of_a_process_that_ended_goes_the_way_of_the_documents(
    stores: Stores, scenario: Scenario, point: int, when: When
) -> None:
    assert run(Task(stores=stores, scenario=scenario, point=point, when=when)) == DIED
    event = left_event(stores)
    with real_world(stores) as world:
        output = undo(event, ports=world.commit_ports())
        if took_place(scenario, point, when):
            assert output.result == "rolled_forward"
            assert_new(world, event)
        else:
            assert output.result == "undone"
            assert_old(world, scenario)


@pytest.mark.parametrize("point", range(4), ids=["the lock", "the record", "the point", "the fields of the sync"])
def test_an_undo_that_ends_in_the_middle_is_carried_on(stores: Stores, point: int) -> None:
    scenario = Scenario.UPDATE
    assert run(Task(stores=stores, scenario=scenario, point=1, when=When.AFTER)) == DIED
    event = left_event(stores)
    task = Task(stores=stores, scenario=scenario, event=event, action="undo", point=point, when=When.AFTER)
    assert run(task) == DIED
    with real_world(stores) as world:
        assert undo(event, ports=world.commit_ports()).result == "undone"
        assert_old(world, scenario)


# --------------------------------------------------------------------------------------------- a database that fails


def fail(stores: Stores, *commands: str, mode: Any = "alwaysOn", **how: Any) -> None:
    """From now on the server fails these commands, in every database."""
    with MongoClient[dict[str, Any]](stores.mongo_uri) as client:
        data = {"failCommands": list(commands), **how}
        client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})


def heal(stores: Stores) -> None:
    with MongoClient[dict[str, Any]](stores.mongo_uri) as client:
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


@contextmanager
def failing(stores: Stores, *commands: str, **how: Any) -> Iterator[None]:
    """As ``fail``, as long as the context lasts."""
    fail(stores, *commands, **how)
    try:
        yield
    finally:
        heal(stores)


REFUSED: Final[dict[str, Any]] = {"errorCode": 8000}
"""An error of no kind that may pass."""

TRANSIENT: Final[dict[str, Any]] = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_transaction_that_the_server_refuses_is_undone(stores: Stores, scenario: Scenario) -> None:
    with real_world(stores) as world:
        event = world.prepared(scenario)
        before = world.animes.get(ANIME)
        # Reading goes on: only the first write of the transaction, on the lock, is refused.
        with failing(stores, "update", **REFUSED):
            with pytest.raises(AnimeError):
                commit(event, ports=world.commit_ports())
            assert world.animes.get(ANIME) == before
            assert undo(event, ports=world.commit_ports()).result == "undone"
        assert world.disagreement() is None
        assert world.animes.get(ANIME) == before


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_transaction_that_is_refused_at_its_end_is_undone(stores: Stores, scenario: Scenario) -> None:
    with real_world(stores) as world:
        event = world.prepared(scenario)
        before = world.animes.get(ANIME)
        refuse = partial(fail, stores, "commitTransaction", **REFUSED)
        try:
            with pytest.raises(AnimeError):
                commit(event, ports=world.commit_ports(Faults(hooks={_transaction(scenario): refuse})))
        finally:
            heal(stores)
        assert undo(event, ports=world.commit_ports()).result == "undone"
        assert world.disagreement() is None
        assert world.animes.get(ANIME) == before


def test_documents_that_take_no_writes_for_long_leave_the_point_as_it_was(stores: Stores) -> None:
    with real_world(stores, patience=timedelta(seconds=1)) as world:
        event = world.prepared(Scenario.UPDATE)
        with failing(stores, "update", "insert", "delete", "findAndModify", **TRANSIENT):
            with pytest.raises(Unavailable):
                commit(event, ports=world.commit_ports())
            assert undo(event, ports=world.commit_ports()).result == "undone"
        assert_old(world, Scenario.UPDATE)


@pytest.mark.parametrize("scenario", list(Scenario))
def test_a_transaction_whose_answers_are_lost_is_one_commit(stores: Stores, scenario: Scenario) -> None:
    """It is carried out, and the server answers, again and again, that too few members confirmed it."""
    unconfirmed = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
    first = _transaction(scenario)
    with real_world(stores, patience=timedelta(seconds=2)) as world:
        event = world.prepared(scenario)
        before = world.animes.get(ANIME)
        lose = partial(fail, stores, "commitTransaction", **unconfirmed)
        faults = Faults(hooks={first: lose, first + 1: partial(heal, stores)})
        commit(event, ports=world.commit_ports(faults))
        assert faults.writes[first : first + 2] == ["animes.commit", "animes.commit"]
        assert_new(world, event)
        after = world.animes.get(ANIME)
        assert after is not None
        assert after.revision == (1 if before is None else before.revision + 1)


def test_a_connection_that_breaks_is_no_failure(stores: Stores) -> None:
    with real_world(stores) as world:
        event = world.prepared(Scenario.UPDATE)
        with failing(stores, "commitTransaction", mode={"times": 1}, closeConnection=True):
            commit(event, ports=world.commit_ports())
        assert_new(world, event)


@pytest.mark.parametrize("point", [1, 2], ids=["before the transaction", "after the transaction"])
def test_documents_that_cannot_be_read_are_left_for_a_person_who_settles_it(stores: Stores, point: int) -> None:
    scenario = Scenario.UPDATE
    assert run(Task(stores=stores, scenario=scenario, point=point, when=When.AFTER)) == DIED
    event = left_event(stores)
    with real_world(stores) as world:
        before = world.vectors.get(ANIME)
        with failing(stores, "find", "aggregate", "getMore", **REFUSED), pytest.raises(UndoImpossible):
            undo(event, ports=world.commit_ports())
        assert world.vectors.get(ANIME) == before
        clean_up(CleanupInput(ref=event.ref, outcome="undo_failed"), ports=world.cleanup_ports())
        [message] = world.dead_letters.messages()
        redrive(message, ports=world.commit_ports())
        if took_place(scenario, point, When.AFTER):
            assert_new(world, event)
        else:
            assert_old(world, scenario)


def test_a_stale_owner_changes_no_documents_and_its_point_is_put_back(stores: Stores) -> None:
    """Another execution takes the lock over between the point and the transaction."""
    thief = LockRef(owner="thief", token="T")

    def steal() -> None:
        holder = world.locks.holder(ANIME)
        assert holder is not None
        world.locks.take_over(ANIME, thief, ended=holder, lease=RUNNING_LEASE)

    with real_world(stores) as world:
        event = world.prepared(Scenario.UPDATE)
        end = run_commit(world, event, Faults(hooks={2: steal}))
        assert type(end.error).__name__ == "LockLost"
        assert_old(world, Scenario.UPDATE)
        assert world.locks.holder(ANIME) == thief
        assert world.executions.status(event.ref.execution) is ExecutionStatus.FAILED
