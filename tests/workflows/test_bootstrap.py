"""Bootstrap as a whole: planner, batches and end, on samples and on small files."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from domain.releases import Download, ReleaseLimits, ResolvedRelease
from models.anime import AnimeEntry
from models.errors import BadInput
from models.events import BootstrapInput
from models.vocabulary import SystemStatus
from tests.support.crashing import Faults, When
from tests.support.database import (
    BootstrapRun,
    Database,
    enriched_file,
    make_entry,
    offline_line,
    prepare_bootstrap,
    release_file,
    run_bootstrap,
)
from tests.support.samples import ENRICHED, FIRST
from workflows import keys, sync_state
from workflows.bootstrap import BootstrapLimits
from workflows.indexing import point_difference
from workflows.ports import ExecutionStatus, ObjectWriter
from workflows.sync_state import SyncState

LARGE_BATCHES: Final = BootstrapLimits(batch_size=100)


def assert_stores_agree(database: Database) -> None:
    entries = {entry.anime_id: entry for entry in database.entries()}
    points = {point.anime_id: point for point in database.vectors.scan(with_vectors=False)}
    ids = entries.keys() | points.keys()
    assert [point_difference(one, entries.get(one), points.get(one)) for one in ids] == [None] * len(ids)


def entry_of(database: Database, number: int) -> AnimeEntry:
    entry = database.animes.get(make_entry(number).anime_id)
    assert entry is not None
    return entry


# ---------------------------------------------------------------------------------------------------------- samples


def test_the_enriched_sample_is_loaded_under_minted_ids() -> None:
    database = Database()
    result = run_bootstrap(database, ENRICHED, kind="enriched", sha="2026-04")
    assert (result["entries"], result["loaded"], result["existing"], result["conflicts"]) == (28, 28, 0, 0)
    entries = database.entries()
    assert len(entries) == database.vectors.count() == 28
    assert all(entry.enriched and entry.revision == 1 for entry in entries)
    assert {entry.last_saga for entry in entries} == {"bootstrap-enriched-2026-04"}
    assert [entry.system_status for entry in entries].count(SystemStatus.ORPHANED) == 1
    assert_stores_agree(database)


def test_a_release_adds_what_is_missing_and_overwrites_nothing() -> None:
    database = Database()
    run_bootstrap(database, ENRICHED, kind="enriched", sha="2026-04")
    before = {entry.anime_id: entry for entry in database.entries()}
    points = {point.anime_id: point for point in database.vectors.scan(with_vectors=True)}
    result = run_bootstrap(database, FIRST, kind="offline", sha="2026-04", limits=LARGE_BATCHES)
    assert (result["entries"], result["loaded"], result["existing"], result["conflicts"]) == (500, 473, 27, 0)
    after = {entry.anime_id: entry for entry in database.entries()}
    assert len(after) == 501
    assert {anime_id: after[anime_id] for anime_id in before} == before
    assert {anime_id: database.vectors.get(anime_id) for anime_id in points} == points
    added = [entry for anime_id, entry in after.items() if anime_id not in before]
    assert not any(entry.enriched for entry in added)
    assert all(entry.offered_sources == entry.sources for entry in added)
    assert_stores_agree(database)


# ------------------------------------------------------------------------------------------------ what is left behind


def test_what_a_bootstrap_leaves_behind() -> None:
    database = Database()
    result = run_bootstrap(database, release_file(offline_line(1), offline_line(2)), kind="offline", sha="abc")
    assert result["report"] == keys.report("bootstrap", "offline-abc")
    assert database.objects.keys() == (
        keys.ENRICHED_DATABASE,
        keys.SYNC_STATE,
        keys.release("abc"),
        keys.report("bootstrap", "offline-abc"),
    )
    baseline = sync_state.load(database.objects)
    assert baseline is not None
    assert baseline.state == SyncState(release="2026-04", sha="abc")
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "abc"}
    exported = database.json(keys.ENRICHED_DATABASE)["data"]
    assert [entry["anime_id"] for entry in exported] == [entry.anime_id for entry in database.entries()]


def test_the_exported_file_is_a_bootstrap_of_another_stack() -> None:
    database, other = Database(), Database()
    run_bootstrap(database, ENRICHED, kind="enriched", sha="s1")
    run_bootstrap(database, release_file(offline_line(1)), kind="offline", sha="s1")
    exported = database.objects.get(keys.ENRICHED_DATABASE)
    assert exported is not None
    run_bootstrap(other, exported.body, kind="enriched", sha="s1")
    saga = {"last_saga": None}
    assert [entry.model_copy(update=saga) for entry in other.entries()] == [
        entry.model_copy(update=saga) for entry in database.entries()
    ]
    assert [entry.enriched for entry in other.entries()].count(False) == 1, "the marker is kept, not guessed"


def test_a_second_bootstrap_leaves_the_baseline_where_it_is() -> None:
    """The next comparison has to begin from the older release: what was there was never compared with the newer."""
    database = Database()
    run_bootstrap(database, enriched_file(make_entry(1)), kind="enriched", sha="older")
    result = run_bootstrap(database, release_file(offline_line(1), offline_line(2)), kind="offline", sha="newer")
    assert (result["sha"], result["baseline"]) == ("newer", "older")
    baseline = sync_state.load(database.objects)
    assert baseline is not None
    assert baseline.state.sha == "older"
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "older"}


def test_enriched_and_then_offline_of_one_release_is_one_state() -> None:
    database = Database()
    run_bootstrap(database, enriched_file(make_entry(1)), kind="enriched", sha="s1")
    before = database.objects.get(keys.SYNC_STATE)
    run_bootstrap(database, release_file(offline_line(2)), kind="offline", sha="s1")
    assert database.objects.get(keys.SYNC_STATE) == before


# -------------------------------------------------------------------------------------------- ours, and in conflict


def test_a_known_anime_is_found_by_any_of_its_urls_and_left_alone() -> None:
    database = Database()
    ours = make_entry(1, sources=["https://kitsu.app/anime/one"], revision=7, last_saga="refresh-x", title="Ours")
    database.fill([ours])
    point = database.vectors.get(ours.anime_id)
    line = offline_line(9, sources=["https://kitsu.io/anime/one", "https://anidb.net/anime/9"])
    result = run_bootstrap(database, release_file(line), kind="offline", sha="s1")
    assert (result["loaded"], result["existing"]) == (0, 1)
    assert database.entries() == [ours]
    assert database.vectors.get(ours.anime_id) == point


def test_conflicts_are_reported_and_not_loaded() -> None:
    database = Database()
    one, two = make_entry(1), make_entry(2)
    database.fill([one, two])
    touches_both = offline_line(3, sources=[one.sources[0], two.sources[1]])
    shared = "https://anidb.net/anime/77"
    twins = [offline_line(n, sources=[shared, f"https://anilist.co/anime/{n}"]) for n in (4, 5)]
    result = run_bootstrap(database, release_file(touches_both, *twins, offline_line(6)), kind="offline", sha="s1")
    assert (result["entries"], result["loaded"], result["existing"], result["conflicts"]) == (4, 1, 0, 3)
    assert sorted(tuple(member["sources"]) for member in result["members"]["conflicts"]) == sorted(
        [tuple(sorted([one.sources[0], two.sources[1]])), *((shared, f"https://anilist.co/anime/{n}") for n in (4, 5))]
    )
    assert {entry.anime_id for entry in database.entries()} == {make_entry(n).anime_id for n in (1, 2, 6)}


def test_an_id_that_another_anime_of_ours_has_is_a_conflict() -> None:
    database = Database()
    ours = make_entry(1)
    database.fill([ours])
    foreign = make_entry(2, anime_id=ours.anime_id)
    result = run_bootstrap(database, enriched_file(foreign), kind="enriched", sha="s1")
    assert (result["loaded"], result["conflicts"]) == (0, 1)
    assert database.entries() == [ours]


def test_one_id_on_two_entries_is_a_conflict_of_both() -> None:
    database = Database()
    twin = make_entry(2, anime_id=make_entry(1).anime_id)
    result = run_bootstrap(database, enriched_file(make_entry(1), twin, make_entry(3)), kind="enriched", sha="s1")
    assert (result["loaded"], result["conflicts"]) == (1, 2)


def test_a_source_that_was_taken_since_the_plan_is_a_conflict() -> None:
    database = Database()
    run = prepare_bootstrap(database, release_file(offline_line(1), offline_line(2)), kind="offline", sha="s1")
    run.plan()
    database.fill([make_entry(9, sources=["https://anilist.co/anime/1"])])
    result = run.go()
    assert (result["loaded"], result["existing"], result["conflicts"]) == (1, 0, 1)
    assert result["members"]["conflicts"][0]["anime_id"] == make_entry(1).anime_id
    assert_stores_agree(database)


def test_the_next_bootstrap_completes_one_that_stopped_between_documents_and_points() -> None:
    database = Database()
    ours = make_entry(1, sources=["https://kitsu.app/anime/one"], title="Ours", revision=4, last_saga="refresh-x")
    database.animes.restore([ours])
    line = offline_line(9, sources=["https://kitsu.app/anime/one"])
    result = run_bootstrap(database, release_file(line, offline_line(2)), kind="offline", sha="s1")
    assert (result["entries"], result["loaded"], result["existing"]) == (2, 1, 1)
    assert database.animes.get(ours.anime_id) == ours
    assert_stores_agree(database)


# ------------------------------------------------------------------------------------------------------ bad input


def good_release() -> bytes:
    return release_file(offline_line(1), offline_line(2))


@pytest.mark.parametrize(
    ("kind", "body", "changes", "message"),
    [
        ("offline", good_release, {"sha256": "0" * 64}, "SHA-256"),
        ("offline", lambda: good_release()[:-20], {}, "truncated|damaged"),
        ("offline", lambda: b"plain text", {}, "not zstd"),
        ("offline", lambda: release_file(offline_line(1, episodes=-1)), {}, "line 2"),
        (
            "offline",
            good_release,
            {"limits": BootstrapLimits(release=ReleaseLimits(max_unpacked_bytes=100))},
            "too large",
        ),
        ("enriched", lambda: enriched_file(make_entry(1)), {"sha256": "0" * 64}, "SHA-256"),
        ("enriched", lambda: enriched_file(make_entry(1), {"title": "X"}), {}, r"entry 2 of the file \(X\)"),
        ("enriched", lambda: b'{"data": [', {}, "no enriched database"),
        ("enriched", lambda: enriched_file(make_entry(1)), {"limits": BootstrapLimits(max_enriched_bytes=9)}, "large"),
    ],
)
def test_a_bad_file_is_refused_before_anything_is_written(
    kind: str, body: Callable[[], bytes], changes: dict[str, Any], message: str
) -> None:
    database = Database()
    run = prepare_bootstrap(database, body(), kind=kind, sha="s1", **changes)
    before = database.objects.keys()
    with pytest.raises(BadInput, match=message):
        run.plan()
    assert (database.animes.count(), database.vectors.count()) == (0, 0)
    assert database.machine.started == {}
    assert set(database.objects.keys()) - set(before) == {keys.report("bootstrap", run.event.run_id)}
    report = database.report("bootstrap", run.event.run_id)
    assert report["state"] == "failed"
    assert "\n" not in report["error"]


def test_a_right_digest_is_accepted() -> None:
    database = Database()
    body = good_release()
    result = run_bootstrap(database, body, kind="offline", sha="s1", sha256=hashlib.sha256(body).hexdigest())
    assert result["loaded"] == 2


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"kind": "offline", "upload_key": "work/uploads/x"}, "--source-sha"),
        ({"kind": "offline", "upload_key": "work/uploads/x", "source_sha": "s"}, "no upload"),
        ({"kind": "enriched", "release": "latest"}, "given as a file"),
    ],
)
def test_what_was_asked_for_is_wrong(event: dict[str, Any], message: str) -> None:
    run = BootstrapRun(database=Database(), event=BootstrapInput.model_validate({"run_id": "r1", **event}))
    with pytest.raises(BadInput, match=message):
        run.plan()


# -------------------------------------------------------------------------------------------------------- machine


def test_the_same_event_twice_is_one_execution_over_the_same_batches() -> None:
    database = Database()
    run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1")
    first = run.plan()
    batches = run.batches()
    run.load(batches[0])
    assert run.plan() == first, "what was loaded meanwhile does not change the plan"
    assert len(database.machine.started) == 1
    assert run.batches() == batches


def test_an_execution_that_failed_is_followed_by_the_next_attempt() -> None:
    database = Database()
    run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1")
    first = run.plan()["execution"]
    database.machine.finish(first, ExecutionStatus.FAILED)
    second = run.plan()["execution"]
    assert (first, second) == ("offline-s1-1", "offline-s1-2")
    database.machine.finish(second, ExecutionStatus.SUCCEEDED)
    assert run.plan()["execution"] == second


def test_a_run_id_with_dots_gives_a_legal_and_unambiguous_name() -> None:
    names = []
    for run_id in ("2026.04", "2026_04"):
        database = Database()
        run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1", run_id=run_id)
        names.append(run.plan()["execution"])
        assert database.machine.started.keys() == {names[-1]}
    assert names[0] != names[1]


def test_batches_with_images_are_small() -> None:
    database = Database()
    lines = [offline_line(number) for number in range(1, 6)]
    limits = BootstrapLimits(batch_size=4, image_batch_size=2)
    with_images = prepare_bootstrap(
        database, release_file(*lines), kind="offline", sha="s1", run_id="a", limits=limits, images=True
    )
    with_images.plan()
    assert len(with_images.batches()) == 3
    assert all(batch.images for batch in with_images.batches())
    without = prepare_bootstrap(database, release_file(*lines), kind="offline", sha="s1", run_id="b", limits=limits)
    without.plan()
    assert len(without.batches()) == 2


def test_nothing_to_load_needs_no_machine() -> None:
    database = Database()
    run_bootstrap(database, good_release(), kind="offline", sha="s1", run_id="first")
    run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1", run_id="second")
    assert run.plan() == {"run_id": "second", "execution": None, "report": keys.report("bootstrap", "second")}
    assert database.machine.started == {}
    report = database.report("bootstrap", "second")
    assert (report["state"], report["result"]["existing"], report["result"]["loaded"]) == ("succeeded", 2, 0)
    assert run.plan()["execution"] is None, "a run that succeeded is not planned again"


class PublishedRelease:
    """One release, behind the port that downloads."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def resolve(self, tag: str | None) -> ResolvedRelease:
        assert tag == "latest"
        digest = hashlib.sha256(self.body).hexdigest()
        return ResolvedRelease(
            tag="2026-30", sha="c0ffee", asset_url="https://x", asset_bytes=len(self.body), sha256=digest
        )

    def download(
        self, release: ResolvedRelease, open_writer: Callable[[], AbstractContextManager[ObjectWriter]]
    ) -> Download:
        with open_writer() as writer:
            writer.write(self.body)
        return Download(sha256=release.sha256 or "", size=len(self.body))


