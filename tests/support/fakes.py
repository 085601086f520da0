"""An in-memory fake of every port, thread-safe, with the errors that the ports name.

The same contract tests run against these and the real adapters (``tests/support/contracts``). ``Failing`` wraps any of
them to make calls fail.
"""

import copy
import hashlib
import io
import json
import math
import re
import threading
from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final, Literal

from models.anime import SYNC_OWNED_FIELDS, AnimeEntry
from models.errors import (
    AlreadyDecided,
    AlreadyExists,
    BadInput,
    LockHeld,
    LockLost,
    NotFound,
    Permanent,
    ReviewOutdated,
    SourceConflict,
    StaleRevision,
)
from models.events import LockRef
from models.ids import is_special
from models.review import Decision, RaisedFlag, Review, ReviewKind
from models.vectors import VectorPoint
from models.vocabulary import SystemStatus
from stores.mongo.documents import episode_order
from workflows.ports import (
    AnimeSummary,
    Clock,
    CommitState,
    CommitWrite,
    ExecutionStatus,
    Hit,
    ImageRecord,
    InsertResult,
    ObjectInfo,
    ObjectWriter,
    PendingEvent,
    QueueMessage,
    SnapshotReader,
    StoredObject,
    SyncUpdate,
)


class ManualClock:
    """A clock that stands still until told otherwise."""

    def __init__(self, now: datetime = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class Failing:
    """Passes everything on to ``target``, but makes chosen calls raise.

    ``before``: the call does nothing and raises. ``after``: the call is carried out and its answer lost.
    ``calls`` holds the names of the methods called, in order.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._planned: dict[str, deque[tuple[Literal["before", "after"], Exception]]] = defaultdict(deque)
        self.calls: list[str] = []

    def before(self, method: str, error: Exception, *, times: int = 1) -> "Failing":
        self._planned[method].extend([("before", error)] * times)
        return self

    def after(self, method: str, error: Exception, *, times: int = 1) -> "Failing":
        self._planned[method].extend([("after", error)] * times)
        return self

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            planned = self._planned[name].popleft() if self._planned[name] else None
            if planned is None:
                return attribute(*args, **kwargs)
            when, error = planned
            if when == "after":
                attribute(*args, **kwargs)
            raise error

        return call


# ---------------------------------------------------------------------------------------------------------- objects


@dataclass(frozen=True, kw_only=True)
class _Object:
    body: bytes
    content_type: str
    metadata: Mapping[str, str]
    cache_control: str | None

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class _ForwardOnly(io.RawIOBase):
    def __init__(self, body: bytes) -> None:
        self._rest = memoryview(body)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class FakeObjects:
    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._objects: dict[str, _Object] = {}

    def get(self, key: str) -> StoredObject | None:
        with self._mutex:
            stored = self._objects.get(key)
            return None if stored is None else StoredObject(info=_info(key, stored), body=stored.body)

    def head(self, key: str) -> ObjectInfo | None:
        with self._mutex:
            stored = self._objects.get(key)
            return None if stored is None else _info(key, stored)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with self._mutex:
            stored = self._objects.get(key)
        if stored is None:
            raise NotFound(f"no object {key}")
        with io.BufferedReader(_ForwardOnly(stored.body)) as stream:
            yield stream

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
        new = _Object(
            body=bytes(body),
            content_type=content_type,
            metadata=_checked_metadata(metadata),
            cache_control=cache_control,
        )
        with self._mutex:
            there = self._objects.get(key)
            if if_absent and there is not None:
                raise AlreadyExists(f"{key} exists")
            if if_match is not None and (there is None or there.etag != if_match):
                raise AlreadyExists(f"{key} is another one")
            self._objects[key] = new
            return new.etag

    @contextmanager
    def writer(
        self, key: str, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> Iterator[ObjectWriter]:
        checked = _checked_metadata(metadata)
        buffer = io.BytesIO()
        yield buffer
        self.put(key, buffer.getvalue(), content_type=content_type, metadata=checked)

    def copy(self, source: str, target: str, *, metadata: Mapping[str, str] | None = None) -> None:
        checked = None if metadata is None else _checked_metadata(metadata)
        with self._mutex:
            stored = self._objects.get(source)
            if stored is None:
                raise NotFound(f"no object {source}")
            self._objects[target] = stored if checked is None else replace(stored, metadata=checked)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._mutex:
            found = sorted((key, stored) for key, stored in self._objects.items() if key.startswith(prefix))
        for key, stored in found:
            yield ObjectInfo(key=key, size=len(stored.body), etag=stored.etag)

    def delete(self, key: str) -> None:
        with self._mutex:
            self._objects.pop(key, None)

    def delete_prefix(self, prefix: str) -> int:
        if not prefix:
            raise BadInput("an empty prefix would delete the whole bucket")
        with self._mutex:
            keys = [key for key in self._objects if key.startswith(prefix)]
            for key in keys:
                del self._objects[key]
            return len(keys)

    def keys(self) -> tuple[str, ...]:
        """For assertions."""
        with self._mutex:
            return tuple(sorted(self._objects))

    def cache_control(self, key: str) -> str | None:
        """For assertions."""
        return self._objects[key].cache_control


def _info(key: str, stored: _Object) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=len(stored.body),
        etag=stored.etag,
        metadata=dict(stored.metadata),
        content_type=stored.content_type,
    )


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    values = {name.lower(): value for name, value in (metadata or {}).items()}
    if not all(name.isascii() and value.isascii() for name, value in values.items()):
        raise BadInput("object metadata has to be ASCII; percent-encode it")
    if sum(len(name) + len(value) for name, value in values.items()) > 2048:
        raise BadInput("object metadata has at most 2,048 bytes")
    return values


# -------------------------------------------------------------------------------------------------------- documents


@dataclass(frozen=True, kw_only=True)
class _Lock:
    ref: LockRef
    expires_at: datetime


class FakeLocks:
    def __init__(self, *, clock: Clock) -> None:
        self.mutex = threading.RLock()
        self._clock = clock
        self._locks: dict[str, _Lock] = {}

    def acquire(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> LockRef:
        with self.mutex:
            there = self._locks.get(anime_id)
            if there is None:
                return self._set(anime_id, lock, self._clock() + lease)
            if there.ref.owner == lock.owner:
                return self._set(anime_id, there.ref, max(there.expires_at, self._clock() + lease))
            if there.expires_at > self._clock():
                raise LockHeld(anime_id, there.ref.owner)
            return self._set(anime_id, lock, self._clock() + lease)

    def take_over(self, anime_id: str, lock: LockRef, *, ended: LockRef, lease: timedelta) -> LockRef:
        with self.mutex:
            if self.holder(anime_id) == ended:
                return self._set(anime_id, lock, self._clock() + lease)
            return self.acquire(anime_id, lock, lease=lease)

    def extend(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> None:
        with self.mutex:
            if not self.owned(anime_id, lock):
                raise LockLost(f"{anime_id} is not locked by {lock.owner} any more")
            self._set(anime_id, lock, max(self._locks[anime_id].expires_at, self._clock() + lease))

    def release(self, anime_id: str, lock: LockRef) -> bool:
        with self.mutex:
            owned = self.owned(anime_id, lock)
            if owned:
                del self._locks[anime_id]
            return owned

    def holder(self, anime_id: str) -> LockRef | None:
        with self.mutex:
            there = self._locks.get(anime_id)
            return None if there is None else there.ref

    def owned(self, anime_id: str, lock: LockRef) -> bool:
        """What the first write of a commit checks: owner and token, not the lease."""
        return self.holder(anime_id) == lock

    def expires_at(self, anime_id: str) -> datetime | None:
        """For assertions."""
        there = self._locks.get(anime_id)
        return None if there is None else there.expires_at

    def _set(self, anime_id: str, ref: LockRef, expires_at: datetime) -> LockRef:
        self._locks[anime_id] = _Lock(ref=ref, expires_at=expires_at)
        return ref


class FakeAnimes:
    """``locks`` is what ``commit`` checks."""

    def __init__(self, *, locks: FakeLocks) -> None:
        self._mutex = threading.RLock()
        self._locks = locks
        self._entries: dict[str, AnimeEntry] = {}
        self._owners: dict[str, str] = {}
        self._pending: dict[str, list[PendingEvent]] = {}

    def get(self, anime_id: str) -> AnimeEntry | None:
        with self._mutex:
            entry = self._entries.get(anime_id)
            return None if entry is None else entry.model_copy(deep=True)

    def get_many(self, anime_ids: Sequence[str]) -> dict[str, AnimeEntry]:
        found = {anime_id: self.get(anime_id) for anime_id in anime_ids}
        return {anime_id: entry for anime_id, entry in found.items() if entry is not None}

    def commit_state(self, anime_id: str) -> CommitState | None:
        with self._mutex:
            entry = self._entries.get(anime_id)
            return None if entry is None else CommitState(revision=entry.revision, last_saga=entry.last_saga)

    def find_by_sources(self, sources: Iterable[str]) -> dict[str, str]:
        with self._mutex:
            return {url: self._owners[url] for url in sources if url in self._owners}

    def summaries(self) -> Iterator[AnimeSummary]:
        with self._mutex:
            entries = list(self._entries.values())
        for entry in entries:
            yield AnimeSummary(
                anime_id=entry.anime_id,
                sources=tuple(entry.sources),
                offered_sources=None if entry.offered_sources is None else tuple(entry.offered_sources),
                status=entry.status.value,
                episodes=entry.episodes,
                enriched=entry.enriched,
                orphaned=entry.system_status is SystemStatus.ORPHANED,
            )

    def episode_counts(self) -> dict[str, int]:
        with self._mutex:
            counts = {
                entry.anime_id: sum(not is_special(episode.episode_number) for episode in entry.episode_details)
                for entry in self._entries.values()
            }
        return {anime_id: count for anime_id, count in counts.items() if count}

    def count(self) -> int:
        return len(self._entries)

    def insert_missing(self, entries: Sequence[AnimeEntry]) -> InsertResult:
        inserted: list[str] = []
        existing: list[str] = []
        conflicts: list[str] = []
        by_id: dict[str, AnimeEntry] = {}
        for entry in entries:
            by_id.setdefault(entry.anime_id, entry)
        with self._mutex:
            for entry in by_id.values():
                if entry.anime_id in self._entries:
                    existing.append(entry.anime_id)
                elif self._foreign_sources(entry.anime_id, entry.sources):
                    conflicts.append(entry.anime_id)
                else:
                    self._store(entry)
                    inserted.append(entry.anime_id)
        return InsertResult(inserted=tuple(inserted), existing=tuple(existing), conflicts=tuple(conflicts))

    def apply_sync(self, updates: Sequence[SyncUpdate]) -> tuple[str, ...]:
        conflicts: list[str] = []
        with self._mutex:
            for update in updates:
                entry = self._entries.get(update.anime_id)
                if entry is None:
                    continue
                if self._foreign_sources(update.anime_id, update.add_sources):
                    conflicts.append(update.anime_id)
                else:
                    self._store(entry.model_copy(update=_synced(entry, update)))
        return tuple(conflicts)

    def commit(self, write: CommitWrite) -> None:
        entry = write.entry
        with self._locks.mutex, self._mutex:
            if not self._locks.owned(entry.anime_id, write.lock):
                raise LockLost(f"{entry.anime_id} is not locked by {write.lock.owner} any more")
            there = self._entries.get(entry.anime_id)
            revision = None if there is None else there.revision
            if revision != write.base_revision:
                raise StaleRevision(f"{entry.anime_id} is at revision {revision}, not {write.base_revision}")
            if self._foreign_sources(entry.anime_id, entry.sources):
                raise SourceConflict(f"a source of {entry.anime_id} belongs to another anime")
            if there is not None:
                kept = {field: getattr(there, field) for field in SYNC_OWNED_FIELDS}
                kept["sources"] = _added(there.sources, entry.sources)
                entry = entry.model_copy(update=kept)
            self._store(entry)

    def add_pending(self, anime_id: str, event: PendingEvent) -> None:
        with self._mutex:
            if anime_id not in self._entries:
                raise NotFound(f"no anime {anime_id}")
            events = self._pending.setdefault(anime_id, [])
            if event not in events:
                events.append(event)

    def pending(self, anime_id: str) -> tuple[PendingEvent, ...]:
        with self._mutex:
            return tuple(self._pending.get(anime_id, ()))

    def remove_pending(self, anime_id: str, event: PendingEvent) -> None:
        with self._mutex:
            self._pending[anime_id] = [one for one in self._pending.get(anime_id, ()) if one != event]

    def anime_with_pending(self) -> tuple[str, ...]:
        with self._mutex:
            return tuple(sorted(anime_id for anime_id, events in self._pending.items() if events))

    @contextmanager
    def snapshot(self) -> Iterator[SnapshotReader]:
        with self._mutex:
            entries = [self._entries[anime_id] for anime_id in sorted(self._entries)]
        yield _Snapshot(entries)

    def restore(self, entries: Sequence[AnimeEntry]) -> None:
        with self._mutex:
            for entry in entries:
                if self._foreign_sources(entry.anime_id, entry.sources):
                    raise SourceConflict(f"a source of {entry.anime_id} belongs to another anime")
                self._pending.pop(entry.anime_id, None)
                self._store(entry)

    def delete(self, anime_ids: Sequence[str]) -> None:
        with self._mutex:
            for anime_id in anime_ids:
                self._pending.pop(anime_id, None)
                self._forget(anime_id)

    def _foreign_sources(self, anime_id: str, sources: Iterable[str]) -> bool:
        return any(self._owners.get(url, anime_id) != anime_id for url in sources)

    def _store(self, entry: AnimeEntry) -> None:
        """Through JSON, as a database would, so that nothing is shared with the caller and only what is valid stays."""
        ordered = entry.model_copy(
            update={
                "episode_details": sorted(entry.episode_details, key=episode_order),
                "sources": sorted(entry.sources),
            }
        )
        self._forget(entry.anime_id)
        self._entries[entry.anime_id] = AnimeEntry.model_validate_json(ordered.model_dump_json(exclude_none=True))
        self._owners.update(dict.fromkeys(entry.sources, entry.anime_id))

    def _forget(self, anime_id: str) -> None:
        entry = self._entries.pop(anime_id, None)
        for url in entry.sources if entry else ():
            del self._owners[url]


@dataclass(frozen=True)
class _Snapshot:
    _entries: list[AnimeEntry]

    def entries(self) -> Iterator[AnimeEntry]:
        return (entry.model_copy(deep=True) for entry in self._entries)


def _added(present: Sequence[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*present, *new)))


def _synced(entry: AnimeEntry, update: SyncUpdate) -> dict[str, Any]:
    changed: dict[str, Any] = {"sources": _added(entry.sources, update.add_sources)}
    if update.offered_sources is not None:
        changed["offered_sources"] = list(update.offered_sources)
    if update.resurrect:
        changed |= {"system_status": SystemStatus.ACTIVE, "orphaned_at": None}
    if update.orphaned_at is not None:
        changed |= {"system_status": SystemStatus.ORPHANED, "orphaned_at": update.orphaned_at}
    return changed


class FakeReviews:
    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._reviews: dict[str, Review] = {}

    def request(self, review: Review) -> Review:
        with self._mutex:
            there = self._reviews.get(review.review_id)
            if there is None:
                self._reviews[review.review_id] = review.model_copy(deep=True)
            elif there.state == "pending":
                overwritten = {
                    name: getattr(review, name) for name in ("token", "attempt", "proposed_key", "sha256", "changed")
                }
                self._reviews[review.review_id] = there.model_copy(update=overwritten)
            return self._reviews[review.review_id]

    def get(self, review_id: str) -> Review | None:
        with self._mutex:
            return self._reviews.get(review_id)

    def list(
        self, *, state: str | None, kind: ReviewKind | None, limit: int, after: str | None = None
    ) -> tuple[Review, ...]:
        with self._mutex:
            found = [
                review
                for review_id, review in sorted(self._reviews.items())
                if (after is None or review_id > after)
                and (state is None or review.state == state)
                and (kind is None or set(review.kinds) == {kind})
            ]
        return tuple(found[:limit])

    def decide(self, review_id: str, decision: Decision) -> Review:
        with self._mutex:
            there = self._reviews.get(review_id)
            if there is None:
                raise NotFound(f"no review {review_id}")
            if there.state == "pending":
                if there.sha256 != decision.sha256:
                    raise ReviewOutdated(f"{review_id} proposes something else by now")
                there = there.model_copy(update={"state": "decided", "decision": decision})
                self._reviews[review_id] = there
                return there
            made = there.decision
            if made is None or (made.verdict, made.sha256) != (decision.verdict, decision.sha256):
                raise AlreadyDecided(f"{review_id} is {there.state}")
            return there

    def expire(self, review_id: str) -> None:
        with self._mutex:
            there = self._reviews.get(review_id)
            if there is not None and there.state == "pending":
                self._reviews[review_id] = there.model_copy(update={"state": "expired"})

    def rejected_anime(self) -> frozenset[str]:
        with self._mutex:
            return frozenset(
                review.anime_id
                for review in self._reviews.values()
                if ReviewKind.NEW in review.kinds and review.decision and review.decision.verdict == "rejected"
            )

    def raised_flags(self) -> Iterator[RaisedFlag]:
        with self._mutex:
            reviews = [review for review in self._reviews.values() if review.state != "expired"]
        for review in reviews:
            for flag in review.flags:
                yield RaisedFlag(
                    anime_id=review.anime_id, field=flag.field, offered=flag.offered, release=review.release
                )


# ---------------------------------------------------------------------------------------------------------- vectors


class FakeVectors:
    """Vectors are kept in 32 bits, as the engine keeps them."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._points: dict[str, VectorPoint] = {}

    def get(self, anime_id: str) -> VectorPoint | None:
        with self._mutex:
            point = self._points.get(anime_id)
            return None if point is None else _copied(point)

    def upsert(self, point: VectorPoint, *, base_revision: int | None, saga: str) -> None:
        with self._mutex:
            there = self._points.get(point.anime_id)
            if there is not None and not (
                there.payload.get("saga") == saga
                or (base_revision is not None and there.payload.get("revision") == base_revision)
            ):
                raise StaleRevision(f"the point of {point.anime_id} is not at revision {base_revision}")
            self._points[point.anime_id] = _copied(replace(point, payload={**point.payload, "saga": saga}))

    def restore(self, point: VectorPoint, *, saga: str) -> None:
        with self._mutex:
            if self._written_by(point.anime_id, saga):
                self._points[point.anime_id] = _copied(point)

    def delete(self, anime_id: str, *, saga: str) -> None:
        with self._mutex:
            if self._written_by(anime_id, saga):
                del self._points[anime_id]

    def insert_missing(self, points: Sequence[VectorPoint]) -> None:
        with self._mutex:
            for point in points:
                self._points.setdefault(point.anime_id, _copied(point))

    def overwrite(self, points: Sequence[VectorPoint]) -> None:
        with self._mutex:
            self._points.update({point.anime_id: _copied(point) for point in points})

    def set_payload(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        with self._mutex:
            for anime_id, fields in changes.items():
                point = self._points.get(anime_id)
                if point is not None:
                    self._points[anime_id] = _copied(replace(point, payload={**point.payload, **fields}))

    def search(self, vector: Sequence[float], *, limit: int, include_orphaned: bool) -> tuple[Hit, ...]:
        with self._mutex:
            hits = [
                Hit(anime_id=anime_id, score=_dot(vector, point.vectors["text"]), payload=_copied(point).payload)
                for anime_id, point in self._points.items()
                if include_orphaned or point.payload.get("system_status") != SystemStatus.ORPHANED
            ]
        return tuple(sorted(hits, key=lambda hit: -hit.score)[:limit])

    def scan(self, *, with_vectors: bool) -> Iterator[VectorPoint]:
        with self._mutex:
            points = [_copied(point) for point in self._points.values()]
        for point in points:
            yield point if with_vectors else replace(point, vectors={})

    def count(self) -> int:
        return len(self._points)

    def remove(self, anime_ids: Sequence[str]) -> None:
        with self._mutex:
            for anime_id in anime_ids:
                self._points.pop(anime_id, None)

    def _written_by(self, anime_id: str, saga: str) -> bool:
        there = self._points.get(anime_id)
        return there is not None and there.payload.get("saga") == saga


def _copied(point: VectorPoint) -> VectorPoint:
    return VectorPoint(
        anime_id=point.anime_id,
        vectors={name: array("f", vector).tolist() for name, vector in point.vectors.items()},
        payload=json.loads(json.dumps(dict(point.payload))),
    )


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


class FakeEmbedder:
    """Words hashed into dimensions: equal texts are equal, texts that share words are near. Always unit length."""

    def __init__(self, *, dimensions: int = 256) -> None:
        self.dimensions = dimensions

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> list[float]:
        if not text.strip():
            raise BadInput("an empty text has no embedding")
        vector = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.casefold()) or [""]:
            digest = hashlib.sha256(word.encode()).digest()
            vector[int.from_bytes(digest[:4]) % self.dimensions] += 1.0
        length = math.hypot(*vector)
        return [value / length for value in vector]


# ------------------------------------------------------------------------------------------------ machines and queues

_PAYLOAD_LIMIT: Final = 262_144


class FakeExecutions:
    """``started`` holds the input of each execution by name; ``finish`` ends one."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._statuses: dict[str, ExecutionStatus] = {}
        self.started: dict[str, Mapping[str, Any]] = {}

    def start(self, name: str, payload: Mapping[str, Any]) -> ExecutionStatus:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name):
            raise BadInput(f"not a name of an execution: {name!r}; expected 1 to 80 of A-Z, a-z, 0-9, _ and -")
        if len(json.dumps(payload).encode()) > _PAYLOAD_LIMIT:
            raise Permanent(f"the input of {name} is larger than {_PAYLOAD_LIMIT} bytes")
        with self._mutex:
            if name not in self._statuses:
                self._statuses[name] = ExecutionStatus.RUNNING
                self.started[name] = copy.deepcopy(dict(payload))
            return self._statuses[name]

    def status(self, name: str) -> ExecutionStatus | None:
        with self._mutex:
            return self._statuses.get(name)

    def finish(self, name: str, status: ExecutionStatus = ExecutionStatus.SUCCEEDED) -> None:
        with self._mutex:
            if name not in self._statuses:
                raise KeyError(name)
            self._statuses[name] = status


class FakeTasks:
    """``wait`` makes a token one that somebody waits for; ``outputs`` holds what was sent, by token."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._waiting: set[str] = set()
        self.outputs: dict[str, Mapping[str, Any]] = {}

    def wait(self, token: str) -> None:
        with self._mutex:
            self._waiting.add(token)

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        if len(json.dumps(output).encode()) > _PAYLOAD_LIMIT:
            raise Permanent(f"the output of a task is larger than {_PAYLOAD_LIMIT} bytes")
        with self._mutex:
            if token not in self._waiting:
                return False
            self._waiting.remove(token)
            self.outputs[token] = copy.deepcopy(dict(output))
            return True


class FakeQueue:
    """A received message stays invisible until it is deleted or ``redeliver`` is called."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._visible: deque[tuple[str, str]] = deque()
        self._in_flight: dict[str, tuple[str, str]] = {}
        self._number = 0

    def send(self, message: Mapping[str, Any]) -> None:
        with self._mutex:
            self._visible.append((self._next("message"), json.dumps(message)))

    def receive(self, limit: int = 10) -> Sequence[QueueMessage]:
        received: list[QueueMessage] = []
        with self._mutex:
            while self._visible and len(received) < limit:
                message = self._visible.popleft()
                receipt = self._next("receipt")
                self._in_flight[receipt] = message
                received.append(QueueMessage(body=json.loads(message[1]), receipt=receipt))
        return tuple(received)

    def delete(self, receipt: str) -> None:
        with self._mutex:
            self._in_flight.pop(receipt, None)

    def redeliver(self) -> None:
        """What the end of the visibility timeout does."""
        with self._mutex:
            self._visible.extend(self._in_flight.values())
            self._in_flight.clear()

    def messages(self) -> tuple[Any, ...]:
        """For assertions: every message that is not deleted, received or not."""
        with self._mutex:
            return tuple(json.loads(body) for _, body in (*self._in_flight.values(), *self._visible))

    def _next(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number}"


class FakeCache:
    def __init__(self, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._mutex = threading.RLock()
        self._clock = clock
        self._values: dict[str, tuple[bytes, datetime]] = {}

    def get(self, key: str) -> bytes | None:
        with self._mutex:
            value, until = self._values.get(key, (None, None))
            return value if until is not None and until > self._clock() else None

    def set(self, key: str, value: bytes, *, ttl: timedelta) -> None:
        if ttl < timedelta(milliseconds=1):
            raise BadInput("a value needs to be kept for at least a millisecond")
        with self._mutex:
            self._values[key] = (bytes(value), self._clock() + ttl)

    def delete(self, key: str) -> None:
        with self._mutex:
            self._values.pop(key, None)


@dataclass(frozen=True, kw_only=True)
class FakeSchedule:
    at: datetime
    payload: Mapping[str, Any]


class FakeSchedules:
    """``schedules`` holds them by name; ``updates`` the names that were given another time."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self.schedules: dict[str, FakeSchedule] = {}
        self.updates: list[str] = []

    def put(self, name: str, at: datetime, payload: Mapping[str, Any]) -> None:
        if not re.fullmatch(r"[0-9a-zA-Z._-]{1,64}", name):
            raise BadInput(f"not a name of a schedule: {name!r}; expected 1 to 64 of A-Z, a-z, 0-9, -, _ and .")
        new = FakeSchedule(at=at.astimezone(UTC).replace(microsecond=0), payload=copy.deepcopy(dict(payload)))
        with self._mutex:
            there = self.schedules.get(name)
            if there is not None and there.at == new.at:
                return
            if there is not None:
                self.updates.append(name)
            self.schedules[name] = new


# ----------------------------------------------------------------------------------------------------------- images


class FakeImageMap:
    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._records: dict[str, ImageRecord] = {}

    def get_many(self, source_url_hashes: Sequence[str]) -> dict[str, ImageRecord]:
        with self._mutex:
            return {one: self._records[one] for one in source_url_hashes if one in self._records}

    def put(self, record: ImageRecord) -> None:
        with self._mutex:
            self._records[record.source_url_hash] = record
