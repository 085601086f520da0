from typing import Any

import pytest

from domain.assemble import assemble
from domain.canonical_json import canonical_bytes
from models.anime import AnimeEntry, Provenance, RelatedAnime, check_entry, dump_entry
from models.errors import (
    BadInput,
    LockHeld,
    LockLost,
    Malformed,
    NotFound,
    ReviewOutdated,
    SourceConflict,
    StaleRevision,
    Unavailable,
    UndoImpossible,
)
from models.events import CommitInput, LockRef, Mode, Stage
from models.ids import mint_anime_id
from models.provenance import RELEASE, Origin
from models.review import Flag
from models.vocabulary import AnimeStatus, RelationType, SystemStatus
from tests.support.commits import (
    ANIME,
    RUNNING_LEASE,
    Scenario,
    World,
    fake_world,
    make_entry,
    make_episode,
    run_commit,
)
from tests.support.crashing import Crash, Faults, When
from workflows import keys
from workflows.commit import commit, handle, redrive, undo
from workflows.launching import subject_of
from workflows.ports import ExecutionStatus, SyncUpdate
from workflows.saga import load_record

ANILIST = "https://anilist.co/anime/1"


@pytest.fixture
def world() -> World:
    return fake_world()


def stored(world: World, anime_id: str = ANIME) -> AnimeEntry:
    entry = world.animes.get(anime_id)
    assert entry is not None
    return entry


def untouched(world: World) -> None:
    """Nothing of a new anime is anywhere."""
    assert world.animes.get(ANIME) is None
    assert world.vectors.get(ANIME) is None


# ----------------------------------------------------------------------------------------------------------- forward