def test_a_published_release_is_downloaded_and_kept_under_its_commit() -> None:
    database = Database()
    event = BootstrapInput(run_id="r1", kind="offline", release="latest")
    result = BootstrapRun(database=database, event=event, releases=PublishedRelease(good_release())).go()
    assert (result["release"], result["sha"], result["loaded"]) == ("2026-30", "c0ffee", 2)
    kept = database.objects.get(keys.release("c0ffee"))
    assert kept is not None
    assert kept.body == good_release()
    assert not [info.key for info in database.objects.list(keys.UPLOADS)]


# ---------------------------------------------------------------------------------------------------------- crashes


def small_run(database: Database, faults: Faults, *, images: bool) -> BootstrapRun:
    """Four entries of which one is ours already, one ours without a point, in two batches."""
    ours, unindexed = make_entry(1, title="Ours"), make_entry(2, title="Unindexed")
    database.fill([ours])
    database.animes.restore([unindexed])
    body = release_file(*(offline_line(number) for number in (1, 2, 3, 4)))
    return prepare_bootstrap(
        database, body, kind="offline", sha="s1", images=images, faults=faults, limits=BootstrapLimits(batch_size=2)
    )


def final_state(database: Database) -> tuple[Any, ...]:
    points = sorted(database.vectors.scan(with_vectors=True), key=lambda point: point.anime_id)
    objects = [database.objects.get(info.key) for info in database.objects.list("")]
    return database.entries(), points, objects


