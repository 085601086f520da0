"""Image addresses are other people's, so whoever asks them has no way to anything that the network holds."""

from typing import Final

import pytest

from components.application.concerns import Concern
from components.application.pipeline import FUNCTIONS, FunctionSpec

FETCHING: Final = tuple(spec for spec in FUNCTIONS if Concern.IMAGES in spec.concerns)
IN_NETWORK: Final = frozenset({Concern.DOCUMENTS, Concern.VECTOR_INDEX, Concern.CACHE_SERVER})


def test_two_functions_fetch_images() -> None:
    assert {spec.task for spec in FETCHING} == {"ingest_images", "rehost_batch"}


@pytest.mark.parametrize("spec", FETCHING, ids=lambda spec: spec.task)
def test_a_function_that_fetches_images_is_outside_the_network_and_needs_nothing_inside(spec: FunctionSpec) -> None:
    assert spec.outside_vpc
    assert IN_NETWORK.isdisjoint(spec.concerns)
    assert (spec.documents, spec.index) == (None, None)


def test_whoever_needs_what_the_network_holds_is_inside_it() -> None:
    assert [spec.task for spec in FUNCTIONS if spec.outside_vpc and IN_NETWORK & set(spec.concerns)] == []
