"""Everything that a sync touches, in memory, and helpers to fill it and look at it."""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import zstandard

from domain.derive import derive_entry
from domain.diffing import Conflict
from domain.releases import Download, ReleaseLimits, ResolvedRelease
from models.anime import AnimeEntry, read_entry
from models.errors import LockHeld, NotFound
from models.events import EnrichmentSubject, Report, SyncInput
from models.ids import canonical_source, mint_anime_id, mint_review_id
from models.offline import read_offline
from models.review import Decision, Proposal, Review, ReviewKind
from models.vectors import VectorPoint
from tests.support.fakes import FakeAnimes, FakeLocks, FakeObjects, FakeReviews, FakeVectors, ManualClock
from tests.support.samples import FIRST, enriched_entries, release_lines
from workflows import keys, sync_state
from workflows.ports import ObjectWriter
from workflows.reports import read_report
from workflows.sync import SyncPolicy, SyncPorts, SyncResult, run_sync
from workflows.sync_state import SyncState

METADATA: Final = {
    "$schema": "https://raw.test/o/r/refs/tags/2026-05/schemas/anime-offline-database.jsonl.schema.json",
    "license": {"name": "ODbL", "url": "https://example.test"},
    "repository": "https://example.test/r",
    "lastUpdate": "2026-01-31",
}


def url(number: int) -> str:
    return f"https://anilist.co/anime/{number}"


def line(*numbers: int, status: str = "FINISHED", episodes: int = 12) -> dict[str, Any]:
    """A line of a release whose sources are numbered pages of one catalogue."""
    return {
        "sources": [url(number) for number in numbers],
        "title": f"Anime {numbers[0]}",
        "type": "TV",
        "episodes": episodes,
        "status": status,
        "animeSeason": {"season": "UNDEFINED"},
        "picture": "https://example.test/p.jpg",
        "thumbnail": "https://example.test/t.jpg",
        "synonyms": [],
        "studios": [],
        "producers": [],
        "relatedAnime": [],
        "tags": [],
    }


def pack(lines: Iterable[Mapping[str, Any]]) -> bytes:
    text = b"".join(json.dumps(one).encode() + b"\n" for one in (METADATA, *lines))
    return zstandard.ZstdCompressor().compress(text)


@dataclass
class PublishedReleases:
    """A ``ReleaseSource`` with one release, or none."""

    release: ResolvedRelease | None = None
    body: bytes = b""
    downloads: int = 0

    def resolve(self, tag: str | None) -> ResolvedRelease:
        if self.release is None or tag not in {None, self.release.tag}:
            raise NotFound("no such release")
        return self.release

    def download(
        self, release: ResolvedRelease, open_writer: Callable[[], AbstractContextManager[ObjectWriter]]
    ) -> Download:
        self.downloads += 1
        with open_writer() as writer:
            writer.write(self.body)
        return Download(sha256=release.sha256 or "", size=len(self.body))


