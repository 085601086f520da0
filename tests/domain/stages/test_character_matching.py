"""Which characters are one: cases, and what holds for any lists."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stages.character_matching import DOUBT, MARGIN, MATCH, NAME_POINTS, match
from domain.stages.character_names import Agreement, agreement, names_of
from models.vocabulary import CharacterRole

Part = dict[str, Any]


def character(name: str, catalogue: str = "mal", identifier: int = 1, *, voice: str = "", **more: Any) -> Part:
    voices = [{"name": voice, "language": "Japanese"}] if voice else []
    return {"name": name, "character_ids": {catalogue: identifier}, "voice_actors": voices, **more}


def agreed(one: Part, other: Part) -> Agreement:
    return agreement(names_of(one), names_of(other))


def matched(known: list[Part], offered: list[Part]) -> dict[str, str]:
    """Names of the offered, with those of their partners."""
    found = match(known, offered).partner
    return {offered[position]["name"]: known[partner]["name"] for position, partner in found.items()}


def doubts(known: list[Part], offered: list[Part]) -> list[tuple[str, str]]:
    return [(known[one.known]["name"], offered[one.offered]["name"]) for one in match(known, offered).doubtful]


# ------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Ayanami Rei", "Rei Ayanami", Agreement.FULL),
        ("Saitou Hajime", "Hajime Saitō", Agreement.FULL),
        ("Vash", "VASH", Agreement.SAME),
        ("Dr. Tofu", "Tofu", Agreement.SAME),
        ("Chiyo-chan", "Chiyo", Agreement.SAME),
        ("V. T.", "VT", Agreement.SAME),
        ("Video Mania", "Videomania", Agreement.FULL),
        ('Mad "Tongpu" Pierrot', "Tongpu", Agreement.SAME),
        ("Alucard (Dracula)", "Dracula", Agreement.SAME),
        ("Rocco Bonnaro", "Roco Bonaro", Agreement.FULL_SOUND),
        ("Donnelly", "Donelly", Agreement.SOUND),
        ("Udai Taxim", "Udai", Agreement.PART),
        ("Bartender A", "Bartender", Agreement.GENERIC),
        ("Annie", "Ani", Agreement.GENERIC),
        ("Punch's Mother", "Mother", Agreement.GENERIC),
        ("Old Man", "Oyaji", Agreement.SENSE),
        ("Punch's Mother", "Hahaoya", Agreement.SENSE),
        ("Wang Long", "Man Long", Agreement.CLOSE),
        ("Girl A", "Girl B", Agreement.UNLIKE),
        ("Asuka", "Misato", Agreement.UNLIKE),
        ("Punch's Mother", "Punch", Agreement.UNLIKE),
        ("Doctor Baccus", "Doctor", Agreement.SENSE),
        ("Julia", "Julius", Agreement.UNLIKE),
    ],
)
def test_how_far_two_names_agree(one: str, other: str, found: Agreement) -> None:
    assert agreed(character(one), character(other)) is found


@pytest.mark.parametrize(
    ("native", "latin", "found"),
    [
        ("アリサ", "Arisa", Agreement.SAME),
        ("ｱﾘｻ", "Arisa", Agreement.SAME),
        ("ジェット・ブラック", "Jetto Burakku", Agreement.FULL),
        ("母親", "Hahaoya", Agreement.GENERIC),
        ("少女A", "Shoujo A", Agreement.GENERIC),
        ("少女A", "Shoujo B", Agreement.UNLIKE),
        ("イレズミ男", "Irezumi Otoko", Agreement.SAME),
        ("長官", "Choukan", Agreement.GENERIC),
        ("男鹿", "Otoko", Agreement.UNLIKE),
    ],
)
def test_a_native_name_is_read_aloud(native: str, latin: str, found: Agreement) -> None:
    assert agreed(character("?", name_native=native), character(latin)) is found


def test_native_names_agree_without_blanks_and_dots() -> None:
    assert agreed(character("A", name_kanji="綾波 レイ"), character("B", name_native="綾波・レイ")) is Agreement.FULL
    assert agreed(character("A", name_kanji="綾波レイ"), character("B", name_native="綾波 レイ")) >= Agreement.SAME


@pytest.mark.parametrize(
    ("native", "found"),
    [("母親", Agreement.GENERIC), ("女の子A", Agreement.GENERIC), ("凛", Agreement.SAME), ("男鹿", Agreement.SAME)],
)
def test_a_native_name_that_many_have_is_generic_and_a_short_one_is_not(native: str, found: Agreement) -> None:
    assert agreed(character("A", name_kanji=native), character("B", name_native=native)) is found


def test_nicknames_count_as_names() -> None:
    assert agreed(character("Mad Pierrot", nicknames=["Tongpu"]), character("Tongpu")) is Agreement.SAME


# --------------------------------------------------------------------------------------------------------- decisions


def test_namesakes_are_told_apart_by_their_voices() -> None:
    known = [character(f"Bartender {x}", identifier=i, voice=f"Ken {x}ato") for i, x in enumerate("ABC")]
    offered = [character("Bartender", "anidb", i, voice=f"{x}ato Ken") for i, x in enumerate("CAB")]
    assert match(known, offered).partner == {0: 2, 1: 0, 2: 1}


def test_a_name_that_many_have_is_a_doubt_without_a_voice() -> None:
    known, offered = [character("Reporter")], [character("Reporter", "anidb", voice="Mari Tomokawa")]
    assert (matched(known, offered), doubts(known, offered)) == ({}, [("Reporter", "Reporter")])


def test_the_same_word_with_another_voice_is_a_doubt_and_the_same_two_words_are_not() -> None:
    assert doubts([character("Fad", voice="A Abe")], [character("Fad", "anidb", voice="B Baba")]) == [("Fad", "Fad")]
    known, offered = (
        [character("Asimov Solensan", voice="A Abe")],
        [character("Asimov Solensan", "anidb", voice="C Chiba")],
    )
    assert matched(known, offered) == {"Asimov Solensan": "Asimov Solensan"}


def test_a_voice_alone_makes_no_match() -> None:
    known, offered = [character("Actress", voice="Yui Horie")], [character("Shoujo A", "anilist", voice="Horie Yui")]
    assert (matched(known, offered), doubts(known, offered)) == ({}, [("Actress", "Shoujo A")])


def test_namesakes_among_the_voices_are_no_evidence() -> None:
    known, offered = character("Pilot", voice="Ken Sato"), character("Pilot", "anilist", 2, voice="Ken Sato")
    assert matched([known], [offered]) == {"Pilot": "Pilot"}
    for part, native in ((known, "佐藤健"), (offered, "佐藤賢")):
        part["voice_actors"][0]["native_name"] = native
    assert matched([known], [offered]) == {}


def test_a_shared_number_is_no_proof() -> None:
    """A record of AniList that was written over: its number and voice are one character's, its name another's."""
    known = [
        character("Fatty River", identifier=42425, voice="Daisuke Gouri"),
        character("Fad", identifier=96017, voice="Masashi Hirose"),
    ]
    offered = [character("Fad", "anilist", 42425, voice="Daisuke Gouri")]
    assert matched(known, offered) == {}
    assert doubts(known, offered) == [("Fatty River", "Fad"), ("Fad", "Fad")]


def test_a_number_and_a_voice_decide_for_a_part_of_a_name() -> None:
    known = [character("Stella Bonnaro", identifier=5), character("Rocco Bonnaro", identifier=6)]
    assert matched(known, [character("Bonnaro", "anilist", 6)]) == {"Bonnaro": "Rocco Bonnaro"}
    assert matched(known, [character("Bonnaro", "anilist", 9)]) == {}


def test_a_part_of_a_name_that_nobody_else_has_is_enough() -> None:
    known = [character("Edward Wong", identifier=1), character("Faye Valentine", identifier=2)]
    assert matched(known, [character("Edward", "animeplanet")]) == {"Edward": "Edward Wong"}
    assert matched([*known, character("Edward Elric", identifier=3)], [character("Edward", "animeplanet")]) == {}


def test_twins_of_one_voice_do_not_take_each_others_place() -> None:
    known = [character("Ami Futami", identifier=1, voice="Asami Shimoda")]
    offered = [
        character("Futami Mami", "anidb", 2, voice="Shimoda Asami"),
        character("Futami Ami", "anidb", 1, voice="Shimoda Asami"),
    ]
    assert matched(known, offered) == {"Futami Ami": "Ami Futami"}


def test_a_letter_decides_between_names_of_one_sound() -> None:
    known = [character("Riri", identifier=1), character("Lily", identifier=2)]
    offered = [character("Lily", "anidb", 1), character("Riri", "anidb", 2)]
    assert matched(known, offered) == {"Lily": "Lily", "Riri": "Riri"}


def test_an_id_that_both_know_decides_alone() -> None:
    known = [character("Spike", identifier=1), character("Jet", identifier=3)]
    offered = [
        {"name": "Nobody", "character_ids": {"kitsu": 7, "mal": 3}},
        {"name": "Spike", "character_ids": {"mal": 9}},
    ]
    found = match(known, offered)
    assert (found.partner, found.doubtful) == ({0: 1}, [])


def test_sex_and_weight_count_against_a_match() -> None:
    known, offered = [character("Kei", gender="Male")], [character("Kei", "anidb", gender="female")]
    assert (matched(known, offered), doubts(known, offered)) == ({}, [("Kei", "Kei")])
    known, offered = (
        [character("Kei", role=CharacterRole.MAIN)],
        [character("Kei", "anidb", role=CharacterRole.BACKGROUND)],
    )
    assert (matched(known, offered), doubts(known, offered)) == ({}, [("Kei", "Kei")])
    both = (
        character("Kei", role=CharacterRole.MAIN, voice="A Abe"),
        character("Kei", role=CharacterRole.MAIN, voice="B Baba"),
    )
    assert matched([both[0]], [{**both[1], "character_ids": {"anidb": 1}}]) == {"Kei": "Kei"}


def test_a_doubt_says_why() -> None:
    (doubt,) = match(
        [character("Old Man", voice="Jin Hirao")], [character("Oyaji", "anidb", voice="Hirao Jinshou")]
    ).doubtful
    assert doubt.reason == "names that mean the same; voices with a name in common"


def test_no_loose_agreement_is_a_match_by_itself() -> None:
    assert DOUBT < MATCH
    strict = {kind for kind, points in NAME_POINTS.items() if points >= MATCH}
    assert strict == {Agreement.FULL, Agreement.FULL_SOUND, Agreement.SAME}
    assert NAME_POINTS[Agreement.SAME] - NAME_POINTS[Agreement.SOUND] >= MARGIN


# -------------------------------------------------------------------------------------------------------- properties

GIVEN = (
    "Spike",
    "Faye",
    "ジェット",
    "Alisa",
    "Arisa",
    "Rei",
    "綾波",
    "Ken",
    "Bartender",
    "Girl A",
    "Otoko",
    "Dr.",
    "母親",
)
FAMILY = ("Spiegel", "Valentine", "ブラック", "Long", "Wang", "")
VOICES = ("Ken Sato", "Satou Ken", "Mai Ono", "")

casts = st.lists(
    st.builds(
        lambda given, family, voice, nickname, role, number: {
            "name": f"{given} {family}".strip(),
            "number": number,
            "nicknames": [nickname] if nickname else [],
            **({"role": role} if role else {}),
            "voice_actors": [{"name": voice, "language": "Japanese"}] if voice else [],
        },
        st.sampled_from(GIVEN),
        st.sampled_from(FAMILY),
        st.sampled_from(VOICES),
        st.sampled_from(("", "", "Ed", "Old Man")),
        st.sampled_from((None, CharacterRole.MAIN, CharacterRole.BACKGROUND)),
        st.integers(1, 12),
    ),
    max_size=8,
    unique_by=lambda part: part["number"],
)


def of(catalogue: str, cast: list[Part]) -> list[Part]:
    return [{**part, "character_ids": {catalogue: part["number"]}} for part in cast]


def by_number(known: list[Part], offered: list[Part]) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Matches and doubts, known first."""
    found = match(known, offered)
    return (
        {(known[one]["number"], offered[other]["number"]) for other, one in found.partner.items()},
        {(known[one.known]["number"], offered[one.offered]["number"]) for one in found.doubtful},
    )


