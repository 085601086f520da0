"""What of an entry lies in the vector store beside its vector."""

from collections.abc import Sequence
from typing import Any

from models.anime import AnimeEntry
from models.collections import TEXT_VECTOR
from models.vectors import VectorPoint


def point_of(entry: AnimeEntry, vector: Sequence[float], saga: str | None) -> VectorPoint:
    """``saga``: name of the execution that writes the point; None where no commit does (bootstrap, restore)."""
    return VectorPoint(anime_id=entry.anime_id, vectors={TEXT_VECTOR: list(vector)}, payload=payload_of(entry, saga))


def payload_of(entry: AnimeEntry, saga: str | None) -> dict[str, Any]:
    """JSON values; what is not known is left out."""
    fields = {
        "anime_id": entry.anime_id,
        "revision": entry.revision,
        "saga": saga,
        **sync_owned_payload(entry),
        "title": entry.title,
        "type": entry.type.value,
        "status": entry.status.value,
        "year": entry.year,
        "season": entry.season.value if entry.season else None,
        "genres": list(entry.genres),
        "score": entry.score.arithmetic_mean if entry.score else None,
        "nsfw": entry.nsfw,
    }
    return {name: value for name, value in fields.items() if value is not None}


def sync_owned_payload(entry: AnimeEntry) -> dict[str, Any]:
    """The fields that the weekly comparison writes by itself, without touching ``revision`` or ``saga``."""
    return {"system_status": entry.system_status.value, "sources": list(entry.sources)}
