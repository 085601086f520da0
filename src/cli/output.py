"""What goes where: results to stdout, progress to stderr; with ``--json`` one object on stdout and nothing else."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # rich costs 60 ms, which `anime --help` does not need to pay
    from rich.console import Console


WIDTH_OF_FILES = 140
"""Columns where stdout is no terminal and ``COLUMNS`` is not set, so that ids stay on one line."""


@dataclass
class Output:
    as_json: bool = False

    @cached_property
    def stdout(self) -> "Console":
        from rich.console import Console

        return Console(highlight=False, width=None if sys.stdout.isatty() or _told() else WIDTH_OF_FILES)

    @property
    def width(self) -> int:
        return self.stdout.width

    @cached_property
    def stderr(self) -> "Console":
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    def progress(self, message: str) -> None:
        self.stderr.print(message, style="dim", markup=False)

    def step(self, message: str) -> None:
        self.stderr.print(f"• {message}", style="bold", markup=False)

    def result(self, value: Mapping[str, Any]) -> None:
        """The object of ``--json``; without it the command prints in its own way."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")

    def text(self, line: str = "") -> None:
        if not self.as_json:
            self.stdout.print(line, markup=False)

    def line(self, line: str) -> None:
        """Never broken by us, so that a command in it can be copied."""
        if not self.as_json:
            self.stdout.print(line, markup=False, soft_wrap=True)

    def table(self, title: str | None, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        named = any(columns)
        table = Table(title=title, title_justify="left", title_style="bold", show_header=named)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        self.stdout.print(table)

    @contextmanager
    def waiting(self, message: str) -> Iterator["Waiting"]:
        """A line that says what is waited for: changing in place on a terminal, one line a change elsewhere."""
        if self.stderr.is_terminal:
            with self.stderr.status(message) as status:
                yield Waiting(lambda text: status.update(f"{message}: {text}" if text else message))
        else:
            self.progress(message)
            yield Waiting(lambda text: self.progress(f"  {text}") if text else None)


def _told() -> bool:
    """Whether ``COLUMNS`` says how wide the output is; rich then takes it from there."""
    columns = os.environ.get("COLUMNS", "")
    return columns.isdigit() and int(columns) > 0


class Waiting:
    def __init__(self, show: "Show") -> None:
        self._show = show
        self._last = ""

    def update(self, text: str) -> None:
        if text != self._last:
            self._last = text
            self._show(text)


if TYPE_CHECKING:
    from collections.abc import Callable

    Show = Callable[[str], None]
