"""What a run over the whole database works with, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.ports import Animes, Clock, Embedder, Objects, Vectors


@dataclass(frozen=True, kw_only=True)
class DataPorts:
    """``embedder_name`` tells vectors of one embedder from those of another with the same dimensions."""

    objects: Objects
    animes: Animes
    vectors: Vectors
    embedder: Embedder
    embedder_name: str
    clock: Clock


def without_members(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a report without the lists behind its figures, which may be more than a function can return."""
    return {name: value for name, value in result.items() if name != "members"}
