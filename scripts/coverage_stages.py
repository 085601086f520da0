"""The stages run on what readers said, so that one word of one catalogue can be another while the rest stays."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from unittest.mock import patch

from domain.stages import run_stage
from domain.stages.readers import READERS
from domain.stages.readers.base import Reader
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, answers

Said = Mapping[str, Any]
"""By function of a reader, its parts."""

FUNCTIONS: Final = tuple(one.name for one in dataclasses.fields(Reader))


def said(catalogue: Catalogue, given: Mapping[str, Any], functions: Iterable[str] = FUNCTIONS) -> dict[str, Any]:
    return {name: getattr(READERS[catalogue], name)(given) for name in functions}


def merged(found: Mapping[Catalogue, Said], stages: Iterable[Stage] = Stage) -> dict[Stage, dict[str, Any]]:
    """The stages' parts where the readers of these catalogues say this, whatever the answers."""

    def again(catalogue: Catalogue, name: str) -> Any:
        return _copied(found[catalogue][name])

    return _run(found, stages, again)


@functools.cache
def heard(stage: Stage) -> frozenset[str]:
    """The functions of readers that a stage calls."""
    called = set()

    def noting(catalogue: Catalogue, name: str) -> Any:
        called.add(name)
        return said(catalogue, answers()[catalogue], [name])[name]

    _run(answers(), [stage], noting)
    return frozenset(called)


def _run(
    catalogues: Iterable[Catalogue], stages: Iterable[Stage], say: Callable[[Catalogue, str], Any]
) -> dict[Stage, dict[str, Any]]:
    real = dict(READERS)

    def function(catalogue: Catalogue, name: str) -> Callable[[Any], Any]:
        def speak(_answers: Any) -> Any:
            with patch.dict(READERS, real):
                return say(catalogue, name)

        return speak

    readers = {one: Reader(**{name: function(one, name) for name in FUNCTIONS}) for one in catalogues}
    with patch.dict(READERS, readers):
        return {stage: run_stage(stage, {one: {} for one in readers}, SUBJECT) for stage in stages}


def _copied(value: Any) -> Any:
    """A stage may change what it is given."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
