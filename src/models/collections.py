"""Collections, indexes and vectors as data.

The migration function creates what stands here; its deployment is re-run when ``schema_hash`` changes. This module
is the only one of the libraries that the infrastructure imports, so it depends on nothing but the standard library.
"""

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final, Literal

ANIMES: Final = "animes"
EPISODES: Final = "episodes"
CHARACTERS: Final = "characters"
LOCKS: Final = "anime-processing-locks"
REVIEWS: Final = "reviews"
MARKER: Final = "stack-marker"
"""Holds one document that names the stack which owns the database; only such a database is ever emptied."""

USERS: Final = "users"
"""Vector collection of users' tastes, which comes with personalization. The keys of the index name it already, since a
key whose rules change is replaced by another one."""

LOCK_JANITOR_SECONDS: Final = 7 * 24 * 3600
"""The TTL index only sweeps up: a lock that nobody released goes a week after its lease ended."""


_INDEX_NAME: Final = re.compile(r"^[a-z][a-z0-9_]*$")


@dataclass(frozen=True, kw_only=True)
class Index:
    """``keys`` are (field, direction) pairs with direction 1 or -1."""

    name: str
    keys: tuple[tuple[str, Literal[1, -1]], ...]
    unique: bool = False
    expire_after_seconds: int | None = None

    def __post_init__(self) -> None:
        if not _INDEX_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} could be taken for a later version of another index: use a-z, 0-9 and _")
        if self.unique and self.expire_after_seconds is not None:
            raise ValueError(f"{self.name}: a changed expiry could mean a moment without uniqueness; use two indexes")


@dataclass(frozen=True, kw_only=True)
class Collection:
    name: str
    indexes: tuple[Index, ...] = ()

    def __post_init__(self) -> None:
        signatures = {(index.keys, index.unique) for index in self.indexes}
        if len(signatures) < len(self.indexes):
            raise ValueError(f"{self.name}: two indexes are the same under two names, which the server refuses")


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
    distance: Literal["dot"] = "dot"


@dataclass(frozen=True, kw_only=True)
class VectorCollection:
    """``payload_indexes`` are (field, kind) pairs with Qdrant's kinds. ``quantization`` int8: searches
    compare one byte a dimension, from memory.
    """

    name: str
    vectors: tuple[Vector, ...]
    payload_indexes: tuple[tuple[str, Literal["keyword", "integer"]], ...]
    quantization: Literal["int8"] | None = "int8"


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
