"""The contract of ``Vectors``."""

import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient

from models.collections import VECTOR_COLLECTIONS
from models.errors import StaleRevision
from models.vectors import VectorPoint
from stores.vectors.edge import EdgeVectors
from stores.vectors.edge_engine import close_engines
from stores.vectors.edge_schema import EdgeSchema
from stores.vectors.qdrant import QdrantVectors
from tests.support.contracts.samples import anime_id, point
from tests.support.fakes import FakeVectors
from workflows.ports import Vectors


@pytest.fixture(params=["fake", "edge", "qdrant"])
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vectors]:
    if request.param == "fake":
        yield FakeVectors()
    elif request.param == "edge":
        EdgeSchema(tmp_path).migrate()
        yield EdgeVectors(tmp_path)
        close_engines(tmp_path)
    else:
        client = QdrantClient(":memory:")
        qdrant = QdrantVectors(client)
        client.create_collection(qdrant._collection, vectors_config=_local_vectors())
        yield qdrant
        client.close()


def _local_vectors() -> dict[str, Any]:
    """The local mode of the client warns of payload indexes, so the collection is made without the adapter."""
    from qdrant_client import models

    return {
        one.name: models.VectorParams(size=one.dimensions, distance=models.Distance.DOT)
        for one in VECTOR_COLLECTIONS[0].vectors
    }


def _same(one: VectorPoint | None, other: VectorPoint) -> bool:
    """Vectors are compared as the engine keeps them, in 32 bits."""
    if one is None or one.anime_id != other.anime_id or one.payload != other.payload:
        return False
    return one.vectors.keys() == other.vectors.keys() and all(
        math.dist(one.vectors[name], other.vectors[name]) < 1e-6 for name in other.vectors
    )


def test_an_absent_point_is_none(vectors: Vectors) -> None:
    assert vectors.get(anime_id(1)) is None
    assert vectors.count() == 0
    assert list(vectors.scan(with_vectors=True)) == []
    assert vectors.search([1.0] + [0.0] * 255, limit=5, include_orphaned=True) == ()


def test_an_upserted_point_reads_back_equal(vectors: Vectors) -> None:
    written = point(1, vector=(0.6, 0.8), saga="s1", year=1998, note=None, sources=["https://a/", "https://b/"])

    vectors.upsert(written, base_revision=None, saga="s1")

    assert _same(vectors.get(anime_id(1)), written)
    assert vectors.count() == 1


def test_upsert_signs_the_point_with_the_saga(vectors: Vectors) -> None:
    vectors.upsert(point(1, saga="somebody"), base_revision=None, saga="s1")

    found = vectors.get(anime_id(1))
    assert found is not None
    assert found.payload["saga"] == "s1"


def test_upsert_replaces_what_is_at_the_base_revision(vectors: Vectors) -> None:
    vectors.upsert(point(1, revision=3, saga="s1", season="SPRING"), base_revision=None, saga="s1")
    changed = point(1, vector=(0.0, 1.0), revision=4, saga="s2")

    vectors.upsert(changed, base_revision=3, saga="s2")

    assert _same(vectors.get(anime_id(1)), changed)


def test_upsert_repeats_what_the_same_saga_wrote(vectors: Vectors) -> None:
    vectors.upsert(point(1, revision=3, saga="s1"), base_revision=None, saga="s1")
    vectors.upsert(point(1, revision=4, saga="s2"), base_revision=3, saga="s2")

    vectors.upsert(point(1, revision=4, saga="s2", title="Again"), base_revision=3, saga="s2")

    found = vectors.get(anime_id(1))
    assert found is not None
    assert found.payload["title"] == "Again"


@pytest.mark.parametrize("base", [None, 2, 4])
def test_upsert_on_another_revision_is_stale_and_writes_nothing(vectors: Vectors, base: int | None) -> None:
    written = point(1, revision=3, saga="s1")
    vectors.upsert(written, base_revision=None, saga="s1")

    with pytest.raises(StaleRevision):
        vectors.upsert(point(1, revision=4, saga="s2"), base_revision=base, saga="s2")

    assert _same(vectors.get(anime_id(1)), written)


def test_upsert_of_a_change_to_an_absent_point_creates_it(vectors: Vectors) -> None:
    vectors.upsert(point(1, revision=4, saga="s2"), base_revision=3, saga="s2")

    assert vectors.count() == 1


def test_of_many_upserts_on_one_revision_exactly_one_wins(vectors: Vectors) -> None:
    vectors.upsert(point(1, revision=1, saga="s0"), base_revision=None, saga="s0")
    barrier = threading.Barrier(6)

    def upsert(number: int) -> str | None:
        saga = f"s{number}"
        barrier.wait()
        try:
            vectors.upsert(point(1, revision=2, saga=saga), base_revision=1, saga=saga)
        except StaleRevision:
            return None
        return saga

    with ThreadPoolExecutor(6) as pool:
        winners = [saga for saga in pool.map(upsert, range(1, 7)) if saga is not None]

    found = vectors.get(anime_id(1))
    assert found is not None
    assert winners == [found.payload["saga"]]


