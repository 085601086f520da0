"""What the headers of an answer say about being asked again."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_EPOCH_BEGINS: Final = 1_000_000_000.0
"""``X-RateLimit-Reset`` is an instant to some (AniList, AnimeSchedule) and a number of seconds to others; no window
lasts for thirty years."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of the header's two forms, a number or an HTTP date. None where it is absent or neither."""
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds)


def rate_limit(headers: Mapping[str, str]) -> float | None:
    return _number(headers.get("x-ratelimit-limit"))


def rate_remaining(headers: Mapping[str, str]) -> float | None:
    return _number(headers.get("x-ratelimit-remaining"))


def rate_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds since the epoch."""
    value = _number(headers.get("x-ratelimit-reset"))
    if value is None:
        return None
    return value if value >= _EPOCH_BEGINS else now.timestamp() + max(0.0, value)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
