"""Snapshots: what they hold, and what a crash leaves."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zstandard

from domain.snapshot_format import (
    ANIMES_FILE,
    MANIFEST_FILE,
    VECTORS_FILE,
    Manifest,
    anime_line,
    read_anime_line,
    read_manifest,
    read_vector_line,
)
from models.anime import AnimeEntry
from models.errors import Retryable
from models.vocabulary import SystemStatus
from tests.support.crashing import Crash, Faults, When
from tests.support.database import Database, make_entry
from workflows import keys, snapshot, sync_state
from workflows.indexing import embed_points
from workflows.snapshot import take_snapshot
from workflows.sync_state import SyncState

ENTRIES = [
    make_entry(1),
    make_entry(2, system_status=SystemStatus.ORPHANED, revision=4, last_saga="refresh-x"),
    make_entry(3, episode_details=[], characters=[], enriched=False),
]


@pytest.fixture
def database() -> Database:
    made = Database()
    made.fill(ENTRIES)
    sync_state.create(made.objects, SyncState(release="2026-04", sha="s1"))
    made.objects.put(keys.ENRICHED_DATABASE, b"old", metadata={keys.SOURCE_SHA_METADATA: "s1"})
    return made


def unpacked(database: Database, key: str) -> bytes:
    stored = database.objects.get(key)
    assert stored is not None
    return zstandard.ZstdDecompressor().stream_reader(stored.body).read()


def manifest_of(database: Database, result: dict[str, Any]) -> Manifest:
    stored = database.objects.get(result["manifest"])
    assert stored is not None
    return read_manifest(stored.body)


def test_it_holds_every_entry_and_vector_in_order_of_their_ids(database: Database) -> None:
    result = take_snapshot("run", ports=database.ports())
    prefix = keys.snapshot(result["snapshot"])
    entries = [read_anime_line(line) for line in unpacked(database, prefix + ANIMES_FILE).splitlines()]
    assert entries == sorted(ENTRIES, key=lambda entry: entry.anime_id)
    vectors = [read_vector_line(line) for line in unpacked(database, prefix + VECTORS_FILE).splitlines()]
    assert [anime_id for anime_id, _ in vectors] == [entry.anime_id for entry in entries]
    for anime_id, read in vectors:
        point = database.vectors.get(anime_id)
        assert point is not None
        assert {name: list(vector) for name, vector in read.items()} == point.vectors


def test_the_manifest_counts_and_seals(database: Database) -> None:
    result = take_snapshot("run", ports=database.ports())
    manifest = manifest_of(database, result)
    assert (manifest.entries, manifest.episodes, manifest.characters) == (3, 2, 2)
    assert (manifest.source_sha, manifest.embedder) == ("s1", "fake")
    assert manifest.sync_state == {"release": "2026-04", "sha": "s1", "pending": []}
    for file in manifest.files:
        key = keys.snapshot(manifest.time) + file.name
        stored = database.objects.get(key)
        assert stored is not None
        assert (len(stored.body), hashlib.sha256(stored.body).hexdigest()) == (file.stored_bytes, file.stored_sha256)
        plain = unpacked(database, key)
        assert (len(plain), hashlib.sha256(plain).hexdigest()) == (file.bytes, file.sha256)
        assert result["sha256"][file.name] == file.sha256


def test_the_enriched_file_is_replaced_and_keeps_its_commit(database: Database) -> None:
    take_snapshot("run", ports=database.ports())
    data = database.json(keys.ENRICHED_DATABASE)["data"]
    assert [entry["title"] for entry in data] == [entry.title for entry in database.entries()]
    assert not any("revision" in entry or "last_saga" in entry for entry in data)
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "s1"}


def test_without_a_baseline_the_commit_of_the_old_file_is_kept(database: Database) -> None:
    database.objects.delete(keys.SYNC_STATE)
    database.objects.put(keys.ENRICHED_DATABASE, b"old", metadata={keys.SOURCE_SHA_METADATA: "given"})
    result = take_snapshot("run", ports=database.ports())
    assert manifest_of(database, result).source_sha == "given"
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "given"}


def test_an_empty_stack_has_a_snapshot_too() -> None:
    database = Database()
    result = take_snapshot("run", ports=database.ports())
    manifest = manifest_of(database, result)
    assert (manifest.entries, manifest.source_sha, manifest.sync_state) == (0, None, None)
    assert database.metadata(keys.ENRICHED_DATABASE) == {}


def test_a_baseline_that_moves_on_meanwhile_is_not_moved_back(database: Database) -> None:
    embed = database.embedder.embed
    baseline = sync_state.load(database.objects)
    assert baseline is not None
    database.vectors.remove([ENTRIES[0].anime_id])

    def sync_in_between(texts: Any) -> list[list[float]]:
        sync_state.advance(database.objects, SyncState(release="2026-05", sha="s2"), over=baseline)
        sync_state.record_source_sha(database.objects, "s2")
        return embed(texts)

    database.embedder.embed = sync_in_between  # type: ignore[method-assign]
    result = take_snapshot("run", ports=database.ports())
    assert manifest_of(database, result).source_sha == "s1", "the data is still that of the old baseline"
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "s2"}


def test_two_snapshots_at_one_moment_are_two(database: Database) -> None:
    first, second = (take_snapshot(run_id, ports=database.ports()) for run_id in ("a", "b"))
    assert first["snapshot"] < second["snapshot"]
    assert first["sha256"] == second["sha256"]
    assert_whole(database)


def newer(entry: AnimeEntry) -> AnimeEntry:
    return entry.model_copy(
        update={"revision": entry.revision + 1, "last_saga": "refresh-new", "synopsis": "Another story."}
    )


def put_newer_point(database: Database) -> None:
    database.vectors.overwrite(embed_points([newer(ENTRIES[0])], database.embedder))


@pytest.mark.parametrize(
    ("disturb", "made", "surplus"),
    [
        (put_newer_point, 1, 0),
        (lambda database: database.vectors.remove([ENTRIES[0].anime_id]), 1, 0),
        (
            lambda database: database.vectors.set_payload({ENTRIES[0].anime_id: {"system_status": "ORPHANED"}}),
            0,
            0,
        ),
        (
            lambda database: database.vectors.overwrite(embed_points([make_entry(9)], database.embedder)),
            0,
            1,
        ),
    ],
    ids=["a commit was faster", "a point is missing", "only the payload differs", "a point without entry"],
)
def test_each_entry_goes_with_the_vector_of_its_own_revision(
    database: Database, disturb: Callable[[Database], None], made: int, surplus: int
) -> None:
    undisturbed = take_snapshot("first", ports=database.ports())
    disturb(database)
    result = take_snapshot("second", ports=database.ports())
    assert result["sha256"] == undisturbed["sha256"]
    assert (result["vectors_made"], result["surplus_points"]) == (made, surplus)


def test_a_run_that_succeeded_is_not_repeated(database: Database) -> None:
    result = take_snapshot("run", ports=database.ports())
    database.clock.now = database.clock.now.replace(hour=5)
    assert take_snapshot("run", ports=database.ports()) == result
    manifests = [info.key for info in database.objects.list("snapshots/") if info.key.endswith(MANIFEST_FILE)]
    assert manifests == [result["manifest"]]


def test_entries_pass_through_and_are_not_collected(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large collection, no more than a chunk is read before something of it is written."""
    monkeypatch.setattr(snapshot, "CHUNK", 4)
    many = [make_entry(number) for number in range(1, 41)]
    database.fill(many)
    read: list[int] = []
    written: list[int] = []
    made = database.ports()

    class Session:
        def __enter__(self) -> "Session":
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def entries(self) -> Iterator[AnimeEntry]:
            for entry in sorted(many, key=lambda one: one.anime_id):
                read.append(len(written))
                yield entry

    def counted(entry: AnimeEntry) -> bytes:
        written.append(1)
        return anime_line(entry)

    monkeypatch.setattr("workflows.snapshot.anime_line", counted)
    monkeypatch.setattr(database.animes, "snapshot", Session)
    take_snapshot("run", ports=made)
    assert len(written) == 40
    assert all(number - done <= 8 for number, done in enumerate(read, start=1))


