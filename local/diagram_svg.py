"""A small writer of SVG: the same drawing is the same text, every time and everywhere.

No random ids, no times, no fonts measured on the machine at hand: widths are those of a wide sans-serif face, so that
text which fits here fits in any font that a reader's machine puts in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

FONT: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

_NARROW: Final = frozenset("fijlrt.,:;'|!()[]/ -")
_WIDE: Final = frozenset("mwMWQ@%")
_EM_NARROW: Final = 0.38
_EM_USUAL: Final = 0.60
_EM_UPPER: Final = 0.72
_EM_WIDE: Final = 0.96
_ELLIPSIS: Final = "…"


def text_width(text: str, size: float) -> float:
    """At least what the text takes at this size."""
    return sum(_em(letter) for letter in text) * size


def _em(letter: str) -> float:
    if letter in _NARROW:
        return _EM_NARROW
    if letter in _WIDE:
        return _EM_WIDE
    return _EM_UPPER if letter.isupper() else _EM_USUAL


def fitted(text: str, size: float, width: float) -> str:
    """Cut at a word, with an ellipsis, where the whole does not fit."""
    if text_width(text, size) <= width:
        return text
    words = text.split(" ")
    while len(words) > 1:
        words.pop()
        short = " ".join(words).rstrip(",;:") + _ELLIPSIS
        if text_width(short, size) <= width:
            return short
    letters = words[0]
    while letters and text_width(letters + _ELLIPSIS, size) > width:
        letters = letters[:-1]
    return letters + _ELLIPSIS


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text as it stands on the page: its box is what it may take at most."""

    text: str
    x: float
    baseline: float
    size: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (self.x, self.baseline - self.size, self.x + text_width(self.text, self.size), self.baseline + 3)


class Drawing:
    """Elements in the order in which they are drawn: later ones lie above."""

    def __init__(self) -> None:
        self._elements: list[str] = []
        self.written: list[Written] = []

    def box(self, x: float, y: float, width: float, height: float, style: str, *, radius: float = 6) -> None:
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        self._elements.append(f'<rect class="{style}" {place} rx="{_n(radius)}"/>')

    def line(self, points: Sequence[tuple[float, float]], style: str) -> None:
        path = " ".join(f"{'L' if number else 'M'}{_n(x)} {_n(y)}" for number, (x, y) in enumerate(points))
        self._elements.append(f'<path class="{style}" d="{path}"/>')

    def dot(self, x: float, y: float, radius: float, style: str) -> None:
        self._elements.append(f'<circle class="{style}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>')

    def diamond(self, x: float, y: float, radius: float, style: str) -> None:
        corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
        self._polygon(corners, style)

    def arrow(self, x: float, y: float, style: str, *, to_left: bool = False) -> None:
        """A head whose tip is at the point."""
        back = 8 if to_left else -8
        self._polygon(((x, y), (x + back, y - 4), (x + back, y + 4)), style)

    def _polygon(self, corners: Sequence[tuple[float, float]], style: str) -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        self._elements.append(f'<polygon class="{style}" points="{path}"/>')

    def text(self, text: str, x: float, baseline: float, size: float, style: str) -> None:
        self.written.append(Written(text=text, x=x, baseline=baseline, size=size))
        place = f'x="{_n(x)}" y="{_n(baseline)}" font-size="{_n(size)}"'
        self._elements.append(f'<text class="{style}" {place}>{escape(text)}</text>')

    def group(self, title: str) -> None:
        """Elements until ``end_group`` belong together; a pointer over them shows the title."""
        self._elements.append(f"<g><title>{escape(title)}</title>")

    def end_group(self) -> None:
        self._elements.append("</g>")

    def rendered(self, *, width: float, height: float, title: str, description: str, style: str) -> str:
        size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title description"'
            f" font-family={quoteattr(FONT)}>",
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>\n{style}\n</style>",
        ]
        return "\n".join([*head, *self._elements, "</svg>"]) + "\n"


def _n(number: float) -> str:
    """To a tenth, without trailing zeros."""
    text = f"{number:.1f}"
    return text.removesuffix(".0")
