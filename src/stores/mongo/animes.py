"""``animes``, ``episodes`` and ``characters`` as whole entries."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, timedelta
from typing import Any, Final

from pydantic_core import to_jsonable_python
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from models.anime import AnimeEntry
from models.collections import ANIMES, EPISODES
from models.errors import NotFound
from models.vocabulary import SystemStatus
from stores.batches import in_batches
from stores.mongo.connection import in_transaction, majority
from stores.mongo.documents import PENDING, Document
from stores.mongo.entry_reader import EntryReader
from stores.mongo.entry_writer import EntryWriter
from stores.mongo.errors import duplicates, translated
from workflows.ports import (
    AnimeSummary,
    CommitState,
    CommitWrite,
    InsertResult,
    PendingEvent,
    SnapshotReader,
    SyncUpdate,
)

_WRITES: Final = 500
_LOOKUPS: Final = 1000
_STREAM: Final = 2000
_SUMMARY: Final = ("sources", "offered_sources", "status", "episodes", "enriched", "system_status")


class MongoAnimes:
    """Port ``Animes``. ``transaction_timeout`` bounds a transaction with all its repetitions."""

    def __init__(self, database: Database[Document], *, transaction_timeout: timedelta = timedelta(seconds=30)) -> None:
        self._database = database
        self._timeout = transaction_timeout
        self._animes = majority(database, ANIMES)
        self._episodes = majority(database, EPISODES)
        self._writer = EntryWriter(database, transaction_timeout=transaction_timeout)

    def get(self, anime_id: str) -> AnimeEntry | None:
        return self.get_many([anime_id]).get(anime_id)

    def get_many(self, anime_ids: Sequence[str]) -> dict[str, AnimeEntry]:
        def body(session: ClientSession) -> dict[str, AnimeEntry]:
            reader = EntryReader(self._database, session)
            return {entry.anime_id: entry for entry in reader.read(dict.fromkeys(anime_ids))}

        with translated("animes.get"):
            return in_transaction(self._database.client, body, timeout=self._timeout)

    def commit_state(self, anime_id: str) -> CommitState | None:
        with translated("animes.commit_state"):
            there = self._animes.find_one({"_id": anime_id}, {"revision": 1, "last_saga": 1})
        if there is None:
            return None
        return CommitState(revision=there.get("revision", 0), last_saga=there.get("last_saga"))

    def find_by_sources(self, sources: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        with translated("animes.find_by_sources"):
            for urls in in_batches(dict.fromkeys(sources), _LOOKUPS):
                asked = set(urls)
                for one in self._animes.find({"sources": {"$in": urls}}, {"sources": 1}, batch_size=_LOOKUPS):
                    found.update((url, one["_id"]) for url in one["sources"] if url in asked)
        return found

    def summaries(self) -> Iterator[AnimeSummary]:
        with translated("animes.summaries"):
            for one in self._animes.find({}, dict.fromkeys(_SUMMARY, 1), batch_size=_STREAM):
                offered = one.get("offered_sources")
                yield AnimeSummary(
                    anime_id=one["_id"],
                    sources=tuple(one["sources"]),
                    offered_sources=None if offered is None else tuple(offered),
                    status=one["status"],
                    episodes=one["episodes"],
                    enriched=one["enriched"],
                    orphaned=one.get("system_status") == SystemStatus.ORPHANED,
                )

    def episode_counts(self) -> dict[str, int]:
        pipeline: list[Document] = [
            {"$match": {"episode_number": {"$regex": "^[0-9]"}}},
            {"$group": {"_id": "$anime_id", "count": {"$sum": 1}}},
        ]
        with translated("animes.episode_counts"):
            return {one["_id"]: one["count"] for one in self._episodes.aggregate(pipeline, batchSize=_STREAM)}

    def count(self) -> int:
        with translated("animes.count"):
            return self._animes.count_documents({})

    def insert_missing(self, entries: Sequence[AnimeEntry]) -> InsertResult:
        by_id: dict[str, AnimeEntry] = {}
        for entry in entries:
            by_id.setdefault(entry.anime_id, entry)
        existing: set[str] = set()
        conflicts: set[str] = set()
        with translated("animes.insert_missing"):
            for ids in in_batches(by_id, _WRITES):
                present = self._present(ids)
                refused = self._writer.insert([by_id[anime_id] for anime_id in ids if anime_id not in present])
                # Whoever was refused and is there now was inserted by somebody else meanwhile.
                overtaken = self._present(list(refused)) if refused else set()
                existing |= present | overtaken
                conflicts |= refused - overtaken
        return InsertResult(
            inserted=tuple(anime_id for anime_id in by_id if anime_id not in existing | conflicts),
            existing=tuple(anime_id for anime_id in by_id if anime_id in existing),
            conflicts=tuple(anime_id for anime_id in by_id if anime_id in conflicts),
        )

    def apply_sync(self, updates: Sequence[SyncUpdate]) -> tuple[str, ...]:
        refused: list[str] = []
        with translated("animes.apply_sync"):
            for batch in in_batches(updates, _WRITES):
                writes = [(update.anime_id, _sync_update(update)) for update in batch]
                writes = [(anime_id, write) for anime_id, write in writes if write]
                try:
                    if writes:
                        requests = [UpdateOne({"_id": anime_id}, write) for anime_id, write in writes]
                        self._animes.bulk_write(requests, ordered=False)
                except BulkWriteError as error:
                    refused.extend(writes[position][0] for position in duplicates(error))
        return tuple(refused)

    def commit(self, write: CommitWrite) -> None:
        with translated("animes.commit"):
            self._writer.commit(write)

    def add_pending(self, anime_id: str, event: PendingEvent) -> None:
        """Raises:
        NotFound: there is no such anime to keep it on.
        """
        with translated("animes.add_pending"):
            added = self._animes.update_one({"_id": anime_id}, {"$addToSet": {PENDING: asdict(event)}})
        if not added.matched_count:
            raise NotFound(f"no anime {anime_id}")

    def pending(self, anime_id: str) -> tuple[PendingEvent, ...]:
        with translated("animes.pending"):
            there = self._animes.find_one({"_id": anime_id}, {PENDING: 1}) or {}
        return tuple(PendingEvent(**event) for event in there.get(PENDING, ()))

    def remove_pending(self, anime_id: str, event: PendingEvent) -> None:
        with translated("animes.remove_pending"):
            self._animes.update_one({"_id": anime_id}, {"$pull": {PENDING: asdict(event)}})

    def anime_with_pending(self) -> tuple[str, ...]:
        with translated("animes.anime_with_pending"):
            found = self._animes.find({f"{PENDING}.0": {"$exists": True}}, {"_id": 1}, batch_size=_STREAM)
            return tuple(sorted(one["_id"] for one in found))

    @contextmanager
    def snapshot(self) -> Iterator[SnapshotReader]:
        """A snapshot session, which may last longer than the minute that a transaction has. MongoDB keeps the
        snapshot for five; the server of the local stack accepts such a session without holding the reads to it."""
        with translated("animes.snapshot"), self._database.client.start_session(snapshot=True) as session:
            yield EntryReader(self._database, session)

    def restore(self, entries: Sequence[AnimeEntry]) -> None:
        with translated("animes.restore"):
            for batch in in_batches(entries, _WRITES):
                self._writer.restore(batch)

    def delete(self, anime_ids: Sequence[str]) -> None:
        with translated("animes.delete"):
            for ids in in_batches(anime_ids, _WRITES):
                self._writer.delete(ids)

    def _present(self, anime_ids: Sequence[str]) -> set[str]:
        return {one["_id"] for one in self._animes.find({"_id": {"$in": anime_ids}}, {"_id": 1}, batch_size=_LOOKUPS)}


def _sync_update(update: SyncUpdate) -> Document:
    values: dict[str, Any] = {}
    if update.offered_sources is not None:
        values["offered_sources"] = list(update.offered_sources)
    if update.orphaned_at is not None:
        values["system_status"] = SystemStatus.ORPHANED.value
        values["orphaned_at"] = to_jsonable_python(update.orphaned_at.astimezone(UTC))
    elif update.resurrect:
        values["system_status"] = SystemStatus.ACTIVE.value
    write: Document = {"$set": values} if values else {}
    if update.resurrect and update.orphaned_at is None:
        write["$unset"] = {"orphaned_at": ""}
    if update.add_sources:
        write["$addToSet"] = {"sources": {"$each": list(update.add_sources)}}
    return write
