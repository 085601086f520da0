"""What we know of an answer's fields: which there are, and which we cannot do without.

A shape is a text of names with blanks between them::

    mal_id:int! title:text! aired(from to prop*) genres(name url)

``!`` must be there; ``:int``, ``:number``, ``:text``, ``:digits``, ``:list`` and ``:object`` must be of that type where
they are there. ``(...)`` is an object, or a list of objects without ``:object``; ``*`` may hold anything. A field
without a type is a plain value, or a list of them.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from models.errors import ChangedShape

_TOKEN: Final = re.compile(r"\s*(?:(?P<name>[^\s()!:*]+)(?::(?P<type>\w+))?(?P<mark>[!*]?)(?P<open>\()?|(?P<close>\)))")
_LONGEST_SHOWN: Final = 60
_LONGEST_NUMBER: Final = 20
"""Digits; as many as a whole number of JSON may have here."""


def is_digits(text: str) -> bool:
    """Whether a text is an id that can be made a number of and written into an address."""
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "int": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("a number", _is_number),
    "text": ("a text", lambda value: isinstance(value, str) and bool(value.strip())),
    "digits": ("digits", lambda value: isinstance(value, str) and is_digits(value)),
    "list": ("a list", lambda value: isinstance(value, list)),
    "object": ("an object", lambda value: isinstance(value, dict)),
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One field. ``inside`` None: no object; ``anything``: not looked into."""

    kind: str | None = None
    needed: bool = False
    anything: bool = False
    inside: "Mapping[str, Shape] | None" = None


def shape(text: str) -> Shape:
    """The shape of an object, or of each object of a list."""
    return Shape(needed=True, inside=_fields(_tokens(text), within=False))


def _tokens(text: str) -> Iterator[re.Match[str]]:
    text = text.strip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no shape from here on: {text[position : position + 20]!r}")
        yield match
        position = match.end()


def _fields(tokens: Iterator[re.Match[str]], *, within: bool) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for token in tokens:
        if token["close"]:
            if not within:
                raise ValueError("a shape with a bracket too many")
            return found
        kind, mark = token["type"], token["mark"]
        if kind is not None and kind not in _TYPES:
            raise ValueError(f"no type of a field: {kind}")
        found[token["name"]] = Shape(
            kind=kind,
            needed=mark == "!",
            anything=mark == "*",
            inside=_fields(tokens, within=True) if token["open"] else None,
        )
    if within:
        raise ValueError("a shape with an open bracket")
    return found


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Items of one list, or one field, that lack what they need; ``first`` says which and what."""

    count: int
    first: ChangedShape


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """``unknown`` as of ``check``; ``left_out`` and ``rows``, how many items there were, by the path of the list."""

    value: Any
    unknown: Counter[str]
    left_out: Mapping[str, LeftOut]
    rows: Mapping[str, int]


def check(value: object, known: Shape, *, catalogue: str, path: str) -> Counter[str]:
    """How often each field came that is not known, or is of another shape than it was.

    Raises:
        ChangedShape: a field that is needed is missing, or of another type.
    """
    walk = _Walk(catalogue=catalogue, strict=True)
    walk.look(value, known, path, path)
    return walk.unknown


def sift(value: object, known: Shape, *, catalogue: str, path: str) -> Sifted:
    """The value without what is of no use: where a needed field is missing, or of another type, the smallest part
    around it that can be spared is left out, which is an item of a list or a field that is not needed.

    Raises:
        ChangedShape: no part around it can be spared.
    """
    walk = _Walk(catalogue=catalogue)
    kept = walk.look(value, known, path, path)
    return Sifted(value=kept, unknown=walk.unknown, left_out=walk.left_out, rows=walk.rows)


@dataclass
class _Walk:
    """``exact`` paths name the item of a list; ``path`` is the same for all of them. What was looked at comes back as
    it is as long as nothing in it is left out."""

    catalogue: str
    strict: bool = False
    unknown: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def look(self, value: object, known: Shape, path: str, exact: str) -> object:
        if known.anything:
            return value
        if isinstance(value, list) and known.kind is None:
            return self._look_at_all(value, known, path, exact)
        return self._look_at_one(value, known, path, exact)

    def _look_at_all(self, listed: list[Any], known: Shape, path: str, exact: str) -> list[Any]:
        kept = []
        changed = False
        for number, item in enumerate(listed):
            try:
                found = self._look_at_one(item, known, path, f"{exact}[{number}]")
            except ChangedShape as error:
                self._leave_out(path, error)
                changed = True
            else:
                kept.append(found)
                changed = changed or found is not item
        self.rows[path] += len(listed)
        return kept if changed else listed

    def _look_at_one(self, value: object, known: Shape, path: str, exact: str) -> object:
        if known.inside is not None:
            return self._look_inside(value, known, known.inside, path, exact)
        self._look_at(value, known, path, exact)
        return value

    def _look_inside(self, value: object, known: Shape, inside: Mapping[str, Shape], path: str, exact: str) -> object:
        if not isinstance(value, dict):
            self._other(value, known, "an object", path, exact)
            return value
        kept = value
        for name, found in value.items():
            child = inside.get(name)
            if child is None:
                self.unknown[f"{path}.{name}"] += 1
                continue
            try:
                looked_at = self.look(found, child, f"{path}.{name}", f"{exact}.{name}")
            except ChangedShape as error:
                if child.needed:
                    raise
                self._leave_out(f"{path}.{name}", error)
                kept = {one: kept[one] for one in kept if one != name}
            else:
                if looked_at is not found:
                    kept = {**kept, name: looked_at}
        for name, child in inside.items():
            if child.needed and name not in value:
                raise self._changed(f"{exact}.{name}", child, None)
        return kept

    def _leave_out(self, path: str, error: ChangedShape) -> None:
        if self.strict:
            raise error
        known = self.left_out.get(path)
        self.left_out[path] = LeftOut(count=1 + (known.count if known else 0), first=known.first if known else error)

    def _look_at(self, value: object, known: Shape, path: str, exact: str) -> None:
        if known.kind is None:
            if isinstance(value, dict | list) or (known.needed and value is None):
                self._other(value, known, "a plain value", path, exact)
        else:
            expected, fits = _TYPES[known.kind]
            if not fits(value):
                self._other(value, known, expected, path, exact)

    def _other(self, value: object, known: Shape, expected: str, path: str, exact: str) -> None:
        if known.needed:
            raise self._changed(exact, known, value, expected)
        if value is not None and value != "":
            self.unknown[f"{path}: {_kind_of(value)}"] += 1

    def _changed(self, exact: str, known: Shape, value: object, expected: str | None = None) -> ChangedShape:
        named = _TYPES[known.kind][0] if known.kind else "an object" if known.inside is not None else "a plain value"
        return ChangedShape(self.catalogue, exact, expected=expected or named, found=shown(value))


def shown(value: object) -> str:
    """A value, shortened, as errors may say it."""
    if value is None or value == {}:
        return "nothing"
    if isinstance(value, dict | list):
        return _kind_of(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _kind_of(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    return "true or false" if isinstance(value, bool) else "a number"
