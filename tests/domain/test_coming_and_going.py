"""A catalogue that is away for one run: what it said stays, and when it is back the entry is as it was."""

import functools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.assemble import assemble
from domain.stages import run_stage
from domain.stages.priority import SHORT_NAMES
from models.anime import AnimeEntry, CatalogueProvenance, Provenance, check_entry, dump_entry
from models.events import Catalogue, EnrichmentSubject, Mode, Stage
from models.vocabulary import ProvenanceStatus
from scripts.replayed import ANIME_ID, SOURCES, SUBJECT, answers
from tests.domain.test_every_origin import without_origin

FIRST, SECOND, THIRD = (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (21, 24, 25))
J, A, D = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.ANIDB

Answers = dict[Catalogue, dict[str, Any]]


def run(
    base: AnimeEntry | None,
    given: Answers,
    at: datetime,
    *away: Catalogue,
    subject: EnrichmentSubject = SUBJECT,
    status: ProvenanceStatus = ProvenanceStatus.FAILED,
    reason: str | None = None,
) -> AnimeEntry:
    """``reason``: what is missing of all answers."""
    left = {catalogue: answer for catalogue, answer in given.items() if catalogue not in away}
    told = {
        SHORT_NAMES[one]: CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=at, reason=reason)
        if one in left
        else CatalogueProvenance(status=status)
        for one in given
    }
    return assemble(
        parts={stage: run_stage(stage, left, subject) for stage in Stage},
        images={},
        subject=subject,
        base=base,
        provenance=Provenance(catalogues=told),
        mode=Mode.REFRESH,
    )


@functools.cache
def bebop() -> AnimeEntry:
    return run(None, answers(), FIRST)


@functools.cache
def without(catalogue: Catalogue) -> AnimeEntry:
    return run(bebop(), answers(), SECOND, catalogue)


def said(entry: AnimeEntry) -> dict[str, Any]:
    ours = ("provenance", "enrichment_metadata")
    return {name: value for name, value in dump_entry(entry).items() if name not in ours}


def unordered(value: Any) -> Any:
    """Whoever is away cannot say in which order things come."""
    if isinstance(value, dict):
        return {name: unordered(one) for name, one in value.items()}
    return sorted(map(unordered, value), key=repr) if isinstance(value, list) else value


ALL = sorted(answers())


@pytest.mark.parametrize("catalogue", ALL)
def test_nothing_changes_while_a_catalogue_is_away_but_the_mean_of_the_scores(catalogue: Catalogue) -> None:
    before, after = said(bebop()), said(without(catalogue))
    assert before.pop("score") != after.pop("score")
    assert unordered(after) == unordered(before)


@pytest.mark.parametrize("catalogue", ALL)
def test_a_catalogue_that_is_back_leaves_the_entry_as_it_was(catalogue: Catalogue) -> None:
    back = run(without(catalogue), answers(), THIRD)
    assert said(back) == said(bebop())
    assert back.provenance.fields == bebop().provenance.fields


@pytest.mark.parametrize("catalogue", ALL)
def test_every_value_has_its_origin_while_a_catalogue_is_away(catalogue: Catalogue) -> None:
    assert without_origin(without(catalogue)) == []


def test_a_catalogue_that_does_not_know_the_anime_any_more_gives_way() -> None:
    missing = run(bebop(), answers(), SECOND, J, status=ProvenanceStatus.MISSING)
    assert missing.synopsis != bebop().synopsis
    assert without(J).synopsis == bebop().synopsis


# --------------------------------------------------------------------------------------------------------- small ones


def small(given: Answers, base: AnimeEntry | None = None, at: datetime = FIRST, *away: Catalogue) -> AnimeEntry:
    return run(base, given, at, *away, subject=EnrichmentSubject(anime_id=ANIME_ID, sources=SOURCES, title="X"))


