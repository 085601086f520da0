import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.assemble import assemble
from domain.derive import NOT_FETCHED
from domain.image_refs import image_refs, replaced
from domain.stages import run_stage
from domain.stages.values import folded
from models.anime import (
    STORE_FIELDS,
    SYNC_OWNED_FIELDS,
    AnimeEntry,
    CatalogueProvenance,
    Provenance,
    check_entry,
    dump_entry,
    read_entry,
)
from models.errors import BadInput, InvalidEntry, NotFound
from models.events import Catalogue, EnrichmentSubject, Mode, Stage
from models.ids import mint_character_id, mint_episode_id
from models.vocabulary import ProvenanceStatus
from scripts.replayed import ANIME_ID, SOURCES, SUBJECT, answers

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROVENANCE = Provenance(catalogues={"jikan": CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=FETCHED_AT)})
OURS = "https://images.example/images/1.jpg"

OFFERED = {
    "sources": ["https://myanimelist.net/anime/1", "https://kitsu.io/anime/1"],
    "title": "Cowboy Bebop (release)",
    "type": "TV",
    "episodes": 26,
    "status": "FINISHED",
    "animeSeason": {"season": "SPRING", "year": 1998},
    "picture": "https://media.kitsu.app/anime/poster_images/1/large.jpg",
    "thumbnail": "https://media.kitsu.app/anime/poster_images/1/small.jpg",
    "synonyms": ["Bebop TV", "COWBOY BEBOP", "카우보이 비밥"],
    "studios": ["sunrise", "bones"],
    "producers": [],
    "relatedAnime": ["https://kitsu.app/anime/3", "https://myanimelist.net/anime/5"],
    "tags": ["space", "jazz"],
    "duration": {"value": 1500, "unit": "SECONDS"},
    "score": {"arithmeticGeometricMean": 8.2, "arithmeticMean": 8.2, "median": 8.2},
}


@functools.cache
def parts() -> dict[Stage, dict[str, Any]]:
    return {stage: run_stage(stage, answers(), SUBJECT) for stage in Stage}


def assembled(
    part: dict[Stage, dict[str, Any]] | None = None,
    *,
    images: dict[str, Any] | None = None,
    subject: EnrichmentSubject = SUBJECT,
    base: AnimeEntry | None = None,
    mode: Mode = Mode.NEW,
    episode_number: str | None = None,
    provenance: Provenance = PROVENANCE,
) -> AnimeEntry:
    return assemble(
        parts=parts() if part is None else part,
        images=images or {},
        subject=subject,
        base=base,
        provenance=provenance,
        mode=mode,
        episode_number=episode_number,
    )


@functools.cache
def bebop() -> AnimeEntry:
    return assembled()


def stored(**changes: Any) -> AnimeEntry:
    """The entry as it may be stored, with other values of some fields."""
    return check_entry({**dump_entry(bebop()), **changes})


def one_stage(stage: Stage, **fields: Any) -> dict[Stage, dict[str, Any]]:
    return {stage: fields}


# --------------------------------------------------------------------------------------------------------------- new


def test_cowboy_bebop_is_a_rich_entry() -> None:
    entry = bebop()
    assert (entry.anime_id, entry.title, entry.enriched) == (ANIME_ID, "Cowboy Bebop", True)
    assert entry.sources == sorted(SOURCES)
    assert len(entry.episode_details) == 26
    assert len(entry.characters) > 126
    assert len(entry.statistics) == 6
    assert entry.staff_data is not None
    assert entry.staff_data.production_staff
    assert entry.staff_data.voice_actors["japanese"]
    assert (entry.revision, entry.last_saga, entry.orphaned_at) == (0, None, None)
    assert check_entry(dump_entry(entry)) == entry


def test_ids_are_minted_from_number_and_catalogue_id() -> None:
    entry = bebop()
    assert [one.episode_id for one in entry.episode_details[:1]] == [mint_episode_id(ANIME_ID, "1")]
    spike = next(one for one in entry.characters if one.name == "Spike Spiegel")
    assert spike.character_id == mint_character_id(ANIME_ID, "mal:1")


def test_the_same_arguments_give_the_same_entry() -> None:
    assert assembled() == bebop()


def test_where_it_comes_from_is_told_with_the_time_of_the_latest_answer() -> None:
    assert bebop().provenance.catalogues == PROVENANCE.catalogues
    metadata = bebop().enrichment_metadata
    assert metadata is not None
    assert (metadata.source, metadata.enriched_at, metadata.success) == ("multi-source", FETCHED_AT, True)


