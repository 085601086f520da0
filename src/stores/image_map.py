"""Where each image URL ended: the DynamoDB table ``image-deduplication-map``.

An item: ``source_url_hash``, ``s3_path`` or ``DOWNLOAD_FAILED``, ``last_attempt`` as ISO text; failures also
``error_message`` and ``ttl`` in epoch seconds, until when the failure is believed. DynamoDB removes expired items days
late, so readers compare ``retry_at`` themselves.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from models.errors import BadInput, Malformed, Throttled
from stores.aws_errors import translated
from stores.batches import in_batches
from workflows.ports import ImageRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FAILED: Final = "DOWNLOAD_FAILED"
_BATCH: Final = 100
_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 0.05

Item = Mapping[str, Any]


class DynamoImageMap:
    """Port ``ImageMap``. ``pause`` waits seconds before keys that DynamoDB did not get to are asked for again."""

    def __init__(self, client: "DynamoDBClient", table: str, *, pause: Callable[[float], object] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._pause = pause

    def get_many(self, source_url_hashes: Sequence[str]) -> dict[str, ImageRecord]:
        found: dict[str, ImageRecord] = {}
        for hashes in in_batches(dict.fromkeys(source_url_hashes), _BATCH):
            for item in self._batch(hashes):
                record = _record(item)
                found[record.source_url_hash] = record
        return found

    def put(self, record: ImageRecord) -> None:
        """Raises:
        BadInput: a failure without the time until which it is believed.
        """
        with translated("dynamodb PutItem"):
            self._client.put_item(TableName=self._table, Item=_item(record))

    def _batch(self, hashes: Sequence[str]) -> list[Item]:
        items: list[Item] = []
        pending: Any = {self._table: {"Keys": [{"source_url_hash": {"S": one}} for one in hashes]}}
        for attempt in range(_ATTEMPTS):
            with translated("dynamodb BatchGetItem"):
                answer = self._client.batch_get_item(RequestItems=pending)
            items.extend(answer.get("Responses", {}).get(self._table, ()))
            pending = answer.get("UnprocessedKeys")
            if not pending:
                return items
            if attempt < _ATTEMPTS - 1:
                self._pause(_FIRST_PAUSE * 2**attempt)
        raise Throttled(f"dynamodb BatchGetItem: keys left unprocessed {_ATTEMPTS} times")


def _item(record: ImageRecord) -> dict[str, Any]:
    item: dict[str, Any] = {
        "source_url_hash": {"S": record.source_url_hash},
        "s3_path": {"S": record.s3_path or FAILED},
        "last_attempt": {"S": record.last_attempt.astimezone(UTC).isoformat()},
    }
    if record.error_message is not None:
        item["error_message"] = {"S": record.error_message}
    if record.s3_path is None:
        if record.retry_at is None:
            raise BadInput("a failed image needs the time until which its failure is believed")
        item["ttl"] = {"N": str(int(record.retry_at.timestamp()))}
    return item


def _record(item: Item) -> ImageRecord:
    """Raises:
    Malformed: the item was not written here.
    """
    try:
        path = item["s3_path"]["S"]
        return ImageRecord(
            source_url_hash=item["source_url_hash"]["S"],
            s3_path=None if path == FAILED else path,
            last_attempt=datetime.fromisoformat(item["last_attempt"]["S"]),
            retry_at=datetime.fromtimestamp(int(item["ttl"]["N"]), UTC) if "ttl" in item else None,
            error_message=item["error_message"]["S"] if "error_message" in item else None,
        )
    except (KeyError, ValueError):
        raise Malformed("an item of the image map is not of the expected shape") from None
