from hypothesis import given
from hypothesis import strategies as st

from domain.embedding_text import MAX_CHARACTERS, embedding_text
from models.anime import Theme
from tests.support.commits import make_entry


def test_titles_synopsis_and_labels_are_in_it_in_this_order() -> None:
    entry = make_entry(
        title_english="Space Cowboys",
        title_japanese="カウボーイビバップ",
        synonyms=["Bebop"],
        synopsis="Bounty hunters\n in  space.",
        genres=["Action"],
        themes=[Theme(name="Space")],
        demographics=["Seinen"],
        tags=["noir"],
    )
    assert embedding_text(entry) == (
        "Cowboy Bebop, Space Cowboys, カウボーイビバップ, Bebop\nBounty hunters in space.\nAction, Space, Seinen, noir"
    )


def test_what_is_said_twice_stands_once() -> None:
    entry = make_entry(synonyms=["COWBOY  BEBOP", "Bebop"], genres=["Action"], tags=["action", "Space"], synopsis=None)
    assert embedding_text(entry) == "Cowboy Bebop, Bebop\nAction, Space"


def test_bookkeeping_makes_no_other_text() -> None:
    entry = make_entry()
    touched = entry.model_copy(update={"revision": 7, "last_saga": "x", "sources": ["https://anilist.co/anime/1"]})
    assert embedding_text(touched) == embedding_text(entry)


def test_a_long_text_ends_between_two_words() -> None:
    text = embedding_text(make_entry(synopsis="word " * 3000))
    assert MAX_CHARACTERS - 10 < len(text) <= MAX_CHARACTERS
    assert text.endswith(" word")


def test_many_labels_leave_room() -> None:
    text = embedding_text(make_entry(synopsis=None, tags=[f"tag{number}" for number in range(500)]))
    assert "tag39" in text
    assert "tag40" not in text


@given(synopsis=st.text(min_size=1, max_size=9000), synonyms=st.lists(st.text(min_size=1), max_size=20))
def test_it_is_never_too_long_nor_empty(synopsis: str, synonyms: list[str]) -> None:
    text = embedding_text(make_entry(synopsis=synopsis, synonyms=synonyms))
    assert text.startswith("Cowboy Bebop")
    assert len(text) <= MAX_CHARACTERS
