"""Points in the order of their anime ids, whatever order the index hands them out in.

What does not fit into one run is sorted in runs on disk and merged, so memory does not grow with the collection.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import BinaryIO, Final

import orjson

from domain.snapshot_format import pack_vectors, unpack_vectors
from models.vectors import VectorPoint

HELD: Final = 4_000
"""Points in memory at a time: some 40 MB with their vectors."""


def by_anime_id(points: Iterable[VectorPoint], *, held: int = HELD) -> Iterator[VectorPoint]:
    stream = iter(points)
    run = _sorted(islice(stream, held))
    if len(run) < held:
        yield from run
        return
    with ExitStack() as files:
        runs = []
        while run:
            file = files.enter_context(tempfile.TemporaryFile())
            _spill(file, run)
            runs.append(file)
            run = _sorted(islice(stream, held))
        yield from heapq.merge(*map(_spilled, runs), key=lambda point: point.anime_id)


def _sorted(points: Iterable[VectorPoint]) -> list[VectorPoint]:
    return sorted(points, key=lambda point: point.anime_id)


def _spill(file: BinaryIO, run: list[VectorPoint]) -> None:
    file.writelines(
        orjson.dumps([point.anime_id, pack_vectors(point.vectors), dict(point.payload)]) + b"\n" for point in run
    )
    file.seek(0)


def _spilled(file: BinaryIO) -> Iterator[VectorPoint]:
    for line in file:
        anime_id, packed, payload = orjson.loads(line)
        yield VectorPoint(anime_id=anime_id, vectors=unpack_vectors(packed), payload=payload)
