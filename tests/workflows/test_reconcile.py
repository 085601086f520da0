"""Comparing both stores, and repairing the index."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from domain.consistency import Kind
from models.anime import AnimeEntry
from models.errors import Unavailable
from models.events import LockRef, ReconcileInput
from models.ids import ulid_from_bits
from models.vocabulary import SystemStatus
from tests.support.crashing import Crash, Faults, When
from tests.support.database import Database, crashing, make_entry, repeated
from workflows import reconcile as module
from workflows.data_ports import DataPorts
from workflows.indexing import embed_points
from workflows.ports import ExecutionStatus
from workflows.reconcile import Guard, reconcile

ONE, TWO, THREE = (make_entry(number, revision=3, last_saga=f"refresh-{number}") for number in (1, 2, 3))


@pytest.fixture
def database() -> Database:
    return filled()


def filled() -> Database:
    made = Database()
    made.fill([ONE, TWO, THREE])
    return made


def guard_of(database: Database, faults: Faults | None = None) -> Guard:
    numbers = itertools.count(1)
    return Guard(
        locks=crashing("locks", database.locks, faults or Faults()),
        executions=database.enrichment,
        tokens=lambda: ulid_from_bits(next(numbers)),
    )


def run(
    database: Database, *, fix: bool = False, run_id: str = "run", ports: DataPorts | None = None
) -> dict[str, Any]:
    return reconcile(ReconcileInput(run_id=run_id, fix=fix), ports=ports or database.ports(), guard=guard_of(database))


def members(database: Database) -> Any:
    return database.report("reconcile", "run")["result"]["members"]


def put_point(database: Database, entry: AnimeEntry) -> None:
    database.vectors.overwrite(embed_points([entry], database.embedder))


def other_text(revision: int, saga: str) -> AnimeEntry:
    return ONE.model_copy(update={"revision": revision, "last_saga": saga, "synopsis": "Of something else."})


def disturb_revision(database: Database) -> None:
    put_point(database, other_text(4, "refresh-crashed"))


def disturb_saga(database: Database) -> None:
    put_point(database, other_text(3, "refresh-crashed"))


def disturb_payload(database: Database) -> None:
    database.vectors.set_payload({ONE.anime_id: {"system_status": "ORPHANED", "sources": []}})


def disturb_missing(database: Database) -> None:
    database.vectors.remove([ONE.anime_id])


def disturb_surplus(database: Database) -> None:
    database.animes.delete([ONE.anime_id])


DISTURBANCES = [
    (disturb_missing, Kind.MISSING, []),
    (disturb_surplus, Kind.SURPLUS, []),
    (disturb_revision, Kind.REVISION, ["revision", "saga"]),
    (disturb_saga, Kind.SAGA, ["saga"]),
    (disturb_payload, Kind.PAYLOAD, ["sources", "system_status"]),
]


def test_stores_in_step_have_no_difference(database: Database) -> None:
    result = run(database)
    figures = {name: value for name, value in result.items() if isinstance(value, int) and value}
    assert figures == {"entries": 3, "points": 3}
    assert result["report"] == "reports/reconcile/run.json"
    stored = database.report("reconcile", "run")["result"]
    assert result == {name: value for name, value in stored.items() if name != "members"}


@pytest.mark.parametrize(("disturb", "kind", "fields"), DISTURBANCES)
def test_each_difference_is_found_named_and_left_alone(
    database: Database, disturb: Callable[[Database], None], kind: Kind, fields: list[str]
) -> None:
    disturb(database)
    before = contents(database)
    result = run(database)
    assert {one.value: result[one.value] for one in Kind} == {one.value: int(one is kind) for one in Kind}
    assert (result["differences"], result["fixed"], result["remaining"]) == (1, 0, 1)
    assert members(database)[kind.value] == [{"anime_id": ONE.anime_id, "fields": fields}]
    assert contents(database) == before


@pytest.mark.parametrize(("disturb", "kind", "fields"), DISTURBANCES)
def test_a_repair_brings_the_index_back_to_the_documents(
    database: Database, disturb: Callable[[Database], None], kind: Kind, fields: list[str]
) -> None:
    undisturbed = filled()
    disturb(database)
    if kind is Kind.SURPLUS:
        undisturbed.animes.delete([ONE.anime_id])
        undisturbed.vectors.remove([ONE.anime_id])
    result = run(database, fix=True)
    assert (result["differences"], result["fixed"], result["remaining"]) == (1, 1, 0)
    assert members(database)["fixed"] == [ONE.anime_id]
    assert contents(database) == contents(undisturbed)
    assert run(database, run_id="again")["differences"] == 0
    assert database.locks.holder(ONE.anime_id) is None


def contents(database: Database) -> tuple[Any, ...]:
    points = sorted(database.vectors.scan(with_vectors=True), key=lambda point: point.anime_id)
    return database.entries(), points


def test_a_payload_that_sync_owns_is_repaired_without_embedding(database: Database) -> None:
    disturb_payload(database)
    database.embedder.embed = None  # type: ignore[assignment, method-assign]
    assert run(database, fix=True)["fixed"] == 1


# --------------------------------------------------------------------------------------------- beside the pipeline


def hold(database: Database, status: ExecutionStatus | None) -> None:
    """An execution holds the lock; None: it is about to be started."""
    owner = f"refresh-{ONE.anime_id}-x"
    if status is not None:
        database.enrichment.start(owner, {})
        database.enrichment.finish(owner, status)
    database.locks.acquire(ONE.anime_id, LockRef(owner=owner, token="t"), lease=module.LEASE)


@pytest.mark.parametrize("status", [ExecutionStatus.RUNNING, ExecutionStatus.PENDING_REDRIVE, None])
@pytest.mark.parametrize("fix", [False, True])
def test_what_a_living_execution_holds_is_skipped_and_named(
    database: Database, status: ExecutionStatus | None, fix: bool
) -> None:
    hold(database, status)
    disturb_revision(database)
    before = contents(database)
    result = run(database, fix=fix)
    assert (result["differences"], result["skipped"], result["fixed"]) == (0, 1, 0)
    assert members(database)["skipped"] == [{"anime_id": ONE.anime_id, "owner": f"refresh-{ONE.anime_id}-x"}]
    assert contents(database) == before


@pytest.mark.parametrize("status", [ExecutionStatus.FAILED, ExecutionStatus.ABORTED, ExecutionStatus.SUCCEEDED])
def test_the_lock_of_the_dead_hides_nothing(database: Database, status: ExecutionStatus) -> None:
    hold(database, status)
    disturb_revision(database)
    assert run(database)["differences"] == 1
    assert run(database, fix=True, run_id="fix")["fixed"] == 1
    assert database.vectors.get(ONE.anime_id) == filled().vectors.get(ONE.anime_id)


def test_an_execution_that_begins_before_the_repair_keeps_its_anime(database: Database) -> None:
    disturb_revision(database)
    disturb_again = database.vectors.get(ONE.anime_id)
    guard = guard_of(database)
    acquire = database.locks.acquire

    def too_late(anime_id: str, lock: LockRef, *, lease: Any) -> LockRef:
        database.locks.acquire = acquire  # type: ignore[method-assign]
        hold(database, ExecutionStatus.RUNNING)
        return acquire(anime_id, lock, lease=lease)

    database.locks.acquire = too_late  # type: ignore[method-assign]
    result = reconcile(ReconcileInput(run_id="run", fix=True), ports=database.ports(), guard=guard)
    assert (result["differences"], result["fixed"], result["skipped"], result["remaining"]) == (1, 0, 1, 1)
    assert database.vectors.get(ONE.anime_id) == disturb_again


def test_a_commit_during_the_walk_is_no_difference(database: Database) -> None:
    """The documents' session is older than what the scan shows: a second look settles it."""
    newer = other_text(4, "refresh-new")
    scan = database.vectors.scan

    def commit_in_between(*, with_vectors: bool) -> Any:
        database.animes.restore([newer])
        put_point(database, newer)
        return scan(with_vectors=with_vectors)

    database.vectors.scan = commit_in_between  # type: ignore[method-assign]
    assert run(database)["differences"] == 0


