"""The parts that an architecture diagram is laid out of, and their measures in pixels."""

from dataclasses import dataclass
from typing import Final

from local.diagram_model import Area, Kind, Node

MARGIN: Final = 28.0
ROW: Final = 42.0
BOX: Final = 36.0
PANEL_TITLE: Final = 30.0
PANEL_PAD: Final = 10.0
PANEL_GAP: Final = 18.0
LANE: Final = 14.0
GUTTER_PAD: Final = 20.0

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Box:
    node: Node
    x: float
    y: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + BOX / 2


@dataclass(frozen=True, kw_only=True)
class Panel:
    title: str
    area: Area
    boxes: tuple[Box, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tone:
    """The colour of a lane: its target's area, in one of two shades, so that neighbours differ."""

    area: Area
    second: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a wire meets a lane, and what its box does with the lane's target."""

    x: float
    y: float
    kind: Kind
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One that leads to several lanes has no tone. ``tip`` is where an arrow's head points to."""

    points: tuple[Point, ...]
    tone: Tone | None = None
    tip: Point | None = None
    tip_to_left: bool = False