def mal(*voices: tuple[int, str, str], name: str = "Chara, One") -> dict[str, Any]:
    spoken = [{"person": {"mal_id": i, "name": called}, "language": language} for i, called, language in voices]
    return {
        "anime": {"title": "X"},
        "characters": [{"character": {"mal_id": 1, "name": name}, "role": "Main", "voice_actors": spoken}],
    }


def anilist(*voices: tuple[int, str, str], name: str = "One Chara") -> dict[str, Any]:
    spoken = [{"id": i, "name": {"full": called}, "languageV2": language} for i, called, language in voices]
    return {
        "anime": {"title": {"romaji": "X"}},
        "characters": [{"role": "MAIN", "node": {"id": 7, "name": {"full": name}}, "voiceActors": spoken}],
    }


def voices(entry: AnimeEntry) -> Iterator[Any]:
    for character in dump_entry(entry)["characters"]:
        for voice in character.get("voice_actors", ()):
            yield voice["name"], voice["language"], voice["staff_ids"]


def cast(entry: AnimeEntry) -> dict[str, list[str]]:
    groups = dump_entry(entry)["staff_data"]["voice_actors"]
    return {group: [one["name"] for one in people] for group, people in groups.items()}


def test_a_voice_stays_one_though_the_catalogue_that_is_left_names_person_and_language_otherwise() -> None:
    given = {
        J: mal((5, "Doe, Jane", "Portuguese (BR)"), (6, "Kim, Seungjun", "Korean")),
        A: anilist((50, "Jane Doe", "Portuguese"), (60, "Seung jun Kim", "Korean")),
    }
    first = small(given)
    second = small(given, first, SECOND, J)
    expected = [
        ("Jane Doe", "Portuguese (BR)", {"mal": 5, "anilist": 50}),
        ("Seungjun Kim", "Korean", {"mal": 6, "anilist": 60}),
    ]
    assert list(voices(first)) == list(voices(second)) == expected
    assert cast(second) == cast(first) == {"portuguese_br": ["Jane Doe"], "korean": ["Seungjun Kim"]}
    assert said(small(given, second, THIRD)) == said(first)


def test_voices_that_earlier_runs_left_twice_become_one() -> None:
    given = {J: mal((5, "Doe, Jane", "Portuguese (BR)")), A: anilist((50, "Jane Doe", "Portuguese"))}
    first = small(given)
    double = {"name": "J. D.", "language": "Portuguese", "staff_ids": {"anilist": 50}}
    dumped = dump_entry(first)
    dumped["characters"][0]["voice_actors"].append(double)
    dumped["staff_data"]["voice_actors"]["portuguese"] = [double]
    dumped["staff_data"]["voice_actors"]["portuguese_br"].append(double)
    assert said(small(given, check_entry(dumped), SECOND)) == said(first)


def test_a_person_whom_a_catalogue_names_otherwise_now_is_renamed_and_not_another() -> None:
    first = small({J: mal((5, "Doe, Jane", "Korean"))})
    second = small({J: mal((5, "Smith, Jane", "Korean"))}, first, SECOND)
    assert list(voices(second)) == [("Jane Smith", "Korean", {"mal": 5})]
    assert cast(second) == {"korean": ["Jane Smith"]}


def test_namesakes_with_ids_of_their_own_stay_two() -> None:
    given = {J: mal((5, "Doe, Jane", "Korean"), (6, "Doe, Jane", "Korean"))}
    first = small(given)
    assert said(small(given, first, SECOND)) == said(first)
    assert [ids for _, _, ids in voices(first)] == [{"mal": 5}, {"mal": 6}]


def test_a_namesake_who_is_listed_no_more_stays_another() -> None:
    first = small({J: mal((5, "Doe, Jane", "Korean"), (6, "Doe, Jane", "Korean"))})
    second = small({J: mal((5, "Doe, Jane", "Korean"))}, first, SECOND)
    assert [ids for _, _, ids in voices(second)] == [{"mal": 5}, {"mal": 6}]


