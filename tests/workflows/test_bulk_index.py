"""One batch, and the end of a bootstrap."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from models.anime import AnimeEntry, Images
from models.base import FailedImage
from models.errors import AlreadyExists, Malformed, NotFound, Unavailable
from models.events import BatchInput
from tests.support.database import (
    BootstrapRun,
    Database,
    enriched_file,
    make_entry,
    offline_line,
    prepare_bootstrap,
    release_file,
)
from tests.support.fakes import Failing
from workflows import keys, sync_state
from workflows.bootstrap import BootstrapLimits
from workflows.bulk_index import SettledImages, load_batch
from workflows.sync_state import SyncState


def planned(database: Database, *, entries: int = 2, batch_size: int = 2, **changes: Any) -> BootstrapRun:
    body = release_file(*(offline_line(number) for number in range(1, entries + 1)))
    limits = BootstrapLimits(batch_size=batch_size)
    run = prepare_bootstrap(database, body, kind="offline", sha="s1", run_id="run", limits=limits, **changes)
    run.plan()
    return run


def report_of(database: Database) -> Any:
    return database.report("bootstrap", "run")


# ------------------------------------------------------------------------------------------------------ one batch


def test_the_output_says_what_one_batch_did() -> None:
    database = Database()
    run = planned(database)
    database.animes.restore([make_entry(1)])
    [batch] = run.batches()
    output = load_batch(batch, ports=database.ports(), settle_images=run.settle_images)
    assert (output.loaded, output.existing, output.conflicts) == (1, 1, 0)
    again = load_batch(batch, ports=database.ports(), settle_images=run.settle_images)
    assert again == output, "the repetition counts the same"


def test_entries_are_stored_with_the_images_that_were_settled() -> None:
    database = Database()
    failed = FailedImage(image_url="https://cdn.myanimelist.net/2.jpg", error_message="404")

    def settle(entry: AnimeEntry) -> SettledImages:
        images = Images(covers=["https://images.example/images/aa.jpg", failed])
        return SettledImages(entry=entry.model_copy(update={"images": images}), stored=1, failed=1)

    result = prepare_bootstrap(
        database,
        enriched_file(make_entry(1), make_entry(2)),
        kind="enriched",
        sha="s1",
        images=True,
        settle_images=settle,
    ).go()
    assert (result["images_stored"], result["images_failed"]) == (2, 2)
    assert all(entry.images.covers[1] == failed for entry in database.entries())


def test_a_run_without_images_counts_no_failures() -> None:
    result = planned(Database()).go()
    assert (result["images_stored"], result["images_failed"]) == (0, 0)


def test_a_batch_that_is_not_there_or_not_valid_fails_and_says_so_in_its_result() -> None:
    database = Database()
    run = planned(database, entries=2, batch_size=1)
    missing, broken = run.batches()
    database.objects.delete(missing.batch_key)
    database.objects.put(broken.batch_key, b'[{"anime_id": 1}]')
    with pytest.raises(NotFound):
        run.load(missing)
    with pytest.raises(Malformed, match="anime_id"):
        run.load(broken)
    assert "no batch" in database.json(keys.bulk_batch_result(missing.batch_key))["error"]
    assert "anime_id" in database.json(keys.bulk_batch_result(broken.batch_key))["error"]
    assert database.animes.count() == 0


def test_a_failure_that_passed_leaves_no_trace() -> None:
    database = Database()
    run = planned(database)
    [batch] = run.batches()
    vectors: Any = Failing(database.vectors).before("insert_missing", Unavailable("the index is down"))
    with pytest.raises(Unavailable):
        load_batch(batch, ports=database.ports(vectors=vectors), settle_images=run.settle_images)
    assert "the index is down" in database.json(keys.bulk_batch_result(batch.batch_key))["error"]
    load_batch(batch, ports=database.ports(vectors=vectors), settle_images=run.settle_images)
    ended = run.finish()
    assert ended["loaded"] == 2
    assert "members" not in ended, "a state holds 256 KiB, the lists behind the figures may be more"


def test_a_batch_is_embedded_in_one_call() -> None:
    database = Database()
    run = planned(database, entries=3, batch_size=3)
    calls: list[Sequence[str]] = []
    embed = database.embedder.embed

    def counting(texts: Sequence[str]) -> list[list[float]]:
        calls.append(texts)
        return embed(texts)

    database.embedder.embed = counting  # type: ignore[method-assign]
    run.load(run.batches()[0])
    assert len(calls) == 1
    assert all(any(f"Anime {number}" in text for text in calls[0]) for number in (1, 2, 3))


def test_the_report_tells_how_many_batches_are_loaded() -> None:
    database = Database()
    run = planned(database, entries=3, batch_size=1)
    for batch in run.batches()[:2]:
        run.load(batch)
    assert report_of(database)["progress"] == "2 of 3 batches loaded"
    assert report_of(database)["state"] == "running"


def test_a_batch_that_comes_late_does_not_reopen_the_report() -> None:
    database = Database()
    run = planned(database)
    [batch] = run.batches()
    run.finish({"Error": "States.Timeout", "Cause": ""})
    ended = report_of(database)
    run.load(batch)
    assert report_of(database) == ended


# -------------------------------------------------------------------------------------------------------- the end


def test_a_batch_without_a_result_keeps_the_run_from_ending_well() -> None:
    database = Database()
    run = planned(database, entries=2, batch_size=1)
    run.load(run.batches()[0])
    with pytest.raises(Malformed, match="1 of 2 batches"):
        run.finish()
    assert sync_state.load(database.objects) is None
    assert database.objects.get(keys.ENRICHED_DATABASE) is None


def test_a_run_that_nobody_planned_cannot_be_finished() -> None:
    database = Database()
    run = prepare_bootstrap(database, b"", kind="offline", sha="s1")
    with pytest.raises(NotFound, match="no plan"):
        run.finish()


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (
            orjson.dumps({"errorType": "Malformed", "errorMessage": "2 of 9 batches\nleft"}).decode(),
            "2 of 9 batches left",
        ),
        ("The execution timed out", "The execution timed out"),
        ("", "no cause given"),
    ],
)
def test_a_failed_machine_is_reported_in_one_line_and_its_batches_are_kept(cause: str, told: str) -> None:
    database = Database()
    run = planned(database)
    kept = [info.key for info in database.objects.list(keys.work("run"))]
    run.finish({"Error": "States.Timeout", "Cause": cause})
    report = report_of(database)
    assert (report["state"], report["error"]) == ("failed", f"States.Timeout: {told}")
    assert [info.key for info in database.objects.list(keys.work("run"))] == kept
    assert sync_state.load(database.objects) is None


def test_the_failed_batch_gives_the_reason_of_a_failed_machine() -> None:
    database = Database()
    run = planned(database, entries=2, batch_size=1)
    good, bad = run.batches()
    run.load(good)
    database.objects.put(bad.batch_key, b"[]x")
    with pytest.raises(Malformed):
        run.load(bad)
    run.finish({"Error": "States.ExceedToleratedFailureThreshold", "Cause": "the threshold"})
    report = report_of(database)
    assert bad.batch_key in report["error"]
    assert "is no batch of entries" in report["error"]
    assert report["result"]["loaded"] == 1, "what was loaded before is told"


def test_finishing_twice_reports_and_cleans_once_more_and_changes_nothing() -> None:
    database = Database()
    run = planned(database)
    first = run.go()
    database.objects.put(keys.bulk_batch_result(keys.bulk_batch("run", 0)), b"{}")
    before = report_of(database)
    assert run.finish() == {name: value for name, value in first.items() if name != "members"}
    assert report_of(database) == before
    assert not list(database.objects.list(keys.work("run")))


def test_of_two_first_baselines_at_once_the_one_that_is_stored_counts() -> None:
    database = Database()
    run = planned(database)
    for batch in run.batches():
        run.load(batch)
    objects = database.objects
    put = objects.put

    def put_second(key: str, body: bytes, **options: Any) -> str:
        if key == keys.SYNC_STATE and objects.head(key) is None:
            sync_state_body = SyncState(release="other", sha="other").model_dump_json().encode()
            put(key, sync_state_body)
            raise AlreadyExists(key)
        return put(key, body, **options)

    objects.put = put_second  # type: ignore[method-assign]
    assert run.finish()["baseline"] == "other"
    assert database.metadata(keys.ENRICHED_DATABASE) == {keys.SOURCE_SHA_METADATA: "other"}


def test_a_batch_of_another_run_is_not_counted_as_loaded_by_this_one() -> None:
    database = Database()
    run = planned(database)
    [batch] = run.batches()
    run.load(batch)
    stored = database.objects.get(batch.batch_key)
    assert stored is not None
    other = BatchInput(run_id="other", batch_key="work/other/batches/00000.json", images=False)
    database.objects.put(other.batch_key, stored.body)
    output = load_batch(other, ports=database.ports(), settle_images=run.settle_images)
    assert (output.loaded, output.existing) == (0, 2)
