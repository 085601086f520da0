"""What lies in the three collections of an anime, and how an entry is taken apart and put together again.

``animes`` holds the entry as JSON values under ``_id`` = ``anime_id``, without its episodes and characters, and beside
it ``pending_events``, which is no part of an entry. ``episodes`` and ``characters`` hold a document each, with the
``anime_id``; characters also with their ``position``, since their order carries meaning and a collection has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from domain.episode_numbers import number_order
from models.anime import SYNC_OWNED_FIELDS, AnimeEntry, EpisodeDetailEntry, dump_entry, read_entry

Document = dict[str, Any]

PENDING: Final = "pending_events"
_PARTS: Final = frozenset({"episode_details", "characters"})
ENRICHED_FIELDS: Final = tuple(sorted(set(AnimeEntry.model_fields) - SYNC_OWNED_FIELDS - _PARTS - {"anime_id"}))
"""Fields of an anime's document that a commit sets or unsets."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """One entry as it is stored."""

    anime: Document
    episodes: list[Document]
    characters: list[Document]


def episode_order(episode: EpisodeDetailEntry) -> tuple[str, Decimal]:
    return number_order(episode.episode_number)


def take_apart(entry: AnimeEntry) -> Documents:
    anime = dump_entry(entry)
    episodes = anime.pop("episode_details", [])
    characters = anime.pop("characters", [])
    anime["_id"] = anime.pop("anime_id")
    return Documents(
        anime=anime,
        episodes=[_episode(entry.anime_id, episode) for episode in episodes],
        characters=[_character(entry.anime_id, position, one) for position, one in enumerate(characters)],
    )


def put_together(
    anime: Mapping[str, Any], episodes: Iterable[Mapping[str, Any]], characters: Iterable[Mapping[str, Any]]
) -> AnimeEntry:
    """Tolerant of what an older version of the models wrote.

    Raises:
        InvalidEntry: a known field holds what it cannot.
    """
    data = {key: value for key, value in anime.items() if key not in {"_id", PENDING}}
    data["anime_id"] = anime["_id"]
    data["sources"] = sorted(anime.get("sources", ()), key=str)  # the weekly comparison adds new ones at the end
    data["episode_details"] = [
        {"episode_id": one["_id"]} | {key: value for key, value in one.items() if key not in {"_id", "anime_id"}}
        for one in sorted(episodes, key=lambda one: number_order(one["episode_number"]))
    ]
    data["characters"] = [
        {"character_id": one["_id"]}
        | {key: value for key, value in one.items() if key not in {"_id", "anime_id", "position"}}
        for one in sorted(characters, key=lambda one: (one.get("position", 0), one["_id"]))
    ]
    try:
        return AnimeEntry.model_validate(data, strict=False, extra="ignore")
    except ValidationError:
        return read_entry(data)  # three times slower, and takes what older versions wrote


def enriched_update(anime: Document) -> Document:
    """The update operators by which a commit writes an existing anime: enriched fields alone, sources only added."""
    update: Document = {
        "$set": {field: anime[field] for field in ENRICHED_FIELDS if field in anime},
        "$addToSet": {"sources": {"$each": anime["sources"]}},
    }
    absent = {field: "" for field in ENRICHED_FIELDS if field not in anime}
    return update | ({"$unset": absent} if absent else {})


def _episode(anime_id: str, episode: Document) -> Document:
    rest = {key: value for key, value in episode.items() if key != "episode_id"}
    return {"_id": episode["episode_id"], "anime_id": anime_id, **rest}


def _character(anime_id: str, position: int, character: Document) -> Document:
    rest = {key: value for key, value in character.items() if key != "character_id"}
    return {"_id": character["character_id"], "anime_id": anime_id, "position": position, **rest}
