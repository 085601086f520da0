"""Cutting sequences into requests."""

from hypothesis import given
from hypothesis import strategies as st

from stores.batches import in_batches


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=7))
def test_batches_hold_everything_in_order_and_none_is_too_long(items: list[int], size: int) -> None:
    batches = list(in_batches(items, size))

    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(0 < len(batch) <= size for batch in batches)


def test_items_are_consumed_as_they_are_needed() -> None:
    source = iter(range(10))

    next(in_batches(source, 3))

    assert next(source) == 3
