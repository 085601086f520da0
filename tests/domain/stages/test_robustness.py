"""Whatever a catalogue answers, a stage gives a part that fits into an entry."""

import copy
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.assemble import assemble
from domain.stages import run_stage
from models.anime import Provenance
from models.events import Catalogue, Mode, Stage
from scripts.replayed import SUBJECT, answers

KINDS = ("anime", "characters", "character_details", "episodes", "episode_details", "staff", "categories")

scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**30), st.floats(allow_nan=False), st.text(max_size=12))
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def assembled(given_answers: dict[Catalogue, dict[str, Any]]) -> None:
    parts = {stage: run_stage(stage, given_answers, SUBJECT) for stage in Stage}
    assemble(parts=parts, images={}, subject=SUBJECT, base=None, provenance=Provenance(), mode=Mode.NEW)


@given(st.dictionaries(st.sampled_from(Catalogue), st.dictionaries(st.sampled_from(KINDS), json_values), max_size=7))
def test_answers_of_any_shape_make_no_stage_fail(nonsense: dict[Catalogue, dict[str, Any]]) -> None:
    assembled(nonsense)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value; of lists the first two items, which are like the others."""
    found = [path]
    children = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in children:
        found += places(item, (*path, key))
    return found


@pytest.mark.parametrize("catalogue", sorted(answers()))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 2**32), replacement=json_values)
def test_one_value_of_another_type_takes_away_no_more_than_itself(
    catalogue: Catalogue, seed: int, replacement: Any
) -> None:
    changed = copy.deepcopy(shortened()[catalogue])
    path = random.Random(seed).choice([place for place in places(changed) if place])
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = replacement
    assembled({catalogue: changed})


def shortened() -> dict[Catalogue, dict[str, Any]]:
    """The recorded answers with three items of each long list, so that many changes can be tried."""
    return {
        catalogue: {kind: found[:3] if isinstance(found, list) else found for kind, found in kinds.items()}
        for catalogue, kinds in answers().items()
    }


@pytest.mark.parametrize("catalogue", sorted(answers()))
def test_every_catalogue_alone_makes_an_entry(catalogue: Catalogue) -> None:
    assembled({catalogue: answers()[catalogue]})


def test_no_answer_makes_an_empty_part() -> None:
    assert all(run_stage(stage, {}, SUBJECT) == {} for stage in Stage)


def test_the_order_of_answers_changes_nothing() -> None:
    backwards = dict(reversed(answers().items()))
    for stage in Stage:
        assert run_stage(stage, backwards, SUBJECT) == run_stage(stage, answers(), SUBJECT)


def test_a_stage_leaves_its_answers_as_they_are() -> None:
    given_answers = answers()
    before = copy.deepcopy(given_answers)
    for stage in Stage:
        run_stage(stage, given_answers, SUBJECT)
    assert given_answers == before
