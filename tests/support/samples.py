"""The files under ``samples/``, read plainly."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import zstandard

SAMPLES: Final = Path(__file__).parents[2] / "samples"
ENRICHED: Final = SAMPLES / "enriched/enriched_anime_database.json"
FIRST: Final = SAMPLES / "releases/2026-04.jsonl.zst"
SECOND: Final = SAMPLES / "releases/2026-05.jsonl.zst"


def enriched_entries() -> list[dict[str, Any]]:
    """A fresh copy each time, so that a test may change it."""
    entries: list[dict[str, Any]] = json.loads(ENRICHED.read_text())["data"]
    return entries


@cache
def release_lines(path: Path) -> tuple[bytes, ...]:
    """All lines, the metadata first."""
    with path.open("rb") as source:
        return tuple(zstandard.ZstdDecompressor().stream_reader(source).read().splitlines())


def cowboy_bebop_line() -> bytes:
    return next(line for line in release_lines(SECOND) if b'"https://myanimelist.net/anime/1"' in line)
