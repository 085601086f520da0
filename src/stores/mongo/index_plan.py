"""How the indexes of a collection become those that are listed, as data.

What an index does is its signature: keys, uniqueness and what else the server tells indexes apart by. Its name is only
a name: an index with a wanted signature serves whatever it is called, and no rename is worth a rebuild. Where the keys
or the uniqueness of a listed index changed, the new one is built under a name of its own before the old one goes, so
that neither a query nor a constraint is ever without its index. A unique index is dropped only when another one stands
in its place or nobody wants it any more.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.collections import Index

_APART: Final = ("sparse", "partialFilterExpression", "collation", "wildcardProjection")
"""With keys and uniqueness, what the server tells indexes apart by (since MongoDB 5.0); the list has none of them."""

_VERSION: Final = re.compile(r"-[0-9a-f]{6}$")


@dataclass(frozen=True, kw_only=True)
class Signature:
    keys: tuple[tuple[str, Any], ...]
    unique: bool
    others: str = ""


@dataclass(frozen=True, kw_only=True)
class Present:
    """An index as the server has it."""

    name: str
    signature: Signature
    expire_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Create:
    index: Index
    name: str


@dataclass(frozen=True, kw_only=True)
class Drop:
    name: str


@dataclass(frozen=True, kw_only=True)
class SetExpiry:
    name: str
    seconds: int


Step = Create | Drop | SetExpiry


@dataclass(frozen=True, kw_only=True)
class IndexPlan:
    """``steps`` in their order; the rest are names for the answer, without the collection's."""

    steps: tuple[Step, ...]
    created: tuple[str, ...]
    changed: tuple[str, ...]
    left_over: tuple[str, ...]


def plan(present: Sequence[Present], wanted: Sequence[Index]) -> IndexPlan:
    """``present`` without the index of ``_id``."""
    serving = {one.signature: one for one in present}
    listed = {index.name for index in wanted}
    idle = [one for one in present if one.signature not in {signature_of(index) for index in wanted}]
    superseded = [one for one in idle if _listed_name(one.name) in listed]
    taken = {one.name for one in present}
    steps: list[Step] = []
    created: list[str] = []
    changed: list[str] = []
    for index in wanted:
        found = serving.get(signature_of(index))
        if found is None:
            name = _free_name(index, taken)
            taken.add(name)
            steps.append(Create(index=index, name=name))
            replaces = any(_listed_name(one.name) == index.name for one in superseded)
            (changed if replaces else created).append(index.name)
        elif found.expire_after_seconds != index.expire_after_seconds:
            steps += _with_expiry(found, index)
            changed.append(index.name)
    steps += [Drop(name=one.name) for one in superseded]
    return IndexPlan(
        steps=tuple(steps),
        created=tuple(created),
        changed=tuple(changed),
        left_over=tuple(one.name for one in idle if one not in superseded),
    )


def signature_of(index: Index) -> Signature:
    return Signature(keys=index.keys, unique=index.unique)


def read_index(name: str, about: Mapping[str, Any]) -> Present:
    """``about`` as ``Collection.index_information`` tells it."""
    others = {option: about[option] for option in _APART if about.get(option)}
    return Present(
        name=name,
        signature=Signature(
            keys=tuple((field, _direction(value)) for field, value in about["key"]),
            unique=bool(about.get("unique", False)),
            others=json.dumps(others, sort_keys=True, default=str) if others else "",
        ),
        expire_after_seconds=about.get("expireAfterSeconds"),
    )


def _with_expiry(found: Present, index: Index) -> list[Step]:
    """The server changes an expiry in place, and takes none away. No index with an expiry is unique."""
    if index.expire_after_seconds is not None:
        return [SetExpiry(name=found.name, seconds=index.expire_after_seconds)]
    return [Drop(name=found.name), Create(index=index, name=found.name)]


def _free_name(index: Index, taken: set[str]) -> str:
    if index.name not in taken:
        return index.name
    described = json.dumps([index.keys, index.unique])
    return f"{index.name}-{hashlib.sha256(described.encode()).hexdigest()[:6]}"


def _listed_name(name: str) -> str:
    """The name in the list, of which this index is or was a version."""
    return _VERSION.sub("", name)


def _direction(value: Any) -> Any:
    """Numbers come as floats from some servers; text, hashed and geographic indexes have words."""
    return int(value) if isinstance(value, int | float) else value
