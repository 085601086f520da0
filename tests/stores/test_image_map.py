"""The contract of ``ImageMap``, and what only DynamoDB can get wrong."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from models.errors import BadInput, Malformed, Permanent, Throttled, Unavailable
from stores.image_map import DynamoImageMap
from tests.support.contracts.samples import AT
from tests.support.emulator import aws_client
from tests.support.fakes import FakeImageMap
from tests.support.servers import free_port
from workflows.ports import ImageMap, ImageRecord


@pytest.fixture(scope="module")
def dynamodb(request: pytest.FixtureRequest) -> Any:
    return aws_client("dynamodb", request.getfixturevalue("aws_endpoint"))


def _table(dynamodb: Any) -> str:
    name = f"image-map-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "source_url_hash", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "source_url_hash", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture(params=["fake", "dynamodb"])
def images(request: pytest.FixtureRequest) -> ImageMap:
    if request.param == "fake":
        return FakeImageMap()
    client = request.getfixturevalue("dynamodb")
    return DynamoImageMap(client, _table(client))


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def stored(number: int) -> ImageRecord:
    return ImageRecord(source_url_hash=_hash(number), s3_path=f"images/{number}.jpg", last_attempt=AT)


def failed(number: int, message: str | None = "404") -> ImageRecord:
    return ImageRecord(
        source_url_hash=_hash(number),
        s3_path=None,
        last_attempt=AT,
        retry_at=AT + timedelta(days=7),
        error_message=message,
    )


def test_absent_records_are_left_out(images: ImageMap) -> None:
    assert images.get_many([_hash(1)]) == {}
    assert images.get_many([]) == {}


@pytest.mark.parametrize("record", [stored(1), failed(1), failed(1, None)])
def test_a_record_reads_back_equal(images: ImageMap, record: ImageRecord) -> None:
    images.put(record)

    assert images.get_many([_hash(1), _hash(2)]) == {_hash(1): record}


def test_a_later_record_replaces_the_earlier(images: ImageMap) -> None:
    images.put(failed(1))
    images.put(stored(1))

    assert images.get_many([_hash(1)]) == {_hash(1): stored(1)}


def test_failures_are_given_whether_or_not_they_are_still_believed(images: ImageMap) -> None:
    """The table removes them days late, so whoever asks compares ``retry_at``."""
    old = ImageRecord(
        source_url_hash=_hash(1), s3_path=None, last_attempt=AT, retry_at=datetime(2001, 1, 1, tzinfo=UTC)
    )
    images.put(old)

    assert images.get_many([_hash(1)]) == {_hash(1): old}


def test_many_are_read_at_once_and_each_once(images: ImageMap) -> None:
    for number in range(105):
        images.put(stored(number))
    hashes = [_hash(number) for number in range(250)]

    found = images.get_many([*hashes, *hashes])

    assert found == {_hash(number): stored(number) for number in range(105)}


def test_items_are_stored_as_others_read_them(dynamodb: Any) -> None:
    table = _table(dynamodb)
    images = DynamoImageMap(dynamodb, table)
    images.put(stored(1))
    images.put(failed(2))

    items = {item["source_url_hash"]["S"]: item for item in dynamodb.scan(TableName=table)["Items"]}

    assert items[_hash(1)] == {
        "source_url_hash": {"S": _hash(1)},
        "s3_path": {"S": "images/1.jpg"},
        "last_attempt": {"S": "2026-11-21T01:00:00+00:00"},
    }
    assert items[_hash(2)]["s3_path"] == {"S": "DOWNLOAD_FAILED"}
    assert items[_hash(2)]["ttl"] == {"N": str(int((AT + timedelta(days=7)).timestamp()))}


# ------------------------------------------------------------------------------------------------ what only it can do


@pytest.fixture
def stubbed() -> Iterator[tuple[DynamoImageMap, Stubber, list[float]]]:
    client = aws_client("dynamodb", "http://127.0.0.1:1")
    pauses: list[float] = []
    with Stubber(client) as stubber:
        yield DynamoImageMap(client, "map", pause=pauses.append), stubber, pauses


def _keys(*numbers: int) -> dict[str, Any]:
    return {"map": {"Keys": [{"source_url_hash": {"S": _hash(number)}} for number in numbers]}}


def _found(number: int) -> dict[str, Any]:
    return {
        "source_url_hash": {"S": _hash(number)},
        "s3_path": {"S": f"images/{number}.jpg"},
        "last_attempt": {"S": AT.isoformat()},
    }


def test_keys_left_unprocessed_are_asked_for_again(
    stubbed: tuple[DynamoImageMap, Stubber, list[float]],
) -> None:
    images, stubber, pauses = stubbed
    stubber.add_response(
        "batch_get_item",
        {"Responses": {"map": [_found(1)]}, "UnprocessedKeys": _keys(2)},
        {"RequestItems": _keys(1, 2)},
    )
    stubber.add_response("batch_get_item", {"Responses": {"map": [_found(2)]}}, {"RequestItems": _keys(2)})

    assert images.get_many([_hash(1), _hash(2)]) == {_hash(1): stored(1), _hash(2): stored(2)}
    assert len(pauses) == 1


def test_keys_that_stay_unprocessed_are_throttled(stubbed: tuple[DynamoImageMap, Stubber, list[float]]) -> None:
    images, stubber, pauses = stubbed
    for _ in range(6):
        stubber.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": _keys(1)})

    with pytest.raises(Throttled):
        images.get_many([_hash(1)])

    assert pauses == sorted(pauses)
    assert len(pauses) == 5


@pytest.mark.parametrize(
    "broken",
    [{"s3_path": {"N": "1"}}, {"last_attempt": {"S": "yesterday"}}, {"ttl": {"N": "soon"}}],
)
def test_an_item_of_another_shape_is_malformed(
    stubbed: tuple[DynamoImageMap, Stubber, list[float]], broken: dict[str, Any]
) -> None:
    images, stubber, _ = stubbed
    stubber.add_response("batch_get_item", {"Responses": {"map": [_found(1) | broken]}})

    with pytest.raises(Malformed):
        images.get_many([_hash(1)])


def test_a_failure_needs_the_time_until_which_it_is_believed(
    stubbed: tuple[DynamoImageMap, Stubber, list[float]],
) -> None:
    with pytest.raises(BadInput):
        stubbed[0].put(ImageRecord(source_url_hash=_hash(1), s3_path=None, last_attempt=AT))


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ProvisionedThroughputExceededException", 400, Throttled),
        ("InternalServerError", 500, Unavailable),
        ("ResourceNotFoundException", 400, Permanent),
    ],
)
def test_error_codes_are_translated(
    stubbed: tuple[DynamoImageMap, Stubber, list[float]], code: str, status: int, expected: type[Exception]
) -> None:
    images, stubber, _ = stubbed
    for method in ("batch_get_item", "put_item"):
        stubber.add_client_error(method, service_error_code=code, http_status_code=status)

    with pytest.raises(expected):
        images.get_many([_hash(1)])
    with pytest.raises(expected):
        images.put(stored(1))


def test_a_refused_connection_is_unavailable() -> None:
    images = DynamoImageMap(aws_client("dynamodb", f"http://127.0.0.1:{free_port()}"), "map")

    with pytest.raises(Unavailable):
        images.get_many([_hash(1)])
    with pytest.raises(Unavailable):
        images.put(stored(1))
