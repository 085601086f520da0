"""Rate buckets in DynamoDB, for a stack without a cache.

An item a catalogue: ``catalogue`` and ``bucket``, a JSON text. An item a mark: ``catalogue`` is its key, ``ttl`` until
when it holds, in whole epoch seconds; DynamoDB removes such items days late, so that the condition compares the time.
The time is the worker's own, which AWS keeps in step with the others'.
"""

import math
import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

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
_BY: Final = "by"
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
            after, result = step(None if stored is None else read(stored), self._now())
            if after is None or self._replace(catalogue, stored, written(after)):
                return result
            self._pause(_FIRST_PAUSE * 2 ** min(attempt, 4) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        raise Throttled(f"{catalogue}: too many workers count at once", retry_after=1.0)

    def find(self, catalogue: str) -> Bucket | None:
        stored = self._stored(catalogue)
        return None if stored is None else read(stored)

    def mark(self, catalogue: str, item: str, *, seconds: float) -> float | None:
        now = self._now()
        key = mark_key(catalogue, item)
        us = secrets.token_hex(8)
        marked = self._set(
            key,
            "SET #until = :until, #by = :us",
            "attribute_not_exists(#until) OR #until <= :now",
            names={"#until": _UNTIL, "#by": _BY},
            values={":until": {"N": str(math.ceil(now + seconds))}, ":now": {"N": str(now)}, ":us": {"S": us}},
        )
        if marked:
            return None
        found = self._item(key)
        # Ours where the answer to the first attempt was lost and the client repeated it.
        ours = found.get(_BY, {}).get("S") == us
        return None if ours else float(found.get(_UNTIL, {}).get("N", now))

    def unmark(self, catalogue: str, item: str) -> None:
        with translated("dynamodb UpdateItem"):
            self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": mark_key(catalogue, item)}},
                UpdateExpression="REMOVE #until",
                ExpressionAttributeNames={"#until": _UNTIL},
            )

    def _stored(self, catalogue: str) -> str | None:
        value = self._item(catalogue).get(_BUCKET, {}).get("S")
        return None if value is None else str(value)

    def _item(self, key: str) -> dict[str, Any]:
        with translated("dynamodb GetItem"):
            answer = self._client.get_item(TableName=self._table, Key={_KEY: {"S": key}}, ConsistentRead=True)
        return dict(answer.get("Item", {}))

    def _replace(self, catalogue: str, before: str | None, after: str) -> bool:
        """False where somebody else was faster."""
        return self._set(
            catalogue,
            "SET #bucket = :after",
            "attribute_not_exists(#bucket)" if before is None else "#bucket = :before",
            names={"#bucket": _BUCKET},
            values={":after": {"S": after}} | ({} if before is None else {":before": {"S": before}}),
        )

    def _set(
        self, key: str, change: str, condition: str, *, names: Mapping[str, str], values: Mapping[str, dict[str, str]]
    ) -> bool:
        """False where the condition does not hold."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": key}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error_code(error) == _CONFLICT:
                return False
            raise translated_error("dynamodb UpdateItem", error) from None
        return True

    def _now(self) -> float:
        return self._clock().timestamp()
