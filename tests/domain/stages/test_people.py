"""Which persons are one."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stages.people import people


def person(name: str, catalogue: str = "", identifier: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": name, **({"staff_ids": {catalogue: identifier}} if catalogue else {}), **more}


def groups(*persons: dict[str, Any], colleagues: bool = False) -> list[list[int]]:
    return people(persons, colleagues=colleagues).groups


def test_an_id_makes_one_person_whatever_the_name() -> None:
    assert groups(person("Rin Mizuhara", "mal", 1), person("Ako Mayama", "mal", 1)) == [[0, 1]]


def test_ids_of_two_catalogues_join_what_was_apart() -> None:
    both = {"name": "C", "staff_ids": {"mal": 1, "anidb": 2}}
    assert groups(person("A", "mal", 1), person("B", "anidb", 2), both) == [[0, 1, 2]]


@pytest.mark.parametrize("other", ["Yamadera Kouichi", "KÔICHI YAMADERA", "Koichi  Yamadera"])
def test_the_same_name_in_another_spelling_is_one_person(other: str) -> None:
    assert groups(person("Kouichi Yamadera", "mal", 1), person(other, "anidb", 2)) == [[0, 1]]


def test_a_native_name_tells_namesakes_apart() -> None:
    one, other = (
        person("Ken Sato", "mal", 1, native_name="佐藤健"),
        person("Ken Sato", "anilist", 2, native_name="佐藤賢"),
    )
    assert groups(one, other) == [[0], [1]]
    assert groups(one, other, person("Sato Ken", "anidb", 3)) == [[0], [1], [2]]  # the name is neither's own


def test_two_ids_in_one_catalogue_are_two_people() -> None:
    assert groups(person("Ken Sato", "mal", 1), person("Ken Sato", "mal", 2)) == [[0], [1]]


def test_another_name_counts_for_colleagues_only() -> None:
    known = person("Ako Mayama", "anilist", 1, alternative_names=["Rin Mizuhara (水原リン)"])
    other = person("Mizuhara Rin", "anidb", 2)
    assert groups(known, other) == [[0], [1]]
    assert groups(known, other, colleagues=True) == [[0, 1]]
    nickname = person("Hocchan", "anidb", 2)
    assert groups(person("Yui", "anilist", 1, alternative_names=["Hocchan"]), nickname, colleagues=True) == [[0], [1]]


def test_almost_the_same_name_is_enough_for_colleagues_unless_two_have_it() -> None:
    korean = (person("Seung jun Kim", "mal", 1), person("Kim Seungjun", "anidb", 2))
    assert groups(*korean) == [[0], [1]]
    assert groups(*korean, colleagues=True) == [[0, 1]]
    assert groups(*korean, person("Seung jin Kim", "mal", 3), colleagues=True) == [[0], [1], [2]]


def test_a_part_of_a_name_is_a_doubt_between_colleagues() -> None:
    found = people([person("Rintarou Nishi", "mal", 1), person("Nishi Tarou", "anidb", 2)], colleagues=True)
    assert (found.groups, found.doubtful) == ([[0], [1]], [(0, 1)])
    sisters = people([person("Aya Hisakawa", "mal", 1), person("Emi Hisakawa", "mal", 2)], colleagues=True)
    assert sisters.doubtful == []


names = st.sampled_from(["Ken Sato", "Sato Ken", "Satou Ken", "Mai Ono", "Ohno Mai", "Kim Seungjun", "Seung jun Kim"])
records = st.builds(
    lambda name, ids, native: {"name": name, "staff_ids": ids, **({"native_name": native} if native else {})},
    names,
    st.dictionaries(st.sampled_from(["mal", "anilist", "anidb"]), st.integers(1, 4), max_size=2),
    st.sampled_from(["", "佐藤健", "佐藤賢"]),
)


@given(st.lists(records, max_size=8), st.integers(0, 2**16), st.booleans())
def test_the_order_does_not_matter_and_everybody_is_in_one_group(
    listed: list[dict[str, Any]], seed: int, colleagues: bool
) -> None:
    order = list(range(len(listed)))
    random.Random(seed).shuffle(order)
    found = people(listed, colleagues=colleagues)
    shuffled = people([listed[position] for position in order], colleagues=colleagues)
    assert sorted(sorted(order[position] for position in group) for group in shuffled.groups) == found.groups
    assert sorted(position for group in found.groups for position in group) == sorted(order)
