"""Kinds of production work: the catalogues' wordings of a credit, brought to the groups of ``production_staff``."""

import re
from typing import Final

_IN_PARENTHESES: Final = re.compile(r"\s*\([^()]*\)")
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_UNNAMED: Final = "other"

_GROUPS: Final = {
    "director": "directors",
    "direction": "directors",
    "chief director": "directors",
    "assistant director": "assistant_directors",
    "series direction": "series_directors",
    "episode director": "episode_directors",
    "assistant episode director": "assistant_episode_directors",
    "series composition": "series_writers",
    "script": "script_writers",
    "storyboard": "storyboard_artists",
    "original creator": "original_creators",
    "original work": "original_creators",
    "original story": "original_story",
    "character design": "character_designers",
    "original character design": "original_character_design",
    "mechanical design": "mechanical_designers",
    "music": "music_composers",
    "music composition": "music_composers",
    "music arrangement": "music_arrangers",
    "music lyrics": "music_lyrics",
    "music performance": "music_performers",
    "theme song performance": "theme_song_performers",
    "theme song composition": "theme_song_composers",
    "theme song arrangement": "theme_song_arrangers",
    "theme song lyrics": "theme_song_lyrics",
    "insert song performance": "insert_song_performers",
    "art director": "art_directors",
    "art direction": "art_directors",
    "sound director": "sound_directors",
    "sound direction": "sound_directors",
    "director of photography": "photography_directors",
    "animation director": "animation_directors",
    "chief animation director": "chief_animation_directors",
    "chief animation direction": "chief_animation_directors",
    "key animation": "key_animators",
    "in-between animation": "in_between_animators",
    "producer": "producers",
    "executive producer": "executive_producers",
    "assistant producer": "assistant_producers",
    "editing": "editors",
    "3dcg": "cg_artists",
}
"""Others become a group under their own name, so that no credit is lost."""

COMPANY_CREDITS: Final = frozenset({"animation work", "work"})
"""AniDB lists the studio among the creators."""


def staff_group(role: str) -> str:
    """``Key Animation (eps 2, 6)`` is ``key_animators``."""
    work = _IN_PARENTHESES.sub("", role).strip().casefold()
    return _GROUPS.get(work) or _slug(work)


def language_group(language: str) -> str:
    """``Portuguese (BR)`` is ``portuguese_br``."""
    return _slug(language.casefold())


def _slug(words: str) -> str:
    slug = _NO_LETTER.sub("_", words).strip("_") or _UNNAMED
    return slug if slug[0].isalpha() else f"{_UNNAMED}_{slug}"
