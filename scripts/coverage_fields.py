"""The fields of an entry that a catalogue could give, learnt from the models, and what stands there."""

import functools
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from models.anime import AnimeEntry
from models.base import Model
from models.vocabulary import CharacterRole
from scripts.coverage_reasons import OURS

_EACH: Final = "*"


@dataclass(frozen=True)
class Field:
    """``steps``: keys, and ``*`` for each item of a list or each value of a mapping."""

    steps: tuple[str, ...]

    @property
    def path(self) -> str:
        return "/".join(step for step in self.steps if step != _EACH)


@functools.cache
def fields() -> tuple[Field, ...]:
    every = (Field(steps) for steps in _of_model(AnimeEntry, ()))
    return tuple(one for one in every if not OURS.keys() & {one.path, one.steps[0]})


def _of_model(model: type[Model], steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, told in model.model_fields.items():
        yield from _of_type(told.annotation, (*steps, told.alias or name))


def _of_type(annotation: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _of_type(arguments[0], steps)
    elif origin in (list, tuple, dict):
        yield from _of_type(arguments[1 if origin is dict else 0], (*steps, _EACH))
    elif origin in (typing.Union, types.UnionType):
        known = [one for one in arguments if one is not type(None)]
        # A day or a moment, a URL or a placeholder: one value, however it is written.
        yield from _of_type(known[0], steps) if len(known) == 1 else [steps]
    elif isinstance(annotation, type) and issubclass(annotation, Model):
        yield from _of_model(annotation, steps)
    else:
        yield steps


def held(part: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """By path of a field: its values as text, with the keys of mappings above them, and how often each stands there."""
    found = ((field.path, Counter(_held(part, field.steps))) for field in fields() if field.steps[0] in part)
    return {path: values for path, values in found if values}


def _held(value: Any, steps: tuple[str, ...], keys: tuple[str, ...] = ()) -> Iterator[str]:
    if value is None or value == CharacterRole.UNKNOWN:
        return
    if not steps:
        yield f"{' '.join(keys)} {value}".strip()
    elif steps[0] != _EACH:
        yield from _held(value.get(steps[0]), steps[1:], keys)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _held(item, steps[1:], (*keys, key))
    else:
        for item in value:
            yield from _held(item, steps[1:], keys)
