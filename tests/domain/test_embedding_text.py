from hypothesis import given
from hypothesis import strategies as st

from domain.embedding_text import MAX_CHARACTERS, TITLE_WEIGHT, EmbeddingTexts, embedding_texts, joined_vector
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
    assert embedding_texts(entry) == EmbeddingTexts(
        title="Cowboy Bebop, Space Cowboys, カウボーイビバップ",
        content="Bounty hunters in space.\nAction, Space, Seinen, noir",
    )


def test_what_is_said_twice_stands_once() -> None:
    entry = make_entry(title_english="COWBOY  BEBOP", genres=["Action"], tags=["action", "Space"], synopsis=None)
    assert embedding_texts(entry) == EmbeddingTexts(title="Cowboy Bebop", content="Action, Space")


def test_an_anime_of_which_only_the_title_is_known_has_no_content() -> None:
    entry = make_entry(synopsis=None, genres=[], themes=[], demographics=[], tags=[])
    assert embedding_texts(entry).content is None


def test_the_title_counts_for_less_than_the_content() -> None:
    search = [1.0, 0.0]
    by_content = joined_vector([0.0, 1.0], [1.0, 0.0])
    by_title = joined_vector([1.0, 0.0], None)
    assert _dot(search, by_content) == 1
    assert _dot(search, by_title) == TITLE_WEIGHT


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_bookkeeping_makes_no_other_text() -> None:
    entry = make_entry()
    touched = entry.model_copy(update={"revision": 7, "last_saga": "x", "sources": ["https://anilist.co/anime/1"]})
    assert embedding_texts(touched) == embedding_texts(entry)


def test_a_long_text_ends_between_two_words() -> None:
    text = embedding_texts(make_entry(synopsis="word " * 3000)).content or ""
    assert MAX_CHARACTERS - 10 < len(text) <= MAX_CHARACTERS
    assert text.endswith(" word")


def test_many_labels_leave_room() -> None:
    text = embedding_texts(make_entry(synopsis=None, tags=[f"tag{number}" for number in range(500)])).content or ""
    assert "tag39" in text
    assert "tag40" not in text


@given(synopsis=st.text(min_size=1, max_size=9000), english=st.text(min_size=1, max_size=9000))
def test_neither_is_too_long_and_there_is_always_a_title(synopsis: str, english: str) -> None:
    texts = embedding_texts(make_entry(synopsis=synopsis, title_english=english))
    assert texts.title.startswith("Cowboy Bebop")
    assert max(len(texts.title), len(texts.content or "")) <= MAX_CHARACTERS