@given(casts, casts)
def test_the_side_does_not_matter(one: list[Part], other: list[Part]) -> None:
    known, offered = of("mal", one), of("anidb", other)
    pairs, doubtful = by_number(known, offered)
    assert by_number(offered, known) == ({(b, a) for a, b in pairs}, {(b, a) for a, b in doubtful})


@given(casts, casts)
def test_each_has_one_partner_at_most_and_no_doubts_beside_it(one: list[Part], other: list[Part]) -> None:
    pairs, doubtful = by_number(of("mal", one), of("anilist", other))
    assert len({known for known, _ in pairs}) == len({offered for _, offered in pairs}) == len(pairs)
    assert not {known for known, _ in pairs} & {known for known, _ in doubtful}
    assert not {offered for _, offered in pairs} & {offered for _, offered in doubtful}


@given(casts, casts, st.integers(0, 2**16))
def test_the_order_of_the_lists_does_not_matter(one: list[Part], other: list[Part], seed: int) -> None:
    known, offered = of("mal", one), of("anilist", other)
    expected = by_number(known, offered)
    random.Random(seed).shuffle(known)
    random.Random(seed + 1).shuffle(offered)
    assert by_number(known, offered) == expected


words = st.text(alphabet="abdeghikmnoprstuwyz", min_size=4, max_size=9)
WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)} | {ord(" "): ord("\u3000")}


