"""The tasks of the machine ``bulk_index``: re-hosting the images of one batch, loading it, and finishing a bootstrap.

Images are fetched from addresses that others wrote, so re-hosting is a task of its own that reaches no database. It
leaves the settled batch beside the given one, and loading takes that. Where a run re-hosts no images, loading puts the
placeholders itself.

Of each entry the documents are written first and its point second, and neither is ever overwritten. So a crash in
between leaves an anime without a point, and the repetition of the batch, which finds the anime there, adds it.

A Distributed Map's output is not collected: what a batch did lies in its own result object, beside the batch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from domain.derive import NOT_FETCHED
from domain.enriched_file import write_enriched
from domain.image_refs import image_refs_of_entry, with_images
from models.anime import AnimeEntry, problems
from models.base import FailedImage
from models.errors import AlreadyExists, AnimeError, Malformed, NotFound
from models.events import (
    BatchInput,
    BatchOutput,
    Event,
    FinishBulkInput,
    ObjectKey,
    RehostInput,
    RehostOutput,
    RunId,
    SourceSha,
)
from models.ids import AnimeId
from workflows import keys, sync_state
from workflows.data_ports import DataPorts, without_members
from workflows.indexing import embed_points
from workflows.ports import Animes, Clock, Objects
from workflows.reports import Reporter, error_line, read_report
from workflows.snapshot import sha_metadata
from workflows.sync_state import SyncState
from workflows.work import read_object

KIND: Final = "bootstrap"
"""Reports lie under ``reports/bootstrap/``."""

FIRST_REVISION: Final = 1
"""Of a loaded entry, in both stores; each commit adds one."""

_BATCH: Final = TypeAdapter(list[AnimeEntry])


class Member(Event):
    anime_id: AnimeId
    sources: tuple[str, ...]


class BulkPlan(Event):
    """What the planner found out. ``entries`` of the file = those in the batches + ``existing`` + ``conflicts``."""

    run_id: RunId
    kind: Literal["enriched", "offline"]
    release: str
    sha: SourceSha
    images: bool
    entries: int
    batches: int
    existing: int
    conflicts: tuple[Member, ...]
    upload_key: ObjectKey | None


class SettledBatch(Event):
    """The entries of a batch without a single image that is still to be fetched."""

    output: RehostOutput
    entries: tuple[AnimeEntry, ...]


class BatchResult(Event):
    """``error`` is set instead of everything else where the batch failed, one line."""

    output: BatchOutput = BatchOutput(loaded=0, existing=0, conflicts=0, images_stored=0, images_failed=0)
    conflicts: tuple[Member, ...] = ()
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class SettledImages:
    """An entry whose images are our own URLs or placeholders, and how many became which."""

    entry: AnimeEntry
    stored: int
    failed: int


SettleImages = Callable[[AnimeEntry], SettledImages]
"""Re-hosts the images of an entry as long as there is time, and puts placeholders in the place of the others; remembers
what it stored, so that whoever repeats it goes on from there."""


def saga_of(run_id: str) -> str:
    """What stands as the last writer in both stores."""
    return f"bootstrap-{run_id}"


def load_plan(objects: Objects, run_id: str) -> BulkPlan | None:
    """None as long as the planner has not finished.

    Raises:
        Malformed: the object is no plan.
    """
    try:
        return read_object(keys.bulk_plan(run_id), BulkPlan, objects)
    except NotFound:
        return None


# ------------------------------------------------------------------------------------------------------ one batch


def rehost_batch(event: RehostInput, *, objects: Objects, settle_images: SettleImages) -> RehostOutput:
    """Leaves the settled batch beside the given one. What is there already is not settled again, so a repetition counts
    the same, and entries that are being loaded do not change.

    Raises:
        NotFound: no such batch.
        Malformed: it is not a list of valid entries.
        Retryable: a store does not answer; the images that were stored stay so.
    """
    with _failure_noted(event.batch_key, objects):
        return (_find_settled(event.batch_key, objects) or _settle(event.batch_key, objects, settle_images)).output


def _find_settled(batch_key: str, objects: Objects) -> SettledBatch | None:
    try:
        return read_object(keys.bulk_settled_batch(batch_key), SettledBatch, objects)
    except NotFound:
        return None


def _settle(batch_key: str, objects: Objects, settle_images: SettleImages) -> SettledBatch:
    settled = [settle_images(entry) for entry in _read_batch(batch_key, objects)]
    output = RehostOutput(stored=sum(one.stored for one in settled), failed=sum(one.failed for one in settled))
    batch = SettledBatch(output=output, entries=tuple(one.entry for one in settled))
    objects.put(keys.bulk_settled_batch(batch_key), batch.model_dump_json(exclude_none=True).encode())
    return batch


def load_batch(event: BatchInput, *, ports: DataPorts) -> BatchOutput:
    """Adds the entries of one batch to both stores; the same batch twice is loaded, and counted, once.

    Raises:
        NotFound: no such batch, or its images were to be re-hosted and nobody did.
        Malformed: it is not a list of valid entries.
        Retryable: a store does not answer.
    """
    with _failure_noted(event.batch_key, ports.objects):
        result = _load(event, _settled(event, ports.objects), ports)
    ports.objects.put(keys.bulk_batch_result(event.batch_key), result.model_dump_json().encode())
    return result.output


@contextmanager
def _failure_noted(batch_key: str, objects: Objects) -> Iterator[None]:
    """The machine only tells that a batch failed; why is left for whoever finishes the run."""
    try:
        yield
    except Exception as error:
        try:
            note = BatchResult(error=error_line(error))
            objects.put(keys.bulk_batch_result(batch_key), note.model_dump_json().encode())
        except AnimeError as unwritten:
            error.add_note(f"the batch's result could not be written either: {unwritten}")
        raise


def _settled(event: BatchInput, objects: Objects) -> SettledBatch:
    """Placeholders that nobody tried to replace are no failures."""
    if event.images:
        return read_object(keys.bulk_settled_batch(event.batch_key), SettledBatch, objects)
    entries = tuple(_with_placeholders(entry) for entry in _read_batch(event.batch_key, objects))
    return SettledBatch(output=RehostOutput(stored=0, failed=0), entries=entries)


def _with_placeholders(entry: AnimeEntry) -> AnimeEntry:
    urls = [found.url for found in image_refs_of_entry(entry)]
    return with_images(entry, {url: FailedImage(image_url=url, error_message=NOT_FETCHED) for url in urls})


def _load(event: BatchInput, settled: SettledBatch, ports: DataPorts) -> BatchResult:
    entries = {entry.anime_id: entry for entry in settled.entries}
    result = ports.animes.insert_missing(list(entries.values()))
    stored = ports.animes.get_many(result.existing) if result.existing else {}
    _index([entries[anime_id] for anime_id in result.inserted], ports)
    _index(list(stored.values()), ports)
    loaded_before = sum(_loaded_by(event.run_id, entry) for entry in stored.values())
    _tell(event, ports)
    return BatchResult(
        output=BatchOutput(
            loaded=len(result.inserted) + loaded_before,
            existing=len(result.existing) - loaded_before,
            conflicts=len(result.conflicts),
            images_stored=settled.output.stored,
            images_failed=settled.output.failed,
        ),
        conflicts=tuple(
            Member(anime_id=anime_id, sources=tuple(entries[anime_id].sources)) for anime_id in result.conflicts
        ),
    )


def _read_batch(key: str, objects: Objects) -> list[AnimeEntry]:
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no batch {key}")
    try:
        return _BATCH.validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{key} is no batch of entries: {'; '.join(problems(error)[:5])}") from error


def _index(entries: Sequence[AnimeEntry], ports: DataPorts) -> None:
    if entries:
        ports.vectors.insert_missing(embed_points(entries, ports.embedder))


def _loaded_by(run_id: str, entry: AnimeEntry) -> bool:
    return entry.revision == FIRST_REVISION and entry.last_saga == saga_of(run_id)


def _tell(event: BatchInput, ports: DataPorts) -> None:
    """Progress, before the batch's own result is there: as long as it is not, the run cannot have ended."""
    report = read_report(ports.objects, kind=KIND, run_id=event.run_id)
    plan = load_plan(ports.objects, event.run_id)
    if plan is None or report is None or report.state != "running":
        return
    folder = event.batch_key.rpartition("/")[0] + "/"
    ending = keys.bulk_batch_result("")
    done = {info.key for info in ports.objects.list(folder) if info.key.endswith(ending)}
    done.add(keys.bulk_batch_result(event.batch_key))  # where an attempt before this one failed, it is there already
    reporter = Reporter(ports.objects, kind=KIND, run_id=event.run_id, clock=ports.clock)
    reporter.progress(f"{len(done):,} of {plan.batches:,} batches loaded")


