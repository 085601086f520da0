"""Where everything stands in an architecture diagram.

Three columns, read from left to right: what starts things, what works, what it works with. The wires between them
(``local.diagram_wires``) have gutters of their own, so no line ever runs through a box.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from local.diagram_geometry import (
    BOX,
    GUTTER_PAD,
    LANE,
    MARGIN,
    PANEL_GAP,
    PANEL_PAD,
    PANEL_TITLE,
    ROW,
    Box,
    Mark,
    Panel,
    Wire,
)
from local.diagram_model import MACHINE, Area, Edge, Kind, Model, Node, Side
from local.diagram_wires import Wiring

HEADER: Final = 84.0
LEGEND_HEIGHT: Final = 140.0
LEFT_WIDTH: Final = 256.0
MIDDLE_WIDTH: Final = 456.0
RIGHT_WIDTH: Final = 280.0

TIMER_PANEL: Final = "Started by timers and updates"
MACHINE_PANEL: Final = "State machine and its functions"
COMMAND_PANEL: Final = "Called by the anime command"

_Group = tuple[str, Area, Sequence[Node]]
_Pair = tuple[Side, Side]


@dataclass(frozen=True, kw_only=True)
class Layout:
    model: Model
    panels: tuple[Panel, ...]
    wires: tuple[Wire, ...]
    marks: tuple[Mark, ...]
    width: float
    height: float
    legend_y: float


def layout_of(model: Model) -> Layout:
    edges = _edges_by_sides(model)
    starting = edges.get((Side.LEFT, Side.MIDDLE), [])
    wiring = Wiring(
        starting=starting,
        filling=edges.get((Side.MIDDLE, Side.LEFT), []),
        passing=edges.get((Side.LEFT, Side.RIGHT), []),
        inner=[*edges.get((Side.MIDDLE, Side.MIDDLE), []), *edges.get((Side.MIDDLE, Side.RIGHT), [])],
        among=edges.get((Side.RIGHT, Side.RIGHT), []),
    )
    middle_x = MARGIN + LEFT_WIDTH + _gutter(wiring.left_lanes)
    right_x = middle_x + MIDDLE_WIDTH + _gutter(wiring.right_lanes)
    middle = _stacked(_middle_groups(model, starting), x=middle_x, width=MIDDLE_WIDTH)
    right = _stacked(_right_groups(model), x=right_x, width=RIGHT_WIDTH)
    heights = {box.node.key: box.y for panel in middle for box in panel.boxes}
    left = _stacked(_left_groups(model, starting, heights), x=MARGIN, width=LEFT_WIDTH)
    panels = [*left, *middle, *right]
    wiring.run({box.node.key: box for panel in panels for box in panel.boxes}, below=_end(middle) + PANEL_GAP)
    legend_y = _end(left) + 2 * PANEL_GAP
    far = GUTTER_PAD + wiring.far_lanes * LANE if wiring.far_lanes else 0.0
    return Layout(
        model=model,
        panels=tuple(panels),
        wires=tuple(wiring.wires),
        marks=tuple(wiring.marks),
        width=right_x + RIGHT_WIDTH + far + MARGIN,
        height=max(_end(panels), legend_y + LEGEND_HEIGHT, wiring.lowest) + MARGIN,
        legend_y=legend_y,
    )


def _edges_by_sides(model: Model) -> Mapping[_Pair, list[Edge]]:
    """Without those that a panel shows: a machine stands above the functions that it calls. What stands to the right
    of what it uses is drawn the other way round, as a line without an arrow says the same."""
    side = {node.key: node.side for node in model.nodes}
    found: dict[_Pair, list[Edge]] = {}
    for edge in model.edges:
        called = edge.kind is Kind.STARTS and edge.target in model.calls.get(edge.source, ())
        if called and _callers(model, edge.target) == 1:
            continue
        turned = side[edge.source] is Side.RIGHT and side[edge.target] is not Side.RIGHT
        drawn = Edge(source=edge.target, target=edge.source, kind=Kind.USES) if turned else edge
        found.setdefault((side[drawn.source], side[drawn.target]), []).append(drawn)
    return found


def _callers(model: Model, function: str) -> int:
    return sum(function in functions for functions in model.calls.values())


def _middle_groups(model: Model, starting: Sequence[Edge]) -> list[_Group]:
    started = {edge.target for edge in starting}
    pipeline = [node for node in model.nodes if node.area is Area.PIPELINE and node.type != MACHINE]
    free = [node for node in pipeline if _callers(model, node.key) != 1]
    groups: list[_Group] = [(TIMER_PANEL, Area.PIPELINE, [node for node in free if node.key in started])]
    for machine in sorted(model.calls, key=lambda key: (-len(model.calls[key]), key)):
        own = [model.node(key) for key in model.calls[machine] if _callers(model, key) == 1]
        groups.append((MACHINE_PANEL, Area.PIPELINE, [model.node(machine), *own]))
    groups.append((COMMAND_PANEL, Area.PIPELINE, [node for node in free if node.key not in started]))
    groups.append((Area.DELIVERY.value, Area.DELIVERY, [n for n in model.nodes if n.area is Area.DELIVERY]))
    return groups


def _right_groups(model: Model) -> list[_Group]:
    areas = [area for area in Area if area.side is Side.RIGHT]
    return [(area.value, area, [node for node in model.nodes if node.area is area]) for area in areas]


def _left_groups(model: Model, starting: Sequence[Edge], heights: Mapping[str, float]) -> list[_Group]:
    """By what they start, so that their wires do not cross."""
    first: dict[str, float] = {}
    for edge in starting:
        first[edge.source] = min(heights[edge.target], first.get(edge.source, heights[edge.target]))
    nodes = [node for node in model.nodes if node.side is Side.LEFT]
    nodes.sort(key=lambda node: (first.get(node.key, 0.0), node.title))
    return [(Area.TRIGGERS.value, Area.TRIGGERS, nodes)]


def _stacked(groups: Iterable[_Group], *, x: float, width: float) -> list[Panel]:
    """Panels below each other; a group of nothing has none."""
    panels: list[Panel] = []
    y = HEADER
    for title, area, nodes in groups:
        if not nodes:
            continue
        top = y + PANEL_TITLE
        boxes = tuple(
            Box(node=node, x=x + PANEL_PAD, y=top + number * ROW, width=width - 2 * PANEL_PAD)
            for number, node in enumerate(nodes)
        )
        height = PANEL_TITLE + len(nodes) * ROW - (ROW - BOX) + PANEL_PAD
        panels.append(Panel(title=title, area=area, boxes=boxes, x=x, y=y, width=width, height=height))
        y += height + PANEL_GAP
    return panels


def _end(panels: Sequence[Panel]) -> float:
    return max((panel.y + panel.height for panel in panels), default=HEADER)


def _gutter(lanes: int) -> float:
    return 2 * GUTTER_PAD + max(lanes - 1, 0) * LANE
