"""The Qdrant engine in this process, which the local stack uses in place of a server."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.collections import TEXT_VECTOR, VECTOR_COLLECTIONS, VectorCollection
from models.errors import NotFound, StaleRevision
from models.ids import point_id
from models.vectors import VectorPoint
from stores.batches import in_batches
from stores.vectors import points
from stores.vectors.edge_engine import engine_of, translated
from workflows.ports import Hit


class EdgeVectors:
    """Port ``Vectors`` of one collection, in ``folder``/<name of the collection>."""

    def __init__(self, folder: Path, spec: VectorCollection = VECTOR_COLLECTIONS[0]) -> None:
        import qdrant_edge

        self._edge: Any = qdrant_edge
        self._spec = spec
        self._engine = engine_of((folder / spec.name).resolve())

    def get(self, anime_id: str) -> VectorPoint | None:
        with translated("get"):
            found = self._shard().retrieve([point_id(anime_id)], with_payload=True, with_vector=True)
        return points.read_point(found[0].payload, found[0].vector) if found else None

    def upsert(self, point: VectorPoint, *, base_revision: int | None, saga: str) -> None:
        condition = points.unchanged_since(self._edge, base_revision, saga)
        with self._engine.mutex:
            self._write([self._point(point, saga=saga)], condition=condition)
            applied = points.applied(self.get(point.anime_id), point, saga)
        if not applied:
            raise StaleRevision(f"the point of {point.anime_id} is not at revision {base_revision}")

    def restore(self, point: VectorPoint, *, saga: str) -> None:
        self._write(
            [self._point(point)],
            condition=points.written_by(self._edge, saga),
            update_mode=self._edge.UpdateMode.UpdateOnly,
        )

    def delete(self, anime_id: str, *, saga: str) -> None:
        self._update(
            self._edge.UpdateOperation.delete_points_by_filter, points.among(self._edge, [anime_id], saga=saga)
        )

    def insert_missing(self, new: Sequence[VectorPoint]) -> None:
        for batch in in_batches(new, points.WRITE_BATCH):
            self._write(map(self._point, batch), update_mode=self._edge.UpdateMode.InsertOnly)

    def overwrite(self, new: Sequence[VectorPoint]) -> None:
        for batch in in_batches(new, points.WRITE_BATCH):
            self._write(map(self._point, batch))

    def set_payload(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        for fields, anime_ids in points.equal_changes(changes):
            for ids in in_batches(anime_ids, points.WRITE_BATCH):
                # By filter: by ids the engine refuses the whole call where one point is missing.
                change = self._edge.UpdateOperation.set_payload_by_filter
                self._update(change, points.among(self._edge, ids), dict(fields))

    def search(self, vector: Sequence[float], *, limit: int, include_orphaned: bool) -> tuple[Hit, ...]:
        request = self._edge.QueryRequest(
            limit=limit,
            query=self._edge.Query.Nearest(list(vector), using=TEXT_VECTOR),
            filter=points.visible(self._edge, include_orphaned=include_orphaned),
            with_payload=True,
        )
        with translated("search"):
            found = self._shard().query(request)
        return tuple(points.read_hit(one.payload, one.score) for one in found)

    def scan(self, *, with_vectors: bool) -> Iterator[VectorPoint]:
        offset = None
        while True:
            request = self._edge.ScrollRequest(
                offset=offset, limit=points.SCROLL_BATCH, with_payload=True, with_vector=with_vectors
            )
            with translated("scan"):
                records, offset = self._shard().scroll(request)
            for record in records:
                yield points.read_point(record.payload, record.vector)
            if offset is None:
                return

    def count(self) -> int:
        with translated("count"):
            return int(self._shard().count(self._edge.CountRequest(exact=True)))

    def remove(self, anime_ids: Sequence[str]) -> None:
        for ids in in_batches(anime_ids, points.WRITE_BATCH):
            self._update(self._edge.UpdateOperation.delete_points_by_filter, points.among(self._edge, ids))

    def _write(self, new: Iterable[Any], **options: Any) -> None:
        self._update(self._edge.UpdateOperation.upsert_points, list(new), **options)

    def _update(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        with self._engine.mutex, translated("update"):
            self._shard().update(operation(*arguments, **options))
            self._engine.flush_if_due()

    def _shard(self) -> Any:
        shard = self._engine.shard
        if shard is not None:
            return shard
        if not self._engine.open(self._edge):
            raise NotFound(f"the vector collection {self._spec.name} does not exist; migrate the schema first")
        return self._engine.shard

    def _point(self, point: VectorPoint, *, saga: str | None = None) -> Any:
        vectors = {name: list(vector) for name, vector in point.vectors.items()}
        return self._edge.Point(point_id(point.anime_id), vectors, points.payload_of(point, saga=saga))
