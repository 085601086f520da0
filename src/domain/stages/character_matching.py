"""Which characters of two catalogues are one.

Evidence is weighed as in the linking of records of one population (Fellegi and Sunter): every comparison adds points
for or against, two characters with ``MATCH`` points are one, those from ``DOUBT`` on are for a person to look at, and
the rest are two. Names count most, then who voices both in the same language; where no name agrees at all, nothing else
makes two characters one.

The assignment is one to one. Two characters become one only where neither has a rival that is nearly as likely, so the
order of either list does not matter, and namesakes that nothing else tells apart stay apart.
"""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

from domain.stages.character_names import Agreement, Name, agreement, names_of
from domain.stages.people import contradicts, person_keys, related
from models.vocabulary import CharacterRole

Part = Mapping[str, Any]


class Voice(Enum):
    """What the voices of two characters say, in a language in which both have one."""

    ONLY = "the same voice, which no other character has"
    SAME = "the same voice"
    RELATED = "voices with a name in common"
    UNKNOWN = "no voice to compare"
    OTHER = "different voices"


NAME_POINTS: Final[Mapping[Agreement, int]] = {
    Agreement.FULL: 11,
    Agreement.FULL_SOUND: 8,
    Agreement.SAME: 8,
    Agreement.SOUND: 5,
    Agreement.PART: 5,
    Agreement.GENERIC: 4,
    Agreement.SENSE: 3,
    Agreement.CLOSE: 2,
    Agreement.UNLIKE: -3,
}
UNRIVALLED: Final = 3
"""More, for a part of a name or a sound that no other character of either catalogue has."""
VOICE_POINTS: Final[Mapping[Voice, int]] = {
    Voice.ONLY: 7,
    Voice.SAME: 5,
    Voice.RELATED: 1,
    Voice.UNKNOWN: 0,
    Voice.OTHER: -3,
}
SAME_NUMBER: Final = 5
"""AniList's first records came from MyAnimeList with their numbers; some have been rewritten since."""
BOTH_MAIN: Final = 3
MAIN_AND_BACKGROUND: Final = -2
DIFFERENT_SEX: Final = -2
SAME_ID: Final = 100

MATCH: Final = 8
DOUBT: Final = 4
MARGIN: Final = 3
"""Points by which a match is ahead of its rivals."""

_LOOSE: Final = frozenset({Agreement.PART, Agreement.SOUND})
_SHARED_NUMBERS: Final = frozenset({"mal", "anilist"})
_SEXES: Final = frozenset({"male", "female"})

_NAME_REASONS: Final[Mapping[Agreement, str]] = {
    Agreement.FULL: "the same name",
    Agreement.FULL_SOUND: "names of the same sound",
    Agreement.SAME: "the same name, of one word",
    Agreement.SOUND: "names of the same sound, of one word",
    Agreement.PART: "a part of the name is the same",
    Agreement.GENERIC: "the same name, which many have",
    Agreement.SENSE: "names that mean the same",
    Agreement.CLOSE: "names that sound much the same",
    Agreement.UNLIKE: "no name alike",
}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``points`` of a pair, and what they stand for in words."""

    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Two that may be one, by position."""

    known: int
    offered: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Matches:
    """``partner``: by position of the offered, that of the known."""

    partner: dict[int, int]
    doubtful: list[Doubt]


@dataclass(frozen=True)
class _Profile:
    """One character, ready to be compared."""

    part: Part

    @cached_property
    def names(self) -> tuple[Name, ...]:
        return names_of(self.part)

    @cached_property
    def voices(self) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for voice in self.part.get("voice_actors", ()):
            found.setdefault(voice["language"], []).append(voice)
        return found

    @cached_property
    def voice_keys(self) -> frozenset[Hashable]:
        """Each with its language."""
        return frozenset(
            (language, key) for language, people in self.voices.items() for one in people for key in person_keys(one)
        )

    @cached_property
    def ids(self) -> dict[str, str]:
        return {catalogue: str(identifier) for catalogue, identifier in self.part.get("character_ids", {}).items()}

    @cached_property
    def sex(self) -> str:
        return str(self.part.get("gender", "")).casefold()

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(number for catalogue, number in self.ids.items() if catalogue in _SHARED_NUMBERS)

    def keys_of_evidence(self) -> Iterator[Hashable]:
        """Two characters without a key in common have no evidence that would do."""
        for name in self.names:
            yield "name", name.key
            yield from (("letters", letters) for letters in name.joined)
            yield from (("sound", one) for one in name.own)
            yield from (("sense", one) for one in name.senses)
        yield from (("voice", key) for key in self.voice_keys)
        yield from (("number", number) for number in self.numbers)
        yield from self.ids.items()


def match(known: Sequence[Part], offered: Sequence[Part]) -> Matches:
    """The offered of one catalogue among those that are known already, of others."""
    table = _Table([_Profile(part) for part in known], [_Profile(part) for part in offered])
    evidence = table.evidence()
    partner = _assigned({pair: found for pair, found in evidence.items() if found.points >= DOUBT})
    taken = set(partner.values())
    doubtful = [
        Doubt(known=one, offered=other, reason="; ".join(found.reasons))
        for (one, other), found in sorted(evidence.items())
        if found.points >= DOUBT and one not in taken and other not in partner
    ]
    return Matches(partner=partner, doubtful=doubtful)


