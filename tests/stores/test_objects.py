"""The contract of ``Objects``, and what only S3 can get wrong."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from models.errors import AlreadyExists, BadInput, NotFound, Permanent, Throttled, Unavailable
from stores.objects import PART_SIZE, S3Objects
from tests.support.emulator import aws_client
from tests.support.fakes import FakeObjects
from tests.support.servers import free_port
from workflows.ports import Objects


@pytest.fixture(scope="module")
def s3(request: pytest.FixtureRequest) -> Any:
    return aws_client("s3", request.getfixturevalue("aws_endpoint"))


@pytest.fixture(params=["fake", "s3"])
def objects(request: pytest.FixtureRequest) -> Objects:
    if request.param == "fake":
        return FakeObjects()
    return _new_bucket(request.getfixturevalue("s3"))


def _new_bucket(client: Any) -> S3Objects:
    bucket = f"test-{uuid.uuid4()}"
    client.create_bucket(Bucket=bucket)
    return S3Objects(client, bucket)


def _keys(objects: Objects, prefix: str) -> list[str]:
    return [info.key for info in objects.list(prefix)]


def test_an_absent_object_is_none(objects: Objects) -> None:
    assert objects.get("a") is None
    assert objects.head("a") is None


def test_reads_what_was_put(objects: Objects) -> None:
    etag = objects.put("a/b.json", b"{}", metadata={"Source-Commit-SHA": "abc"})

    stored = objects.get("a/b.json")

    assert stored is not None
    assert stored.body == b"{}"
    assert stored.info.key == "a/b.json"
    assert stored.info.size == 2
    assert stored.info.etag == etag
    assert stored.info.content_type == "application/json"
    assert stored.info.metadata == {"source-commit-sha": "abc"}
    assert objects.head("a/b.json") == stored.info


def test_a_put_replaces_content_metadata_and_type(objects: Objects) -> None:
    objects.put("a", b"1", metadata={"x": "1"})
    objects.put("a", b"22", content_type="image/png")

    stored = objects.get("a")

    assert stored is not None
    assert (stored.body, stored.info.content_type, stored.info.metadata) == (b"22", "image/png", {})


def test_if_absent_writes_once(objects: Objects) -> None:
    objects.put("a", b"first", if_absent=True)

    with pytest.raises(AlreadyExists):
        objects.put("a", b"second", if_absent=True)

    stored = objects.get("a")
    assert stored is not None
    assert stored.body == b"first"


def test_if_match_writes_only_over_what_was_read(objects: Objects) -> None:
    old = objects.put("a", b"1")
    new = objects.put("a", b"2", if_match=old)

    with pytest.raises(AlreadyExists):
        objects.put("a", b"3", if_match=old)

    stored = objects.get("a")
    assert stored is not None
    assert (stored.body, stored.info.etag) == (b"2", new)


def test_if_match_on_an_absent_object_writes_nothing(objects: Objects) -> None:
    with pytest.raises(AlreadyExists):
        objects.put("a", b"1", if_match='"0cc175b9c0f1b6a831c399e269772661"')

    assert objects.get("a") is None


def test_open_streams_forward(objects: Objects) -> None:
    body = bytes(range(256)) * 5000
    objects.put("a", body, content_type="application/octet-stream")

    with objects.open("a") as stream:
        head = stream.read(10)
        rest = b"".join(iter(lambda: stream.read(100_000), b""))
        seekable = stream.seekable()

    assert head + rest == body
    assert not seekable


def test_open_reads_lines(objects: Objects) -> None:
    objects.put("a", b"one\ntwo\nthree")

    with objects.open("a") as stream:
        assert list(stream) == [b"one\n", b"two\n", b"three"]


def test_open_of_an_absent_object_is_not_found(objects: Objects) -> None:
    with pytest.raises(NotFound), objects.open("a"):
        pytest.fail("opened what is not there")


@pytest.mark.parametrize("size", [0, 10, PART_SIZE, 2 * PART_SIZE + 5])
def test_a_streamed_object_appears_whole(objects: Objects, size: int) -> None:
    body = b"0123456789abcdef" * (size // 16 + 1)
    body = body[:size]

    with objects.writer("a", content_type="application/zstd", metadata={"n": "1"}) as writer:
        for start in range(0, size, 1_000_003):
            writer.write(body[start : start + 1_000_003])

    stored = objects.get("a")
    assert stored is not None
    assert stored.body == body
    assert (stored.info.content_type, stored.info.metadata) == ("application/zstd", {"n": "1"})


@pytest.mark.parametrize("size", [10, PART_SIZE + 10])
def test_a_failed_stream_leaves_nothing(objects: Objects, size: int) -> None:
    def fail() -> None:
        with objects.writer("a", content_type="text/plain") as writer:
            writer.write(b"x" * size)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert objects.get("a") is None


def test_a_failed_stream_leaves_the_old_object(objects: Objects) -> None:
    objects.put("a", b"old")

    def fail() -> None:
        with objects.writer("a", content_type="text/plain") as writer:
            writer.write(b"x" * (PART_SIZE + 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    stored = objects.get("a")
    assert stored is not None
    assert stored.body == b"old"


def test_copy_takes_metadata_and_type_along(objects: Objects) -> None:
    objects.put("a", b"1", content_type="text/plain", metadata={"x": "1"})

    objects.copy("a", "b")

    copied = objects.get("b")
    assert copied is not None
    assert (copied.body, copied.info.content_type, copied.info.metadata) == (b"1", "text/plain", {"x": "1"})
    assert objects.get("a") is not None


@pytest.mark.parametrize("target", ["a", "b"])
def test_copy_replaces_metadata_and_keeps_the_type(objects: Objects, target: str) -> None:
    objects.put("a", b"1", content_type="text/plain", metadata={"x": "1"})

    objects.copy("a", target, metadata={"y": "2"})

    copied = objects.get(target)
    assert copied is not None
    assert (copied.body, copied.info.content_type, copied.info.metadata) == (b"1", "text/plain", {"y": "2"})


def test_copy_onto_itself_changes_nothing(objects: Objects) -> None:
    objects.put("a", b"1", metadata={"x": "1"})

    objects.copy("a", "a")

    stored = objects.get("a")
    assert stored is not None
    assert (stored.body, stored.info.metadata) == (b"1", {"x": "1"})


@pytest.mark.parametrize("target", ["a", "b"])
@pytest.mark.parametrize("metadata", [None, {"x": "1"}])
def test_copy_of_an_absent_object_is_not_found(objects: Objects, target: str, metadata: dict[str, str] | None) -> None:
    with pytest.raises(NotFound):
        objects.copy("a", target, metadata=metadata)

    assert objects.get(target) is None


def test_list_is_by_prefix_and_ordered(objects: Objects) -> None:
    for key in ("p/2", "p/10", "q/1", "p/1"):
        objects.put(key, b"xyz", metadata={"x": "1"})

    found = list(objects.list("p/"))

    assert [info.key for info in found] == ["p/1", "p/10", "p/2"]
    assert {info.size for info in found} == {3}
    assert all(info.etag and not info.metadata and not info.content_type for info in found)


def test_list_and_delete_prefix_go_over_pages(objects: Objects) -> None:
    for number in range(1005):
        objects.put(f"p/{number:04d}", b"")
    objects.put("q", b"")

    assert len(_keys(objects, "p/")) == 1005
    assert objects.delete_prefix("p/") == 1005
    assert _keys(objects, "") == ["q"]
    assert objects.delete_prefix("p/") == 0


def test_delete_is_idempotent(objects: Objects) -> None:
    objects.put("a", b"1")

    objects.delete("a")
    objects.delete("a")

    assert objects.get("a") is None


def test_an_empty_prefix_is_refused(objects: Objects) -> None:
    objects.put("a", b"1")

    with pytest.raises(BadInput):
        objects.delete_prefix("")

    assert objects.get("a") is not None


@pytest.mark.parametrize("metadata", [{"x": "ü"}, {"x": "y" * 2048}])
def test_metadata_that_s3_cannot_hold_is_refused(objects: Objects, metadata: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        objects.put("a", b"1", metadata=metadata)

    assert objects.get("a") is None


def test_cache_control_is_stored_and_survives_new_metadata(s3: Any) -> None:
    objects = _new_bucket(s3)
    objects.put("a", b"1", cache_control="public, max-age=31536000, immutable")
    objects.copy("a", "b", metadata={"x": "1"})

    headers = [s3.head_object(Bucket=objects._bucket, Key=key)["CacheControl"] for key in ("a", "b")]

    assert headers == ["public, max-age=31536000, immutable"] * 2


def test_an_aborted_stream_leaves_no_parts(s3: Any) -> None:
    objects = _new_bucket(s3)

    def fail() -> None:
        with objects.writer("a", content_type="text/plain") as writer:
            writer.write(b"x" * (PART_SIZE + 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert not s3.list_multipart_uploads(Bucket=objects._bucket).get("Uploads")


# ------------------------------------------------------------------------------------------------------- translation

Call = Callable[[Objects], object]


def _read(objects: Objects) -> bytes:
    with objects.open("a") as stream:
        return stream.read()


CALLS: list[tuple[str, Call]] = [
    ("get_object", lambda objects: objects.get("a")),
    ("get_object", _read),
    ("head_object", lambda objects: objects.head("a")),
    ("put_object", lambda objects: objects.put("a", b"")),
    ("put_object", lambda objects: objects.put("a", b"", if_absent=True)),
    ("head_object", lambda objects: objects.copy("a", "b")),
    ("list_objects_v2", lambda objects: list(objects.list("a"))),
    ("delete_object", lambda objects: objects.delete("a")),
]


@pytest.fixture
def stubbed() -> Iterator[tuple[S3Objects, Stubber]]:
    client = aws_client("s3", "http://127.0.0.1:1")
    with Stubber(client) as stubber:
        yield S3Objects(client, "bucket"), stubber


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("InternalError", 500, Unavailable),
        ("Weird", 503, Unavailable),
        ("RequestTimeout", 400, Unavailable),
        ("SlowDown", 503, Throttled),
        ("Throttling", 400, Throttled),
        ("TooMany", 429, Throttled),
        ("AccessDenied", 403, Permanent),
        ("NoSuchBucket", 404, Permanent),
    ],
)
def test_error_codes_are_translated(
    stubbed: tuple[S3Objects, Stubber], method: str, call: Call, code: str, status: int, expected: type[Exception]
) -> None:
    objects, stubber = stubbed
    stubber.add_client_error(method, service_error_code=code, http_status_code=status, service_message="the-value")

    with pytest.raises(expected) as caught:
        call(objects)

    assert type(caught.value) is expected
    assert code in str(caught.value)
    assert "the-value" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_conflict_of_two_conditional_writes_may_be_repeated(stubbed: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = stubbed
    stubber.add_client_error("put_object", service_error_code="ConditionalRequestConflict", http_status_code=409)

    with pytest.raises(Unavailable):
        objects.put("a", b"", if_absent=True)


def test_keys_that_a_batch_did_not_delete_are_an_error(stubbed: tuple[S3Objects, Stubber]) -> None:
    objects, stubber = stubbed
    stubber.add_response("list_objects_v2", {"Contents": [{"Key": "p/1", "Size": 1, "ETag": "x"}]})
    stubber.add_response("delete_objects", {"Errors": [{"Key": "p/1", "Code": "InternalError"}]})

    with pytest.raises(Unavailable):
        objects.delete_prefix("p/")


@pytest.mark.parametrize(("_method", "call"), CALLS)
def test_a_refused_connection_is_unavailable(_method: str, call: Call) -> None:
    objects = S3Objects(aws_client("s3", f"http://127.0.0.1:{free_port()}"), "bucket")

    with pytest.raises(Unavailable):
        call(objects)
