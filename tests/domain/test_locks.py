"""What a person wrote stays, whatever a later run offers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assemble import assemble
from domain.locks import UNLOCKABLE, has_locks, is_locked, kept, lock_problems, locks_of_edit
from models.anime import AnimeEntry, Provenance, check_entry, dump_entry
from models.events import EnrichmentSubject, Mode, Stage
from models.ids import mint_character_id
from tests.support.commits import ANIME, SOURCE, make_entry, make_episode

SUBJECT = EnrichmentSubject(anime_id=ANIME, sources=(SOURCE,), title="Cowboy Bebop")
SPIKE, JET = mint_character_id(ANIME, "mal:1"), mint_character_id(ANIME, "mal:3")


def stored(**changes: Any) -> AnimeEntry:
    people = [
        {"character_id": SPIKE, "name": "Spike", "role": "Main", "character_ids": {"mal": 1}},
        {"character_id": JET, "name": "Jet", "role": "Main", "character_ids": {"mal": 3}},
    ]
    base = dump_entry(make_entry(episode_details=[make_episode("1", title="One"), make_episode("2", title="Two")]))
    return check_entry({**base, "synopsis": "Stored.", "characters": people, **changes})


OFFERED: dict[Stage, dict[str, Any]] = {
    Stage.METADATA: {"title": "Other", "synopsis": "Other.", "background": "Other."},
    Stage.EPISODES: {
        "episode_details": [{"episode_number": str(number), "title": f"Other {number}"} for number in (1, 2, 3)]
    },
    Stage.CHARACTERS: {
        "characters": [
            {"name": "Other", "role": "Supporting", "character_ids": {"mal": 1}},
            {"name": "Jet", "role": "Main", "character_ids": {"mal": 3}, "age": "36"},
            {"name": "Ein", "role": "Main", "character_ids": {"mal": 5}},
        ]
    },
}


def refreshed(base: AnimeEntry, mode: Mode = Mode.REFRESH, number: str | None = None) -> AnimeEntry:
    return assemble(
        parts=OFFERED,
        images={},
        subject=SUBJECT,
        base=base,
        provenance=Provenance(),
        mode=mode,
        episode_number=number,
    )


def titles(entry: AnimeEntry) -> dict[str, str | None]:
    return {one.episode_number: one.title for one in entry.episode_details}


# ------------------------------------------------------------------------------------------------------- what is kept


def test_a_locked_field_of_an_episode_stays_and_new_episodes_come() -> None:
    entry = refreshed(stored(locked_fields=["episode_details/2/title"]))
    assert titles(entry) == {"1": "Other 1", "2": "Two", "3": "Other 3"}


def test_an_episode_that_a_person_took_out_stays_out() -> None:
    entry = refreshed(stored(locked_fields=["episode_details/3"]))
    assert titles(entry) == {"1": "Other 1", "2": "Other 2"}


def test_an_episode_that_a_person_added_stays_as_it_is() -> None:
    assert titles(refreshed(stored(locked_fields=["episode_details/1"])))["1"] == "One"


def test_a_locked_field_of_an_episode_stays_when_that_episode_is_brought_up_to_date() -> None:
    base = stored(locked_fields=["episode_details/2/title"])
    assert refreshed(base, Mode.EPISODE, "2") == base


def test_a_locked_field_of_a_character_stays_and_others_are_filled_in() -> None:
    entry = refreshed(stored(locked_fields=[f"characters/{SPIKE}/name"]))
    people = {one.character_id: one for one in entry.characters}
    assert (people[SPIKE].name, people[SPIKE].role.value, people[JET].age) == ("Spike", "Supporting", "36")
    assert {one.name for one in entry.characters} == {"Spike", "Jet", "Ein"}


def test_a_field_that_a_person_emptied_stays_empty() -> None:
    assert refreshed(stored(locked_fields=["background"])).background is None


_PLACES = ("title", "synopsis", "background", "characters", "episode_details")
_PATHS = st.sampled_from(
    [
        *_PLACES,
        "episode_details/1",
        "episode_details/3",
        "episode_details/1/title",
        "episode_details/2/title",
        f"characters/{SPIKE}",
        f"characters/{SPIKE}/name",
        f"characters/{JET}/age",
    ]
)


@given(st.lists(_PATHS, unique=True), st.sampled_from([Mode.REFRESH, Mode.PREMIERE, Mode.EPISODE]))
def test_no_run_in_any_mode_changes_what_is_locked(locked: list[str], mode: Mode) -> None:
    base = stored(locked_fields=locked)
    entry = refreshed(base, mode, "2" if mode is Mode.EPISODE else None)
    changed = locks_of_edit(dump_entry(base), dump_entry(entry))
    assert [path for path in changed if is_locked(locked, *path.split("/"))] == []
    assert entry.locked_fields == locked


def test_keeping_twice_changes_nothing() -> None:
    base, locked = dump_entry(stored()), ["episode_details/3", "synopsis", f"characters/{JET}"]
    entry = dump_entry(refreshed(stored()))
    once = kept(entry, base, locked)
    assert kept(once, base, locked) == once


# ------------------------------------------------------------------------------------------------------ what is locked


def test_an_edit_locks_what_it_changes_and_nothing_else() -> None:
    before = dump_entry(stored())
    after = dump_entry(stored(synopsis="Mine.", background="New."))
    after["episode_details"][0]["title"] = "Mine"
    after["characters"] = [{**one, "age": "27"} if one["name"] == "Spike" else one for one in after["characters"]]
    assert locks_of_edit(before, after) == [
        "background",
        f"characters/{SPIKE}/age",
        "episode_details/1/title",
        "synopsis",
    ]


def test_an_edit_locks_items_that_come_and_go() -> None:
    before = dump_entry(stored())
    after = dump_entry(stored())
    after["episode_details"] = after["episode_details"][:1]
    after["characters"] = after["characters"][:1]
    assert locks_of_edit(before, after) == [f"characters/{JET}", "episode_details/2"]
    assert locks_of_edit(after, before) == [f"characters/{JET}", "episode_details/2"]


def test_another_order_of_characters_locks_the_list() -> None:
    before = dump_entry(stored())
    after = {**before, "characters": before["characters"][::-1]}
    assert locks_of_edit(before, after) == ["characters"]


def test_bookkeeping_is_never_locked() -> None:
    before = dump_entry(stored())
    after = {**before, "revision": 7, "provenance": {"catalogues": {}}, "locked_fields": ["synopsis"]}
    assert locks_of_edit(before, after) == []
    assert all(lock_problems([name]) for name in UNLOCKABLE)


@pytest.mark.parametrize(
    "path",
    ["synopsis", "episode_details", "episode_details/12.5", "episode_details/S1/title", f"characters/{JET}/name"],
)
def test_places_of_an_entry_can_be_locked(path: str) -> None:
    assert lock_problems([path]) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [("characters", True), ("characters/a", True), ("characters/a/name", True), ("characters/ab", False), ("a", False)],
)
def test_an_item_has_locks_above_on_and_below_it(path: str, expected: bool) -> None:
    assert has_locks([path], "characters", "a") is expected
