"""The contract of ``Schema`` for collections of vectors: the embedded engine, and a server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.collections import VECTOR_COLLECTIONS, Vector, VectorCollection
from models.errors import SchemaConflict
from stores.vectors.edge_engine import close_engines
from stores.vectors.edge_schema import EdgeSchema
from stores.vectors.qdrant import connect_qdrant
from stores.vectors.qdrant_schema import QdrantSchema
from tests.support.fake_qdrant import FakeQdrant
from tests.support.http_stub import serving
from workflows.ports import Migration, Schema

SPEC = VECTOR_COLLECTIONS[0]
INDEXES = tuple(f"animes.{field}" for field, _ in SPEC.payload_indexes)

Open = Callable[[VectorCollection], Schema]


@pytest.fixture(params=["edge", "qdrant"])
def schema_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """The schema that lists this collection alone, each over the same store."""
    if request.param == "edge":
        yield lambda spec: EdgeSchema(tmp_path, [spec])
        close_engines(tmp_path)
        return
    with serving(FakeQdrant()) as server:
        client = connect_qdrant(server.url)
        yield lambda spec: QdrantSchema(client, [spec])
        client.close()


def test_everything_is_created_once(schema_of: Open) -> None:
    assert schema_of(SPEC).migrate() == Migration(created=("animes", *INDEXES))
    assert schema_of(SPEC).migrate() == Migration()


def test_an_empty_store_can_follow(schema_of: Open) -> None:
    schema_of(SPEC).check()

    assert schema_of(SPEC).migrate().created[0] == "animes"


def test_a_new_payload_index_is_added_to_what_is_there(schema_of: Open) -> None:
    schema_of(replace(SPEC, payload_indexes=SPEC.payload_indexes[1:])).migrate()

    assert schema_of(SPEC).migrate() == Migration(created=(INDEXES[0],))
    assert schema_of(SPEC).migrate() == Migration()


def test_a_payload_index_of_another_kind_takes_the_place_of_the_old_one(schema_of: Open) -> None:
    before = replace(SPEC, payload_indexes=(*SPEC.payload_indexes[:-1], ("year", "keyword")))
    schema_of(before).migrate()

    assert schema_of(SPEC).migrate() == Migration(changed=("animes.year",))
    assert schema_of(SPEC).migrate() == Migration()


def test_a_new_vector_is_added_to_what_is_there(schema_of: Open) -> None:
    schema_of(SPEC).migrate()
    more = replace(SPEC, vectors=(*SPEC.vectors, Vector(name="image", dimensions=512)))

    assert schema_of(more).migrate() == Migration(created=("animes.image",))
    assert schema_of(more).migrate() == Migration()


def test_what_is_no_longer_listed_is_named_and_kept(schema_of: Open) -> None:
    more = replace(
        SPEC,
        vectors=(*SPEC.vectors, Vector(name="image", dimensions=512)),
        payload_indexes=(*SPEC.payload_indexes, ("season", "keyword")),
    )
    schema_of(more).migrate()

    assert schema_of(SPEC).migrate() == Migration(left_over=("animes.image", "animes.season"))
    assert schema_of(more).migrate() == Migration()


def test_a_collection_of_another_name_is_made_beside_the_old_one(schema_of: Open) -> None:
    schema_of(SPEC).migrate()

    made = schema_of(replace(SPEC, name="animes_2")).migrate()

    assert made.created[0] == "animes_2"
    assert made.left_over == ("animes",)


def test_a_vector_of_another_size_is_a_conflict_before_anything_changes(schema_of: Open) -> None:
    schema_of(replace(SPEC, payload_indexes=())).migrate()
    changed = replace(SPEC, vectors=(Vector(name="text", dimensions=512),))

    for attempt in (schema_of(changed).check, schema_of(changed).migrate):
        with pytest.raises(SchemaConflict, match="256 dimensions"):
            attempt()

    assert schema_of(SPEC).migrate() == Migration(created=INDEXES)
