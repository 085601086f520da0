"""Where a local stack keeps its files, and how one tells whether it runs.

A running stack holds a lock on ``.local/<name>/lock`` which the system lets go of with the process, however it ends.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.errors import AlreadyRunning

_MAIN_STACK: Final = "local"
_ENDED: Final = "Z"


@dataclass(frozen=True)
class Places:
    root: Path
    name: str

    @property
    def folder(self) -> Path:
        return self.root / ".local" / self.name

    @property
    def stack_file(self) -> Path:
        """What the command line reads; it is there exactly while the stack is ready."""
        return self.root / ".local" / "stack.json" if self.name == _MAIN_STACK else self.folder / "stack.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def process_file(self) -> Path:
        return self.folder / "process.json"

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock.json"

    @property
    def logs(self) -> Path:
        """One file a function. They outlive the stack, until the next one of this name starts."""
        return (self.root / ".local" if self.name == _MAIN_STACK else self.folder) / "logs"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def stack_log(self) -> Path:
        return self.folder / "stack.log"

    @property
    def emulator_log(self) -> Path:
        return self.folder / "emulator.log"


@dataclass(frozen=True, kw_only=True)
class ProcessMark:
    """A process, told apart from a later one with the same number by when it started."""

    pid: int
    started: str


@contextmanager
def held(places: Places) -> Iterator[None]:
    """Holds the stack's lock.

    Raises:
        AlreadyRunning: another process does, or this one.
    """
    places.folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _try_lock(descriptor):
            mark = read_process(places)
            process = f" (process {mark.pid})" if mark else ""
            raise AlreadyRunning(f"the stack {places.name!r} is running already{process}; end it first")
        yield
    finally:
        os.close(descriptor)


def is_running(places: Places) -> bool:
    try:
        descriptor = os.open(places.lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_state(places: Places) -> None:
    """Everything but the logs. Only for whoever holds the lock, or knows that nobody does."""
    for file in (places.stack_file, places.process_file, places.clock_file):
        file.unlink(missing_ok=True)
    shutil.rmtree(places.data, ignore_errors=True)


def remove_logs(places: Places) -> None:
    shutil.rmtree(places.logs, ignore_errors=True)
    places.emulator_log.unlink(missing_ok=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """At once: nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(value, indent=2) + "\n")
    part.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_process(places: Places) -> None:
    pid = os.getpid()
    write_json(places.process_file, {"pid": pid, "started": start_mark(pid)})


def read_process(places: Places) -> ProcessMark | None:
    known = read_json(places.process_file) or {}
    if isinstance(known.get("pid"), int) and isinstance(known.get("started"), str):
        return ProcessMark(pid=known["pid"], started=known["started"])
    return None


def is_alive(mark: ProcessMark) -> bool:
    """Whether that very process runs, and not another one that got its number."""
    return start_mark(mark.pid) == mark.started != ""


def start_mark(pid: int) -> str:
    """When the process started, in whatever form this system tells it; empty where no such process runs.

    One that has ended, and whose parent has not asked for its code, runs no more.
    """
    if Path("/proc/self/stat").exists():
        try:
            # The second field is the program's name in parentheses and may hold anything; the third is the state, and
            # the start time is the 22nd.
            state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if state == _ENDED else fields[18]
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 (no input of others)
    state, _, started = told.partition(" ")
    return "" if state.startswith(_ENDED) else started.strip()
