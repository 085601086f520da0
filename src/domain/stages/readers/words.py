"""The catalogues' words for closed sets, and words that several readers share."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from domain.stages import values
from domain.stages.values import Unknown
from models.ids import canonical_number
from models.vocabulary import (
    AnimeStatus,
    AnimeType,
    CharacterRole,
    CompanyType,
    Month,
    Rating,
    RelationType,
    Season,
    SourceMaterial,
)

TYPES: Final = {
    "tv series": AnimeType.TV,
    "tv_short": AnimeType.TV,
    "tv short": AnimeType.TV,
    "web": AnimeType.ONA,
    "dvd special": AnimeType.SPECIAL,
    "music video": AnimeType.MUSIC,
    "promotional video": AnimeType.PV,
    "commercial": AnimeType.CM,
}
STATUSES: Final = {
    "finished airing": AnimeStatus.FINISHED,
    "completed": AnimeStatus.FINISHED,
    "currently airing": AnimeStatus.ONGOING,
    "releasing": AnimeStatus.ONGOING,
    "hiatus": AnimeStatus.ONGOING,
    "current": AnimeStatus.ONGOING,
    "not yet aired": AnimeStatus.UPCOMING,
    "not_yet_released": AnimeStatus.UPCOMING,
    "unreleased": AnimeStatus.UPCOMING,
    "tba": AnimeStatus.UPCOMING,
}
BREAKS: Final = frozenset({"hiatus", "on hold", "cancelled", "aborted"})
SEASONS: Final = {"autumn": Season.FALL}
RATING_GUIDES: Final = {
    "all ages": Rating.G,
    "children": Rating.PG,
    "teens 13 or older": Rating.PG_13,
    "17+ (violence & profanity)": Rating.R,
    "violence, profanity": Rating.R,
    "mild nudity": Rating.R_PLUS,
    "hentai": Rating.RX,
}
ROLES: Final = {
    "main character in": CharacterRole.MAIN,
    "secondary cast in": CharacterRole.SUPPORTING,
    "appears in": CharacterRole.BACKGROUND,
    "cameo appearance in": CharacterRole.BACKGROUND,
}
RELATIONS: Final = {
    "sequels": RelationType.SEQUEL,
    "prequels": RelationType.PREQUEL,
    "parent": RelationType.PARENT_STORY,
    "parents": RelationType.PARENT_STORY,
    "sidestories": RelationType.SIDE_STORY,
    "summaries": RelationType.SUMMARY,
    "spin-off": RelationType.SPIN_OFF,
    "spinoffs": RelationType.SPIN_OFF,
    "alternatives": RelationType.ALTERNATIVE,
    "source": RelationType.ORIGINAL_WORK,
}

_CREDIT: Final = re.compile(
    r"\s*[\[(]\s*(?:Written by|Source:|Adapted from)\s*[^\])]*[\])]\s*$"
    r"|(?<=[.!?\"\u201d\n])\s*[\[(]\s*from\s[^\])]*[\])]\s*$"
    r"|\n\s*Source:\s[^\n]*$",
    re.IGNORECASE,
)
"""``(from Wikipedia)`` after the end of a sentence; inside of one it says where a role is from."""

_MONTHS: Final = tuple(Month)
_EPISODE_TITLE: Final = re.compile(
    r"^\s*Episode\s+(\d+(?:\.\d+)?)(?![-\u2013]\d)\s*(?:[-:\u2013]\s*(.*))?$", re.IGNORECASE
)


def anime_type(word: object) -> AnimeType | Unknown | None:
    return values.member_or_unknown(AnimeType, word, TYPES)


def anime_status(word: object) -> AnimeStatus | Unknown | None:
    return values.member_or_unknown(AnimeStatus, word, STATUSES)


def on_break(word: object) -> bool:
    """Whether a status says that nobody knows when, or that, a series goes on."""
    return (values.text(word) or "").casefold() in BREAKS


def season(word: object) -> Season | Unknown | None:
    return values.member_or_unknown(Season, word, SEASONS)


def source_material(word: object) -> SourceMaterial | Unknown | None:
    return values.member_or_unknown(SourceMaterial, word)


def rating(word: object) -> Rating | Unknown | None:
    """Of MyAnimeList's wording, or of its part that describes the audience."""
    return values.member_or_unknown(Rating, word, RATING_GUIDES)


def relation_type(word: object) -> RelationType | Unknown:
    """OTHER without a word; the catalogue did say that the two are related."""
    return values.member_or_unknown(RelationType, word, RELATIONS) or RelationType.OTHER


def role(word: object) -> CharacterRole | None:
    return values.member(CharacterRole, word, ROLES)


def told(value: object) -> str | None:
    """A text without the note at its end of where it was taken from."""
    found = values.prose(value)
    return values.text(_CREDIT.sub("", found)) if found else None


def month(day: date | datetime | None) -> Month | None:
    return _MONTHS[day.month - 1] if day is not None else None


def episode_number(value: object) -> str | None:
    """Canonical text, or None for what is no episode number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return canonical_number(value)
    except ValueError:
        return None


def titled_episode(line: object) -> tuple[str | None, str | None]:
    """Number and title of ``Episode 12 - Jupiter Jazz``; the whole line is the title where it has no number, or
    several, as ``Episode 1-2 - Two`` has."""
    title = values.text(line)
    match = _EPISODE_TITLE.match(title) if title else None
    if match is None:
        return None, title
    return episode_number(match[1]), values.text(match[2])


def company(name: object, kind: CompanyType, **more: Any) -> dict[str, Any] | None:
    found = values.text(name)
    return values.filled({"name": found, "type": kind, **more}) if found else None


def companies(found: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [item for item in found if item is not None]


def youtube(identifier: object) -> str | None:
    found = values.text(identifier)
    return f"https://www.youtube.com/watch?v={found}" if found else None


def is_placeholder(image: str) -> bool:
    """Whether an image is the catalogue's own stand-in for none."""
    return any(mark in image for mark in ("questionmark", "/default.jpg", "apple-touch-icon", "/pics/no_pic"))


def image(address: object) -> str | None:
    found = values.url(address)
    return None if found is None or is_placeholder(found) else found


def images(*addresses: object) -> list[str]:
    return list(dict.fromkeys(found for address in addresses if (found := image(address)) is not None))
