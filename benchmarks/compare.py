"""How long it takes, and how much memory, to compare a release with what we have: our way and the naive one.

    python -m benchmarks.compare FIRST.jsonl.zst SECOND.jsonl.zst [--no-server]

A store is filled from the first release (not measured) and compared with the second: first the document database of
the local stack, then a plain file without any server. Each way runs in a process of its own; time is that of the work,
the best of three runs (of one, where single look-ups ask a server), memory the peak above an idle interpreter, imports
included. Exits 1 where our way takes more than it may, or the two ways disagree.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zstandard

from benchmarks.measuring import MIB, Measured, idle_peak_bytes, measure_module
from benchmarks.our_way import entries
from benchmarks.stores import fill_file, fill_server
from local.databases import DatabaseOptions, Databases

ALLOWED_SECONDS = 10
ALLOWED_MIB = 150
OURS = "benchmarks.our_way"
NAIVE = "benchmarks.naive_way"


@dataclass(frozen=True, kw_only=True)
class Store:
    name: str
    title: str
    naive_runs: int


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare a release with a store, our way and the naive one.")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--no-server", action="store_true", help="leave the document database out")
    asked = parser.parse_args()
    stores = (file_store,) if asked.no_server else (server_store, file_store)
    idle = idle_peak_bytes()
    good = True
    for open_store in stores:
        with tempfile.TemporaryDirectory() as folder, open_store(asked.first, Path(folder)) as store:
            good = compare(store, asked.second, idle) and good
    return 0 if good else 1


def compare(store: Store, release: Path, idle: int) -> bool:
    """Prints; whether our way keeps what is promised, and finds what the naive way finds."""
    print(f"\n{store.title}")
    ours = best_of(3, OURS, store, release)
    naive = best_of(store.naive_runs, NAIVE, store, release)
    for way, one in (("ours", ours), ("naive", naive)):
        print(f"  {way:6} {one.seconds:7.2f} s (processor {one.cpu_seconds:6.2f} s) {above(one, idle):7.1f} MiB")
    print(f"  {ours.result}")
    allowed = ours.seconds <= ALLOWED_SECONDS and above(ours, idle) <= ALLOWED_MIB
    print(f"  ours within {ALLOWED_SECONDS} s and {ALLOWED_MIB} MiB: {'yes' if allowed else 'NO'}")
    if ours.result != naive.result:
        print(f"  THE NAIVE WAY FINDS {naive.result}")
    return allowed and ours.result == naive.result


def above(one: Measured, idle: int) -> float:
    """MiB above an idle interpreter."""
    return (one.peak_bytes - idle) / MIB


def best_of(times: int, module: str, store: Store, release: Path) -> Measured:
    """The fastest run; memory hardly differs between runs."""
    runs = [measure_module(module, [store.name, release]) for _ in range(times)]
    return min(runs, key=lambda run: run.seconds)


@contextmanager
def file_store(release: Path, folder: Path) -> Iterator[Store]:
    name = fill_file(folder / "store.sqlite", entries(release))
    yield Store(name=name, title="one SQLite file, no server", naive_runs=3)


@contextmanager
def server_store(release: Path, folder: Path) -> Iterator[Store]:
    with Databases(DatabaseOptions(stack="benchmark", folder=folder)) as databases:
        with release.open("rb") as packed:
            lines = zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()[1:]
        name = fill_server(databases.mongo_uri, lines)
        yield Store(name=name, title=f"the local stack's document database ({databases.mongo_kind})", naive_runs=1)


if __name__ == "__main__":
    sys.exit(main())
