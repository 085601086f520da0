"""Runs of one anime's enrichment in all ways, under the same conditions, and the figures of them."""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from redis import Redis

from benchmarks import naive_enrichment
from benchmarks.enrichment_rows import COLD, NAIVE, WARM, WAYS, Row
from benchmarks.enrichment_series import Series
from benchmarks.enrichment_timing import FETCH, WHOLE, Enriched, Took
from benchmarks.loopback import Catalogues, catalogues_of
from benchmarks.our_enrichment import UNLIMITED, OurWay
from domain.canonical_json import canonical_bytes
from models.anime import AnimeEntry, dump_entry
from models.events import Catalogue
from sources.manners import MANNERS


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Seconds: ``answer_seconds`` for each request, ``connection_seconds`` more for the first over a connection,
    ``object_seconds`` for each read and write of an object. ``paced``: nobody asks faster than the catalogues want."""

    name: str
    answer_seconds: float = 0.0
    connection_seconds: float = 0.0
    object_seconds: float = 0.0
    paced: bool = False
    runs: int = 1

    def catalogues(self, series: Series) -> AbstractContextManager[Catalogues]:
        return catalogues_of(
            series.name, answer_seconds=self.answer_seconds, connection_seconds=self.connection_seconds
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """``asked`` counts the requests that reached the catalogues."""

    enriched: Enriched
    asked: Counter[str]

    def requests(self, part: str) -> int:
        if part in {WHOLE, FETCH}:
            return self.asked.total()
        return sum(number for line, number in self.asked.items() if line.startswith(f"{part} "))

    def calls(self, part: str) -> int:
        calls = self.enriched.timings.calls
        if part == WHOLE:
            return sum(calls.values())
        return sum(calls.get(one, 0) for one in Catalogue) if part == FETCH else calls.get(part, 0)


Runs = dict[str, list[Run]]
"""By way."""


def run_all(series: Series, conditions: Conditions, redis: Redis) -> Runs:
    """The ways take turns, so that what else the machine does meets all of them."""
    runs: Runs = {way: [] for way in WAYS}
    intervals = {one: 1 / MANNERS[one].pace.per_second for one in Catalogue} if conditions.paced else {}
    with conditions.catalogues(series) as catalogues:
        ours = OurWay(
            base_urls=catalogues.base_urls,
            redis=redis,
            manners=MANNERS if conditions.paced else UNLIMITED,
            object_seconds=conditions.object_seconds,
        )
        for _ in range(conditions.runs):
            with _uncollected():
                naive = naive_enrichment.enrich(series, catalogues.base_urls, intervals=intervals)
            runs[NAIVE].append(Run(enriched=naive, asked=Counter(catalogues.asked())))
            redis.flushall()
            for way in (COLD, WARM):
                with _uncollected():
                    enriched = ours.enrich(series)
                runs[way].append(Run(enriched=enriched, asked=Counter(catalogues.asked())))
    return runs


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, since the part that it happens to run in would pay for all."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def disagreements(runs: Runs) -> list[str]:
    """What keeps the ways from being compared."""
    asked = runs[NAIVE][0].asked
    entry = _content(runs[NAIVE][0].enriched.entry)
    found = []
    for way, some in runs.items():
        expected = Counter[str]() if way == WARM else asked
        if any(run.asked != expected for run in some):
            found.append(f"{way}: asks for something else")
        if any(_content(run.enriched.entry) != entry for run in some):
            found.append(f"{way}: makes another entry")
    return found


def _content(entry: AnimeEntry) -> Any:
    """But for what tells how the catalogues were asked. Lists are without order: where the catalogues give mappings, as
    of links, ours are sorted by name, since they were stored between the states, and the naive way's are as they came.
    """
    content = dump_entry(entry)
    return _unordered({name: content[name] for name in content.keys() - {"provenance", "enrichment_metadata"}})


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unordered(item) for name, item in value.items()}
    return sorted(map(_unordered, value), key=canonical_bytes) if isinstance(value, list) else value


def rows_of(series: Series, conditions: Conditions, runs: Runs) -> Iterator[Row]:
    naive = _medians(runs[NAIVE])
    for way, some in runs.items():
        for part, took in _medians(some).items():
            compared = None if way == NAIVE else naive.get(part)
            yield Row(
                series=series.title,
                conditions=conditions.name,
                way=way,
                part=part,
                seconds=round(took.seconds, 5),
                cpu_seconds=round(took.cpu_seconds, 5),
                requests=some[0].requests(part),
                calls=some[0].calls(part),
                longest_call=round(median(run.enriched.timings.longest_call.get(part, 0.0) for run in some), 3),
                times_as_fast=_ratio(compared, took, "seconds"),
                times_as_fast_cpu=_ratio(compared, took, "cpu_seconds"),
            )


def _medians(runs: Sequence[Run]) -> dict[str, Took]:
    parts = [run.enriched.timings.parts for run in runs]
    return {
        str(part): Took(
            seconds=median(one[part].seconds for one in parts),
            cpu_seconds=median(one[part].cpu_seconds for one in parts),
        )
        for part in parts[0]
    }


def _ratio(naive: Took | None, ours: Took, name: str) -> float | None:
    if naive is None or not getattr(ours, name):
        return None
    return float(f"{getattr(naive, name) / getattr(ours, name):.3g}")