def test_a_repair_looks_once_more_under_the_lock(database: Database) -> None:
    disturb_revision(database)
    newer = other_text(4, "refresh-new").model_copy(update={"synopsis": "Committed just now."})
    acquire = database.locks.acquire

    def commit_first(anime_id: str, lock: LockRef, *, lease: Any) -> LockRef:
        database.animes.restore([newer])
        put_point(database, newer)
        return acquire(anime_id, lock, lease=lease)

    database.locks.acquire = commit_first  # type: ignore[method-assign]
    run(database, fix=True)
    expected = Database()
    expected.fill([newer])
    assert database.vectors.get(ONE.anime_id) == expected.vectors.get(ONE.anime_id)


def test_many_differences_are_repaired_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    database.vectors.remove([ONE.anime_id, TWO.anime_id, THREE.anime_id])
    surplus = make_entry(9, system_status=SystemStatus.ORPHANED)
    put_point(database, surplus)
    result = run(database, fix=True)
    assert (result["missing_points"], result["surplus_points"], result["fixed"]) == (3, 1, 4)
    assert contents(database) == contents(filled())


def test_a_run_that_succeeded_is_not_repeated(database: Database) -> None:
    result = run(database)
    disturb_missing(database)
    assert run(database) == result


def test_a_crashed_repair_leaves_a_lock_that_runs_out_and_a_repetition_goes_on() -> None:
    calm = Faults()
    database = filled()
    disturb_revision(database)
    event = ReconcileInput(run_id="run", fix=True)
    reconcile(event, ports=database.ports(calm), guard=guard_of(database, calm))
    assert {"locks.acquire", "vectors.overwrite", "locks.release"} <= set(calm.writes)
    for number in range(len(calm.writes)):
        for when in When:
            fresh, faults = filled(), Faults(planned={number: when})
            disturb_revision(fresh)
            ports, guard = fresh.ports(faults), guard_of(fresh, faults)
            with pytest.raises((Crash, Unavailable)):
                reconcile(event, ports=ports, guard=guard)
            repeated(partial(reconcile, event, ports=ports, guard=guard))
            assert contents(fresh) == contents(filled())
            fresh.clock.advance(2 * module.LEASE)
            assert run(fresh, run_id="afterwards")["differences"] == 0
