import re
from typing import Any

import pytest

from models.errors import BadInput, LockHeld, NotFound, Unavailable
from models.events import EnrichmentInput, EnrichmentSubject, Mode
from models.review import Flag, Proposal
from tests.support.commits import ANIME, FIRST_LEASE, SOURCE, World, fake_world, make_entry
from tests.support.crashing import Crash, Faults, When
from tests.support.fakes import FakeLocks
from workflows import keys
from workflows.launching import (
    flags_cause,
    locked_name,
    start_event,
    start_locked,
    start_pending,
    start_unlocked,
    unlocked_name,
)
from workflows.ports import ExecutionStatus, PendingEvent

SUBJECT = EnrichmentSubject(anime_id=ANIME, sources=(SOURCE,), title="Cowboy Bebop", offered={"title": "Cowboy Bebop"})
PROPOSAL = Proposal(
    anime_id=ANIME, flags=(Flag(field="status", stored="ONGOING", offered="FINISHED"),), release="2026-05"
)
LEGAL = re.compile(r"[A-Za-z0-9_-]{1,80}")


@pytest.fixture
def world() -> World:
    return fake_world()


def launch(world: World, faults: Faults | None = None, **changes: Any) -> str:
    return start_locked(SUBJECT, mode=Mode.NEW, ports=world.launch_ports(faults), **changes)


# ------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("mode", list(Mode))
def test_every_name_is_a_legal_name_of_an_execution(mode: Mode) -> None:
    for name in (
        locked_name(mode, ANIME, "0" * 26),
        unlocked_name(mode, ANIME, "a cause with / : ü and more", 999_999),
    ):
        assert LEGAL.fullmatch(name), name
        assert name.startswith(f"{mode.value}-{ANIME}-")


def test_another_cause_is_another_name_and_the_order_of_flags_makes_none() -> None:
    one, two = (Flag(field=field, stored="a", offered="b") for field in ("status", "episodes"))
    assert flags_cause([one, two]) == flags_cause([two, one])
    names = {unlocked_name(Mode.REVIEW_ONLY, ANIME, flags_cause(flags), 1) for flags in ([one], [two], [one, two])}
    assert len(names) == 3


# ---------------------------------------------------------------------------------------------------------- with lock


def test_a_start_takes_the_lock_and_leaves_the_subject(world: World) -> None:
    name = launch(world, release="2026-05")
    lock = world.locks.holder(ANIME)
    assert lock is not None
    assert name == f"new-{ANIME}-{lock.token}"
    assert lock.owner == name
    assert isinstance(world.locks, FakeLocks)
    assert world.locks.expires_at(ANIME) == world.clock.now + FIRST_LEASE
    stored = world.objects.get(keys.subject(name))
    assert stored is not None
    assert EnrichmentSubject.model_validate_json(stored.body) == SUBJECT


def test_the_input_names_every_field_nulls_too(world: World) -> None:
    name = launch(world)
    started = world.executions.started[name]
    assert set(started) == set(EnrichmentInput.model_fields)
    assert started["episode_number"] is None
    assert started["lock"] == {"owner": name, "token": name.rpartition("-")[2]}


def test_two_starts_at_once_are_one_execution(world: World) -> None:
    launch(world)
    with pytest.raises(LockHeld):
        launch(world)
    assert len(world.executions.started) == 1


def test_a_failed_start_releases_the_lock(world: World) -> None:
    for failing in ("executions.start", "objects.put"):
        with pytest.raises(Unavailable):
            launch(world, Faults(always_failing=frozenset({failing})))
        assert world.locks.holder(ANIME) is None
    assert world.executions.started == {}


def test_a_start_whose_answer_is_lost_is_a_start(world: World) -> None:
    name = launch(world, Faults(planned={2: When.LOST_REPLY}))
    assert list(world.executions.started) == [name]
    assert world.locks.holder(ANIME) is not None


