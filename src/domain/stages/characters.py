"""Stage 5: characters and who voices them, merged over the catalogues.

Which records are one is judged in ``character_matching`` and ``people``; what stays apart though it may be one is told
beside the characters, for a person to look at.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from domain.stages import values
from domain.stages.character_matching import match
from domain.stages.merging import Givers, Joined, Notes, Pairs, givers, joined
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
_NATIVE: Final = ("name_native", "name_kanji")
_CALLED: Final = ("nicknames", "name_variations")
_VOICE_FIELDS: Final = ("name", "language", "native_name", "staff_ids", "url", "image")
_RECORDS: Final = "records"
"""Under this name, while they are merged, characters and voices hold what each catalogue tells of them."""


def characters(answers: Mapping[Catalogue, Answers]) -> Part:
    """``characters`` without ids, main ones first; ``staff_data.voice_actors`` by language; ``doubtful_matches``; notes
    of whose each field of a character is."""
    merged: list[Part] = []
    doubts: list[tuple[int, int, str]] = []
    for catalogue in CHARACTERS:
        if catalogue in answers:
            offered = [_recorded(catalogue, part) for part in _once(READERS[catalogue].characters(answers[catalogue]))]
            matches = match(merged, offered)
            merged, places = _merged(merged, offered, matches.partner)
            doubts += [(doubt.known, places[doubt.offered], doubt.reason) for doubt in matches.doubtful]
    doubtful = [_doubt(merged[one], merged[other], reason) for one, other, reason in doubts]
    for character in merged:
        character["voice_actors"], of_voices = _voices(character)
        doubtful += of_voices
    merged.sort(key=lambda character: _ROLE_ORDER[character.get("role", CharacterRole.UNKNOWN)])
    notes = Notes()
    finished = [_finished(character) for character in merged]
    notes.fields("characters", [_givers(one, character) for one, character in zip(finished, merged, strict=True)])
    voices = {
        language: notes.joined(f"staff_data/voice_actors/{language}", cast)
        for language, cast in _by_language(merged).items()
    }
    part = {
        "characters": finished,
        "staff_data": values.filled({"voice_actors": voices}),
        DOUBTFUL: values.distinct(doubtful, lambda doubt: str(doubt["ids"])),
    }
    return notes.beside(values.filled(part))


def _recorded(catalogue: Catalogue, part: Part) -> Part:
    voices = [{**voice, _RECORDS: [(catalogue, voice)]} for voice in part.get("voice_actors", ())]
    return values.filled({**part, "voice_actors": voices, _RECORDS: [(catalogue, part)]})


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
    both = values.together(known, other)
    for name in _MAPPINGS:
        both[name] = values.together(known.get(name, {}), other.get(name, {}))
    for name in ("images", "nicknames"):
        both[name] = list(dict.fromkeys([*known.get(name, ()), *other.get(name, ())]))
    both["name_variations"] = [*known.get("name_variations", ()), other["name"]]
    for name in ("voice_actors", _RECORDS):
        both[name] = [*known.get(name, ()), *other.get(name, ())]
    return values.filled(both)


def _finished(character: Part) -> Part:
    native = character.get("name_native") or character.get("name_kanji")
    kanji = character.get("name_kanji") or native
    names = {values.folded(name) for name in (character["name"], native, kanji) if name}
    nicknames = [name for name in character.get("nicknames", ()) if values.folded(name) not in names]
    variations = [name for name in character.get("name_variations", ()) if values.folded(name) not in names]
    return values.filled(
        {
            **{name: value for name, value in character.items() if name != _RECORDS},
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


def _givers(finished: Part, character: Part) -> Givers:
    """By field, the catalogues that it is of; a role that nobody tells is nobody's."""
    records: Pairs = character[_RECORDS]
    # A name that is not the character's first is a variation of it.
    variations = [
        (c, {**part, "name_variations": [*part.get("name_variations", ()), part["name"]]}) for c, part in records
    ]
    found: dict[str, Sequence[Catalogue]] = {}
    for name, value in finished.items():
        if name == "voice_actors":
            found[name] = _order(record for voice in character[name] for record in voice[_RECORDS])
        elif name in _NATIVE:
            named = ((c, part.get(one)) for one in (name, *_NATIVE) for c, part in records)
            found[name] = [next(c for c, word in named if word == value)]
        elif name in _CALLED:
            found[name] = givers(variations, name, value, values.folded)
        else:
            found[name] = givers(records, name, value)
    return found


def _order(records: Iterable[tuple[Catalogue, Part]]) -> list[Catalogue]:
    """Whose they are, each once, in the order in which they are believed."""
    return sorted({catalogue for catalogue, _ in records}, key=CHARACTERS.index)


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


def _person(voices: Sequence[Part]) -> Part:
    """Of several of one person; the first word stays."""
    records = [record for voice in voices for record in voice[_RECORDS]]
    return {**joined(records, ("staff_ids",)).value, _RECORDS: records}


def _by_language(merged: Sequence[Part]) -> dict[str, list[Joined]]:
    groups: dict[str, list[tuple[Part, str]]] = {}
    for character in merged:
        for voice in character.get("voice_actors", ()):
            groups.setdefault(language_group(voice["language"]), []).append((voice, character["name"]))
    return {language: _cast(spoken) for language, spoken in groups.items()}


def _cast(spoken: Sequence[tuple[Part, str]]) -> list[Joined]:
    """Persons with the names of their characters, as they come."""
    voices = [voice for voice, _ in spoken]
    return [_voice_actor([spoken[position] for position in group]) for group in people(voices).groups]


def _voice_actor(spoken: Sequence[tuple[Part, str]]) -> Joined:
    records = [record for voice, _ in spoken for record in voice[_RECORDS]]
    person = joined(records, ("staff_ids",))
    assigned = {"character_assignments": list(dict.fromkeys(name for _, name in spoken))}
    return Joined(
        {**person.value, **assigned}, person.owner, {**person.givers, "character_assignments": _order(records)}
    )
