"""Rate buckets in DynamoDB, for a stack without a cache.

An item a catalogue: ``catalogue`` and ``bucket``, a JSON text. An item a mark: ``catalogue`` is its key, ``ttl`` until
when it holds, in epoch seconds; DynamoDB removes such items late or never, so that the condition compares the time. The
time is the worker's own, which AWS keeps in step with the others'.
"""

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from domain.token_bucket import Bucket
from models.errors import Throttled
from stores.aws_errors import error_code, translated, translated_error
from stores.rate_buckets import mark_key, read, written
from workflows.catalogue_ports import R, Step
from workflows.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final = "catalogue"
_BUCKET: Final = "bucket"
_UNTIL: Final = "ttl"
_ATTEMPTS: Final = 10
_FIRST_PAUSE: Final = 0.02
_CONFLICT: Final = "ConditionalCheckFailedException"


class DynamoRateBuckets:
    """Port ``RateBuckets``. ``pause`` waits seconds before a change is tried again that met another worker's."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, clock: Clock, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._pause = pause

    def change(self, catalogue: str, step: Step[R]) -> R:
        for attempt in range(_ATTEMPTS):
            stored = self._stored(catalogue)
            after, result = step(read(stored) if stored else None, self._now())
            if after is None or self._replace(catalogue, stored, written(after)):
                return result
            self._pause(_FIRST_PAUSE * 2 ** min(attempt, 4) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        raise Throttled(f"{catalogue}: too many workers count at once", retry_after=1.0)

    def find(self, catalogue: str) -> Bucket | None:
        stored = self._stored(catalogue)
        return read(stored) if stored else None

    def mark(self, catalogue: str, item: str, *, seconds: float) -> float | None:
        now = self._now()
        key = mark_key(catalogue, item)
        try:
            self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": key}},
                UpdateExpression="SET #until = :until",
                ConditionExpression="attribute_not_exists(#until) OR #until <= :now",
                ExpressionAttributeNames={"#until": _UNTIL},
                ExpressionAttributeValues={":until": {"N": str(now + seconds)}, ":now": {"N": str(now)}},
            )
        except ClientError as error:
            if error_code(error) != _CONFLICT:
                raise translated_error("dynamodb UpdateItem", error) from None
            return float(self._item(key).get(_UNTIL, {}).get("N", now))
        return None

    def unmark(self, catalogue: str, item: str) -> None:
        with translated("dynamodb UpdateItem"):
            self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": mark_key(catalogue, item)}},
                UpdateExpression="REMOVE #until",
                ExpressionAttributeNames={"#until": _UNTIL},
            )

    def _stored(self, catalogue: str) -> str:
        return str(self._item(catalogue).get(_BUCKET, {}).get("S", ""))

    def _item(self, key: str) -> dict[str, Any]:
        with translated("dynamodb GetItem"):
            answer = self._client.get_item(TableName=self._table, Key={_KEY: {"S": key}}, ConsistentRead=True)
        return dict(answer.get("Item", {}))

    def _replace(self, catalogue: str, before: str, after: str) -> bool:
        """False where somebody else was faster."""
        condition = "#bucket = :before" if before else "attribute_not_exists(#bucket)"
        values = {":after": {"S": after}} | ({":before": {"S": before}} if before else {})
        try:
            self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": catalogue}},
                UpdateExpression="SET #bucket = :after",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#bucket": _BUCKET},
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error_code(error) == _CONFLICT:
                return False
            raise translated_error("dynamodb UpdateItem", error) from None
        return True

    def _now(self) -> float:
        return self._clock().timestamp()
