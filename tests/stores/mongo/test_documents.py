"""How an entry lies in the three collections."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.episode_numbers import number_order
from models.anime import SYNC_OWNED_FIELDS, AnimeEntry
from stores.mongo.documents import enriched_update, put_together, take_apart
from tests.support.contracts.samples import AT, anime_id, entry, full_entry

NUMBERS = st.one_of(
    st.integers(min_value=0, max_value=3000).map(str),
    st.integers(min_value=0, max_value=300).map(lambda number: f"{number}.5"),
    st.integers(min_value=1, max_value=300).map(lambda number: f"S{number}"),
)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda name: name.strip()
)


def test_parts_lie_in_their_own_collections() -> None:
    apart = take_apart(full_entry(1))

    assert apart.anime["_id"] == anime_id(1)
    assert not {"anime_id", "episode_details", "characters"} & set(apart.anime)
    assert [(one["anime_id"], one["episode_number"]) for one in apart.episodes] == [
        (anime_id(1), number) for number in ("1", "2", "10", "12.5", "S1")
    ]
    assert [(one["anime_id"], one["position"], one["name"]) for one in apart.characters] == [
        (anime_id(1), 0, "Spike"),
        (anime_id(1), 1, "Ein"),
        (anime_id(1), 2, "Faye"),
    ]


def test_dates_lie_as_text() -> None:
    apart = take_apart(full_entry(1, orphaned_at=AT))

    assert apart.anime["aired_dates"] == {"from": "1998-04-03", "to": "1999-04-24T16:00:00Z", "string": "1998"}
    assert apart.anime["orphaned_at"] == "2026-11-21T01:00:00Z"


@given(
    st.lists(NUMBERS, unique=True, max_size=8),
    st.lists(NAMES, unique_by=lambda name: " ".join(name.casefold().split()), max_size=5),
    st.randoms(use_true_random=False),
)
def test_an_entry_is_put_together_whatever_the_order_of_its_parts(
    numbers: list[str], names: list[str], random: Random
) -> None:
    whole = entry(1, episodes=sorted(numbers, key=number_order), characters=names)
    apart = take_apart(whole)
    random.shuffle(apart.episodes)
    random.shuffle(apart.characters)

    assert put_together(apart.anime, apart.episodes, apart.characters) == whole


def test_sources_come_in_order_wherever_the_weekly_comparison_added_one() -> None:
    whole = entry(1)
    apart = take_apart(whole)
    apart.anime["sources"] = [*whole.sources, "https://anidb.net/anime/1"]

    found = put_together(apart.anime, apart.episodes, apart.characters).sources

    assert found == sorted(apart.anime["sources"]) != apart.anime["sources"]


def test_a_commit_names_every_field_but_those_of_sync() -> None:
    """A field that neither is set nor unset would stay as an earlier commit left it."""
    update = enriched_update(take_apart(full_entry(1)).anime)

    named = set(update["$set"]) | set(update["$unset"])
    assert named == set(AnimeEntry.model_fields) - SYNC_OWNED_FIELDS - {"anime_id", "episode_details", "characters"}
    assert not set(update["$set"]) & set(update["$unset"])
    assert update["$addToSet"] == {"sources": {"$each": full_entry(1).sources}}


@pytest.mark.parametrize("field", sorted(SYNC_OWNED_FIELDS - {"sources"}))
def test_a_commit_does_not_touch_what_sync_owns(field: str) -> None:
    update = enriched_update(take_apart(full_entry(1, system_status="ORPHANED", orphaned_at=AT)).anime)

    assert all(field not in values for values in update.values())
