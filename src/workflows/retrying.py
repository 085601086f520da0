"""Repeating what may succeed later."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from models.errors import LockHeld, Retryable, Throttled

T = TypeVar("T")


def with_retries(action: Callable[[], T], *, waits: Sequence[float], sleep: Callable[[float], None]) -> T:
    """Runs ``action`` until it succeeds, at most once more than there are ``waits`` (seconds before each repetition).

    Retryable errors alone are repeated, and of these not LockHeld: a lock is held for as long as another execution
    lasts, which the state machine waits for and no function. A longer wait that the other side asks for is kept.

    Raises:
        Retryable: the last attempt's.
    """
    for wait in waits:
        try:
            return action()
        except LockHeld:
            raise
        except Throttled as error:
            sleep(max(wait, error.retry_after or 0.0))
        except Retryable:
            sleep(wait)
    return action()
