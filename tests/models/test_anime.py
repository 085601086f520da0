"""The entry: strict for what we write, tolerant for what we read, and nothing lost between."""

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.anime import (
    STORE_FIELDS,
    SYNC_OWNED_FIELDS,
    AnimeEntry,
    check_entry,
    dump_entry,
    read_entry,
)
from models.base import DayOrInstant, FailedImage
from models.errors import InvalidEntry
from models.ids import mint_anime_id, mint_character_id, mint_episode_id, normalise_sources
from models.vocabulary import SystemStatus
from scripts.check_full_files import lost_from_enriched
from tests.support.samples import enriched_entries

Change = Callable[[dict[str, Any]], object]
LEGACY = enriched_entries()
TITLES = [entry["title"] for entry in LEGACY]
ANIME_ID = mint_anime_id("https://myanimelist.net/anime/1")


def minimal(**fields: Any) -> dict[str, Any]:
    return {
        "anime_id": ANIME_ID,
        "sources": ["https://myanimelist.net/anime/1"],
        "title": "Cowboy Bebop",
        "type": "TV",
        "status": "FINISHED",
        "episodes": 26,
        "enriched": False,
        **fields,
    }


def episode(number: str, **fields: Any) -> dict[str, Any]:
    return {"episode_id": mint_episode_id(ANIME_ID, number), "episode_number": number, **fields}


def character(name: str, **fields: Any) -> dict[str, Any]:
    return {"character_id": mint_character_id(ANIME_ID, f"name:{name}"), "name": name, "role": "Main", **fields}


def rich() -> dict[str, Any]:
    return dump_entry(read_entry(LEGACY[9]))


# ------------------------------------------------------------------------------------------- the first enriched file


@pytest.mark.parametrize("position", range(len(LEGACY)), ids=TITLES)
def test_no_known_value_of_the_first_enriched_file_is_lost(position: int) -> None:
    entry = read_entry(LEGACY[position])
    assert lost_from_enriched(LEGACY[position], dump_entry(entry)) == []


@pytest.mark.parametrize("position", range(len(LEGACY)), ids=TITLES)
def test_what_we_write_is_read_back_as_the_same_by_both_ways(position: int) -> None:
    entry = read_entry(LEGACY[position])
    written = dump_entry(entry)
    assert check_entry(written) == entry
    assert read_entry(written) == entry


@pytest.mark.parametrize("path", ["title", "images.covers", "staff_data.production_staff", "score.median", "genres"])
def test_the_check_for_losses_notices_one(path: str) -> None:
    written = rich()
    *parents, last = path.split(".")
    holder = written
    for name in parents:
        holder = holder[name]
    del holder[last]
    assert lost_from_enriched(LEGACY[9], written) != []


def test_the_uuid_is_dropped_and_ids_are_minted_from_the_canonical_source() -> None:
    entry = read_entry(LEGACY[2])
    assert entry.anime_id == mint_anime_id("https://myanimelist.net/anime/60629")
    assert entry.episode_details[0].episode_id == mint_episode_id(entry.anime_id, "1")
    assert entry.characters[0].character_id == mint_character_id(entry.anime_id, "anisearch:133080")
    assert LEGACY[2]["id"] not in str(dump_entry(entry))


def test_an_anime_known_under_an_id_keeps_it_and_its_episodes_belong_to_it() -> None:
    entry = read_entry(LEGACY[2], anime_id=ANIME_ID)
    assert entry.anime_id == ANIME_ID
    assert entry.episode_details[0].episode_id == mint_episode_id(ANIME_ID, "1")


def test_a_catalogue_id_of_zero_is_none_so_seventeen_characters_stay_apart() -> None:
    characters = read_entry(LEGACY[8]).characters
    assert len(characters) == 17
    assert len({character.character_id for character in characters}) == 17
    assert not any("mal" in character.character_ids for character in characters)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2009-12-26T00:00:00Z", date(2009, 12, 26)),
        ("2020-10-06T15:00:00Z", date(2020, 10, 7)),
        ("2010-05-01", date(2010, 5, 1)),
        ("2020-10-06T16:00:00Z", datetime(2020, 10, 6, 16, tzinfo=UTC)),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_midnight_in_the_old_records_of_days_is_a_day(written: str, meant: object) -> None:
    legacy = copy.deepcopy(LEGACY[0])
    legacy["episode_details"][0]["aired"] = written
    legacy["aired_dates"]["from"] = written
    legacy["premiere_dates"]["original"] = written
    entry = read_entry(legacy)
    assert entry.episode_details[0].aired == meant
    assert entry.aired_dates is not None
    assert entry.aired_dates.from_date == meant
    assert entry.premiere_dates is not None
    assert entry.premiere_dates.original == meant


