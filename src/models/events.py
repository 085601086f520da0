"""Inputs and outputs of the functions and state machines.

States carry references: everything large is an S3 key. What *we* write refuses unknown fields, and so do these.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from models.ids import AnimeId

SourceSha = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""A commit, or a tag where no commit is known."""

RunId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
ObjectKey = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ExecutionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mode(StrEnum):
    """Why an execution of the enrichment machine runs; see ``workflows.enrichment`` for what each one does."""

    NEW = "new"
    REFRESH = "refresh"
    PREMIERE = "premiere"
    EPISODE = "episode"
    REVIEW_ONLY = "review_only"


LOCKING_MODES = frozenset({Mode.NEW, Mode.PREMIERE, Mode.REFRESH})
"""Modes that hold the anime's lock from before their start; the others take it only to commit."""


class Catalogue(StrEnum):
    JIKAN = "jikan"
    ANILIST = "anilist"
    KITSU = "kitsu"
    ANIDB = "anidb"
    ANIMEPLANET = "animeplanet"
    ANISEARCH = "anisearch"
    ANIMESCHEDULE = "animeschedule"


class Stage(StrEnum):
    METADATA = "metadata"
    EPISODES = "episodes"
    RELATIONSHIPS = "relationships"
    STATISTICS = "statistics"
    CHARACTERS = "characters"


class LockRef(Event):
    """Who holds an anime's lock: the execution's name, and the token of this taking."""

    owner: ExecutionName
    token: str


class EnrichmentInput(Event):
    """Input of the state machine ``enrichment``.

    ``entry_key`` is the S3 key of the offline entry (``new``, ``refresh``, ``premiere``, ``episode``: an
    ``EnrichmentSubject``) or of the proposed change (``review_only``: a ``Proposal``).
    """

    anime_id: AnimeId
    mode: Mode
    entry_key: ObjectKey
    episode_number: str | None = None
    lock: LockRef | None = None
    release: SourceSha | None = None


class EnrichmentSubject(Event):
    """What is known of the anime before any catalogue is asked. ``sources`` are canonical URLs."""

    anime_id: AnimeId
    sources: tuple[str, ...]
    title: str
    offered: dict[str, Any] | None = None
    """The line of the release, where there is one."""


class ExecutionRef(EnrichmentInput):
    """The execution as every task of the machine gets it: its name and its whole input, built by the first state."""

    execution: ExecutionName


class BeginOutput(Event):
    """``catalogues`` are the branches that FetchSources opens: those whose page the anime is known to have."""

    catalogues: tuple[Catalogue, ...]
    stages: tuple[Stage, ...]
    base_revision: int | None
    """Revision of the stored entry when the execution began; None where there is none."""


class FetchInput(Event):
    """``started_at``: of the execution; without it nobody's patience ends. ``troubled_since``: as the call before
    said. ``error`` is the catcher's ``{Error, Cause}``: with it nobody is asked, and it stands for what did not come.
    """

    ref: ExecutionRef
    catalogue: Catalogue
    cursor: str | None = None
    started_at: AwareDatetime | None = None
    troubled_since: AwareDatetime | None = None
    error: dict[str, Any] | None = None


class FetchOutput(Event):
    """Where to go on: in ``wait_seconds`` at ``cursor``, which is None at the beginning as well. With neither,
    everything of this catalogue has been fetched. ``status`` is of the pages so far. ``troubled_since``: for so long
    nothing was asked because the count that all workers share cannot be had."""

    catalogue: Catalogue
    cursor: str | None = None
    wait_seconds: Annotated[int, Field(ge=0)] = 0
    troubled_since: AwareDatetime | None = None
    status: Literal["waiting", "ok", "partial", "missing", "failed", "not_recorded"]

    @property
    def done(self) -> bool:
        return self.cursor is None and self.wait_seconds == 0


class TaskInput(Event):
    """Input of the tasks that need nothing but the execution: Begin, IngestImages, AssembleEntry."""

    ref: ExecutionRef


class StageInput(Event):
    ref: ExecutionRef
    stage: Stage


class StageOutput(Event):
    stage: Stage
    key: ObjectKey


class ImagesOutput(Event):
    """``remaining`` above 0 asks for another round; what is done is remembered by URL."""

    stored: int
    failed: int
    remaining: int


class AssembleOutput(Event):
    proposed_key: ObjectKey
    sha256: Sha256


class ReviewRequestInput(Event):
    ref: ExecutionRef
    token: Annotated[str, StringConstraints(min_length=1, max_length=2048)] = Field(repr=False)
    proposed_key: ObjectKey | None = None
    sha256: Sha256 | None = None
    started_at: str


