"""All that a character is called, ready to be compared, and how far two characters' names agree."""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

from domain.stages.role_words import READINGS, SUFFIXES, TITLES, is_generic, senses
from domain.stages.transliteration import closeness, skeleton, sound, words

_ONE: Final = ("name", "name_native", "name_kanji")
_MANY: Final = ("nicknames", "name_variations")
_BRACKETS: Final = re.compile(r"[(\[{<（「『“\"]([^()\[\]{}<>「」『』“”\"]*)[)\]}>）」』”\"]")
_OWNER: Final = re.compile(r"\w+(?:['`’]s|s['`’])(?=\s)", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"^(?P<name>.*(?:\w{2}|[^\x00-\x7f])\S*?)(?:\s+(?P<apart>[A-Za-z]|\d{1,3})|(?<=[^\x00-\x7f])(?P<joined>[A-Z]|\d{1,3}))$"
)
_SCRIPT: Final = re.compile("|".join(map(re.escape, READINGS)))
_LONGEST: Final = 200
"""Letters of a name; more is a text that got into the wrong place."""
_ENOUGH_CLOSE: Final = 0.7
_ENOUGH_CLOSE_EACH: Final = 0.5
_ENOUGH_CONSONANTS: Final = 3
_MOST_ORDERED: Final = 4
"""Words of a name that is tried in every order."""


class Agreement(IntEnum):
    """How far names agree, from nothing to all. ``GENERIC`` ones are words such as ``Bartender``, which many have."""

    UNLIKE = 0
    CLOSE = 1
    """Much the same sound: ``Man Long`` and ``Wang Long``."""
    SENSE = 2
    """The same kind of person in two languages, or in more words: ``Hahaoya`` and ``Punch's Mother``."""
    GENERIC = 3
    """The same words, all of which many have."""
    PART = 4
    """All words of one are among those of the other: ``Udai`` and ``Udai Taxim``."""
    SOUND = 5
    """One word that sounds the same: ``Donelly`` and ``Donnelly``."""
    FULL_SOUND = 6
    SAME = 7
    """One word that is the same in letters."""
    FULL = 8
    """Two words or more that are the same in any order."""


@dataclass(frozen=True)
class Name:
    """One of a character's names. ``words`` are in order; ``label`` tells ``Girl A`` from ``Girl B``."""

    words: tuple[str, ...]
    label: str = ""

    @cached_property
    def key(self) -> tuple[str, ...]:
        return tuple(sorted(self.words))

    @cached_property
    def joined(self) -> frozenset[str]:
        """The letters without blanks, in order and backwards: ``Video Mania`` and ``Videomania`` share one."""
        return frozenset(("".join(self.words), "".join(reversed(self.words))))

    @cached_property
    def own(self) -> frozenset[str]:
        """The sounds of words that not many have."""
        return frozenset(sound(word) for word in self.words if not is_generic(word))

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        return tuple(sorted(map(sound, self.words)))

    @cached_property
    def senses(self) -> frozenset[str]:
        return senses(self.words)


def names_of(character: Mapping[str, Any]) -> tuple[Name, ...]:
    """Each in its own letters, as read aloud, and without titles and brackets; none twice."""
    texts = [character.get(field) for field in _ONE]
    for field in _MANY:
        texts.extend(character.get(field, ()))
    found = (name for text in texts if isinstance(text, str) for name in _names(text[:_LONGEST]))
    return tuple(sorted(dict.fromkeys(found), key=lambda name: (name.words, name.label)))


def _names(text: str) -> Iterator[Name]:
    plain = unicodedata.normalize("NFKC", text)
    outside = _BRACKETS.sub(" ", plain)
    for variant in dict.fromkeys((plain, outside, *_BRACKETS.findall(plain), _OWNER.sub(" ", plain))):
        name = _read_aloud(variant) or _name(variant)
        if name is not None:
            yield name
            yield Name(_untitled(name.words), name.label)


def _read_aloud(text: str) -> Name | None:
    """Where nothing but known words is written in Japanese script; a family name that begins like one stays."""
    read = _SCRIPT.sub(lambda script: f" {READINGS[script[0]]} ", text)
    name = _name(read) if read != text else None
    return name if name is not None and all(word.isascii() for word in name.words) else None


def _name(text: str) -> Name | None:
    stripped = text.strip(" .,:;!?")
    match = _LABEL.match(stripped)
    found = words(match["name"] if match else stripped)
    return Name(found, (match["apart"] or match["joined"]).casefold() if match else "") if found else None


def _untitled(found: tuple[str, ...]) -> tuple[str, ...]:
    while len(found) > 1 and found[0] in TITLES:
        found = found[1:]
    while len(found) > 1 and found[-1] in SUFFIXES:
        found = found[:-1]
    return found


def agreement(one: Iterable[Name], other: Iterable[Name]) -> Agreement:
    """The best that any of one's names has with any of the other's."""
    others = tuple(other)
    return max((_agreement(mine, theirs) for mine in one for theirs in others), default=Agreement.UNLIKE)


def _agreement(one: Name, other: Name) -> Agreement:
    if one.label != other.label and one.label and other.label:
        return Agreement.UNLIKE
    if one.key == other.key or one.joined & other.joined:
        own = max(len(one.own), len(other.own))  # V. T. has none, VT has
        return Agreement.FULL if own > 1 else Agreement.SAME if own else Agreement.GENERIC
    if one.sounds == other.sounds:
        own = min(len(one.own), len(other.own))  # Annie is a name and Ani a brother
        return Agreement.FULL_SOUND if own > 1 else Agreement.SOUND if own else Agreement.GENERIC
    if _within(one, other) or _within(other, one):
        return Agreement.PART
    if one.senses & other.senses:
        return Agreement.SENSE
    return Agreement.CLOSE if _close(one, other) else Agreement.UNLIKE


def _within(one: Name, other: Name) -> bool:
    """Whether one's words are all among the other's, and not only such as many have."""
    return bool(one.own) and set(one.sounds) <= set(other.sounds)


def _close(one: Name, other: Name) -> bool:
    """Word by word where there are as many, else letter by letter; or the same consonants, as kana leave them."""
    if len(one.sounds) == len(other.sounds):
        each = _by_word(one.sounds, other.sounds)
        if each and min(each) >= _ENOUGH_CLOSE_EACH and math.fsum(each) / len(each) >= _ENOUGH_CLOSE:
            return True
    elif closeness("".join(one.sounds), "".join(other.sounds)) >= _ENOUGH_CLOSE:
        return True
    bones = skeleton("".join(one.sounds))
    return len(bones) >= _ENOUGH_CONSONANTS and bones == skeleton("".join(other.sounds))


def _by_word(one: Sequence[str], other: Sequence[str]) -> tuple[float, ...]:
    """How close the words are in the order that suits best; of a long name in the order that it has."""
    orders = itertools.permutations(one) if len(one) <= _MOST_ORDERED else (one,)
    return max((tuple(map(closeness, order, other)) for order in orders), key=_sum_and_least, default=())


def _sum_and_least(each: Sequence[float]) -> tuple[float, float]:
    """Exact, so that it does not depend on the order either."""
    return math.fsum(each), min(each, default=0.0)
