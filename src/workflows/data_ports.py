"""What a run over the whole database works with."""

from dataclasses import dataclass

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
