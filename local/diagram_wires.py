"""How wires run in an architecture diagram: like those of a circuit.

Each target has one lane of its own beside the columns, and a mark where the wire of a user meets it. A crossing without
a mark is just a crossing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from local.diagram_geometry import BOX, GUTTER_PAD, LANE, PANEL_PAD, Box, Mark, Point, Tone, Wire
from local.diagram_model import Area, Edge, Kind, Side

_CLEAR: Final = 5.0
"""Between two wires that run side by side."""

_REACH: Final = 14
"""How far from its middle a box may be joined to its lane."""

_TRIGGER: Final = Tone(Area.TRIGGERS)


@dataclass
class Wiring:
    """The edges by the columns they join. ``starting``: left to middle, ``filling``: middle to left, ``passing``: left
    to right, ``inner``: middle to middle or right, ``among``: right to right."""

    starting: Sequence[Edge]
    filling: Sequence[Edge]
    passing: Sequence[Edge]
    inner: Sequence[Edge]
    among: Sequence[Edge]
    wires: list[Wire] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    lowest: float = 0.0

    @property
    def left_lanes(self) -> int:
        return len(_sources(self.starting)) + len(_targets(self.filling)) + len(_targets(self.passing))

    @property
    def right_lanes(self) -> int:
        return len(_targets(self.inner) | _targets(self.passing))

    @property
    def far_lanes(self) -> int:
        return len(_targets(self.among))

    def run(self, boxes: Mapping[str, Box], *, below: float) -> None:
        """``below`` is free for wires that pass under the middle column."""
        lanes = _right_lanes(boxes, _targets(self.inner) | _targets(self.passing))
        floors = {target: below + n * LANE for n, target in enumerate(sorted(_targets(self.passing)))}
        self.lowest = max(floors.values(), default=0.0)
        self._run_left(boxes, lanes, floors)
        self._run_right(boxes, lanes, floors)
        self._run_among(boxes)

    def _run_left(self, boxes: Mapping[str, Box], lanes: Mapping[str, float], floors: Mapping[str, float]) -> None:
        x = max((box.right for box in boxes.values() if box.node.side is Side.LEFT), default=0.0) + PANEL_PAD
        x += GUTTER_PAD
        reach: dict[str, float] = {}
        for target, floor in sorted(floors.items()):
            tone = Tone(boxes[target].node.area, _is_second(lanes, target))
            edges = [edge for edge in self.passing if edge.target == target]
            top = min(boxes[edge.source].middle for edge in edges)
            self.wires.append(Wire(points=((x, top), (x, floor), (lanes[target], floor)), tone=tone))
            for edge in edges:
                self.marks.append(Mark(x=x, y=boxes[edge.source].middle, kind=edge.kind, tone=tone))
                reach[edge.source] = max(reach.get(edge.source, 0.0), x)
            x += LANE
        for source in sorted(_sources(self.starting), key=lambda key: -boxes[key].y):
            self._run_starter(x, boxes[source], [boxes[e.target] for e in self.starting if e.source == source])
            reach[source] = max(reach.get(source, 0.0), x)
            x += LANE
        for target in sorted(_targets(self.filling)):
            self._run_fillers(x, boxes[target], [boxes[e.source] for e in self.filling if e.target == target])
            x += LANE
        for source, end in sorted(reach.items()):
            self._wire((boxes[source].right, boxes[source].middle), (end, boxes[source].middle), _TRIGGER)

    def _run_starter(self, x: float, source: Box, targets: Sequence[Box]) -> None:
        self._lane(x, [source.middle, *(target.middle for target in targets)], _TRIGGER)
        for target in targets:
            self._arrow((x, target.middle), (target.x, target.middle), _TRIGGER)

    def _run_fillers(self, x: float, target: Box, sources: Sequence[Box]) -> None:
        """A little below the middle of the boxes, where the wires that start something are not."""
        heights = [source.middle + BOX / 4 for source in sources]
        end = target.middle + BOX / 4
        self._lane(x, [*heights, end], _TRIGGER)
        self._arrow((x, end), (target.right, end), _TRIGGER)
        for source, height in zip(sources, heights, strict=True):
            self._wire((x, height), (source.x, height), _TRIGGER)

    def _run_right(self, boxes: Mapping[str, Box], lanes: Mapping[str, float], floors: Mapping[str, float]) -> None:
        farthest: dict[str, float] = {}
        for edge in self.inner:
            farthest[edge.source] = max(farthest.get(edge.source, 0.0), lanes[edge.target])
        for source, end in sorted(farthest.items()):
            self._wire((boxes[source].right, boxes[source].middle), (end, boxes[source].middle), None)
        taken = [boxes[source].middle for source in farthest]
        for target in sorted(lanes, key=lambda key: (boxes[key].y, key)):
            box, x = boxes[target], lanes[target]
            tone = Tone(box.node.area, _is_second(lanes, target))
            edges = [edge for edge in self.inner if edge.target == target]
            joint = _free_height(box, taken)
            taken.append(joint)
            ends = [joint, *(boxes[edge.source].middle for edge in edges)]
            if target in floors:
                ends.append(floors[target])
                self.marks.append(Mark(x=x, y=floors[target], kind=Kind.WRITES, tone=tone))
            self._lane(x, ends, tone)
            self.marks += [Mark(x=x, y=boxes[edge.source].middle, kind=edge.kind, tone=tone) for edge in edges]
            if box.node.side is Side.RIGHT:
                self._wire((x, joint), (box.x, joint), tone)
            else:
                self._arrow((x, joint), (box.right, joint), tone)

    def _run_among(self, boxes: Mapping[str, Box]) -> None:
        farthest: dict[str, float] = {}
        for number, target in enumerate(sorted(_targets(self.among), key=lambda key: (boxes[key].y, key))):
            box = boxes[target]
            x = box.right + PANEL_PAD + GUTTER_PAD + number * LANE
            tone = Tone(box.node.area)
            edges = [edge for edge in self.among if edge.target == target]
            joint = box.middle - BOX / 4 if any(edge.source == target for edge in self.among) else box.middle
            self._lane(x, [joint, *(boxes[edge.source].middle for edge in edges)], tone)
            self._arrow((x, joint), (box.right, joint), tone)
            for edge in edges:
                self.marks.append(Mark(x=x, y=boxes[edge.source].middle, kind=edge.kind, tone=tone))
                farthest[edge.source] = x
        for source, end in sorted(farthest.items()):
            self._wire((boxes[source].right, boxes[source].middle), (end, boxes[source].middle), None)

    def _lane(self, x: float, heights: Sequence[float], tone: Tone) -> None:
        self._wire((x, min(heights)), (x, max(heights)), tone)

    def _wire(self, start: Point, end: Point, tone: Tone | None) -> None:
        if start != end:
            self.wires.append(Wire(points=(start, end), tone=tone))

    def _arrow(self, start: Point, tip: Point, tone: Tone) -> None:
        self.wires.append(Wire(points=(start, tip), tone=tone, tip=tip, tip_to_left=tip[0] < start[0]))


def _sources(edges: Iterable[Edge]) -> set[str]:
    return {edge.source for edge in edges}


def _targets(edges: Iterable[Edge]) -> set[str]:
    return {edge.target for edge in edges}


def _right_lanes(boxes: Mapping[str, Box], targets: set[str]) -> dict[str, float]:
    """Of targets in the middle first; then of the lowest box first, so that the wires to upper ones are short."""
    right_edge = max((box.right for box in boxes.values() if box.node.side is Side.MIDDLE), default=0.0)
    first = right_edge + PANEL_PAD + GUTTER_PAD
    ordered = sorted(targets, key=lambda key: (boxes[key].node.side is Side.RIGHT, -boxes[key].y, key))
    return {key: first + number * LANE for number, key in enumerate(ordered)}


def _is_second(lanes: Mapping[str, float], target: str) -> bool:
    return sorted(lanes.values()).index(lanes[target]) % 2 == 1


def _free_height(box: Box, taken: Sequence[float]) -> float:
    """As near to the box's middle as other wires allow."""
    for offset in sorted(range(-_REACH, _REACH + 1), key=lambda step: (abs(step), step)):
        if all(abs(box.middle + offset - other) >= _CLEAR for other in taken):
            return box.middle + offset
    return box.middle
