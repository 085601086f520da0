"""One batch, and the end of a bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pytest

from domain.derive import NOT_FETCHED
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

COVER: Final = "https://cdn.myanimelist.net/1.jpg"
GONE: Final = FailedImage(image_url="https://cdn.myanimelist.net/2.jpg", error_message="404")


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
    output = run.load(batch)
    assert (output.loaded, output.existing, output.conflicts) == (1, 1, 0)
    assert run.load(batch) == output, "the repetition counts the same"


@dataclass
class Rehosting:
    """Each entry gets one image that is ours and one that failed; ``entries`` were settled, each time."""

    broken: bool = False
    entries: list[AnimeEntry] = field(default_factory=list)

    def __call__(self, entry: AnimeEntry) -> SettledImages:
        if self.broken:
            raise Unavailable("the map does not answer")
        self.entries.append(entry)
        images = Images(covers=["https://images.example/images/aa.jpg", GONE])
        return SettledImages(entry=entry.model_copy(update={"images": images}), stored=1, failed=1)


def with_images(database: Database, settle: Rehosting, *, entries: int = 2, batch_size: int = 2) -> BootstrapRun:
    given = [make_entry(number, images=Images(covers=[COVER])) for number in range(1, entries + 1)]
    run = prepare_bootstrap(
        database,
        enriched_file(*given),
        kind="enriched",
        sha="s1",
        run_id="run",
        images=True,
        settle_images=settle,
        limits=BootstrapLimits(batch_size=batch_size),
    )
    run.plan()
    return run


def test_entries_are_stored_with_the_images_that_were_settled() -> None:
    database = Database()
    result = with_images(database, Rehosting()).go()
    assert (result["images_stored"], result["images_failed"]) == (2, 2)
    assert [entry.images.covers[1] for entry in database.entries()] == [GONE, GONE]


def test_a_batch_is_settled_once_and_counts_the_same_again() -> None:
    database, settle = Database(), Rehosting()
    run = with_images(database, settle)
    [batch] = run.batches()
    first = run.rehost(batch)
    assert (first.stored, first.failed) == (2, 2)
    assert run.rehost(batch) == first
    assert len(settle.entries) == 2
    assert database.animes.count() == 0, "the documents are the next task's"


def test_what_was_to_be_rehosted_is_not_loaded_before() -> None:
    database = Database()
    run = with_images(database, Rehosting())
    [batch] = run.batches()
    with pytest.raises(NotFound, match="settled"):
        run.load(batch)
    assert database.animes.count() == 0


def test_a_failure_of_rehosting_is_the_reason_of_a_failed_machine_unless_it_passed() -> None:
    database, settle = Database(), Rehosting(broken=True)
    run = with_images(database, settle)
    [batch] = run.batches()
    with pytest.raises(Unavailable):
        run.rehost(batch)
    run.finish({"Error": "States.ExceedToleratedFailureThreshold", "Cause": ""})
    assert "the map does not answer" in report_of(database)["error"]
    settle.broken = False
    assert run.go()["loaded"] == 2


def test_a_run_without_images_stores_placeholders_and_counts_no_failures() -> None:
    database = Database()
    given = make_entry(1, images=Images(covers=[COVER], posters=[GONE]))
    result = prepare_bootstrap(database, enriched_file(given), kind="enriched", sha="s1").go()
    assert (result["images_stored"], result["images_failed"]) == (0, 0)
    [entry] = database.entries()
    assert entry.images == Images(
        covers=[FailedImage(image_url=COVER, error_message=NOT_FETCHED)],
        posters=[FailedImage(image_url=GONE.image_url, error_message=NOT_FETCHED)],
    )


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
        load_batch(batch, ports=database.ports(vectors=vectors))
    assert "the index is down" in database.json(keys.bulk_batch_result(batch.batch_key))["error"]
    load_batch(batch, ports=database.ports(vectors=vectors))
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


def test_a_batch_that_had_failed_before_is_one_batch() -> None:
    database = Database()
    run = planned(database, entries=3, batch_size=1)
    batch = run.batches()[0]
    vectors: Any = Failing(database.vectors).before("insert_missing", Unavailable("the index is down"))
    with pytest.raises(Unavailable):
        load_batch(batch, ports=database.ports(vectors=vectors))
    run.load(batch)
    assert report_of(database)["progress"] == "1 of 3 batches loaded"


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
    output = load_batch(other, ports=database.ports())
    assert (output.loaded, output.existing) == (0, 2)
