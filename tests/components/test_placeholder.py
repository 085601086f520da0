"""The placeholder answers as a server in its place has to, and its health command tells good from bad."""

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from components.application.placeholder import PYTHON_HEALTH_COMMAND, placeholder
from components.application.placeholder_server import Placeholder


class Broken(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(500)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's word)
        pass


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), getattr(request, "param", Placeholder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def _health_of(port: int) -> int:
    """The exit code of the health command, run as ECS does."""
    _, _, *arguments = PYTHON_HEALTH_COMMAND
    ran = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PORT": str(port)},
        check=False,
        capture_output=True,
        timeout=60,
    )
    return ran.returncode


def test_it_is_healthy(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert (answer.status, answer.read()) == (200, b"ok\n")


@pytest.mark.parametrize("body", [None, b"{}"])
def test_it_has_no_other_answer_and_none_that_rings_an_alarm(port: int, body: bytes | None) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/graphql", data=body, timeout=10)
    with refused.value:
        assert refused.value.code == 404


def test_the_health_command_finds_it_healthy(port: int) -> None:
    assert _health_of(port) == 0


@pytest.mark.parametrize("port", [Broken], indirect=True)
def test_the_health_command_finds_a_broken_server_unhealthy(port: int) -> None:
    assert _health_of(port) == 1


def test_its_command_is_a_whole_program_that_asks_for_its_port() -> None:
    command = placeholder().command

    assert command[:2] == ("python", "-c")
    ran = subprocess.run(
        [sys.executable, "-S", "-E", "-c", command[2]], env={}, check=False, capture_output=True, text=True, timeout=60
    )
    assert "KeyError: 'PORT'" in ran.stderr