def repeated(database: Database, faults: Faults) -> dict[str, Any]:
    """As Lambda repeats it: the same run id, a later time."""
    try:
        return take_snapshot("run", ports=database.ports(faults))
    except (Crash, Retryable):
        database.clock.now = database.clock.now.replace(minute=database.clock.now.minute + 1)
        return repeated(database, faults)


def test_a_crash_leaves_the_old_file_or_the_new_one_and_never_half_a_snapshot(database: Database) -> None:
    calm = Faults()
    expected = take_snapshot("calm", ports=database.ports(calm))["sha256"]
    assert calm.writes.index(f"objects.writer {keys.ENRICHED_DATABASE}") > calm.writes.index("objects.put")
    for number in range(len(calm.writes)):
        for when in When:
            fresh, faults = Database(), Faults(planned={number: when})
            fresh.fill(ENTRIES)
            sync_state.create(fresh.objects, SyncState(release="2026-04", sha="s1"))
            fresh.objects.put(keys.ENRICHED_DATABASE, b"old", metadata={keys.SOURCE_SHA_METADATA: "s1"})
            with pytest.raises((Crash, Retryable)):
                take_snapshot("run", ports=fresh.ports(faults))
            assert_whole(fresh)
            assert repeated(fresh, faults)["sha256"] == expected
            assert_whole(fresh)
            assert fresh.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "s1"}


def assert_whole(database: Database) -> None:
    """The processed file is one of the two, and what has a manifest has its files as described."""
    processed = database.objects.get(keys.ENRICHED_DATABASE)
    assert processed is not None
    assert processed.body == b"old" or len(database.json(keys.ENRICHED_DATABASE)["data"]) == len(ENTRIES)
    for info in list(database.objects.list("snapshots/")):
        if info.key.endswith(MANIFEST_FILE):
            for file in manifest_of(database, {"manifest": info.key}).files:
                stored = database.objects.get(info.key.removesuffix(MANIFEST_FILE) + file.name)
                assert stored is not None
                assert hashlib.sha256(stored.body).hexdigest() == file.stored_sha256
