"""Metrics through the log, in CloudWatch's embedded metric format: one line of JSON, which CloudWatch Logs reads.

So a function needs no right, no client and no waiting for its figures. The line carries the log's usual fields too, and
in a local stack it is a line of the log and no more. The format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

from workflows.metrics import Figure
from workflows.ports import Clock

NAMESPACE: Final = "AnimeInfra"
STACK: Final = "Stack"
"""The dimension that every figure has."""

_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,254}")
"""Capitals at the beginning keep names apart from the fields of the log and from ``_aws``."""

_MOST_FIGURES: Final = 100
_MOST_DIMENSIONS: Final = 30
_LONGEST_VALUE: Final = 1024


def embedded(
    figures: Sequence[Figure], *, dimensions: Mapping[str, str], at: datetime, about: Mapping[str, str]
) -> dict[str, Any]:
    """The document. ``about`` are fields for whoever reads the log; CloudWatch makes no series of them.

    Raises:
        ValueError: CloudWatch would drop it, or part of it, without a word.
    """
    _check(figures, dimensions)
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": figure.name, "Unit": figure.unit.value} for figure in figures],
    }
    return {
        **about,
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        **dimensions,
        **{figure.name: figure.value for figure in figures},
    }


class EmbeddedMetrics:
    """Writes to the function's log, whatever the log's level. ``about`` as in ``embedded``."""

    def __init__(self, stream: TextIO, *, stack: str, clock: Clock, about: Mapping[str, str]) -> None:
        self._stream = stream
        self._stack = stack
        self._clock = clock
        self._about = about

    def record(
        self, *figures: Figure, by: Mapping[str, str] | None = None, about: Mapping[str, str] | None = None
    ) -> None:
        if not figures:
            return
        now = self._clock()
        line = {**(about or {}), **self._about, "level": "info", "time": now.isoformat(), "message": "metrics"}
        document = embedded(figures, dimensions={STACK: self._stack, **(by or {})}, at=now, about=line)
        # One write: other threads of the function write to the same log.
        self._stream.write(json.dumps(document, allow_nan=False) + "\n")
        self._stream.flush()


def _check(figures: Sequence[Figure], dimensions: Mapping[str, str]) -> None:
    names = [*dimensions, *(figure.name for figure in figures)]
    if len(figures) > _MOST_FIGURES or len(dimensions) > _MOST_DIMENSIONS:
        raise ValueError(f"at most {_MOST_FIGURES} figures by {_MOST_DIMENSIONS} dimensions; record them in parts")
    if len(set(names)) != len(names):
        raise ValueError(f"two of one name, of which one would be lost: {sorted(names)}")
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} could hide a field of the log; begin with a capital, then letters and digits")
    for name, value in dimensions.items():
        if not (value.strip() and value.isascii() and len(value) <= _LONGEST_VALUE):
            raise ValueError(f"a dimension is 1 to {_LONGEST_VALUE} ASCII characters, and {name} is not")
    for figure in figures:
        if not math.isfinite(figure.value):
            raise ValueError(f"{figure.name} is {figure.value}, which is no number in JSON")
