"""What an enrichment waits for less long than for its turn: an end of trouble that nobody can foretell."""

from datetime import datetime, timedelta
from typing import Final

from models.errors import Retryable, Throttled

PATIENCE_IN_TROUBLE: Final = timedelta(minutes=15)
"""As long as a pause is waited for whose end is known (``sources.politeness.LONG_PAUSE``). After it the enrichment goes
on without the catalogue, and says so."""


class InTrouble(Throttled):
    """Not asked, since the catalogue is left alone after failures, or since the count of requests that all workers
    share cannot be had and it would ban whoever asks too often."""


def troubled_since(error: Retryable, earlier: datetime | None, now: datetime) -> datetime | None:
    """Since when; ``earlier``: what the call before said, where nothing was asked since. None for another error."""
    return (earlier or now) if isinstance(error, InTrouble) else None