# -------------------------------------------------------------------------------------------------------- the end


def finish_bulk(event: FinishBulkInput, *, objects: Objects, animes: Animes, clock: Clock) -> dict[str, Any]:
    """Adds up what the batches did, writes the enriched file, the first baseline and the report, and cleans up.

    With ``error`` it reports the failure and leaves the batches for whoever looks into it. Returns the report's result
    without its ``members``, which may be more than a machine's state can hold.

    A baseline that is there stays: what was there before was compared with that release and not with this one, so the
    next comparison has to begin from it.

    Raises:
        NotFound: there is no such run.
        Malformed: a batch has no result.
    """
    plan = load_plan(objects, event.run_id)
    before = read_report(objects, kind=KIND, run_id=event.run_id)
    if before is not None and before.state == "succeeded":
        _clean_up(event.run_id, plan, objects)
        return without_members(before.result)
    if plan is None:
        raise NotFound(f"there is no plan of the run {event.run_id}")
    reporter = Reporter(objects, kind=KIND, run_id=event.run_id, clock=clock)
    results = _results(plan, objects)
    figures = {**_figures(plan, list(results.values())), "report": reporter.key}
    if event.error is not None:
        reporter.fail(_reason(event.error, results), figures)
        return without_members(figures)
    _check_results(results, plan)
    reporter.progress("writing the enriched file")
    result = {**figures, "baseline": _export(plan, objects, animes, clock).sha}
    reporter.succeed(result)
    _clean_up(event.run_id, plan, objects)
    return without_members(result)


