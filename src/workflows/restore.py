"""Rebuilding both stores from a snapshot.

Order of what happens:

1. A look whether the stack is empty, then a first pass over the whole snapshot: hashes, counts, and that every line is
   readable. Nothing is written before.
2. The mark ``processed/restore-state.json`` says which snapshot is being restored. It is set while both stores are
   empty, and only then.
3. Entries and points, in pieces; then the enriched file, the sync state, the report, and last the mark goes.

So a restore that crashed is repeated for the same snapshot, although the stores are not empty any more: the mark says
that what lies there is its own, and every write puts the same there again. A mark whose run has succeeded counts for
nothing: what was restored may have changed since.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from domain.canonical_json import sha256_of_bytes
from domain.enriched_file import EnrichedFileWriter
from domain.snapshot_format import (
    MANIFEST_FILE,
    Manifest,
    SnapshotFile,
    read_anime_line,
    read_manifest,
    read_vector_line,
)
from domain.vector_points import point_of
from models.anime import AnimeEntry
from models.collections import EMBEDDING_DIMENSIONS, TEXT_VECTOR
from models.errors import AlreadyExists, BadInput, Malformed, NotEmpty, NotFound
from models.events import Event, RestoreInput, RunId, Sha256
from models.vectors import VectorPoint
from workflows import keys, sync_state
from workflows.chunks import chunked
from workflows.data_ports import DataPorts
from workflows.indexing import embed_points
from workflows.packed import packed_lines
from workflows.ports import Objects
from workflows.reports import Reporter, read_report, reported
from workflows.snapshot import sha_metadata
from workflows.sync_state import SyncState

KIND: Final = "restore"
CHUNK: Final = 256
"""Entries in memory at a time."""

RESTORE_STATE: Final = "processed/restore-state.json"
"""A ``_Mark``, while a restore goes on."""

EMPTY_STACK: Final = "a restore fills an empty stack only: use a new one, or empty the database and the index"

Restored = tuple[AnimeEntry, tuple[float, ...]]


class _Mark(Event):
    run_id: RunId
    snapshot: str
    manifest_sha256: Sha256

    def same_data(self, other: "_Mark") -> bool:
        return (self.snapshot, self.manifest_sha256) == (other.snapshot, other.manifest_sha256)


def restore(event: RestoreInput, *, ports: DataPorts) -> dict[str, Any]:
    """The report's result. A run that succeeded is not repeated.

    Raises:
        NotFound: no such snapshot.
        Malformed: the snapshot is not what its manifest says; nothing was written.
        NotEmpty: the stack holds data that is not of this snapshot.
    """
    before = read_report(ports.objects, kind=KIND, run_id=event.run_id)
    if before is not None and before.state == "succeeded":
        _unmark(event.run_id, ports.objects)
        return before.result
    reporter = Reporter(ports.objects, kind=KIND, run_id=event.run_id, clock=ports.clock)
    with reported(reporter):
        result = {**_restore(event, ports, reporter), "report": reporter.key}
        reporter.succeed(result)
    _unmark(event.run_id, ports.objects)
    return result


def _restore(event: RestoreInput, ports: DataPorts, reporter: Reporter) -> dict[str, Any]:
    body = _manifest_body(ports.objects, event.snapshot)
    reading = _Reading(ports.objects, keys.snapshot(event.snapshot), read_manifest(body), reporter)
    mark = _Mark(run_id=event.run_id, snapshot=event.snapshot, manifest_sha256=sha256_of_bytes(body))
    _goes_on(mark, _read_mark(ports.objects)[0], ports)  # before the long first pass, and again after it
    reading.verify()
    resumed = _claim(mark, ports)
    vectors_made = _load(reading, ports, over=resumed)
    _check_counts(reading.manifest, ports)
    _set_baseline(reading.manifest, ports.objects)
    return {
        "snapshot": event.snapshot,
        "entries": reading.manifest.entries,
        "episodes": reading.manifest.episodes,
        "characters": reading.manifest.characters,
        "vectors": reading.manifest.vectors.lines,
        "vectors_made": vectors_made,
        "sha": reading.manifest.source_sha,
        "resumed": resumed,
    }


def _manifest_body(objects: Objects, snapshot: str) -> bytes:
    stored = objects.get(keys.snapshot(snapshot) + MANIFEST_FILE)
    if stored is not None:
        return stored.body
    prefix = keys.snapshot("")[:-1]
    times = sorted(
        {
            info.key.removeprefix(prefix).partition("/")[0]
            for info in objects.list(prefix)
            if info.key.endswith("/" + MANIFEST_FILE)
        }
    )
    there = f"there are {', '.join(times)}" if times else "there is none; `anime snapshot` makes one"
    raise NotFound(f"no snapshot {snapshot}; {there}")


class _Reading:
    """Passes over a snapshot's files; each one checks the hashes again."""

    def __init__(self, objects: Objects, prefix: str, manifest: Manifest, reporter: Reporter) -> None:
        self.manifest = manifest
        self._objects = objects
        self._prefix = prefix
        self.reporter = reporter

    def verify(self) -> None:
        """Raises:
        BadInput: the snapshot's vectors do not fit this version.
        Malformed: a file is not the one that was sealed, or the files do not fit together.
        """
        manifest = self.manifest
        if manifest.dimensions != EMBEDDING_DIMENSIONS:
            raise BadInput(
                f"the snapshot's vectors have {manifest.dimensions} dimensions, this version's {EMBEDDING_DIMENSIONS}; "
                "restore it with the version that made it"
            )
        if not manifest.entries == manifest.animes.lines == manifest.vectors.lines:
            raise Malformed("the snapshot's manifest does not count one vector an entry")
        recorded_state(manifest)
        for count, _ in enumerate(self.entries(), start=1):
            if count % CHUNK == 0:
                self.reporter.progress(f"{count:,} of {manifest.entries:,} entries verified")

    def entries(self) -> Iterator[Restored]:
        """Each entry with its vector."""
        with ExitStack() as files:
            animes, vectors = (self._lines(file, files) for file in self.manifest.files)
            for anime_line, vector_line in zip(animes, vectors, strict=True):
                yield self._entry(anime_line, vector_line)

    def _lines(self, file: SnapshotFile, files: ExitStack) -> Iterator[bytes]:
        return packed_lines(files.enter_context(self._objects.open(self._prefix + file.name)), file)

    def _entry(self, anime_line: bytes, vector_line: bytes) -> Restored:
        entry = read_anime_line(anime_line)
        anime_id, vectors = read_vector_line(vector_line)
        vector = vectors.get(TEXT_VECTOR, ())
        if anime_id != entry.anime_id or len(vector) != self.manifest.dimensions:
            raise Malformed(f"the snapshot holds no vector of {entry.anime_id} beside it")
        return entry, vector


