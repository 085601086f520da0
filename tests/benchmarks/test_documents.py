"""The tables of the documents say what was measured."""

import csv
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
ANIME: Final = {"Cowboy Bebop": "Cowboy Bebop", "1100 made-up episodes": "1,100 episodes"}
CONDITIONS: Final = {
    "no delays": "no delays, processor",
    "delays": "with delays",
    "paced": "at the catalogues' pace",
}
PARTS: Final = ("fetch", "metadata", "episodes", "relationships", "statistics", "characters", "assemble")

Figures = dict[tuple[str, str, str, str], dict[str, str]]


@pytest.fixture(scope="module")
def figures() -> Figures:
    with (FOLDER / "enrichment.csv").open() as file:
        return {(one["series"], one["conditions"], one["way"], one["part"]): one for one in csv.DictReader(file)}


def table(head: str) -> list[list[str]]:
    lines = iter((FOLDER / "README.md").read_text().splitlines())
    next(line for line in lines if line.startswith(f"| {head}"))
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def short(number: float, digits: int = 3) -> str:
    return f"{float(f'{number:.{digits}g}'):g}"


def test_the_whole_is_told_as_measured(figures: Figures) -> None:
    expected = []
    for series, anime in ANIME.items():
        for condition, words in CONDITIONS.items():
            column = "cpu_seconds" if condition == "no delays" else "seconds"
            naive, cold, warm = (
                float(figures[series, condition, way, "whole"][column]) for way in ("naive", "ours cold", "ours warm")
            )
            name = anime if condition == "no delays" else ""
            times = [f"{short(seconds)} s" for seconds in (naive, cold, warm)]
            expected.append([name, words, *times, short(naive / cold, 2), short(naive / warm, 2)])
    assert table("anime | conditions") == expected


def test_each_stage_is_told_as_measured(figures: Figures) -> None:
    expected = []
    for part in PARTS:
        row = [part]
        for series in ANIME:
            naive, ours = (
                1000 * float(figures[series, "no delays", way, part]["cpu_seconds"]) for way in ("naive", "ours warm")
            )
            row += [short(naive, 2), short(ours, 2), short(naive / ours, 2)]
        expected.append(row)
    assert table("part") == expected