@pytest.mark.parametrize("point", [0, 1, 2])
@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_start_that_dies_is_carried_on_by_the_same_cause(world: World, point: int, when: When) -> None:
    with pytest.raises(Crash):
        launch(world, Faults(planned={point: when}), cause="run-1")
    name = launch(world, cause="run-1")
    assert list(world.executions.started) == [name]
    lock = world.locks.holder(ANIME)
    assert lock is not None
    assert world.executions.started[name]["lock"] == lock.model_dump()


def test_a_start_that_died_without_a_cause_heals_with_its_lease(world: World) -> None:
    with pytest.raises(Crash):
        launch(world, Faults(planned={2: When.BEFORE}))
    with pytest.raises(LockHeld):
        launch(world)
    world.clock.advance(FIRST_LEASE)
    assert launch(world) in world.executions.started


@pytest.mark.parametrize("status", [ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED])
def test_a_cause_that_runs_or_succeeded_is_not_started_again(world: World, status: ExecutionStatus) -> None:
    name = launch(world, cause="run-1")
    end(world, name, status)
    assert launch(world, cause="run-1") == name
    assert len(world.executions.started) == 1
    assert (world.locks.holder(ANIME) is None) == status.ended


@pytest.mark.parametrize("status", [ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED])
def test_a_cause_that_ended_otherwise_is_started_with_the_next_token(world: World, status: ExecutionStatus) -> None:
    first = launch(world, cause="run-1")
    end(world, first, status)
    second = launch(world, cause="run-1")
    assert second != first
    assert list(world.executions.started) == [first, second]


def test_a_cause_that_succeeded_meets_no_lock_of_others(world: World) -> None:
    name = launch(world, cause="run-1")
    end(world, name, ExecutionStatus.SUCCEEDED)
    launch(world)
    assert launch(world, cause="run-1") == name


def test_a_start_that_comes_late_leaves_no_lock_of_an_execution_that_ended(world: World) -> None:
    """The same cause at once, and the other one's execution is over before this one's request."""

    def overtake() -> None:
        end(world, launch(world, cause="run-1"), ExecutionStatus.SUCCEEDED)

    faults = Faults(hooks={0: overtake})
    name = launch(world, faults, cause="run-1")
    assert list(world.executions.started) == [name]
    assert world.locks.holder(ANIME) is None


def end(world: World, name: str, status: ExecutionStatus) -> None:
    """As the machine ends: its last state releases the lock."""
    if status.ended:
        world.executions.finish(name, status)
        lock = world.locks.holder(ANIME)
        assert lock is not None
        world.locks.release(ANIME, lock)


# -------------------------------------------------------------------------------------------------------- without lock


def start_proposal(world: World, faults: Faults | None = None) -> str:
    return start_unlocked(
        PROPOSAL,
        mode=Mode.REVIEW_ONLY,
        cause=flags_cause(PROPOSAL.flags),
        release=PROPOSAL.release,
        ports=world.launch_ports(faults),
    )


def test_a_proposal_is_started_without_a_lock_and_once(world: World) -> None:
    name = start_proposal(world)
    assert start_proposal(world) == name
    assert name.endswith("-1")
    assert world.locks.holder(ANIME) is None
    started = world.executions.started[name]
    assert started["entry_key"] == keys.proposal(name)
    assert started["lock"] is None
    stored = world.objects.get(keys.proposal(name))
    assert stored is not None
    assert Proposal.model_validate_json(stored.body) == PROPOSAL


def test_the_next_attempt_follows_an_execution_that_failed(world: World) -> None:
    first = start_proposal(world)
    world.executions.finish(first, ExecutionStatus.FAILED)
    second = start_proposal(world)
    assert (first[-2:], second[-2:]) == ("-1", "-2")
    world.executions.finish(second, ExecutionStatus.SUCCEEDED)
    assert start_proposal(world) == second


def test_nothing_is_put_for_an_execution_that_is_there(world: World) -> None:
    name = start_proposal(world)
    world.executions.finish(name, ExecutionStatus.SUCCEEDED)
    world.objects.delete_prefix(keys.work(name))
    start_proposal(world)
    assert list(world.objects.list(keys.work(name))) == []


# -------------------------------------------------------------------------------------------------------------- events


