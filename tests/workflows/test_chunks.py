"""A stream in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.chunks import chunked


@given(st.lists(st.integers()), st.integers(1, 7))
def test_pieces_are_the_stream_and_none_is_empty_or_too_long(items: list[int], size: int) -> None:
    pieces = list(chunked(iter(items), size))
    assert [item for piece in pieces for item in piece] == items
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(0 < len(piece) <= size for piece in pieces[-1:])
