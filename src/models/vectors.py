"""A point of the vector index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class VectorPoint:
    """Payload: ``anime_id``, ``revision``, ``saga``, ``system_status``, ``sources``, and what search filters by."""

    anime_id: str
    vectors: Mapping[str, Sequence[float]]
    payload: Mapping[str, Any]
