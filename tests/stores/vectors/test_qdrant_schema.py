"""What only a server can be asked for: quantization, strong ordering; and what its refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from models.collections import VECTOR_COLLECTIONS
from models.errors import Malformed, NotFound, Permanent, Throttled, Unavailable
from stores.vectors.qdrant import connect_qdrant
from stores.vectors.qdrant_schema import QdrantSchema
from tests.support.fake_qdrant import FakeQdrant
from tests.support.http_stub import Answer, http_stub, serving
from workflows.ports import Migration

SPEC = VECTOR_COLLECTIONS[0]
INT8 = {"scalar": {"type": "int8", "always_ram": True}}


@contextmanager
def qdrant() -> Iterator[tuple[QdrantSchema, FakeQdrant]]:
    with serving(FakeQdrant()) as server:
        client = connect_qdrant(server.url)
        try:
            yield QdrantSchema(client), server
        finally:
            client.close()


def test_a_collection_is_quantized_and_indexed_before_it_has_points() -> None:
    with qdrant() as (schema, server):
        schema.migrate()

        made = server.collections["animes"]
        assert made["vectors"] == {"text": {"size": 256, "distance": "Dot"}}
        assert made["quantization"] == INT8
        assert made["indexes"] == dict(SPEC.payload_indexes)
        assert server.changes() == [
            "PUT /collections/animes",
            *["PUT /collections/animes/index"] * len(made["indexes"]),
        ]


def test_changes_wait_with_strong_ordering() -> None:
    with qdrant() as (schema, server):
        schema.migrate()

        indexing = [request for request in server.requests if "/index" in request.path]
        assert indexing
        assert all("wait=true" in request.path and "ordering=strong" in request.path for request in indexing)


@pytest.mark.parametrize("before", [None, {"binary": {"always_ram": True}}])
def test_quantization_that_changed_is_updated_in_place(before: object) -> None:
    with qdrant() as (schema, server):
        schema.migrate()
        server.collections["animes"]["quantization"] = before

        assert schema.migrate() == Migration(changed=("animes.quantization",))
        assert server.collections["animes"]["quantization"] == INT8
        assert schema.migrate() == Migration()


def test_quantization_that_is_no_longer_listed_is_turned_off() -> None:
    with qdrant() as (schema, server):
        schema.migrate()
        plain = QdrantSchema(schema._client, [replace(SPEC, quantization=None)])

        assert plain.migrate() == Migration(changed=("animes.quantization",))
        assert server.collections["animes"]["quantization"] is None
        assert plain.migrate() == Migration()


def test_a_collection_that_is_complete_is_only_read() -> None:
    with qdrant() as (schema, server):
        schema.migrate()
        server.requests.clear()

        schema.check()
        assert schema.migrate() == Migration()

        assert server.changes() == []


def test_a_migration_that_was_interrupted_goes_on() -> None:
    with qdrant() as (schema, server):
        schema.migrate()
        indexes = server.collections["animes"]["indexes"]
        for field in ("year", "saga"):
            del indexes[field]

        assert schema.migrate() == Migration(created=("animes.saga", "animes.year"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Unavailable),
        (403, Unavailable),
        (500, Unavailable),
        (429, Throttled),
        (404, NotFound),
        (400, Permanent),
    ],
)
def test_a_key_that_is_not_known_yet_may_be_later_and_other_refusals_are_what_they_are(
    status: int, expected: type[Exception]
) -> None:
    with qdrant() as (schema, server):
        for attempt in (schema.check, schema.migrate):
            server.refusing = [status]
            with pytest.raises(expected) as caught:
                attempt()
            assert type(caught.value) is expected
            assert "the-value" not in str(caught.value)


def test_an_answer_of_another_shape_is_malformed() -> None:
    with http_stub(Answer(body=b'{"result": {"collections": "many"}}')) as stub:
        client = connect_qdrant(stub.url)
        with pytest.raises(Malformed):
            QdrantSchema(client).check()
        client.close()