def _clean_up(run_id: str, plan: BulkPlan | None, objects: Objects) -> None:
    """The upload first, since only the plan knows it."""
    if plan is not None and plan.upload_key is not None and plan.upload_key.startswith(keys.UPLOADS):
        objects.delete(plan.upload_key)
    objects.delete_prefix(keys.work(run_id))


def _results(plan: BulkPlan, objects: Objects) -> dict[str, BatchResult]:
    """By batch, as far as there are any."""
    found = {}
    for number in range(plan.batches):
        key = keys.bulk_batch(plan.run_id, number)
        stored = objects.get(keys.bulk_batch_result(key))
        if stored is not None:
            found[key] = BatchResult.model_validate_json(stored.body)
    return found


def _check_results(results: Mapping[str, BatchResult], plan: BulkPlan) -> None:
    failed = [f"{key}: {result.error}" for key, result in results.items() if result.error]
    if failed:
        raise Malformed(f"a batch failed: {failed[0]}")
    if len(results) != plan.batches:
        raise Malformed(
            f"{plan.batches - len(results)} of {plan.batches} batches of the run {plan.run_id} left no result"
        )


def _figures(plan: BulkPlan, results: Sequence[BatchResult]) -> dict[str, Any]:
    """``entries`` = ``loaded`` + ``existing`` + ``conflicts``, where every batch was loaded."""
    outputs = [result.output for result in results]
    conflicts = [*plan.conflicts, *(member for result in results for member in result.conflicts)]
    return {
        "kind": plan.kind,
        "release": plan.release,
        "sha": plan.sha,
        "entries": plan.entries,
        "loaded": sum(output.loaded for output in outputs),
        "existing": plan.existing + sum(output.existing for output in outputs),
        "conflicts": len(conflicts),
        "images_stored": sum(output.images_stored for output in outputs),
        "images_failed": sum(output.images_failed for output in outputs),
        "members": {"conflicts": [member.model_dump(mode="json") for member in conflicts]},
    }


def _export(plan: BulkPlan, objects: Objects, animes: Animes, clock: Clock) -> SyncState:
    """The baseline that holds now."""
    stored = sync_state.load(objects)
    state = stored.state if stored else SyncState(release=plan.release, sha=plan.sha)
    with (
        objects.writer(
            keys.ENRICHED_DATABASE, content_type="application/json", metadata=sha_metadata(state.sha)
        ) as sink,
        animes.snapshot() as reader,
    ):
        write_enriched(sink.write, reader.entries(), last_update=clock().date())
    if stored is None:
        try:
            sync_state.create(objects, state)
        except AlreadyExists:
            return _export(plan, objects, animes, clock)
    return state


def _reason(error: Mapping[str, Any], results: Mapping[str, BatchResult]) -> str:
    """One line: the first failed batch's own words, else the machine's."""
    failed = next((f"{key}: {result.error}" for key, result in results.items() if result.error), None)
    if failed:
        return f"a batch was not loaded ({failed}); the same bootstrap may be repeated, it goes on where it stopped"
    cause = str(error.get("Cause", ""))
    try:
        told = orjson.loads(cause)
    except orjson.JSONDecodeError:
        told = None
    message = told.get("errorMessage") if isinstance(told, dict) else cause
    return " ".join(f"{error.get('Error', 'the machine failed')}: {message or 'no cause given'}".split())
