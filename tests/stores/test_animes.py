"""The contract of ``Animes``."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from models.anime import AnimeEntry
from models.errors import LockLost, NotFound, SourceConflict, StaleRevision
from models.vocabulary import SystemStatus
from stores.mongo.animes import MongoAnimes
from stores.mongo.locks import MongoLocks
from tests.support.contracts.samples import AT, anime_id, character, entry, episode, full_entry, lock, source
from tests.support.fakes import FakeAnimes, FakeLocks, ManualClock
from workflows.ports import Animes, AnimeSummary, CommitState, CommitWrite, Locks, PendingEvent, SyncUpdate

LEASE = timedelta(minutes=15)


@dataclass(frozen=True)
class World:
    animes: Animes
    locks: Locks

    def commit(self, new: AnimeEntry, *, base: int | None) -> None:
        """With a lock that is taken for it and given back."""
        held = self.locks.acquire(new.anime_id, lock(), lease=LEASE)
        try:
            self.animes.commit(CommitWrite(entry=new, base_revision=base, lock=held))
        finally:
            self.locks.release(new.anime_id, held)

    def read(self, number: int) -> AnimeEntry:
        found = self.animes.get(anime_id(number))
        assert found is not None
        return found


@pytest.fixture(params=["fake", "mongo"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        locks = FakeLocks(clock=ManualClock())
        return World(FakeAnimes(locks=locks), locks)
    database = request.getfixturevalue("mongo_database")
    return World(MongoAnimes(database), MongoLocks(database))


def test_an_absent_anime_is_none(world: World) -> None:
    assert world.animes.get(anime_id(1)) is None
    assert world.animes.commit_state(anime_id(1)) is None
    assert world.animes.get_many([anime_id(1)]) == {}
    assert world.animes.count() == 0
    assert list(world.animes.summaries()) == []


def test_an_inserted_entry_reads_back_equal(world: World) -> None:
    written = full_entry()

    result = world.animes.insert_missing([written])

    assert result.inserted == (written.anime_id,)
    assert (result.existing, result.conflicts) == ((), ())
    assert world.animes.get(written.anime_id) == written


def test_episodes_come_by_number_and_characters_in_their_order(world: World) -> None:
    world.animes.insert_missing(
        [entry(1, episodes=("S2", "10", "S1", "2", "1.5", "1"), characters=("Zoe", "Anna", "Mia"))]
    )

    read = world.read(1)

    assert [one.episode_number for one in read.episode_details] == ["1", "1.5", "2", "10", "S1", "S2"]
    assert [one.name for one in read.characters] == ["Zoe", "Anna", "Mia"]


def test_sources_come_in_alphabetical_order_however_they_were_added(world: World) -> None:
    world.animes.insert_missing([entry(5)])
    world.animes.apply_sync([SyncUpdate(anime_id=anime_id(5), add_sources=(source(4), source(6)))])
    world.commit(entry(5, revision=1, sources=[source(3), source(5)]), base=0)

    assert world.read(5).sources == [source(3), source(4), source(5), source(6)]


def test_what_is_read_is_the_readers_own(world: World) -> None:
    world.animes.insert_missing([entry(1)])

    world.read(1).sources.append(source(9))

    assert world.read(1).sources == [source(1)]


def test_insert_missing_never_overwrites(world: World) -> None:
    first = full_entry(1)
    world.animes.insert_missing([first])

    result = world.animes.insert_missing([entry(1, title="Other", episodes=("99",)), entry(2)])

    assert result.existing == (anime_id(1),)
    assert result.inserted == (anime_id(2),)
    assert world.read(1) == first


def test_insert_missing_reports_a_source_of_another_anime(world: World) -> None:
    world.animes.insert_missing([entry(1, sources=[source(1), source(7)])])

    result = world.animes.insert_missing(
        [entry(2, sources=[source(2), source(7)]), entry(3, sources=[source(3), source(1)], episodes=("1",)), entry(4)]
    )

    assert result.conflicts == (anime_id(2), anime_id(3))
    assert result.inserted == (anime_id(4),)
    assert world.animes.get(anime_id(2)) is None
    assert world.animes.episode_counts() == {}


def test_of_two_entries_with_one_source_in_a_batch_one_is_inserted(world: World) -> None:
    result = world.animes.insert_missing([entry(1), entry(2, sources=[source(2), source(1)])])

    assert len(result.inserted) == 1
    assert len(result.conflicts) == 1
    assert world.animes.count() == 1


def test_an_entry_twice_in_a_batch_is_one(world: World) -> None:
    result = world.animes.insert_missing([full_entry(1), full_entry(1)])

    assert result.inserted == (anime_id(1),)
    assert result.existing == ()
    assert world.read(1) == full_entry(1)


def test_get_many_leaves_out_what_is_missing(world: World) -> None:
    entries = [entry(number, episodes=("1",), characters=("A",)) for number in range(1, 4)]
    world.animes.insert_missing(entries)

    found = world.animes.get_many([anime_id(3), anime_id(9), anime_id(1), anime_id(3)])

    assert found == {anime_id(1): entries[0], anime_id(3): entries[2]}


def test_find_by_sources_names_the_owners(world: World) -> None:
    world.animes.insert_missing([entry(1, sources=[source(1), source(11)]), entry(2)])

    found = world.animes.find_by_sources([source(11), source(2), source(5), source(11)])

    assert found == {source(11): anime_id(1), source(2): anime_id(2)}
    assert world.animes.find_by_sources([]) == {}


def test_summaries_tell_what_a_comparison_needs(world: World) -> None:
    world.animes.insert_missing(
        [
            entry(1, sources=[source(1), source(11)], offered_sources=[source(1)], enriched=True, episodes=()),
            entry(2, status="ONGOING", system_status="ORPHANED", orphaned_at=AT),
        ]
    )

    found = {one.anime_id: one for one in world.animes.summaries()}

    assert found == {
        anime_id(1): AnimeSummary(
            anime_id=anime_id(1),
            sources=(source(1), source(11)),
            offered_sources=(source(1),),
            status="FINISHED",
            episodes=12,
            enriched=True,
            orphaned=False,
        ),
        anime_id(2): AnimeSummary(
            anime_id=anime_id(2),
            sources=(source(2),),
            offered_sources=None,
            status="ONGOING",
            episodes=12,
            enriched=False,
            orphaned=True,
        ),
    }


def test_episode_counts_leave_specials_out(world: World) -> None:
    world.animes.insert_missing(
        [entry(1, episodes=("1", "2", "12.5", "S1")), entry(2, episodes=("S1",)), entry(3), entry(4, episodes=("0",))]
    )

    assert world.animes.episode_counts() == {anime_id(1): 3, anime_id(4): 1}


# -------------------------------------------------------------------------------------------------------------- sync


def test_sync_adds_sources_and_never_takes_one_away(world: World) -> None:
    world.animes.insert_missing([entry(1, sources=[source(1), source(11)])])

    refused = world.animes.apply_sync([SyncUpdate(anime_id=anime_id(1), add_sources=(source(12), source(11)))])

    assert refused == ()
    assert sorted(world.read(1).sources) == [source(1), source(11), source(12)]
    assert world.animes.find_by_sources([source(12)]) == {source(12): anime_id(1)}


def test_sync_orphans_and_resurrects_without_touching_the_revision(world: World) -> None:
    world.animes.insert_missing([full_entry(1, revision=7, last_saga="s")])

    world.animes.apply_sync([SyncUpdate(anime_id=anime_id(1), orphaned_at=AT)])
    orphaned = world.read(1)
    world.animes.apply_sync([SyncUpdate(anime_id=anime_id(1), resurrect=True, offered_sources=(source(1), source(5)))])
    resurrected = world.read(1)

    assert orphaned == full_entry(
        1, revision=7, last_saga="s", system_status=SystemStatus.ORPHANED.value, orphaned_at=AT
    )
    assert resurrected == full_entry(1, revision=7, last_saga="s", offered_sources=[source(1), source(5)])


def test_sync_leaves_alone_what_it_does_not_name(world: World) -> None:
    written = full_entry(1, system_status="ORPHANED", orphaned_at=AT)
    world.animes.insert_missing([written])

    world.animes.apply_sync([SyncUpdate(anime_id=anime_id(1))])

    assert world.read(1) == written


def test_sync_reports_a_source_of_another_anime_and_writes_the_rest(world: World) -> None:
    world.animes.insert_missing([entry(1), entry(2), entry(3)])

    refused = world.animes.apply_sync(
        [
            SyncUpdate(anime_id=anime_id(1), add_sources=(source(11),)),
            SyncUpdate(anime_id=anime_id(2), add_sources=(source(3),), orphaned_at=AT),
            SyncUpdate(anime_id=anime_id(3), orphaned_at=AT),
            SyncUpdate(anime_id=anime_id(9), orphaned_at=AT),
        ]
    )

    assert refused == (anime_id(2),)
    assert world.read(1).sources == [source(1), source(11)]
    assert world.read(2) == entry(2)
    assert world.read(3).system_status is SystemStatus.ORPHANED
    assert world.animes.get(anime_id(9)) is None


# ------------------------------------------------------------------------------------------------------------ commit


def test_commit_creates(world: World) -> None:
    written = full_entry(1, revision=1, last_saga="new-1")

    world.commit(written, base=None)

    assert world.read(1) == written
    assert world.animes.commit_state(anime_id(1)) == CommitState(revision=1, last_saga="new-1")


def test_commit_replaces_enriched_fields_episodes_and_characters(world: World) -> None:
    world.commit(full_entry(1, revision=1, last_saga="new-1", synopsis="old"), base=None)
    identifier = anime_id(1)
    changed = full_entry(1, revision=2, last_saga="refresh-1", title="Changed").model_copy(
        update={
            "episode_details": [
                episode(identifier, "2", title="Two"),
                episode(identifier, "3"),
                episode(identifier, "1"),
            ],
            "characters": [
                character(identifier, "Faye"),
                character(identifier, "Jet", age="36"),
                character(identifier, "Ein"),
            ],
        }
    )

    world.commit(changed, base=1)

    read = world.read(1)
    assert read.synopsis is None
    assert [(one.episode_number, one.title) for one in read.episode_details] == [("1", None), ("2", "Two"), ("3", None)]
    assert [one.name for one in read.characters] == ["Faye", "Jet", "Ein"]
    assert read == changed.model_copy(update={"episode_details": read.episode_details})
    assert world.animes.episode_counts() == {identifier: 3}


def test_an_episode_may_get_another_number(world: World) -> None:
    identifier = anime_id(1)
    one, two = episode(identifier, "1"), episode(identifier, "2")
    world.commit(entry(1, revision=1, episode_details=[one, two]), base=None)
    swapped = [
        one.model_copy(update={"episode_number": "2"}),
        two.model_copy(update={"episode_number": "1"}),
    ]

    world.commit(entry(1, revision=2, episode_details=swapped), base=1)

    assert {part.episode_id: part.episode_number for part in world.read(1).episode_details} == {
        one.episode_id: "2",
        two.episode_id: "1",
    }


def test_commit_leaves_the_sync_owned_fields_as_they_are(world: World) -> None:
    world.animes.insert_missing(
        [
            entry(
                1,
                sources=[source(1), source(11)],
                offered_sources=[source(11)],
                system_status="ORPHANED",
                orphaned_at=AT,
            )
        ]
    )

    world.commit(entry(1, revision=1, sources=[source(12), source(1)], enriched=True), base=0)

    read = world.read(1)
    assert read.sources == [source(1), source(11), source(12)]
    assert read.offered_sources == [source(11)]
    assert (read.system_status, read.orphaned_at) == (SystemStatus.ORPHANED, AT)
    assert read.enriched


def test_commit_keeps_pending_events(world: World) -> None:
    world.animes.insert_missing([entry(1)])
    event = PendingEvent(mode="episode", cause="c", episode_number="3")
    world.animes.add_pending(anime_id(1), event)

    world.commit(entry(1, revision=1), base=0)

    assert world.animes.pending(anime_id(1)) == (event,)


@pytest.mark.parametrize("base", [0, 2, None])
def test_commit_on_another_revision_is_stale_and_writes_nothing(world: World, base: int | None) -> None:
    written = full_entry(1, revision=1, last_saga="new-1")
    world.commit(written, base=None)

    with pytest.raises(StaleRevision):
        world.commit(entry(1, revision=2, title="Changed", episodes=("9",)), base=base)

    assert world.read(1) == written


def test_commit_of_a_change_to_an_absent_anime_is_stale(world: World) -> None:
    with pytest.raises(StaleRevision):
        world.commit(entry(1, revision=1), base=0)

    assert world.animes.get(anime_id(1)) is None


@pytest.mark.parametrize("holder", [None, lock("other", "01OTHER"), lock("new-1", "01OTHER")])
def test_commit_without_the_lock_writes_nothing(world: World, holder: object) -> None:
    written = full_entry(1)
    world.animes.insert_missing([written])
    if holder == lock("other", "01OTHER"):
        world.locks.acquire(anime_id(1), lock("other", "01OTHER"), lease=LEASE)
    if holder == lock("new-1", "01OTHER"):
        world.locks.acquire(anime_id(1), lock("new-1", "01OTHER"), lease=LEASE)

    with pytest.raises(LockLost):
        world.animes.commit(CommitWrite(entry=entry(1, revision=1, title="Changed"), base_revision=0, lock=lock()))

    assert world.read(1) == written


def test_commit_needs_no_living_lease_as_long_as_nobody_took_the_lock(world: World) -> None:
    held = world.locks.acquire(anime_id(1), lock(), lease=timedelta(milliseconds=1))

    world.animes.commit(CommitWrite(entry=entry(1, revision=1), base_revision=None, lock=held))

    assert world.read(1).revision == 1


@pytest.mark.parametrize("base", [None, 0])
def test_commit_with_a_source_of_another_anime_writes_nothing(world: World, base: int | None) -> None:
    world.animes.insert_missing([entry(2)])
    if base is not None:
        world.animes.insert_missing([entry(1, episodes=("1",))])

    with pytest.raises(SourceConflict):
        world.commit(entry(1, revision=1, sources=[source(1), source(2)], episodes=("1", "2")), base=base)

    assert world.animes.get(anime_id(1)) == (None if base is None else entry(1, episodes=("1",)))
    assert world.animes.episode_counts() == ({} if base is None else {anime_id(1): 1})
    assert world.read(2) == entry(2)


def test_of_many_commits_on_one_revision_exactly_one_wins(world: World) -> None:
    world.animes.insert_missing([entry(1)])
    held = world.locks.acquire(anime_id(1), lock(), lease=LEASE)
    barrier = threading.Barrier(6)

    def commit(number: int) -> str:
        write = CommitWrite(
            entry=entry(1, revision=1, last_saga=f"s{number}", episodes=(str(number),)), base_revision=0, lock=held
        )
        barrier.wait()
        try:
            world.animes.commit(write)
        except StaleRevision:
            return "stale"
        return f"s{number}"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(commit, range(1, 7)))

    winners = [result for result in results if result != "stale"]
    assert len(winners) == 1
    read = world.read(1)
    assert read.last_saga == winners[0]
    assert [f"s{one.episode_number}" for one in read.episode_details] == winners


# ----------------------------------------------------------------------------------------------------------- pending

FIRST = PendingEvent(mode="episode", cause="2026-11-21T10:00:00Z", episode_number="3")
SECOND = PendingEvent(mode="refresh", cause="run-1")


def test_equal_pending_events_are_kept_once(world: World) -> None:
    world.animes.insert_missing([entry(1), entry(2)])

    for event in (FIRST, SECOND, FIRST):
        world.animes.add_pending(anime_id(1), event)

    assert world.animes.pending(anime_id(1)) == (FIRST, SECOND)
    assert world.animes.pending(anime_id(2)) == ()
    assert world.animes.anime_with_pending() == (anime_id(1),)


def test_a_pending_event_is_removed_alone(world: World) -> None:
    world.animes.insert_missing([entry(1)])
    world.animes.add_pending(anime_id(1), FIRST)
    world.animes.add_pending(anime_id(1), SECOND)

    world.animes.remove_pending(anime_id(1), PendingEvent(mode="episode", cause=FIRST.cause))
    world.animes.remove_pending(anime_id(1), SECOND)
    world.animes.remove_pending(anime_id(1), SECOND)
    one_left = world.animes.pending(anime_id(1))
    world.animes.remove_pending(anime_id(1), FIRST)

    assert one_left == (FIRST,)
    assert world.animes.anime_with_pending() == ()


def test_pending_events_are_no_part_of_the_entry(world: World) -> None:
    world.animes.insert_missing([full_entry(1)])
    world.animes.add_pending(anime_id(1), FIRST)

    assert world.read(1) == full_entry(1)


def test_an_event_cannot_wait_on_an_absent_anime(world: World) -> None:
    with pytest.raises(NotFound):
        world.animes.add_pending(anime_id(1), FIRST)

    world.animes.remove_pending(anime_id(1), FIRST)
    assert world.animes.pending(anime_id(1)) == ()


# ------------------------------------------------------------------------------------------------ snapshot and restore


def test_a_snapshot_holds_everything_by_id(world: World) -> None:
    entries = [full_entry(number) for number in range(1, 6)]
    world.animes.insert_missing(entries)

    with world.animes.snapshot() as reader:
        read = list(reader.entries())

    assert read == sorted(entries, key=lambda one: one.anime_id)


def test_restore_writes_entries_exactly_as_they_are(world: World) -> None:
    kept = full_entry(
        1, revision=9, last_saga="s", system_status="ORPHANED", orphaned_at=AT, sources=[source(1), source(11)]
    )
    world.animes.insert_missing([entry(1, episodes=("1", "7", "8"), characters=("Other",), synopsis="old")])

    world.animes.restore([kept, entry(2)])
    world.animes.restore([kept, entry(2), entry(2)])

    assert world.read(1) == kept
    assert world.animes.count() == 2
    assert world.animes.episode_counts() == {anime_id(1): 4}


def test_restore_refuses_a_source_of_another_anime(world: World) -> None:
    world.animes.insert_missing([entry(1)])

    with pytest.raises(SourceConflict):
        world.animes.restore([entry(2, sources=[source(2), source(1)])])

    assert world.animes.get(anime_id(2)) is None


def test_a_snapshot_restores_to_the_same(world: World) -> None:
    world.animes.insert_missing([full_entry(number, revision=number) for number in range(1, 4)])
    with world.animes.snapshot() as reader:
        before = list(reader.entries())

    world.animes.delete([one.anime_id for one in before])
    emptied = (world.animes.count(), world.animes.episode_counts(), world.animes.find_by_sources([source(1)]))
    world.animes.restore(before)

    assert emptied == (0, {}, {})
    with world.animes.snapshot() as reader:
        assert list(reader.entries()) == before


def test_times_are_stored_in_utc(world: World) -> None:
    world.animes.insert_missing([entry(1)])
    tokyo = datetime.fromisoformat("2026-11-21T10:00:00+09:00")

    world.animes.apply_sync([SyncUpdate(anime_id=anime_id(1), orphaned_at=tokyo)])

    assert world.read(1).orphaned_at == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
