"""The published JSON Schemas are those of the models."""

from pathlib import Path
from typing import Any, Final

import pytest

from scripts.make_json_schema import SCHEMAS, rendered, schema_of

PUBLISHED: Final = Path(__file__).parents[2] / "docs/schema"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_the_generated_one(name: str) -> None:
    assert (PUBLISHED / name).read_text() == rendered(name), "run: python -m scripts.make_json_schema"


def test_nothing_else_is_published() -> None:
    assert {path.name for path in PUBLISHED.iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_unknown_fields_are_refused_at_every_depth(name: str) -> None:
    schema = schema_of(name)
    objects: list[dict[str, Any]] = [schema, *schema["$defs"].values()]
    assert all(item["additionalProperties"] is False for item in objects if item["type"] == "object")


def test_fields_are_named_as_in_the_data() -> None:
    schema = schema_of("anime-entry.schema.json")
    assert set(schema["$defs"]["AiredDates"]["properties"]) == {"from", "to", "string"}
    assert schema["required"] == ["anime_id", "sources", "title", "type", "status", "episodes", "enriched"]