def _read_mark(objects: Objects) -> tuple[_Mark | None, str | None]:
    """The mark, where its run has not succeeded; and the ETag of the object, if there is one."""
    stored = objects.get(RESTORE_STATE)
    if stored is None:
        return None, None
    mark = _Mark.model_validate_json(stored.body)
    return None if _succeeded(mark.run_id, objects) else mark, stored.info.etag


def _goes_on(ours: _Mark, unfinished: _Mark | None, ports: DataPorts) -> bool:
    """Whether a restore of this snapshot had begun before.

    Raises:
        NotEmpty: the stack holds other data.
    """
    if unfinished is not None and unfinished.same_data(ours):
        return True
    animes, points = ports.animes.count(), ports.vectors.count()
    if animes or points:
        half = f"; a restore of {unfinished.snapshot} was interrupted: repeat that one" if unfinished else ""
        raise NotEmpty(f"the stack holds {animes:,} anime and {points:,} points{half}; {EMPTY_STACK}")
    return False


def _claim(ours: _Mark, ports: DataPorts) -> bool:
    """As ``_goes_on``; from here on the stack is this restore's.

    Raises:
        NotEmpty: the stack holds other data, or another restore was faster.
    """
    unfinished, etag = _read_mark(ports.objects)
    resumed = _goes_on(ours, unfinished, ports)
    body = ours.model_dump_json().encode()
    try:
        ports.objects.put(RESTORE_STATE, body, if_absent=etag is None, if_match=etag)
    except AlreadyExists as error:
        raise NotEmpty(f"another restore began just now; wait for its end. {EMPTY_STACK}") from error
    return resumed