def test_an_event_of_an_unknown_anime_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        start_event(ANIME, Mode.REFRESH, "run-1", ports=world.launch_ports())


@pytest.mark.parametrize(
    ("mode", "number"), [(Mode.REVIEW_ONLY, None), (Mode.EPISODE, None), (Mode.EPISODE, "no number")]
)
def test_an_event_that_cannot_be_started_is_refused(world: World, mode: Mode, number: str | None) -> None:
    world.store(make_entry())
    with pytest.raises(BadInput):
        start_event(ANIME, mode, "run-1", episode_number=number, ports=world.launch_ports())
    assert world.executions.started == {}


def test_the_same_event_twice_is_one_execution(world: World) -> None:
    world.store(make_entry())
    first = start_event(ANIME, Mode.REFRESH, "run-1", ports=world.launch_ports())
    assert start_event(ANIME, Mode.REFRESH, "run-1", ports=world.launch_ports()) == first
    assert (first.pending, list(world.executions.started)) == (False, [first.execution])
    assert world.animes.pending(ANIME) == ()


def test_an_episode_is_started_beside_a_lock_and_once(world: World) -> None:
    world.store(make_entry())
    launch(world)
    first = start_event(ANIME, Mode.EPISODE, "2026-11-21", episode_number="02", ports=world.launch_ports())
    again = start_event(ANIME, Mode.EPISODE, "2026-11-21", episode_number="2", ports=world.launch_ports())
    other = start_event(ANIME, Mode.EPISODE, "2026-11-21", episode_number="3", ports=world.launch_ports())
    assert first == again
    assert first.execution is not None
    assert other.execution != first.execution
    assert world.executions.started[first.execution]["episode_number"] == "2"


def test_an_event_that_meets_a_lock_waits_on_the_anime_and_starts_afterwards(world: World) -> None:
    world.store(make_entry())
    holder = launch(world)
    for _ in range(2):
        output = start_event(ANIME, Mode.REFRESH, "run-1", ports=world.launch_ports())
        assert (output.execution, output.pending) == (None, True)
    assert world.animes.pending(ANIME) == (PendingEvent(mode="refresh", cause="run-1"),)
    end(world, holder, ExecutionStatus.SUCCEEDED)
    [name] = start_pending(ANIME, ports=world.launch_ports()).values()
    assert world.executions.started[name]["mode"] == "refresh"
    assert world.animes.pending(ANIME) == ()
    assert start_pending(ANIME, ports=world.launch_ports()) == {}


def test_a_lock_released_while_an_event_is_kept_starts_it_at_once(world: World) -> None:
    world.store(make_entry())
    holder = launch(world)
    faults = Faults(hooks={1: lambda: end(world, holder, ExecutionStatus.SUCCEEDED)})
    output = start_event(ANIME, Mode.REFRESH, "run-1", ports=world.launch_ports(faults))
    assert faults.writes[:2] == ["locks.acquire", "animes.add_pending"]
    assert output.execution is not None
    assert not output.pending
    assert world.animes.pending(ANIME) == ()


def test_what_meets_a_lock_again_goes_on_waiting(world: World) -> None:
    world.store(make_entry())
    holder = launch(world)
    for cause in ("run-1", "run-2"):
        start_event(ANIME, Mode.REFRESH, cause, ports=world.launch_ports())
    end(world, holder, ExecutionStatus.SUCCEEDED)
    assert len(start_pending(ANIME, ports=world.launch_ports())) == 1
    assert world.animes.pending(ANIME) == (PendingEvent(mode="refresh", cause="run-2"),)


def test_waiting_events_are_started_once_wherever_it_dies(world: World) -> None:
    for point in range(4):
        for when in When:
            world = fake_world()
            world.store(make_entry())
            world.animes.add_pending(ANIME, PendingEvent(mode="refresh", cause="run-1"))
            faults = Faults(planned={point: when})
            for _ in range(3):
                try:
                    start_pending(ANIME, ports=world.launch_ports(faults))
                except (Crash, Unavailable):
                    continue
            assert len(world.executions.started) == 1, (point, when)
            assert world.animes.pending(ANIME) == (), (point, when)