def test_one_whom_a_catalogue_tells_apart_now_becomes_two() -> None:
    first = small({J: mal((5, "Kim", "Korean")), A: anilist((50, "Kim", "Korean"))})
    second = small(
        {J: mal((6, "Kim", "Korean"), (5, "Lee", "Korean")), A: anilist((50, "Kim", "Korean"))}, first, SECOND
    )
    assert [name for name, _, _ in voices(second)] == ["Kim", "Lee"]


def test_whom_somebody_voices_is_told_by_the_name_that_stays() -> None:
    given = {J: mal(name="Long, Wang"), A: anilist((60, "Kim", "Korean"), name="Long Wang")}
    first = small(given)
    assert len(first.characters) == 1
    second = small(given, first, SECOND, J)
    assert second.characters[0].name == "Wang Long"
    korean = dump_entry(second)["staff_data"]["voice_actors"]["korean"]
    assert [one["character_assignments"] for one in korean] == [["Wang Long"]]


def aired(entry: AnimeEntry) -> Any:
    return dump_entry(entry)["episode_details"][0]["aired"]


def dated(day: str) -> dict[str, Any]:
    return {"anime": {"title": "X"}, "episodes": [{"mal_id": 7, "aired": f"{day}T00:00:00+00:00"}]}


MOMENT = {"anime": {"airingSchedule": {"edges": [{"node": {"episode": 7, "airingAt": 1795190400}}]}}}
"""20 November 2026, 16:00 UTC, which is the 21st in Japan."""


@pytest.mark.parametrize(
    ("day", "left"), [("2026-11-21", "2026-11-20T16:00:00Z"), ("2026-11-11", "2026-11-11")], ids=["same", "another"]
)
def test_a_moment_stays_against_a_day_beside_it_while_its_catalogue_is_away(day: str, left: str) -> None:
    first = small({A: MOMENT, J: dated("2026-11-21")})
    assert aired(first) == "2026-11-20T16:00:00Z"
    assert aired(small({A: MOMENT, J: dated(day)}, first, SECOND, A)) == left


def test_an_answer_of_which_something_is_missing_takes_the_place_of_nothing() -> None:
    told: Answers = {J: {"anime": {"title": "X", "synopsis": "Mine."}}, A: {"anime": {"description": "Other."}}}
    subject = EnrichmentSubject(anime_id=ANIME_ID, sources=SOURCES, title="X")
    first = run(None, told, FIRST, subject=subject)
    part: Answers = {**told, J: {"anime": {"title": "X"}}}
    assert run(first, part, SECOND, subject=subject, reason="anime: cut off").synopsis == "Mine."
    assert run(first, part, SECOND, subject=subject).synopsis == "Other."


def test_a_picture_of_a_character_is_one_though_its_details_are_missing_once() -> None:
    listed = answers()[J]
    once = run(bebop(), {J: {name: one for name, one in listed.items() if name != "character_details"}}, SECOND)
    assert sum(len(one.images) for one in once.characters) == sum(len(one.images) for one in bebop().characters)
    assert "?s=" in str(listed["characters"])
    assert "?s=" not in str(dump_entry(bebop()))


def test_a_thousand_characters_take_seconds() -> None:
    def of(number: int) -> dict[str, Any]:
        spoken = [{"person": {"mal_id": number, "name": f"Voice, N{number}"}, "language": "Japanese"}]
        return {"character": {"mal_id": number, "name": f"C{number}"}, "role": "Main", "voice_actors": spoken}

    given: Answers = {J: {"anime": {"title": "X"}, "characters": [of(number) for number in range(1, 1001)]}}
    first = small(given)
    parts = {stage: run_stage(stage, given, SUBJECT) for stage in Stage}
    away = Provenance(catalogues={"mal": CatalogueProvenance(status=ProvenanceStatus.FAILED)})
    begin = time.process_time()
    again = assemble(parts=parts, images={}, subject=SUBJECT, base=first, provenance=away, mode=Mode.REFRESH)
    assert time.process_time() - begin < 10
    assert len(again.characters) == 1000
