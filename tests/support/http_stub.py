"""An HTTP server whose answers a test writes down beforehand, for what no real server does on demand."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``hang``: say nothing until the stub ends. ``cut``: close the connection before the body is complete."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpStub:
    """Gives ``answers`` in turn, the last one for ever; ``requests`` holds what was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = deque(answers)
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self.requests: list[Request] = []
        self.url = ""

    def next(self, request: Request) -> Answer:
        with self._mutex:
            self.requests.append(request)
            return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]

    def hang(self) -> None:
        self._ended.wait()

    def end(self) -> None:
        self._ended.set()


S = TypeVar("S", bound=HttpStub)


@contextmanager
def http_stub(*answers: Answer) -> Iterator[HttpStub]:
    with serving(HttpStub(list(answers))) as stub:
        yield stub


@contextmanager
def serving(stub: S) -> Iterator[S]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # else clients wait in vain for "100 Continue"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            answer = stub.next(
                Request(method=self.command, path=self.path, body=body, headers=dict(self.headers.items()))
            )
            if answer.hang:
                stub.hang()
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + (1000 if answer.cut else 0)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.cut

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer  # noqa: N815 - the names http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        stub.end()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