def swapped(name: str) -> str:
    return " ".join(reversed(name.split()))


@given(st.lists(words, min_size=2, max_size=3, unique=True).map(" ".join))
def test_a_name_matches_itself_in_any_order_case_and_width(name: str) -> None:
    for variant in (
        swapped(name),
        name.upper(),
        name.title(),
        name.translate(WIDE),
        swapped(name).upper().translate(WIDE),
    ):
        assert matched([character(name)], [character(variant, "anidb")]) == {variant: name}
        assert agreed(character(name), character(variant)) is agreed(character(variant), character(name))


@given(st.lists(words, min_size=2, max_size=12, unique=True).filter(lambda found: len(found) % 2 == 0))
def test_nobody_takes_the_place_of_one_who_writes_the_name_alike(found: list[str]) -> None:
    names = [f"{one} {other}" for one, other in zip(found[::2], found[1::2], strict=True)]
    known = [character(name, identifier=position) for position, name in enumerate(names)]
    offered = [character(swapped(name).upper(), "anidb", position) for position, name in enumerate(names)]
    assert all(one == other for other, one in match(known, offered).partner.items())


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_may_be_a_name(one: str, other: str) -> None:
    found = agreed(character(one, nicknames=[other]), character(other, name_native=one))
    assert isinstance(found, Agreement)
    assert agreed(character(one), character(other)) is agreed(character(other), character(one))


def test_a_text_in_the_place_of_a_name_is_cut() -> None:
    found = names_of(character("雪 " * 50_000, nicknames=["b" * 100_000]))
    assert found
    assert all(len("".join(name.words)) <= 200 for name in found)
