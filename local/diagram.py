"""The architecture diagram of a stack: ``python -m local.diagram [--stack dev] [--check]``.

Drawn from what the program registers, so it cannot be out of date unnoticed: ``--check`` says whether the files under
``docs/`` are those of today's program, and writes nothing.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local.configuration import REPOSITORY
from local.diagram_geometry import BOX, MARGIN, Box, Panel, Tone
from local.diagram_layout import Layout, layout_of
from local.diagram_model import MACHINE, Area, Kind, Model, model_of
from local.diagram_svg import Drawing, fitted
from local.errors import LocalStackError
from local.plan import values_of
from local.program import record_program
from local.recording import Recording

STACKS: Final = ("dev", "prod")

_TITLE_SIZE: Final = 12.5
_TEXT_SIZE: Final = 10.0
_PANEL_SIZE: Final = 11.0
_MARK: Final = 3.6

_Hues = tuple[str, str]

_LIGHT_HUES: Final[Mapping[Area, _Hues]] = {
    Area.TRIGGERS: ("#9a5b00", "#9a5b00"),
    Area.PIPELINE: ("#1f5fa8", "#5a49b8"),
    Area.DELIVERY: ("#7a3fa0", "#a03f86"),
    Area.STORES: ("#1b7a4b", "#6f8410"),
    Area.OUTSIDE: ("#6b5540", "#8d6b3f"),
    Area.NETWORK: ("#0d7482", "#2f6f9f"),
    Area.OPERATIONS: ("#b23a48", "#c8641b"),
}
"""Two shades each: neighbouring lanes differ."""

_DARK_HUES: Final[Mapping[Area, _Hues]] = {
    Area.TRIGGERS: ("#e2a94f", "#e2a94f"),
    Area.PIPELINE: ("#7fb2ee", "#a79cf2"),
    Area.DELIVERY: ("#c79bea", "#ea9bd4"),
    Area.STORES: ("#66cb99", "#bfd05a"),
    Area.OUTSIDE: ("#cdb598", "#e0c08a"),
    Area.NETWORK: ("#5fc4d1", "#84bfe6"),
    Area.OPERATIONS: ("#f08d98", "#f2a873"),
}

_LIGHT: Final = {
    "paper": "#ffffff",
    "panel": "#f5f6f8",
    "edge": "#d5dae1",
    "box": "#ffffff",
    "ink": "#1f2430",
    "soft": "#566072",
    "wire": "#a9b2bf",
}
_DARK: Final = {
    "paper": "#14171d",
    "panel": "#1b2028",
    "edge": "#333c49",
    "box": "#222934",
    "ink": "#e9ecf1",
    "soft": "#a6b0bf",
    "wire": "#5d6878",
}

_LEGEND: Final = (
    (Kind.STARTS, "starts or answers"),
    (Kind.WRITES, "writes or sends"),
    (Kind.READS, "reads only"),
    (Kind.USES, "uses"),
    (Kind.INSIDE, "stands in it"),
)


def drawn(recording: Recording) -> str:
    """The SVG of a recording.

    Raises:
        NoPlace: see ``model_of``.
    """
    layout = layout_of(model_of(recording))
    return drawing_of(layout).rendered(
        width=layout.width,
        height=layout.height,
        title=f"Architecture of {layout.model.project}, stack {layout.model.stack}",
        description=_in_words(layout),
        style=_style(),
    )


def drawing_of(layout: Layout) -> Drawing:
    drawing = Drawing()
    drawing.box(0, 0, layout.width, layout.height, "paper", radius=10)
    model = layout.model
    drawing.text(f"{model.project}, stack {model.stack}", MARGIN, 40, 20, "ink strong")
    region = f" in {model.region}" if model.region else ""
    drawing.text(
        f"What the program registers{region}, and who uses what. A line is joined to another where there is a mark.",
        MARGIN,
        60,
        11.5,
        "soft",
    )
    for panel in layout.panels:
        _draw_panel(drawing, panel)
    for wire in layout.wires:
        drawing.line(wire.points, "wire" if wire.tone is None else f"wire {_shade(wire.tone)}-line")
        if wire.tip is not None and wire.tone is not None:
            drawing.arrow(*wire.tip, f"{_shade(wire.tone)}-fill", to_left=wire.tip_to_left)
    for mark in layout.marks:
        _draw_mark(drawing, mark.x, mark.y, mark.kind, mark.tone)
    for panel in layout.panels:
        for box in panel.boxes:
            _draw_box(drawing, box)
    _draw_legend(drawing, layout)
    return drawing


def _draw_panel(drawing: Drawing, panel: Panel) -> None:
    drawing.box(panel.x, panel.y, panel.width, panel.height, "panel", radius=9)
    drawing.text(panel.title, panel.x + 12, panel.y + 20, _PANEL_SIZE, f"{_hue(panel.area)}-fill strong")


def _draw_box(drawing: Drawing, box: Box) -> None:
    hue = _hue(box.node.area)
    head = box.node.type == MACHINE
    room = box.width - 24
    drawing.group(f"{box.node.title}: {box.node.purpose}")
    drawing.box(box.x, box.y, box.width, BOX, f"box {hue}-line" if head else "box")
    drawing.box(box.x, box.y, 4, BOX, f"{hue}-fill", radius=2)
    drawing.text(fitted(box.node.title, _TITLE_SIZE, room), box.x + 12, box.y + 15, _TITLE_SIZE, "ink strong")
    drawing.text(fitted(box.node.text, _TEXT_SIZE, room), box.x + 12, box.y + 29, _TEXT_SIZE, "soft")
    drawing.end_group()


def _draw_mark(drawing: Drawing, x: float, y: float, kind: Kind, tone: Tone) -> None:
    hue = _shade(tone)
    if kind is Kind.STARTS:
        drawing.arrow(x + 4, y, f"{hue}-fill")
    elif kind is Kind.WRITES:
        drawing.dot(x, y, _MARK, f"{hue}-fill")
    elif kind is Kind.INSIDE:
        drawing.diamond(x, y, _MARK + 0.8, f"hollow {hue}-line")
    elif kind is Kind.READS:
        drawing.dot(x, y, _MARK, f"hollow {hue}-line")
    else:
        drawing.dot(x, y, _MARK - 1.2, f"{hue}-fill")


def _draw_legend(drawing: Drawing, layout: Layout) -> None:
    """Below the first column, which is the shortest."""
    hue = _hue(Area.STORES)
    x, y = MARGIN + 12, layout.legend_y
    for kind, text in _LEGEND:
        drawing.line(((x - 4, y), (x + 28, y)), "wire")
        drawing.line(((x + 12, y - 9), (x + 12, y + 9)), f"wire {hue}-line")
        _draw_mark(drawing, x + 12, y, kind, Tone(Area.STORES))
        drawing.text(text, x + 40, y + 4, _PANEL_SIZE, "soft")
        y += 26


def _in_words(layout: Layout) -> str:
    """For those who cannot see it."""
    model = layout.model
    parts = [f"{panel.title}: {', '.join(box.node.title for box in panel.boxes)}." for panel in layout.panels]
    parts += [_uses(model, node.key) for node in model.nodes]
    return " ".join(part for part in parts if part)


def _uses(model: Model, key: str) -> str:
    verbs = {
        Kind.STARTS: "starts",
        Kind.WRITES: "writes to",
        Kind.READS: "reads",
        Kind.USES: "uses",
        Kind.INSIDE: "stands in",
    }
    said = []
    for kind, verb in verbs.items():
        targets = [model.node(edge.target).title for edge in model.edges if edge.source == key and edge.kind is kind]
        if targets:
            said.append(f"{verb} {', '.join(targets)}")
    return f"{model.node(key).title} {'; '.join(said)}." if said else ""


def _hue(area: Area) -> str:
    return area.name.lower()


def _shade(tone: Tone) -> str:
    return f"{_hue(tone.area)}-2" if tone.second else _hue(tone.area)


def _style() -> str:
    fixed = (
        ".strong { font-weight: 600 }\n"
        ".wire { fill: none; stroke-width: 1.3; stroke-linejoin: round }\n"
        ".panel, .box { stroke-width: 1 }\n"
        ".hollow { stroke-width: 1.6 }"
    )
    light = "\n".join(_rules(_LIGHT, _LIGHT_HUES))
    dark = "\n".join(f"  {line}" for line in _rules(_DARK, _DARK_HUES))
    return f"{fixed}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _rules(tones: Mapping[str, str], hues: Mapping[Area, _Hues]) -> list[str]:
    rules = [
        f".paper {{ fill: {tones['paper']} }}",
        f".panel {{ fill: {tones['panel']}; stroke: {tones['edge']} }}",
        f".box {{ fill: {tones['box']}; stroke: {tones['edge']} }}",
        f".ink {{ fill: {tones['ink']} }}",
        f".soft {{ fill: {tones['soft']} }}",
        f".wire {{ stroke: {tones['wire']} }}",
        f".hollow {{ fill: {tones['paper']} }}",
    ]
    for area, shades in hues.items():
        for second, shade in enumerate(shades):
            name = _shade(Tone(area, bool(second)))
            rules += [f".{name}-fill {{ fill: {shade} }}", f".{name}-line {{ stroke: {shade} }}"]
    return rules


def file_of(stack: str, root: Path = REPOSITORY) -> Path:
    return root / "docs" / f"architecture-{stack}.svg"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.diagram", description="Draws docs/architecture-*.svg.")
    parser.add_argument("--stack", action="append", help=f"default: {' and '.join(STACKS)}")
    parser.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting to try")
    given = parser.parse_args(arguments)
    stale = []
    try:
        for stack in given.stack or STACKS:
            path = file_of(stack)
            text = drawn(record_program(stack=stack, overrides=values_of(given.set)))
            if given.check:
                stale += [path] if not path.exists() or path.read_text() != text else []
            else:
                path.write_text(text)
                sys.stdout.write(f"{path.relative_to(REPOSITORY)}\n")
    except LocalStackError as error:
        sys.stderr.write(f"diagram: {error}\n")
        return 1
    for path in stale:
        sys.stderr.write(f"{path.relative_to(REPOSITORY)} is not what the program registers; run: make diagrams\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
