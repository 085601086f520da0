"""How the catalogues are doing, for whoever looks after the stack."""

from datetime import UTC, datetime
from typing import Any

from domain.token_bucket import Bucket
from models.errors import AnimeError
from models.events import Catalogue
from workflows.catalogue_ports import RateBuckets
from workflows.ports import Clock


def catalogue_states(buckets: RateBuckets | None, *, clock: Clock) -> dict[str, Any]:
    """``{"catalogues": [...], "problem": text or None}``. ``problem``: why the list does not hold every catalogue.

    Of each: ``paused_until`` with its ``reason`` (``rate``, ``outage``, ``ban``), both None where it may be asked;
    ``failures`` in a row; ``requests_a_minute``, None where nobody has asked it yet.
    """
    if buckets is None:
        return {"catalogues": [], "problem": "the stack has neither a cache nor a table to count requests in"}
    now = clock().timestamp()
    states: list[dict[str, Any]] = []
    for catalogue in Catalogue:
        try:
            bucket = buckets.find(catalogue)
        except AnimeError as error:
            # The others are in the same store, and each would take its time to fail.
            return {"catalogues": states, "problem": str(error)}
        states.append({"catalogue": catalogue.value, **_state(bucket, now)})
    return {"catalogues": states, "problem": None}


def _state(bucket: Bucket | None, now: float) -> dict[str, Any]:
    pause = None if bucket is None else bucket.pause(now)
    return {
        "paused_until": None if bucket is None or pause is None else _text(bucket.paused_until),
        "reason": None if pause is None else pause.value,
        "failures": 0 if bucket is None else bucket.failures,
        "requests_a_minute": None if bucket is None else round(bucket.per_second * 60, 1),
    }


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
