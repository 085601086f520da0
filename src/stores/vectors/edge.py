"""The Qdrant engine in this process, which the local stack uses in place of a server.

The engine locks its folder to one process, so there is one engine a folder, shared by all adapters of the process.
"""

import atexit
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from models.collections import TEXT_VECTOR, VECTOR_COLLECTIONS, VectorCollection
from models.errors import AnimeError, NotFound, Permanent, StaleRevision, Unavailable
from models.ids import point_id
from models.vectors import VectorPoint
from stores.batches import in_batches
from stores.vectors import points
from workflows.ports import Hit

_FLUSH_SECONDS: Final = 5


class EdgeVectors:
    """Port ``Vectors`` of one collection, in ``folder``/<name of the collection>."""

    def __init__(self, folder: Path, spec: VectorCollection = VECTOR_COLLECTIONS[0]) -> None:
        import qdrant_edge

        self._edge: Any = qdrant_edge
        self._spec = spec
        self._engine = _shared_engine((folder / spec.name).resolve())

    def ensure(self) -> tuple[str, ...]:
        """Creates the collection and its payload indexes where they are missing; names what it created."""
        with self._engine.mutex, _translated("ensure"):
            created = [] if self._engine.open(self._edge) else [self._spec.name]
            if created:
                self._engine.create(self._edge, self._config())
            present = self._engine.shard.info().payload_schema
            kinds = {"keyword": self._edge.PayloadSchemaType.Keyword, "integer": self._edge.PayloadSchemaType.Integer}
            for field, kind in self._spec.payload_indexes:
                if field not in present:
                    self._engine.shard.update(self._edge.UpdateOperation.create_field_index(field, kinds[kind]))
                    created.append(f"{self._spec.name}.{field}")
            self._engine.shard.flush()
        return tuple(created)

    def get(self, anime_id: str) -> VectorPoint | None:
        with _translated("get"):
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
        with _translated("search"):
            found = self._shard().query(request)
        return tuple(points.read_hit(one.payload, one.score) for one in found)

    def scan(self, *, with_vectors: bool) -> Iterator[VectorPoint]:
        offset = None
        while True:
            request = self._edge.ScrollRequest(
                offset=offset, limit=points.SCROLL_BATCH, with_payload=True, with_vector=with_vectors
            )
            with _translated("scan"):
                records, offset = self._shard().scroll(request)
            for record in records:
                yield points.read_point(record.payload, record.vector)
            if offset is None:
                return

    def count(self) -> int:
        with _translated("count"):
            return int(self._shard().count(self._edge.CountRequest(exact=True)))

    def remove(self, anime_ids: Sequence[str]) -> None:
        for ids in in_batches(anime_ids, points.WRITE_BATCH):
            self._update(self._edge.UpdateOperation.delete_points_by_filter, points.among(self._edge, ids))

    def _write(self, new: Iterable[Any], **options: Any) -> None:
        self._update(self._edge.UpdateOperation.upsert_points, list(new), **options)

    def _update(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        with self._engine.mutex, _translated("update"):
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

    def _config(self) -> Any:
        dot = self._edge.Distance.Dot
        return self._edge.EdgeConfig(
            vectors={one.name: self._edge.EdgeVectorParams(one.dimensions, dot) for one in self._spec.vectors}
        )


class _Engine:
    """The engine of one folder; ``mutex`` guards opening it and makes a write and its check one.

    Its log keeps every write over a crash of the process, so segments are flushed only now and then and at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.mutex = threading.RLock()
        self.shard: Any = None
        self._folder = folder
        self._flushed = 0.0

    def open(self, edge: Any) -> bool:
        """False where the folder holds no collection yet."""
        with self.mutex:
            if self.shard is None and self._folder.is_dir():
                try:
                    self.shard = edge.EdgeShard.load(str(self._folder))
                except Exception as error:  # noqa: BLE001 - the engine raises nothing narrower
                    raise Unavailable(f"cannot open {self._folder.name}: {error}") from None
            return self.shard is not None

    def create(self, edge: Any, config: Any) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self.shard = edge.EdgeShard.create(str(self._folder), config)

    def flush_if_due(self) -> None:
        if time.monotonic() - self._flushed >= _FLUSH_SECONDS:
            self.shard.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        with self.mutex:
            if self.shard is not None:
                if self._folder.is_dir():  # else there is nothing to keep, and the engine could not write
                    self.shard.flush()
                self.shard.close()
                self.shard = None


_engines: Final[dict[Path, _Engine]] = {}
_engines_mutex: Final = threading.Lock()


def close_engines(folder: Path | None = None) -> None:
    """Closes the engines under ``folder``, or all; the next use opens them again."""
    with _engines_mutex:
        under = [path for path in _engines if folder is None or path.is_relative_to(folder.resolve())]
        for path in under:
            _engines[path].close()


def _shared_engine(folder: Path) -> _Engine:
    with _engines_mutex:
        return _engines.setdefault(folder, _Engine(folder))


@contextmanager
def _translated(operation: str) -> Iterator[None]:
    try:
        yield
    except AnimeError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises nothing narrower
        raise Permanent(f"vectors {operation}: {error}") from None


atexit.register(close_engines)
