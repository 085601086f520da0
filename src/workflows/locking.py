"""Taking an anime's lock, from the dead as well."""

from datetime import timedelta

from models.errors import LockHeld
from models.events import LockRef
from workflows.ports import Executions, Locks


def acquire(anime_id: str, lock: LockRef, *, lease: timedelta, locks: Locks, executions: Executions) -> LockRef:
    """The lock as it is held now: the given one, or, where the same execution has it already, with its first token.

    It is taken over from an execution that has ended. An owner that does not exist yet keeps its lease: it is about to
    be started.

    Raises:
        LockHeld: a living execution has it.
    """
    try:
        return locks.acquire(anime_id, lock, lease=lease)
    except LockHeld as held:
        holder = locks.holder(anime_id)
        if holder is None:
            return locks.acquire(anime_id, lock, lease=lease)
        if not has_ended(holder.owner, executions):
            raise LockHeld(anime_id, holder.owner) from held
        return locks.take_over(anime_id, lock, ended=holder, lease=lease)


def has_ended(owner: str, executions: Executions) -> bool:
    """False for one that does not exist, or not yet."""
    status = executions.status(owner)
    return status is not None and status.ended


def release_owned(anime_id: str, owner: str, *, locks: Locks) -> bool:
    """Releases the lock that this execution holds, whatever its token. False where it holds none."""
    holder = locks.holder(anime_id)
    return holder is not None and holder.owner == owner and locks.release(anime_id, holder)
