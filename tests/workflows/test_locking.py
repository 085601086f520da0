from datetime import timedelta
from typing import Any

import pytest

from models.errors import LockHeld
from models.events import LockRef
from tests.support.fakes import Failing, FakeExecutions, FakeLocks, ManualClock
from workflows.locking import acquire, release_owned
from workflows.ports import ExecutionStatus

ANIME = "ani_x"
LEASE = timedelta(minutes=15)
FIRST = LockRef(owner="first", token="1")
SECOND = LockRef(owner="second", token="2")


class Fixture:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.locks = FakeLocks(clock=self.clock)
        self.executions = FakeExecutions()

    def acquire(self, lock: LockRef) -> LockRef:
        return acquire(ANIME, lock, lease=LEASE, locks=self.locks, executions=self.executions)


@pytest.fixture
def world() -> Fixture:
    return Fixture()


def test_the_first_one_gets_a_free_lock(world: Fixture) -> None:
    assert world.acquire(FIRST) == FIRST
    assert world.locks.holder(ANIME) == FIRST


def test_a_living_owner_keeps_it(world: Fixture) -> None:
    world.acquire(FIRST)
    world.executions.start("first", {})
    with pytest.raises(LockHeld) as held:
        world.acquire(SECOND)
    assert held.value.owner == "first"
    assert world.locks.holder(ANIME) == FIRST


def test_an_owner_that_does_not_exist_yet_keeps_its_lease_and_no_longer(world: Fixture) -> None:
    world.acquire(FIRST)
    world.clock.advance(LEASE - timedelta(seconds=1))
    with pytest.raises(LockHeld):
        world.acquire(SECOND)
    world.clock.advance(timedelta(seconds=1))
    assert world.acquire(SECOND) == SECOND


@pytest.mark.parametrize(
    "end", [ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED]
)
def test_it_is_taken_over_from_an_owner_that_ended(world: Fixture, end: ExecutionStatus) -> None:
    world.acquire(FIRST)
    world.executions.start("first", {})
    world.executions.finish("first", end)
    assert world.acquire(SECOND) == SECOND
    assert world.locks.holder(ANIME) == SECOND


def test_an_owner_that_will_be_redriven_keeps_it(world: Fixture) -> None:
    world.acquire(FIRST)
    world.executions.start("first", {})
    world.executions.finish("first", ExecutionStatus.PENDING_REDRIVE)
    with pytest.raises(LockHeld):
        world.acquire(SECOND)


def test_its_owner_gets_it_again_with_the_first_token(world: Fixture) -> None:
    world.acquire(FIRST)
    assert world.acquire(LockRef(owner="first", token="other")) == FIRST


def test_of_two_that_take_it_over_one_wins(world: Fixture) -> None:
    world.acquire(FIRST)
    world.executions.start("first", {})
    world.executions.finish("first", ExecutionStatus.FAILED)
    seen_before = world.locks.holder(ANIME)
    assert seen_before is not None
    world.acquire(SECOND)
    with pytest.raises(LockHeld) as held:
        world.locks.take_over(ANIME, LockRef(owner="third", token="3"), ended=seen_before, lease=LEASE)
    assert held.value.owner == "second"


def test_a_lock_that_becomes_free_meanwhile_is_taken(world: Fixture) -> None:
    world.acquire(FIRST)
    releasing: Any = Failing(world.locks).before("acquire", LockHeld(ANIME, "first"))
    world.locks.release(ANIME, FIRST)
    assert acquire(ANIME, SECOND, lease=LEASE, locks=releasing, executions=world.executions) == SECOND


def test_only_the_owner_releases_it_whatever_the_token(world: Fixture) -> None:
    world.acquire(FIRST)
    assert not release_owned(ANIME, "second", locks=world.locks)
    assert world.locks.holder(ANIME) == FIRST
    assert release_owned(ANIME, "first", locks=world.locks)
    assert world.locks.holder(ANIME) is None
    assert not release_owned(ANIME, "first", locks=world.locks)
