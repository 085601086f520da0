"""Small entries, reviews and points for contract tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from models.anime import AnimeEntry, EpisodeDetailEntry
from models.events import LockRef
from models.ids import character_key, mint_anime_id, mint_character_id, mint_episode_id
from models.people import CharacterEntry
from models.vectors import VectorPoint
from models.vocabulary import CharacterRole

AT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def source(number: int) -> str:
    return f"https://myanimelist.net/anime/{number}"


def anime_id(number: int) -> str:
    return mint_anime_id(source(number))


def entry(
    number: int = 1, *, episodes: Sequence[str] = (), characters: Sequence[str] = (), **fields: Any
) -> AnimeEntry:
    """The anime ``number``, with episodes of these numbers and characters of these names."""
    identifier = anime_id(number)
    values: dict[str, Any] = {
        "anime_id": identifier,
        "sources": [source(number)],
        "title": f"Anime {number}",
        "type": "TV",
        "status": "FINISHED",
        "episodes": 12,
        "enriched": False,
        "episode_details": [episode(identifier, one) for one in episodes],
        "characters": [character(identifier, one) for one in characters],
    }
    return AnimeEntry.model_validate(values | fields, strict=False)


def full_entry(number: int = 1, **fields: Any) -> AnimeEntry:
    """With what is awkward to store: dots and dollars in keys, days and instants, floats, nested lists, non-ASCII."""
    values: dict[str, Any] = {
        "title_japanese": "カウボーイビバップ",
        "external_links": {"Official Site": "https://example.com/", "example.com": "https://a.b/", "$x": "https://c/"},
        "aired_dates": {"from": date(1998, 4, 3), "to": datetime(1999, 4, 24, 16, tzinfo=UTC), "string": "1998"},
        "score": {"arithmetic_geometric_mean": 8.0, "arithmetic_mean": 8.75, "median": 8.5},
        "statistics": {"mal": {"score": 8.75, "members": 2_000_000_000_000, "score_distribution": {"10": 5, "9.5": 1}}},
        "images": {"covers": ["https://cdn/x.jpg", {"image_url": "https://y/z.png", "error_message": "not fetched"}]},
        "provenance": {"catalogues": {"mal": {"status": "ok", "fetched_at": AT}}},
        "offered_sources": [source(number)],
    }
    return entry(
        number, episodes=("1", "2", "10", "12.5", "S1"), characters=("Spike", "Ein", "Faye"), **(values | fields)
    )


def episode(of: str, number: str, **fields: Any) -> EpisodeDetailEntry:
    return EpisodeDetailEntry(episode_id=mint_episode_id(of, number), episode_number=number, **fields)


def character(of: str, name: str, **fields: Any) -> CharacterEntry:
    identifier = mint_character_id(of, character_key({}, name))
    return CharacterEntry(character_id=identifier, name=name, role=CharacterRole.MAIN, **fields)


def lock(owner: str = "new-1", token: str = "01TOKEN") -> LockRef:  # noqa: S107 - no secret
    return LockRef(owner=owner, token=token)


def point(number: int = 1, *, vector: Sequence[float] = (1.0, 0.0, 0.0), **payload: Any) -> VectorPoint:
    """``vector`` gives the first dimensions; it has to be of unit length."""
    values: dict[str, Any] = {
        "anime_id": anime_id(number),
        "revision": 1,
        "saga": "load",
        "system_status": "ACTIVE",
        "sources": [source(number)],
        "title": f"Anime {number}",
    }
    padded = [*vector, *([0.0] * (256 - len(vector)))]
    return VectorPoint(anime_id=anime_id(number), vectors={"text": padded}, payload=values | payload)
