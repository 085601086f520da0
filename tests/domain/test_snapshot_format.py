"""Lines and manifest of a snapshot."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.snapshot_format import (
    ANIMES_FILE,
    VECTORS_FILE,
    Manifest,
    SnapshotFile,
    anime_line,
    read_anime_line,
    read_manifest,
    read_vector_line,
    snapshot_time,
    vector_line,
)
from models.errors import Malformed
from models.vocabulary import SystemStatus
from tests.support.database import make_entry

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def described(name: str) -> SnapshotFile:
    return SnapshotFile.model_validate(
        {"name": name, "lines": 1, "bytes": 2, "sha256": "a" * 64, "stored_bytes": 3, "stored_sha256": "b" * 64}
    )


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "time": "2026-11-21T010000.000Z",
        "source_sha": "s1",
        "sync_state": {"release": "r", "sha": "s1", "pending": []},
        "entries": 1,
        "episodes": 2,
        "characters": 3,
        "dimensions": 256,
        "embedder": "wordllama",
        "files": (described(ANIMES_FILE), described(VECTORS_FILE)),
    }
    return Manifest(**(values | changes))


@given(st.dictionaries(st.sampled_from(["text", "image"]), st.lists(FLOATS, min_size=1, max_size=8)))
def test_vectors_come_back_bit_for_bit(vectors: dict[str, list[float]]) -> None:
    anime_id, read = read_vector_line(vector_line("ani_X", vectors))
    assert anime_id == "ani_X"
    assert {name: list(vector) for name, vector in read.items()} == vectors
    assert {name: _signs(vector) for name, vector in read.items()} == {
        name: _signs(vector) for name, vector in vectors.items()
    }


def _signs(vector: Sequence[float]) -> list[float]:
    """Zero has one too, and compares equal without it."""
    return [math.copysign(1, value) for value in vector]


def test_an_entry_comes_back_with_what_the_stores_keep() -> None:
    entry = make_entry(1, revision=7, last_saga="refresh-x", system_status=SystemStatus.ORPHANED)
    line = anime_line(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_anime_line(line) == entry


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"anime_id": "ani_X", "vectors": {"text": "AAA"}}', b'{"vectors": {}}']
)
def test_a_line_that_holds_no_vectors_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        read_vector_line(line)


def test_a_line_that_holds_no_entry_is_refused_by_its_id() -> None:
    line = orjson.dumps({**orjson.loads(anime_line(make_entry(1))), "episodes": -1})
    with pytest.raises(Malformed, match=f"{make_entry(1).anime_id} in the snapshot"):
        read_anime_line(line)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert read_manifest(manifest().to_bytes()) == manifest()
    empty = manifest(source_sha=None, sync_state=None)
    assert read_manifest(empty.to_bytes()) == empty


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"files": []},
        {"files": [described(ANIMES_FILE).model_dump()]},
        {"time": "../2026"},
        {"entries": -1},
        {"unknown": 1},
    ],
)
def test_another_manifest_is_refused(changes: dict[str, Any]) -> None:
    body = orjson.dumps({**orjson.loads(manifest().to_bytes()), **changes})
    with pytest.raises(Malformed, match="manifest is not readable"):
        read_manifest(body)


def test_a_snapshots_name_sorts_by_time() -> None:
    times = [datetime(2026, 11, 21, 1, 0, 0, micros, UTC) for micros in (0, 1_000, 999_000)]
    names = [snapshot_time(time) for time in times]
    assert names == sorted(names)
    assert names[1] == "2026-11-21T010000.001Z"
