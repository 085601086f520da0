"""Writes the reference of a stack's settings, from the settings themselves.

    python -m scripts.make_settings_reference [--out docs] [--check]

``settings.md`` is for people; ``settings.schema.json`` is a JSON Schema of ``Pulumi.<stack>.yaml``, for editors and
checks.
With ``--check`` nothing is written, and the exit code says whether the files are those of today's settings.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components.settings import StackSettings
from components.tags import PROJECT
from local.configuration import REPOSITORY, read_configuration
from scripts.made_pages import write_or_check

STACKS: Final = ("dev", "prod", "local")

_LONGEST_CELL: Final = 48
_NOT_SET: Final = "–"


def fields() -> dict[str, FieldInfo]:
    """By key, in the order of the model."""
    return {to_camel(name): field for name, field in StackSettings.model_fields.items()}


def reference() -> str:
    """The page."""
    return "\n".join([*_head(), *_overview(), "", *_details()]) + "\n"


def schema() -> str:
    """Of a whole ``Pulumi.<stack>.yaml``. An encrypted value may stand in for any other."""
    made = StackSettings.model_json_schema(by_alias=True)
    encrypted = {"type": "object", "required": ["secure"], "additionalProperties": False, "properties": {"secure": {}}}
    properties = {f"{PROJECT}:{key}": {"anyOf": [_bare(made["properties"][key]), encrypted]} for key in fields()}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "settings.schema.json",
        "title": f"Settings of a stack of {PROJECT}",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [f"{PROJECT}:{key}" for key in made.get("required", [])],
                "properties": properties,
                "patternProperties": {f"^(?!{PROJECT}:)": {}},
                "additionalProperties": False,
            }
        },
        "$defs": made.get("$defs", {}),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _bare(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Without the texts for people, but the description, which editors show."""
    return {name: rule for name, rule in rules.items() if name not in {"harm", "fix", "title", "format", "writeOnly"}}


def _head() -> Iterator[str]:
    yield "# Settings of a stack"
    yield ""
    yield f"Keys of `Pulumi.<stack>.yaml`, each written as `{PROJECT}:<key>`. A key that is unknown, missing or"
    yield "implausible is refused before anything is made, with the harm it would do and the fix. This page is made"
    yield "from `components/settings.py` by `make diagrams`; change a setting there, not here."
    yield ""


def _overview() -> Iterator[str]:
    values = {stack: _values(stack) for stack in STACKS}
    yield f"| key | default | {' | '.join(STACKS)} |"
    yield f"|---|---|{'---|' * len(STACKS)}"
    for key, field in fields().items():
        cells = [_cell(values[stack].get(key)) for stack in STACKS]
        yield f"| [`{key}`](#{key.lower()}) | {_cell(_default(field))} | {' | '.join(cells)} |"


def _details() -> Iterator[str]:
    made = StackSettings.model_json_schema(by_alias=True)
    for key, field in fields().items():
        extra = field.json_schema_extra
        assert isinstance(extra, Mapping)
        default = _default(field)
        yield f"## {key}"
        yield ""
        yield str(field.description)
        yield ""
        yield f"* Value: {_allowed(made['properties'][key], made.get('$defs', {}))}."
        yield f"* Default: {'none; the key must be set' if field.is_required() else _code(default) or 'not set'}."
        yield f"* Otherwise: {extra['harm']}."
        yield f"* {_sentence(str(extra['fix']))}"
        yield ""


def _values(stack: str) -> dict[str, str]:
    configuration = read_configuration(REPOSITORY, stack)
    prefix = f"{PROJECT}:"
    shown = dict.fromkeys(configuration.unreadable, "(secret)")
    return {key.removeprefix(prefix): text for key, text in {**configuration.values, **shown}.items()}


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    return None if value is None else _text(value)


def _text(value: object) -> str:
    """As one would write it in the file."""
    plain = value.value if isinstance(value, Enum) else value
    return plain if isinstance(plain, str) else json.dumps(plain, default=str)


def _cell(text: str | None) -> str:
    if text is None:
        return _NOT_SET
    short = text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"
    return _code(short)


def _code(text: str | None) -> str:
    return "" if text is None else f"`{text.replace('|', chr(92) + '|')}`"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _allowed(rules: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """A rule of JSON Schema, in words."""
    if "$ref" in rules:
        return _allowed(shared[str(rules["$ref"]).rpartition("/")[2]], shared)
    if "anyOf" in rules:
        choices = [_allowed(each, shared) for each in rules["anyOf"] if each.get("type") != "null"]
        return " or ".join(choices)
    if named := rules.get("enum", [rules["const"]] if "const" in rules else []):
        return " or ".join(_code(_text(each)) for each in named)
    kind = str(rules.get("type"))
    return _IN_WORDS[kind](rules, shared) if kind in _IN_WORDS else _plain_text(rules)


def _plain_text(rules: Mapping[str, Any]) -> str:
    return f"text like {_code(str(rules['pattern']))}" if "pattern" in rules else "text"


def _map(rules: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    inner = rules.get("additionalProperties")
    return f"a map of {_allowed(inner, shared)}" if isinstance(inner, Mapping) else "a map"


def _number(rules: Mapping[str, Any]) -> str:
    whole = "a whole number" if rules["type"] == "integer" else "a number"
    lower = next((f" {word} {rules[name]:g}" for name, word in _LOWER if name in rules), "")
    upper = next((f" {word} {rules[name]:g}" for name, word in _UPPER if name in rules), "")
    return whole + lower + (" and" if lower and upper else "") + upper


_LOWER: Final = (("minimum", "of at least"), ("exclusiveMinimum", "above"))
_UPPER: Final = (("maximum", "at most"), ("exclusiveMaximum", "below"))


def _list(rules: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    fixed: Sequence[Mapping[str, Any]] = rules.get("prefixItems", [])
    if fixed:
        return f"a list of {len(fixed)}: " + ", ".join(_allowed(each, shared) for each in fixed)
    inner = _allowed(rules["items"], shared) if rules.get("items") else "anything"
    least, most = rules.get("minItems", 0), rules.get("maxItems")
    many = f"{least} to {most}" if most else f"{least} or more" if least else "any number"
    return f"a list of {many}: {inner}"


_IN_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]]] = {
    "array": _list,
    "boolean": lambda _, __: "`true` or `false`",
    "integer": lambda rules, _: _number(rules),
    "number": lambda rules, _: _number(rules),
    "object": _map,
}


def files() -> dict[str, str]:
    """By name."""
    return {"settings.md": reference(), "settings.schema.json": schema()}


def main(arguments: Sequence[str]) -> int:
    return write_or_check("make_settings_reference", files, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
