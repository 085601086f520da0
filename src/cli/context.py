"""Options that every command shares, and the translation of errors into exit codes."""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

from cli.errors import CommandError, UsageError
from cli.output import Output

if TYPE_CHECKING:
    from cli.session import Session

P = ParamSpec("P")
R = TypeVar("R")

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def project_root() -> Path:
    """The folder of ``Pulumi.yaml``: at or above the current one, else of the installed project."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


@dataclass
class Options:
    stack: str = "local"
    region: str | None = None
    out: Output = field(default_factory=Output)

    def session(self) -> "Session":
        from cli.session import open_session

        return open_session(self.stack, region=self.region, root=project_root())


def options(context: typer.Context) -> Options:
    found: Options = context.obj
    return found


def reporting(command: Callable[P, R]) -> Callable[P, R]:
    """Errors become one line on stderr and the exit code: 1 failed, 2 misused."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CommandError as error:
            _complain(" ".join(str(error).split()))
            raise typer.Exit(FAILED) from None
        except UsageError as error:
            _complain(f"{error}\nTry `{_command_path(*args, *kwargs.values())} --help`.")
            raise typer.Exit(MISUSED) from None
        except KeyboardInterrupt:
            raise interrupted("a run that was started goes on in the stack") from None
        except Exception as error:
            if not _foreign(error):
                raise
            _complain(f"the stack cannot be reached ({type(error).__name__}); is it running?")
            raise typer.Exit(FAILED) from None

    return wrapped


def interrupted(left: str) -> typer.Exit:
    """Of Ctrl-C, once it is told what is ``left`` behind."""
    _complain(f"interrupted; {left}")
    return typer.Exit(INTERRUPTED)


def _command_path(*given: object) -> str:
    """The command with its group, as ``anime review approve``, from the context that it was called with."""
    paths = (getattr(one, "command_path", None) for one in given)  # a context is not always a ``typer.Context``
    return next((path for path in paths if isinstance(path, str)), "anime")


def _foreign(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, BotoCoreError | ClientError)


def _complain(message: str) -> None:
    sys.stderr.write(f"anime: {message}\n")
