"""Figures for whoever watches the stack: what a workflow measures, what a catalogue's client counts.

The port takes figures of one moment. Where they go is the runtime's (``runtime.metrics``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Unit(StrEnum):
    """As CloudWatch spells them. What has none of its units, such as hours, says its unit in its name."""

    COUNT = "Count"
    SECONDS = "Seconds"
    NONE = "None"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """``name`` in CloudWatch's own style, such as ``CacheHits``."""

    name: str
    value: float
    unit: Unit = Unit.COUNT


class Metrics(Protocol):
    def record(
        self, *figures: Figure, by: Mapping[str, str] | None = None, about: Mapping[str, str] | None = None
    ) -> None:
        """Of one moment; the stack is added. ``by`` says of which part of it, such as ``{"Catalogue": "jikan"}``.

        Every value that ``by`` takes on makes series of its own, each paid for by the month: never an id. ``about``
        stands beside the figures in the log and makes none.
        """
        ...
