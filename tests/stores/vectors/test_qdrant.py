"""What the adapter asks of a Qdrant server, and what it makes of the server's failures."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from models.errors import BadInput, Malformed, NotFound, Permanent, StaleRevision, Throttled, Unavailable
from models.ids import point_id
from stores.vectors.qdrant import QdrantVectors, connect_qdrant
from tests.support.contracts.samples import anime_id, point
from tests.support.http_stub import Answer, HttpStub, http_stub
from tests.support.servers import free_port
from workflows.ports import Vectors


def _json(result: Any, status: int = 200) -> Answer:
    body = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json"})


DONE = _json({"operation_id": 1, "status": "completed"})


def _records(*points: dict[str, Any]) -> Answer:
    return _json([{"id": point_id(one["anime_id"]), "payload": one, "vector": {"text": [1.0]}} for one in points])


@contextmanager
def _vectors(*answers: Answer, timeout: float = 5, **options: Any) -> Iterator[tuple[QdrantVectors, HttpStub]]:
    with http_stub(*answers) as stub:
        client = connect_qdrant(stub.url, timeout=timedelta(seconds=timeout))
        try:
            yield QdrantVectors(client, **options), stub
        finally:
            client.close()


# -------------------------------------------------------------------------------------------------------- what is sent


def test_writes_wait_with_strong_ordering() -> None:
    with _vectors(DONE, DONE, _json([{"status": "completed"}]), DONE) as (vectors, stub):
        vectors.insert_missing([point(1)])
        vectors.overwrite([point(1)])
        vectors.set_payload({anime_id(1): {"x": 1}})
        vectors.remove([anime_id(1)])
        vectors.delete(anime_id(1), saga="s")
        vectors.restore(point(1), saga="s")

        assert [request.method for request in stub.requests] == ["PUT", "PUT", "POST", "POST", "POST", "PUT"]
        assert all("wait=true" in request.path and "ordering=strong" in request.path for request in stub.requests)


def test_upsert_states_its_condition() -> None:
    with _vectors(DONE, _records({"anime_id": anime_id(1), "revision": 4, "saga": "s2"})) as (vectors, stub):
        vectors.upsert(point(1, revision=4), base_revision=3, saga="s2")

        sent = stub.requests[0].json
    assert sent["update_filter"] == {
        "should": [{"key": "saga", "match": {"value": "s2"}}, {"key": "revision", "match": {"value": 3}}]
    }
    assert sent["points"][0]["id"] == point_id(anime_id(1))
    assert sent["points"][0]["payload"]["saga"] == "s2"


def test_upsert_that_the_server_skipped_is_stale() -> None:
    skipped = _records({"anime_id": anime_id(1), "revision": 9, "saga": "other"})
    with _vectors(DONE, skipped) as (vectors, _), pytest.raises(StaleRevision):
        vectors.upsert(point(1, revision=4), base_revision=3, saga="s2")


def test_big_loads_go_in_batches() -> None:
    with _vectors(DONE) as (vectors, stub):
        vectors.insert_missing([point(number) for number in range(300)])

        assert [len(request.json["points"]) for request in stub.requests] == [128, 128, 44]
        assert {request.json["update_mode"] for request in stub.requests} == {"insert_only"}


def test_payload_changes_share_requests_and_equal_ones_an_operation() -> None:
    changes: dict[str, dict[str, Any]] = {anime_id(number): {"system_status": "ORPHANED"} for number in range(100)}
    changes |= {anime_id(number): {"sources": [str(number)]} for number in range(100, 250)}
    with _vectors(_json([{"operation_id": 1, "status": "completed"}])) as (vectors, stub):
        vectors.set_payload(changes)

        operations = [one["set_payload"] for request in stub.requests for one in request.json["operations"]]
    assert len(stub.requests) == 2
    assert len(operations) == 151
    assert operations[0]["payload"] == {"system_status": "ORPHANED"}
    assert operations[0]["filter"]["must"][0]["match"]["any"] == [anime_id(number) for number in range(100)]


def test_the_collection_may_have_another_name() -> None:
    with _vectors(_json({"count": 3}), collection="animes_demo") as (vectors, stub):
        assert vectors.count() == 3
        assert stub.requests[0].path.startswith("/collections/animes_demo/")


# ------------------------------------------------------------------------------------------------------------ failures

Call = Callable[[Vectors], object]
CALLS: dict[str, Call] = {
    "get": lambda vectors: vectors.get(anime_id(1)),
    "upsert": lambda vectors: vectors.upsert(point(1), base_revision=None, saga="s"),
    "restore": lambda vectors: vectors.restore(point(1), saga="s"),
    "delete": lambda vectors: vectors.delete(anime_id(1), saga="s"),
    "insert_missing": lambda vectors: vectors.insert_missing([point(1)]),
    "overwrite": lambda vectors: vectors.overwrite([point(1)]),
    "set_payload": lambda vectors: vectors.set_payload({anime_id(1): {"x": 1}}),
    "search": lambda vectors: vectors.search([1.0], limit=1, include_orphaned=False),
    "scan": lambda vectors: list(vectors.scan(with_vectors=False)),
    "count": lambda vectors: vectors.count(),
    "remove": lambda vectors: vectors.remove([anime_id(1)]),
}
_calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@_calls
@pytest.mark.parametrize(
    ("status", "expected"),
    [(500, Unavailable), (503, Unavailable), (408, Unavailable), (429, Throttled), (404, NotFound), (400, Permanent)],
)
def test_statuses_are_translated(call: Call, status: int, expected: type[Exception]) -> None:
    answer = Answer(status=status, body=b'{"status": {"error": "the-value"}}')
    with _vectors(answer) as (vectors, _), pytest.raises(expected) as caught:
        call(vectors)

    assert type(caught.value) is expected
    assert str(status) in str(caught.value)
    assert "the-value" not in str(caught.value)


def test_a_throttled_answer_carries_its_delay() -> None:
    answer = Answer(status=429, headers={"Retry-After": "7"}, body=b"{}")
    with _vectors(answer) as (vectors, _), pytest.raises(Throttled) as caught:
        vectors.count()

    assert caught.value.retry_after == 7


@_calls
def test_a_refused_connection_is_unavailable(call: Call) -> None:
    client = connect_qdrant(f"http://127.0.0.1:{free_port()}")
    vectors = QdrantVectors(client)
    with pytest.raises(Unavailable):
        call(vectors)
    client.close()


def test_a_server_that_says_nothing_is_unavailable() -> None:
    with _vectors(Answer(hang=True), timeout=1) as (vectors, _), pytest.raises(Unavailable):
        vectors.count()


def test_a_torn_answer_is_unavailable() -> None:
    with _vectors(Answer(body=b'{"result"', cut=True)) as (vectors, _), pytest.raises(Unavailable):
        vectors.count()


@pytest.mark.parametrize("body", [b"<html>", b'{"result": {"count": "many"}}'])
def test_an_answer_of_another_shape_is_malformed(body: bytes) -> None:
    with _vectors(Answer(body=body)) as (vectors, _), pytest.raises(Malformed):
        vectors.count()


def test_a_wrong_url_is_bad_input() -> None:
    with pytest.raises(BadInput) as caught:
        connect_qdrant("ftp://user:secret@host")

    assert "secret" not in str(caught.value)
