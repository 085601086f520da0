"""A proxy that can lose the answer to one request: the request is carried out, and its sender never hears of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """``lose_answer_to``: the next request that holds these bytes is passed on, its answer is not, and the connection
    of its sender is closed. ``lost`` counts such answers."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._marker: bytes | None = None
        self._mutex = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.lost = 0
        self.port = int(self._listener.getsockname()[1])

    def lose_answer_to(self, marker: bytes) -> None:
        with self._mutex:
            self._marker = marker

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._open += [client, server]
            losing = threading.Event()
            threading.Thread(target=self._upward, args=(client, server, losing), daemon=True).start()
            threading.Thread(target=self._downward, args=(client, server, losing), daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _upward(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                with self._mutex:
                    if self._marker is not None and self._marker in data:
                        self._marker = None
                        losing.set()
                server.sendall(data)

    def _downward(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if losing.is_set():
                    self.lost += 1
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def tcp_proxy(host: str, port: int) -> Iterator[Proxy]:
    proxy = Proxy((host, port))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(timeout=10)
