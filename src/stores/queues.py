"""An SQS queue of JSON messages."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from stores.aws_errors import translated
from workflows.ports import QueueMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

UNREADABLE: Final = "unreadable"
_RECEIVE_LIMIT: Final = 10


class SqsQueue:
    """Port ``Queue``. ``wait`` is how long an empty queue is listened to; a short look may miss messages."""

    def __init__(self, client: "SQSClient", url: str, *, wait: timedelta = timedelta(seconds=2)) -> None:
        self._client = client
        self._url = url
        self._wait = int(wait.total_seconds())

    def send(self, message: Mapping[str, Any]) -> None:
        with translated("sqs SendMessage"):
            self._client.send_message(QueueUrl=self._url, MessageBody=orjson.dumps(dict(message)).decode())

    def receive(self, limit: int = 10) -> Sequence[QueueMessage]:
        """A body that is no JSON object becomes ``{"unreadable": <text>}``, so that it blocks none of the others."""
        received: list[QueueMessage] = []
        while len(received) < limit:
            with translated("sqs ReceiveMessage"):
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(_RECEIVE_LIMIT, limit - len(received)),
                    WaitTimeSeconds=self._wait if not received else 0,
                )
            messages = answer.get("Messages", [])
            if not messages:
                break
            received.extend(QueueMessage(body=_body(one["Body"]), receipt=one["ReceiptHandle"]) for one in messages)
        return tuple(received)

    def delete(self, receipt: str) -> None:
        with translated("sqs DeleteMessage"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)


def _body(text: str) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {UNREADABLE: text}
