"""The figures of enrichments, as they are written down and plotted."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

NAIVE: Final = "naive"
COLD: Final = "ours cold"
WARM: Final = "ours warm"
WAYS: Final = (NAIVE, COLD, WARM)
"""Ours with an empty cache, and with all answers in it."""

NO_DELAYS: Final = "no delays"
DELAYS: Final = "delays"
PACED: Final = "paced"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Medians of one part in one way. ``times_as_fast`` as naive, by the clock and by the processor; None for a part of
    the naive way itself, and where it took nothing. ``longest_call`` is of a function, in seconds."""

    series: str
    conditions: str
    way: str
    part: str
    seconds: float
    cpu_seconds: float
    requests: int
    calls: int
    longest_call: float
    times_as_fast: float | None
    times_as_fast_cpu: float | None


@dataclass(frozen=True, kw_only=True)
class Crash:
    """``asked_again``: requests beyond those of an enrichment that nothing interrupts, where one is interrupted after
    ``answers`` answers."""

    way: str
    answers: int
    asked_again: int


def columns(kind: type[Row] | type[Crash]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def values(row: Row | Crash) -> dict[str, Any]:
    """As they are written: empty where there is none."""
    return {name: "" if value is None else value for name, value in asdict(row).items()}


def write_table(rows: Sequence[Row] | Sequence[Crash], path: Path) -> None:
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, columns(type(rows[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(values, rows))
