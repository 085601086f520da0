"""Genres, demographics and content warnings as closed sets; every other word about an anime is a tag.

Each word stands in one of these sets alone. ``THEMES`` is no closed set: there is no end of themes, and these are only
those that catalogues without a list of themes count among their genres.
"""

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

_THEMES: Final = (
    "Adult Cast",
    "Anthropomorphic",
    "CGDCT",
    "Childcare",
    "Combat Sports",
    "Crossdressing",
    "Delinquents",
    "Detective",
    "Educational",
    "Gag Humor",
    "Gore",
    "Harem",
    "High Stakes Game",
    "Historical",
    "Idols (Female)",
    "Idols (Male)",
    "Isekai",
    "Iyashikei",
    "Love Polygon",
    "Love Status Quo",
    "Magical Sex Shift",
    "Martial Arts",
    "Medical",
    "Military",
    "Mythology",
    "Organized Crime",
    "Otaku Culture",
    "Parody",
    "Performing Arts",
    "Pets",
    "Racing",
    "Reincarnation",
    "Reverse Harem",
    "Samurai",
    "School",
    "Showbiz",
    "Space",
    "Strategy Game",
    "Super Power",
    "Survival",
    "Team Sports",
    "Time Travel",
    "Urban Fantasy",
    "Vampire",
    "Video Game",
    "Villainess",
    "Visual Arts",
    "Workplace",
)
THEMES: Final[Mapping[str, str]] = {folded(name): name for name in _THEMES}
"""MyAnimeList's themes, but for those that are genres of ours: music, robots, magical girls and the mind."""

ELSEWHERE: Final = GENRES.keys() | DEMOGRAPHICS.keys() | WARNINGS.keys()
"""Words that are no themes, since an entry has a place of its own for them."""


def tag(word: str) -> str | None:
    """In lower case, None for a content warning; genres are tags too, since releases list them so."""
    plain = folded(word)
    return None if plain in WARNINGS else folded(GENRES.get(plain, plain))
