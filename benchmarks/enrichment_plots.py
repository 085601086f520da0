"""Plots of enrichments."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot

from benchmarks.enrichment_crashes import KEEPING, NOT_KEEPING
from benchmarks.enrichment_rows import COLD, DELAYS, NAIVE, NO_DELAYS, PACED, WARM, WAYS, Crash, Row
from benchmarks.enrichment_timing import ASSEMBLE, FETCH, WHOLE
from models.events import Stage

_COLOURS: Final = {
    NAIVE: "tab:orange",
    COLD: "tab:cyan",
    NOT_KEEPING: "tab:cyan",
    WARM: "tab:blue",
    KEEPING: "tab:blue",
}
_CONDITIONS: Final = {
    NO_DELAYS: ("no delays", "seconds of the processor"),
    DELAYS: ("with delays, no limits", "seconds by the clock"),
    PACED: ("with delays, at the catalogues' pace", "seconds by the clock"),
}
_Bar = tuple[float, float | None]
"""Height and ratio."""

_PARTS: Final = (FETCH, *map(str, Stage), ASSEMBLE)


def plot_times(rows: Sequence[Row], path: Path) -> None:
    """A panel a condition, and a group of bars an anime. Where nothing is waited for, the work counts: a clock would
    tell what else the machine does."""
    whole = [row for row in rows if row.part == WHOLE]
    present = [name for name in _CONDITIONS if any(row.conditions == name for row in whole)]
    figure, panels = _figure(1, len(present), width=5.0 * len(present))
    for panel, name in zip(panels, present, strict=True):
        shown = [row for row in whole if row.conditions == name]
        bars = {
            way: [_work(row) if name == NO_DELAYS else _time(row) for row in shown if row.way == way] for way in WAYS
        }
        _bars(panel, list(dict.fromkeys(row.series for row in shown)), bars)
        title, label = _CONDITIONS[name]
        panel.set(title=title, ylabel=label)
    panels[0].legend(loc="upper left")
    figure.suptitle("Enriching one anime; over the bars: the naive way's seconds divided by these")
    _save(figure, path)


def plot_parts(rows: Sequence[Row], path: Path) -> None:
    """A panel an anime, and a group of bars a part: work alone."""
    shown = [row for row in rows if row.conditions == NO_DELAYS and row.part in _PARTS]
    titles = list(dict.fromkeys(row.series for row in shown))
    figure, panels = _figure(len(titles), 1, width=12.0)
    for panel, title in zip(panels, titles, strict=True):
        by_part = {(row.way, row.part): row for row in shown if row.series == title}
        bars = {way: [_work(by_part[way, part]) for part in _PARTS] for way in WAYS}
        _bars(panel, _PARTS, bars)
        panel.set(title=title, ylabel="seconds of the processor", yscale="log")
    panels[0].legend(loc="upper center")
    figure.suptitle("Work of each part, without delays; over the bars: the naive way's work divided by it")
    _save(figure, path)


def plot_crashes(lost: Sequence[Crash], path: Path) -> None:
    figure, (panel,) = _figure(1, 1, width=7.0)
    for way, marker in ((NAIVE, "s"), (NOT_KEEPING, "^"), (KEEPING, "o")):
        points = [(one.answers, one.asked_again) for one in lost if one.way == way]
        panel.plot(*zip(*points, strict=True), marker=marker, label=way, color=_COLOURS[way])
    panel.set(xlabel="answers before the crash", ylabel="requests made again")
    panel.grid(visible=True, alpha=0.3)
    panel.legend()
    figure.suptitle("A process that ends during the fetch of the long series")
    _save(figure, path)


def _time(row: Row) -> _Bar:
    return row.seconds, row.times_as_fast


def _work(row: Row) -> _Bar:
    return row.cpu_seconds, row.times_as_fast_cpu


def _bars(panel: Any, groups: Sequence[str], bars: Mapping[str, Sequence[_Bar]]) -> None:
    """``bars`` of the groups, by way."""
    width = 0.8 / len(bars)
    for position, (way, some) in enumerate(bars.items()):
        places = [group + (position - (len(bars) - 1) / 2) * width for group in range(len(groups))]
        drawn = panel.bar(places, [height for height, _ in some], width, label=way, color=_COLOURS[way])
        panel.bar_label(drawn, [_label(ratio) for _, ratio in some], padding=2, fontsize=8)
    panel.set_xticks(range(len(groups)), groups)
    panel.margins(y=0.15)
    panel.grid(visible=True, axis="y", alpha=0.3)
    panel.set_axisbelow(True)


def _label(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2g}" if ratio >= 0.01 else "<0.01"


def _figure(rows: int, columns: int, *, width: float) -> tuple[Any, Sequence[Any]]:
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "enrichment"
    figure, panels = pyplot.subplots(rows, columns, figsize=(width, 4.0 * rows), layout="constrained", squeeze=False)
    return figure, list(panels.flat)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
