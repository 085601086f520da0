"""What the workflows need of the outside, as Protocols.

Adapters in ``stores`` and ``sources`` implement these and translate foreign errors into ``models.errors``:
``Unavailable`` or ``Throttled`` where a repetition may help, the named ``Permanent`` errors where the method says so.
Every adapter of a port, and its in-memory fake, passes the same contract tests.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from models.anime import AnimeEntry
from models.events import LockRef
from models.review import Decision, RaisedFlag, Review, ReviewKind
from models.vectors import VectorPoint

Clock = Callable[[], datetime]
"""Aware UTC time."""

Tokens = Callable[[], str]
"""New unique ULID texts."""


# ---------------------------------------------------------------------------------------------------------- objects


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    key: str
    size: int
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    """User metadata without the ``x-amz-meta-`` prefix; empty in listings."""
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    info: ObjectInfo
    body: bytes


class ObjectWriter(Protocol):
    """A streamed upload: leaving its context makes the object appear whole, an error leaves nothing."""

    def write(self, data: bytes, /) -> object: ...


class Objects(Protocol):
    """One bucket."""

    def get(self, key: str) -> StoredObject | None: ...

    def head(self, key: str) -> ObjectInfo | None: ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A forward-only stream.

        Raises:
            NotFound: no such object.
        """
        ...

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        """Returns the ETag.

        Raises:
            AlreadyExists: ``if_absent`` and there is one, or ``if_match`` and it is another one (or gone).
        """
        ...

    def writer(
        self, key: str, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> AbstractContextManager[ObjectWriter]: ...

    def copy(self, source: str, target: str, *, metadata: Mapping[str, str] | None = None) -> None:
        """Within the bucket; ``metadata`` replaces the object's own where given. Source may equal target.

        Raises:
            NotFound: no source.
        """
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]: ...

    def delete(self, key: str) -> None: ...

    def delete_prefix(self, prefix: str) -> int: ...


# -------------------------------------------------------------------------------------------------------- documents


@dataclass(frozen=True, kw_only=True, slots=True)
class AnimeSummary:
    """What a comparison with a release reads of each stored anime."""

    anime_id: str
    sources: tuple[str, ...]
    offered_sources: tuple[str, ...] | None
    status: str
    episodes: int
    """The entry's own number."""
    enriched: bool
    orphaned: bool


@dataclass(frozen=True, kw_only=True)
class SyncUpdate:
    """The fields that sync owns, for one anime. None leaves a field alone; ``sources`` are only ever added to."""

    anime_id: str
    add_sources: tuple[str, ...] = ()
    offered_sources: tuple[str, ...] | None = None
    orphaned_at: datetime | None = None
    """Set: mark ORPHANED."""
    resurrect: bool = False
    """Mark ACTIVE and clear ``orphaned_at``."""


@dataclass(frozen=True, kw_only=True)
class PendingEvent:
    """An event that met a lock and waits on the anime. Equal events are kept once."""

    mode: str
    cause: str
    episode_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class CommitWrite:
    """One transaction over lock, ``animes``, ``episodes``, ``characters``.

    ``entry`` carries its new ``revision`` and ``last_saga``. ``base_revision`` None means create.
    """

    entry: AnimeEntry
    base_revision: int | None
    lock: LockRef


@dataclass(frozen=True, kw_only=True)
class CommitState:
    """What tells how far a commit came."""

    revision: int
    last_saga: str | None


@dataclass(frozen=True, kw_only=True)
class InsertResult:
    inserted: tuple[str, ...]
    """Anime ids now there because of this call."""
    existing: tuple[str, ...]
    conflicts: tuple[str, ...]
    """Anime ids not written because one of their source URLs belongs to another anime."""


class Animes(Protocol):
    """The collections ``animes``, ``episodes`` and ``characters`` as whole entries."""

    def get(self, anime_id: str) -> AnimeEntry | None:
        """With episodes (by number) and characters, read in one snapshot with majority concern."""
        ...

    def get_many(self, anime_ids: Sequence[str]) -> dict[str, AnimeEntry]:
        """As ``get``, in few round trips; missing ids are left out."""
        ...

    def commit_state(self, anime_id: str) -> CommitState | None:
        """Read with majority concern."""
        ...

    def find_by_sources(self, sources: Iterable[str]) -> dict[str, str]:
        """Of these source URLs, those that belong to an anime, with its id."""
        ...

    def summaries(self) -> Iterator[AnimeSummary]:
        """All of them, streamed, in no particular order."""
        ...

    def episode_counts(self) -> dict[str, int]:
        """Stored episodes an anime, specials (``S1``) left out; anime without any are absent."""
        ...

    def count(self) -> int: ...

    def insert_missing(self, entries: Sequence[AnimeEntry]) -> InsertResult:
        """Adds entries with their episodes and characters where the id is not there yet; never overwrites."""
        ...

    def apply_sync(self, updates: Sequence[SyncUpdate]) -> tuple[str, ...]:
        """Writes the sync-owned fields; ``revision`` stays. Returns ids not written because a source conflicts."""
        ...

    def commit(self, write: CommitWrite) -> None:
        """All or nothing. Enriched fields only: of an existing anime the sync-owned fields stay as they are.

        Raises:
            LockLost: the lock is not (owner, token)'s any more; checked by the transaction's first write.
            StaleRevision: the stored revision is not ``base_revision``.
            SourceConflict: a source URL belongs to another anime.
        """
        ...

    def add_pending(self, anime_id: str, event: PendingEvent) -> None: ...

    def pending(self, anime_id: str) -> tuple[PendingEvent, ...]: ...

    def remove_pending(self, anime_id: str, event: PendingEvent) -> None: ...

    def anime_with_pending(self) -> tuple[str, ...]: ...

    def snapshot(self) -> AbstractContextManager["SnapshotReader"]:
        """One snapshot session over the three collections."""
        ...

    def restore(self, entries: Sequence[AnimeEntry]) -> None:
        """Writes entries exactly as they are, revision and sync-owned fields included; same entries twice are one."""
        ...

    def delete(self, anime_ids: Sequence[str]) -> None:
        """For tests and an empty stack's restore only; the pipeline itself never deletes an anime."""
        ...