def test_a_midnight_in_an_entry_of_today_stays_the_moment_it_is() -> None:
    at_midnight_in_japan = minimal(episode_details=[episode("1", aired="2020-10-06T15:00:00Z")])
    assert read_entry(at_midnight_in_japan).episode_details[0].aired == datetime(2020, 10, 6, 15, tzinfo=UTC)


def test_the_entries_of_the_first_file_are_marked_as_enriched() -> None:
    assert all(read_entry(entry).enriched for entry in LEGACY)


def test_the_orphaned_entry_keeps_its_status() -> None:
    entry = read_entry(LEGACY[27])
    assert entry.system_status is SystemStatus.ORPHANED
    assert entry.orphaned_at == datetime(2026, 1, 24, 1, tzinfo=UTC)


def test_reading_leaves_the_input_alone() -> None:
    legacy = copy.deepcopy(LEGACY[8])
    read_entry(legacy)
    assert legacy == LEGACY[8]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"sources": "https://myanimelist.net/anime/1"},
        {"sources": ["no url"]},
        {"sources": ["https://myanimelist.net/anime/1"], "characters": "none", "staff_data": [1]},
        {"sources": ["https://myanimelist.net/anime/1"], "episode_details": [{"episode_number": "last"}]},
        {"sources": ["https://myanimelist.net/anime/1"], "characters": ["Spike", {"character_ids": 3}]},
        {"sources": ["https://myanimelist.net/anime/1"], "aired_dates": {"from": 3}, "episode_details": [{}]},
    ],
)
def test_a_wrong_shape_is_an_invalid_entry_not_a_crash(broken: dict[str, Any]) -> None:
    with pytest.raises(InvalidEntry):
        read_entry(broken)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(position=st.integers(0, len(LEGACY) - 1), data=st.data(), value=_JSON)
def test_whatever_a_field_holds_reading_answers_with_an_entry_or_invalid_entry(
    position: int, data: st.DataObject, value: object
) -> None:
    legacy = copy.deepcopy(LEGACY[position])
    legacy[data.draw(st.sampled_from(sorted(legacy)))] = value
    try:
        entry = read_entry(legacy)
    except InvalidEntry:
        return
    assert check_entry(dump_entry(entry)) == entry


# ------------------------------------------------------------------------------------------------ strict and tolerant


