"""A small world of fakes in which executions come as far as their commit, by the workflows' own ways."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

from domain.vector_points import payload_of, point_of
from models.anime import AnimeEntry, EpisodeDetailEntry
from models.errors import AnimeError, Retryable, UndoImpossible
from models.events import (
    LOCKING_MODES,
    CleanupInput,
    CommitInput,
    CommitOutput,
    EnrichmentSubject,
    ExecutionRef,
    LockRef,
    Mode,
    ReviewRequestInput,
)
from models.ids import mint_anime_id, mint_episode_id, mint_review_id, ulid_from_bits
from models.review import Flag, Proposal, ReviewRequest
from models.vocabulary import AnimeStatus, AnimeType
from tests.support.crashing import Crash, Faults
from tests.support.fakes import (
    FakeAnimes,
    FakeCache,
    FakeEmbedder,
    FakeExecutions,
    FakeLocks,
    FakeObjects,
    FakeQueue,
    FakeReviews,
    FakeTasks,
    FakeVectors,
    ManualClock,
)
from workflows.cleanup import CleanupPorts, clean_up
from workflows.commit import CommitPorts, commit, undo
from workflows.embedding import embed_entries
from workflows.launching import LaunchPorts, flags_cause, start_locked, start_unlocked, subject_of
from workflows.ports import (
    Animes,
    Cache,
    CommitWrite,
    Embedder,
    ExecutionStatus,
    Locks,
    Objects,
    Reviews,
    Vectors,
)
from workflows.review import ReviewPorts, decide, outcome_of, request_review
from workflows.work import keep_base, put_proposed

SOURCE: Final = "https://myanimelist.net/anime/1"
ANIME: Final = mint_anime_id(SOURCE)
FIRST_LEASE: Final = timedelta(minutes=15)
RUNNING_LEASE: Final = timedelta(days=15)

T = TypeVar("T")


def make_entry(**changes: Any) -> AnimeEntry:
    """A small valid entry of the anime that ``SOURCE`` names."""
    sources = changes.pop("sources", [SOURCE])
    values: dict[str, Any] = {
        "anime_id": ANIME,
        "sources": sources,
        "title": "Cowboy Bebop",
        "type": AnimeType.TV,
        "status": AnimeStatus.FINISHED,
        "episodes": 2,
        "synopsis": "Bounty hunters in space.",
        "enriched": True,
        "episode_details": [make_episode("1"), make_episode("2")],
    }
    return AnimeEntry(**(values | changes))


def make_episode(number: str, **changes: Any) -> EpisodeDetailEntry:
    return EpisodeDetailEntry(episode_id=mint_episode_id(ANIME, number), episode_number=number, **changes)


class Scenario(StrEnum):
    """What is committed: a new anime, a stored one anew, an episode while another was added, a changed status."""

    CREATE = "create"
    UPDATE = "update"
    REBASE = "rebase"
    STATUS = "status"


def counting_tokens() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: ulid_from_bits(next(numbers))


@dataclass(kw_only=True)
class World:
    """The stores may be any adapter; ``fake_world`` has fakes. What starts and waits is a fake always."""

    clock: ManualClock
    objects: Objects
    locks: Locks
    animes: Animes
    reviews: Reviews
    vectors: Vectors
    embedder: Embedder
    cache: Cache
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    dead_letters: FakeQueue = field(default_factory=FakeQueue)
    tokens: Callable[[], str] = field(default_factory=counting_tokens)
    waits: Sequence[float] = (0.0, 0.0)
    slept: list[float] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------------- ports

    def launch_ports(self, faults: Faults | None = None) -> LaunchPorts:
        faults = faults or Faults()
        return LaunchPorts(
            animes=faults.wrap("animes", self.animes),
            locks=faults.wrap("locks", self.locks),
            executions=faults.wrap("executions", self.executions),
            objects=faults.wrap("objects", self.objects),
            tokens=self.tokens,
            first_lease=FIRST_LEASE,
        )

    def review_ports(self, faults: Faults | None = None, *, automatic: frozenset[Mode] = frozenset()) -> ReviewPorts:
        faults = faults or Faults()
        return ReviewPorts(
            reviews=faults.wrap("reviews", self.reviews),
            objects=faults.wrap("objects", self.objects),
            animes=faults.wrap("animes", self.animes),
            tasks=faults.wrap("tasks", self.tasks),
            clock=self.clock,
            automatic_modes=automatic,
        )

    def commit_ports(self, faults: Faults | None = None) -> CommitPorts:
        faults = faults or Faults()
        return CommitPorts(
            objects=faults.wrap("objects", self.objects),
            animes=faults.wrap("animes", self.animes),
            locks=faults.wrap("locks", self.locks),
            executions=faults.wrap("executions", self.executions),
            reviews=faults.wrap("reviews", self.reviews),
            vectors=faults.wrap("vectors", self.vectors),
            embedder=self.embedder,
            cache=faults.wrap("cache", self.cache),
            tokens=self.tokens,
            waits=self.waits,
            sleep=self.slept.append,
            lease=RUNNING_LEASE,
        )

    def cleanup_ports(self, faults: Faults | None = None) -> CleanupPorts:
        faults = faults or Faults()
        return CleanupPorts(
            launch=self.launch_ports(faults),
            reviews=faults.wrap("reviews", self.reviews),
            dead_letters=faults.wrap("queue", self.dead_letters),
            clock=self.clock,
        )

    # ------------------------------------------------------------------------------------------------------- stores

    def store(self, entry: AnimeEntry) -> None:
        """In both stores, as a bootstrap would."""
        self.animes.insert_missing([entry])
        [vector] = embed_entries([entry], self.embedder)
        self.vectors.insert_missing([point_of(entry, vector, entry.last_saga)])

    def change_stored(self, entry: AnimeEntry, *, by: str) -> None:
        """A later revision in both stores, as a commit of another execution leaves it."""
        before = self.animes.get(entry.anime_id)
        assert before is not None
        later = entry.model_copy(update={"revision": before.revision + 1, "last_saga": by})
        [vector] = embed_entries([later], self.embedder)
        self.vectors.upsert(point_of(later, vector, by), base_revision=before.revision, saga=by)
        lock = self.locks.acquire(entry.anime_id, LockRef(owner=by, token=self.tokens()), lease=FIRST_LEASE)
        self.animes.commit(CommitWrite(entry=later, base_revision=before.revision, lock=lock))
        self.locks.release(entry.anime_id, lock)

    def disagreement(self, anime_id: str = ANIME) -> str | None:
        """What is different between the two stores; None where they agree."""
        entry = self.animes.get(anime_id)
        point = self.vectors.get(anime_id)
        if entry is None or point is None:
            return (
                None if entry is None and point is None else f"entry: {entry is not None}, point: {point is not None}"
            )
        expected = payload_of(entry, entry.last_saga)
        if dict(point.payload) != expected:
            return f"payload {dict(point.payload)}, expected {expected}"
        [vector] = embed_entries([entry], self.embedder)
        near = sum(a * b for a, b in zip(point.vectors["text"], vector, strict=True))
        return None if near > 0.999 else f"the vector is of another text: {near}"

    # --------------------------------------------------------------------------------------------------- executions

    def approved(self, mode: Mode, proposed: AnimeEntry, *, cause: str = "test") -> CommitInput:
        """An execution that proposes this entry, up to the approval of it."""
        ref = self.started(mode, subject_of(proposed), cause=cause)
        base = keep_base(ref, animes=self.animes, objects=self.objects)
        put = put_proposed(ref, proposed, self.objects)
        return self.decided(
            ReviewRequestInput(
                ref=ref,
                token=f"token-{ref.execution}",
                proposed_key=put.proposed_key,
                sha256=put.sha256,
                started_at="2026-11-21T01:00:00Z",
            ),
            base_revision=None if base is None else base.revision,
        )

    def approved_flags(self, *flags: Flag) -> CommitInput:
        """An execution of mode ``review_only``, up to the approval."""
        proposal = Proposal(anime_id=ANIME, flags=flags, release="2026-05")
        name = start_unlocked(
            proposal, mode=Mode.REVIEW_ONLY, cause=flags_cause(flags), release="2026-05", ports=self.launch_ports()
        )
        ref = self.ref(name)
        base = keep_base(ref, animes=self.animes, objects=self.objects)
        request = ReviewRequestInput(ref=ref, token=f"token-{name}", started_at="2026-11-21T01:00:00Z")
        return self.decided(request, base_revision=None if base is None else base.revision)

    def started(self, mode: Mode, subject: EnrichmentSubject, *, cause: str = "test") -> ExecutionRef:
        if mode in LOCKING_MODES:
            name = start_locked(subject, mode=mode, ports=self.launch_ports(), release="2026-05")
        else:
            name = start_unlocked(subject, mode=mode, cause=cause, episode_number="2", ports=self.launch_ports())
        ref = self.ref(name)
        if ref.lock is not None:
            self.locks.extend(ref.anime_id, ref.lock, lease=RUNNING_LEASE)
        return ref

    def ref(self, execution: str) -> ExecutionRef:
        return ExecutionRef.model_validate({"execution": execution, **self.executions.started[execution]})

    def decided(self, request: ReviewRequestInput, *, base_revision: int | None) -> CommitInput:
        ports = self.review_ports()
        self.tasks.wait(request.token)
        review = request_review(request, ports=ports)
        decide(
            ReviewRequest(
                action="decide", review_id=review.review_id, verdict="approved", by="reviewer", sha256=review.sha256
            ),
            ports=ports,
        )
        stored = self.reviews.get(mint_review_id(request.ref.execution))
        assert stored is not None
        return CommitInput(ref=request.ref, action="commit", outcome=outcome_of(stored), base_revision=base_revision)

    def prepared(self, scenario: Scenario) -> CommitInput:
        """The event of CommitData in this scenario."""
        if scenario is Scenario.CREATE:
            return self.approved(Mode.NEW, make_entry())
        base = make_entry(status=AnimeStatus.ONGOING, episode_details=[make_episode("1")], title="Cowboy  B.")
        self.store(base)
        if scenario is Scenario.STATUS:
            return self.approved_flags(Flag(field="status", stored="ONGOING", offered="FINISHED"))
        if scenario is Scenario.UPDATE:
            return self.approved(Mode.REFRESH, make_entry())
        proposed = base.model_copy(update={"episode_details": [make_episode("1"), make_episode("2", title="Two")]})
        event = self.approved(Mode.EPISODE, proposed)
        other = base.model_copy(update={"episode_details": [make_episode("1"), make_episode("3", title="Three")]})
        self.change_stored(other, by="another")
        return event


def fake_world() -> World:
    clock = ManualClock()
    locks = FakeLocks(clock=clock)
    return World(
        clock=clock,
        objects=FakeObjects(),
        locks=locks,
        animes=FakeAnimes(locks=locks),
        reviews=FakeReviews(),
        vectors=FakeVectors(),
        embedder=FakeEmbedder(),
        cache=FakeCache(clock=clock),
    )


# -------------------------------------------------------------------------------------------------------- the machine


def afresh(action: Callable[[], T], *, retried: tuple[type[AnimeError], ...] = ()) -> T:
    """What the machine's Retry does when a process dies, or fails with an error that it names: the same event again."""
    while True:
        try:
            return action()
        except Crash:
            continue
        except retried:
            continue


