"""In which script a title is written, and where a title belongs by it.

Catalogues mix their fields up: romaji stands where Japanese should, Japanese where English should. A title in the wrong
script is none of that language; it stays among the synonyms, by which it is found. A Japanese title may be Latin on
purpose, so that one gives way only where another catalogue knows one with Japanese letters.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

Part = dict[str, Any]
C = TypeVar("C")


class Script(StrEnum):
    """Of a title's letters. EAST_ASIAN includes Korean: a Korean anime's native title stands in the same field."""

    LATIN = "latin"
    EAST_ASIAN = "east_asian"
    OTHER = "other"
    NONE = "none"


_EAST_ASIAN: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "KANGXI", "BOPOMOFO")
_ENGLISH: Final = frozenset({Script.LATIN, Script.NONE})
_JAPANESE: Final = frozenset({Script.EAST_ASIAN, Script.NONE})
"""A title may be a number, or nothing but signs; it fits everywhere."""


def script_of(title: str) -> Script:
    """The most telling one: a title with one Japanese letter is Japanese, whatever Latin words stand in it."""
    found = {_script(letter) for letter in unicodedata.normalize("NFKC", title) if letter.isalpha()}
    return next((script for script in (Script.EAST_ASIAN, Script.OTHER, Script.LATIN) if script in found), Script.NONE)


def _script(letter: str) -> Script:
    name = unicodedata.name(letter, "")
    if name.startswith(_EAST_ASIAN):
        return Script.EAST_ASIAN
    return Script.LATIN if name.startswith("LATIN") else Script.OTHER


def with_fitting_titles(offers: Mapping[C, Part]) -> dict[C, Part]:
    """The offers with misplaced titles moved to the synonyms."""
    known = any(_fits(part, "title_japanese", _JAPANESE) for part in offers.values())
    japanese = _JAPANESE if known else _JAPANESE | {Script.LATIN}
    fits = {"title_english": _ENGLISH, "title_japanese": japanese}
    return {catalogue: _moved(part, fits) for catalogue, part in offers.items()}


def _fits(part: Part, name: str, scripts: frozenset[Script]) -> bool:
    return name in part and script_of(part[name]) in scripts


def _moved(part: Part, fits: Mapping[str, frozenset[Script]]) -> Part:
    wrong = [name for name, scripts in fits.items() if name in part and not _fits(part, name, scripts)]
    if not wrong:
        return part
    kept = {name: value for name, value in part.items() if name not in wrong}
    return {**kept, "synonyms": [*part.get("synonyms", ()), *(part[name] for name in wrong)]}