def _assigned(evidence: Mapping[tuple[int, int], Evidence]) -> dict[int, int]:
    """Round by round all pairs that have no rival left; a pair that is decided rivals no other."""
    partner: dict[int, int] = {}
    left = dict(evidence)
    while True:
        rivals: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for (one, other), found in left.items():
            rivals["known", one].append(found.points)
            rivals["offered", other].append(found.points)
        decided = [
            (one, other)
            for (one, other), found in left.items()
            if found.points >= MATCH
            and all(
                sum(points > found.points - MARGIN for points in rivals[side]) == 1
                for side in (("known", one), ("offered", other))
            )
        ]
        if not decided:
            return partner
        partner.update({other: one for one, other in decided})
        known = set(partner.values())
        left = {
            (one, other): found for (one, other), found in left.items() if one not in known and other not in partner
        }


@dataclass(frozen=True)
class _Table:
    """All pairs that may be one."""

    known: Sequence[_Profile]
    offered: Sequence[_Profile]

    def evidence(self) -> dict[tuple[int, int], Evidence]:
        agreements = {
            (one, other): agreement(self.known[one].names, self.offered[other].names)
            for one, other in self._candidates()
        }
        rivals = _counts(pair for pair, found in agreements.items() if found >= Agreement.PART)
        heard = [_heard(profiles) for profiles in (self.known, self.offered)]
        found = {}
        for (one, other), names in agreements.items():
            unrivalled = names in _LOOSE and rivals["known", one] == rivals["offered", other] == 1
            found[one, other] = _weighed(
                self.known[one], self.offered[other], names, unrivalled=unrivalled, heard=heard
            )
        return {pair: evidence for pair, evidence in found.items() if evidence is not None}

    def _candidates(self) -> set[tuple[int, int]]:
        """Pairs with a key in common; comparing everybody with everybody takes long where there are thousands."""
        having: defaultdict[Hashable, set[int]] = defaultdict(set)
        for position, profile in enumerate(self.known):
            for key in profile.keys_of_evidence():
                having[key].add(position)
        return {
            (one, other)
            for other, profile in enumerate(self.offered)
            for key in profile.keys_of_evidence()
            for one in having.get(key, ())
        }


def _counts(pairs: Iterable[tuple[int, int]]) -> defaultdict[tuple[str, int], int]:
    found: defaultdict[tuple[str, int], int] = defaultdict(int)
    for one, other in pairs:
        found["known", one] += 1
        found["offered", other] += 1
    return found


def _heard(profiles: Sequence[_Profile]) -> dict[Hashable, set[int]]:
    """Whom each voice speaks for."""
    found: defaultdict[Hashable, set[int]] = defaultdict(set)
    for position, profile in enumerate(profiles):
        for key in profile.voice_keys:
            found[key].add(position)
    return found


def _weighed(
    one: _Profile,
    other: _Profile,
    names: Agreement,
    *,
    unrivalled: bool,
    heard: Sequence[Mapping[Hashable, set[int]]],
) -> Evidence | None:
    """None where a catalogue knows both, as two."""
    shared = one.ids.keys() & other.ids.keys()
    if shared:
        same = any(one.ids[catalogue] == other.ids[catalogue] for catalogue in shared)
        return Evidence(points=SAME_ID, reasons=("the same id",)) if same else None
    voice = _voice(one, other, heard)
    points = NAME_POINTS[names] + VOICE_POINTS[voice]
    reasons = [_NAME_REASONS[names], voice.value]
    if unrivalled:
        points += UNRIVALLED
    if one.numbers & other.numbers:
        points += SAME_NUMBER
        reasons.append("the same number")
    if {one.sex, other.sex} == _SEXES:
        points += DIFFERENT_SEX
        reasons.append("different sexes")
    roles = {one.part.get("role"), other.part.get("role")}
    if roles == {CharacterRole.MAIN}:
        points += BOTH_MAIN
        reasons.append("main characters both")
    elif roles == {CharacterRole.MAIN, CharacterRole.BACKGROUND}:
        points += MAIN_AND_BACKGROUND
        reasons.append("main in one, in the background of the other")
    if names is Agreement.UNLIKE:
        points = min(points, MATCH - 1)
    return Evidence(points=points, reasons=tuple(reasons))


def _voice(one: _Profile, other: _Profile, heard: Sequence[Mapping[Hashable, set[int]]]) -> Voice:
    """A voice in common goes before a different one in another language, as casts are lists with gaps."""
    pairs = [
        (language, mine, theirs)
        for language, voices in one.voices.items()
        for mine, theirs in itertools.product(voices, other.voices.get(language, ()))
    ]
    same = [(language, mine, theirs) for language, mine, theirs in pairs if _one_person(mine, theirs)]
    if any(_speaks_for_one(*found, heard) for found in same):
        return Voice.ONLY
    if same:
        return Voice.SAME
    if any(related(mine, theirs) for _, mine, theirs in pairs):
        return Voice.RELATED
    return Voice.OTHER if pairs else Voice.UNKNOWN


def _one_person(one: Part, other: Part) -> bool:
    return bool(person_keys(one) & person_keys(other)) and not contradicts(one, other)


def _speaks_for_one(language: str, one: Part, other: Part, heard: Sequence[Mapping[Hashable, set[int]]]) -> bool:
    keys = person_keys(one) | person_keys(other)
    return all(len(set().union(*(voices.get((language, key), ()) for key in keys))) == 1 for voices in heard)
