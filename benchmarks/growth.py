"""How time and memory of a comparison grow from 3,000 to 340,000 entries.

    python -m benchmarks.growth FIRST.jsonl.zst SECOND.jsonl.zst OUT_FOLDER [--naive-up-to N]

Larger releases are made by renaming the real entries: each copy gets other source URLs and titles. The store is one
SQLite file, so that what is measured is the comparison and not a server. Writes ``growth.csv`` and ``growth.svg``.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
import zstandard
from matplotlib import pyplot

from benchmarks.compare import NAIVE, OURS
from benchmarks.measuring import MIB, idle_peak_bytes, measure_module
from benchmarks.our_way import entries
from benchmarks.stores import fill_file

SIZES = (3_000, 10_000, 34_000, 100_000, 340_000)
COLUMNS = ("way", "entries", "seconds", "cpu_seconds", "mib_above_idle")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure and plot how a comparison grows with its entries.")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--naive-up-to", type=int, default=SIZES[-1], metavar="N", help="it needs 9 MiB per 1,000")
    asked = parser.parse_args()
    idle = idle_peak_bytes()
    rows: list[dict[str, Any]] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            first, second = Path(folder, "first.jsonl.zst"), Path(folder, "second.jsonl.zst")
            write_release(asked.first, first, size)
            write_release(asked.second, second, size)
            store = fill_file(Path(folder, "store.sqlite"), entries(first))
            for module in (OURS, NAIVE) if size <= asked.naive_up_to else (OURS,):
                one = measure_module(module, [store, second])
                values = (
                    "ours" if module == OURS else "naive",
                    one.result["entries"],
                    round(one.seconds, 2),
                    round(one.cpu_seconds, 2),
                    round((one.peak_bytes - idle) / MIB, 1),
                )
                rows.append(dict(zip(COLUMNS, values, strict=True)))
                print(*values, sep="\t", flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_table(rows, asked.out / "growth.csv")
    plot(rows, asked.out / "growth.svg")
    return 0


def write_release(real: Path, target: Path, size: int) -> None:
    """``size`` entries: the real ones, then renamed copies of them."""
    with real.open("rb") as packed:
        metadata, *lines = zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()
    decoded = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    with target.open("wb") as out, zstandard.ZstdCompressor().stream_writer(out) as writer:
        writer.write(metadata + b"\n")
        for entry in islice(copies(decoded), size):
            writer.write(msgspec.json.encode(entry) + b"\n")


def copies(real: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from real
    for number in count(1):
        for entry in real:
            sources = [renamed(url, number) for url in entry["sources"]]
            yield {**entry, "sources": sources, "title": f"{entry['title']} ({number})"}


def renamed(url: str, number: int) -> str:
    """Another page of the same catalogue: numbers stay numbers, and names names."""
    page, _, name = url.rpartition("/")
    return f"{page}/{int(name) + number * 10_000_000}" if name.isdecimal() else f"{page}/{name}-copy-{number}"


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for panel, column, label in zip(
        panels, ("cpu_seconds", "mib_above_idle"), ("processor seconds", "MiB above an idle interpreter"), strict=True
    ):
        for way, marker in (("ours", "o"), ("naive", "s")):
            points = [(row["entries"], row[column]) for row in rows if row["way"] == way]
            panel.plot(*zip(*points, strict=True), marker=marker, label=way)
        panel.set(xscale="log", yscale="log", xlabel="entries of the release", ylabel=label)
        panel.grid(visible=True, which="both", alpha=0.3)
        panel.legend()
    figure.suptitle("Comparing a release with a store of as many anime (one SQLite file, no server)")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
