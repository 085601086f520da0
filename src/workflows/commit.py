"""The commit of an approved entry to both stores: all or nothing, whoever dies in between.

``commit`` only goes forward, in this order: the saga record with what it found, the point, the documents in one
transaction, the audit copy, the cached entry. Each step can be repeated, and a repeated commit does just that.

``undo`` runs after a commit has failed for good. Which way it goes is told by the documents alone: where ``last_saga``
is this execution, the commit took place and is finished; where it is not, the point is put back as it was, if it is
still this execution's. Where the documents cannot be read nothing is undone, and a person hears of it (``redrive``
carries on from there).

A commit that lags behind its own undo does no harm: the undo changes the token of the lock, which the transaction's
first write has to match, before it reads the documents, and it closes the saga record before it touches the point.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from domain.canonical_json import canonical_bytes, sha256_of_bytes
from domain.rebase import rebase
from domain.relations import linked, related_pages
from domain.vector_points import point_of, sync_owned_payload
from models.anime import SYNC_OWNED_FIELDS, AnimeEntry, check_entry, dump_entry
from models.errors import (
    AnimeError,
    BadInput,
    LockLost,
    Malformed,
    NotFound,
    Permanent,
    ReviewOutdated,
    StaleRevision,
    UndoImpossible,
)
from models.events import LOCKING_MODES, CommitInput, CommitOutput, Event, ExecutionRef, LockRef, ReviewOutcome
from models.vectors import VectorPoint
from workflows import keys
from workflows.embedding import embed_entries
from workflows.locking import acquire
from workflows.ports import (
    Animes,
    Cache,
    CommitWrite,
    Embedder,
    Executions,
    Locks,
    Objects,
    Reviews,
    Tokens,
    Vectors,
)
from workflows.retrying import with_retries
from workflows.saga import Change, SagaRecord, StoredPoint, close_record, load_record, open_record
from workflows.work import load_base

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CommitPorts:
    """``waits``: seconds before each repetition of a call to a store; ``lease``: of a lock taken to commit."""

    objects: Objects
    animes: Animes
    locks: Locks
    executions: Executions
    reviews: Reviews
    vectors: Vectors
    embedder: Embedder
    cache: Cache
    tokens: Tokens
    waits: Sequence[float]
    sleep: Callable[[float], None]
    lease: timedelta

    def patiently(self, action: Callable[[], T]) -> T:
        return with_retries(action, waits=self.waits, sleep=self.sleep)


class DeadCommit(Event):
    """The message of a commit that could neither be finished nor undone. ``payload_key``: what was to be written."""

    kind: Literal["commit"] = "commit"
    execution: str
    anime_id: str
    ref: ExecutionRef
    payload_key: str
    error: dict[str, Any] | None = None
    failed_at: str


def handle(event: CommitInput, *, ports: CommitPorts) -> CommitOutput:
    return commit(event, ports=ports) if event.action == "commit" else undo(event, ports=ports)


# ----------------------------------------------------------------------------------------------------------- forward


def commit(event: CommitInput, *, ports: CommitPorts) -> CommitOutput:
    """Writes the approved entry to both stores.

    Raises:
        LockHeld: the mode takes the lock only now, and another execution has it.
        LockLost: the lock is another's by now, or the commit was undone.
        StaleRevision: the stored entry changed in the same places since the proposal was made.
        SourceConflict: a source URL belongs to another anime.
        NotFound, ReviewOutdated: no decision is recorded that allows this.
        Retryable: a store did not answer, however often it was asked.
    """
    ref = event.ref
    record = _load(ref, ports)
    if record is not None and record.state == "done":
        return _output("committed", record)
    if _took_place(ref, ports):
        return _finish(ref, "committed", ports)
    lock = _lock(ref, ports)
    record = _open(event, ports)
    change = _still_open(record)
    _write_point(record, change, ports)
    _write_documents(ref, change, lock, ports)
    return _finish(ref, "committed", ports)


def _load(ref: ExecutionRef, ports: CommitPorts) -> SagaRecord | None:
    return ports.patiently(lambda: load_record(ref.anime_id, ref.execution, ports.objects))


def _took_place(ref: ExecutionRef, ports: CommitPorts) -> bool:
    state = ports.patiently(lambda: ports.animes.commit_state(ref.anime_id))
    return state is not None and state.last_saga == ref.execution


def _lock(ref: ExecutionRef, ports: CommitPorts) -> LockRef:
    """A lock held from the start must still be there: seeing to it now spares the index a write that the transaction
    would refuse anyway. The others take it now, or have it from an earlier attempt."""
    if ref.mode not in LOCKING_MODES:
        wanted = LockRef(owner=ref.execution, token=ports.tokens())
        return ports.patiently(lambda: _acquire(ref.anime_id, wanted, ports))
    holder = ports.patiently(lambda: ports.locks.holder(ref.anime_id))
    if ref.lock is None or holder != ref.lock:
        raise LockLost(f"{ref.anime_id} is not locked by {ref.execution} any more")
    return ref.lock


def _acquire(anime_id: str, lock: LockRef, ports: CommitPorts) -> LockRef:
    return acquire(anime_id, lock, lease=ports.lease, locks=ports.locks, executions=ports.executions)


def _open(event: CommitInput, ports: CommitPorts) -> SagaRecord:
    """The record that is there, else a new one; the lock is held, so what it finds stays as it is."""
    stored = _load(event.ref, ports)
    if stored is not None:
        return stored
    ref = event.ref
    record = SagaRecord(execution=ref.execution, anime_id=ref.anime_id, state="open", change=_plan(event, ports))
    return ports.patiently(lambda: open_record(record, ports.objects))


def _plan(event: CommitInput, ports: CommitPorts) -> Change:
    ref, outcome = event.ref, event.outcome
    approved = ports.patiently(lambda: _approved_entry(ref, outcome, ports))
    current = ports.patiently(lambda: ports.animes.get(ref.anime_id))
    entry = _on_current(ref, approved, current, event.base_revision, ports)
    pre_image = ports.patiently(lambda: ports.vectors.get(ref.anime_id))
    _refuse_other_point(pre_image, current)
    [vector] = ports.patiently(lambda: embed_entries([entry], ports.embedder))
    return Change(
        entry=dump_entry(entry),
        base_revision=None if current is None else current.revision,
        point=StoredPoint.of(point_of(entry, vector, ref.execution)),
        pre_image=None if pre_image is None else StoredPoint.of(pre_image),
        review_id=outcome.review_id,
        sha256=outcome.sha256,
    )


def _approved_entry(ref: ExecutionRef, outcome: ReviewOutcome, ports: CommitPorts) -> AnimeEntry:
    """What the recorded decision approved: nothing else is ever written, whatever the event says."""
    if outcome.verdict != "approved" or not outcome.commit or outcome.approved_key is None:
        raise BadInput(f"{ref.execution} has nothing to commit")
    review = ports.reviews.get(outcome.review_id)
    decision = None if review is None or review.execution != ref.execution else review.decision
    if decision is None:
        raise NotFound(f"no decision is recorded for {ref.execution}")
    decided = (decision.verdict, decision.approved_key, decision.approved_sha256)
    if decided != ("approved", outcome.approved_key, outcome.sha256):
        raise ReviewOutdated(f"the decision recorded for {ref.execution} approves something else")
    return _read_approved(ref, outcome.approved_key, outcome.sha256, ports.objects)


def _read_approved(ref: ExecutionRef, key: str, sha256: str | None, objects: Objects) -> AnimeEntry:
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no object {key}")
    if sha256_of_bytes(stored.body) != sha256:
        raise Malformed(f"{key} is not what was approved")
    entry = check_entry(stored.body)
    if entry.anime_id != ref.anime_id:
        raise Malformed(f"{key} is an entry of {entry.anime_id}, not of {ref.anime_id}")
    return entry


def _on_current(
    ref: ExecutionRef,
    approved: AnimeEntry,
    current: AnimeEntry | None,
    base_revision: int | None,
    ports: CommitPorts,
) -> AnimeEntry:
    """The entry to write: on the stored revision, with the fields that the sync owns as they are stored, and with our
    ids of related anime that are here by now (``domain.relations``)."""
    if ref.mode in LOCKING_MODES:
        revision = None if current is None else current.revision
        if revision != base_revision:
            raise StaleRevision(f"{ref.anime_id} is at revision {revision}, not {base_revision}, in spite of the lock")
    else:
        approved = _rebased(ref, approved, current, ports)
    pages = related_pages(approved)
    if pages:
        approved = linked(approved, ports.patiently(lambda: ports.animes.find_by_sources(pages)))
    kept = {} if current is None else {field: getattr(current, field) for field in SYNC_OWNED_FIELDS}
    revision = 1 if current is None else current.revision + 1
    return approved.model_copy(update={**kept, "revision": revision, "last_saga": ref.execution})


def _rebased(ref: ExecutionRef, approved: AnimeEntry, current: AnimeEntry | None, ports: CommitPorts) -> AnimeEntry:
    base = ports.patiently(lambda: load_base(ref.execution, ports.objects))
    if base is None or current is None:
        raise StaleRevision(f"{ref.execution} changes a stored entry, and there is none")
    return approved if base.revision == current.revision else rebase(base, approved, current)


def _refuse_other_point(point: VectorPoint | None, current: AnimeEntry | None) -> None:
    """A point of another revision belongs to a commit that is still to be undone or repaired; taking it as what was
    there before would bring it back later."""
    revision = None if current is None else current.revision
    found = revision if point is None else point.payload.get("revision")
    if found != revision:
        raise StaleRevision(f"the point is at revision {found}, its documents at {revision}; see anime reconcile")


def _still_open(record: SagaRecord) -> Change:
    if record.change is None or record.state == "undone":
        raise LockLost(f"{record.execution} was undone")
    return record.change


def _write_point(record: SagaRecord, change: Change, ports: CommitPorts) -> None:
    point = change.point.point(record.anime_id)
    found = None if change.pre_image is None else change.pre_image.payload.get("revision")
    ports.patiently(lambda: ports.vectors.upsert(point, base_revision=found, saga=record.execution))


def _write_documents(ref: ExecutionRef, change: Change, lock: LockRef, ports: CommitPorts) -> None:
    write = CommitWrite(entry=change.entry_to_write(), base_revision=change.base_revision, lock=lock)
    try:
        ports.patiently(lambda: ports.animes.commit(write))
    except Permanent:
        # A transaction whose answer was lost makes its own repetition fail.
        if _took_place(ref, ports):
            return
        _clear_up_late(ref, change, ports)
        raise


def _clear_up_late(ref: ExecutionRef, change: Change, ports: CommitPorts) -> None:
    """For a commit that went on after its undo: the point that it wrote meanwhile is nobody else's to put back."""
    record = _load(ref, ports)
    if record is not None and record.state == "undone":
        _put_back(ref, change, ports)


