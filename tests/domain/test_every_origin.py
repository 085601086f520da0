"""Every value of an entry says whose it is, the way most entries come to be: by a bootstrap, then a refresh."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from domain.assemble import assemble
from domain.derive import derive_entry
from domain.locks import locks_of_edit
from domain.origins import reviewed
from domain.rebase import rebase
from domain.spans import expanded
from domain.stages import run_stage
from domain.stages.priority import SHORT_NAMES
from domain.stages.readers import READERS
from models.anime import AnimeEntry, CatalogueProvenance, Provenance, check_entry, dump_entry, read_entry
from models.events import Catalogue, Mode, Stage
from models.offline import read_offline
from models.provenance import RELEASE, REVIEWER, Origin
from models.vocabulary import ProvenanceStatus
from scripts.replayed import ANIME_ID, SUBJECT, answers
from tests.support.samples import cowboy_bebop_line

FIRST, SECOND, THIRD = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))

NUMBERED: Final = {"episode_details": "episode_number"}
NESTED: Final = frozenset({"images", "staff_data", "staff_data/production_staff", "staff_data/voice_actors"})
BY_KEY: Final = frozenset({"external_links", "statistics", "popularity_trends"})

EXCEPTIONS: Final[Mapping[str, str]] = {
    "anime_id": "minted by us",
    "episode_details/episode_id": "minted by us",
    "episode_details/episode_number": "names the episode; it is of all who tell of it",
    "characters/character_id": "minted by us",
    "sources": "the addresses under which we know the anime; the weekly comparison owns them",
    "offered_sources": "the last release's, as the name says; the weekly comparison owns them",
    "system_status": "the weekly comparison's judgement",
    "enriched": "ours: whether any catalogue was asked",
    "enrichment_metadata": "ours: when they were asked",
    "provenance": "tells of the others",
    "locked_fields": "ours: what a person wrote, which its origins say as well",
    "revision": "the store counts it",
    **{
        f"{path}/{name}": "its keys name the catalogues, each of which gives its own id alone"
        for path, name in (
            ("staff_data/studios", "company_ids"),
            ("staff_data/producers", "company_ids"),
            ("staff_data/licensors", "company_ids"),
            ("staff_data/production_staff/*", "staff_ids"),
            ("staff_data/voice_actors/*", "staff_ids"),
        )
    },
}
"""Paths without an origin, and why."""


def without_origin(entry: AnimeEntry) -> list[str]:
    return [place for place, origins in whose(dump_entry(entry)).items() if not origins]


def whose(entry: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By place of each value, exceptions aside, its origins: read by the words of ``models.provenance`` alone."""
    fields = entry["provenance"].get("fields", {})
    return {f"{path}[{item}]" if item else path: found for path, item, found in _whose(entry, fields)}