@dataclass(frozen=True, kw_only=True)
class End:
    """How CommitData and what follows it ended. ``error`` is what CommitData failed with."""

    outcome: Literal["succeeded", "failed", "undo_failed"]
    output: CommitOutput | None
    error: AnimeError | None


def run_commit(world: World, event: CommitInput, faults: Faults | None = None) -> End:
    """CommitData, UndoCommit where that fails, and Cleanup, each repeated until it does not die."""
    end = _commit_or_undo(world, event, faults or Faults())
    error = None if end.error is None else {"Error": type(end.error).__name__, "Cause": str(end.error)}
    cleanup = CleanupInput(ref=event.ref, outcome=end.outcome, error=error)
    ports = world.cleanup_ports(faults)
    afresh(lambda: clean_up(cleanup, ports=ports), retried=(Retryable,))
    world.executions.finish(
        event.ref.execution, ExecutionStatus.SUCCEEDED if end.outcome == "succeeded" else ExecutionStatus.FAILED
    )
    return end


def _commit_or_undo(world: World, event: CommitInput, faults: Faults) -> End:
    ports = world.commit_ports(faults)
    try:
        output = afresh(lambda: commit(event, ports=ports))
    except AnimeError as error:
        return _undo(world, event, faults, error)
    return End(outcome="succeeded", output=output, error=None)


def _undo(world: World, event: CommitInput, faults: Faults, error: AnimeError) -> End:
    backwards = event.model_copy(update={"action": "undo"})
    ports = world.commit_ports(faults)
    try:
        output = afresh(lambda: undo(backwards, ports=ports))
    except UndoImpossible as failed:
        return End(outcome="undo_failed", output=None, error=failed)
    outcome: Literal["succeeded", "failed"] = "succeeded" if output.result == "rolled_forward" else "failed"
    return End(outcome=outcome, output=output, error=error)
