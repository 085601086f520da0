"""A snapshot of the whole database, and the new enriched file.

Everything is read in one snapshot session and goes out as a stream. The order of what appears:

1. ``snapshots/<time>/animes.jsonl.zst`` and ``vectors.jsonl.zst``,
2. the manifest, which makes them a snapshot,
3. ``processed/enriched_anime_database.json``, whole, in place of the old one.

A crash anywhere leaves the old enriched file, and at most files without a manifest, which nobody takes for a snapshot.

The vector index has no session that could be held together with the documents'. So each entry gets the vector of its
own revision: where a commit was faster, or the index is not in step, the vector is made anew from the entry.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.enriched_file import EnrichedFileWriter
from domain.snapshot_format import (
    ANIMES_FILE,
    MANIFEST_FILE,
    VECTORS_FILE,
    Manifest,
    SnapshotFile,
    anime_line,
    snapshot_time,
    vector_line,
)
from models.anime import AnimeEntry
from models.collections import EMBEDDING_DIMENSIONS
from models.vectors import VectorPoint
from workflows import keys, sync_state
from workflows.chunks import chunked
from workflows.data_ports import DataPorts
from workflows.indexing import points_of, side_by_side
from workflows.packed import PackedWriter
from workflows.ports import Objects
from workflows.reports import Reporter, read_report, reported

KIND: Final = "snapshot"
CHUNK: Final = 256
"""Entries in memory at a time."""


@dataclass(kw_only=True)
class _Tally:
    entries: int = 0
    vectors_made: int = 0
    surplus_points: int = 0


def take_snapshot(run_id: str, *, ports: DataPorts) -> dict[str, Any]:
    """The report's result: what the snapshot is called, holds, and where the report is. A run that succeeded is not
    repeated.

    ``vectors_made``: entries whose vector in the index was missing or of another revision.
    """
    before = read_report(ports.objects, kind=KIND, run_id=run_id)
    if before is not None and before.state == "succeeded":
        return before.result
    reporter = Reporter(ports.objects, kind=KIND, run_id=run_id, clock=ports.clock)
    with reported(reporter):
        result = {**_take(ports, reporter), "report": reporter.key}
        reporter.succeed(result)
    return result


def _take(ports: DataPorts, reporter: Reporter) -> dict[str, Any]:
    now = _free_moment(ports)
    prefix = keys.snapshot(snapshot_time(now))
    baseline = sync_state.load(ports.objects)
    sha = baseline.state.sha if baseline else recorded_sha(ports.objects)
    tally = _Tally()
    with ports.objects.writer(
        keys.ENRICHED_DATABASE, content_type="application/json", metadata=sha_metadata(sha)
    ) as processed:
        enriched = EnrichedFileWriter(processed.write, last_update=now.date())
        files = _write_files(prefix, enriched, ports, reporter, tally)
        written = enriched.finish()
        manifest = Manifest(
            time=snapshot_time(now),
            source_sha=sha,
            sync_state=baseline.state.model_dump(mode="json") if baseline else None,
            entries=written.entries,
            episodes=written.episodes,
            characters=written.characters,
            dimensions=EMBEDDING_DIMENSIONS,
            embedder=ports.embedder_name,
            files=files,
        )
        ports.objects.put(prefix + MANIFEST_FILE, manifest.to_bytes(), if_absent=True)
    _follow_baseline(ports.objects, sha)
    return {
        "snapshot": manifest.time,
        "entries": manifest.entries,
        "episodes": manifest.episodes,
        "characters": manifest.characters,
        "vectors": manifest.vectors.lines,
        "vectors_made": tally.vectors_made,
        "surplus_points": tally.surplus_points,
        "sha": sha,
        "sha256": {file.name: file.sha256 for file in files},
        "manifest": prefix + MANIFEST_FILE,
    }


def _free_moment(ports: DataPorts) -> datetime:
    """Now, or the next millisecond that no snapshot is named after."""
    now = ports.clock()
    while ports.objects.head(keys.snapshot(snapshot_time(now)) + MANIFEST_FILE) is not None:
        now += timedelta(milliseconds=1)
    return now


def sha_metadata(sha: str | None) -> dict[str, str]:
    return {} if sha is None else {keys.SOURCE_SHA_METADATA: sha}


def recorded_sha(objects: Objects) -> str | None:
    """The ``source-commit-sha`` of the enriched database as it is."""
    info = objects.head(keys.ENRICHED_DATABASE)
    return info.metadata.get(keys.SOURCE_SHA_METADATA) if info else None


def _follow_baseline(objects: Objects, written: str | None) -> None:
    """A sync may have moved the baseline on while the old one's SHA was on its way into the new object."""
    latest = sync_state.load(objects)
    if latest is not None and latest.state.sha != written:
        sync_state.record_source_sha(objects, latest.state.sha)


def _write_files(
    prefix: str, enriched: EnrichedFileWriter, ports: DataPorts, reporter: Reporter, tally: _Tally
) -> tuple[SnapshotFile, SnapshotFile]:
    with (
        ports.animes.snapshot() as reader,
        ports.objects.writer(prefix + ANIMES_FILE, content_type="application/zstd") as animes_sink,
        ports.objects.writer(prefix + VECTORS_FILE, content_type="application/zstd") as vectors_sink,
    ):
        animes_file = PackedWriter(ANIMES_FILE, animes_sink)
        vectors_file = PackedWriter(VECTORS_FILE, vectors_sink)
        for entry, point in _indexed(reader.entries(), ports, tally):
            animes_file.write(anime_line(entry))
            vectors_file.write(vector_line(entry.anime_id, point.vectors))
            enriched.add(entry)
            tally.entries += 1
            if tally.entries % CHUNK == 0:
                reporter.progress(f"{tally.entries:,} entries written")
        return animes_file.finish(), vectors_file.finish()


def _indexed(
    entries: Iterable[AnimeEntry], ports: DataPorts, tally: _Tally
) -> Iterator[tuple[AnimeEntry, VectorPoint]]:
    """Each entry with the point that belongs to it."""
    pairs = _of_entries(side_by_side(entries, ports.vectors.scan(with_vectors=True)), tally)
    for chunk in chunked(pairs, CHUNK):
        for (entry, _), (point, made) in zip(chunk, points_of(chunk, ports.embedder), strict=True):
            tally.vectors_made += made
            yield entry, point


def _of_entries(
    pairs: Iterable[tuple[AnimeEntry | None, VectorPoint | None]], tally: _Tally
) -> Iterator[tuple[AnimeEntry, VectorPoint | None]]:
    for entry, point in pairs:
        if entry is None:
            tally.surplus_points += 1
        else:
            yield entry, point