def _whose(
    entry: Mapping[str, Any], fields: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    for name, value in entry.items():
        path = f"{above}{name}"
        if value in (None, "", [], {}) or path in EXCEPTIONS:
            continue
        if path in NESTED:
            yield from _whose(value, fields, f"{path}/")
        elif path in BY_KEY:
            for key in value:
                yield path, key, _at(fields, path, key)
        elif not isinstance(value, list):
            yield path, "", fields.get(path, [])
        else:
            for at, item in enumerate(value, 1):
                if path.startswith("images/") or not isinstance(item, dict):
                    yield path, str(at), _at(fields, path, str(at))
                else:
                    yield from _of_item(path, at, item, fields)


def _of_item(
    path: str, at: int, item: Mapping[str, Any], fields: Mapping[str, Any]
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """A mark that is not set is most often nobody's word."""
    key = str(item[NUMBERED[path]]) if path in NUMBERED else str(at)
    for name, value in item.items():
        anywhere = "/".join([*path.split("/")[:2], "*"]) if path.count("/") > 1 else path
        if value in (None, "", [], {}) or f"{anywhere}/{name}" in EXCEPTIONS or value is False:
            continue
        yield f"{path}/{name}", key, _at(fields, f"{path}/{name}", key) or _at(fields, path, key)


def _at(fields: Mapping[str, Any], path: str, item: str) -> list[dict[str, Any]]:
    return [one for one in fields.get(path, []) if "items" not in one or item in _expanded(one["items"])]


@functools.cache
def _expanded(items: str) -> frozenset[str]:
    return frozenset(expanded(items))


# ------------------------------------------------------------------------------------------------------------- the flow


@functools.cache
def bootstrapped() -> AnimeEntry:
    return derive_entry(read_offline(cowboy_bebop_line()), ANIME_ID)


@functools.cache
def parts(*without: Catalogue) -> dict[Stage, dict[str, Any]]:
    given = {catalogue: answer for catalogue, answer in answers().items() if catalogue not in without}
    return {stage: run_stage(stage, given, SUBJECT) for stage in Stage}


def refreshed(base: AnimeEntry, at: datetime, *without: Catalogue) -> AnimeEntry:
    """``without``: catalogues that are down."""
    told = {
        SHORT_NAMES[one]: CatalogueProvenance(status=ProvenanceStatus.FAILED, reason="down")
        if one in without
        else CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=at)
        for one in answers()
    }
    return assemble(
        parts=parts(*without),
        images={},
        subject=SUBJECT,
        base=base,
        provenance=Provenance(catalogues=told),
        mode=Mode.REFRESH,
    )


@functools.cache
def bebop() -> AnimeEntry:
    """As read from the store."""
    return check_entry(dump_entry(refreshed(bootstrapped(), FIRST)))


def edited(entry: AnimeEntry, **changes: Any) -> AnimeEntry:
    after = check_entry({**dump_entry(entry), **changes})
    paths = locks_of_edit(dump_entry(entry), dump_entry(after))
    fields = reviewed(dump_entry(entry), dump_entry(after), paths)
    provenance = after.provenance.model_copy(update={"fields": fields})
    return after.model_copy(update={"locked_fields": paths, "provenance": provenance})


@functools.cache
def of_bebop() -> dict[str, list[dict[str, Any]]]:
    return whose(dump_entry(bebop()))


def named(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    return [one["catalogue"] for one in origins]


def below(origins: Mapping[str, list[dict[str, Any]]], path: str) -> set[str]:
    """The catalogues of all items."""
    return {one for place, told in origins.items() if place.startswith(f"{path}[") for one in named(told)}


def place_of(entry: AnimeEntry, name: str, field: str) -> str:
    at = next(at for at, one in enumerate(entry.characters, 1) if one.name == name)
    return f"characters/{field}[{at}]"


# -------------------------------------------------------------------------------------------------------- all of it


def test_everything_in_an_entry_made_of_a_release_is_the_releases() -> None:
    assert without_origin(bootstrapped()) == []
    found = whose(dump_entry(bootstrapped()))
    assert {"title", "images/covers[2]", "tags[1]", "score"} <= set(found)
    assert {one for origins in found.values() for one in named(origins)} == {RELEASE}


def test_every_value_of_the_refreshed_entry_has_an_origin() -> None:
    assert len(of_bebop()) > 5000
    assert without_origin(bebop()) == []


def test_every_exception_is_needed() -> None:
    entry = dump_entry(edited(bebop(), synopsis="Mine."))
    for path in EXCEPTIONS:
        places: list[Any] = [entry]
        for step in path.split("/"):
            found = [item for place in places for item in (place if isinstance(place, list) else [place])]
            places = [value for item in found for value in (item.values() if step == "*" else [item.get(step)])]
        assert any(place not in (None, [], {}) for place in places), path
        assert path.replace("/*", "/directors") not in bebop().provenance.fields


def test_every_origin_says_when() -> None:
    for origins in of_bebop().values():
        for one in origins:
            if one["catalogue"] != RELEASE:
                assert bebop().provenance.catalogues[one["catalogue"]].fetched_at == FIRST


def test_what_the_release_alone_has_is_the_releases_and_the_rest_the_catalogues() -> None:
    for path in ("synonyms", "tags", "images/covers"):
        assert {RELEASE, "anilist", "anidb"} <= below(of_bebop(), path), path
    assert named(of_bebop()["title"]) == named(of_bebop()["status"]) == ["mal"]


def test_an_anime_of_a_release_has_the_same_origins_whichever_way_it_came() -> None:
    subject = SUBJECT.model_copy(update={"offered": json.loads(cowboy_bebop_line())})
    new = assemble(
        parts=parts(),
        images={},
        subject=subject,
        base=None,
        provenance=bebop().provenance.model_copy(update={"fields": {}}),
        mode=Mode.NEW,
    )
    assert without_origin(new) == []
    assert new.provenance.fields["tags"] == bebop().provenance.fields["tags"]
    assert new.provenance.fields["staff_data/studios"] == bebop().provenance.fields["staff_data/studios"]


def test_no_synonym_is_a_title_after_a_bootstrap_and_a_refresh() -> None:
    assert {"COWBOY BEBOP", "カウボーイビバップ"} <= set(bootstrapped().synonyms)
    assert bebop().title_japanese == "カウボーイビバップ"
    assert not {"COWBOY BEBOP", "カウボーイビバップ"} & set(bebop().synonyms)
    assert len(bebop().synonyms) > 20


def test_a_synonym_that_a_person_wrote_stays_though_it_is_a_title() -> None:
    base = edited(bebop(), synonyms=["COWBOY BEBOP"])
    assert refreshed(base, SECOND).synonyms == ["COWBOY BEBOP"]


# ------------------------------------------------------------------------------------------------------- they are true


@pytest.mark.parametrize("catalogue", sorted(answers()))
def test_a_character_has_from_a_catalogue_what_it_says(catalogue: Catalogue) -> None:
    said: set[tuple[str, str]] = set()
    for one in READERS[catalogue].characters(answers()[catalogue]):
        said |= {(name, value) for name, value in one.items() if isinstance(value, str)}
        # Where only one of the two is known, it is the other as well.
        said |= {(name, one[other]) for name in _NATIVE for other in _NATIVE if other in one}
    for at, character in enumerate(dump_entry(bebop())["characters"], 1):
        for name, value in character.items():
            if SHORT_NAMES[catalogue] in named(of_bebop().get(f"characters/{name}[{at}]", ())):
                assert not isinstance(value, str) or (name, value) in said


_NATIVE: Final = ("name_kanji", "name_native")


@pytest.mark.parametrize("catalogue", sorted(answers()))
def test_staff_have_from_a_catalogue_what_it_says(catalogue: Catalogue) -> None:
    told = READERS[catalogue].staff(answers()[catalogue])
    said = {(one["group"], name, value) for one in told for name, value in one.items() if isinstance(value, str)}
    groups = dump_entry(bebop())["staff_data"]["production_staff"]
    for group, people in groups.items():
        for at, person in enumerate(people, 1):
            for name in ("name", "native_name", "url", "biography", "hometown"):
                whose_it_is = named(of_bebop().get(f"staff_data/production_staff/{group}/{name}[{at}]", ()))
                if SHORT_NAMES[catalogue] in whose_it_is:
                    assert (group, name, person[name]) in said


def spike(field: str) -> list[str]:
    at = next(at for at, one in enumerate(bebop().characters, 1) if one.name == "Spike Spiegel")
    return named(of_bebop()[f"characters/{field}[{at}]"])


def test_the_pictures_and_voices_of_a_character_are_of_all_who_gave_one() -> None:
    assert spike("images") == ["mal", "anilist", "anidb"]
    assert spike("voice_actors") == ["mal", "anilist", "anidb"]
    assert spike("character_ids") == ["mal", "anilist", "anidb", "animeplanet"]
    assert (spike("description"), spike("age")) == (["mal"], ["anilist"])


# ------------------------------------------------------------------------------------------------------- further runs


def test_a_second_run_on_the_same_answers_changes_nothing() -> None:
    assert refreshed(bebop(), FIRST) == bebop()


@functools.cache
def without_anilist() -> AnimeEntry:
    return refreshed(bebop(), SECOND, Catalogue.ANILIST)


def test_a_run_without_a_catalogue_keeps_its_origins_with_the_time_of_its_answer() -> None:
    entry = dump_entry(without_anilist())
    assert without_origin(without_anilist()) == []
    assert without_anilist().provenance.catalogues["anilist"].fetched_at == FIRST
    found = whose(entry)
    for path in ("characters/age", "staff_data/production_staff/directors/biography", "themes/name"):
        assert "anilist" in below(found, path), path
    assert all("fetched_at" not in one for told in found.values() for one in told if one["catalogue"] == "anilist")


def test_what_a_catalogue_says_no_more_is_as_old_as_its_last_answer_that_did() -> None:
    answered = CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=SECOND)
    silent = assemble(
        parts={},
        images={},
        subject=SUBJECT,
        base=bebop(),
        provenance=Provenance(catalogues={"mal": answered}),
        mode=Mode.REFRESH,
    )
    assert without_origin(silent) == []
    for path, origins in silent.provenance.fields.items():
        for origin in origins:
            assert origin.fetched_at == (FIRST if origin.catalogue == "mal" else None), path


def test_the_origins_do_not_grow_from_run_to_run() -> None:
    third = refreshed(without_anilist(), THIRD)
    fourth = refreshed(third, datetime(2026, 4, 1, tzinfo=UTC))
    sizes = [len(json.dumps(dump_entry(one.provenance)["fields"])) for one in (bebop(), third, fourth)]
    assert sizes[0] * 1.02 > sizes[1] == sizes[2]


def test_characters_in_another_order_keep_their_origins() -> None:
    dumped = dump_entry(bebop())
    part = run_stage(Stage.CHARACTERS, {Catalogue.ANIDB: answers()[Catalogue.ANIDB]}, SUBJECT)
    entry = assemble(
        parts={**parts(), Stage.CHARACTERS: part},
        images={},
        subject=SUBJECT,
        base=bebop(),
        provenance=bebop().provenance,
        mode=Mode.REFRESH,
    )
    assert [one.name for one in entry.characters] != [one["name"] for one in dumped["characters"]]
    assert without_origin(entry) == []
    found, before = whose(dump_entry(entry)), of_bebop()
    positions = {one["character_id"]: at for at, one in enumerate(dumped["characters"], 1)}
    for at, character in enumerate(entry.characters, 1):
        if "anidb" not in character.character_ids:
            place = f"characters/role[{positions[character.character_id]}]"
            assert named(found[f"characters/role[{at}]"]) == named(before[place])


def test_provenance_without_paths_within_characters_is_read_and_completed() -> None:
    fields = {
        path: one for path, one in bebop().provenance.fields.items() if not path.startswith(("characters", "staff"))
    }
    stored = dump_entry(
        bebop().model_copy(update={"provenance": bebop().provenance.model_copy(update={"fields": fields})})
    )
    old = read_entry(stored)
    assert old.provenance.fields == fields
    assert refreshed(old, FIRST).provenance.fields == bebop().provenance.fields
    down = assemble(parts={}, images={}, subject=SUBJECT, base=old, provenance=Provenance(), mode=Mode.REFRESH)
    assert not [path for path in down.provenance.fields if path.startswith(("characters", "staff"))], (
        "nothing is invented"
    )


# ------------------------------------------------------------------------------------------------------------- reviews


def test_what_a_person_wrote_of_a_character_says_so_through_later_runs() -> None:
    people = dump_entry(bebop())["characters"]
    base = edited(bebop(), characters=[{**people[0], "age": "27", "nicknames": ["Space Cowboy"]}, *people[1:]])
    for entry in (base, refreshed(base, SECOND)):
        found = whose(dump_entry(entry))
        assert named(found["characters/age[1]"]) == named(found["characters/nicknames[1]"]) == [REVIEWER]
        assert named(found["characters/name[1]"]) == ["mal"]
        assert without_origin(entry) == []


def test_a_character_that_a_person_took_out_leaves_the_others_origins() -> None:
    people = dump_entry(bebop())["characters"]
    base = edited(bebop(), characters=people[1:])
    found = whose(dump_entry(base))
    for at in range(1, len(people)):
        for name in ("name", "images", "description"):
            before, after = of_bebop().get(f"characters/{name}[{at + 1}]"), found.get(f"characters/{name}[{at}]")
            assert named(after or ()) == named(before or ())
    assert len(refreshed(base, SECOND).characters) == len(people) - 1


def test_a_field_that_a_person_locked_is_a_persons() -> None:
    staff = dump_entry(bebop())["staff_data"]
    base = edited(bebop(), synopsis="Mine.", tags=["mine"], staff_data={**staff, "licensors": []})
    for entry in (base, refreshed(base, SECOND)):
        found = whose(dump_entry(entry))
        assert named(found["synopsis"]) == named(found["tags[1]"]) == [REVIEWER]
        assert {path: one for path, one in entry.provenance.fields.items() if path.startswith("staff_data")} == {
            "staff_data": [Origin(catalogue=REVIEWER)]
        }


def test_two_updates_of_different_characters_meet_with_their_origins() -> None:
    people = dump_entry(bebop())["characters"]
    ours = edited(bebop(), characters=[{**people[0], "age": "27"}, *people[1:]])
    theirs = edited(bebop(), characters=[*people[:2], *people[3:]])
    merged = rebase(bebop(), ours, theirs)
    found = whose(dump_entry(merged))
    assert without_origin(merged) == []
    assert named(found["characters/age[1]"]) == [REVIEWER]
    for at in range(3, len(people)):
        before, after = of_bebop().get(f"characters/images[{at + 1}]"), found.get(f"characters/images[{at}]")
        assert named(after or ()) == named(before or ())
    others = [path for path in bebop().provenance.fields if not path.startswith("characters")]
    assert {path: merged.provenance.fields[path] for path in others} == {
        path: bebop().provenance.fields[path] for path in others
    }