def _finish(ref: ExecutionRef, result: Literal["committed", "rolled_forward"], ports: CommitPorts) -> CommitOutput:
    """What follows the transaction, from what is stored, so that nothing but the documents is needed for it."""
    entry = _align_point(ref, ports)
    if entry is None:
        raise NotFound(f"no anime {ref.anime_id} after its commit")
    ports.patiently(lambda: ports.objects.put(keys.audit_copy(ref.anime_id), canonical_bytes(entry)))
    ports.patiently(lambda: ports.cache.delete(f"anime:{ref.anime_id}"))
    ports.patiently(lambda: close_record(ref.anime_id, ref.execution, "done", ports.objects))
    return CommitOutput(result=result, revision=entry.revision)


def _align_point(ref: ExecutionRef, ports: CommitPorts) -> AnimeEntry | None:
    """Brings the fields that the sync owns to the point as the documents have them now: the sync waits for no lock, and
    the point was made before. Looks again after each write, for what the sync wrote meanwhile."""
    written: dict[str, Any] | None = None
    while True:
        entry = ports.patiently(lambda: ports.animes.get(ref.anime_id))
        if entry is None:
            return None
        wanted = sync_owned_payload(entry)
        if wanted == written:
            return entry
        ports.patiently(partial(ports.vectors.set_payload, {ref.anime_id: wanted}))
        written = wanted


