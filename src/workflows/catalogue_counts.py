"""What asking catalogues came to, counted during one call of a function."""

import threading
from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from typing import Final

from workflows.metrics import Figure, Metrics, Unit


class Count(StrEnum):
    """Names of figures. Those of one call are of one catalogue; see ``BY_CATALOGUE``."""

    REQUESTS = "CatalogueRequests"
    """That went out."""
    HITS = "CatalogueHits"
    """Answers from the cache, or from a request that another worker was making."""
    STALE = "CatalogueStaleAnswers"
    """Kept beyond their time, given because the catalogue failed."""
    WAITS = "CatalogueWaits"
    """Requests that had to wait for their turn."""
    WAITED = "CatalogueWaitSeconds"
    ERRORS = "CatalogueErrors"
    """Requests that went out and came to nothing: no answer, a refusal, or one that is not of the expected shape. That
    the catalogue has no such anime is no error. Each counts once, whoever sees first what is wrong with it."""
    STORE_ERRORS = "CatalogueStoreErrors"
    """The shared store failed, and the fetch went on without it."""
    UNKNOWN_FIELDS = "CatalogueUnknownFields"
    """Fields in answers that nobody here knows, each as often as it came."""


BY_CATALOGUE: Final = frozenset({Count.REQUESTS, Count.HITS, Count.WAITS, Count.ERRORS})
"""Figures with a series a catalogue in CloudWatch, 28 in all. The others have one a stack and the catalogue beside them
in the log: they tell of the cache and of shapes, and whoever wants to know more reads lines anyway."""


class CatalogueCounts:
    """Also for several threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._counts: Counter[Count] = Counter()
        self._waited = 0.0

    def add(self, count: Count, number: int = 1) -> None:
        with self._mutex:
            self._counts[count] += number

    def waited(self, seconds: float) -> None:
        """One request waited so long."""
        with self._mutex:
            self._counts[Count.WAITS] += 1
            self._waited += seconds

    def __getitem__(self, count: Count) -> float:
        with self._mutex:
            return self._waited if count is Count.WAITED else self._counts[count]

    def record(self, metrics: Metrics, catalogue: str) -> None:
        """All of them are of this catalogue."""
        about = {"catalogue": catalogue}
        metrics.record(*self.figures(BY_CATALOGUE), by={"Catalogue": catalogue}, about=about)
        metrics.record(*self.figures(set(Count) - BY_CATALOGUE), about=about)

    def figures(self, of: Collection[Count] = tuple(Count)) -> tuple[Figure, ...]:
        """Without those that are 0: a series is paid for by the hour in which it gets a figure."""
        values = {count: self[count] for count in Count if count in of}
        return tuple(
            Figure(name=count.value, value=value, unit=Unit.SECONDS if count is Count.WAITED else Unit.COUNT)
            for count, value in values.items()
            if value
        )
