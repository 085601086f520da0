"""Ids of episodes and characters: looked up in the stored entry where it knows them, else minted."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

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


def identified_characters(anime_id: str, offered: Sequence[Mapping[str, Any]], known: Sequence[Part]) -> list[Part]:
    """By any id in a catalogue, else by name where no catalogue's ids contradict; a stored character is one of the
    offered at most."""
    by_id = {pair: other for other in known for pair in _ids(other)}
    by_name: dict[Hashable, list[Part]] = {}
    for other in known:
        by_name.setdefault(name_key(other["name"]), []).append(other)
    taken: set[str] = set()
    chosen: list[str | None] = []
    for character in offered:
        same = [by_id[pair] for pair in _ids(character) if pair in by_id]
        chosen.append(_first_free(same, taken))
    for position, character in enumerate(offered):
        if chosen[position] is None:
            same = [other for other in by_name.get(name_key(character["name"]), ()) if _compatible(character, other)]
            chosen[position] = _first_free(same, taken)
    taken.update(other["character_id"] for other in known)
    return [
        {**character, "character_id": found or _minted(anime_id, character, taken)}
        for character, found in zip(offered, chosen, strict=True)
    ]


def _ids(character: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(catalogue, str(identifier)) for catalogue, identifier in character.get("character_ids", {}).items()]


def _compatible(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether no catalogue knows both; one that did would have matched by id."""
    return not set(one.get("character_ids", {})) & set(other.get("character_ids", {}))


def _first_free(found: Iterable[Part], taken: set[str]) -> str | None:
    """The first that is no other's yet, which it then is."""
    identifier: str | None = next((one["character_id"] for one in found if one["character_id"] not in taken), None)
    if identifier is not None:
        taken.add(identifier)
    return identifier


def _minted(anime_id: str, character: Mapping[str, Any], taken: set[str]) -> str:
    """From the first key that is nobody else's: characters without any id may share a name."""
    key = character_key(character.get("character_ids", {}), character["name"])
    identifier, number = mint_character_id(anime_id, key), 1
    while identifier in taken:
        number += 1
        identifier = mint_character_id(anime_id, f"{key}|{number}")
    taken.add(identifier)
    return identifier