def test_images_are_ours_or_placeholders() -> None:
    cover = parts()[Stage.METADATA]["images"]["covers"][0]
    failed = parts()[Stage.METADATA]["images"]["covers"][1]
    entry = assembled(images={cover: OURS, failed: {"image_url": failed, "error_message": "404"}})
    dumped = dump_entry(entry)
    assert dumped["images"]["covers"][:2] == [OURS, {"image_url": failed, "error_message": "404"}]
    for ref in image_refs({Stage.METADATA: dumped}):
        place: Any = dumped
        for step in ref.context.split("."):
            place = place[int(step) if isinstance(place, list) else step]
        assert place == OURS or isinstance(place, dict)
    assert dumped["images"]["posters"][0]["error_message"] == NOT_FETCHED


def test_the_release_fills_gaps_only() -> None:
    subject = SUBJECT.model_copy(update={"offered": OFFERED})
    entry = assembled(subject=subject)
    assert (entry.title, entry.duration) == ("Cowboy Bebop", 1440)
    assert "Bebop TV" in entry.synonyms
    assert "COWBOY BEBOP" not in entry.synonyms
    assert entry.synonyms.count("카우보이 비밥") == 1
    assert "jazz" in entry.tags
    assert entry.staff_data is not None
    assert [one.name for one in entry.staff_data.studios] == ["Sunrise", "bones"]
    related = {one.url: one.relation_type for one in entry.related_anime}
    assert (related["https://kitsu.app/anime/3"], related["https://myanimelist.net/anime/5"]) == (
        "UNKNOWN",
        "SIDE STORY",
    )
    assert entry.offered_sources == ["https://kitsu.app/anime/1", "https://myanimelist.net/anime/1"]
    assert entry.score is not None
    assert entry.score.median == 8.639


def test_of_an_anime_that_catalogues_hardly_know_the_release_tells_the_rest() -> None:
    subject = SUBJECT.model_copy(update={"offered": OFFERED})
    entry = assembled(one_stage(Stage.METADATA, synopsis="Bounty hunters."), subject=subject)
    assert (entry.title, entry.type, entry.status, entry.episodes) == ("Cowboy Bebop (release)", "TV", "FINISHED", 26)
    assert (entry.season, entry.year, entry.duration) == ("SPRING", 1998, 1500)
    assert entry.synopsis == "Bounty hunters."


def test_what_nobody_knows_is_unknown() -> None:
    entry = assembled({}, provenance=Provenance())
    assert (entry.title, entry.type, entry.status, entry.episodes) == ("Cowboy Bebop", "UNKNOWN", "UNKNOWN", 0)
    assert entry.enrichment_metadata is None


def test_an_unknown_of_the_release_is_no_information() -> None:
    offered = {**OFFERED, "type": "UNKNOWN", "status": "UNKNOWN", "episodes": 0}
    base = stored(type="TV", status="FINISHED", episodes=26)
    entry = assembled({}, subject=SUBJECT.model_copy(update={"offered": offered}), base=base, mode=Mode.REFRESH)
    assert (entry.type, entry.status, entry.episodes) == ("TV", "FINISHED", 26)


# ---------------------------------------------------------------------------------------------------------- failures


def test_every_problem_is_named_by_its_field() -> None:
    part: dict[Stage, dict[str, Any]] = {
        Stage.METADATA: {"type": "SHOW", "episodes": -1},
        Stage.CHARACTERS: {"characters": [{"name": "Ein", "role": "Main"}, {"name": "Jet", "role": "Hero", "age": 36}]},
    }
    with pytest.raises(InvalidEntry) as error:
        assembled(part)
    assert {line.partition(":")[0] for line in error.value.problems} == {
        "type",
        "episodes",
        "characters.1.role",
        "characters.1.age",
    }
    assert isinstance(error.value, BadInput)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidEntry, match="mood: Extra inputs"):
        assembled(one_stage(Stage.METADATA, mood="cool"))


def test_a_line_that_is_none_of_a_release_is_refused() -> None:
    with pytest.raises(InvalidEntry, match="sources"):
        assembled(subject=SUBJECT.model_copy(update={"offered": {"title": "Cowboy Bebop"}}))


# ----------------------------------------------------------------------------------------------------------- refresh


def test_the_same_answers_again_change_nothing() -> None:
    assert assembled(base=bebop(), mode=Mode.REFRESH) == bebop()