def _succeeded(run_id: str, objects: Objects) -> bool:
    report = read_report(objects, kind=KIND, run_id=run_id)
    return report is not None and report.state == "succeeded"


def _unmark(run_id: str, objects: Objects) -> None:
    stored = objects.get(RESTORE_STATE)
    if stored is not None and _Mark.model_validate_json(stored.body).run_id == run_id:
        objects.delete(RESTORE_STATE)


def _load(reading: _Reading, ports: DataPorts, *, over: bool) -> int:
    """The number of vectors that had to be made, because they come from another embedder.

    ``over``: what an interrupted restore left is written over, which takes several times as long as filling.
    """
    manifest = reading.manifest
    same_embedder = manifest.embedder == ports.embedder_name
    done = 0
    with ports.objects.writer(
        keys.ENRICHED_DATABASE, content_type="application/json", metadata=sha_metadata(manifest.source_sha)
    ) as processed:
        enriched = EnrichedFileWriter(processed.write, last_update=date.fromisoformat(manifest.time[:10]))
        for chunk in chunked(reading.entries(), CHUNK):
            points = _points(chunk, ports, same_embedder=same_embedder)
            if over:
                ports.animes.restore([entry for entry, _ in chunk])
                ports.vectors.overwrite(points)
            else:
                _insert([entry for entry, _ in chunk], ports)
                ports.vectors.insert_missing(points)
            for entry, _ in chunk:
                enriched.add(entry)
            done += len(chunk)
            reading.reporter.progress(f"{done:,} of {manifest.entries:,} entries restored")
        enriched.finish()
    return 0 if same_embedder else done


def _insert(entries: list[AnimeEntry], ports: DataPorts) -> None:
    result = ports.animes.insert_missing(entries)
    if result.existing or result.conflicts:
        raise NotEmpty(
            f"something else wrote {', '.join((*result.existing, *result.conflicts)[:3])} meanwhile. {EMPTY_STACK}"
        )


def _points(chunk: list[Restored], ports: DataPorts, *, same_embedder: bool) -> list[VectorPoint]:
    if same_embedder:
        return [point_of(entry, vector, entry.last_saga) for entry, vector in chunk]
    return embed_points([entry for entry, _ in chunk], ports.embedder)


def _check_counts(manifest: Manifest, ports: DataPorts) -> None:
    animes, points = ports.animes.count(), ports.vectors.count()
    if (animes, points) != (manifest.entries, manifest.entries):
        raise NotEmpty(
            f"the stack holds {animes:,} anime and {points:,} points, the snapshot {manifest.entries:,}: something "
            f"else wrote meanwhile. {EMPTY_STACK}"
        )


def recorded_state(manifest: Manifest) -> SyncState | None:
    """Raises:
    Malformed: the manifest holds a sync state of another shape.
    """
    if manifest.sync_state is None:
        return None
    try:
        return SyncState.model_validate(manifest.sync_state)
    except ValidationError as error:
        raise Malformed("the sync state in the snapshot's manifest is not readable") from error


def _set_baseline(manifest: Manifest, objects: Objects) -> None:
    """The data is that of the snapshot now, whatever this stack was compared with before."""
    state = recorded_state(manifest)
    if state is None:
        objects.delete(keys.SYNC_STATE)
        return
    baseline = sync_state.load(objects)
    if baseline is None:
        sync_state.create(objects, state)
    else:
        sync_state.advance(objects, state, over=baseline)
