"""Names made from run ids."""

import re

from hypothesis import given
from hypothesis import strategies as st

from workflows.names import name_part

RUN_ID = st.text("aZ09._-", min_size=1, max_size=64)


@given(RUN_ID, RUN_ID)
def test_every_run_has_a_legal_name_of_its_own(one: str, other: str) -> None:
    names = name_part(one), name_part(other)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,73}", name) for name in names)
    assert (names[0] == names[1]) == (one == other)


def test_a_legal_run_id_is_its_own_name() -> None:
    assert name_part("20261121T010000Z-a1b2c3") == "20261121T010000Z-a1b2c3"
