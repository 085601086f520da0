"""Small tolerant readers of foreign JSON: a value of the wrong type counts as absent, and nothing here raises.

The stages must go on with whatever a catalogue gave, so every look into an answer goes through these.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from domain.stages import markup
from models.ids import normalise_source

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_HTTP_URL: Final = re.compile(r"^https?://\S+$", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_URL: Final = 4096
_SECONDS_A_MINUTE: Final = 60
_LARGEST: Final = 2**53
"""Up to here every whole number of JSON is exact."""


class Unknown(str):
    """A catalogue's word for which a closed set has no member. It is never part of an entry."""

    __slots__ = ()


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def dig(value: object, *path: str) -> Any:
    """What lies under these keys, or None."""
    for key in path:
        value = mapping(value).get(key)
    return value


def items(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def texts(value: object) -> list[str]:
    """The non-empty texts of a list, trimmed."""
    if not isinstance(value, list | tuple):
        return []
    return [found for item in value if (found := text(item)) is not None]


def text(value: object) -> str | None:
    """A non-empty text without blanks around it."""
    if not isinstance(value, str):
        return None
    return value.strip("\u200b\ufeff").strip() or None


def url(value: object) -> str | None:
    """An address in one spelling: host in lower case, without the port that goes without saying, and without what only
    counts visitors. The path stays as it is, since case may carry meaning there."""
    found = text(value)
    if found is None or len(found) > _LONGEST_URL or not _HTTP_URL.match(found):
        return None
    try:
        parts = urlsplit(found)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc:
        return None
    scheme = parts.scheme.lower()
    netloc = host if port in {None, _PORTS[scheme]} else f"{host}:{port}"
    if ":" in host:
        netloc = netloc.replace(host, f"[{host}]", 1)
    query = "&".join(item for item in parts.query.split("&") if not item.startswith("utm_"))
    spelled = urlunsplit((scheme, netloc, parts.path, query, parts.fragment))
    return spelled if _HTTP_URL.match(spelled) else None


def number(value: object) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object, *, least: int = 0, most: int = _LARGEST) -> int | None:
    """A whole number from ``least`` to ``most``."""
    found = number(value)
    return int(found) if found is not None and least <= found <= most and found == int(found) else None


def year(value: object) -> int | None:
    """A year of our time; anything else is a mistake."""
    return whole(value, least=1900, most=2200)


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def score(value: object, *, best: float) -> float | None:
    """Brought from a scale that ends at ``best`` to the one that ends at 10; 0 means that there is none."""
    found = number(value)
    return round(found * 10 / best, 4) if found is not None and 0 < found <= best else None


def minutes(value: object) -> int | None:
    """Seconds of so many minutes."""
    found = number(value)
    return whole(round(found * _SECONDS_A_MINUTE), least=1) if found is not None else None


def identifier(value: object) -> int | str | None:
    """An id at a catalogue: a whole number from 1 on, as number; else the text."""
    found = whole(value, least=1)
    if found is not None:
        return found
    return text(value) if isinstance(value, str) and value not in {"0", ""} else None


def prose(value: object) -> str | None:
    """A text without markup and marked spoilers (``domain.stages.markup``)."""
    found = text(value)
    return text(markup.plain(found)) if found is not None else None


def member(enum: type[E], value: object, names: Mapping[str, E] | None = None) -> E | None:
    """The member that a catalogue's word means: by ``names`` (in lower case), else by value up to case and
    underscores."""
    word = text(value)
    if word is None:
        return None
    folded = word.casefold()
    if names is not None and folded in names:
        return names[folded]
    spaced = folded.replace("_", " ")
    return next((known for known in enum if known.value.casefold().replace("_", " ") == spaced), None)


def member_or_unknown(enum: type[E], value: object, names: Mapping[str, E] | None = None) -> E | Unknown | None:
    """As ``member``; a word that means none is given back, so that it can be told."""
    word = text(value)
    return None if word is None else member(enum, word, names) or Unknown(word)


def folded(value: str) -> str:
    """Equal for texts that differ only in case, width and blanks."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def same_page(address: str) -> str:
    """Equal for URLs that differ only in scheme, ``www.`` and a slash at the end."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"


def page_key(address: str) -> str:
    """Equal for spellings of the same page; catalogues' pages by their id."""
    try:
        return same_page(normalise_source(address))
    except ValueError:
        return same_page(address)


def distinct(values: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """The first of each key, in order."""
    seen: dict[Hashable, T] = {}
    for value in values:
        seen.setdefault(key(value), value)
    return list(seen.values())


def together(first: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """All of them in one; of the same key the first mapping's value stays."""
    joined = dict(first)
    for other in others:
        for key, value in other.items():
            joined.setdefault(key, value)
    return joined


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is absent: None, and empty texts, lists and mappings. False and 0 stay."""
    return {key: value for key, value in values.items() if value is not None and value not in ("", [], {}, ())}


def days(value: Any) -> Any:
    """A day or an instant as text."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def partial_date(value: object) -> str | None:
    """Of AniList's ``{year, month, day}``: as much as is known, ``--06-17`` without the year."""
    parts = mapping(value)
    year, month, day = (whole(parts.get(name), least=1) for name in ("year", "month", "day"))
    if (month is not None and month > 12) or (day is not None and day > 31):  # noqa: PLR2004 - months and days
        return None
    if year is None:
        return f"--{month:02d}-{day:02d}" if month and day else None
    if year > 9999:  # noqa: PLR2004 - four digits
        return None
    return "-".join([f"{year:04d}", *([f"{month:02d}"] if month else []), *([f"{day:02d}"] if month and day else [])])
