"""The record of a commit: what it is about to write and what was there before, so that it can be carried on or undone.

It is put once, before the first write to a store, and everything afterwards follows it: a repeated commit writes what
the record says, an undo restores what the record says. Its state moves once, from ``open`` to ``done`` or ``undone``.
An undo that finds no record leaves one that is ``undone``, so that a commit which comes late writes nothing.
"""

from typing import Any, Final, Literal

from pydantic import ValidationError

from domain.canonical_json import canonical_bytes
from models.anime import AnimeEntry, read_entry
from models.errors import AlreadyExists, Malformed, Unavailable
from models.events import Event, ExecutionName, Sha256
from models.ids import AnimeId
from models.vectors import VectorPoint
from workflows import keys
from workflows.ports import Objects

State = Literal["open", "done", "undone"]

_ATTEMPTS: Final = 5


class StoredPoint(Event):
    """A point of the vector store as JSON."""

    vectors: dict[str, list[float]]
    payload: dict[str, Any]

    @staticmethod
    def of(point: VectorPoint) -> "StoredPoint":
        vectors = {name: list(vector) for name, vector in point.vectors.items()}
        return StoredPoint(vectors=vectors, payload=dict(point.payload))

    def point(self, anime_id: str) -> VectorPoint:
        return VectorPoint(anime_id=anime_id, vectors=self.vectors, payload=self.payload)


class Change(Event):
    """What a commit writes, and what it found. ``entry`` carries its new revision; ``pre_image`` None: no point."""

    entry: dict[str, Any]
    base_revision: int | None
    point: StoredPoint
    pre_image: StoredPoint | None
    review_id: str
    sha256: Sha256 | None
    """Of the approved entry."""

    def entry_to_write(self) -> AnimeEntry:
        return read_entry(self.entry)


class SagaRecord(Event):
    """``change`` is None where an undo came before anything was written."""

    execution: ExecutionName
    anime_id: AnimeId
    state: State
    change: Change | None

    @property
    def key(self) -> str:
        return keys.saga(self.anime_id, self.execution)


def load_record(anime_id: str, execution: str, objects: Objects) -> SagaRecord | None:
    found = _load(keys.saga(anime_id, execution), objects)
    return None if found is None else found[0]


def open_record(record: SagaRecord, objects: Objects) -> SagaRecord:
    """Puts the record, or returns the one that is there already."""
    try:
        objects.put(record.key, canonical_bytes(record.model_dump(mode="json")), if_absent=True)
    except AlreadyExists:
        stored = load_record(record.anime_id, record.execution, objects)
        if stored is None:
            raise Unavailable(f"{record.key} appears and disappears") from None
        return stored
    return record


def close_record(anime_id: str, execution: str, state: Literal["done", "undone"], objects: Objects) -> SagaRecord:
    """Moves an open record to ``state``, or leaves one in that state where there is none. A closed one stays."""
    key = keys.saga(anime_id, execution)
    for _ in range(_ATTEMPTS):
        found = _load(key, objects)
        if found is not None and found[0].state != "open":
            return found[0]
        try:
            if found is None:
                record = SagaRecord(execution=execution, anime_id=anime_id, state=state, change=None)
                objects.put(key, canonical_bytes(record.model_dump(mode="json")), if_absent=True)
            else:
                record = found[0].model_copy(update={"state": state})
                objects.put(key, canonical_bytes(record.model_dump(mode="json")), if_match=found[1])
        except AlreadyExists:
            continue
        return record
    raise Unavailable(f"{key} is being written by others")


def _load(key: str, objects: Objects) -> tuple[SagaRecord, str] | None:
    stored = objects.get(key)
    if stored is None:
        return None
    try:
        return SagaRecord.model_validate_json(stored.body), stored.info.etag
    except ValidationError as error:
        raise Malformed(f"{key} is not a saga record: {error.error_count()} problems") from None