def test_the_writes_follow_each_other_as_the_saga_says(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    faults = Faults()
    output = commit(event, ports=world.commit_ports(faults))
    assert faults.writes == [
        "objects.put",  # the saga record
        "vectors.upsert",
        "animes.commit",
        "vectors.set_payload",
        "objects.put",  # the audit copy
        "cache.delete",
        "objects.put",  # the record is done
    ]
    assert (output.result, output.revision) == ("committed", 1)


def test_the_record_holds_what_was_there_and_what_is_written(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    before = world.vectors.get(ANIME)
    commit(event, ports=world.commit_ports())
    record = load_record(ANIME, event.ref.execution, world.objects)
    assert record is not None
    assert record.change is not None
    assert record.change.pre_image is not None
    assert record.change.pre_image.point(ANIME) == before
    assert record.change.base_revision == 0
    assert record.change.entry_to_write() == stored(world)
    assert record.change.review_id == event.outcome.review_id
    assert record.state == "done"


def test_related_anime_that_are_here_by_now_are_linked_and_a_refresh_finds_nothing_changed(world: World) -> None:
    film = make_entry(anime_id=mint_anime_id(ANILIST), sources=[ANILIST], episode_details=[])
    world.store(film)
    pages = [ANILIST, "https://anilist.co/anime/99"]
    related = [RelatedAnime(url=page, relation_type=RelationType.SEQUEL) for page in pages]
    commit(world.approved(Mode.NEW, make_entry(related_anime=related)), ports=world.commit_ports())
    assert [(one.url, one.anime_id) for one in stored(world).related_anime] == [
        (pages[0], film.anime_id),
        (pages[1], None),
    ]
    refreshed = assemble(
        parts={Stage.RELATIONSHIPS: {"related_anime": [dump_entry(one) for one in related]}},
        images={},
        subject=subject_of(stored(world)),
        base=stored(world),
        provenance=Provenance(),
        mode=Mode.REFRESH,
    )
    assert refreshed.related_anime == stored(world).related_anime


def test_a_repeated_commit_writes_what_the_first_one_announced(world: World) -> None:
    event = world.prepared(Scenario.STATUS)
    with pytest.raises(Crash):
        commit(event, ports=world.commit_ports(Faults(planned={2: When.BEFORE})))
    record = load_record(ANIME, event.ref.execution, world.objects)
    assert record is not None
    assert record.change is not None
    world.objects.delete_prefix(keys.work(event.ref.execution))
    commit(event, ports=world.commit_ports())
    assert stored(world) == record.change.entry_to_write()


def test_the_audit_copy_is_what_is_stored_and_the_cached_entry_is_gone(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    world.cache.set(f"anime:{ANIME}", b"old", ttl=RUNNING_LEASE)
    commit(event, ports=world.commit_ports())
    copy = world.objects.get(keys.audit_copy(ANIME))
    assert copy is not None
    assert check_entry(copy.body) == stored(world)
    assert world.cache.get(f"anime:{ANIME}") is None


def test_each_store_write_is_attempted_as_often_as_the_waits_say(world: World) -> None:
    world.waits = (2.0, 8.0, 30.0, 75.0)
    event = world.prepared(Scenario.CREATE)
    faults = Faults(always_failing=frozenset({"animes.commit"}))
    with pytest.raises(Unavailable):
        commit(event, ports=world.commit_ports(faults))
    assert faults.writes.count("animes.commit") == 5
    assert world.slept == [2.0, 8.0, 30.0, 75.0]


def test_the_same_event_again_later_changes_nothing(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    first = run_commit(world, event)
    world.change_stored(make_entry(synopsis="Changed since."), by="another")
    faults = Faults()
    assert commit(event, ports=world.commit_ports(faults)) == first.output
    assert faults.writes == []
    assert stored(world).last_saga == "another"


def test_a_commit_that_took_place_is_finished_even_without_its_lock(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    with pytest.raises(Crash):
        commit(event, ports=world.commit_ports(Faults(planned={2: When.AFTER})))
    assert event.ref.lock is not None
    world.locks.release(ANIME, event.ref.lock)
    assert commit(event, ports=world.commit_ports()).result == "committed"
    assert world.objects.head(keys.audit_copy(ANIME)) is not None


# ----------------------------------------------------------------------------------- only what a decision approved


def with_outcome(event: CommitInput, **changes: Any) -> CommitInput:
    return event.model_copy(update={"outcome": event.outcome.model_copy(update=changes)})


@pytest.mark.parametrize("changes", [{"verdict": "rejected"}, {"commit": False}, {"approved_key": None}])
def test_what_is_not_approved_is_not_committed(world: World, changes: dict[str, Any]) -> None:
    event = with_outcome(world.prepared(Scenario.CREATE), **changes)
    with pytest.raises(BadInput):
        commit(event, ports=world.commit_ports())
    untouched(world)


def test_without_a_recorded_decision_nothing_is_committed(world: World) -> None:
    event = with_outcome(world.prepared(Scenario.CREATE), review_id="rev_none")
    with pytest.raises(NotFound):
        commit(event, ports=world.commit_ports())
    untouched(world)


def test_a_decision_of_another_execution_allows_nothing(world: World) -> None:
    event = world.prepared(Scenario.STATUS)
    world.change_stored(make_entry(), by="another")
    other = world.approved(Mode.EPISODE, stored(world))
    with pytest.raises(NotFound):
        commit(event.model_copy(update={"outcome": other.outcome}), ports=world.commit_ports())
    assert stored(world).last_saga == "another"


def test_another_entry_than_the_approved_one_is_not_committed(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    smuggled = canonical_bytes(make_entry(title="Smuggled"))
    world.objects.put("work/elsewhere.json", smuggled)
    with pytest.raises(ReviewOutdated):
        commit(with_outcome(event, approved_key="work/elsewhere.json"), ports=world.commit_ports())
    with pytest.raises(ReviewOutdated):
        commit(with_outcome(event, sha256="0" * 64), ports=world.commit_ports())
    world.objects.put(event.outcome.approved_key or "", smuggled)
    with pytest.raises(Malformed):
        commit(event, ports=world.commit_ports())
    untouched(world)


def test_a_rejected_review_does_not_let_a_forged_event_through(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    review = world.reviews.get(event.outcome.review_id)
    assert review is not None
    assert review.decision is not None
    rejected = review.model_copy(update={"decision": review.decision.model_copy(update={"verdict": "rejected"})})

    class Rejected:
        def get(self, _review_id: str) -> object:
            return rejected

    world.reviews = Rejected()  # type: ignore[assignment]  # all that a commit asks of it
    with pytest.raises(ReviewOutdated):
        commit(event, ports=world.commit_ports())
    untouched(world)


# ------------------------------------------------------------------------------------------------------- lock and base


def test_a_commit_without_its_lock_writes_nothing(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    assert event.ref.lock is not None
    world.locks.release(ANIME, event.ref.lock)
    faults = Faults()
    with pytest.raises(LockLost):
        commit(event, ports=world.commit_ports(faults))
    assert faults.writes == []


def test_a_mode_without_a_lock_takes_it_to_commit_and_gives_way_to_another(world: World) -> None:
    event = world.prepared(Scenario.STATUS)
    rival = LockRef(owner="rival", token="T")
    world.locks.acquire(ANIME, rival, lease=RUNNING_LEASE)
    with pytest.raises(LockHeld):
        commit(event, ports=world.commit_ports())
    assert load_record(ANIME, event.ref.execution, world.objects) is None
    world.locks.release(ANIME, rival)
    commit(event, ports=world.commit_ports())
    holder = world.locks.holder(ANIME)
    assert holder is not None
    assert holder.owner == event.ref.execution


def test_an_episode_is_committed_on_top_of_what_changed_meanwhile(world: World) -> None:
    event = world.prepared(Scenario.REBASE)
    output = commit(event, ports=world.commit_ports())
    entry = stored(world)
    assert [one.episode_number for one in entry.episode_details] == ["1", "2", "3"]
    assert (entry.revision, output.revision) == (2, 2)
    assert world.disagreement() is None


def test_the_same_place_changed_meanwhile_is_refused_by_name_and_nothing_is_written(world: World) -> None:
    world.store(make_entry(episode_details=[]))
    event = world.approved(Mode.EPISODE, make_entry(episode_details=[make_episode("1", title="Ours")]))
    world.change_stored(make_entry(episode_details=[make_episode("1", title="Theirs")]), by="another")
    end = run_commit(world, event)
    assert isinstance(end.error, StaleRevision)
    assert "episode_details[1]" in str(end.error)
    assert stored(world).last_saga == "another"
    assert world.disagreement() is None


def test_an_entry_that_turned_up_meanwhile_is_not_overwritten(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    world.store(make_entry(title="Bootstrapped"))
    end = run_commit(world, event)
    assert isinstance(end.error, StaleRevision)
    assert stored(world).title == "Bootstrapped"
    assert world.disagreement() is None


def test_a_point_that_is_ahead_of_its_documents_is_not_taken_for_the_old_one(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    point = world.vectors.get(ANIME)
    assert point is not None
    world.vectors.set_payload({ANIME: {"revision": 7, "saga": "aborted"}})
    with pytest.raises(StaleRevision, match="reconcile"):
        commit(event, ports=world.commit_ports())
    assert load_record(ANIME, event.ref.execution, world.objects) is None


# ---------------------------------------------------------------------------------------------------- fields and owners


def test_the_fields_of_the_sync_stay_as_they_are_stored(world: World) -> None:
    world.store(make_entry())
    event = world.approved(Mode.REFRESH, make_entry(synopsis="New."))
    world.animes.apply_sync(
        [SyncUpdate(anime_id=ANIME, add_sources=(ANILIST,), offered_sources=(ANILIST,), orphaned_at=world.clock())]
    )
    commit(event, ports=world.commit_ports())
    entry = stored(world)
    assert entry.system_status is SystemStatus.ORPHANED
    assert entry.orphaned_at == world.clock()
    assert entry.offered_sources == [ANILIST]
    assert set(entry.sources) == {*make_entry().sources, ANILIST}
    assert entry.synopsis == "New."
    assert world.disagreement() is None


def test_a_proposal_adds_no_source_to_a_stored_anime(world: World) -> None:
    world.store(make_entry())
    event = world.approved(Mode.REFRESH, make_entry(sources=[*make_entry().sources, ANILIST]))
    commit(event, ports=world.commit_ports())
    assert stored(world).sources == make_entry().sources
    assert world.disagreement() is None


def test_what_the_sync_added_stays_when_the_commit_is_undone(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)

    def sync() -> None:
        world.animes.apply_sync([SyncUpdate(anime_id=ANIME, add_sources=(ANILIST,))])
        world.vectors.set_payload({ANIME: {"sources": stored(world).sources}})

    faults = Faults(hooks={2: sync}, always_failing=frozenset({"animes.commit"}))
    end = run_commit(world, event, faults)
    assert end.output is not None
    assert end.output.result == "undone"
    assert ANILIST in stored(world).sources
    assert world.disagreement() is None


def test_a_source_that_belongs_to_another_anime_undoes_the_commit_and_asks_a_person(world: World) -> None:
    other = make_entry(anime_id=mint_anime_id(ANILIST), sources=[ANILIST], episode_details=[])
    world.store(other)
    event = world.approved(Mode.NEW, make_entry(sources=[*make_entry().sources, ANILIST]))
    end = run_commit(world, event)
    assert isinstance(end.error, SourceConflict)
    untouched(world)
    [review] = world.reviews.list(state="pending", kind=None, limit=10)
    [flag] = review.flags
    assert flag.field == "conflict"
    assert other.anime_id in flag.stored
    assert ANILIST in flag.offered


def test_a_status_is_committed_alone(world: World) -> None:
    event = world.prepared(Scenario.STATUS)
    before = stored(world)
    commit(event, ports=world.commit_ports())
    expected = before.model_copy(
        update={
            "status": AnimeStatus.FINISHED,
            "provenance": Provenance(fields={"status": [Origin(catalogue=RELEASE)]}),
            "revision": 1,
            "last_saga": event.ref.execution,
        }
    )
    assert stored(world) == expected


# -------------------------------------------------------------------------------------------------------------- undo


def test_an_undo_of_nothing_undoes_nothing_and_keeps_the_commit_out(world: World) -> None:
    event = world.prepared(Scenario.CREATE)
    output = handle(event.model_copy(update={"action": "undo"}), ports=world.commit_ports())
    assert (output.result, output.revision) == ("undone", None)
    with pytest.raises(LockLost):
        handle(event, ports=world.commit_ports())
    untouched(world)


@pytest.mark.parametrize("scenario", list(Scenario))
def test_what_was_undone_is_not_committed_any_more(world: World, scenario: Scenario) -> None:
    event = world.prepared(scenario)
    with pytest.raises(Unavailable):
        commit(event, ports=world.commit_ports(Faults(always_failing=frozenset({"animes.commit"}))))
    undo(event.model_copy(update={"action": "undo"}), ports=world.commit_ports())
    before = world.animes.get(ANIME)
    faults = Faults()
    with pytest.raises(LockLost):
        commit(event, ports=world.commit_ports(faults))
    assert {"vectors.upsert", "animes.commit"}.isdisjoint(faults.writes)
    assert world.animes.get(ANIME) == before
    assert world.disagreement() is None


def test_a_commit_that_was_done_is_not_undone_later(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    done = run_commit(world, event)
    assert done.output is not None
    world.change_stored(make_entry(synopsis="Changed since."), by="another")
    output = undo(event.model_copy(update={"action": "undo"}), ports=world.commit_ports())
    assert (output.result, output.revision) == ("rolled_forward", done.output.revision)
    assert stored(world).last_saga == "another"
    assert world.disagreement() is None


def test_a_point_that_appears_meanwhile_is_not_removed_by_the_undo(world: World) -> None:
    """It was missing, and was repaired between the look at it and the write."""
    world.store(make_entry())
    point = world.vectors.get(ANIME)
    assert point is not None
    world.vectors.remove([ANIME])
    event = world.approved(Mode.REFRESH, make_entry(synopsis="New."))
    faults = Faults(
        hooks={1: lambda: world.vectors.insert_missing([point])}, always_failing=frozenset({"animes.commit"})
    )
    run_commit(world, event, faults)
    assert world.vectors.get(ANIME) == point
    assert world.disagreement() is None


def test_an_undo_leaves_a_point_that_is_not_its_own(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    with pytest.raises(Unavailable):
        commit(event, ports=world.commit_ports(Faults(always_failing=frozenset({"animes.commit"}))))
    world.vectors.set_payload({ANIME: {"saga": "another", "revision": 9}})
    undo(event.model_copy(update={"action": "undo"}), ports=world.commit_ports())
    point = world.vectors.get(ANIME)
    assert point is not None
    assert (point.payload["saga"], point.payload["revision"]) == ("another", 9)


def test_what_keeps_an_undo_from_working_is_said(world: World) -> None:
    event = world.prepared(Scenario.UPDATE).model_copy(update={"action": "undo"})
    with pytest.raises(UndoImpossible, match="Unavailable"):
        undo(event, ports=world.commit_ports(Faults(always_failing=frozenset({"animes.commit_state"}))))


# ----------------------------------------------------------------------------------------------------------- redrive


def dead(world: World) -> tuple[CommitInput, dict[str, Any]]:
    """A commit whose transaction failed and whose undo could not reach the documents."""
    event = world.prepared(Scenario.UPDATE)
    failing = Faults(always_failing=frozenset({"animes.commit", "animes.commit_state"}))
    ports = world.commit_ports(Faults(always_failing=frozenset({"animes.commit"})))
    with pytest.raises(Unavailable):
        commit(event, ports=ports)
    end = run_commit(world, event, failing)
    assert end.outcome == "undo_failed"
    [message] = world.dead_letters.messages()
    return event, message


def test_a_redrive_settles_the_commit_and_removes_what_was_kept_for_it(world: World) -> None:
    event, message = dead(world)
    assert world.disagreement() is not None
    assert list(world.objects.list(keys.work(event.ref.execution))) != []
    output = redrive(message, ports=world.commit_ports())
    assert output.result == "undone"
    assert world.disagreement() is None
    assert list(world.objects.list(keys.work(event.ref.execution))) == []
    assert world.locks.holder(ANIME) is None


def test_a_redrive_waits_for_an_execution_that_works_on_the_anime(world: World) -> None:
    _, message = dead(world)
    rival = LockRef(owner="rival", token="T")
    world.locks.acquire(ANIME, rival, lease=RUNNING_LEASE)
    with pytest.raises(LockHeld):
        redrive(message, ports=world.commit_ports())
    assert world.locks.holder(ANIME) == rival


def test_a_redrive_that_fails_gives_the_lock_back(world: World) -> None:
    _, message = dead(world)
    with pytest.raises(Unavailable):
        redrive(message, ports=world.commit_ports(Faults(always_failing=frozenset({"animes.commit_state"}))))
    assert world.locks.holder(ANIME) is None
    assert redrive(message, ports=world.commit_ports()).result == "undone"


def test_a_message_of_another_kind_is_refused(world: World) -> None:
    with pytest.raises(Malformed):
        redrive({"kind": "image"}, ports=world.commit_ports())


def test_the_next_commit_waits_until_the_dead_one_is_settled(world: World) -> None:
    _, message = dead(world)
    rival = world.approved(Mode.REFRESH, make_entry(synopsis="Next."))
    end = run_commit(world, rival)
    assert isinstance(end.error, StaleRevision)
    redrive(message, ports=world.commit_ports())
    again = world.approved(Mode.REFRESH, make_entry(synopsis="Next."))
    assert run_commit(world, again).outcome == "succeeded"
    assert stored(world).synopsis == "Next."
    assert world.disagreement() is None
    assert world.executions.status(rival.ref.execution) is ExecutionStatus.FAILED


def test_flags_of_both_kinds_commit_the_status_and_start_the_refresh(world: World) -> None:
    world.store(make_entry(status=AnimeStatus.ONGOING))
    event = world.approved_flags(
        Flag(field="status", stored="ONGOING", offered="FINISHED"), Flag(field="episodes", stored="2", offered="3")
    )
    run_commit(world, event)
    assert stored(world).status is AnimeStatus.FINISHED
    [refresh] = [name for name in world.executions.started if name.startswith("refresh-")]
    assert world.executions.status(refresh) is ExecutionStatus.RUNNING
