"""When two catalogues mean the same person: by id, else by a name that both write alike."""

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.stages.transliteration import closeness, sound, words

_NO_WORD: Final = re.compile(r"[^\w]+")
_LONG_VOWELS: Final = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"), ("ii", "i"), ("ee", "e"))
_IN_TWO_SCRIPTS: Final = re.compile(r"^(?P<latin>[^()]+)\((?P<native>[^()]+)\)$")
_SEVERAL: Final = re.compile(r"[,‚、/]")
_ENOUGH_NATIVE: Final = 3
_ENOUGH_CLOSE: Final = 0.85
_MOST_WORDS: Final = 4
"""Of a name that is tried in every order of its words."""


@functools.lru_cache(maxsize=8192)  # a merge compares each name with many others
def name_key(name: str) -> tuple[str, ...]:
    """Equal for the same words in any order, whatever their case, accents, punctuation and long vowels.

    ``Yamadera Kouichi``, ``Kouichi Yamadera`` and ``Kôichi YAMADERA`` are one key.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    found = _NO_WORD.sub(" ", plain.replace("`", "").replace("'", "")).split()
    return tuple(sorted(map(_short_vowels, found)))


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


def person_keys(person: Mapping[str, Any]) -> frozenset[Hashable]:
    """What the person may be found under: ids, names in both scripts, and earlier or other names with them."""
    return frozenset((*_ids(person), *_own_names(person), *_other_names(person)))


def contradicts(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a catalogue tells them apart, or their native names do."""
    ids, others = one.get("staff_ids", {}), other.get("staff_ids", {})
    if any(ids[catalogue] != others[catalogue] for catalogue in ids.keys() & others.keys()):
        return True
    native, other_native = kanji_key(one.get("native_name", "")), kanji_key(other.get("native_name", ""))
    return bool(native and other_native) and native != other_native


def related(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a word of the names sounds the same: perhaps a stage name, perhaps a relative."""
    return bool(set(map(sound, words(one["name"]))) & set(map(sound, words(other["name"]))))


@dataclass(frozen=True)
class People:
    """``groups``: positions that are one person, each group and all of them in order. ``doubtful``: pairs that may be
    one, by their first positions."""

    groups: list[list[int]]
    doubtful: list[tuple[int, int]]


def people(persons: Sequence[Mapping[str, Any]], *, colleagues: bool = False) -> People:
    """Which of the persons are one: by id, else by name where nothing tells them apart.

    ``colleagues``: all do the same work, such as the voice of one character in one language. Then another name of a
    person that the other has, or almost the same name, is enough too; a part of the name is a doubt.
    """
    groups = _Groups(persons)
    groups.join_all(_ids, even_if_contradicting=True)
    groups.join_all(_own_names)
    doubtful = []
    if colleagues:
        groups.join_pairs(lambda one, other: bool(person_keys(one) & person_keys(other)))
        groups.join_pairs(lambda one, other: _closeness(one["name"], other["name"]) >= _ENOUGH_CLOSE)
        doubtful = [pair for pair in groups.pairs() if any(related(*two) for two in groups.members(*pair))]
    return People(groups=groups.found(), doubtful=doubtful)


class _Groups:
    """Groups of positions, that only grow. A group is known by its first position."""

    def __init__(self, persons: Sequence[Mapping[str, Any]]) -> None:
        self._persons = persons
        self._groups = {position: [position] for position in range(len(persons))}
        self._group_of = list(range(len(persons)))

    def found(self) -> list[list[int]]:
        return [sorted(self._groups[first]) for first in sorted(self._groups)]

    def members(self, one: int, other: int) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Each person of the one group with each of the other."""
        for mine, theirs in itertools.product(self._groups[one], self._groups[other]):
            yield self._persons[mine], self._persons[theirs]

    def pairs(self) -> list[tuple[int, int]]:
        """Groups that nothing tells apart."""
        return [
            pair
            for pair in itertools.combinations(sorted(self._groups), 2)
            if not any(contradicts(*two) for two in self.members(*pair))
        ]

    def join_all(
        self,
        keys: Callable[[Mapping[str, Any]], Iterable[Hashable]],
        *,
        even_if_contradicting: bool = False,
    ) -> None:
        """Groups of one key become one; none of them where two are told apart, as then the key is no one's own."""
        by_key: dict[Hashable, set[int]] = {}
        for position, person in enumerate(self._persons):
            for key in keys(person):
                by_key.setdefault(key, set()).add(position)
        for key in sorted(by_key, key=repr):
            groups = sorted({self._group_of[position] for position in by_key[key]})
            if even_if_contradicting or not any(
                contradicts(*two) for pair in itertools.combinations(groups, 2) for two in self.members(*pair)
            ):
                self._join(groups)

    def join_pairs(self, alike: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]) -> None:
        """Two groups that are alike become one, where neither is like a third."""
        pairs = [pair for pair in self.pairs() if any(alike(*two) for two in self.members(*pair))]
        counts = Counter(group for pair in pairs for group in pair)
        for pair in pairs:
            if all(counts[group] == 1 for group in pair):
                self._join(pair)

    def _join(self, groups: Sequence[int]) -> None:
        first, *others = sorted(groups)
        for other in others:
            for position in self._groups[other]:
                self._group_of[position] = first
            self._groups[first] += self._groups.pop(other)


def _ids(person: Mapping[str, Any]) -> Iterable[Hashable]:
    return [(catalogue, str(identifier)) for catalogue, identifier in person.get("staff_ids", {}).items()]


def _own_names(person: Mapping[str, Any]) -> Iterable[Hashable]:
    return filter(None, (name_key(person["name"]), kanji_key(person.get("native_name", ""))))


def _other_names(person: Mapping[str, Any]) -> Iterator[Hashable]:
    """``Rin Mizuhara (水原リン)`` is found under both. One word alone is a nickname, which others may have."""
    for line in person.get("alternative_names", ()):
        for name in _SEVERAL.split(line):
            match = _IN_TWO_SCRIPTS.match(name.strip())
            for text in match.groups() if match else (name,):
                latin, native = name_key(text), kanji_key(text)
                if native:
                    if len(native) >= _ENOUGH_NATIVE:
                        yield native
                elif len(latin) > 1:
                    yield latin


def _closeness(one: str, other: str) -> float:
    """Of the sounds, in the order of words that suits best: ``Seung jun Kim`` is ``Kim Seungjun``."""
    mine, theirs = ([sound(word) for word in words(name)[:_MOST_WORDS]] for name in (one, other))
    return max((closeness("".join(order), "".join(theirs)) for order in itertools.permutations(mine)), default=0.0)


def _short_vowels(word: str) -> str:
    for long, short in _LONG_VOWELS:
        word = word.replace(long, short)
    return word
