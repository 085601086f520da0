"""Starting executions of the enrichment machine, each cause once.

Modes that hold the anime's lock take it first, under the execution's future name, and start then: a crash in between
leaves a lease of minutes, and whoever handles the same cause again finds the lock its own. The other modes start
without a lock and take it only to commit. What an execution needs to know lies in an object before it starts.

The name of an execution is what makes a start idempotent. Where a cause is given, the name follows from it: an
execution of that name that runs or succeeded is the wanted one; one that ended otherwise means the next attempt.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.canonical_json import canonical_bytes
from models.anime import AnimeEntry
from models.errors import AnimeError, BadInput, LockHeld, NotFound
from models.events import (
    LOCKING_MODES,
    EnrichmentInput,
    EnrichmentSubject,
    EnrichOutput,
    LockRef,
    Mode,
)
from models.ids import canonical_number, ulid_from_bits
from models.review import Flag, Proposal
from workflows import keys
from workflows.locking import acquire
from workflows.ports import Animes, Executions, ExecutionStatus, Locks, Objects, PendingEvent, Tokens

_CAUSE_DIGITS: Final = 24


@dataclass(frozen=True, kw_only=True)
class LaunchPorts:
    """``first_lease``: how long a lock lasts until the machine's first state extends it."""

    animes: Animes
    locks: Locks
    executions: Executions
    objects: Objects
    tokens: Tokens
    first_lease: timedelta


def locked_name(mode: Mode, anime_id: str, token: str) -> str:
    return f"{mode.value}-{anime_id}-{token}"


def unlocked_name(mode: Mode, anime_id: str, cause: str, attempt: int) -> str:
    return f"{mode.value}-{anime_id}-{hashlib.sha256(cause.encode()).hexdigest()[:_CAUSE_DIGITS]}-{attempt}"


def flags_cause(flags: Sequence[Flag]) -> str:
    """The identity of flags of one anime: fields and offered values, in any order."""
    return "|".join(sorted(f"{flag.field}={flag.offered}" for flag in flags))


def start_locked(
    subject: EnrichmentSubject,
    *,
    mode: Mode,
    ports: LaunchPorts,
    cause: str | None = None,
    release: str | None = None,
) -> str:
    """Takes the lock and starts the machine. Returns the execution's name.

    Without ``cause`` the lock alone decides who starts; with it, the same cause twice is one execution.

    Raises:
        LockHeld: another execution works on this anime.
    """
    tokens = _tokens(mode, subject.anime_id, cause, ports)
    while True:
        token = next(tokens)
        name = locked_name(mode, subject.anime_id, token)
        if cause is not None and _is_wanted(ports.executions.status(name)):
            return name
        if _is_wanted(_lock_and_start(name, token, subject, mode=mode, release=release, ports=ports)):
            return name


def start_unlocked(
    entry: EnrichmentSubject | Proposal,
    *,
    mode: Mode,
    cause: str,
    ports: LaunchPorts,
    episode_number: str | None = None,
    release: str | None = None,
) -> str:
    """Starts the machine for an episode or a proposal. Returns the execution's name."""
    attempt = 0
    while True:
        attempt += 1
        name = unlocked_name(mode, entry.anime_id, cause, attempt)
        status = ports.executions.status(name)
        if status is None:
            event = EnrichmentInput(
                anime_id=entry.anime_id,
                mode=mode,
                entry_key=keys.proposal(name) if isinstance(entry, Proposal) else keys.subject(name),
                episode_number=episode_number,
                release=release,
            )
            status = _put_and_start(name, entry, event, ports)
        if _is_wanted(status):
            return name


def start_event(
    anime_id: str, mode: Mode, cause: str, *, ports: LaunchPorts, episode_number: str | None = None
) -> EnrichOutput:
    """Starts the machine for a stored anime; an event that meets a lock is kept on the anime and started afterwards.

    Raises:
        NotFound: no such anime.
        BadInput: the mode has other ways to start, or an episode's number is missing or none.
    """
    event = PendingEvent(mode=mode.value, cause=cause, episode_number=_checked_number(mode, episode_number))
    subject = subject_of(_stored(anime_id, ports.animes))
    try:
        return EnrichOutput(execution=_start(subject, event, ports), pending=False)
    except LockHeld:
        ports.animes.add_pending(anime_id, event)
    # Whoever held the lock may have released it, and looked for pending events, before this one was there.
    execution = start_pending(anime_id, ports=ports).get(event)
    return EnrichOutput(execution=execution, pending=execution is None)


