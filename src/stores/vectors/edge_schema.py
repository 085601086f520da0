"""Collections of the embedded engine as ``models.collections`` lists them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.collections import VECTOR_COLLECTIONS, Vector, VectorCollection
from stores.vectors.edge_engine import Engine, engine_of, translated
from stores.vectors.schema_plan import StoredCollection, check, everything, plan
from workflows.ports import Migration


class EdgeSchema:
    """Port ``Schema`` of the collections in ``folder``.

    The engine quantizes while it optimizes, which nobody asks of it here, so quantization is not looked at.
    """

    def __init__(self, folder: Path, collections: Sequence[VectorCollection] = VECTOR_COLLECTIONS) -> None:
        import qdrant_edge

        self._edge: Any = qdrant_edge
        kinds = qdrant_edge.PayloadSchemaType
        self._kinds = {"keyword": kinds.Keyword, "integer": kinds.Integer}
        self._folder = folder
        self._collections = collections

    def check(self) -> None:
        for spec in self._collections:
            engine = self._engine(spec)
            with engine.mutex, translated("schema.check"):
                if engine.open(self._edge):
                    check(self._stored(engine, spec), spec)

    def migrate(self) -> Migration:
        done = Migration()
        self.check()
        for spec in self._collections:
            engine = self._engine(spec)
            with engine.mutex, translated("schema.migrate"):
                done += self._follow(engine, spec) if engine.open(self._edge) else self._create(engine, spec)
                engine.shard.flush()
        return done + Migration(left_over=self._unlisted())

    def _engine(self, spec: VectorCollection) -> Engine:
        return engine_of((self._folder / spec.name).resolve())

    def _create(self, engine: Engine, spec: VectorCollection) -> Migration:
        vectors = {one.name: self._edge.EdgeVectorParams(one.dimensions, self._distance(one)) for one in spec.vectors}
        engine.create(self._edge, self._edge.EdgeConfig(vectors=vectors))
        self._index(engine, spec.payload_indexes)
        return everything(spec)

    def _follow(self, engine: Engine, spec: VectorCollection) -> Migration:
        steps = plan(self._stored(engine, spec), spec)
        for one in steps.vectors:
            change = self._edge.UpdateOperation.create_dense_vector(one.name, one.dimensions, self._distance(one))
            engine.shard.update(change)
        self._index(engine, steps.payload_indexes)
        return steps.migration

    def _index(self, engine: Engine, payload_indexes: Sequence[tuple[str, str]]) -> None:
        """Over an index of another kind the engine builds the new one in its place."""
        for field, kind in payload_indexes:
            engine.shard.update(self._edge.UpdateOperation.create_field_index(field, self._kinds[kind]))

    def _stored(self, engine: Engine, spec: VectorCollection) -> StoredCollection:
        indexes = engine.shard.info().payload_schema
        return StoredCollection(
            vectors=engine.vectors(),
            payload_indexes={field: self._kind(about.data_type) for field, about in indexes.items()},
            quantization=spec.quantization,
        )

    def _kind(self, data_type: Any) -> str:
        """In the words of the list, where it has one."""
        return next((kind for kind, same in self._kinds.items() if same == data_type), str(data_type))

    def _distance(self, vector: Vector) -> Any:
        return getattr(self._edge.Distance, vector.distance.title())

    def _unlisted(self) -> tuple[str, ...]:
        there = {path.name for path in self._folder.iterdir() if path.is_dir()}
        return tuple(sorted(there - {spec.name for spec in self._collections}))