def test_restore_puts_the_pre_image_back(vectors: Vectors) -> None:
    before = point(1, vector=(0.6, 0.8), revision=1, saga="s1", season="FALL")
    vectors.upsert(before, base_revision=None, saga="s1")
    vectors.upsert(point(1, revision=2, saga="s2"), base_revision=1, saga="s2")

    vectors.restore(before, saga="s2")
    vectors.restore(before, saga="s2")

    assert _same(vectors.get(anime_id(1)), before)


def test_restore_leaves_what_another_saga_wrote(vectors: Vectors) -> None:
    vectors.upsert(point(1, revision=3, saga="s3"), base_revision=None, saga="s3")

    vectors.restore(point(1, revision=1, saga="s1"), saga="s2")

    assert _same(vectors.get(anime_id(1)), point(1, revision=3, saga="s3"))


def test_restore_of_an_absent_point_creates_nothing(vectors: Vectors) -> None:
    vectors.restore(point(1), saga="s2")

    assert vectors.count() == 0


def test_delete_takes_only_what_the_saga_wrote(vectors: Vectors) -> None:
    vectors.upsert(point(1, saga="s1"), base_revision=None, saga="s1")
    vectors.upsert(point(2, saga="s1"), base_revision=None, saga="s1")

    vectors.delete(anime_id(1), saga="s2")
    assert vectors.count() == 2
    vectors.delete(anime_id(1), saga="s1")
    vectors.delete(anime_id(1), saga="s1")

    assert vectors.get(anime_id(1)) is None
    assert vectors.get(anime_id(2)) is not None


def test_insert_missing_never_overwrites(vectors: Vectors) -> None:
    vectors.insert_missing([point(1, title="First")])

    vectors.insert_missing([point(number, title="Second") for number in range(1, 301)])

    assert vectors.count() == 300
    assert _same(vectors.get(anime_id(1)), point(1, title="First"))
    assert _same(vectors.get(anime_id(300)), point(300, title="Second"))
    vectors.insert_missing([])


def test_overwrite_replaces_whatever_is_there(vectors: Vectors) -> None:
    vectors.insert_missing([point(1, revision=9, saga="s9", season="FALL")])

    vectors.overwrite([point(1, vector=(0.0, 1.0), revision=1), point(2)])

    assert _same(vectors.get(anime_id(1)), point(1, vector=(0.0, 1.0), revision=1))
    assert vectors.count() == 2


def test_set_payload_merges_and_leaves_out_what_is_missing(vectors: Vectors) -> None:
    vectors.insert_missing([point(1), point(2), point(3)])
    orphaned = {"system_status": "ORPHANED"}

    vectors.set_payload(
        {anime_id(1): orphaned, anime_id(9): orphaned, anime_id(2): {"sources": ["https://x/"]}, anime_id(8): {"a": 1}}
    )

    assert _same(vectors.get(anime_id(1)), point(1, system_status="ORPHANED"))
    assert _same(vectors.get(anime_id(2)), point(2, sources=["https://x/"]))
    assert _same(vectors.get(anime_id(3)), point(3))
    assert vectors.count() == 3


def test_search_ranks_by_dot_product_and_hides_orphans(vectors: Vectors) -> None:
    vectors.insert_missing(
        [
            point(1, vector=(1.0, 0.0)),
            point(2, vector=(0.8, 0.6)),
            point(3, vector=(0.9701425, 0.2425356), system_status="ORPHANED"),
            point(4, vector=(0.0, 1.0)),
        ]
    )
    query = [1.0] + [0.0] * 255

    visible = vectors.search(query, limit=2, include_orphaned=False)
    everything = vectors.search(query, limit=10, include_orphaned=True)

    assert [hit.anime_id for hit in visible] == [anime_id(1), anime_id(2)]
    assert [hit.score for hit in visible] == pytest.approx([1.0, 0.8], abs=1e-5)
    assert visible[1].payload == point(2).payload
    assert [hit.anime_id for hit in everything] == [anime_id(number) for number in (1, 3, 2, 4)]


@pytest.mark.parametrize("with_vectors", [True, False])
def test_scan_streams_every_point_once(vectors: Vectors, with_vectors: bool) -> None:
    written = {anime_id(number): point(number, vector=(0.6, 0.8)) for number in range(600)}
    vectors.insert_missing(list(written.values()))

    found = list(vectors.scan(with_vectors=with_vectors))

    assert len(found) == 600
    assert all(
        _same(one, written[one.anime_id] if with_vectors else replace(written[one.anime_id], vectors={}))
        for one in found
    )
    assert {one.anime_id for one in found} == set(written)


def test_remove_is_unconditional_and_idempotent(vectors: Vectors) -> None:
    vectors.insert_missing([point(1), point(2)])

    vectors.remove([anime_id(1), anime_id(9)])
    vectors.remove([anime_id(1)])
    vectors.remove([])

    assert [one.anime_id for one in vectors.scan(with_vectors=False)] == [anime_id(2)]


def test_what_is_read_is_the_readers_own(vectors: Vectors) -> None:
    vectors.insert_missing([point(1)])

    found = vectors.get(anime_id(1))
    assert found is not None
    found.payload["sources"].append("https://x/")

    assert _same(vectors.get(anime_id(1)), point(1))
