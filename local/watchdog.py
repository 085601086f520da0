"""Runs one program and ends it when whoever started this script is gone, however that came about.

``python -I -S watchdog.py COMMAND ARGUMENT...`` with a pipe as standard input: the starter holds the other end and
writes nothing. When the pipe ends, the program is killed: what it holds is thrown away with the stack, so there is
nothing for it to finish. This works where a parent's death sends no signal (macOS), and unlike such a signal it does
not depend on the thread that started the process. It imports only the standard library and starts at once.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType


def main(command: list[str]) -> None:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)  # noqa: PLW1509, S603 (no other thread runs yet; the command is the starter's)

    def told_to_end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's signature)
        _end(child)

    signal.signal(signal.SIGTERM, told_to_end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: os._exit(child.wait() & 0xFF), daemon=True).start()
    while os.read(0, 1):
        pass
    _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    os._exit(0)


def _end_with_parent() -> None:
    """On Linux, so that not even the end of this script leaves the program behind."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main(sys.argv[1:])
