"""The contract of ``Locks``."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.collections import LOCKS
from models.errors import LockHeld, LockLost
from models.events import LockRef
from stores.mongo.locks import MongoLocks
from tests.support.contracts.samples import anime_id, lock
from tests.support.fakes import FakeLocks, ManualClock
from workflows.ports import Locks

LEASE = timedelta(minutes=15)
ID = anime_id(1)
MINE = lock("mine", "01MINE")
OTHER = lock("other", "01OTHER")


@dataclass(frozen=True)
class World:
    """``lapse`` makes an anime's lease end; ``left`` is what remains of it."""

    locks: Locks
    lapse: Callable[[str], object]
    left: Callable[[str], timedelta]


def _fake() -> World:
    clock = ManualClock()
    locks = FakeLocks(clock=clock)

    def left(identifier: str) -> timedelta:
        ends = locks.expires_at(identifier)
        assert ends is not None
        return ends - clock()

    return World(locks, lambda identifier: clock.advance(left(identifier)), left)


def _mongo(database: Any) -> World:
    collection = database[LOCKS]

    def left(identifier: str) -> timedelta:
        ends: datetime = collection.find_one({"_id": identifier})["expires_at"]
        return ends - datetime.now(UTC)

    def lapse(identifier: str) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        collection.update_one({"_id": identifier}, {"$set": {"expires_at": past}})

    return World(MongoLocks(database), lapse, left)


@pytest.fixture(params=["fake", "mongo"])
def world(request: pytest.FixtureRequest) -> World:
    return _fake() if request.param == "fake" else _mongo(request.getfixturevalue("mongo_database"))


def _is_about(actual: timedelta, expected: timedelta) -> bool:
    return abs(actual - expected) < timedelta(seconds=5)


def test_a_free_lock_is_taken_for_the_lease(world: World) -> None:
    assert world.locks.holder(ID) is None

    taken = world.locks.acquire(ID, MINE, lease=LEASE)

    assert taken == MINE
    assert world.locks.holder(ID) == MINE
    assert _is_about(world.left(ID), LEASE)


def test_a_held_lock_is_refused_and_names_its_holder(world: World) -> None:
    world.locks.acquire(ID, OTHER, lease=LEASE)

    with pytest.raises(LockHeld) as caught:
        world.locks.acquire(ID, MINE, lease=LEASE)

    assert (caught.value.anime_id, caught.value.owner) == (ID, "other")
    assert world.locks.holder(ID) == OTHER


def test_locks_of_different_anime_are_independent(world: World) -> None:
    world.locks.acquire(ID, OTHER, lease=LEASE)

    assert world.locks.acquire(anime_id(2), MINE, lease=LEASE) == MINE


def test_the_owner_enters_again_and_gets_its_old_token(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=LEASE)

    again = world.locks.acquire(ID, lock("mine", "01NEW"), lease=2 * LEASE)

    assert again == MINE
    assert world.locks.holder(ID) == MINE
    assert _is_about(world.left(ID), 2 * LEASE)


def test_entering_again_never_shortens_the_lease(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=10 * LEASE)

    world.locks.acquire(ID, MINE, lease=LEASE)

    assert _is_about(world.left(ID), 10 * LEASE)


def test_the_owner_of_a_lapsed_lock_that_nobody_took_still_has_it(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=LEASE)
    world.lapse(ID)

    again = world.locks.acquire(ID, lock("mine", "01NEW"), lease=LEASE)

    assert again == MINE
    assert _is_about(world.left(ID), LEASE)


def test_a_lapsed_lock_is_taken_over(world: World) -> None:
    world.locks.acquire(ID, OTHER, lease=LEASE)
    world.lapse(ID)
    assert world.locks.holder(ID) == OTHER

    taken = world.locks.acquire(ID, MINE, lease=LEASE)

    assert taken == MINE
    assert world.locks.holder(ID) == MINE
    assert _is_about(world.left(ID), LEASE)


@pytest.mark.parametrize("lapsed", [False, True])
def test_of_many_that_race_for_a_lock_exactly_one_gets_it(world: World, lapsed: bool) -> None:
    if lapsed:
        world.locks.acquire(ID, OTHER, lease=LEASE)
        world.lapse(ID)
    barrier = threading.Barrier(12)

    def race(number: int) -> str | None:
        wanted = lock(f"owner-{number}", f"01{number}")
        barrier.wait()
        try:
            return world.locks.acquire(ID, wanted, lease=LEASE).owner
        except LockHeld:
            return None

    with ThreadPoolExecutor(12) as pool:
        winners = [owner for owner in pool.map(race, range(12)) if owner is not None]

    holder = world.locks.holder(ID)
    assert holder is not None
    assert winners == [holder.owner]


def test_take_over_from_an_owner_that_ended_needs_no_lapse(world: World) -> None:
    world.locks.acquire(ID, OTHER, lease=LEASE)

    taken = world.locks.take_over(ID, MINE, ended=OTHER, lease=LEASE)

    assert taken == MINE
    assert world.locks.holder(ID) == MINE


@pytest.mark.parametrize("holder", [lock("other", "01YOUNGER"), lock("third", "01OTHER")])
def test_take_over_is_refused_where_somebody_was_faster(world: World, holder: LockRef) -> None:
    world.locks.acquire(ID, holder, lease=LEASE)

    with pytest.raises(LockHeld) as caught:
        world.locks.take_over(ID, MINE, ended=OTHER, lease=LEASE)

    assert caught.value.owner == holder.owner
    assert world.locks.holder(ID) == holder


def test_take_over_of_a_lock_that_was_released_meanwhile_takes_it(world: World) -> None:
    assert world.locks.take_over(ID, MINE, ended=OTHER, lease=LEASE) == MINE
    assert world.locks.holder(ID) == MINE


def test_take_over_twice_is_one(world: World) -> None:
    world.locks.acquire(ID, OTHER, lease=LEASE)

    world.locks.take_over(ID, MINE, ended=OTHER, lease=LEASE)

    assert world.locks.take_over(ID, lock("mine", "01NEW"), ended=OTHER, lease=LEASE) == MINE


def test_extend_prolongs(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=LEASE)

    world.locks.extend(ID, MINE, lease=timedelta(days=30))

    assert _is_about(world.left(ID), timedelta(days=30))


def test_extend_revives_a_lapsed_lock_that_nobody_took(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=LEASE)
    world.lapse(ID)

    world.locks.extend(ID, MINE, lease=LEASE)

    with pytest.raises(LockHeld):
        world.locks.acquire(ID, OTHER, lease=LEASE)


@pytest.mark.parametrize("holder", [None, OTHER, lock("mine", "01OTHER")])
def test_extend_of_a_lost_lock_says_so(world: World, holder: LockRef | None) -> None:
    if holder is not None:
        world.locks.acquire(ID, holder, lease=LEASE)

    with pytest.raises(LockLost):
        world.locks.extend(ID, MINE, lease=10 * LEASE)

    assert world.locks.holder(ID) == holder


def test_release_frees(world: World) -> None:
    world.locks.acquire(ID, MINE, lease=LEASE)

    assert world.locks.release(ID, MINE)
    assert world.locks.holder(ID) is None
    assert not world.locks.release(ID, MINE)
    assert world.locks.acquire(ID, OTHER, lease=LEASE) == OTHER


@pytest.mark.parametrize("holder", [OTHER, lock("mine", "01OTHER")])
def test_release_leaves_somebody_elses_lock(world: World, holder: LockRef) -> None:
    world.locks.acquire(ID, holder, lease=LEASE)

    assert not world.locks.release(ID, MINE)
    assert world.locks.holder(ID) == holder