def test_what_no_catalogue_offers_any_more_stays() -> None:
    without_jikan: dict[Catalogue, dict[str, Any]] = {
        c: given for c, given in answers().items() if c is not Catalogue.JIKAN
    }
    fewer = {stage: run_stage(stage, without_jikan, SUBJECT) for stage in Stage}
    entry = assembled(fewer, base=bebop(), mode=Mode.REFRESH)
    assert {one.character_id for one in entry.characters} == {one.character_id for one in bebop().characters}
    assert [one.episode_id for one in entry.episode_details] == [one.episode_id for one in bebop().episode_details]
    assert entry.episode_details[4].title_japanese == "堕天使たちのバラッド"
    assert entry.statistics == bebop().statistics
    assert entry.background == bebop().background
    assert {one.title for one in entry.opening_themes} == {"Tank!"}
    spike = next(one for one in entry.characters if one.name == "Spike Spiegel")
    assert spike.character_ids["mal"] == 1
    assert any(voice.language == "Italian" for voice in spike.voice_actors)


def test_what_a_catalogue_offers_now_replaces_what_is_stored() -> None:
    base = stored(synopsis="Old words.", episodes=25, status="ONGOING")
    entry = assembled(base=base, mode=Mode.REFRESH)
    assert (entry.synopsis, entry.episodes, entry.status) == (bebop().synopsis, 26, "FINISHED")


def test_stored_ids_stay_also_where_they_were_minted_otherwise() -> None:
    dumped = dump_entry(bebop())
    odd_episode, odd_character = mint_episode_id(ANIME_ID, "999"), mint_character_id(ANIME_ID, "other")
    dumped["episode_details"][0]["episode_id"] = odd_episode
    dumped["characters"][0]["character_id"] = odd_character
    entry = assembled(base=check_entry(dumped), mode=Mode.REFRESH)
    assert entry.episode_details[0].episode_id == odd_episode
    assert entry.characters[0].character_id == odd_character
    assert len(entry.characters) == len(bebop().characters)


def test_a_locked_field_is_never_overwritten() -> None:
    base = stored(
        synopsis="A person's words.",
        characters=dump_entry(bebop())["characters"][:1],
        locked_fields=["synopsis", "characters", "title_english"],
    )
    base = base.model_copy(update={"title_english": None})
    entry = assembled(base=base, mode=Mode.REFRESH)
    assert entry.synopsis == "A person's words."
    assert entry.characters == base.characters
    assert entry.title_english is None
    assert entry.locked_fields == ["synopsis", "characters", "title_english"]
    assert entry.background == bebop().background


def test_fields_of_the_sync_and_the_stores_stay_and_sources_are_those_of_both() -> None:
    base = stored(
        system_status="ORPHANED",
        orphaned_at="2026-01-24T01:00:00Z",
        offered_sources=["https://livechart.me/anime/1"],
        sources=["https://livechart.me/anime/1", "https://myanimelist.net/anime/1"],
        revision=7,
        last_saga="refresh-1",
    )
    entry = assembled(base=base, mode=Mode.REFRESH, subject=SUBJECT.model_copy(update={"offered": OFFERED}))
    assert (entry.system_status, entry.orphaned_at, entry.offered_sources) == (
        base.system_status,
        base.orphaned_at,
        base.offered_sources,
    )
    assert entry.sources == sorted({*SOURCES, "https://livechart.me/anime/1"})
    assert (entry.revision, entry.last_saga) == (7, "refresh-1")


def test_a_stored_placeholder_gives_way_to_the_image() -> None:
    cover = parts()[Stage.METADATA]["images"]["covers"][0]
    images = {cover: OURS}
    entry = assembled(base=bebop(), mode=Mode.REFRESH, images=images)
    covers = dump_entry(entry)["images"]["covers"]
    assert covers[0] == OURS
    assert len(covers) == len(bebop().images.covers)
    assert assembled(base=entry, mode=Mode.REFRESH, images=images) == entry


def test_a_failed_download_takes_away_no_image_that_is_there() -> None:
    picture = "https://cdn.example/yamadera.jpg"
    actor = {"name": "Kouichi Yamadera", "image": picture}
    part = one_stage(Stage.CHARACTERS, staff_data={"voice_actors": {"japanese": [actor]}})
    base = assembled(part, images={picture: OURS})
    failed = {picture: {"image_url": picture, "error_message": "404"}}
    assert assembled(part, images=failed, base=base, mode=Mode.REFRESH) == base


