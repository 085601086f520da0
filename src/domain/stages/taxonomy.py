"""Genres, demographics and content warnings as closed sets; every other word about an anime is a tag."""

from collections.abc import Mapping
from typing import Final

from domain.stages.values import folded

_GENRES: Final = (
    "Action",
    "Adventure",
    "Avant Garde",
    "Award Winning",
    "Boys Love",
    "Comedy",
    "Drama",
    "Ecchi",
    "Erotica",
    "Fantasy",
    "Girls Love",
    "Gourmet",
    "Hentai",
    "Horror",
    "Mahou Shoujo",
    "Mecha",
    "Music",
    "Mystery",
    "Psychological",
    "Romance",
    "Sci-Fi",
    "Slice of Life",
    "Sports",
    "Supernatural",
    "Suspense",
    "Thriller",
)
_GENRE_SPELLINGS: Final = {"sci fi": "Sci-Fi", "science fiction": "Sci-Fi", "magical girl": "Mahou Shoujo"}
GENRES: Final[Mapping[str, str]] = {folded(name): name for name in _GENRES} | _GENRE_SPELLINGS

DEMOGRAPHICS: Final[Mapping[str, str]] = {
    folded(name): name for name in ("Shounen", "Shoujo", "Seinen", "Josei", "Kids")
}

_WARNINGS: Final = (
    "Bullying",
    "Cannibalism",
    "Domestic Abuse",
    "Drug Use",
    "Emotional Abuse",
    "Explicit Sex",
    "Explicit Violence",
    "Incest",
    "Mature Themes",
    "Nudity",
    "Physical Abuse",
    "Prostitution",
    "Self-Harm",
    "Sexual Abuse",
    "Sexual Content",
    "Suicide",
    "Torture",
    "Violence",
)
_WARNING_SPELLINGS: Final = {"sex": "Sexual Content", "drugs": "Drug Use", "psychoactive drugs": "Drug Use"}
WARNINGS: Final[Mapping[str, str]] = {folded(name): name for name in _WARNINGS} | _WARNING_SPELLINGS


def tag(word: str) -> str | None:
    """In lower case, None for a content warning; genres are tags too, since releases list them so."""
    plain = folded(word)
    return None if plain in WARNINGS else folded(GENRES.get(plain, plain))
