"""The text of an entry that its vector is made of.

What an anime is about comes first and makes up most of it, since an embedder cuts long texts off at the end or weighs
every word alike.
"""

from collections.abc import Iterable
from typing import Final

from models.anime import AnimeEntry

MAX_CHARACTERS: Final = 4000
"""Well inside the 8,192 tokens of the model that takes fewest."""

_MAX_TITLES: Final = 8
_MAX_LABELS: Final = 40


def embedding_text(entry: AnimeEntry) -> str:
    """Titles, synopsis, and labels (genres, themes, demographics, tags), a line each; the same entry, the same text."""
    lines = (
        ", ".join(_titles(entry)),
        " ".join((entry.synopsis or "").split()),
        ", ".join(_labels(entry)),
    )
    return _cut("\n".join(line for line in lines if line), MAX_CHARACTERS)


def _titles(entry: AnimeEntry) -> list[str]:
    return _distinct((entry.title, entry.title_english, entry.title_japanese, *entry.synonyms))[:_MAX_TITLES]


def _labels(entry: AnimeEntry) -> list[str]:
    themes = (theme.name for theme in entry.themes)
    return _distinct((*entry.genres, *themes, *entry.demographics, *entry.tags))[:_MAX_LABELS]


def _distinct(texts: Iterable[str | None]) -> list[str]:
    """Each once, whatever its case, in the given order; blanks brought to one."""
    found: dict[str, str] = {}
    for text in texts:
        if text and (plain := " ".join(text.split())):
            found.setdefault(plain.casefold(), plain)
    return list(found.values())


def _cut(text: str, limit: int) -> str:
    """At a blank, so that no half word is left, unless there is none near the end."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    end = max(head.rfind(" "), head.rfind("\n"))
    return head[: end if end > limit // 2 else limit].rstrip()
