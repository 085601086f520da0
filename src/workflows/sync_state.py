"""The baseline of the weekly sync: the release that our data was last compared with in full.

It is one object, written conditionally, so that of two runs at a time only one moves it on. ``pending`` are the new
anime of that release that are not in ``animes`` yet, whether their machine runs, failed, or was never started.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import AlreadyExists, Malformed
from models.events import SourceSha
from models.ids import AnimeId
from workflows import keys
from workflows.ports import Objects


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PendingAnime(_Document):
    anime_id: AnimeId
    sources: tuple[str, ...]


class SyncState(_Document):
    """``release`` is its name for people, ``sha`` what it is compared by."""

    release: str
    sha: SourceSha
    pending: tuple[PendingAnime, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The stored state, and the ETag that a later write is conditional on."""

    state: SyncState
    etag: str


LOST_RACE: Final = "another run moved the baseline on meanwhile; look at its report and run again"


def load(objects: Objects) -> Baseline | None:
    """None where no bootstrap has recorded a baseline.

    Raises:
        Malformed: the object is not of this shape.
    """
    stored = objects.get(keys.SYNC_STATE)
    if stored is None:
        return None
    try:
        state = SyncState.model_validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{keys.SYNC_STATE} is not a sync state; restore an older version of the object") from error
    return Baseline(state=state, etag=stored.info.etag)


def create(objects: Objects, state: SyncState) -> Baseline:
    """The first baseline, which a bootstrap records.

    Raises:
        AlreadyExists: there is one.
    """
    etag = objects.put(keys.SYNC_STATE, _body(state), if_absent=True)
    return Baseline(state=state, etag=etag)


def advance(objects: Objects, state: SyncState, *, over: Baseline) -> Baseline:
    """Replace exactly the baseline that was read before; the same state is not written again.

    Raises:
        AlreadyExists: somebody else wrote it since.
    """
    if state == over.state:
        return over
    try:
        etag = objects.put(keys.SYNC_STATE, _body(state), if_match=over.etag)
    except AlreadyExists as error:
        raise AlreadyExists(LOST_RACE) from error
    return Baseline(state=state, etag=etag)


def record_source_sha(objects: Objects, sha: str) -> None:
    """Bring the enriched database's ``source-commit-sha`` up to the baseline; nothing to do where it says so already,
    or where there is no such object: the next snapshot writes it anew."""
    info = objects.head(keys.ENRICHED_DATABASE)
    if info is not None and info.metadata.get(keys.SOURCE_SHA_METADATA) != sha:
        metadata = {**info.metadata, keys.SOURCE_SHA_METADATA: sha}
        objects.copy(keys.ENRICHED_DATABASE, keys.ENRICHED_DATABASE, metadata=metadata)


def _body(state: SyncState) -> bytes:
    return state.model_dump_json().encode()