@pytest.mark.parametrize("images", [False, True], ids=["without-images", "with-images"])
def test_wherever_a_bootstrap_crashes_its_repetition_ends_the_same(images: bool) -> None:
    undisturbed, calm = Database(), Faults()
    small_run(undisturbed, calm, images=images).go()
    expected = final_state(undisturbed)
    assert_stores_agree(undisturbed)
    assert {"objects.copy", "animes.insert_missing", "vectors.insert_missing", "executions.start"} <= set(calm.writes)
    for number in range(len(calm.writes)):
        for when in When:
            database, faults = Database(), Faults(planned={number: when})
            small_run(database, faults, images=images).go()
            assert final_state(database) == expected, f"{when} write {number}, {calm.writes[number]}"


def test_documents_that_were_half_written_are_completed() -> None:
    database = Database()
    run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1")
    run.plan()
    written = make_entry(1)
    half = database.animes.insert_missing
    loaded: list[str] = []

    def insert_one_and_die(entries: list[AnimeEntry]) -> Any:
        if not loaded:
            half(entries[:1])
            loaded.append(entries[0].anime_id)
            raise ConnectionError
        return half(entries)

    database.animes.insert_missing = insert_one_and_die  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        run.load(run.batches()[0])
    assert (database.animes.count(), database.vectors.count()) == (1, 0)
    result = run.go()
    assert loaded == [written.anime_id]
    assert (result["loaded"], result["existing"]) == (2, 0), "what an interrupted attempt loaded counts as loaded"
    assert_stores_agree(database)


def test_a_repetition_after_a_failed_machine_loads_the_rest() -> None:
    database = Database()
    run = prepare_bootstrap(database, good_release(), kind="offline", sha="s1", limits=BootstrapLimits(batch_size=1))
    execution = run.plan()["execution"]
    run.load(run.batches()[0])
    database.machine.finish(execution, ExecutionStatus.FAILED)
    run.finish({"Error": "States.Timeout", "Cause": ""})
    assert database.report("bootstrap", run.event.run_id)["state"] == "failed"
    again = prepare_bootstrap(database, good_release(), kind="offline", sha="s1", run_id="again")
    assert again.go()["loaded"] == 1
    assert_stores_agree(database)