@dataclass
class World:
    """``running``: anime whose machine runs. ``started`` and the like hold what was asked of the machines, in order."""

    clock: ManualClock = field(default_factory=ManualClock)
    objects: FakeObjects = field(default_factory=FakeObjects)
    vectors: FakeVectors = field(default_factory=FakeVectors)
    reviews: FakeReviews = field(default_factory=FakeReviews)
    releases: PublishedReleases = field(default_factory=PublishedReleases)
    running: set[str] = field(default_factory=set)
    started: list[EnrichmentSubject] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    prepared: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.animes = FakeAnimes(locks=FakeLocks(clock=self.clock))
        self._run_numbers = itertools.count(1)
        self.ports = SyncPorts(
            objects=self.objects,
            animes=self.animes,
            vectors=self.vectors,
            reviews=self.reviews,
            releases=self.releases,
            start_new=self._start_new,
            start_flagged=self._start_flagged,
            raise_conflict=self._raise_conflict,
            is_running=self.running.__contains__,
            clock=self.clock,
            tokens=lambda: f"{next(self._run_numbers):026d}",
            prepare=self._prepare,
        )

    # ------------------------------------------------------------------------------------------------- what happens

    def _prepare(self, animes: Sequence[Sequence[str]]) -> None:
        self.prepared += map(tuple, animes)

    def _start_new(self, subject: EnrichmentSubject, *, release: str) -> None:
        if subject.anime_id in self.running:
            raise LockHeld(subject.anime_id, "somebody")
        self.running.add(subject.anime_id)
        self.started.append(subject)

    def _start_flagged(self, proposal: Proposal) -> None:
        self.proposals.append(proposal)
        kinds = tuple(ReviewKind(flag.field) for flag in proposal.flags)
        cause = "|".join(f"{flag.field}={flag.offered}" for flag in proposal.flags)
        self._request(proposal.anime_id, kinds, cause, flags=proposal.flags, release=proposal.release)

    def _raise_conflict(self, conflict: Conflict, *, release: str) -> None:
        self.conflicts.append(conflict)
        self._request(
            conflict.anime_id, (ReviewKind.CONFLICT,), conflict.flag.offered, flags=(conflict.flag,), release=release
        )

    def _request(self, anime_id: str, kinds: tuple[ReviewKind, ...], cause: str, **fields: Any) -> None:
        self.reviews.request(
            Review(
                review_id=mint_review_id(f"{anime_id}|{cause}"),
                anime_id=anime_id,
                title="",
                kinds=kinds,
                state="pending",
                execution=None,
                created_at=self.clock(),
                **fields,
            )
        )

    def machine_fails(self, anime_id: str) -> None:
        self.running.discard(anime_id)

    def machine_commits(self, anime_id: str) -> None:
        subject = next(one for one in self.started if one.anime_id == anime_id)
        self.running.discard(anime_id)
        self.add(derive_entry(read_offline(json.dumps(subject.offered)), anime_id))

    def reviewer_rejects(self, anime_id: str) -> None:
        self.running.discard(anime_id)
        self._request(anime_id, (ReviewKind.NEW,), "new")
        decision = Decision(verdict="rejected", by="a reviewer", at=self.clock(), sha256=None, reason="no anime")
        self.reviews.decide(mint_review_id(f"{anime_id}|new"), decision)

    # ------------------------------------------------------------------------------------------------ what there is

    def add(self, *entries: AnimeEntry) -> None:
        self.animes.insert_missing(entries)
        for entry in entries:
            payload = {"sources": entry.sources, "system_status": entry.system_status.value, "revision": entry.revision}
            self.vectors.insert_missing([VectorPoint(anime_id=entry.anime_id, vectors={}, payload=payload)])

    def bootstrap(self, *lines: Mapping[str, Any], sha: str = "first") -> None:
        """As a bootstrap from a release leaves the stores."""
        for one in lines:
            offered = read_offline(json.dumps(one))
            known = self.animes.find_by_sources(offered.canonical_sources)
            if not known:
                self.add(derive_entry(offered, mint_anime_id(canonical_source(offered.sources))))
        self.objects.put(keys.ENRICHED_DATABASE, b"[]", metadata={keys.SOURCE_SHA_METADATA: sha})
        sync_state.create(self.objects, SyncState(release="2026-04", sha=sha))

    def bootstrap_first_offer(self) -> None:
        """Anime 1, which no release has offered yet."""
        offered = read_offline(json.dumps(line(1)))
        self.add(derive_entry(offered, new_id(1)).model_copy(update={"offered_sources": None}))

    def bootstrap_late(self, one: Mapping[str, Any]) -> None:
        """Somebody else's commit."""
        offered = read_offline(json.dumps(one))
        self.add(derive_entry(offered, mint_anime_id(canonical_source(offered.sources))))

    def bootstrap_samples(self) -> None:
        """As the two bootstraps of the demo leave them: the enriched entries, then the first release."""
        self.add(*map(read_entry, enriched_entries()))
        self.bootstrap(*map(json.loads, release_lines(FIRST)[1:]))

    def upload(self, release: bytes | Path, name: str = "upload") -> str:
        key = f"{keys.UPLOADS}{name}"
        self.objects.put(key, release if isinstance(release, bytes) else release.read_bytes())
        return key

    def sync(
        self,
        file: bytes | Path | None,
        /,
        *,
        sha: str = "second",
        ports: SyncPorts | None = None,
        max_new: int = 200,
        percent: float = 100,
        limits: ReleaseLimits | None = None,
        **request: Any,
    ) -> SyncResult:
        """Implausible changes pass unless ``percent`` says otherwise: these worlds are small."""
        if file is not None:
            request |= {"upload_key": self.upload(file), "source_sha": sha}
        policy = SyncPolicy(max_new_per_run=max_new, mass_change_percent=percent, limits=limits or ReleaseLimits())
        return run_sync(SyncInput(**request), ports=ports or self.ports, policy=policy)

    def with_ports(self, **ports: Any) -> SyncPorts:
        return replace(self.ports, **ports)

    # ------------------------------------------------------------------------------------------------ what it is now

    def anime(self, number: int) -> AnimeEntry:
        """By the number of one of its URLs."""
        entry = self.animes.get(self.animes.find_by_sources([url(number)])[url(number)])
        assert entry is not None
        return entry

    def payload(self, number: int) -> Mapping[str, Any]:
        point = self.vectors.get(self.anime(number).anime_id)
        assert point is not None
        return point.payload

    def state(self) -> SyncState:
        baseline = sync_state.load(self.objects)
        assert baseline is not None
        return baseline.state

    def report(self, result: SyncResult) -> Report:
        run_id = result.report.removeprefix("reports/sync/").removesuffix(".json")
        report = read_report(self.objects, kind="sync", run_id=run_id)
        assert report is not None
        return report

    def reports(self) -> list[Report]:
        return [Report.model_validate_json(self.objects.get(info.key).body) for info in self.objects.list("reports/")]  # type: ignore[union-attr]

    def source_sha(self) -> str | None:
        info = self.objects.head(keys.ENRICHED_DATABASE)
        assert info is not None
        return info.metadata.get(keys.SOURCE_SHA_METADATA)

    def content(self) -> dict[str, Any]:
        """All that a sync may write, but reports and temporary objects: equal contents mean that nothing happened."""
        stored = self.objects.keys()
        return {
            "animes": {one.anime_id: self.animes.get(one.anime_id) for one in self.animes.summaries()},
            "vectors": {point.anime_id: point for point in self.vectors.scan(with_vectors=True)},
            "reviews": self.reviews.list(state=None, kind=None, limit=10_000),
            "objects": [key for key in stored if not key.startswith(("reports/", "work/"))],
            "state": self.state(),
            "sha": self.source_sha(),
            "started": list(self.started),
            "proposals": list(self.proposals),
        }


def new_id(number: int) -> str:
    return mint_anime_id(url(number))
