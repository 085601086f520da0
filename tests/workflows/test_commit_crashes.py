"""The commit under everything that can go wrong between two writes.

Whatever happens, once the machine is through, both stores say the same, and it is either all old or all new.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anime import AnimeEntry, check_entry
from models.errors import LockLost, UndoImpossible
from models.events import CleanupInput, CommitInput, CommitOutput, LockRef, Mode
from models.vocabulary import SystemStatus
from tests.support.commits import (
    ANIME,
    RUNNING_LEASE,
    End,
    Scenario,
    World,
    afresh,
    fake_world,
    run_commit,
)
from tests.support.crashing import Crash, Faults, When
from workflows import keys
from workflows.cleanup import clean_up
from workflows.commit import commit, redrive, undo
from workflows.ports import ExecutionStatus, SyncUpdate
from workflows.saga import load_record

EVERY = list(Scenario)


def prepared(scenario: Scenario) -> tuple[World, CommitInput, AnimeEntry | None]:
    """The world, the event of CommitData, and the entry stored before it."""
    world = fake_world()
    event = world.prepared(scenario)
    return world, event, world.animes.get(ANIME)


def assert_new(world: World, event: CommitInput, before: AnimeEntry | None) -> None:
    assert world.disagreement() is None
    entry = world.animes.get(ANIME)
    assert entry is not None
    assert entry.last_saga == event.ref.execution
    assert entry.revision == (1 if before is None else before.revision + 1)


def assert_old(world: World, before: AnimeEntry | None) -> None:
    assert world.disagreement() is None
    assert world.animes.get(ANIME) == before


def assert_tidy(world: World, event: CommitInput) -> None:
    assert world.locks.holder(ANIME) is None
    assert list(world.objects.list(keys.work(event.ref.execution))) == []


def writes_of(scenario: Scenario, *, always_failing: frozenset[str] = frozenset()) -> int:
    """How many writes the whole takes when nothing dies."""
    world, event, _ = prepared(scenario)
    faults = Faults(always_failing=always_failing)
    run_commit(world, event, faults)
    return len(faults.writes)


def plans(count: int, *, deaths: int) -> Iterator[dict[int, When]]:
    """Every way to choose ``deaths`` of the first ``count`` writes, and what goes wrong at each."""
    for points in itertools.combinations(range(count), deaths):
        for whens in itertools.product(When, repeat=deaths):
            yield dict(zip(points, whens, strict=True))


@pytest.mark.parametrize("scenario", EVERY)
def test_a_commit_that_dies_or_loses_an_answer_once_is_carried_on(scenario: Scenario) -> None:
    for plan in plans(writes_of(scenario), deaths=1):
        world, event, before = prepared(scenario)
        end = run_commit(world, event, Faults(planned=plan))
        assert end.outcome == "succeeded", plan
        assert_new(world, event, before)
        assert_tidy(world, event)


@pytest.mark.parametrize("scenario", EVERY)
def test_a_commit_that_dies_twice_is_carried_on(scenario: Scenario) -> None:
    for plan in plans(writes_of(scenario) + 4, deaths=2):
        world, event, before = prepared(scenario)
        end = run_commit(world, event, Faults(planned=plan))
        assert end.outcome == "succeeded", plan
        assert_new(world, event, before)
        assert_tidy(world, event)


@pytest.mark.parametrize("deaths", [1, 2])
@pytest.mark.parametrize("scenario", EVERY)
def test_an_undo_that_dies_is_carried_on(scenario: Scenario, deaths: int) -> None:
    refused = frozenset({"animes.commit"})
    for plan in plans(writes_of(scenario, always_failing=refused), deaths=deaths):
        world, event, before = prepared(scenario)
        end = run_commit(world, event, Faults(planned=plan, always_failing=refused))
        assert end.outcome == "failed", plan
        assert_old(world, before)
        assert_tidy(world, event)


@settings(max_examples=300, deadline=None)
@given(
    scenario=st.sampled_from(EVERY),
    plan=st.dictionaries(st.integers(0, 40), st.sampled_from(When), max_size=12),
    failing=st.sampled_from([frozenset[str](), frozenset({"animes.commit"}), frozenset({"vectors.upsert"})]),
)
def test_both_stores_agree_however_often_something_dies(
    scenario: Scenario, plan: dict[int, When], failing: frozenset[str]
) -> None:
    world, event, before = prepared(scenario)
    end = run_commit(world, event, Faults(planned=plan, always_failing=failing))
    if end.outcome == "undo_failed":
        redrive(world.dead_letters.messages()[0], ports=world.commit_ports())
    entry = world.animes.get(ANIME)
    if entry == before:
        assert_old(world, before)
    else:
        assert_new(world, event, before)
    assert_tidy(world, event)


# --------------------------------------------------------------------------------------------- a store fails for good


@pytest.mark.parametrize("scenario", EVERY)
def test_documents_that_take_no_writes_leave_the_point_as_it_was(scenario: Scenario) -> None:
    world, event, before = prepared(scenario)
    end = run_commit(world, event, Faults(always_failing=frozenset({"animes.commit", "locks.take_over"})))
    assert end.output is not None
    assert end.output.result == "undone"
    assert_old(world, before)


@pytest.mark.parametrize("scenario", EVERY)
def test_an_index_that_takes_no_writes_leaves_the_documents_alone(scenario: Scenario) -> None:
    world, event, before = prepared(scenario)
    faults = Faults(always_failing=frozenset({"vectors.upsert"}))
    end = run_commit(world, event, faults)
    assert end.outcome == "failed"
    assert faults.writes.count("vectors.upsert") == 1 + len(world.waits)
    assert "animes.commit" not in faults.writes
    assert_old(world, before)


# ------------------------------------------------------------------- the commit dies for good, and the undo follows


def commit_writes(scenario: Scenario) -> list[str]:
    world, event, _ = prepared(scenario)
    faults = Faults()
    commit(event, ports=world.commit_ports(faults))
    return faults.writes


def dead_points(scenario: Scenario) -> Iterator[tuple[int, When, bool]]:
    """Where a commit can die, and whether its transaction has taken place by then."""
    writes = commit_writes(scenario)
    transaction = writes.index("animes.commit")
    for point, when in itertools.product(range(len(writes)), (When.BEFORE, When.AFTER)):
        yield point, when, point > transaction or (point == transaction and when is When.AFTER)


def die(world: World, event: CommitInput, point: int, when: When) -> None:
    with pytest.raises(Crash):
        commit(event, ports=world.commit_ports(Faults(planned={point: when})))


def backwards(event: CommitInput) -> CommitInput:
    return event.model_copy(update={"action": "undo"})


@pytest.mark.parametrize("scenario", EVERY)
def test_the_documents_decide_which_way_an_undo_goes(scenario: Scenario) -> None:
    for point, when, took_place in dead_points(scenario):
        world, event, before = prepared(scenario)
        die(world, event, point, when)
        output = undo(backwards(event), ports=world.commit_ports())
        assert output.result == ("rolled_forward" if took_place else "undone"), (point, when)
        if took_place:
            assert_new(world, event, before)
            assert_published(world)
        else:
            assert_old(world, before)


@pytest.mark.parametrize("scenario", EVERY)
def test_an_undo_may_die_anywhere_after_a_commit_died_anywhere(scenario: Scenario) -> None:
    for point, when, took_place in dead_points(scenario):
        for again in itertools.count():
            world, event, before = prepared(scenario)
            die(world, event, point, when)
            faults = Faults(planned={again: When.AFTER, again + 1: When.LOST_REPLY})
            ports = world.commit_ports(faults)
            afresh(lambda: undo(backwards(event), ports=ports))  # noqa: B023 - called at once
            if took_place:
                assert_new(world, event, before)
            else:
                assert_old(world, before)
            if len(faults.writes) <= again:
                break


@pytest.mark.parametrize("scenario", EVERY)
def test_documents_that_cannot_be_read_leave_everything_for_a_person(scenario: Scenario) -> None:
    for point, when, took_place in dead_points(scenario):
        world, event, before = prepared(scenario)
        die(world, event, point, when)
        point_before, record_before = world.vectors.get(ANIME), load_record(ANIME, event.ref.execution, world.objects)
        with pytest.raises(UndoImpossible):
            undo(backwards(event), ports=world.commit_ports(Faults(always_failing=frozenset({"animes"}))))
        assert world.vectors.get(ANIME) == point_before
        assert load_record(ANIME, event.ref.execution, world.objects) == record_before
        settle_by_redrive(world, event)
        if took_place:
            assert_new(world, event, before)
            assert_published(world)
        else:
            assert_old(world, before)


@pytest.mark.parametrize("failing", ["vectors", "objects"])
@pytest.mark.parametrize("scenario", EVERY)
def test_an_undo_that_cannot_be_carried_out_is_left_for_a_person(scenario: Scenario, failing: str) -> None:
    for point, when, took_place in dead_points(scenario):
        world, event, before = prepared(scenario)
        die(world, event, point, when)
        if load_record(ANIME, event.ref.execution, world.objects) is None and failing == "vectors":
            continue  # nothing was written, so the index is not needed
        with pytest.raises(UndoImpossible):
            undo(backwards(event), ports=world.commit_ports(Faults(always_failing=NEEDED[failing])))
        settle_by_redrive(world, event)
        if took_place:
            assert_new(world, event, before)
        else:
            assert_old(world, before)


NEEDED = {
    "vectors": frozenset({"vectors.restore", "vectors.delete", "vectors.set_payload"}),
    "objects": frozenset({"objects.get", "objects.put"}),
}


def settle_by_redrive(world: World, event: CommitInput) -> None:
    """The end of the machine puts a message on the queue; ``redrive`` gets it, twice."""
    ref = event.ref
    clean_up(CleanupInput(ref=ref, outcome="undo_failed"), ports=world.cleanup_ports())
    world.executions.finish(ref.execution, ExecutionStatus.FAILED)
    [message] = world.dead_letters.messages()
    assert message["execution"] == ref.execution
    first = redrive(message, ports=world.commit_ports())
    assert redrive(message, ports=world.commit_ports()) == first
    assert_tidy(world, event)


def assert_published(world: World) -> None:
    """What follows the transaction has happened too."""
    entry = world.animes.get(ANIME)
    assert entry is not None
    copy = world.objects.get(keys.audit_copy(ANIME))
    assert copy is not None
    assert check_entry(copy.body) == entry
    assert world.cache.get(f"anime:{ANIME}") is None


# ------------------------------------------------------------------------------------ somebody else comes in between


@pytest.mark.parametrize("scenario", EVERY)
def test_the_same_event_twice_at_once_is_one_commit(scenario: Scenario) -> None:
    for point in range(len(commit_writes(scenario))):
        world, event, before = prepared(scenario)
        other = world.commit_ports()
        faults = Faults(hooks={point: lambda: commit(event, ports=other)})  # noqa: B023 - called in this round
        output = commit(event, ports=world.commit_ports(faults))
        assert output.result == "committed"
        assert_new(world, event, before)


@pytest.mark.parametrize("scenario", EVERY)
def test_a_commit_that_goes_on_after_its_undo_changes_nothing(scenario: Scenario) -> None:
    writes = commit_writes(scenario)
    for point in range(len(writes)):
        world, event, before = prepared(scenario)
        results: list[CommitOutput] = []
        other = world.commit_ports()
        faults = Faults(hooks={point: lambda: results.append(undo(backwards(event), ports=other))})  # noqa: B023 - as above
        if point <= writes.index("animes.commit"):
            with pytest.raises(LockLost):
                commit(event, ports=world.commit_ports(faults))
            assert results[0].result == "undone"
            assert_old(world, before)
        else:
            commit(event, ports=world.commit_ports(faults))
            assert results[0].result == "rolled_forward"
            assert_new(world, event, before)


@pytest.mark.parametrize("scenario", EVERY)
def test_a_stale_owner_changes_no_documents_and_leaves_no_point(scenario: Scenario) -> None:
    """Its lock is taken over just before a write, and the new owner has done nothing yet."""
    writes = commit_writes(scenario)
    for point in range(writes.index("locks.acquire") + 1 if "locks.acquire" in writes else 0, len(writes)):
        world, event, before = prepared(scenario)
        thief = LockRef(owner="thief", token="T")
        faults = Faults(hooks={point: lambda: steal(world, thief)})  # noqa: B023 - as above
        end = run_commit(world, event, faults)
        if point <= writes.index("animes.commit"):
            assert isinstance(end.error, LockLost)
            assert_old(world, before)
        else:
            assert end.outcome == "succeeded"
            assert_new(world, event, before)
        assert world.locks.holder(ANIME) == thief


def steal(world: World, thief: LockRef) -> None:
    holder = world.locks.holder(ANIME)
    assert holder is not None
    world.locks.take_over(ANIME, thief, ended=holder, lease=RUNNING_LEASE)


@pytest.mark.parametrize("scenario", [Scenario.UPDATE, Scenario.REBASE, Scenario.STATUS])
def test_two_commits_of_one_anime_end_with_both_stores_at_one_of_them(scenario: Scenario) -> None:
    """Another execution takes the lock over from one that counts as ended, and commits in between."""
    for point in range(len(commit_writes(scenario))):
        world, event, _ = prepared(scenario)
        ends: list[End] = []
        faults = Faults(hooks={point: lambda: ends.append(overtake(world, event))})  # noqa: B023 - as above
        run_commit(world, event, faults)
        assert world.disagreement() is None, (point, ends)
        assert world.locks.holder(ANIME) is None


def overtake(world: World, event: CommitInput) -> End:
    world.executions.finish(event.ref.execution, ExecutionStatus.TIMED_OUT)
    stored = world.animes.get(ANIME)
    assert stored is not None
    rival = world.approved(Mode.REFRESH, stored.model_copy(update={"synopsis": "Another synopsis."}))
    return run_commit(world, rival)


@pytest.mark.parametrize("scenario", EVERY)
def test_what_the_sync_writes_meanwhile_reaches_both_stores(scenario: Scenario) -> None:
    orphaned = SyncUpdate(anime_id=ANIME, orphaned_at=datetime(2026, 11, 21, tzinfo=UTC))
    for point in range(len(commit_writes(scenario))):
        world, event, before = prepared(scenario)

        def sync(world: World = world) -> None:
            world.animes.apply_sync([orphaned])
            world.vectors.set_payload({ANIME: {"system_status": "ORPHANED"}})

        run_commit(world, event, Faults(hooks={point: sync}))
        assert world.disagreement() is None, point
        entry = world.animes.get(ANIME)
        assert entry is not None
        if before is not None:
            assert entry.system_status is SystemStatus.ORPHANED