def _output(result: Literal["committed", "rolled_forward"], record: SagaRecord) -> CommitOutput:
    revision = None if record.change is None else int(record.change.entry["revision"])
    return CommitOutput(result=result, revision=revision)


# -------------------------------------------------------------------------------------------------------------- undo


def undo(event: CommitInput, *, ports: CommitPorts) -> CommitOutput:
    """After a failed commit: finishes it where its transaction took place, else puts the point back.

    Raises:
        UndoImpossible: neither can be done now; a person has to look.
    """
    try:
        _fence(event.ref, ports)
        return _settle(event.ref, ports)
    except AnimeError as error:
        raise UndoImpossible(f"{event.ref.execution}: {type(error).__name__}: {error}") from error


def redrive(message: Mapping[str, Any], *, ports: CommitPorts) -> CommitOutput:
    """Settles a commit that went to the dead-letter queue, and removes what was kept for it. May be repeated.

    Raises:
        LockHeld: an execution works on the anime; to be tried again when it has ended.
        Malformed: no such message.
        Retryable: a store still does not answer.
    """
    try:
        ref = DeadCommit.model_validate(message).ref
    except ValidationError as error:
        raise Malformed(f"not the message of a dead commit: {error.error_count()} problems") from None
    token = ports.tokens()
    lock = _acquire(ref.anime_id, LockRef(owner=f"redrive-{ref.anime_id}-{token}", token=token), ports)
    try:
        output = _settle(ref, ports)
    finally:
        ports.locks.release(ref.anime_id, lock)
    ports.objects.delete_prefix(keys.work(ref.execution))
    return output


