"""The ``anime`` command, as a process of its own or, which is faster, in this one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from cli.main import app, hoist

COMMAND: Final = Path(sys.executable).with_name("anime")
_SECONDS: Final = 120


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Exactly one object on one line, and nothing else."""
        assert self.code == 0, self.err
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert self.out.count("\n") == 1
        return found

    @property
    def complaint(self) -> str:
        """The one line of a failure."""
        assert (self.code, self.out) == (1, ""), self
        lines = [line for line in self.err.splitlines() if line.startswith("anime: ")]
        assert lines == self.err.splitlines()[-1:], self.err
        return lines[0].removeprefix("anime: ")


Anime = Callable[..., Ended]


def in_process(*arguments: str | Path) -> Ended:
    """In the current folder, as the command itself does."""
    ended = CliRunner().invoke(app, hoist([str(argument) for argument in arguments]))
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


def in_shell(folder: Path, *arguments: str | Path) -> Ended:
    """As a user types it in a folder, with nothing of this process's environment that is meant for AWS."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MONGO", "REDIS"))}
    ended = subprocess.run(
        [COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
