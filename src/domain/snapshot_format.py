"""What a snapshot is made of: two files of JSON lines in the same order, by anime id, and a manifest that seals them.

``animes.jsonl.zst``
    One whole entry a line, with what the stores keep for themselves.
``vectors.jsonl.zst``
    ``{"anime_id": ..., "vectors": {name: base64 of little-endian 32-bit floats}}``. A point's payload follows from the
    entry and is not repeated.
``manifest.json``
    Written last: without it there is no snapshot.

A vector is held in 32 bits by the index as well, so nothing is lost.
"""

import base64
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field, StringConstraints, ValidationError

from models.anime import AnimeEntry, dump_entry, problems, read_entry
from models.errors import InvalidEntry, Malformed
from models.events import Event, Sha256, SourceSha

ANIMES_FILE: Final = "animes.jsonl.zst"
VECTORS_FILE: Final = "vectors.jsonl.zst"
MANIFEST_FILE: Final = "manifest.json"

SnapshotTime = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{6}\.\d{3}Z$")]
"""Sorts by time, and is a folder's name on every system."""


def snapshot_time(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H%M%S}.{now.microsecond // 1000:03d}Z"


class SnapshotFile(Event):
    """``sha256`` and ``bytes`` are of the lines, ``stored_*`` of the object, which is compressed."""

    name: Literal["animes.jsonl.zst", "vectors.jsonl.zst"]
    lines: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: Sha256
    stored_bytes: int = Field(ge=0)
    stored_sha256: Sha256


class Manifest(Event):
    """``source_sha`` and ``sync_state`` are None where no release was ever loaded or compared.

    Vectors of one ``embedder`` say nothing to those of another.
    """

    format: Literal[1] = 1
    time: SnapshotTime
    source_sha: SourceSha | None
    sync_state: dict[str, Any] | None
    entries: int = Field(ge=0)
    episodes: int = Field(ge=0)
    characters: int = Field(ge=0)
    dimensions: int = Field(ge=1)
    embedder: str
    files: tuple[SnapshotFile, SnapshotFile]
    """Animes, then vectors."""

    @property
    def animes(self) -> SnapshotFile:
        return self.files[0]

    @property
    def vectors(self) -> SnapshotFile:
        return self.files[1]

    def to_bytes(self) -> bytes:
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def read_manifest(body: bytes) -> Manifest:
    """Raises:
    Malformed: it is none, or of a later format.
    """
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(f"the snapshot's manifest is not readable: {'; '.join(problems(error))}") from error


def anime_line(entry: AnimeEntry) -> bytes:
    return orjson.dumps(dump_entry(entry), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def read_anime_line(line: bytes) -> AnimeEntry:
    """Tolerant, so that a snapshot outlives changes of the model.

    Raises:
        Malformed: it is no entry; the message names it as far as it is known.
    """
    data = _object(line)
    try:
        return read_entry(data)
    except InvalidEntry as error:
        raise Malformed(f"{data.get('anime_id', 'an entry')} in the snapshot: {error}") from error


def vector_line(anime_id: str, vectors: Mapping[str, Sequence[float]]) -> bytes:
    return orjson.dumps(
        {"anime_id": anime_id, "vectors": pack_vectors(vectors)},
        option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE,
    )


def read_vector_line(line: bytes) -> tuple[str, dict[str, tuple[float, ...]]]:
    """Anime id, and its vectors by name.

    Raises:
        Malformed: it is no such line.
    """
    data = _object(line)
    try:
        return data["anime_id"], unpack_vectors(data["vectors"])
    except (KeyError, AttributeError, TypeError, ValueError, struct.error) as error:
        raise Malformed(f"a line of the snapshot holds no vectors: {type(error).__name__}") from error


def pack_vectors(vectors: Mapping[str, Sequence[float]]) -> dict[str, str]:
    return {
        name: base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for name, vector in vectors.items()
    }


def unpack_vectors(packed: Mapping[str, str]) -> dict[str, tuple[float, ...]]:
    return {name: _unpack(text) for name, text in packed.items()}


def _unpack(text: str) -> tuple[float, ...]:
    packed = base64.b64decode(text, validate=True)
    return struct.unpack(f"<{len(packed) // 4}f", packed)


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"a line of the snapshot is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Malformed("a line of the snapshot is no JSON object")
    return data