def _fence(ref: ExecutionRef, ports: CommitPorts) -> None:
    """From here on no transaction of this execution's commit can pass: it would need the lock with its old token."""
    holder = ports.patiently(lambda: ports.locks.holder(ref.anime_id))
    if holder is None or holder.owner != ref.execution:
        return
    fenced = LockRef(owner=ref.execution, token=ports.tokens())
    try:
        ports.patiently(lambda: ports.locks.take_over(ref.anime_id, fenced, ended=holder, lease=ports.lease))
    except AnimeError:
        # Either it is another's by now, which keeps our transaction out as well. Or the documents take no writes, and
        # so no transaction; whether they can be read decides about the rest.
        return


def _settle(ref: ExecutionRef, ports: CommitPorts) -> CommitOutput:
    if _took_place(ref, ports):
        return _finish(ref, "rolled_forward", ports)
    record = ports.patiently(lambda: close_record(ref.anime_id, ref.execution, "undone", ports.objects))
    if record.state == "done":
        return _output("rolled_forward", record)
    if record.change is None:
        return CommitOutput(result="undone")
    _put_back(ref, record.change, ports)
    _align_point(ref, ports)
    return CommitOutput(result="undone", revision=record.change.base_revision)


def _put_back(ref: ExecutionRef, change: Change, ports: CommitPorts) -> None:
    """Only where the point is still ours; both calls see to it."""
    if change.pre_image is None:
        ports.patiently(lambda: ports.vectors.delete(ref.anime_id, saga=ref.execution))
    else:
        before = change.pre_image.point(ref.anime_id)
        ports.patiently(lambda: ports.vectors.restore(before, saga=ref.execution))
