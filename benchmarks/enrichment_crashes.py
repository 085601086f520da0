"""What a crash costs: requests that are made again where a process ends after so many answers.

Both ways ask catalogue after catalogue, so that a crash meets the same request in both. The naive way begins anew. Ours
is asked for the same page again by the machine, with the answers that were kept, or without where a stack keeps none.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks import naive_enrichment
from benchmarks.enrichment_rows import NAIVE, Crash
from benchmarks.enrichment_series import Series
from benchmarks.enrichment_timing import Interrupt, Interrupted
from benchmarks.loopback import Catalogues
from benchmarks.our_enrichment import OurWay

KEEPING: Final = "ours"
NOT_KEEPING: Final = "ours without a cache"


def crashes(series: Series, catalogues: Catalogues, ours: OurWay, *, points: int) -> Iterator[Crash]:
    """``points`` crashes, evenly over the requests, in each way."""
    ways = {
        KEEPING: replace(ours, side_by_side=False),
        NOT_KEEPING: replace(ours, side_by_side=False, keeps=False),
    }
    naive_enrichment.enrich(series, catalogues.base_urls)
    whole = len(catalogues.asked())
    for point in range(1, points + 1):
        answers = whole * point // points
        _crash_naively(series, catalogues, after(answers))
        yield Crash(way=NAIVE, answers=answers, asked_again=len(catalogues.asked()) - whole)
        for name, way in ways.items():
            way.redis.flushall()
            way.enrich(series, interrupt=after(answers))
            yield Crash(way=name, answers=answers, asked_again=len(catalogues.asked()) - whole)


def after(answers: int) -> Interrupt:
    """Interrupts once, at the last of so many answers, which is lost."""
    left = iter(range(answers - 1, -1, -1))

    def interrupt() -> None:
        if next(left, None) == 0:
            raise Interrupted

    return interrupt


def _crash_naively(series: Series, catalogues: Catalogues, interrupt: Interrupt) -> None:
    while True:
        try:
            naive_enrichment.enrich(series, catalogues.base_urls, interrupt=interrupt)
        except Interrupted:
            continue
        return
