"""Restoring a snapshot into empty stores."""

from functools import partial
from typing import Any, Final

import orjson
import pytest

from domain.snapshot_format import ANIMES_FILE, MANIFEST_FILE, VECTORS_FILE
from models.anime import AnimeEntry
from models.errors import BadInput, Malformed, NotEmpty, NotFound, Unavailable
from models.events import RestoreInput
from models.ids import mint_anime_id
from models.vocabulary import SystemStatus
from tests.support.crashing import Crash, Faults, When
from tests.support.database import Database, make_entry, repeated
from tests.support.fakes import Failing
from workflows import keys, sync_state
from workflows.restore import RESTORE_STATE, restore
from workflows.snapshot import take_snapshot
from workflows.sync_state import PendingAnime, SyncState

STATE: Final = SyncState(
    release="2026-04",
    sha="s1",
    pending=(
        PendingAnime(anime_id=mint_anime_id("https://anidb.net/anime/5"), sources=("https://anidb.net/anime/5",)),
    ),
)


def filled(count: int = 5) -> Database:
    database = Database()
    entries = [make_entry(number, revision=number, last_saga=f"refresh-{number}") for number in range(1, count)]
    orphan = make_entry(count, system_status=SystemStatus.ORPHANED, orphaned_at=database.clock.now, enriched=False)
    database.fill([*entries, orphan])
    sync_state.create(database.objects, STATE)
    return database


def empty_copy(database: Database) -> Database:
    """Another stack, to which the snapshots were copied."""
    other = Database()
    for info in database.objects.list("snapshots/"):
        stored = database.objects.get(info.key)
        assert stored is not None
        other.objects.put(info.key, stored.body)
    return other


def event(snapshot: str, run_id: str = "run") -> RestoreInput:
    return RestoreInput(run_id=run_id, snapshot=snapshot)


def everything(database: Database) -> tuple[Any, ...]:
    points = sorted(database.vectors.scan(with_vectors=True), key=lambda point: point.anime_id)
    objects = {key: database.objects.get(key) for key in (keys.ENRICHED_DATABASE, keys.SYNC_STATE, RESTORE_STATE)}
    return database.entries(), points, objects


def test_the_restored_stack_has_the_same_snapshot() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    result = restore(event(taken["snapshot"]), ports=other.ports())
    assert (result["entries"], result["vectors"], result["vectors_made"], result["resumed"]) == (5, 5, 0, False)
    again = take_snapshot("two", ports=other.ports())
    assert again["sha256"] == taken["sha256"]
    assert (again["vectors_made"], again["surplus_points"]) == (0, 0)


def test_both_stores_the_baseline_and_the_enriched_file_are_those_of_the_snapshot() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    restore(event(taken["snapshot"]), ports=other.ports())
    assert everything(other) == everything(database)
    assert other.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "s1"}


def test_the_baseline_goes_back_to_that_of_the_data() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    sync_state.create(other.objects, SyncState(release="2026-05", sha="s2"))
    restore(event(taken["snapshot"]), ports=other.ports())
    baseline = sync_state.load(other.objects)
    assert baseline is not None
    assert baseline.state == STATE


def test_a_snapshot_without_a_baseline_restores_to_none() -> None:
    database = filled()
    database.objects.delete(keys.SYNC_STATE)
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    sync_state.create(other.objects, SyncState(release="2026-05", sha="s2"))
    restore(event(taken["snapshot"]), ports=other.ports())
    assert sync_state.load(other.objects) is None


def test_vectors_of_another_embedder_are_made_anew() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports(embedder_name="bedrock:titan"))
    other = empty_copy(database)
    assert restore(event(taken["snapshot"]), ports=other.ports())["vectors_made"] == 5
    assert everything(other)[1] == everything(database)[1], "the fake embeds equal texts equally"


# ---------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("store", ["animes", "vectors"])
def test_a_stack_that_holds_something_is_left_as_it_is(store: str) -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    other.fill([make_entry(99)])
    if store == "animes":
        other.vectors.remove([make_entry(99).anime_id])
    else:
        other.animes.delete([make_entry(99).anime_id])
    before = everything(other)
    with pytest.raises(NotEmpty, match="empty stack only: use a new one"):
        restore(event(taken["snapshot"]), ports=other.ports())
    assert everything(other) == before
    assert "empty stack" in other.report("restore", "run")["error"]


