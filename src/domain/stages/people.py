"""When two catalogues mean the same person or character: by id, else by a name that both write alike."""

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

_NO_WORD: Final = re.compile(r"[^\w]+")
_LONG_VOWELS: Final = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"), ("ii", "i"), ("ee", "e"))


@functools.lru_cache(maxsize=8192)  # a merge compares each name with many others
def name_key(name: str) -> tuple[str, ...]:
    """Equal for the same words in any order, whatever their case, accents, punctuation and long vowels.

    ``Yamadera Kouichi``, ``Kouichi Yamadera`` and ``Kôichi YAMADERA`` are one key.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    words = _NO_WORD.sub(" ", plain.replace("`", "").replace("'", "")).split()
    return tuple(sorted(map(_short_vowels, words)))


def kanji_key(name: str) -> str:
    """Equal for native names that differ in blanks and middle dots only; empty where there is no native letter."""
    key = _NO_WORD.sub("", unicodedata.normalize("NFKC", name)).replace("・", "")
    return key if any(not c.isascii() for c in key) else ""


def same_person(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """By an id in a catalogue that knows both, else by name: native where both have one, or in Latin letters."""
    ids, others = one.get("staff_ids", {}), other.get("staff_ids", {})
    shared = [catalogue for catalogue in ids if catalogue in others]
    if shared:
        return any(ids[catalogue] == others[catalogue] for catalogue in shared)
    native, other_native = kanji_key(one.get("native_name", "")), kanji_key(other.get("native_name", ""))
    if native and other_native:
        return native == other_native
    key = name_key(one["name"])
    return bool(key) and key == name_key(other["name"])


def _short_vowels(word: str) -> str:
    for long, short in _LONG_VOWELS:
        word = word.replace(long, short)
    return word
