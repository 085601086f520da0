"""A loopback server that answers as a test tells it to, byte by byte where need be."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[["Asked", socket.socket], None]
"""Gets the request and writes the whole answer, head included; the connection is closed afterwards."""


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    url: str
    asked: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """Used one a request, the last one again and again."""


def answer(
    body: bytes = b"{}", *, status: str = "200 OK", content_type: str = "application/json", **headers: str
) -> Answer:
    """A plain, whole answer. Header names are written with ``_`` for ``-``."""

    def write(_asked: Asked, connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    return write


def raw(data: bytes) -> Answer:
    def write(_asked: Asked, connection: socket.socket) -> None:
        connection.sendall(data)

    return write


def drip(head: bytes, piece: bytes, stop: threading.Event, *, every: float) -> Answer:
    """Sends a piece again and again until told to stop or the other side is gone."""

    def write(_asked: Asked, connection: socket.socket) -> None:
        connection.sendall(head)
        while not stop.wait(every):
            connection.sendall(piece)

    return write


def silence(stop: threading.Event) -> Answer:
    def write(_asked: Asked, _connection: socket.socket) -> None:
        stop.wait(30)

    return write


@contextmanager
def serve(*answers: Answer) -> Iterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    server = Server(url=f"http://127.0.0.1:{listener.getsockname()[1]}", answers=list(answers))
    stopping = threading.Event()
    workers: list[threading.Thread] = []

    def accept() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            worker = threading.Thread(target=_handle, args=(connection, server), daemon=True)
            worker.start()
            workers.append(worker)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        stopping.set()
        acceptor.join()
        for worker in workers:
            worker.join(5)
        listener.close()


def _handle(connection: socket.socket, server: Server) -> None:
    """Whoever asks may hang up in the middle of an answer."""
    with connection, suppress(ConnectionError):
        asked = _read(connection)
        if asked is None:
            return
        position = min(len(server.asked), len(server.answers) - 1)
        server.asked.append(asked)
        server.answers[position](asked, connection)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Asked(method, target, headers, body)
