"""The weekly sync: compare a release with what we have, and act on the differences.

Nothing but an upload under a temporary key is written before the release has been read whole, compared, and found
plausible. Then, in this order, each step harmless when a later run repeats it:

1. the release is kept under its SHA,
2. the fields that sync owns, per batch first in the vectors, then in the documents: after a crash in between, the
   next run still sees the old documents and does both again,
3. one review item for each flagged anime, and for each conflict,
4. new anime start, at most so many in one run,
5. the baseline moves on, conditionally: an interrupted run leaves the old one, and of two at a time one wins.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from domain.diffing import Change, Comparison, Conflict, Figure, Member, RaisedFlags, compare, keep_minted
from domain.plausibility import check_plausible
from domain.releases import ASSET_NAME, ReleaseLimits, ResolvedRelease
from models.errors import BadInput
from models.events import SyncInput
from models.offline import WatchedEntry
from models.review import Proposal
from models.vocabulary import SystemStatus
from workflows import keys, sync_state
from workflows.ports import Animes, Clock, Objects, Reviews, SyncUpdate, Tokens, Vectors
from workflows.release_intake import ReleaseSource, read_entries, verify_release
from workflows.reports import Reporter, new_run_id, read_report, reported
from workflows.sync_starting import (
    IsRunning,
    Prepare,
    ReleaseFile,
    StartNew,
    Starts,
    batches,
    sort_out,
    start_waiting,
    still_new,
)
from workflows.sync_state import Baseline, PendingAnime, SyncState

KIND: Final = "sync"
"""Reports lie under ``reports/sync/``."""

_WRITE_BATCH: Final = 500


class RaiseConflict(Protocol):
    def __call__(self, conflict: Conflict, *, release: str) -> object:
        """Makes one review item of it; the same conflict twice is one item."""
        ...


StartFlagged = Callable[[Proposal], object]
"""Starts the machine in mode ``review_only``; the same proposal twice is one execution."""


@dataclass(frozen=True, kw_only=True)
class SyncPorts:
    objects: Objects
    animes: Animes
    vectors: Vectors
    reviews: Reviews
    releases: ReleaseSource
    start_new: StartNew
    start_flagged: StartFlagged
    raise_conflict: RaiseConflict
    is_running: IsRunning
    clock: Clock
    tokens: Tokens
    prepare: Prepare


@dataclass(frozen=True, kw_only=True)
class SyncPolicy:
    """``mass_change_percent``: above it a release is implausible."""

    max_new_per_run: int = 200
    mass_change_percent: float = 2.0
    limits: ReleaseLimits = field(default_factory=ReleaseLimits)


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """The numbers of a run.

    ``entries`` = ``new`` + ``changed`` + ``unchanged`` + ``conflicts`` counts entries of the release, ``orphaned`` our
    anime. All of these are 0 where the release is the baseline already and nothing was compared. ``started`` and
    ``pending`` also count new anime of earlier runs; pending ones wait to be started by a later run. ``report`` is the
    key of the stored report, which holds the ``members`` of each figure but ``entries``, their sum.
    """

    release: str
    sha: str
    dry_run: bool
    report: str
    message: str
    entries: int = 0
    new: int = 0
    started: int = 0
    pending: int = 0
    unchanged: int = 0
    changed: int = 0
    status_flagged: int = 0
    episodes_flagged: int = 0
    episodes_fewer: int = 0
    moved: int = 0
    resurrected: int = 0
    orphaned: int = 0
    conflicts: int = 0
    problems: tuple[str, ...] = ()


Members = dict[str, Sequence[Member]]


def run_sync(request: SyncInput, *, ports: SyncPorts, policy: SyncPolicy) -> SyncResult:
    """One run. A run id that has succeeded before is not run again: its result is returned.

    Raises:
        BadInput: nothing to compare with yet, or the release is refused; nothing was changed.
        AlreadyExists: another run moved the baseline on meanwhile.
        Retryable, Permanent: a store or service failed; the baseline is the old one, and a repetition goes on.
    """
    run_id = request.run_id or new_run_id(ports.clock, ports.tokens)
    earlier = read_report(ports.objects, kind=KIND, run_id=run_id)
    if earlier is not None and earlier.state == "succeeded":
        return _result_of(earlier.result)
    reporter = Reporter(ports.objects, kind=KIND, run_id=run_id, clock=ports.clock)
    with reported(reporter):
        reporter.progress("looking for the release")
        result, members = _Run(request, run_id, reporter, ports, policy).go()
        reporter.succeed({**asdict(result), "members": members})
    return result


def _result_of(stored: Mapping[str, Any]) -> SyncResult:
    numbers = {name: value for name, value in stored.items() if name != "members"}
    return SyncResult(**{**numbers, "problems": tuple(numbers["problems"])})


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """The release that is asked for: an upload, or a published one that is not downloaded yet."""

    sha: str
    upload_key: str | None = None
    sha256: str | None = None
    published: ResolvedRelease | None = None


class _Run:
    def __init__(
        self, request: SyncInput, run_id: str, reporter: Reporter, ports: SyncPorts, policy: SyncPolicy
    ) -> None:
        self._request = request
        self._run_id = run_id
        self._reporter = reporter
        self._ports = ports
        self._policy = policy

    def go(self) -> tuple[SyncResult, Members]:
        baseline = sync_state.load(self._ports.objects)
        if baseline is None:
            raise BadInput("there is nothing to compare with yet; load a first release with: anime bootstrap")
        offer = self._offer()
        if offer.sha == baseline.state.sha:
            return self._go_on(baseline, offer)
        return self._compare_and_apply(baseline, offer)

    def _offer(self) -> _Offer:
        request = self._request
        if request.upload_key is None:
            if request.source_sha is not None or request.sha256 is not None:
                raise BadInput("--source-sha and --sha256 belong to a file; give it with --file")
            published = self._ports.releases.resolve(request.release)
            return _Offer(sha=published.sha, published=published, sha256=published.sha256)
        if request.source_sha is None:
            raise BadInput("a file needs the commit or tag that it is of; give it with --source-sha")
        if request.release is not None:
            raise BadInput("give either --file or --release, not both")
        return _Offer(sha=request.source_sha, upload_key=request.upload_key, sha256=request.sha256)

    # ------------------------------------------------------------------------------------------- the same release

    def _go_on(self, baseline: Baseline, offer: _Offer) -> tuple[SyncResult, Members]:
        """Start what waits of the release that was compared already."""
        ports, state = self._ports, baseline.state
        starts = self._sort_out(_members(state))
        if not self._request.dry_run:
            sync_state.record_source_sha(ports.objects, state.sha)
            self._start(starts, state.sha)
            sync_state.advance(ports.objects, _next_state(state.release, state.sha, starts), over=baseline)
        self._drop_upload(offer.upload_key)
        numbers, members = _numbers(Comparison(), starts)
        unchanged = f"release {state.release} ({state.sha}) is the baseline already"
        message = (
            f"{unchanged}; {_of_starts(starts)}" if starts.order_of_next else f"{unchanged} and nothing is pending"
        )
        return self._result(state.release, state.sha, message, numbers, starts), members

    # --------------------------------------------------------------------------------------------- another release

    def _compare_and_apply(self, baseline: Baseline, offer: _Offer) -> tuple[SyncResult, Members]:
        ports, request = self._ports, self._request
        upload_key = self._fetch(offer)
        upload = ReleaseFile(objects=ports.objects, key=upload_key, sha=offer.sha, limits=self._policy.limits)
        self._reporter.progress("reading the release")
        facts = verify_release(lambda: ports.objects.open(upload_key), sha256=offer.sha256, limits=self._policy.limits)
        release = offer.published.tag if offer.published else facts.release
        self._reporter.progress(f"comparing {facts.entries:,} entries")
        comparison = self._compare(upload)
        comparison.new = keep_minted(comparison.new, _members(baseline.state))
        if not request.accept_mass_change:
            check_plausible(comparison, percent=self._policy.mass_change_percent)
        if not request.dry_run:
            ports.objects.copy(upload_key, keys.release(offer.sha))
            self._apply(comparison, offer.sha)
        starts = self._sort_out([new.member for new in comparison.new])
        if not request.dry_run:
            self._start(starts, offer.sha)
            sync_state.advance(ports.objects, _next_state(release, offer.sha, starts), over=baseline)
            sync_state.record_source_sha(ports.objects, offer.sha)
        self._drop_upload(upload_key)
        numbers, members = _numbers(comparison, starts)
        message = (
            f"{numbers['entries']:,} entries: {numbers['new']:,} new, {numbers['changed']:,} changed, "
            f"{numbers['unchanged']:,} unchanged, {numbers['conflicts']:,} in conflict; "
            f"{numbers['orphaned']:,} of ours orphaned; {_of_starts(starts)}"
        )
        return self._result(release, offer.sha, message, numbers, starts), members

    def _fetch(self, offer: _Offer) -> str:
        """The key of the release as given, under a temporary name."""
        if offer.published is None:
            if offer.upload_key is None or self._ports.objects.head(offer.upload_key) is None:
                raise BadInput(f"there is no upload {offer.upload_key}; upload the file again")
            return offer.upload_key
        key = f"{keys.UPLOADS}{self._run_id}/{ASSET_NAME}"
        self._reporter.progress(f"downloading release {offer.published.tag}")
        self._ports.releases.download(
            offer.published, lambda: self._ports.objects.writer(key, content_type="application/zstd")
        )
        return key

    def _drop_upload(self, key: str | None) -> None:
        """Only temporary names; a release that fails is kept for a repetition until its lifecycle ends."""
        if key is not None and key.startswith(keys.UPLOADS):
            self._ports.objects.delete(key)

    def _compare(self, upload: ReleaseFile) -> Comparison:
        def entries() -> Iterator[WatchedEntry]:
            with upload.objects.open(upload.key) as stream:
                yield from read_entries(stream, limits=upload.limits)

        animes = self._ports.animes
        raised = RaisedFlags(self._ports.reviews.raised_flags(), release=upload.sha)
        return compare(animes.summaries(), entries, episode_counts=animes.episode_counts(), raised=raised)

    def _apply(self, comparison: Comparison, sha: str) -> None:
        ports = self._ports
        self._write_owned_fields(comparison, now=ports.clock())
        flagged = [change for change in comparison.changes if change.flags]
        for number, change in enumerate(flagged, start=1):
            self._reporter.progress(f"sending flagged anime {number:,} of {len(flagged):,} to review")
            ports.start_flagged(Proposal(anime_id=change.anime_id, flags=change.flags, release=sha))
        for conflict in comparison.conflicts:
            if not conflict.raised:
                ports.raise_conflict(conflict, release=sha)

    def _write_owned_fields(self, comparison: Comparison, *, now: datetime) -> None:
        """Points before documents: a crash in between is repaired by the next run, which still sees the old documents.
        And points once more after them: a commit that wrote its point in between took the fields from the old ones.
        """
        changes = [change for change in comparison.changes if change.writes]
        done = 0
        for batch in batches(changes, _WRITE_BATCH):
            self._reporter.progress(f"recording changes {done:,} of {len(changes):,}")
            payloads = {change.anime_id: payload for change in batch if (payload := _payload(change))}
            if payloads:
                self._ports.vectors.set_payload(payloads)
            refused = self._ports.animes.apply_sync([_update(change) for change in batch])
            if payloads:
                self._ports.vectors.set_payload(payloads)
            self._take_back(comparison, [change for change in batch if change.anime_id in set(refused)])
            done += len(batch)
        for gone in batches(comparison.orphaned, _WRITE_BATCH):
            status = {"system_status": SystemStatus.ORPHANED.value}
            payloads = {member.anime_id: status for member in gone}
            self._ports.vectors.set_payload(payloads)
            self._ports.animes.apply_sync([SyncUpdate(anime_id=member.anime_id, orphaned_at=now) for member in gone])
            self._ports.vectors.set_payload(payloads)

    def _take_back(self, comparison: Comparison, refused: Sequence[Change]) -> None:
        """A URL went to another anime since the comparison read ours: that is a conflict, and nothing else happens."""
        for change in refused:
            before = tuple(url for url in change.sources if url not in change.add_sources)
            status = SystemStatus.ORPHANED if change.resurrect else SystemStatus.ACTIVE
            payload = {"sources": list(before), "system_status": status.value}
            self._ports.vectors.set_payload({change.anime_id: payload})
            owners = self._ports.animes.find_by_sources(change.add_sources)
            comparison.make_conflict(change, other_owners=set(owners.values()))

    def _sort_out(self, members: Sequence[Member]) -> Starts:
        ports = self._ports
        remaining = still_new(members, animes=ports.animes, rejected=ports.reviews.rejected_anime())
        return sort_out(remaining, is_running=ports.is_running)

    def _start(self, starts: Starts, sha: str) -> None:
        release = ReleaseFile(objects=self._ports.objects, key=keys.release(sha), sha=sha, limits=self._policy.limits)
        start_waiting(
            starts,
            release,
            limit=self._policy.max_new_per_run,
            start_new=self._ports.start_new,
            progress=self._reporter.progress,
            prepare=self._ports.prepare,
        )

    def _result(self, release: str, sha: str, message: str, numbers: Mapping[str, int], starts: Starts) -> SyncResult:
        return SyncResult(
            release=release,
            sha=sha,
            dry_run=self._request.dry_run,
            report=self._reporter.key,
            message=f"dry run, nothing was changed: {message}" if self._request.dry_run else message,
            problems=tuple(starts.problems),
            **numbers,
        )


def _payload(change: Change) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if change.add_sources:
        payload["sources"] = list(change.sources)
    if change.resurrect:
        payload["system_status"] = SystemStatus.ACTIVE.value
    return payload


def _update(change: Change) -> SyncUpdate:
    return SyncUpdate(
        anime_id=change.anime_id,
        add_sources=change.add_sources,
        offered_sources=change.offered if change.record_offer else None,
        resurrect=change.resurrect,
    )


def _members(state: SyncState) -> list[Member]:
    return [Member(anime_id=anime.anime_id, sources=anime.sources) for anime in state.pending]


def _next_state(release: str, sha: str, starts: Starts) -> SyncState:
    pending = tuple(PendingAnime(anime_id=member.anime_id, sources=member.sources) for member in starts.order_of_next)
    return SyncState(release=release, sha=sha, pending=pending)


def _numbers(comparison: Comparison, starts: Starts) -> tuple[dict[str, int], Members]:
    members: Members = {
        "new": [new.member for new in comparison.new],
        "started": starts.started,
        "pending": starts.waiting,
        "unchanged": comparison.unchanged,
        "changed": [change.member for change in comparison.changed],
        **{figure.value: [change.member for change in comparison.in_figure(figure)] for figure in Figure},
        "orphaned": comparison.orphaned,
        "conflicts": [member for conflict in comparison.conflicts for member in conflict.members],
    }
    return {"entries": comparison.entries, **{name: len(listed) for name, listed in members.items()}}, members


def _of_starts(starts: Starts) -> str:
    return f"{len(starts.started):,} started, {len(starts.running):,} running already, {len(starts.waiting):,} pending"
