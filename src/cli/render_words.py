"""Values of an entry in a few words, for a line of a table."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

MANY: Final = 8
"""So many values of a list are named."""


def sample(values: Sequence[object], most: int = MANY) -> str:
    shown = ", ".join(map(str, values[:most]))
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


def latin_first(titles: Iterable[str]) -> list[str]:
    """Otherwise in their order."""
    return sorted(titles, key=lambda title: not all(map(_is_latin, filter(str.isalpha, title))))


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


def short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def minutes(seconds: int) -> str:
    return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds % 60 else "")


def count(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def counts(lists: Mapping[str, Sequence[object]]) -> list[str]:
    """``key animators 70``, the longest list first."""
    ordered = sorted(lists.items(), key=lambda item: -len(item[1]))
    return [f"{plain_name(name)} {len(values):,}" for name, values in ordered]


def plain_name(name: str) -> str:
    return name.replace("_", " ")


def joined(parts: Iterable[object]) -> str:
    """Those that are there."""
    return ", ".join(str(part) for part in parts if part not in (None, ""))


def moment(value: Any) -> str:
    """A day as it is; an instant to the minute, in UTC."""
    found = day_or_instant(value)
    return f"{found:%Y-%m-%d %H:%M} UTC" if isinstance(found, datetime) else str(value or "")


def weekly(value: Any) -> str:
    """The hour of the week of an instant, whatever its date: ``Sun 16:00 UTC``."""
    found = day_or_instant(value)
    return f"{found:%a %H:%M} UTC" if isinstance(found, datetime) else moment(value)


def day_or_instant(value: Any) -> date | None:
    """None for what is no date; an instant is a ``datetime`` in UTC."""
    try:
        if "T" in str(value):
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        return date.fromisoformat(str(value))
    except ValueError:
        return None
