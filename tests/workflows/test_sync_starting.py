"""Which new anime are worked on already. What starts, and in which order, is in ``test_sync``."""

from datetime import timedelta

import pytest

from models.events import LockRef
from tests.support.fakes import FakeExecutions, FakeLocks, ManualClock
from workflows.ports import ExecutionStatus
from workflows.sync_starting import machine_runs

LOCK = LockRef(owner="new-ani_1-token", token="token")


@pytest.fixture
def locks() -> FakeLocks:
    locks = FakeLocks(clock=ManualClock())
    locks.acquire("ani_1", LOCK, lease=timedelta(minutes=15))
    return locks


def test_nothing_runs_without_a_lock(locks: FakeLocks) -> None:
    assert not machine_runs("ani_2", locks=locks, executions=FakeExecutions())


@pytest.mark.parametrize("status", list(ExecutionStatus))
def test_an_execution_runs_until_it_ends(locks: FakeLocks, status: ExecutionStatus) -> None:
    executions = FakeExecutions()
    executions.start(LOCK.owner, {})
    executions.finish(LOCK.owner, status)
    assert machine_runs("ani_1", locks=locks, executions=executions) is not status.ended


def test_a_lock_whose_execution_never_began_is_left_to_the_start(locks: FakeLocks) -> None:
    assert not machine_runs("ani_1", locks=locks, executions=FakeExecutions())
