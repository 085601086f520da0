"""Planning a bootstrap: from a file to batches of entries in the enriched format, and the machine that loads them.

A file is read whole and held against what we have before anything but a temporary object is written. An entry that is
one of ours by any of its source URLs is left alone; it goes into a batch only where the index has no point of it, so
that a bootstrap that was interrupted is completed by the next one. Entries that share URLs in another way than one to
one are conflicts, which are reported and not loaded.

The plan is written last. Where it is there, a repetition of the same run starts the machine and nothing else.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import orjson

from domain.derive import derive_entry
from domain.enriched_file import EnrichedFile
from domain.matching import match
from domain.releases import ASSET_NAME, MIB, ReleaseLimits, canonical_sources
from models.anime import AnimeEntry, dump_entry
from models.errors import BadInput
from models.events import BootstrapInput, FinishBulkInput
from models.ids import canonical_source, mint_anime_id
from models.offline import read_offline
from workflows import keys
from workflows.bulk_index import FIRST_REVISION, KIND, BulkPlan, Member, finish_bulk, load_plan, saga_of
from workflows.chunks import chunked
from workflows.names import name_part
from workflows.ports import Animes, Clock, Executions, ExecutionStatus, Objects, Vectors
from workflows.release_intake import OpenStream, ReleaseSource, read_entries, read_lines, verify_release
from workflows.reports import Reporter, read_report, reported


@dataclass(frozen=True, kw_only=True)
class BootstrapPorts:
    """``executions``: the machine ``bulk_index``. ``bucket``: name of the bucket that ``objects`` is."""

    objects: Objects
    bucket: str
    animes: Animes
    vectors: Vectors
    releases: ReleaseSource
    executions: Executions
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class BootstrapLimits:
    """``image_batch_size``: entries in a batch whose images are re-hosted, which takes minutes for each."""

    release: ReleaseLimits = field(default_factory=ReleaseLimits)
    max_enriched_bytes: int = 512 * MIB
    batch_size: int = 500
    image_batch_size: int = 10


class _Given(Protocol):
    """A file that was found right. Every pass over it comes in the same order."""

    release: str
    """Its name for people."""

    def identities(self) -> Iterator[tuple[str, Sequence[str]]]:
        """The id that each entry has or would get, and its canonical source URLs."""
        ...

    def entries(self, wanted: Container[int]) -> Iterator[tuple[int, AnimeEntry]]:
        """Whole entries, with their positions, of those positions that are wanted."""
        ...


class _GivenEnriched:
    def __init__(self, body: bytes, *, sha: str) -> None:
        self.release = sha
        self._file = EnrichedFile(body)

    def identities(self) -> Iterator[tuple[str, Sequence[str]]]:
        return ((entry.anime_id, entry.sources) for entry in self._file.entries())

    def entries(self, wanted: Container[int]) -> Iterator[tuple[int, AnimeEntry]]:
        return ((position, entry) for position, entry in enumerate(self._file.entries()) if position in wanted)


class _GivenRelease:
    def __init__(self, open_stream: OpenStream, *, release: str, limits: ReleaseLimits) -> None:
        self.release = release
        self._open = open_stream
        self._limits = limits

    def identities(self) -> Iterator[tuple[str, Sequence[str]]]:
        with self._open() as stream:
            for entry in read_entries(stream, limits=self._limits):
                sources = canonical_sources(entry.sources)
                yield mint_anime_id(canonical_source(sources)), sources

    def entries(self, wanted: Container[int]) -> Iterator[tuple[int, AnimeEntry]]:
        with self._open() as stream:
            for position, line in read_lines(stream, wanted=wanted, limits=self._limits):
                offered = read_offline(orjson.dumps(line))
                yield position, derive_entry(offered, mint_anime_id(canonical_source(offered.canonical_sources)))


def plan_bootstrap(event: BootstrapInput, *, ports: BootstrapPorts, limits: BootstrapLimits) -> dict[str, Any]:
    """Starts the machine and returns ``{"run_id", "execution", "report"}``. Where nothing is to be loaded,
    ``execution`` is None and the run is finished.

    Raises:
        BadInput: the file is refused; nothing was loaded.
        Retryable, Permanent: a store or service failed; the same run may be repeated.
    """
    reporter = Reporter(ports.objects, kind=KIND, run_id=event.run_id, clock=ports.clock)
    before = read_report(ports.objects, kind=KIND, run_id=event.run_id)
    if before is not None and before.state == "succeeded":
        return {"run_id": event.run_id, "execution": None, "report": reporter.key}
    with reported(reporter):
        plan = load_plan(ports.objects, event.run_id) or _Planning(event, reporter, ports, limits).go()
        if plan.batches == 0:
            end = FinishBulkInput(run_id=event.run_id)
            finish_bulk(end, objects=ports.objects, animes=ports.animes, clock=ports.clock)
            return {"run_id": event.run_id, "execution": None, "report": reporter.key}
        reporter.progress(f"loading {plan.batches:,} batches")
        execution = _start(plan, ports)
    return {"run_id": event.run_id, "execution": execution, "report": reporter.key}


def _start(plan: BulkPlan, ports: BootstrapPorts) -> str:
    """The execution's name. One that runs or succeeded is ours; one that ended otherwise means the next attempt."""
    event = {
        "run_id": plan.run_id,
        "images": plan.images,
        "bucket": ports.bucket,
        "manifest_key": keys.bulk_manifest(plan.run_id),
    }
    for attempt in itertools.count(1):
        name = f"{name_part(plan.run_id)}-{attempt}"
        status = ports.executions.start(name, event)
        if not status.ended or status is ExecutionStatus.SUCCEEDED:
            return name
    raise AssertionError("attempts never end")


