"""Starting and stopping local stacks from the command line.

Everything here is cheap to import; what a start needs is imported when one starts.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from local import places as files
from local.errors import AlreadyRunning, LocalStackError, StartFailed
from local.places import Places, ProcessMark

if TYPE_CHECKING:
    from local.stack import LocalStack, StackOptions

REPOSITORY: Final = Path(__file__).resolve().parent.parent
_STOP_SECONDS: Final = 30.0
_KILL_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
_TAIL_LINES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Status:
    """``starting`` also covers a stack that is about to end. ``description`` is the content of ``stack.json``.
    ``cleaned``: files of a stack that was killed have just been removed."""

    name: str
    state: Literal["running", "starting", "stopped"]
    pid: int | None = None
    description: Mapping[str, Any] | None = None
    cleaned: bool = False


def status(name: str = "local", *, root: Path = REPOSITORY) -> Status:
    places = Places(root.resolve(), name)
    if not files.is_running(places):
        return Status(name=name, state="stopped", cleaned=_clean(places))
    mark = files.read_process(places)
    description = files.read_json(places.stack_file)
    return Status(
        name=name,
        state="running" if description else "starting",
        pid=mark.pid if mark else None,
        description=description,
    )


def start_foreground(
    name: str = "local",
    *,
    root: Path = REPOSITORY,
    options: "StackOptions | None" = None,
    progress: Callable[[str], None] = lambda _: None,
    ready: Callable[["LocalStack"], None] = lambda _: None,
) -> None:
    """Runs the stack until Ctrl-C or SIGTERM, and stops all that it started. Only for a process's main thread.

    Raises:
        LocalStackError: as ``LocalStack`` says; nothing is left running.
        KeyboardInterrupt: it was told to end before it was ready; nothing is left running.
    """
    from local.stack import LocalStack

    stopping = threading.Event()
    with _signals(stopping) as interrupt, LocalStack(name, root=root, options=options, progress=progress) as stack:
        interrupt.begun = True
        ready(stack)
        stopping.wait()
        progress("stopping")


def start_detached(
    name: str = "local",
    *,
    root: Path = REPOSITORY,
    options: "StackOptions | None" = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Status:
    """Starts the stack in a process of its own and returns when it is ready.

    Raises:
        AlreadyRunning: a stack of this name runs.
        StartFailed: it did not come up; the reason is its own, and nothing is left running.
    """
    from local.serve import options_as_json

    places = Places(root.resolve(), name)
    if files.is_running(places):
        mark = files.read_process(places)
        which = f" (process {mark.pid})" if mark else ""
        raise AlreadyRunning(f"the stack {name!r} is running already{which}; end it with `anime local down`")
    places.folder.mkdir(parents=True, exist_ok=True)
    heard, told = os.pipe()
    try:
        process = _spawn(places, told)
    finally:
        os.close(told)
    with os.fdopen(heard) as reports:
        try:
            _hand_over(options_as_json(options), process)
            _follow(reports, process, places, progress)
        except BaseException:
            _end(process)
            raise
    # If we outlive it, somebody has to ask for its code, or it stays as a zombie.
    threading.Thread(target=process.wait, name=f"stack-{name}", daemon=True).start()
    return status(name, root=root)


def stop(name: str = "local", *, root: Path = REPOSITORY) -> bool:
    """Ends the stack and drops everything but its logs. Returns whether it ran.

    Raises:
        LocalStackError: it runs, but not in a process that we can end.
    """
    places = Places(root.resolve(), name)
    if not files.is_running(places):
        _clean(places)
        return False
    mark = files.read_process(places)
    if mark is None or not files.is_alive(mark):
        raise LocalStackError(
            f"the stack {name!r} is being started or ended by a process that has not said which it is"
        )
    os.kill(mark.pid, signal.SIGTERM)
    if not _gone(places, mark, _STOP_SECONDS) and files.is_alive(mark):
        os.kill(mark.pid, signal.SIGKILL)
    if not _gone(places, mark, _KILL_SECONDS):
        raise LocalStackError(f"the stack {name!r} (process {mark.pid}) does not end")
    _clean(places)
    return True


def _clean(places: Places) -> bool:
    """Removes what a stack that was killed left behind. Nobody may be running."""
    stale = places.stack_file.exists() or places.process_file.exists()
    if stale:
        files.remove_state(places)
    return stale


def _gone(places: Places, mark: ProcessMark, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while files.is_running(places) or files.is_alive(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


class _signals:  # noqa: N801 (used as a context manager)
    """Ctrl-C and SIGTERM interrupt a start, end a running stack, and are ignored while it stops."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._before: dict[int, Any] = {}
        self.begun = False

    def __enter__(self) -> "_signals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, frame: object) -> None:  # noqa: ARG002 (a signal handler's signature)
        first = not self._stopping.is_set()
        self._stopping.set()
        if first and not self.begun:
            raise KeyboardInterrupt


def _spawn(places: Places, told: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "local.serve", "--name", places.name, "--root", str(places.root)]
    paths = [str(REPOSITORY), str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]
    with places.stack_log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 (our own module)
            [*command, "--report-to", str(told)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(told,),
            start_new_session=True,
        )


def _hand_over(options: str, process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None  # noqa: S101 (it was asked for)
    # If it has ended already, its log says why.
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(options.encode())


def _follow(reports: Any, process: "subprocess.Popen[bytes]", places: Places, progress: Callable[[str], None]) -> None:
    """Until the stack is ready; the pipe ends with its process."""
    for line in reports:
        report = json.loads(line)
        if "progress" in report:
            progress(report["progress"])
        elif "ready" in report:
            return
        else:
            process.wait(_STOP_SECONDS)
            raise StartFailed(report["error"])
    lines = places.stack_log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    raise StartFailed(f"the stack's process ended (code {process.wait()}): {' | '.join(lines) or 'it wrote nothing'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