def test_a_derived_entry_becomes_an_enriched_one() -> None:
    base = check_entry(
        {
            "anime_id": ANIME_ID,
            "sources": ["https://myanimelist.net/anime/1"],
            "title": "Cowboy Bebop",
            "type": "UNKNOWN",
            "status": "UNKNOWN",
            "episodes": 0,
            "enriched": False,
        }
    )
    entry = assembled(base=base, mode=Mode.PREMIERE)
    assert (entry.enriched, entry.type, entry.status, entry.episodes) == (True, "TV", "FINISHED", 26)


def test_provenance_of_catalogues_that_were_not_asked_stays() -> None:
    base = stored(provenance={"catalogues": {"anisearch": {"status": "missing"}}})
    assert set(assembled(base=base, mode=Mode.REFRESH).provenance.catalogues) == {"anisearch", "jikan"}


@pytest.mark.parametrize("position", range(28))
@pytest.mark.parametrize("offered", [False, True], ids=["nothing offered", "itself offered"])
def test_the_enriched_samples_come_through_a_refresh_unchanged(position: int, *, offered: bool) -> None:
    """But for synonyms that are titles, which most of them list and no catalogue offers."""
    entry = read_entry(enriched_samples()[position])
    subject = EnrichmentSubject(anime_id=entry.anime_id, sources=tuple(entry.sources), title=entry.title)
    part = {
        name: value
        for name, value in dump_entry(entry).items()
        if name not in SYNC_OWNED_FIELDS | STORE_FIELDS | {"anime_id", "enriched", "enrichment_metadata"}
    }
    refreshed = assembled(
        {Stage.METADATA: part} if offered else {},
        images={ref.url: ref.url for ref in image_refs({Stage.METADATA: part})},
        subject=subject,
        base=entry,
        mode=Mode.REFRESH,
        provenance=Provenance(),
    )
    titles = {folded(name) for name in (entry.title, entry.title_english, entry.title_japanese) if name}
    others = [name for name in entry.synonyms if folded(name) not in titles]
    assert refreshed == (entry if offered else entry.model_copy(update={"synonyms": others}))


_STAGE_FIELDS = {
    Stage.EPISODES: ("episode_details",),
    Stage.RELATIONSHIPS: ("related_anime", "relations"),
    Stage.STATISTICS: ("statistics", "score", "popularity_trends"),
    Stage.CHARACTERS: ("characters",),
}


def split(entry: AnimeEntry) -> dict[Stage, dict[str, Any]]:
    """An entry as the stages would have given it: by stage, without ids, and without what they do not say."""
    left = dump_entry(entry)
    for name in SYNC_OWNED_FIELDS | STORE_FIELDS | {"anime_id", "enriched", "provenance", "locked_fields"}:
        left.pop(name, None)
    parts: dict[Stage, dict[str, Any]] = {
        stage: {name: left.pop(name) for name in names if name in left} for stage, names in _STAGE_FIELDS.items()
    }
    for stage, name, identifier in (
        (Stage.EPISODES, "episode_details", "episode_id"),
        (Stage.CHARACTERS, "characters", "character_id"),
    ):
        for item in parts[stage].get(name, ()):
            del item[identifier]
    voices = left.get("staff_data", {}).pop("voice_actors", None)
    if voices:
        parts[Stage.CHARACTERS]["staff_data"] = {"voice_actors": voices}
    return {Stage.METADATA: left, **parts}


def plain(entry: AnimeEntry) -> dict[str, Any]:
    """Without ids, images, and what only the weekly comparison and the stores write, but for the sources."""
    left = (SYNC_OWNED_FIELDS - {"sources"}) | STORE_FIELDS | {"anime_id"}
    dumped = replaced(dump_entry(entry), lambda _image: "an image")
    for item in [*dumped.get("episode_details", ()), *dumped.get("characters", ())]:
        item.pop("episode_id", None)
        item.pop("character_id", None)
    return {name: value for name, value in dumped.items() if name not in left}


@pytest.mark.parametrize("position", range(28))
def test_a_sample_split_into_stages_is_assembled_again(position: int) -> None:
    """Compared is all but ids, image URLs, and what no stage and no catalogue says: a new entry has been offered by no
    release yet (``offered_sources``), belongs to none that is gone (``system_status``, ``orphaned_at``), and has not
    been written by a store (``revision``, ``last_saga``)."""
    entry = read_entry(enriched_samples()[position])
    subject = EnrichmentSubject(anime_id=entry.anime_id, sources=tuple(entry.sources), title=entry.title)
    parts = split(entry)
    again = assembled(parts, subject=subject, provenance=Provenance())
    assert plain(again) == plain(entry)


