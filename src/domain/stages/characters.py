"""Stage 5: characters and who voices them, merged over the catalogues.

Which records are one is judged in ``character_matching`` and ``people``; what stays apart though it may be one is told
beside the characters, for a person to look at.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.stages import values
from domain.stages.character_matching import match
from domain.stages.people import people
from domain.stages.priority import CHARACTERS
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part
from domain.stages.readers.credits import language_group
from models.events import Catalogue
from models.vocabulary import CharacterRole

DOUBTFUL: Final = "doubtful_matches"
"""Under this name the part lists what may be one; it is no field of an entry."""

_ROLE_ORDER: Final = {role.value: position for position, role in enumerate(CharacterRole)}
_MAPPINGS: Final = ("character_ids", "character_pages", "statistics")
_VOICE_FIELDS: Final = ("name", "language", "native_name", "staff_ids", "url", "image")


def characters(answers: Mapping[Catalogue, Answers]) -> Part:
    """``characters`` without ids, main ones first; ``staff_data.voice_actors`` by language; ``doubtful_matches``."""
    merged: list[Part] = []
    doubts: list[tuple[int, int, str]] = []
    for catalogue in CHARACTERS:
        if catalogue in answers:
            offered = _once(READERS[catalogue].characters(answers[catalogue]))
            matches = match(merged, offered)
            merged, places = _merged(merged, offered, matches.partner)
            doubts += [(doubt.known, places[doubt.offered], doubt.reason) for doubt in matches.doubtful]
    doubtful = [_doubt(merged[one], merged[other], reason) for one, other, reason in doubts]
    for character in merged:
        character["voice_actors"], of_voices = _voices(character)
        doubtful += of_voices
    merged.sort(key=lambda character: _ROLE_ORDER[character.get("role", CharacterRole.UNKNOWN)])
    return values.filled(
        {
            "characters": [_finished(character) for character in merged],
            "staff_data": values.filled({"voice_actors": _by_language(merged)}),
            DOUBTFUL: values.distinct(doubtful, lambda doubt: str(doubt["ids"])),
        }
    )


def _once(parts: Sequence[Part]) -> list[Part]:
    """A catalogue may list a character twice."""
    return values.distinct(
        parts, lambda part: tuple(sorted(map(str, part.get("character_ids", {}).items()))) or id(part)
    )


def _merged(
    known: Sequence[Part], offered: Sequence[Part], partner: Mapping[int, int]
) -> tuple[list[Part], dict[int, int]]:
    """``known`` with what another catalogue offers, and where each of the offered is; what matches none comes last."""
    merged = [dict(character) for character in known]
    places = dict(partner)
    for position, character in enumerate(offered):
        if position in partner:
            merged[partner[position]] = _joined(merged[partner[position]], character)
        else:
            places[position] = len(merged)
            merged.append(dict(character))
    return merged, places


def _doubt(one: Part, other: Part, reason: str, ids: str = "character_ids") -> Part:
    both = [one.get(ids, {}), other.get(ids, {})]
    return {
        "names": [one["name"], other["name"]],
        "catalogues": list(dict.fromkeys(catalogue for found in both for catalogue in found)),
        "ids": both,
        "reason": reason,
    }


def _joined(known: Part, other: Part) -> Part:
    """The earlier catalogue's word stays; what it does not say is filled, lists and mappings are put together."""
    joined = values.together(known, other)
    for name in _MAPPINGS:
        joined[name] = values.together(known.get(name, {}), other.get(name, {}))
    for name in ("images", "nicknames"):
        joined[name] = list(dict.fromkeys([*known.get(name, ()), *other.get(name, ())]))
    joined["name_variations"] = [*known.get("name_variations", ()), other["name"]]
    joined["voice_actors"] = [*known.get("voice_actors", ()), *other.get("voice_actors", ())]
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


def _voices(character: Part) -> tuple[list[Part], list[Part]]:
    """Each person once a language, and who may be one.

    AniList's ``Portuguese`` may be MyAnimeList's ``Portuguese (BR)``; the first word stays.
    """
    by_language: dict[str, list[Part]] = {}
    for voice in character.get("voice_actors", ()):
        by_language.setdefault(voice["language"].partition(" (")[0], []).append(voice)
    voices, doubtful = [], []
    for language, listed in by_language.items():
        found = people(listed, colleagues=True)
        voices += [_person([listed[position] for position in group]) for group in found.groups]
        reason = f"both voice {character['name']} in {language}; a part of the name is the same"
        doubtful += [_doubt(listed[one], listed[other], reason, "staff_ids") for one, other in found.doubtful]
    return voices, doubtful


def _person(records: Sequence[Part]) -> Part:
    """What several records tell of one person; the first word stays."""
    ids = values.together({}, *(record.get("staff_ids", {}) for record in records))
    return values.filled({**values.together({}, *records), "staff_ids": ids})


def _by_language(merged: Sequence[Part]) -> dict[str, list[Part]]:
    groups: dict[str, list[tuple[Part, str]]] = {}
    for character in merged:
        for voice in character.get("voice_actors", ()):
            groups.setdefault(language_group(voice["language"]), []).append((voice, character["name"]))
    return {language: _cast(spoken) for language, spoken in groups.items()}


def _cast(spoken: Sequence[tuple[Part, str]]) -> list[Part]:
    """Persons with the names of their characters, as they come."""
    voices = [voice for voice, _ in spoken]
    return [
        {
            **_person([voices[position] for position in group]),
            "character_assignments": list(dict.fromkeys(spoken[position][1] for position in group)),
        }
        for group in people(voices).groups
    ]
