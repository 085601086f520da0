"""Writing whole entries: the transaction of a commit, and loading many entries at once."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from models.anime import AnimeEntry
from models.collections import ANIMES, CHARACTERS, EPISODES, LOCKS
from models.errors import LockLost, SourceConflict, StaleRevision
from stores.mongo.connection import in_transaction, majority
from stores.mongo.documents import Document, Documents, enriched_update, take_apart
from stores.mongo.errors import duplicates
from workflows.ports import CommitWrite

_TRANSACTION_SIZE: Final = 1000
"""Documents in one transaction, which MongoDB advises not to exceed."""


class EntryWriter:
    """Lets pymongo's errors through; whoever calls translates them."""

    def __init__(self, database: Database[Document], *, transaction_timeout: timedelta) -> None:
        self._client = database.client
        self._animes = majority(database, ANIMES)
        self._episodes = majority(database, EPISODES)
        self._characters = majority(database, CHARACTERS)
        self._locks = majority(database, LOCKS)
        self._timeout = transaction_timeout

    def commit(self, write: CommitWrite) -> None:
        """Raises:
        LockLost, StaleRevision, SourceConflict: as the port says.
        """
        documents = take_apart(write.entry)
        owned = {"_id": write.entry.anime_id, "owner": write.lock.owner, "token": write.lock.token}

        def body(session: ClientSession) -> None:
            # First, and a write that always changes something: a read, or an update without effect, would let another
            # owner take the lock between this transaction's snapshot and its commit.
            if not self._locks.update_one(owned, {"$inc": {"commits": 1}}, session=session).matched_count:
                raise LockLost(f"{write.entry.anime_id} is not locked by {write.lock.owner} any more")
            self._write_anime(documents.anime, write.base_revision, session)
            _replace(self._episodes, [write.entry.anime_id], documents.episodes, session)
            _replace(self._characters, [write.entry.anime_id], documents.characters, session)

        in_transaction(self._client, body, timeout=self._timeout)

    def insert(self, entries: Sequence[AnimeEntry]) -> set[str]:
        """Inserts entries that are not there. Returns the ids of those that a unique index refused.

        Each entry appears whole: one without episodes and characters is a single document, the others are written
        in transactions.
        """
        apart = [take_apart(entry) for entry in entries]
        refused = self._insert_single([one.anime for one in apart if not _parts(one)])
        for group in _groups([one for one in apart if _parts(one)]):
            if not self._insert_whole(group):
                refused |= {one.anime["_id"] for one in group if not self._insert_whole([one])}
        return refused

    def restore(self, entries: Sequence[AnimeEntry]) -> None:
        """Writes entries as they are, each whole or not at all.

        Raises:
            SourceConflict: a source URL belongs to another anime.
        """
        by_id = {entry.anime_id: entry for entry in entries}
        there = {one["_id"] for one in self._animes.find({"_id": {"$in": list(by_id)}}, {"_id": 1})}
        # Inserting is several times faster than an upsert, and a restore mostly meets empty collections.
        refused = self.insert([entry for entry in by_id.values() if entry.anime_id not in there])
        if refused:
            raise SourceConflict(f"sources of {', '.join(sorted(refused))} belong to other anime")
        for group in _groups([take_apart(by_id[anime_id]) for anime_id in there]):
            self._replace_whole(group)

    def delete(self, anime_ids: Sequence[str]) -> None:
        self._animes.delete_many({"_id": {"$in": anime_ids}})
        self._episodes.delete_many({"anime_id": {"$in": anime_ids}})
        self._characters.delete_many({"anime_id": {"$in": anime_ids}})

    def _write_anime(self, anime: Document, base_revision: int | None, session: ClientSession) -> None:
        there = self._animes.find_one({"_id": anime["_id"]}, {"revision": 1}, session=session)
        revision = None if there is None else there.get("revision", 0)
        if revision != base_revision:
            raise StaleRevision(f"{anime['_id']} is at revision {revision}, not {base_revision}")
        try:
            if there is None:
                self._animes.insert_one(anime, session=session)
            else:
                self._animes.update_one({"_id": anime["_id"]}, enriched_update(anime), session=session)
        except DuplicateKeyError:
            raise SourceConflict(f"a source of {anime['_id']} belongs to another anime") from None

    def _insert_single(self, animes: list[Document]) -> set[str]:
        if not animes:
            return set()
        try:
            self._animes.insert_many(animes, ordered=False)
        except BulkWriteError as error:
            return {animes[position]["_id"] for position in duplicates(error)}
        return set()

    def _insert_whole(self, group: Sequence[Documents]) -> bool:
        """False where a unique index refused one of the group; then nothing of it was written."""

        def body(session: ClientSession) -> None:
            for collection, documents in (
                (self._animes, [one.anime for one in group]),
                (self._episodes, [episode for one in group for episode in one.episodes]),
                (self._characters, [character for one in group for character in one.characters]),
            ):
                if documents:
                    collection.insert_many(documents, session=session)

        try:
            in_transaction(self._client, body, timeout=self._timeout)
        except BulkWriteError as error:
            duplicates(error)
            return False
        return True

    def _replace_whole(self, group: Sequence[Documents]) -> None:
        ids = [one.anime["_id"] for one in group]

        def body(session: ClientSession) -> None:
            animes = [ReplaceOne({"_id": one.anime["_id"]}, one.anime) for one in group]
            self._animes.bulk_write(animes, session=session)
            _replace(self._episodes, ids, [part for one in group for part in one.episodes], session)
            _replace(self._characters, ids, [part for one in group for part in one.characters], session)

        try:
            in_transaction(self._client, body, timeout=self._timeout)
        except BulkWriteError as error:
            duplicates(error)
            raise SourceConflict(f"a source of {', '.join(ids)} belongs to another anime") from None


def _parts(documents: Documents) -> int:
    return len(documents.episodes) + len(documents.characters)


def _groups(apart: Sequence[Documents]) -> Iterator[list[Documents]]:
    group: list[Documents] = []
    size = 0
    for one in apart:
        if group and size + 1 + _parts(one) > _TRANSACTION_SIZE:
            yield group
            group, size = [], 0
        group.append(one)
        size += 1 + _parts(one)
    if group:
        yield group


def _replace(
    collection: Collection[Document], anime_ids: Sequence[str], wanted: Sequence[Document], session: ClientSession
) -> None:
    """Makes the documents of these anime what is wanted, and touches only what differs."""
    there = {one["_id"]: one for one in collection.find({"anime_id": {"$in": anime_ids}}, session=session)}
    numbers = {one["_id"]: one.get("episode_number") for one in wanted}
    # One whose number changed goes first as well, since the number is unique within the anime.
    gone = {key for key, one in there.items() if key not in numbers or numbers[key] != one.get("episode_number")}
    if gone:
        collection.delete_many({"_id": {"$in": list(gone)}}, session=session)
    writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for one in wanted:
        if one["_id"] not in there or one["_id"] in gone:
            writes.append(InsertOne(one))
        elif there[one["_id"]] != one:
            writes.append(ReplaceOne({"_id": one["_id"]}, one))
    if writes:
        collection.bulk_write(writes, session=session)