class SnapshotReader(Protocol):
    def entries(self) -> Iterator[AnimeEntry]:
        """All entries, ordered by anime id, whole, streamed."""
        ...


class Locks(Protocol):
    """``anime-processing-locks``. Times are the server's; expiry is judged by its clock."""

    def acquire(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> LockRef:
        """Inserts, or takes over by one atomic update where the lease has expired. Re-entrant for its owner, who
        gets back the token that the lock already has.

        Raises:
            LockHeld: ``owner`` names who holds it.
        """
        ...

    def take_over(self, anime_id: str, lock: LockRef, *, ended: LockRef, lease: timedelta) -> LockRef:
        """From an owner that is known to have ended: one atomic update on (id, owner, token).

        Raises:
            LockHeld: somebody else was faster.
        """
        ...

    def extend(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> None:
        """Raises:
        LockLost: it is not (owner, token)'s.
        """
        ...

    def release(self, anime_id: str, lock: LockRef) -> bool:
        """Only if still owned; False where it was not."""
        ...

    def holder(self, anime_id: str) -> LockRef | None:
        """Also where the lease has expired: the document that is there."""
        ...


class Reviews(Protocol):
    def request(self, review: Review) -> Review:
        """Creates it; where it is pending already, overwrites token, attempt, key and SHA-256; a decided or expired
        one is left as it is. Returns what is stored now."""
        ...

    def get(self, review_id: str) -> Review | None: ...

    def list(
        self, *, state: str | None, kind: ReviewKind | None, limit: int, after: str | None = None
    ) -> tuple[Review, ...]:
        """Ordered by review id, from behind ``after``; ``kind`` matches where all of a review's kinds are this one."""
        ...

    def decide(self, review_id: str, decision: Decision) -> Review:
        """Atomically pending -> decided, where the review's ``sha256`` is the decision's.

        Returns the stored review also where the same verdict on the same SHA-256 was recorded before.

        Raises:
            NotFound: no such review.
            AlreadyDecided: decided otherwise, or expired.
            ReviewOutdated: the proposal's SHA-256 is another one now.
        """
        ...

    def expire(self, review_id: str) -> None:
        """Pending -> expired; anything else stays."""
        ...

    def rejected_anime(self) -> frozenset[str]:
        """Anime whose ``new`` review was rejected: they are not started again by themselves."""
        ...

    def raised_flags(self) -> Iterator[RaisedFlag]:
        """Flags of pending and decided reviews; those of expired ones may be raised again."""
        ...


# ---------------------------------------------------------------------------------------------------------- vectors


@dataclass(frozen=True, kw_only=True)
class Hit:
    anime_id: str
    score: float
    payload: Mapping[str, Any]


class Vectors(Protocol):
    """The collection ``animes``. Writes wait until applied, with strong ordering."""

    def get(self, anime_id: str) -> VectorPoint | None: ...

    def upsert(self, point: VectorPoint, *, base_revision: int | None, saga: str) -> None:
        """Writes where the stored point is absent, is at ``base_revision``, or was written by ``saga`` before.

        Raises:
            StaleRevision: it is none of these.
        """
        ...

    def restore(self, point: VectorPoint, *, saga: str) -> None:
        """Puts a pre-image back, only where the stored point was written by ``saga``."""
        ...

    def delete(self, anime_id: str, *, saga: str) -> None:
        """Only where the stored point was written by ``saga``."""
        ...

    def insert_missing(self, points: Sequence[VectorPoint]) -> None:
        """Bulk: adds points that are not there; never overwrites."""
        ...

    def overwrite(self, points: Sequence[VectorPoint]) -> None:
        """Bulk, unconditional: restore and reconcile only."""
        ...

    def set_payload(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Merges fields into the payloads of these anime; missing points are left out."""
        ...

    def search(self, vector: Sequence[float], *, limit: int, include_orphaned: bool) -> tuple[Hit, ...]: ...

    def scan(self, *, with_vectors: bool) -> Iterator[VectorPoint]:
        """Every point, streamed."""
        ...

    def count(self) -> int: ...

    def remove(self, anime_ids: Sequence[str]) -> None:
        """Bulk, unconditional: reconcile only."""
        ...


class Embedder(Protocol):
    dimensions: int

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector a text."""
        ...


@dataclass(frozen=True, kw_only=True)
class Migration:
    """Names of what was created, of what was changed, and of what is there although nobody lists it."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()

    def __add__(self, other: "Migration") -> "Migration":
        return Migration(
            created=self.created + other.created,
            changed=self.changed + other.changed,
            left_over=self.left_over + other.left_over,
        )


class Schema(Protocol):
    """Brings a store to what ``models.collections`` lists. Nothing is dropped but what was replaced by then."""

    def check(self) -> None:
        """Changes nothing.

        Raises:
            Unavailable: the store does not answer, or does not know its caller yet.
            SchemaConflict: what is stored cannot become what is listed.
        """
        ...

    def migrate(self) -> Migration:
        """Nothing is created or changed the second time.

        Raises:
            Unavailable, SchemaConflict: as ``check``; the latter also where stored documents break a unique index.
        """
        ...


# ------------------------------------------------------------------------------------------------ machines and queues


class ExecutionStatus(StrEnum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"

    @property
    def ended(self) -> bool:
        return self not in {ExecutionStatus.RUNNING, ExecutionStatus.PENDING_REDRIVE}


class Executions(Protocol):
    """One state machine."""

    def start(self, name: str, payload: Mapping[str, Any]) -> ExecutionStatus:
        """RUNNING where it was started now; where the name is taken, the status of that execution."""
        ...

    def status(self, name: str) -> ExecutionStatus | None: ...


class Tasks(Protocol):
    """Task tokens of waiting executions."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """False where nobody waits for this token any more."""
        ...


class Queue(Protocol):
    def send(self, message: Mapping[str, Any]) -> None: ...

    def receive(self, limit: int = 10) -> Sequence["QueueMessage"]: ...

    def delete(self, receipt: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class QueueMessage:
    body: Mapping[str, Any]
    receipt: str


class Cache(Protocol):
    def get(self, key: str) -> bytes | None: ...

    def set(self, key: str, value: bytes, *, ttl: timedelta) -> None: ...

    def delete(self, key: str) -> None: ...


class Schedules(Protocol):
    """One-time schedules in a group of their own."""

    def put(self, name: str, at: datetime, payload: Mapping[str, Any]) -> None:
        """One that exists with the same time is left, with another time is updated."""
        ...


# ----------------------------------------------------------------------------------------------------------- images


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """A line of ``image-deduplication-map``: either ``s3_path``, or a failure that is believed until ``retry_at``."""

    source_url_hash: str
    s3_path: str | None
    last_attempt: datetime
    retry_at: datetime | None = None
    error_message: str | None = None


class ImageMap(Protocol):
    def get_many(self, source_url_hashes: Sequence[str]) -> dict[str, ImageRecord]: ...

    def put(self, record: ImageRecord) -> None: ...


@dataclass(frozen=True, kw_only=True)
class DownloadedImage:
    """``extension`` and ``content_type`` come from the magic bytes, ``sha256`` from the content."""

    body: bytes
    sha256: str
    extension: str
    content_type: str


class ImageSource(Protocol):
    def download(self, url: str) -> DownloadedImage:
        """With its own retries, within 60 seconds.

        Raises:
            Permanent: it will not work later either (refused address, not an image, 404).
            Retryable: it may.
        """
        ...


# ------------------------------------------------------------------------------------------------------- catalogues


@dataclass(frozen=True, kw_only=True)
class FetchedPage:
    """One step of a catalogue's fetch. ``cursor`` asks for the next: a step, or ``step:place`` while its list goes on;
    None is the end."""

    answers: Mapping[str, Any]
    """By kind of answer (``anime``, ``characters``, ``episodes`` ...): JSON values in the catalogue's own shape."""
    cursor: str | None
    problems: tuple[str, ...] = ()
    """What this catalogue should have given and did not, in words for the reviewer."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """Fields of the answers that nobody here knows, and how often each came; by path, such as ``anime.images.avif``."""
    as_of: datetime | None = None
    """When the oldest of these answers was given; None: now."""


class CatalogueClient(Protocol):
    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        """``sources`` are the anime's canonical URLs. With ``episode``, a canonical number such as ``12``, only what
        the episode stage needs of it is asked for: the anime itself, and of a long list the part around the number,
        where the catalogue can be asked for parts. The same from step to step, as the cursors are.

        A page may hold a part of its step, where the catalogue told it to slow down in between; its cursor asks for
        the rest.

        Raises:
            NotFound: the catalogue does not know the anime.
            NotRecorded: a replay has no answer.
            Retryable, Malformed: as the names say.
        """
        ...
