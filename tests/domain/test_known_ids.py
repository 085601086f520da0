from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain import known_ids
from domain.known_ids import identified_episodes, still_apart
from domain.stages.values import together
from models.ids import character_key, mint_anime_id, mint_character_id, mint_episode_id

ANIME = mint_anime_id("https://myanimelist.net/anime/1")


def identified_characters(
    anime_id: str, offered: list[dict[str, Any]], known: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return known_ids.identified_characters(
        anime_id,
        offered,
        known,
        joined=lambda one, other: {**one, "character_ids": together(one["character_ids"], other["character_ids"])},
    )


def stored(name: str, number: int, **ids: int | str) -> dict[str, Any]:
    return {"name": name, "character_ids": ids, "character_id": mint_character_id(ANIME, f"stored:{number}")}


def offered(name: str, **ids: int | str) -> dict[str, Any]:
    return {"name": name, "character_ids": ids}


def test_an_unknown_character_is_minted_from_its_first_catalogue_id() -> None:
    (found,) = identified_characters(ANIME, [offered("Spike", anilist=1, mal=9)], [])
    assert found["character_id"] == mint_character_id(ANIME, "mal:9")


def test_a_known_character_is_found_by_any_id_also_where_its_name_changed() -> None:
    known = [stored("Spike", 1, anidb=270), stored("Jet", 2, mal=3)]
    found = identified_characters(ANIME, [offered("Jet Black", mal=3), offered("Spike S.", mal=1, anidb="270")], known)
    assert [one["character_id"] for one in found] == [known[1]["character_id"], known[0]["character_id"]]


def test_a_known_character_is_found_by_name_unless_ids_contradict() -> None:
    known = [stored("Kouichi Ein", 1, anidb=1), stored("Doctor", 2, mal=7)]
    by_name, other = identified_characters(ANIME, [offered("Ein, Koichi", mal=5), offered("Doctor", mal=8)], known)
    assert by_name["character_id"] == known[0]["character_id"]
    assert other["character_id"] == mint_character_id(ANIME, "mal:8")


def test_an_id_is_believed_before_a_name() -> None:
    known = [stored("Ein", 1, mal=4)]
    namesake, itself = identified_characters(ANIME, [offered("Ein", anilist=9), offered("Data Dog", mal=4)], known)
    assert itself["character_id"] == known[0]["character_id"] != namesake["character_id"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.dictionaries(st.sampled_from(["mal", "anidb"]), st.integers(1, 4))),
        max_size=8,
    ),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.dictionaries(st.sampled_from(["mal", "anidb"]), st.integers(1, 4))),
        max_size=8,
    ),
)
def test_no_two_characters_share_an_id_whatever_is_known(
    new: list[tuple[str, dict[str, int]]], old: list[tuple[str, dict[str, int]]]
) -> None:
    known = [stored(name, number, **ids) for number, (name, ids) in enumerate(old)]
    found = identified_characters(ANIME, [offered(name, **ids) for name, ids in new], known)
    assert len({one["character_id"] for one in found}) == len(found) <= len(new)
    assert {one["name"] for one in found} <= {name for name, _ in new}
    kept = {pair for one in found for pair in one["character_ids"].items()}
    assert kept == {pair for _, ids in new for pair in ids.items()}


def test_what_the_stored_entry_knows_as_one_becomes_one() -> None:
    known = [stored("Tongpu", 1, anilist=2, anidb=3)]
    found = identified_characters(ANIME, [offered("Tongpu", anilist=2), offered("Mad Pierrot", anidb=3)], known)
    assert found == [{**offered("Tongpu", anilist=2, anidb=3), "character_id": known[0]["character_id"]}]


def test_what_a_catalogue_tells_apart_stays_apart() -> None:
    known = [stored("Long", 1, anilist=2, mal=3)]
    found = identified_characters(ANIME, [offered("Long", mal=3, anidb=1), offered("Long", anilist=2, anidb=9)], known)
    assert [one["character_id"] == known[0]["character_id"] for one in found] == [True, False]


def test_looking_up_twice_gives_the_same_ids() -> None:
    once = identified_characters(ANIME, [offered("A", mal=1), offered("B"), offered("B")], [])
    assert identified_characters(ANIME, [offered("A", mal=1), offered("B"), offered("B")], once) == once
    assert once[1]["character_id"] == mint_character_id(ANIME, character_key({}, "B"))


def test_episodes_keep_their_ids_by_number() -> None:
    known = [{"episode_number": "2", "episode_id": mint_episode_id(ANIME, "99")}]
    found = identified_episodes(ANIME, [{"episode_number": "1"}, {"episode_number": "2"}], known)
    assert [one["episode_id"] for one in found] == [mint_episode_id(ANIME, "1"), mint_episode_id(ANIME, "99")]


def _character(character_id: str, **ids: str) -> dict[str, Any]:
    return {"character_id": character_id, "name": character_id, "character_ids": ids}


def test_what_was_kept_as_two_and_is_one_now_is_no_longer_kept() -> None:
    spike, ghost = _character("char_a", mal="1"), _character("char_b", anidb="7")
    faye = _character("char_c", mal="3")
    nameless = _character("char_d")

    left = still_apart([spike, ghost, faye, nameless], [_character("char_a", mal="1", anidb="7")])

    assert left == [spike, faye, nameless]


def test_a_character_that_has_an_id_of_its_own_stays() -> None:
    both = _character("char_b", anidb="7", anilist="9")

    assert still_apart([both], [_character("char_a", anidb="7")]) == [both]


def test_a_character_of_which_a_person_wrote_stays_though_it_is_anothers() -> None:
    ghost = _character("char_b", anidb="7")
    one = [_character("char_a", mal="1", anidb="7")]

    assert still_apart([ghost], one, ["characters/char_b/description"]) == [ghost]
    assert still_apart([ghost], one, ["characters/char_b"]) == [ghost]
    assert still_apart([ghost], one, ["characters/char_bb/description", "synopsis"]) == []


def test_a_character_that_was_taken_out_has_its_id_whichever_catalogue_tells_of_it_first() -> None:
    removed = mint_character_id(ANIME, "anilist:1")
    spike = [offered("Spike", mal=9, anilist=1), offered("Jet", mal=3)]

    def ids(*locked: str, known: list[dict[str, Any]] | None = None) -> list[str]:
        found = known_ids.identified_characters(ANIME, spike, known or [], joined=lambda one, _: one, locked=locked)
        return [one["character_id"] for one in found]

    minted = [mint_character_id(ANIME, "mal:9"), mint_character_id(ANIME, "mal:3")]
    assert ids(f"characters/{removed}") == [removed, minted[1]]
    assert ids() == ids(f"characters/{removed}/name") == ids("synopsis") == minted
    still_there = {"name": "Other", "character_ids": {"kitsu": 2}, "character_id": removed}
    assert ids(f"characters/{removed}", known=[still_there]) == minted
