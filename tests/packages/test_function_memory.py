"""The functions' memory is what was chosen from measured figures."""

import re
from dataclasses import dataclass
from typing import Final

import pytest

from components.application.pipeline import FUNCTIONS
from components.packaging import ROOT
from scripts.function_memory import LEAST_FACTOR, Row, rendered

ROW: Final = re.compile(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", re.MULTILINE)
TABLE: Final = (ROOT / "docs/function-memory.md").read_text()


@dataclass(frozen=True)
class Figures:
    calls: int
    imported: int
    clients: int
    peak: int
    given: int


MEASURED: Final = {task: Figures(*map(int, figures)) for task, *figures, _ in ROW.findall(TABLE)}
GIVEN: Final = {spec.task: spec.memory_mib for spec in FUNCTIONS}


def test_every_function_was_measured() -> None:
    assert MEASURED.keys() == GIVEN.keys()
    assert all(figures.calls for figures in MEASURED.values())


@pytest.mark.parametrize("task", sorted(GIVEN))
def test_a_function_has_the_memory_that_the_table_says(task: str) -> None:
    assert MEASURED[task].given == GIVEN[task]


@pytest.mark.parametrize("task", sorted(GIVEN))
def test_a_function_has_half_as_much_again_as_it_ever_took(task: str) -> None:
    figures = MEASURED[task]

    assert figures.imported <= figures.clients
    assert GIVEN[task] >= LEAST_FACTOR * max(figures.clients, figures.peak)


def test_the_page_is_as_the_script_writes_it() -> None:
    """But for the figures, which differ a little with every run."""
    rows = [
        Row(task=task, calls=f.calls, imported=f.imported, clients=f.clients, peak=f.peak, given=f.given)
        for task, f in MEASURED.items()
    ]
    entries = re.search(r"restore of ([\d,]+) anime", TABLE)

    assert entries is not None
    assert rendered(rows, entries=int(entries[1].replace(",", ""))) == TABLE
