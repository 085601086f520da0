"""Servers in processes of their own, which end with this process, also when it is killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from local import watchdog
from local.errors import StartFailed

HOST: Final = "127.0.0.1"
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
_TAIL_LINES: Final = 5


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Server:
    """A running program, under a watchdog. ``what`` names it in messages."""

    def __init__(self, what: str, command: Sequence[str], *, log_file: Path) -> None:
        self.what = what
        self._log_file = log_file
        log_file.parent.mkdir(parents=True, exist_ok=True)
        lifeline, self._lifeline = os.pipe()
        try:
            with log_file.open("ab") as log:
                self._watchdog = subprocess.Popen(  # noqa: S603 (the commands are our own)
                    [sys.executable, "-I", "-S", watchdog.__file__, *command],
                    stdin=lifeline,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the servers in order
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)

    @property
    def pid(self) -> int:
        """Of the watchdog; the program is its child."""
        return self._watchdog.pid

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Raises:
        StartFailed: it ended, or was not ready in time; with the end of its log.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._watchdog.poll() is not None:
                raise StartFailed(f"{self.what} ended with code {self._watchdog.returncode}: {self._tail()}")
            if ready():
                return
            time.sleep(_POLL_SECONDS)
        raise StartFailed(f"{self.what} did not answer within {seconds:.0f} s: {self._tail()}")

    def release(self) -> None:
        """Tells it to end, without waiting."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def stop(self) -> None:
        """Returns when it has ended. Calling it again does nothing."""
        self.release()
        try:
            self._watchdog.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()  # on Linux its child goes with it
            self._watchdog.wait()

    def _tail(self) -> str:
        lines = self._log_file.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return " | ".join(lines) or "it wrote nothing"