@functools.cache
def enriched_samples() -> list[dict[str, Any]]:
    file = Path(__file__).parents[2] / "samples" / "enriched" / "enriched_anime_database.json"
    samples: list[dict[str, Any]] = json.loads(file.read_bytes())["data"]
    return samples


# ----------------------------------------------------------------------------------------------------------- episode


def episode_part(**fields: Any) -> dict[Stage, dict[str, Any]]:
    others = [{"episode_number": "1", "title": "Changed"}, {"episode_number": "30", "title": "Changed"}]
    return one_stage(Stage.EPISODES, episode_details=[*others, {"episode_number": "27", **fields}])


def test_one_episode_changes_and_nothing_else() -> None:
    part = episode_part(title="Session 27", aired="2026-11-23T16:00:00Z")
    entry = assembled(part, base=bebop(), mode=Mode.EPISODE, episode_number="27")
    assert [one.episode_number for one in entry.episode_details] == [str(number) for number in range(1, 28)]
    assert entry.episode_details[:26] == bebop().episode_details
    added = entry.episode_details[26]
    assert (added.title, added.aired) == ("Session 27", datetime(2026, 11, 23, 16, tzinfo=UTC))
    unchanged = entry.model_copy(update={"episode_details": bebop().episode_details})
    assert unchanged == bebop()


def test_an_episode_owns_its_own_place_whatever_else_is_offered() -> None:
    """Nothing changes but the episode, where it came from, and when the catalogues were asked."""
    part: dict[Stage, dict[str, Any]] = {
        **episode_part(title="New"),
        **{stage: parts()[stage] for stage in Stage if stage is not Stage.EPISODES},
    }
    part[Stage.METADATA] = {**part[Stage.METADATA], "title": "Other", "episodes": 99}
    base = stored(revision=3, last_saga="refresh-1", system_status="ORPHANED", orphaned_at="2026-01-24T01:00:00Z")
    entry = assembled(part, base=base, mode=Mode.EPISODE, episode_number="27")
    own = {"episode_details", "provenance", "enrichment_metadata"}
    before, after = dump_entry(base), dump_entry(entry)
    assert {name for name in {*before, *after} if before.get(name) != after.get(name)} <= own
    assert entry.provenance.fields == base.provenance.fields
    assert entry.provenance.doubtful_matches == base.provenance.doubtful_matches


def test_a_refresh_owns_the_enriched_fields_alone() -> None:
    """Whatever the stages say, ids and the fields of the sync and the stores are as they were."""
    base = stored(revision=3, last_saga="refresh-1", system_status="ORPHANED", orphaned_at="2026-01-24T01:00:00Z")
    theirs = {"revision": 9, "last_saga": "x", "system_status": "ACTIVE", "offered_sources": [], "anime_id": "ani_x"}
    entry = assembled({Stage.METADATA: {**parts()[Stage.METADATA], **theirs}}, base=base, mode=Mode.REFRESH)
    owned = SYNC_OWNED_FIELDS | STORE_FIELDS | {"anime_id", "locked_fields"}
    assert {name: getattr(entry, name) for name in owned} == {name: getattr(base, name) for name in owned}


def test_a_stored_episode_is_brought_up_to_date_and_keeps_its_id() -> None:
    part = one_stage(Stage.EPISODES, episode_details=[{"episode_number": "5", "title": "New", "score": 9.0}])
    entry = assembled(part, base=bebop(), mode=Mode.EPISODE, episode_number="05")
    before, after = bebop().episode_details[4], entry.episode_details[4]
    assert after == before.model_copy(update={"title": "New", "score": 9.0})


def test_locked_episodes_stay() -> None:
    base = stored(locked_fields=["episode_details"])
    entry = assembled(episode_part(title="Session 27"), base=base, mode=Mode.EPISODE, episode_number="27")
    assert entry.episode_details == base.episode_details


def test_an_episode_that_no_catalogue_tells_of_is_not_found() -> None:
    with pytest.raises(NotFound, match="no catalogue tells of episode 31"):
        assembled(episode_part(), base=bebop(), mode=Mode.EPISODE, episode_number="31")


def test_an_episode_of_an_anime_that_is_not_stored_is_not_found() -> None:
    with pytest.raises(NotFound, match="is not stored"):
        assembled(episode_part(), mode=Mode.EPISODE, episode_number="27")


def test_the_number_of_the_episode_is_needed() -> None:
    with pytest.raises(InvalidEntry, match="episode_number: needed"):
        assembled(episode_part(), base=bebop(), mode=Mode.EPISODE)
