"""What pymongo raises, as ``models.errors``; the one place that knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, ConnectionFailure, ExecutionTimeout, OperationFailure, PyMongoError

from models.errors import Permanent, Retryable, Unavailable

DUPLICATE_KEY: Final = 11000

_RETRYABLE_LABELS: Final = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
_RETRYABLE_CODES: Final = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        24,  # LockTimeout
        43,  # CursorNotFound
        46,  # LockBusy
        50,  # MaxTimeMSExpired
        64,  # WriteConcernTimeout
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        112,  # WriteConflict
        134,  # ReadConcernMajorityNotAvailableYet
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        239,  # SnapshotTooOld
        246,  # SnapshotUnavailable
        251,  # NoSuchTransaction
        262,  # ExceededTimeLimit
        462,  # IngressRequestRateLimitExceeded
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)


def translated_error(operation: str, error: PyMongoError | BSONError) -> Permanent | Retryable:
    """The message names the operation and the code, never what was sent or stored."""
    message = f"mongodb {operation}: {type(error).__name__}"
    codes = _codes(error)
    if codes:
        message += f" {', '.join(map(str, sorted(codes)))}"
    return Unavailable(message) if _may_pass(error, codes) else Permanent(message)


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """``operation`` as in ``animes.commit``. The cause is cut off, since the server's messages repeat values.

    Raises:
        Unavailable, Permanent: in place of pymongo's errors.
    """
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise translated_error(operation, error) from None


def duplicates(error: BulkWriteError) -> tuple[int, ...]:
    """Positions of the operations that a unique index refused, where nothing else went wrong.

    Raises:
        BulkWriteError: the same one, where something else did.
    """
    failures = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or any(one["code"] != DUPLICATE_KEY for one in failures):
        raise error
    return tuple(one["index"] for one in failures)


def _codes(error: PyMongoError | BSONError) -> set[int]:
    if isinstance(error, BulkWriteError):
        failures = [*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ())]
        return {one["code"] for one in failures if one.get("code") is not None}
    if isinstance(error, OperationFailure) and error.code is not None:
        return {error.code}
    return set()


def _may_pass(error: PyMongoError | BSONError, codes: set[int]) -> bool:
    if isinstance(error, BSONError):
        return False
    if isinstance(error, ConnectionFailure | ExecutionTimeout) or error.timeout:
        return True
    if any(error.has_error_label(label) for label in _RETRYABLE_LABELS):
        return True
    return bool(codes) and codes <= _RETRYABLE_CODES