class ReviewOutcome(Event):
    """What SendTaskSuccess carries. ``commit`` is False where a decision changes nothing in the stores."""

    review_id: str
    verdict: Literal["approved", "rejected"]
    commit: bool
    approved_key: ObjectKey | None = None
    sha256: Sha256 | None = None


class CommitInput(Event):
    """One function, two states: ``commit`` goes forward only, ``undo`` compensates after it failed."""

    ref: ExecutionRef
    action: Literal["commit", "undo"]
    outcome: ReviewOutcome
    base_revision: int | None = None
    error: dict[str, Any] | None = None


class CommitOutput(Event):
    result: Literal["committed", "rolled_forward", "undone"]
    revision: int | None = None


class CleanupInput(Event):
    """Every good or bad end of the machine comes through here. ``error`` is the catcher's ``{Error, Cause}``.

    ``undo_failed`` is the one end that a person has to look at: it goes to the dead-letter queue.
    """

    ref: ExecutionRef
    outcome: Literal["succeeded", "rejected", "failed", "expired", "undo_failed"]
    error: dict[str, Any] | None = None


class BootstrapInput(Event):
    """``upload_key`` holds the file as given; without it ``release`` (a tag, or ``latest``) is downloaded."""

    run_id: RunId
    kind: Literal["enriched", "offline"]
    upload_key: ObjectKey | None = None
    source_sha: SourceSha | None = None
    sha256: Sha256 | None = None
    release: str | None = None
    images: bool = False


class RehostInput(Event):
    """One batch of a run's manifest. ``batch_key`` holds a JSON list of entries."""

    run_id: RunId
    batch_key: ObjectKey


class RehostOutput(Event):
    """Images of one batch. What was not reached in time is among those that failed."""

    stored: int
    failed: int


class BatchInput(Event):
    """As ``RehostInput``; with ``images`` the batch's images have been re-hosted before."""

    run_id: RunId
    batch_key: ObjectKey
    images: bool


class BatchOutput(Event):
    loaded: int
    existing: int
    conflicts: int
    images_stored: int
    images_failed: int


class FinishBulkInput(Event):
    run_id: RunId
    error: dict[str, Any] | None = None


class SyncInput(Event):
    """Without ``upload_key`` or ``release`` (the Saturday schedule) the newest release is resolved and downloaded."""

    run_id: RunId | None = None
    upload_key: ObjectKey | None = None
    source_sha: SourceSha | None = None
    sha256: Sha256 | None = None
    release: str | None = None
    dry_run: bool = False
    accept_mass_change: bool = False


class SnapshotInput(Event):
    run_id: RunId | None = None


class RestoreInput(Event):
    run_id: RunId
    snapshot: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._-]{1,64}$")]
    """The <time> under ``snapshots/``."""


class ReconcileInput(Event):
    run_id: RunId
    fix: bool = False


class RedriveInput(Event):
    run_id: RunId


class EnrichInput(Event):
    anime_id: AnimeId
    mode: Literal[Mode.REFRESH, Mode.EPISODE]
    episode_number: str | None = None
    cause: str
    """What asks for it, such as the scheduled time or the run id; the same cause twice is one execution."""


class EnrichOutput(Event):
    """``execution`` is None where the anime was locked and the event is kept as pending on it."""

    execution: ExecutionName | None
    pending: bool


class ScheduleInput(Event):
    """Of the daily scheduler; ``at`` (default: now) begins the 24 hours that are looked at."""

    at: AwareDatetime | None = None


class EpisodeInput(Event):
    """The explicit input of an episode's one-time schedule."""

    anime_id: AnimeId
    episode_number: str
    scheduled_time: AwareDatetime


class QueryInput(Event):
    """``catalogues`` asks for nothing but how they are doing."""

    action: Literal["show", "search", "catalogues"]
    anime_id: AnimeId | None = None
    text: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    include_orphaned: bool = False


class MigrateInput(Event):
    """``schema_hash`` is of the schema that the caller knows; a function with another one refuses."""

    schema_hash: str | None = None


class MigrateOutput(Event):
    """What the migration did, in names such as ``animes.sources_unique``. ``left_over`` is stored and nobody lists it:
    the migration drops nothing but what it has replaced.
    """

    created: tuple[str, ...]
    changed: tuple[str, ...]
    left_over: tuple[str, ...]
    schema_hash: str


class Report(Event):
    """A document under ``reports/<kind>/<run-id>.json`` that whoever waits for a run follows.

    Of an execution of the enrichment machine the run id is its name.
    """

    kind: str
    run_id: RunId | ExecutionName
    state: Literal["running", "succeeded", "failed"]
    updated_at: str
    progress: str = ""
    result: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
