"""Stage 4: each catalogue's numbers, and means over their scores."""

import math
import statistics as means
from collections.abc import Mapping, Sequence
from typing import Final

from domain.stages import values
from domain.stages.merging import read
from domain.stages.priority import SHORT_NAMES, STATISTICS
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue

_CLOSE_ENOUGH: Final = 1e-12


def statistics(answers: Mapping[Catalogue, Answers]) -> Part:
    """``statistics`` by catalogue, ``score``, and ``popularity_trends`` where a catalogue tells one."""
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
    scores = [numbers["score"] for numbers in by_catalogue.values() if "score" in numbers]
    return values.filled({"statistics": by_catalogue, "score": combined(scores), "popularity_trends": trends})


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
