"""Locks in ``anime-processing-locks``: a document an anime with owner, token and ``expires_at``.

All times are the server's. ``expires_at`` is written as ``$$NOW`` plus the lease in the same statement that takes the
lock, and compared with ``$$NOW`` as numbers: comparing the two as dates goes wrong in the server of the local stack,
which would hand out every lock that is held.
"""

from datetime import timedelta
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from models.collections import LOCKS
from models.errors import LockHeld, LockLost, Unavailable
from models.events import LockRef
from stores.mongo.connection import majority
from stores.mongo.documents import Document
from stores.mongo.errors import translated

_NOW: Final = {"$toLong": "$$NOW"}
_ENDS: Final = {"$toLong": "$expires_at"}
_ATTEMPTS: Final = 5


class MongoLocks:
    def __init__(self, database: Database[Document]) -> None:
        self._locks = majority(database, LOCKS)

    def acquire(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> LockRef:
        with translated("locks.acquire"):
            for _ in range(_ATTEMPTS):
                if self._insert(anime_id, lock, lease) or self._take_expired(anime_id, lock, lease):
                    return lock
                taken = self._reenter(anime_id, lock, lease)
                if taken is not None:
                    return taken
                holder = self._holder(anime_id)
                if holder is not None and holder.owner != lock.owner:
                    raise LockHeld(anime_id, holder.owner)
        raise Unavailable(f"the lock of {anime_id} changes hands too fast")

    def take_over(self, anime_id: str, lock: LockRef, *, ended: LockRef, lease: timedelta) -> LockRef:
        with translated("locks.take_over"):
            taken = self._locks.update_one({"_id": anime_id, **_owned(ended)}, [_set(lock, lease)])
        if taken.matched_count:
            return lock
        return self.acquire(anime_id, lock, lease=lease)

    def extend(self, anime_id: str, lock: LockRef, *, lease: timedelta) -> None:
        with translated("locks.extend"):
            extended = self._locks.update_one({"_id": anime_id, **_owned(lock)}, [_prolong(lease)])
        if not extended.matched_count:
            raise LockLost(f"{anime_id} is not locked by {lock.owner} any more")

    def release(self, anime_id: str, lock: LockRef) -> bool:
        with translated("locks.release"):
            return bool(self._locks.delete_one({"_id": anime_id, **_owned(lock)}).deleted_count)

    def holder(self, anime_id: str) -> LockRef | None:
        with translated("locks.holder"):
            return self._holder(anime_id)

    def _insert(self, anime_id: str, lock: LockRef, lease: timedelta) -> bool:
        """An upsert, since an insert cannot say ``$$NOW``: with a holder the filter misses and ``_id`` collides."""
        absent = {"_id": anime_id, "owner": {"$exists": False}}
        try:
            return self._locks.update_one(absent, [_set(lock, lease)], upsert=True).upserted_id is not None
        except DuplicateKeyError:
            return False

    def _take_expired(self, anime_id: str, lock: LockRef, lease: timedelta) -> bool:
        expired = {"_id": anime_id, "owner": {"$ne": lock.owner}, "$expr": {"$lte": [_ENDS, _NOW]}}
        return bool(self._locks.update_one(expired, [_set(lock, lease)]).matched_count)

    def _reenter(self, anime_id: str, lock: LockRef, lease: timedelta) -> LockRef | None:
        own = {"_id": anime_id, "owner": lock.owner}
        there = self._locks.find_one_and_update(own, [_prolong(lease)], projection={"owner": 1, "token": 1})
        return None if there is None else _ref(there)

    def _holder(self, anime_id: str) -> LockRef | None:
        there = self._locks.find_one({"_id": anime_id}, {"owner": 1, "token": 1})
        return None if there is None else _ref(there)


def _owned(lock: LockRef) -> Document:
    return {"owner": lock.owner, "token": lock.token}


def _ref(document: Document) -> LockRef:
    return LockRef(owner=document["owner"], token=document["token"])


def _end(lease: timedelta) -> Document:
    return {"$add": [_NOW, int(lease.total_seconds() * 1000)]}


def _set(lock: LockRef, lease: timedelta) -> dict[str, Any]:
    owner, token = {"$literal": lock.owner}, {"$literal": lock.token}
    return {"$set": {"owner": owner, "token": token, "expires_at": {"$toDate": _end(lease)}}}


def _prolong(lease: timedelta) -> dict[str, Any]:
    """Never shortens: who enters again may ask for less than it was given before."""
    return {"$set": {"expires_at": {"$toDate": {"$max": [_ENDS, _end(lease)]}}}}
