"""What becomes a series of a catalogue in CloudWatch, and what one of the stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.metrics import Figure


@dataclass
class Recorded:
    """Each recording: its figures, what they are by and what they are about."""

    calls: list[tuple[set[str], Any, Any]] = field(default_factory=list)

    def record(
        self, *figures: Figure, by: Mapping[str, str] | None = None, about: Mapping[str, str] | None = None
    ) -> None:
        if figures:
            self.calls.append(({figure.name for figure in figures}, by, about))


def test_requests_hits_waits_and_errors_are_by_catalogue_and_the_rest_by_stack() -> None:
    counts, metrics = CatalogueCounts(), Recorded()
    for count in set(Count) - {Count.WAITS, Count.WAITED}:
        counts.add(count)
    counts.waited(1.5)
    counts.record(metrics, "jikan")

    about = {"catalogue": "jikan"}
    mine = {"CatalogueRequests", "CatalogueHits", "CatalogueWaits", "CatalogueErrors"}
    others = {"CatalogueStaleAnswers", "CatalogueWaitSeconds", "CatalogueStoreErrors", "CatalogueUnknownFields"}
    assert metrics.calls == [(mine, {"Catalogue": "jikan"}, about), (others, None, about)]


def test_a_call_that_asked_nothing_records_nothing() -> None:
    metrics = Recorded()
    CatalogueCounts().record(metrics, "jikan")
    assert metrics.calls == []
