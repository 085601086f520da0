"""What a page says of itself for machines: JSON-LD (https://json-ld.org) and OpenGraph (https://ogp.me)."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from models.errors import Malformed
from sources.markup import Element, attribute, find_all

_MOST_BYTES: Final = 1024 * 1024
"""Of one block; the longest casts take a fiftieth."""


def json_ld(root: Element, types: frozenset[str], where: str) -> Mapping[str, Any]:
    """The first JSON-LD object whose ``@type`` is one of these; empty where there is none.

    Raises:
        Malformed: a block is no JSON.
    """
    for script in find_all(root, "//script[@type='application/ld+json']"):
        block = (script.text or "").strip()
        if not block:
            continue
        if len(block) > _MOST_BYTES:
            raise Malformed(f"{where}: its JSON-LD is longer than {_MOST_BYTES} characters")
        try:
            value = orjson.loads(block)
        except orjson.JSONDecodeError:
            raise Malformed(f"{where}: its JSON-LD is not JSON") from None
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and not types.isdisjoint(_types(item)):
                return item
    return {}


def _types(item: Mapping[str, Any]) -> list[str]:
    """One, or several."""
    found = item.get("@type")
    return [name for name in (found if isinstance(found, list) else [found]) if isinstance(name, str)]


def open_graph(root: Element) -> dict[str, str]:
    """The page's ``og:`` properties without their prefix; of several the first."""
    found: dict[str, str] = {}
    for meta in find_all(root, "//meta[starts-with(@property, 'og:')]"):
        name, content = attribute(meta, "property"), attribute(meta, "content")
        if name and content:
            found.setdefault(name.removeprefix("og:"), content)
    return found