@pytest.mark.parametrize(
    ("add", "field"),
    [
        (lambda entry: entry.update(invented=1), "invented"),
        (lambda entry: entry["images"].update(invented=[]), "images.invented"),
        (lambda entry: entry["statistics"]["mal"].update(invented=1), "statistics.mal.invented"),
        (lambda entry: entry["episode_details"][0].update(invented=1), "episode_details.0.invented"),
        (lambda entry: entry["characters"][0].update(invented=1), "characters.0.invented"),
    ],
)
def test_an_unknown_field_is_refused_when_writing_and_dropped_when_reading(add: Change, field: str) -> None:
    entry = dump_entry(read_entry(LEGACY[8]))
    add(entry)
    with pytest.raises(InvalidEntry) as refused:
        check_entry(entry)
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [field]
    assert "invented" not in str(dump_entry(read_entry(entry)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"episodes": "26"}, "episodes"),
        ({"episodes": 26.5}, "episodes"),
        ({"episodes": -1}, "episodes"),
        ({"title": ""}, "title"),
        ({"title": 7}, "title"),
        ({"nsfw": "no"}, "nsfw"),
        ({"status": "AIRING"}, "status"),
        ({"type": "SERIES"}, "type"),
        ({"season": "UNDEFINED"}, "season"),
        ({"anime_id": "c58ec818-5c85-4e82-9727-142ad59220b5"}, "anime_id"),
        ({"sources": []}, "sources"),
        ({"sources": ["https://myanimelist.net/anime/1"] * 2}, "sources"),
        ({"sources": ["https://www.myanimelist.net/anime/1"]}, "sources.0"),
        ({"sources": ["https://myanimelist.net/anime/1/Cowboy_Bebop"]}, "sources.0"),
        ({"offered_sources": ["http://kitsu.io/anime/1"]}, "offered_sources.0"),
        ({"orphaned_at": "2026-01-24T01:00:00"}, "orphaned_at"),
        ({"external_links": {"site": "javascript:alert(1)"}}, "external_links.site"),
        ({"statistics": {"mal": {"score": 87.5}}}, "statistics.mal.score"),
        ({"episode_details": [{"episode_number": "1"}]}, "episode_details.0.episode_id"),
        ({"episode_details": [episode("1") | {"episode_number": "01"}]}, "episode_details.0.episode_number"),
        ({"characters": [{"name": "Spike", "role": "Main"}]}, "characters.0.character_id"),
        ({"characters": [character("Spike", role="MAIN")]}, "characters.0.role"),
    ],
)
def test_strict_reading_names_the_field_that_is_wrong(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        check_entry(minimal(**fields))
    assert refused.value.problems[0].startswith(field)


def test_the_marker_of_enrichment_is_never_guessed() -> None:
    data = minimal()
    del data["enriched"]
    for read in (check_entry, read_entry):
        with pytest.raises(InvalidEntry, match="enriched: Field required"):
            read(data)


def test_a_problem_does_not_repeat_the_value_that_caused_it() -> None:
    with pytest.raises(InvalidEntry) as refused:
        check_entry(minimal(status="a private remark"))
    assert "private" not in str(refused.value)


def test_null_is_absent_when_reading() -> None:
    nulls = minimal(synonyms=None, images={"covers": None}, last_saga=None)
    assert read_entry(nulls) == check_entry(minimal())


def test_reading_brings_source_urls_to_their_canonical_spelling() -> None:
    spelled = ["http://www.myanimelist.net/anime/1/Cowboy_Bebop", "https://kitsu.io/anime/1"]
    entry = read_entry(minimal(sources=spelled, offered_sources=spelled))
    assert entry.sources == entry.offered_sources == list(normalise_sources(spelled))


@pytest.mark.parametrize(
    "doubled",
    [
        {"episode_details": [episode("1"), episode("1")]},
        {"episode_details": [episode("1"), episode("2") | {"episode_number": "1"}]},
        {"characters": [character("Ein"), character("Ein", role="Supporting")]},
    ],
)
def test_an_episode_or_character_stands_in_an_entry_once(doubled: dict[str, Any]) -> None:
    with pytest.raises(InvalidEntry, match="more than once"):
        check_entry(minimal(**doubled))


@pytest.mark.parametrize("number", ["0", "1", "12.5", "S1", "1100"])
def test_episode_numbers_are_canonical_text(number: str) -> None:
    assert check_entry(minimal(episode_details=[episode(number)])).episode_details[0].episode_number == number


def test_an_image_is_a_url_or_the_placeholder_of_one_that_failed() -> None:
    failed = {"image_url": "https://cdn.example.org/a.jpg", "error_message": "too large"}
    entry = check_entry(minimal(images={"covers": ["https://images.example.org/images/ab.jpg", failed]}))
    assert entry.images.covers == ["https://images.example.org/images/ab.jpg", FailedImage(**failed)]
    assert dump_entry(entry)["images"]["covers"][1] == failed


def test_entries_cannot_be_changed_in_place() -> None:
    entry = check_entry(minimal())
    with pytest.raises(ValidationError, match="frozen"):
        entry.title = "Trigun"  # type: ignore[misc]


def test_the_fields_with_other_owners_exist() -> None:
    assert set(AnimeEntry.model_fields) >= SYNC_OWNED_FIELDS | STORE_FIELDS
    assert not SYNC_OWNED_FIELDS & STORE_FIELDS


# ----------------------------------------------------------------------------------------------- days and moments

_MOMENT: TypeAdapter[date | datetime] = TypeAdapter(DayOrInstant)


@given(st.dates())
def test_a_day_stays_a_day(day: date) -> None:
    text = _MOMENT.dump_json(day)
    assert text == f'"{day.isoformat()}"'.encode()
    assert type(_MOMENT.validate_json(text, strict=True)) is date
    assert _MOMENT.validate_json(text, strict=True) == _MOMENT.validate_python(day.isoformat()) == day


@given(
    moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - zones follow
    hours=st.integers(-12, 14),
)
def test_a_moment_stays_that_moment_and_is_written_in_utc(moment: datetime, hours: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    read = _MOMENT.validate_json(f'"{aware.isoformat()}"', strict=True)
    assert read == aware
    assert isinstance(read, datetime)
    assert read.tzinfo == UTC
    text = _MOMENT.dump_json(read)
    assert text.endswith(b'Z"')
    assert _MOMENT.validate_json(text, strict=True) == aware


@pytest.mark.parametrize("text", ["1998-04-03T16:00:00", "1998-13-01", "April 1998", "1998", ""])
def test_what_is_neither_day_nor_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidEntry, match="aired"):
        check_entry(minimal(episode_details=[episode("1", aired=text)]))
