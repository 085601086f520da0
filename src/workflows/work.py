"""What an execution keeps under ``work/<execution>/`` between its states."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from domain.canonical_json import canonical_bytes, sha256_of_bytes
from models.anime import AnimeEntry, read_entry
from models.errors import AlreadyExists, Malformed, NotFound
from models.events import AssembleOutput, EnrichmentSubject, ExecutionRef
from workflows import keys
from workflows.ports import Animes, Objects

M = TypeVar("M", bound=BaseModel)


def load_subject(ref: ExecutionRef, objects: Objects) -> EnrichmentSubject:
    return read_object(ref.entry_key, EnrichmentSubject, objects)


def read_object(key: str, model: type[M], objects: Objects) -> M:
    """Raises:
    NotFound: no such object.
    Malformed: it is not of this model.
    """
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no object {key}")
    try:
        return model.model_validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{key} is not a {model.__name__}: {error.error_count()} problems") from None


def keep_base(ref: ExecutionRef, *, animes: Animes, objects: Objects) -> AnimeEntry | None:
    """The stored entry as the execution first saw it; later calls return the same, whatever is stored by then."""
    kept = load_base(ref.execution, objects)
    if kept is not None:
        return kept
    entry = animes.get(ref.anime_id)
    if entry is None:
        return None
    try:
        objects.put(keys.base_entry(ref.execution), canonical_bytes(entry), if_absent=True)
    except AlreadyExists:
        return load_base(ref.execution, objects)
    return entry


def load_base(execution: str, objects: Objects) -> AnimeEntry | None:
    stored = objects.get(keys.base_entry(execution))
    return None if stored is None else read_entry(orjson.loads(stored.body))


def put_proposed(ref: ExecutionRef, entry: AnimeEntry, objects: Objects) -> AssembleOutput:
    """Raises:
    Malformed: it is another anime's.
    """
    if entry.anime_id != ref.anime_id:
        raise Malformed(f"{ref.execution} proposes an entry of {entry.anime_id}")
    body = canonical_bytes(entry)
    key = keys.proposed_entry(ref.execution)
    objects.put(key, body)
    return AssembleOutput(proposed_key=key, sha256=sha256_of_bytes(body))


def load_json(key: str, objects: Objects) -> dict[str, Any]:
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no object {key}")
    loaded = orjson.loads(stored.body)
    if not isinstance(loaded, dict):
        raise Malformed(f"{key} holds no JSON object")
    return loaded
