"""An ASGI layer before the emulator that refuses payloads which AWS refuses and the emulator takes.

- An invocation's event: 6 MB when the caller waits for the answer, 1 MB when it does not.
- The input of an execution and the output of a task: 262,144 bytes.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

SYNCHRONOUS_EVENT_BYTES: Final = 6 * 1024 * 1024
ASYNCHRONOUS_EVENT_BYTES: Final = 1024 * 1024
STATE_BYTES: Final = 262_144
RESPONSE_BYTES: Final = 6_291_556
"""What Lambda names in its message: 6 MB and 100 bytes."""

_INVOCATION: Final = re.compile(r"^/2015-03-31/functions/[^/]+/invocations$")
_STATE_FIELDS: Final = {"AWSStepFunctions.StartExecution": "input", "AWSStepFunctions.SendTaskSuccess": "output"}


def with_limits(application: Application) -> Application:
    async def limited(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        length = int(headers.get("content-length") or 0)
        if _INVOCATION.match(scope["path"]):
            limit = _event_limit(headers)
            if length > limit:
                await _drain(receive)
                await _refuse(send, 413, "RequestTooLargeException", _too_large(limit))
                return
        field = _STATE_FIELDS.get(headers.get("x-amz-target", ""))
        if field and length > STATE_BYTES:
            body = await _drain(receive)
            if _text_bytes(body, field) > STATE_BYTES:
                await _refuse(send, 400, "ValidationException", _too_long(field))
                return
            receive = _replaying(body, receive)
        await application(scope, receive, send)

    return limited


def _event_limit(headers: dict[str, str]) -> int:
    if headers.get("x-amz-invocation-type") == "Event":
        return ASYNCHRONOUS_EVENT_BYTES
    return SYNCHRONOUS_EVENT_BYTES


def _too_large(limit: int) -> str:
    return f"Request must be smaller than {limit} bytes for the InvokeFunction operation"


def _too_long(field: str) -> str:
    return (
        f"1 validation error detected: Value at '{field}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {STATE_BYTES}"
    )


def _text_bytes(body: bytes, field: str) -> int:
    try:
        return len(str(json.loads(body).get(field) or "").encode())
    except (ValueError, AttributeError):
        return 0  # not for us to judge; the emulator answers it


async def _drain(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


def _replaying(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"__type": code, "Type": "User", "message": message, "Message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
