"""Collections of a Qdrant server or cluster as ``models.collections`` lists them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.collections import VECTOR_COLLECTIONS, Vector, VectorCollection
from stores.vectors.qdrant import translated
from stores.vectors.schema_plan import StoredCollection, VectorPlan, check, everything, plan
from workflows.ports import Migration

if TYPE_CHECKING:
    from qdrant_client import QdrantClient


class QdrantSchema:
    """Port ``Schema``. Adding a vector to a collection needs a server of 1.18 or later."""

    def __init__(self, client: "QdrantClient", collections: Sequence[VectorCollection] = VECTOR_COLLECTIONS) -> None:
        from qdrant_client import models

        self._client = client
        self._models: Any = models
        self._collections = collections
        self._write: dict[str, Any] = {"wait": True, "ordering": models.WriteOrdering.STRONG}

    def check(self) -> None:
        with translated("schema.check"):
            names = self._names()
            for spec in self._collections:
                if spec.name in names:
                    check(self._stored(spec), spec)

    def migrate(self) -> Migration:
        done = Migration()
        self.check()
        with translated("schema.migrate"):
            names = self._names()
            for spec in self._collections:
                done += self._follow(spec) if spec.name in names else self._create(spec)
        unlisted = names - {spec.name for spec in self._collections}
        return done + Migration(left_over=tuple(sorted(unlisted)))

    def _names(self) -> set[str]:
        return {one.name for one in self._client.get_collections().collections}

    def _stored(self, spec: VectorCollection) -> StoredCollection:
        about = self._client.get_collection(spec.name)
        vectors = about.config.params.vectors
        return StoredCollection(
            vectors={
                name: (params.size, str(params.distance.value).lower())
                for name, params in (vectors.items() if isinstance(vectors, dict) else ())
            },
            payload_indexes={field: str(index.data_type.value) for field, index in about.payload_schema.items()},
            quantization=_quantization(about.config.quantization_config),
        )

    def _create(self, spec: VectorCollection) -> Migration:
        """Payload indexes come before the points, so that the graph is built with them."""
        self._client.create_collection(
            spec.name,
            vectors_config={
                one.name: self._models.VectorParams(size=one.dimensions, distance=self._distance(one))
                for one in spec.vectors
            },
            quantization_config=self._quantized(spec),
        )
        self._index(spec, spec.payload_indexes)
        return everything(spec)

    def _follow(self, spec: VectorCollection) -> Migration:
        steps: VectorPlan = plan(self._stored(spec), spec)
        for vector in steps.vectors:
            dense = self._models.DenseVectorConfig(size=vector.dimensions, distance=self._distance(vector))
            config = self._models.DenseVectorNameConfig(dense=dense)
            self._client.create_vector_name(spec.name, vector.name, config, **self._write)
        self._index(spec, steps.payload_indexes)
        if steps.quantize:
            config = self._quantized(spec) or self._models.Disabled.DISABLED
            self._client.update_collection(spec.name, quantization_config=config)
        return steps.migration

    def _index(self, spec: VectorCollection, payload_indexes: Sequence[tuple[str, str]]) -> None:
        """Over an index of another kind the server builds the new one in its place."""
        for field, kind in payload_indexes:
            self._client.create_payload_index(
                spec.name, field_name=field, field_schema=self._models.PayloadSchemaType(kind), **self._write
            )

    def _distance(self, vector: Vector) -> Any:
        return self._models.Distance[vector.distance.upper()]

    def _quantized(self, spec: VectorCollection) -> Any:
        if spec.quantization is None:
            return None
        scalar = self._models.ScalarQuantizationConfig(type=self._models.ScalarType(spec.quantization), always_ram=True)
        return self._models.ScalarQuantization(scalar=scalar)


def _quantization(config: Any) -> str | None:
    """In the words of the list, where it has one; what it does not know differs from whatever it says."""
    if config is None:
        return None
    scalar = getattr(config, "scalar", None)
    return str(scalar.type.value) if scalar is not None else type(config).__name__
