"""Writes the JSON Schemas of the entries: ``python -m scripts.make_json_schema [--out docs/schema]``."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from models.anime import AnimeEntry, EpisodeDetailEntry
from models.base import Model
from models.people import CharacterEntry

SCHEMAS: Final[dict[str, type[Model]]] = {
    "anime-entry.schema.json": AnimeEntry,
    "episode-detail-entry.schema.json": EpisodeDetailEntry,
    "character-entry.schema.json": CharacterEntry,
}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of what we write: unknown fields are refused."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        **SCHEMAS[name].model_json_schema(mode="validation"),
    }


def rendered(name: str) -> str:
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the JSON Schemas of the entries.")
    parser.add_argument("--out", type=Path, default=Path("docs/schema"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (out / name).write_text(rendered(name))
        print(out / name)


if __name__ == "__main__":
    main()
