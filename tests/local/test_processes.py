"""Servers end with the process that started them, however that ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.errors import StartFailed
from local.places import start_mark
from local.processes import Server, free_port

SLEEPER = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); "
    "time.sleep(600)",
]
REPOSITORY = Path(__file__).resolve().parents[2]


def eventually(look: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not look():
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.02)


def is_alive(pid: int) -> bool:
    return start_mark(pid) != ""


def started(server: Server, log_file: Path) -> int:
    """The process number of the program under the watchdog."""
    server.wait_until(lambda: log_file.read_text().endswith("\n"), seconds=15)
    return int(log_file.read_text())


@pytest.mark.parametrize("command", [SLEEPER, STUBBORN], ids=["sleeper", "stubborn"])
def test_stopping_ends_the_program_and_doing_it_again_does_nothing(tmp_path: Path, command: list[str]) -> None:
    log_file = tmp_path / "log"
    server = Server("sleeper", command, log_file=log_file)
    pid = started(server, log_file)
    assert is_alive(pid)
    server.stop()
    assert not is_alive(pid)
    assert not is_alive(server.pid)
    server.stop()


def test_a_program_that_ends_by_itself_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = Server(
        "broken", [sys.executable, "-c", "print('no room'); raise SystemExit(3)"], log_file=tmp_path / "log"
    )
    with pytest.raises(StartFailed, match=r"broken ended with code 3: no room"):
        server.wait_until(lambda: False, seconds=15)
    server.stop()


def test_a_program_that_does_not_answer_is_told(tmp_path: Path) -> None:
    server = Server("mute", SLEEPER, log_file=tmp_path / "log")
    try:
        with pytest.raises(StartFailed, match="mute did not answer within 0 s"):
            server.wait_until(lambda: False, seconds=0.1)
    finally:
        server.stop()


def test_killing_the_parent_leaves_no_children(tmp_path: Path) -> None:
    """SIGKILL: no handler, no ``finally``, no ``atexit`` runs in the parent. The thread that started it is gone too."""
    source = f"""
import sys, threading, time
from pathlib import Path
from local.processes import Server
made = []
thread = threading.Thread(target=lambda: made.append(Server("s", {SLEEPER!r}, log_file=Path(sys.argv[1]))))
thread.start(); thread.join()
print(made[0].pid, flush=True)
time.sleep(600)
"""
    log_file = tmp_path / "log"
    parent = subprocess.Popen(
        [sys.executable, "-c", source, str(log_file)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'src'}"},
    )
    try:
        assert parent.stdout is not None
        with parent.stdout:
            watchdog = int(parent.stdout.readline())
        eventually(lambda: log_file.exists() and log_file.read_text().endswith("\n"))
        program = int(log_file.read_text())
        assert is_alive(watchdog)
        assert is_alive(program)
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not is_alive(program))
    eventually(lambda: not is_alive(watchdog))


if sys.platform == "linux":  # elsewhere no signal tells of a parent's death

    def test_killing_the_watchdog_itself_leaves_no_program(tmp_path: Path) -> None:
        log_file = tmp_path / "log"
        server = Server("sleeper", SLEEPER, log_file=log_file)
        program = started(server, log_file)
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not is_alive(program))
        server.stop()


def test_a_free_port_is_one_that_can_be_listened_on() -> None:
    import socket

    with socket.create_server(("127.0.0.1", free_port())):
        pass
