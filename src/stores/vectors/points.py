"""What both vector engines share: payloads, the conditions of conditional writes, batches.

The condition classes of qdrant-client and of the embedded engine have the same names and meaning, so filters are built
from whichever module is given (``engine``).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from models.errors import Malformed
from models.vectors import VectorPoint
from models.vocabulary import SystemStatus
from workflows.ports import Hit

Engine = Any
Filter = Any

WRITE_BATCH: Final = 128
"""Points a request; vendors advise 64 to 256."""

SCROLL_BATCH: Final = 256


def unchanged_since(engine: Engine, base_revision: int | None, saga: str) -> Filter:
    """Matches a stored point that is at ``base_revision`` or was written by ``saga``."""
    conditions = [_is(engine, "saga", saga)]
    if base_revision is not None:
        conditions.append(_is(engine, "revision", base_revision))
    return engine.Filter(should=conditions)


def written_by(engine: Engine, saga: str) -> Filter:
    return engine.Filter(must=[_is(engine, "saga", saga)])


def among(engine: Engine, anime_ids: Iterable[str], *, saga: str | None = None) -> Filter:
    """The points of these anime, of which only those that ``saga`` wrote where it is given."""
    conditions = [engine.FieldCondition(key="anime_id", match=engine.MatchAny(any=list(anime_ids)))]
    if saga is not None:
        conditions.append(_is(engine, "saga", saga))
    return engine.Filter(must=conditions)


def visible(engine: Engine, *, include_orphaned: bool) -> Filter | None:
    if include_orphaned:
        return None
    return engine.Filter(must_not=[_is(engine, "system_status", SystemStatus.ORPHANED.value)])


def payload_of(point: VectorPoint, *, saga: str | None = None) -> dict[str, Any]:
    """The payload as it is stored: it names the anime, and where ``saga`` is given, who wrote it."""
    payload = {**point.payload, "anime_id": point.anime_id}
    return payload if saga is None else {**payload, "saga": saga}


def applied(stored: VectorPoint | None, point: VectorPoint, saga: str) -> bool:
    """Whether a conditional write took place, as the point tells that is there now."""
    if stored is None:
        return False
    return stored.payload.get("saga") == saga and stored.payload.get("revision") == point.payload.get("revision")


def read_point(payload: Mapping[str, Any] | None, vectors: Any) -> VectorPoint:
    """Raises:
    Malformed: the point was not written here.
    """
    if not payload or not isinstance(payload.get("anime_id"), str):
        raise Malformed("a stored point names no anime")
    named = vectors if isinstance(vectors, dict) else {}
    return VectorPoint(anime_id=payload["anime_id"], vectors=named, payload=dict(payload))


def equal_changes(changes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Sequence[str]]]:
    """Anime that get the same fields, together: thousands of them often do."""
    groups: dict[str, list[str]] = {}
    for anime_id, fields in changes.items():
        groups.setdefault(json.dumps(dict(fields), sort_keys=True), []).append(anime_id)
    for anime_ids in groups.values():
        yield changes[anime_ids[0]], anime_ids


def _is(engine: Engine, field: str, value: str | int) -> Any:
    return engine.FieldCondition(key=field, match=engine.MatchValue(value=value))


def read_hit(payload: Mapping[str, Any] | None, score: float) -> Hit:
    """Raises:
    Malformed: as ``read_point``.
    """
    point = read_point(payload, None)
    return Hit(anime_id=point.anime_id, score=score, payload=point.payload)