def test_an_unknown_snapshot_names_those_that_are_there() -> None:
    database = filled()
    with pytest.raises(NotFound, match="`anime snapshot` makes one"):
        restore(event("2026"), ports=database.ports())
    taken = take_snapshot("one", ports=database.ports())
    with pytest.raises(NotFound, match=f"no snapshot 2026; there are {taken['snapshot']}"):
        restore(event("2026"), ports=database.ports())


def test_files_without_a_manifest_are_no_snapshot() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    other.objects.delete(keys.snapshot(taken["snapshot"]) + MANIFEST_FILE)
    with pytest.raises(NotFound):
        restore(event(taken["snapshot"]), ports=other.ports())


@pytest.mark.parametrize("name", [ANIMES_FILE, VECTORS_FILE])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing", "swapped"])
def test_a_damaged_snapshot_is_refused_before_anything_is_written(name: str, damage: str) -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    key = keys.snapshot(taken["snapshot"]) + name
    stored = other.objects.get(key)
    assert stored is not None
    body = {
        "truncated": stored.body[:-1],
        "changed": stored.body[:30] + bytes([stored.body[30] ^ 1]) + stored.body[31:],
        "swapped": b"(\xb5/\xfd\x00",
    }
    if damage == "missing":
        other.objects.delete(key)
    else:
        other.objects.put(key, body[damage])
    with pytest.raises((Malformed, NotFound), match=name):
        restore(event(taken["snapshot"]), ports=other.ports())
    assert everything(other) == ([], [], dict.fromkeys((keys.ENRICHED_DATABASE, keys.SYNC_STATE, RESTORE_STATE)))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dimensions": 1024}, BadInput, "1024 dimensions"),
        ({"entries": 4}, Malformed, "one vector an entry"),
        ({"sync_state": {"sha": 1}}, Malformed, "sync state"),
        ({"format": 9}, Malformed, "manifest"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    manifest = other.json(taken["manifest"])
    other.objects.put(taken["manifest"], orjson.dumps({**manifest, **changes}))
    with pytest.raises(error, match=message):
        restore(event(taken["snapshot"]), ports=other.ports())
    assert (other.animes.count(), other.vectors.count(), other.objects.get(RESTORE_STATE)) == (0, 0, None)


def test_vectors_in_another_order_are_refused() -> None:
    """Each hash is right, and yet the files do not belong together."""
    one, two = filled(5), filled(5)
    two.vectors.remove([make_entry(5).anime_id])
    two.animes.delete([make_entry(5).anime_id])
    two.fill([make_entry(6)])
    first, second = (take_snapshot("one", ports=database.ports()) for database in (one, two))
    mixed = empty_copy(one)
    key = keys.snapshot(first["snapshot"]) + VECTORS_FILE
    foreign = two.objects.get(keys.snapshot(second["snapshot"]) + VECTORS_FILE)
    assert foreign is not None
    mixed.objects.put(key, foreign.body)
    manifest, other_manifest = mixed.json(first["manifest"]), two.json(second["manifest"])
    manifest["files"][1] = other_manifest["files"][1]
    mixed.objects.put(first["manifest"], orjson.dumps(manifest))
    with pytest.raises(Malformed, match="no vector of"):
        restore(event(first["snapshot"]), ports=mixed.ports())
    assert mixed.animes.count() == 0


# ----------------------------------------------------------------------------------------------------- interruptions


def interrupted() -> tuple[Database, str]:
    """Documents are there, points are not, and the mark is."""
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    vectors: Any = Failing(other.vectors).before("insert_missing", Unavailable("the index is down"))
    with pytest.raises(Unavailable):
        restore(event(taken["snapshot"]), ports=other.ports(vectors=vectors))
    assert (other.animes.count(), other.vectors.count()) == (5, 0)
    return other, taken["snapshot"]


def test_an_interrupted_restore_goes_on_when_it_is_repeated() -> None:
    database, snapshot = interrupted()
    result = restore(event(snapshot, "again"), ports=database.ports())
    assert result["resumed"] is True
    assert (database.animes.count(), database.vectors.count()) == (5, 5)
    assert database.objects.get(RESTORE_STATE) is None
    with pytest.raises(NotEmpty):
        restore(event(snapshot, "third"), ports=database.ports())


def test_what_an_interrupted_restore_left_half_is_written_over() -> None:
    database, snapshot = interrupted()
    expected = database.entries()
    half = expected[0].model_copy(update={"episode_details": [], "characters": []})
    database.fill([half])
    database.vectors.set_payload({half.anime_id: {"revision": 99}})
    restore(event(snapshot, "again"), ports=database.ports())
    assert database.entries() == expected
    point = database.vectors.get(half.anime_id)
    assert point is not None
    assert point.payload["revision"] == half.revision


def test_an_anime_that_came_in_during_the_restore_is_told() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    put = other.objects.put

    def mark_and_let_in(key: str, body: bytes, **options: Any) -> str:
        if key == RESTORE_STATE:
            other.animes.restore([make_entry(77, sources=make_entry(1).sources)])
        return put(key, body, **options)

    other.objects.put = mark_and_let_in  # type: ignore[method-assign]
    with pytest.raises(NotEmpty, match=f"something else wrote {make_entry(1).anime_id} meanwhile"):
        restore(event(taken["snapshot"]), ports=other.ports())


def test_an_interrupted_restore_lets_no_other_snapshot_in() -> None:
    database, snapshot = interrupted()
    source = filled(3)
    source.clock.now = source.clock.now.replace(hour=9)
    taken = take_snapshot("one", ports=source.ports())
    for info in source.objects.list("snapshots/"):
        stored = source.objects.get(info.key)
        assert stored is not None
        database.objects.put(info.key, stored.body)
    with pytest.raises(NotEmpty, match=f"a restore of {snapshot} was interrupted: repeat that one"):
        restore(event(taken["snapshot"], "other"), ports=database.ports())


def test_a_mark_of_an_emptied_stack_is_replaced() -> None:
    database, snapshot = interrupted()
    database.animes.delete([entry.anime_id for entry in database.entries()])
    database.objects.put(RESTORE_STATE, orjson.dumps({"run_id": "x", "snapshot": "other", "manifest_sha256": "0" * 64}))
    assert restore(event(snapshot, "again"), ports=database.ports())["resumed"] is False
    assert database.animes.count() == 5


def test_a_mark_that_outlived_its_restore_lets_nothing_be_overwritten() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    objects: Any = Failing(other.objects).before("delete", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        restore(event(taken["snapshot"]), ports=other.ports(objects=objects))
    changed: AnimeEntry = make_entry(1, title="Changed since", revision=9)
    other.fill([changed])
    with pytest.raises(NotEmpty):
        restore(event(taken["snapshot"], "again"), ports=other.ports())
    assert other.animes.get(changed.anime_id) == changed


def test_what_came_in_meanwhile_is_told() -> None:
    database, snapshot = interrupted()
    database.animes.restore([make_entry(99)])
    with pytest.raises(NotEmpty, match="something else wrote meanwhile"):
        restore(event(snapshot, "again"), ports=database.ports())
    assert sync_state.load(database.objects) is None


def test_a_run_that_succeeded_is_not_repeated() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    other = empty_copy(database)
    result = restore(event(taken["snapshot"]), ports=other.ports())
    changed: AnimeEntry = make_entry(1, title="Changed since", revision=9)
    other.fill([changed])
    assert restore(event(taken["snapshot"]), ports=other.ports()) == result
    assert other.animes.get(changed.anime_id) == changed


def test_wherever_a_restore_crashes_its_repetition_ends_the_same() -> None:
    database = filled()
    taken = take_snapshot("one", ports=database.ports())
    calm, undisturbed = Faults(), empty_copy(database)
    restore(event(taken["snapshot"]), ports=undisturbed.ports(calm))
    expected = everything(undisturbed)
    assert {"animes.insert_missing", "vectors.insert_missing", "objects.delete"} <= set(calm.writes)
    for number in range(len(calm.writes)):
        for when in When:
            other, faults = empty_copy(database), Faults(planned={number: when})
            ports = other.ports(faults)
            with pytest.raises((Crash, Unavailable)):
                restore(event(taken["snapshot"]), ports=ports)
            repeated(partial(restore, event(taken["snapshot"]), ports=ports))
            assert everything(other) == expected, f"{when} write {number}, {calm.writes[number]}"
