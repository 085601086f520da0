"""What the functions of a local stack logged, merged by time.

The lines are in ``.local/logs/<function>.jsonl``, of another stack than ``local`` in ``.local/<stack>/logs/``. They
outlive the stack, until the next one of its name starts.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.configuration import REPOSITORY
from local.places import Places

_POLL_SECONDS: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """``time`` is ISO 8601 in UTC, as logged. ``fields`` are all fields of the line, these four included."""

    time: str
    function: str
    level: str
    message: str
    fields: dict[str, Any] = field(repr=False)


def read_logs(
    *,
    name: str = "local",
    root: Path = REPOSITORY,
    execution: str | None = None,
    anime_id: str | None = None,
    function: str | None = None,
    follow: bool = False,
    wait: Callable[[], bool] | None = None,
) -> Iterator[LogLine]:
    """Lines in the order of time, those of one execution, anime or function where one is named.

    ``function`` is a name, or its end: ``begin`` finds ``anime-infra-local-begin``. With ``follow`` it does not end,
    and new lines are in order as far as they come together; ``wait`` is called between looks, and False ends it.
    """
    logs = Places(root.resolve(), name).logs
    wanted = {"execution": execution, "anime_id": anime_id}
    read: dict[Path, int] = {}
    while True:
        lines = [line for path in sorted(logs.glob("*.jsonl")) for line in _new_lines(path, read)]
        for line in sorted(lines, key=lambda each: each.time):
            if _is_of(line.function, function) and all(
                value is None or line.fields.get(key) == value for key, value in wanted.items()
            ):
                yield line
        if not follow or not (wait or _pause)():
            return


def _pause() -> bool:
    time.sleep(_POLL_SECONDS)
    return True


def _is_of(function: str, wanted: str | None) -> bool:
    return wanted is None or function == wanted or function.endswith(f"-{wanted}")


def _new_lines(path: Path, read: dict[Path, int]) -> Iterator[LogLine]:
    """Whole lines that were added since the last look. A file that became shorter is a new one."""
    start = read.get(path, 0)
    with path.open("rb") as file:
        if file.seek(0, 2) < start:
            start = 0
        file.seek(start)
        added = file.read()
    whole = added[: added.rfind(b"\n") + 1]
    read[path] = start + len(whole)
    before = ""
    for text in whole.decode("utf-8", errors="replace").splitlines():
        line = _line(path.stem, text, before)
        before = line.time
        yield line


def _line(function: str, text: str, before: str) -> LogLine:
    """A line that is no JSON object was printed by a library: it has the time of the line before it."""
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        fields = {"message": text}
    return LogLine(
        time=str(fields.get("time", before)),
        function=function,
        level=str(fields.get("level", "info")),
        message=str(fields.get("message", "")),
        fields=fields,
    )
