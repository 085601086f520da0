"""The texts of an entry that its vector is made of, and how they are joined.

What an anime is called and what it is about are embedded apart. An embedder that averages over words gives a bare
title that shares one word with a search a higher score than a synopsis that answers it, so the title's vector counts
for less: a search by meaning finds meaning, and a search by name still finds the name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from models.anime import AnimeEntry

MAX_CHARACTERS: Final = 4000
"""Well inside the 8,192 tokens of the model that takes fewest."""

TITLE_WEIGHT: Final = 0.3
"""Against 1 for the content. At 0.5 titles with a word of the search push out synopses that answer it, at 0.2 the
exact name of an anime without a synopsis no longer comes first; measured on the sample releases."""

_MAX_LABELS: Final = 40


@dataclass(frozen=True, kw_only=True)
class EmbeddingTexts:
    """``content`` is None where nothing but titles is known."""

    title: str
    content: str | None


def embedding_texts(entry: AnimeEntry) -> EmbeddingTexts:
    """Titles; and synopsis and labels (genres, themes, demographics, tags), a line each. The same entry, the same."""
    lines = (" ".join((entry.synopsis or "").split()), ", ".join(_labels(entry)))
    content = "\n".join(line for line in lines if line)
    title = ", ".join(_distinct((entry.title, entry.title_english, entry.title_japanese)))
    return EmbeddingTexts(title=_cut(title, MAX_CHARACTERS), content=_cut(content, MAX_CHARACTERS) or None)


def joined_vector(title: Sequence[float], content: Sequence[float] | None) -> list[float]:
    """Of two unit vectors one whose dot product with a third is the content's similarity plus the weighted title's."""
    weighted = [TITLE_WEIGHT * value for value in title]
    return weighted if content is None else [one + other for one, other in zip(content, weighted, strict=True)]


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
