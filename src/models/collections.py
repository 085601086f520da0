"""Collections, indexes and vectors as data.

The migration function creates what stands here; its deployment is re-run when ``schema_hash`` changes. This module
is the only one of the libraries that the infrastructure imports, so it depends on nothing but the standard library.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

ANIMES: Final = "animes"
EPISODES: Final = "episodes"
CHARACTERS: Final = "characters"
LOCKS: Final = "anime-processing-locks"
REVIEWS: Final = "reviews"
MARKER: Final = "stack-marker"
"""Holds one document that names the stack which owns the database; only such a database is ever emptied."""

LOCK_JANITOR_SECONDS: Final = 7 * 24 * 3600
"""The TTL index only sweeps up: a lock that nobody released goes a week after its lease ended."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """``keys`` are (field, direction) pairs with direction 1 or -1."""

    name: str
    keys: tuple[tuple[str, Literal[1, -1]], ...]
    unique: bool = False
    expire_after_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Collection:
    name: str
    indexes: tuple[Index, ...] = ()


COLLECTIONS: Final = (
    Collection(
        name=ANIMES,
        indexes=(
            Index(name="sources_unique", keys=(("sources", 1),), unique=True),
            Index(name="system_status", keys=(("system_status", 1),)),
            Index(name="status", keys=(("status", 1),)),
        ),
    ),
    Collection(
        name=EPISODES, indexes=(Index(name="anime_number", keys=(("anime_id", 1), ("episode_number", 1)), unique=True),)
    ),
    Collection(name=CHARACTERS, indexes=(Index(name="anime", keys=(("anime_id", 1),)),)),
    Collection(
        name=LOCKS,
        indexes=(Index(name="janitor", keys=(("expires_at", 1),), expire_after_seconds=LOCK_JANITOR_SECONDS),),
    ),
    Collection(
        name=REVIEWS,
        indexes=(
            Index(name="state_created", keys=(("state", 1), ("created_at", 1))),
            Index(name="anime", keys=(("anime_id", 1),)),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A named dense vector, compared by dot product: lengths carry how much an entry's content is known."""

    name: str
    dimensions: int


@dataclass(frozen=True, kw_only=True)
class VectorCollection:
    """``payload_indexes`` are (field, kind) pairs with Qdrant's kinds."""

    name: str
    vectors: tuple[Vector, ...]
    payload_indexes: tuple[tuple[str, Literal["keyword", "integer"]], ...]


TEXT_VECTOR: Final = "text"
EMBEDDING_DIMENSIONS: Final = 256
"""Both embedders offer it: Titan text v2 has 1024, 512 and 256, wordllama's packaged weights have 256."""

VECTOR_COLLECTIONS: Final = (
    VectorCollection(
        name=ANIMES,
        vectors=(Vector(name=TEXT_VECTOR, dimensions=EMBEDDING_DIMENSIONS),),
        payload_indexes=(
            ("anime_id", "keyword"),
            ("system_status", "keyword"),
            ("status", "keyword"),
            ("type", "keyword"),
            ("saga", "keyword"),
            ("revision", "integer"),
            ("year", "integer"),
        ),
    ),
)


def schema_hash() -> str:
    """Changes exactly when a collection, an index or a vector does."""
    described = [dataclasses.asdict(item) for item in (*COLLECTIONS, *VECTOR_COLLECTIONS)]
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
