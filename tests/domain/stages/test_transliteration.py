"""Kana read aloud, and spellings of the same sound."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stages.transliteration import closeness, romaji, skeleton, sound, words

kana = st.text(alphabet=st.characters(min_codepoint=ord("ァ"), max_codepoint=ord("ヺ")), max_size=20)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("シンジ", "shinji"),
        ("つきの うさぎ", "tsukino usagi"),
        ("キャプテン", "kyaputen"),
        ("シャア", "shaa"),
        ("ジョジョ", "jojo"),
        ("ファティマ", "fatima"),
        ("ウォルター", "worutaa"),
        ("ヴィンセント", "vinsento"),
        ("ドゥーハン", "duuhan"),
        ("イェーガー", "yeegaa"),
        ("ロッカ", "rokka"),
        ("ｽﾊﾟｲｸ", "supaiku"),
        ("綾波レイ", "綾波rei"),
        ("Rei Ⅱ", "Rei II"),
        ("ー", ""),
        ("ッ", ""),
        ("ァ", "a"),
    ],
)
def test_kana_are_read_in_hepburns_letters(written: str, read: str) -> None:
    assert romaji(written) == read


@given(kana)
def test_no_kana_with_a_sound_is_left_over_and_script_does_not_matter(text: str) -> None:
    hiragana = "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)
    assert romaji(hiragana) == romaji(text)
    assert all(c.isascii() for c in romaji(text) if c not in "ヵヶヷヸヹヺ")


@given(st.text(max_size=30))
def test_words_of_any_text_do_not_depend_on_case_and_width(text: str) -> None:
    assert words(unicodedata.normalize("NFKC", text)) == words(text)
    assert all(word == word.casefold() and word for word in words(text))


def test_words_are_equal_up_to_accents_long_vowels_and_apostrophes() -> None:
    assert words("Shin'ichirō WATANABE") == words("Shin`ichirou Watanabe") == ("shinichiro", "watanabe")
    assert words("Łukasz Lütfen-Ødegård") == ("lukasz", "lutfen", "odegard")
    assert words("ジェット・ブラック") == ("jetto", "burakku")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alisa", "Arisa"),
        ("Kofi", "コフィ"),
        ("Ohtsuka", "Otsuka"),
        ("Ootsuka", "Ōtsuka"),
        ("Rocco", "Roco"),
        ("Shimpachi", "Shinpachi"),
        ("Syouji", "Shoji"),
        ("Philip", "Filip"),
        ("Teddy", "テディ"),
        ("McEntire", "MacEntire"),
        ("Vash", "Bash"),
    ],
)
def test_spellings_of_one_sound(one: str, other: str) -> None:
    assert [sound(word) for word in words(one)] == [sound(word) for word in words(other)]


@pytest.mark.parametrize(
    ("one", "other"), [("Shou", "Sou"), ("Kai", "Rai"), ("Tina", "Chisa"), ("Ken", "Kento"), ("Yui", "Yuri")]
)
def test_names_of_different_sounds_stay_different(one: str, other: str) -> None:
    assert [sound(word) for word in words(one)] != [sound(word) for word in words(other)]


@pytest.mark.parametrize(
    ("latin", "japanese"), [("caster", "キャスター"), ("gordon", "ゴードン"), ("MacIntire", "マッケンタイア")]
)
def test_the_consonants_of_a_foreign_name_survive_the_way_into_kana(latin: str, japanese: str) -> None:
    assert [skeleton(sound(word)) for word in words(latin)] == [skeleton(sound(word)) for word in words(japanese)]


@given(st.text(max_size=12), st.text(max_size=12))
def test_closeness_is_a_share_that_does_not_depend_on_the_side(one: str, other: str) -> None:
    assert 0 <= closeness(one, other) == closeness(other, one) <= 1
    assert (closeness(one, other) == 1) == (one == other != "")


def test_closeness_counts_letters_to_change() -> None:
    assert closeness("man", "wan") == pytest.approx(2 / 3)
    assert closeness("julia", "") == 0
