"""Ids of episodes and characters: looked up in the stored entry where it knows them, else minted."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from domain.locks import has_locks
from domain.stages.people import name_key
from models.ids import character_key, mint_character_id, mint_episode_id

Part = dict[str, Any]


def identified_episodes(anime_id: str, offered: Iterable[Mapping[str, Any]], known: Iterable[Part]) -> list[Part]:
    """By number."""
    stored = {episode["episode_number"]: episode["episode_id"] for episode in known}
    return [
        {**episode, "episode_id": stored.get(number) or mint_episode_id(anime_id, number)}
        for episode in offered
        if (number := episode["episode_number"])
    ]


def identified_characters(
    anime_id: str,
    offered: Sequence[Part],
    known: Sequence[Part],
    *,
    joined: Callable[[Part, Part], Part],
    locked: Collection[str] = (),
) -> list[Part]:
    """By any id in a catalogue, else by name where no catalogue's ids contradict.

    The stored entry may know that two of the offered characters are one, because it has the ids of both: they become
    one by ``joined``, the earlier first. One that a person took out gets the id it had, by which it stays out
    (``domain.locks``), also where another catalogue tells of it first now.
    """
    identifiers = _found_by_id(offered, known)
    used = {identifier for identifier in identifiers if identifier is not None}
    taken = {other["character_id"] for other in known}
    removed = {identifier for path in locked if (identifier := _locked_whole(path))} - taken
    found: dict[str, Part] = {}
    for character, by_id in zip(offered, identifiers, strict=True):
        identifier = (
            by_id
            or _found_removed(anime_id, character, removed)
            or _found_by_name(character, known, used)
            or _minted(anime_id, character, taken)
        )
        used.add(identifier)
        taken.add(identifier)
        found[identifier] = joined(found[identifier], character) if identifier in found else character
    return [{**character, "character_id": identifier} for identifier, character in found.items()]


def still_apart(known: Iterable[Part], identified: Sequence[Part], locked: Collection[str] = ()) -> list[Part]:
    """The stored characters without those that an earlier run kept as two and now are one: whose every id is
    another's. What a person wrote of a character keeps it, for a person to look at."""
    owners = {pair: character["character_id"] for character in identified for pair in _ids(character)}
    return [
        other
        for other in known
        if not _ids(other)
        or has_locks(locked, "characters", other["character_id"])
        or any(owners.get(pair, other["character_id"]) == other["character_id"] for pair in _ids(other))
    ]


def _found_by_id(offered: Sequence[Part], known: Sequence[Part]) -> list[str | None]:
    """For each of the offered. Two get the same id only where no catalogue tells them apart."""
    owners = {pair: other["character_id"] for other in known for pair in _ids(other)}
    groups: dict[str, dict[str, str]] = {}
    found: list[str | None] = []
    for character in offered:
        ids = dict(_ids(character))
        identifier = next((owners[pair] for pair in ids.items() if pair in owners), None)
        if identifier is not None:
            group = groups.setdefault(identifier, {})
            if any(group.get(catalogue, own) != own for catalogue, own in ids.items()):
                identifier = None
            else:
                group.update(ids)
        found.append(identifier)
    return found


def _locked_whole(path: str) -> str | None:
    name, _, identifier = path.partition("/")
    return identifier if name == "characters" and identifier and "/" not in identifier else None


def _found_removed(anime_id: str, character: Part, removed: Collection[str]) -> str | None:
    """An id is minted of one catalogue's; which one that was is not known any more."""
    if not removed:
        return None
    minted = (mint_character_id(anime_id, f"{catalogue}:{own}") for catalogue, own in _ids(character))
    return next((identifier for identifier in minted if identifier in removed), None)


def _found_by_name(character: Part, known: Sequence[Part], used: set[str]) -> str | None:
    key = name_key(character["name"])
    free = (other for other in known if other["character_id"] not in used and _compatible(character, other))
    return next((other["character_id"] for other in free if name_key(other["name"]) == key), None)


def _ids(character: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(catalogue, str(identifier)) for catalogue, identifier in character.get("character_ids", {}).items()]


def _compatible(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no catalogue knows both; one that did would have matched by id."""
    return not set(one.get("character_ids", {})) & set(other.get("character_ids", {}))


def _minted(anime_id: str, character: Mapping[str, Any], taken: set[str]) -> str:
    """From the first key that is nobody else's: characters without any id may share a name."""
    key = character_key(character.get("character_ids", {}), character["name"])
    identifier, number = mint_character_id(anime_id, key), 1
    while identifier in taken:
        number += 1
        identifier = mint_character_id(anime_id, f"{key}|{number}")
    return identifier