def start_pending(anime_id: str, *, ports: LaunchPorts) -> dict[PendingEvent, str]:
    """Starts what waits on the anime, until something meets a lock. Returns the executions' names.

    Each event is started first and removed afterwards, so none is lost; its cause names its execution, so none is
    started twice.
    """
    started: dict[PendingEvent, str] = {}
    waiting = ports.animes.pending(anime_id)
    if not waiting:
        return started
    subject = subject_of(_stored(anime_id, ports.animes))
    for event in waiting:
        try:
            started[event] = _start(subject, event, ports)
        except LockHeld:
            break
        ports.animes.remove_pending(anime_id, event)
    return started


def subject_of(entry: AnimeEntry) -> EnrichmentSubject:
    """What a stored anime's enrichment begins with."""
    return EnrichmentSubject(anime_id=entry.anime_id, sources=tuple(entry.sources), title=entry.title)


def _start(subject: EnrichmentSubject, event: PendingEvent, ports: LaunchPorts) -> str:
    mode = Mode(event.mode)
    if mode in LOCKING_MODES:
        return start_locked(subject, mode=mode, cause=event.cause, ports=ports)
    cause = f"{event.episode_number}|{event.cause}"
    return start_unlocked(subject, mode=mode, cause=cause, episode_number=event.episode_number, ports=ports)


def _lock_and_start(
    name: str, token: str, subject: EnrichmentSubject, *, mode: Mode, release: str | None, ports: LaunchPorts
) -> ExecutionStatus:
    lock = acquire(
        subject.anime_id,
        LockRef(owner=name, token=token),
        lease=ports.first_lease,
        locks=ports.locks,
        executions=ports.executions,
    )
    event = EnrichmentInput(
        anime_id=subject.anime_id, mode=mode, entry_key=keys.subject(name), lock=lock, release=release
    )
    try:
        status = _put_and_start(name, subject, event, ports)
    except AnimeError:
        ports.locks.release(subject.anime_id, lock)
        raise
    if status.ended:
        ports.locks.release(subject.anime_id, lock)
    return status


def _put_and_start(
    name: str, entry: EnrichmentSubject | Proposal, event: EnrichmentInput, ports: LaunchPorts
) -> ExecutionStatus:
    """The input carries every field, nulls too: the machine's paths need them to be there."""
    ports.objects.put(event.entry_key, canonical_bytes(entry.model_dump(mode="json")))
    try:
        return ports.executions.start(name, event.model_dump(mode="json"))
    except AnimeError:
        # The request may have arrived and only its answer been lost.
        status = ports.executions.status(name)
        if status is None:
            raise
        return status


def _tokens(mode: Mode, anime_id: str, cause: str | None, ports: LaunchPorts) -> Iterator[str]:
    """Tokens of the attempts. One that follows from a cause is still new each time the lock is taken: the execution
    that is named after it runs at most once, and only that one takes the lock with it."""
    if cause is None:
        while True:
            yield ports.tokens()
    for attempt in itertools.count(1):
        digest = hashlib.sha256(f"{mode.value}|{anime_id}|{cause}|{attempt}".encode()).digest()
        yield ulid_from_bits(int.from_bytes(digest[:16]))


def _is_wanted(status: ExecutionStatus | None) -> bool:
    """Running or succeeded; any other end means the next token or attempt."""
    return status is not None and (not status.ended or status is ExecutionStatus.SUCCEEDED)


def _checked_number(mode: Mode, number: str | None) -> str | None:
    if mode in LOCKING_MODES:
        return None
    if mode is not Mode.EPISODE:
        raise BadInput(f"mode {mode.value} is not started by an event; expected refresh, premiere or episode")
    if number is None:
        raise BadInput("mode episode needs the episode's number")
    try:
        return canonical_number(number)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _stored(anime_id: str, animes: Animes) -> AnimeEntry:
    entry = animes.get(anime_id)
    if entry is None:
        raise NotFound(f"no anime {anime_id}")
    return entry
