"""Stage 5: characters and who voices them, merged over the catalogues.

Two catalogues' characters are one where an id says so, else where both write the name alike (``people.name_key``), else
where the native names are equal; and by name only where that name is one character's alone on both sides, since
``Bartender`` may be three. Whatever is doubtful stays apart.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

from domain.stages import values
from domain.stages.people import kanji_key, name_key
from domain.stages.priority import CHARACTERS
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part
from domain.stages.readers.credits import language_group
from models.events import Catalogue
from models.vocabulary import CharacterRole

_ROLE_ORDER: Final = {role.value: position for position, role in enumerate(CharacterRole)}
_MAPPINGS: Final = ("character_ids", "character_pages", "statistics")
_VOICE_FIELDS: Final = ("name", "language", "native_name", "staff_ids", "url", "image")


def characters(answers: Mapping[Catalogue, Answers]) -> Part:
    """``characters`` without ids, main ones first, and ``staff_data.voice_actors`` by language."""
    merged: list[Part] = []
    for catalogue in CHARACTERS:
        if catalogue in answers:
            merged = _merge(merged, _once(READERS[catalogue].characters(answers[catalogue])))
    merged.sort(key=lambda character: _ROLE_ORDER[character.get("role", CharacterRole.UNKNOWN)])
    return values.filled(
        {
            "characters": [_finished(character) for character in merged],
            "staff_data": values.filled({"voice_actors": _by_language(merged)}),
        }
    )


def _once(parts: Sequence[Part]) -> list[Part]:
    """A catalogue may list a character twice."""
    return values.distinct(
        parts, lambda part: tuple(sorted(map(str, part.get("character_ids", {}).items()))) or id(part)
    )


def _merge(known: list[Part], offered: list[Part]) -> list[Part]:
    """``known`` with what another catalogue offers; what matches none is added at the end."""
    partner: dict[int, int] = {}
    for key in (_id_key, _latin_key, _native_key):
        _pair(known, offered, key, partner)
    merged = [dict(character) for character in known]
    for position, character in enumerate(offered):
        if position in partner:
            merged[partner[position]] = _joined(merged[partner[position]], character)
        else:
            merged.append(character)
    return merged


def _pair(
    known: Sequence[Part], offered: Sequence[Part], key: Callable[[Part], Hashable], partner: dict[int, int]
) -> None:
    """Add pairs (offered -> known) whose key is one character's alone on each side, among those without a partner."""
    taken = set(partner.values())
    left = _unique({i: key(character) for i, character in enumerate(known) if i not in taken})
    right = _unique({i: key(character) for i, character in enumerate(offered) if i not in partner})
    partner.update({right[value]: left[value] for value in right if value in left})


def _unique(keys: Mapping[int, Hashable]) -> dict[Hashable, int]:
    counts = Counter(keys.values())
    return {key: position for position, key in keys.items() if key and counts[key] == 1}


def _id_key(character: Part) -> Hashable:
    return tuple(sorted(map(str, character.get("character_ids", {}).items())))


def _latin_key(character: Part) -> Hashable:
    return name_key(character["name"])


def _native_key(character: Part) -> Hashable:
    return kanji_key(character.get("name_native") or character.get("name_kanji") or "")


def _joined(known: Part, other: Part) -> Part:
    """The earlier catalogue's word stays; what it does not say is filled, lists and mappings are put together."""
    joined = values.together(known, other)
    for name in _MAPPINGS:
        joined[name] = values.together(known.get(name, {}), other.get(name, {}))
    for name in ("images", "nicknames"):
        joined[name] = list(dict.fromkeys([*known.get(name, ()), *other.get(name, ())]))
    joined["name_variations"] = [*known.get("name_variations", ()), other["name"]]
    joined["voice_actors"] = _voices([*known.get("voice_actors", ()), *other.get("voice_actors", ())])
    return values.filled(joined)


def _finished(character: Part) -> Part:
    native = character.get("name_native") or character.get("name_kanji")
    kanji = character.get("name_kanji") or native
    names = {values.folded(name) for name in (character["name"], native, kanji) if name}
    nicknames = [name for name in character.get("nicknames", ()) if values.folded(name) not in names]
    variations = [name for name in character.get("name_variations", ()) if values.folded(name) not in names]
    return values.filled(
        {
            **character,
            "name_native": native,
            "name_kanji": kanji,
            "role": character.get("role", CharacterRole.UNKNOWN),
            "nicknames": values.distinct(nicknames, values.folded),
            "name_variations": values.distinct(variations, values.folded),
            "voice_actors": [
                {name: voice[name] for name in _VOICE_FIELDS if name in voice}
                for voice in character.get("voice_actors", ())
            ],
        }
    )


class _People:
    """Persons found so far, by id in any catalogue, else by name."""

    def __init__(self) -> None:
        self.found: list[Part] = []
        self._by_key: dict[Hashable, Part] = {}

    def add(self, person: Part) -> Part:
        """The person as known so far together with this; the same object for the same person."""
        known = self._find(person)
        if known is None:
            known = {}
            self.found.append(known)
        ids = values.together(known.get("staff_ids", {}), person.get("staff_ids", {}))
        known.update(values.filled({**values.together(known, person), "staff_ids": ids}))
        for key in (*ids.items(), name_key(person["name"])):
            self._by_key.setdefault(key, known)
        return known

    def _find(self, person: Part) -> Part | None:
        ids = person.get("staff_ids", {})
        for key in ids.items():
            if key in self._by_key:
                return self._by_key[key]
        known = self._by_key.get(name_key(person["name"]))
        if known is not None and any(name in known.get("staff_ids", {}) for name in ids):
            return None  # the same catalogue has them under two ids, so they are two people of one name
        return known


def _voices(voices: Sequence[Part]) -> list[Part]:
    """Each person once a language."""
    by_language: dict[str, _People] = {}
    for voice in voices:
        by_language.setdefault(voice["language"], _People()).add(voice)
    return [person for people in by_language.values() for person in people.found]


def _by_language(merged: Sequence[Part]) -> dict[str, list[Part]]:
    groups: dict[str, _People] = {}
    for character in merged:
        for voice in character.get("voice_actors", ()):
            person = groups.setdefault(language_group(voice["language"]), _People()).add(dict(voice))
            person.setdefault("character_assignments", [])
            if character["name"] not in person["character_assignments"]:
                person["character_assignments"].append(character["name"])
    return {language: people.found for language, people in groups.items()}
