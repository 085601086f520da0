"""Japanese names in Latin letters: kana read aloud, and spellings that sound the same brought together.

Catalogues write one name in many ways: ``コフィ``, ``Kofi`` and ``Coffee``, ``Ohtsuka``, ``Ootsuka`` and ``Otsuka``.
Three keys, from strict to loose: ``words`` (equal for the same letters), ``sound`` (equal for the same syllables to a
Japanese ear) and ``closeness`` (how much of two sounds is the same).
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_VOWELS: Final = "aiueo"
_SYLLABLES: Final = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "g": "ガギグゲゴ",
    "s": "サ_スセソ",
    "z": "ザ_ズゼゾ",
    "t": "タ__テト",
    "d": "ダ__デド",
    "n": "ナニヌネノ",
    "h": "ハヒ_ヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "y": "ヤ_ユ_ヨ",
    "r": "ラリルレロ",
    "w": "ワヰ_ヱヲ",
}
"""Rows of the table of kana in the order of ``_VOWELS``; Hepburn's exceptions follow."""
_READING: Final = {
    kana: consonant + vowel
    for consonant, row in _SYLLABLES.items()
    for kana, vowel in zip(row, _VOWELS, strict=True)
    if kana != "_"
} | {"シ": "shi", "ジ": "ji", "チ": "chi", "ヂ": "ji", "ツ": "tsu", "ヅ": "zu", "フ": "fu", "ヴ": "vu", "ン": "n"}
_SMALL: Final = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ヮ": "wa"}
_LONG: Final = "ー"
_DOUBLED: Final = "ッ"
_HIRAGANA: Final = range(ord("ぁ"), ord("ゖ") + 1)
_TO_KATAKANA: Final = ord("ァ") - ord("ぁ")
_GLIDES: Final = {"u": "w", "i": "y"}

_NO_MARK_OF_ITS_OWN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_APOSTROPHES: Final = re.compile(r"['`´‘’ʼ]")
_NO_WORD: Final = re.compile(r"[\W_]+")
_LONG_VOWELS: Final = re.compile(r"ou|oo|uu|aa|ii|ee")

_SPELLINGS: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"^ma?c(?!h)", "mak"),
        (r"wh", "w"),
        (r"ph", "f"),
        (r"th", "s"),  # as kana have it: Smith is スミス
        (r"tch", "ch"),
        (r"ck|q(?:u(?=[aeiou]))?", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c(?!h)", "k"),
        (r"x", "kusu"),
        (r"sy(?=[aou])|sch", "sh"),
        (r"ty(?=[aou])", "ch"),
        (r"[zjd]y(?=[aou])", "j"),
        (r"si", "shi"),
        (r"zi", "ji"),
        (r"tu", "tsu"),
        (r"l", "r"),
        (r"v", "b"),
        (r"f", "h"),
        (r"m(?=[bmp])", "n"),
        (r"oh(?![aeiou])", "o"),
        (r"(?:ey|ie|y)$", "i"),
        (r"(.)\1+", r"\1"),
    )
)
_UNSOUNDED: Final = re.compile(r"r(?![aiueo]|$)|r?e?$|(?<=[^aiueo])[yw]|[aiueo]")
_LONGEST: Final = 64
"""Letters that are compared; no name is longer but by mistake."""


def romaji(text: str) -> str:
    """Kana in Hepburn's letters, a long vowel doubled; whatever is no kana stays."""
    return "".join(_read(unicodedata.normalize("NFKC", text)))


def _read(text: str) -> Iterator[str]:
    """Syllable by syllable; a small kana changes the one before it."""
    syllable, doubled = "", False
    for letter in map(_katakana, text):
        small = _SMALL.get(letter)
        if small and syllable[-1:] in _VOWELS and syllable:
            syllable = _contracted(syllable, small)
            continue
        yield syllable
        if letter == _LONG:
            syllable = syllable[-1:] if syllable and syllable[-1] in _VOWELS else ""
        elif letter == _DOUBLED:
            syllable, doubled = "", True
            continue
        else:
            syllable = small or _READING.get(letter, letter)
            if doubled and letter in _READING:
                syllable = syllable[0] + syllable
        doubled = False
    yield syllable


def _katakana(letter: str) -> str:
    return chr(ord(letter) + _TO_KATAKANA) if ord(letter) in _HIRAGANA else letter


def _contracted(syllable: str, small: str) -> str:
    """``ki`` and ``ya`` are ``kya``, ``shi`` and ``ya`` ``sha``, ``te`` and ``i`` ``ti``, ``u`` and ``o`` ``wo``."""
    consonant = syllable[:-1] or _GLIDES.get(syllable, "")
    if consonant in {"sh", "ch", "j"}:
        return consonant + small.removeprefix("y")
    return consonant + small


@functools.lru_cache(maxsize=8192)  # a merge compares each name with many others
def words(text: str) -> tuple[str, ...]:
    """The words of a text in Latin letters, in order; equal whatever their case, width, accents and long vowels."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", romaji(text)).casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c)).translate(_NO_MARK_OF_ITS_OWN)
    return tuple(_LONG_VOWELS.sub(lambda long: long[0][0], word) for word in _NO_WORD.sub(" ", letters).split())


@functools.lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """Of a word as ``words`` gives it: l is r, v is b, f is h, and how consonants are spelt does not matter."""
    for pattern, plain in _SPELLINGS:
        word = pattern.sub(plain, word)
    return word


def skeleton(sounded: str) -> str:
    """The consonants of a sound, without an r that Japanese ears do not hear (``caster`` is ``キャスター``)."""
    return _UNSOUNDED.sub("", sounded)


def closeness(one: str, other: str) -> float:
    """From 0 to 1: the part of two sounds that is the same, by the number of letters to change, add or drop."""
    one, other = one[:_LONGEST], other[:_LONGEST]
    if not one or not other:
        return 0.0
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, beside in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (letter != beside))
    return 1 - row[-1] / max(len(one), len(other))
