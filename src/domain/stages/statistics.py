"""Stage 4: each catalogue's numbers, and means over their scores."""

import math
import statistics as means
from collections.abc import Mapping, Sequence
from typing import Final

from domain.stages import values
from domain.stages.merging import Notes, read
from domain.stages.priority import SHORT_NAMES, STATISTICS
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue

_CLOSE_ENOUGH: Final = 1e-12


def statistics(answers: Mapping[Catalogue, Answers]) -> Part:
    """``statistics`` by catalogue, ``score``, and ``popularity_trends`` where a catalogue tells one.

    Every catalogue counts once in the combined score, however many votes it has: MyAnimeList's millions would otherwise
    make it MyAnimeList's score. The three means are those of the releases, so that an entry that comes from a release
    and one that was enriched can be compared.
    """
    offers = read(answers, lambda reader: reader.statistics)
    by_catalogue: dict[str, Part] = {}
    trends: dict[str, int] = {}
    for catalogue in STATISTICS:
        numbers = dict(offers.get(catalogue, {}))
        trend = numbers.pop("trending", None)
        if trend is not None:
            trends[SHORT_NAMES[catalogue]] = trend
        if numbers:
            by_catalogue[SHORT_NAMES[catalogue]] = numbers
    scores = {name: numbers["score"] for name, numbers in by_catalogue.items() if "score" in numbers}
    notes = Notes(origins={"score": {"of": list(scores)}} if scores else {})
    for path, found in (("statistics", by_catalogue), ("popularity_trends", trends)):
        notes.keyed(
            path, {SHORT_NAMES[catalogue]: catalogue for catalogue in STATISTICS if SHORT_NAMES[catalogue] in found}
        )
    score = combined(list(scores.values()))
    part = values.filled({"statistics": by_catalogue, "score": score, "popularity_trends": trends})
    return notes.beside(part)


def combined(scores: Sequence[float]) -> Part:
    """The three means of the catalogues' scores, each catalogue counted once; empty where there is none."""
    if not scores:
        return {}
    mean = means.fmean(scores)
    return {
        "arithmetic_mean": round(mean, 4),
        "arithmetic_geometric_mean": round(arithmetic_geometric(mean, means.geometric_mean(scores)), 4),
        "median": round(means.median(scores), 4),
    }


def arithmetic_geometric(one: float, other: float) -> float:
    """Gauss's mean of two positive numbers: where their arithmetic and geometric means meet."""
    while abs(one - other) > _CLOSE_ENOUGH:
        one, other = (one + other) / 2, math.sqrt(one * other)
    return one
