"""How a vector collection becomes the one that is listed, as data for both engines.

Payload indexes and quantization follow the list in place, and a new named vector is added. The numbers of a stored
vector cannot follow: another size or distance means to embed everything anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.collections import Vector, VectorCollection
from models.errors import SchemaConflict
from workflows.ports import Migration


@dataclass(frozen=True, kw_only=True)
class StoredCollection:
    """``vectors``: dimensions and distance by name; ``payload_indexes``: kind by field. All in the words of the list.

    ``quantization`` of an engine that has none is that of the list.
    """

    vectors: Mapping[str, tuple[int, str]]
    payload_indexes: Mapping[str, str]
    quantization: str | None


@dataclass(frozen=True, kw_only=True)
class VectorPlan:
    """``payload_indexes`` are to be made, or made anew over one of another kind."""

    vectors: tuple[Vector, ...]
    payload_indexes: tuple[tuple[str, str], ...]
    quantize: bool
    migration: Migration


def plan(stored: StoredCollection, spec: VectorCollection) -> VectorPlan:
    """Raises:
    SchemaConflict: see ``check``.
    """
    check(stored, spec)
    vectors = tuple(one for one in spec.vectors if one.name not in stored.vectors)
    payload_indexes = tuple(pair for pair in spec.payload_indexes if stored.payload_indexes.get(pair[0]) != pair[1])
    quantize = stored.quantization != spec.quantization
    fields = [field for field, _ in payload_indexes]
    created = [*(one.name for one in vectors), *(field for field in fields if field not in stored.payload_indexes)]
    changed = [*(field for field in fields if field in stored.payload_indexes), *(["quantization"] if quantize else [])]
    return VectorPlan(
        vectors=vectors,
        payload_indexes=payload_indexes,
        quantize=quantize,
        migration=Migration(
            created=_in(spec, created), changed=_in(spec, changed), left_over=_in(spec, _unlisted(stored, spec))
        ),
    )


def everything(spec: VectorCollection) -> Migration:
    """Of a collection that is made with its payload indexes; its vectors come with it."""
    return Migration(created=(spec.name, *_in(spec, [field for field, _ in spec.payload_indexes])))


def check(stored: StoredCollection, spec: VectorCollection) -> None:
    """Raises:
    SchemaConflict: a stored vector has another size or distance than the list says.
    """
    for vector in spec.vectors:
        found = stored.vectors.get(vector.name)
        wanted = (vector.dimensions, vector.distance)
        if found is not None and found != wanted:
            raise SchemaConflict(
                f"the vector {vector.name} of {spec.name} is stored with {found[0]} dimensions and compared by "
                f"{found[1]}, the schema says {wanted[0]} and {wanted[1]}; embeddings cannot be converted: give the "
                "collection a new name in models/collections.py, deploy, and run `anime reconcile --fix`, which embeds "
                "every anime into it; the old one can be deleted then"
            )


def _unlisted(stored: StoredCollection, spec: VectorCollection) -> list[str]:
    vectors = {one.name for one in spec.vectors}
    fields = {field for field, _ in spec.payload_indexes}
    return [*sorted(stored.vectors.keys() - vectors), *sorted(stored.payload_indexes.keys() - fields)]


def _in(spec: VectorCollection, names: list[str]) -> tuple[str, ...]:
    return tuple(f"{spec.name}.{name}" for name in names)
