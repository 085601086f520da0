"""The product's way: the states FetchSources, the five stages and AssembleEntry, as the machine runs them.

A thread a catalogue and a thread a stage stand for the functions that run side by side; the calls for one catalogue
follow each other by its cursor. Kept answers and the counts of requests are in a Valkey server; objects are in memory,
each read and write as late as it is told to be. The machine itself, the starts of functions and the images are left
out.
"""

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from redis import Redis

from benchmarks.enrichment_series import Series
from benchmarks.enrichment_timing import ASSEMBLE, FETCH, WHOLE, Enriched, Interrupt, Interrupted, Timings, never, now
from benchmarks.memory_objects import memory_objects
from domain.canonical_json import canonical_bytes
from domain.token_bucket import Pace
from models.anime import read_entry
from models.events import Catalogue, ExecutionRef, FetchInput, FetchOutput, Mode, Stage, StageInput
from sources.http import HttpTransport, LiveTransport, Request, Response
from sources.kept_answers import SharedAnswers
from sources.manners import MANNERS, Manners
from sources.politeness import CarefulBuckets, PoliteTransport
from sources.registry import PAGES, catalogue_clients
from stores.answer_cache import RedisAnswerCache
from stores.rate_buckets import ProcessRateBuckets
from stores.rate_buckets_redis import RedisRateBuckets
from workflows import keys
from workflows.catalogue_counts import CatalogueCounts
from workflows.enrichment import asked_catalogues, assemble, fetch_source, process_stage
from workflows.ports import CatalogueClient, Objects
from workflows.work import load_json

T = TypeVar("T")

UNLIMITED: Final[Mapping[str, Manners]] = {
    catalogue: replace(manners, pace=Pace(per_second=1e6, capacity=1e6)) for catalogue, manners in MANNERS.items()
}
"""Each request is counted as always, and none has to wait."""

_EXECUTION: Final = "benchmark"
_REGISTERED: Final = {"anidb": "benchmark/1"}


@dataclass(frozen=True, kw_only=True)
class OurWay:
    """``keeps`` False: a stack whose workers share their counts and no answers. ``side_by_side`` False: one after the
    other, so that the same requests come in the same order each time."""

    base_urls: Mapping[Catalogue, str]
    redis: Redis
    manners: Mapping[str, Manners] = field(default_factory=lambda: UNLIMITED)
    object_seconds: float = 0.0
    keeps: bool = True
    side_by_side: bool = True

    def enrich(self, series: Series, *, interrupt: Interrupt = never) -> Enriched:
        """Where ``interrupt`` raises ``Interrupted``, that call of a function is lost, and made again."""
        objects = memory_objects(seconds=self.object_seconds)
        execution = _Execution(
            ref=_begun(series, objects), objects=objects, timings=Timings(), clients=self._clients(interrupt)
        )
        with execution.timings.whole(WHOLE):
            with execution.timings.whole(FETCH):
                self._each(execution.fetch, asked_catalogues(execution.ref, objects))
            self._each(execution.process, tuple(Stage))
            proposed = execution.assemble()
        return Enriched(entry=read_entry(load_json(proposed, objects)), timings=execution.timings)

    def _each(self, work: Callable[[T], None], items: Collection[T]) -> None:
        with ThreadPoolExecutor(len(items) if self.side_by_side else 1) as pool:
            list(pool.map(work, items))

    def _clients(self, interrupt: Interrupt) -> Callable[[], Mapping[Catalogue, CatalogueClient]]:
        """Those of one call of a function, wired as ``runtime.clients`` does."""
        buckets = CarefulBuckets(shared=RedisRateBuckets(self.redis), own=ProcessRateBuckets(clock=now))
        shared = SharedAnswers(cache=RedisAnswerCache(self.redis) if self.keeps else None)

        def clients() -> Mapping[Catalogue, CatalogueClient]:
            counts = CatalogueCounts()
            polite = PoliteTransport(
                _Interrupting(LiveTransport(), interrupt),
                manners=self.manners,
                buckets=buckets,
                counts=counts,
                clock=now,
                remaining=_for_ever,
            )
            return catalogue_clients(
                polite,
                self.base_urls,
                _REGISTERED,
                sleep=_no_sleep,
                clock=now,
                answers=shared,
                counts=counts,
                page_catalogues=PAGES,
            )

        return clients


@dataclass(frozen=True, kw_only=True)
class _Execution:
    ref: ExecutionRef
    objects: Objects
    timings: Timings
    clients: Callable[[], Mapping[Catalogue, CatalogueClient]]

    def fetch(self, catalogue: Catalogue) -> None:
        with self.timings.part(catalogue):
            output = self._call(catalogue, None)
            while not output.done:
                time.sleep(output.wait_seconds)
                output = self._call(catalogue, output.cursor)

    def process(self, stage: Stage) -> None:
        with self.timings.part(stage), self.timings.call(stage):
            process_stage(StageInput(ref=self.ref, stage=stage), objects=self.objects)

    def assemble(self) -> str:
        with self.timings.part(ASSEMBLE), self.timings.call(ASSEMBLE):
            return assemble(self.ref, objects=self.objects).proposed_key

    def _call(self, catalogue: Catalogue, cursor: str | None) -> FetchOutput:
        event = FetchInput(ref=self.ref, catalogue=catalogue, cursor=cursor)
        while True:
            with self.timings.call(catalogue):
                try:
                    return fetch_source(event, clients=self.clients(), objects=self.objects, clock=now)
                except Interrupted:
                    continue


@dataclass(frozen=True)
class _Interrupting:
    inner: HttpTransport
    interrupt: Interrupt

    def send(self, request: Request) -> Response:
        response = self.inner.send(request)
        self.interrupt()
        return response


def _begun(series: Series, objects: Objects) -> ExecutionRef:
    """What the state Begin leaves behind for an anime that is not stored, and IngestImages where it stored nothing."""
    subject = series.subject
    objects.put(keys.subject(_EXECUTION), canonical_bytes(subject.model_dump(mode="json")))
    objects.put(keys.images(_EXECUTION), b"{}")
    return ExecutionRef(
        execution=_EXECUTION, anime_id=subject.anime_id, mode=Mode.NEW, entry_key=keys.subject(_EXECUTION)
    )


def _for_ever() -> float:
    return float("inf")


def _no_sleep(seconds: float) -> None:
    raise AssertionError(f"a catalogue on this machine fails at nothing, and nobody waits {seconds} seconds to repeat")
