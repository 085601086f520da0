"""What asking catalogues came to, counted during one call of a function."""

import threading
from collections import Counter
from enum import StrEnum

from workflows.metrics import Figure, Unit


class Count(StrEnum):
    """Names of figures. Those of one call are of one catalogue, which stands beside them in the log: a series a
    catalogue would cost seven times as much, and the log answers the same question."""

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
    """No answer, or one that says that something is wrong with the catalogue, or with how we ask it."""
    STORE_ERRORS = "CatalogueStoreErrors"
    """The shared store failed, and the fetch went on without it."""
    UNKNOWN_FIELDS = "CatalogueUnknownFields"
    """Fields in answers that nobody here knows, each as often as it came."""


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

    def figures(self) -> tuple[Figure, ...]:
        """Without those that are 0: a series is paid for by the hour in which it gets a figure."""
        values = {count: self[count] for count in Count}
        return tuple(
            Figure(name=count.value, value=value, unit=Unit.SECONDS if count is Count.WAITED else Unit.COUNT)
            for count, value in values.items()
            if value
        )
