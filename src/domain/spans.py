"""Names of items written short: ``1-3, 7, S1``."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_SPAN: Final = re.compile(r"^(\d+)-(\d+)$")
_SEPARATOR: Final = ", "


def spans(names: Iterable[str]) -> str:
    """Whole numbers that follow each other become one span; everything is in the given order."""
    written: list[str] = []
    first = last = None
    for name in names:
        number = int(name) if name.isascii() and name.isdecimal() else None
        if number is not None and last is not None and number == last + 1:
            last = number
            written[-1] = f"{first}-{last}"
        else:
            first = last = number
            written.append(name)
    return _SEPARATOR.join(written)


def expanded(written: str) -> Iterator[str]:
    """The names in a text that ``spans`` made."""
    for one in written.split(_SEPARATOR):
        match = _SPAN.match(one)
        if match:
            yield from map(str, range(int(match[1]), int(match[2]) + 1))
        else:
            yield one