@dataclass(frozen=True, kw_only=True)
class _Received:
    """The file under a temporary key. ``release`` is its name where the publisher says it."""

    key: str
    sha: str
    release: str | None
    sha256: str | None


@dataclass(kw_only=True)
class _Judgement:
    """``load``: the id under which each position goes into a batch."""

    entries: int
    load: dict[int, str]
    existing: int
    conflicts: tuple[Member, ...]


class _Planning:
    def __init__(
        self, event: BootstrapInput, reporter: Reporter, ports: BootstrapPorts, limits: BootstrapLimits
    ) -> None:
        self._event = event
        self._reporter = reporter
        self._ports = ports
        self._limits = limits

    def go(self) -> BulkPlan:
        """Raises:
        BadInput: the file, or what was asked for, is wrong.
        """
        event, objects = self._event, self._ports.objects
        received = self._receive()
        self._reporter.progress("reading the file")
        given = self._read(received)
        self._reporter.progress("comparing it with what is there")
        judgement = self._judge(given)
        if event.kind == "offline":
            objects.copy(received.key, keys.release(received.sha))
        batches = self._write_batches(given, judgement.load)
        plan = BulkPlan(
            run_id=event.run_id,
            kind=event.kind,
            release=given.release,
            sha=received.sha,
            images=event.images,
            entries=judgement.entries,
            batches=batches,
            existing=judgement.existing,
            conflicts=judgement.conflicts,
            upload_key=received.key,
        )
        objects.put(keys.bulk_plan(event.run_id), plan.model_dump_json().encode())
        return plan

    def _receive(self) -> _Received:
        event, objects = self._event, self._ports.objects
        if event.upload_key is not None:
            if event.source_sha is None:
                raise BadInput("a file needs the commit or tag that it is of; give it with --source-sha")
            if objects.head(event.upload_key) is None:
                raise BadInput(f"there is no upload {event.upload_key}; upload the file again")
            return _Received(key=event.upload_key, sha=event.source_sha, release=event.release, sha256=event.sha256)
        if event.kind != "offline":
            raise BadInput("an enriched database is given as a file; only releases can be downloaded")
        published = self._ports.releases.resolve(event.release)
        key = f"{keys.UPLOADS}{event.run_id}/{ASSET_NAME}"
        self._reporter.progress(f"downloading release {published.tag}")
        self._ports.releases.download(published, lambda: objects.writer(key, content_type="application/zstd"))
        return _Received(key=key, sha=published.sha, release=published.tag, sha256=published.sha256)

    def _read(self, received: _Received) -> _Given:
        if self._event.kind == "enriched":
            return _GivenEnriched(self._read_whole(received), sha=received.sha)

        def open_stream() -> AbstractContextManager[BinaryIO]:
            return self._ports.objects.open(received.key)

        facts = verify_release(open_stream, sha256=received.sha256, limits=self._limits.release)
        return _GivenRelease(open_stream, release=received.release or facts.release, limits=self._limits.release)

    def _read_whole(self, received: _Received) -> bytes:
        limit = self._limits.max_enriched_bytes
        body = bytearray()
        with self._ports.objects.open(received.key) as stream:
            while block := stream.read(MIB):
                body += block
                if len(body) > limit:
                    raise BadInput(f"the file is too large, the limit is {limit / MIB:,.0f} MiB; load it in parts")
        digest = hashlib.sha256(body).hexdigest()
        if received.sha256 is not None and digest != received.sha256:
            raise BadInput(f"the file's SHA-256 is {digest}, not {received.sha256}; get it again")
        return bytes(body)

    def _judge(self, given: _Given) -> _Judgement:
        ours: list[str] = []
        ids: list[str] = []

        def sources_of_ours() -> Iterator[Sequence[str]]:
            for summary in self._ports.animes.summaries():
                ours.append(summary.anime_id)
                yield summary.sources

        def sources_given() -> Iterator[Sequence[str]]:
            for anime_id, sources in given.identities():
                ids.append(anime_id)
                yield sources

        matching = match(sources_of_ours(), sources_given())
        known = {*ours}
        partners = {position: ours[partner] for position, partner in enumerate(matching.partner) if partner >= 0}
        unindexed = self._unindexed(known)
        taken = known | {anime_id for anime_id, count in Counter(ids).items() if count > 1}
        load = {position: ids[position] for position in matching.new if ids[position] not in taken}
        load |= {position: anime_id for position, anime_id in partners.items() if anime_id in unindexed}
        left_alone = sum(anime_id not in unindexed for anime_id in partners.values())
        conflicting = set(range(len(ids))) - load.keys() - partners.keys()
        return _Judgement(entries=len(ids), load=load, existing=left_alone, conflicts=_members(given, conflicting))

    def _unindexed(self, ours: Set[str]) -> Set[str]:
        """Anime without a point: a bootstrap stopped between documents and points."""
        if self._ports.vectors.count() == len(ours):
            return frozenset()
        return ours - {point.anime_id for point in self._ports.vectors.scan(with_vectors=False)}

    def _write_batches(self, given: _Given, load: Mapping[int, str]) -> int:
        """Their number. Images take time, so batches with images are small."""
        event, objects, limits = self._event, self._ports.objects, self._limits
        size = min(limits.batch_size, limits.image_batch_size) if event.images else limits.batch_size
        manifest = []
        for number, chunk in enumerate(chunked(self._loadable(given, load), size)):
            key = keys.bulk_batch(event.run_id, number)
            objects.put(key, orjson.dumps(chunk))
            manifest.append({"batch_key": key})
            self._reporter.progress(f"{number * size + len(chunk):,} of {len(load):,} entries planned")
        objects.put(keys.bulk_manifest(event.run_id), orjson.dumps(manifest))
        return len(manifest)

    def _loadable(self, given: _Given, load: Mapping[int, str]) -> Iterator[dict[str, Any]]:
        written = {"revision": FIRST_REVISION, "last_saga": saga_of(self._event.run_id)}
        for position, entry in given.entries(load.keys()):
            yield dump_entry(entry.model_copy(update={**written, "anime_id": load[position]}))


def _members(given: _Given, positions: Set[int]) -> tuple[Member, ...]:
    if not positions:
        return ()
    return tuple(
        Member(anime_id=anime_id, sources=tuple(sources))
        for position, (anime_id, sources) in enumerate(given.identities())
        if position in positions
    )
