"""Points for entries: which vector of the index still fits, and making those that do not."""

from collections.abc import Iterable, Iterator, Sequence

from domain.consistency import Difference, difference, in_step
from domain.vector_points import payload_of, point_of
from models.anime import AnimeEntry
from models.collections import TEXT_VECTOR
from models.vectors import VectorPoint
from workflows.embedding import embed_entries
from workflows.point_order import by_anime_id
from workflows.ports import Embedder


def point_difference(anime_id: str, entry: AnimeEntry | None, point: VectorPoint | None) -> Difference | None:
    """What is wrong with a point, from the side of its entry; None where both agree or neither is there."""
    expected = None if entry is None else payload_of(entry, entry.last_saga)
    return difference(anime_id, expected, None if point is None else point.payload)


def side_by_side(
    entries: Iterable[AnimeEntry], points: Iterable[VectorPoint]
) -> Iterator[tuple[AnimeEntry | None, VectorPoint | None]]:
    """Every id of either side once, in ascending order. ``entries`` are ordered by id, ``points`` need not be."""
    return in_step(entries, by_anime_id(points), left_id=_id_of_entry, right_id=_id_of_point)


def _id_of_entry(entry: AnimeEntry) -> str:
    return entry.anime_id


def _id_of_point(point: VectorPoint) -> str:
    return point.anime_id


def embed_points(entries: Sequence[AnimeEntry], embedder: Embedder) -> list[VectorPoint]:
    """Their points, as written by whoever wrote the entries last."""
    vectors = embed_entries(entries, embedder)
    return [point_of(entry, vector, entry.last_saga) for entry, vector in zip(entries, vectors, strict=True)]


def points_of(
    pairs: Sequence[tuple[AnimeEntry, VectorPoint | None]], embedder: Embedder
) -> list[tuple[VectorPoint, bool]]:
    """The point that belongs to each entry, and whether its vector had to be made: the index's own is taken where it
    is of the same revision, so of the same text."""
    fitting = [_fitting_vector(entry, point) for entry, point in pairs]
    made = iter(
        embed_points([entry for (entry, _), vector in zip(pairs, fitting, strict=True) if vector is None], embedder)
    )
    return [
        (next(made), True) if vector is None else (point_of(entry, vector, entry.last_saga), False)
        for (entry, _), vector in zip(pairs, fitting, strict=True)
    ]


def _fitting_vector(entry: AnimeEntry, point: VectorPoint | None) -> Sequence[float] | None:
    found = point_difference(entry.anime_id, entry, point)
    if point is None or (found is not None and found.needs_vector):
        return None
    return point.vectors.get(TEXT_VECTOR)
