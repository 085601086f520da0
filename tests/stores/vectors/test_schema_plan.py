"""What becomes of a stored vector collection, for any that may be there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.collections import VECTOR_COLLECTIONS, VectorCollection
from models.errors import SchemaConflict
from stores.vectors.schema_plan import StoredCollection, plan
from workflows.ports import Migration

SPEC = VECTOR_COLLECTIONS[0]
AS_LISTED = StoredCollection(
    vectors={one.name: (one.dimensions, one.distance) for one in SPEC.vectors},
    payload_indexes=dict(SPEC.payload_indexes),
    quantization=SPEC.quantization,
)

fields = st.sampled_from([*(field for field, _ in SPEC.payload_indexes), "by_hand", "other"])
kinds = st.sampled_from(["keyword", "integer", "text", "bool"])
stored_collections = st.builds(
    StoredCollection,
    vectors=st.dictionaries(st.sampled_from(["image", "text"]), st.just((256, "dot"))),
    payload_indexes=st.dictionaries(fields, kinds),
    quantization=st.sampled_from([None, "int8", "BinaryQuantization"]),
)


def carried_out(stored: StoredCollection, spec: VectorCollection = SPEC) -> StoredCollection:
    steps = plan(stored, spec)
    assert not {one.name for one in steps.vectors} & stored.vectors.keys()
    return StoredCollection(
        vectors={**stored.vectors, **{one.name: (one.dimensions, one.distance) for one in steps.vectors}},
        payload_indexes={**stored.payload_indexes, **dict(steps.payload_indexes)},
        quantization=spec.quantization if steps.quantize else stored.quantization,
    )


def test_what_is_as_listed_stays_as_it_is() -> None:
    steps = plan(AS_LISTED, SPEC)

    assert (steps.vectors, steps.payload_indexes, steps.quantize) == ((), (), False)
    assert steps.migration == Migration()


@given(stored_collections)
def test_afterwards_everything_listed_is_there_and_nothing_is_left_to_do(stored: StoredCollection) -> None:
    after = carried_out(stored)

    again = plan(after, SPEC)
    assert AS_LISTED.vectors.items() <= after.vectors.items()
    assert AS_LISTED.payload_indexes.items() <= after.payload_indexes.items()
    assert after.quantization == SPEC.quantization
    assert (again.vectors, again.payload_indexes, again.quantize) == ((), (), False)
    assert (again.migration.created, again.migration.changed) == ((), ())


@given(stored_collections)
def test_what_nobody_lists_is_named_and_kept(stored: StoredCollection) -> None:
    after = carried_out(stored)

    unlisted = (stored.vectors.keys() - AS_LISTED.vectors.keys()) | (
        stored.payload_indexes.keys() - AS_LISTED.payload_indexes.keys()
    )
    assert set(plan(stored, SPEC).migration.left_over) == {f"animes.{name}" for name in unlisted}
    assert unlisted <= after.vectors.keys() | after.payload_indexes.keys()


@pytest.mark.parametrize("found", [(512, "dot"), (256, "cosine")])
def test_numbers_of_another_size_or_meaning_are_a_conflict_that_says_what_to_do(found: tuple[int, str]) -> None:
    with pytest.raises(SchemaConflict, match=r"give the collection a new name.*reconcile --fix") as caught:
        plan(replace(AS_LISTED, vectors={"text": found}), SPEC)

    assert str(found[0]) in str(caught.value)
    assert found[1] in str(caught.value)
