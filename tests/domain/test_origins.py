"""Every value says whose it is, over several enrichments and reviews."""

import functools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assemble import assemble
from domain.locks import locks_of_edit
from domain.origins import reviewed
from domain.rebase import rebase
from domain.shares import of_origins, written
from domain.spans import expanded, spans
from domain.stages import run_stage
from models.anime import AnimeEntry, CatalogueProvenance, Provenance, check_entry, dump_entry
from models.events import EnrichmentSubject, Mode, Stage
from models.provenance import Origin
from models.vocabulary import ProvenanceStatus
from scripts.replayed import SUBJECT, answers
from tests.support.commits import ANIME, SOURCE, make_entry, make_episode

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
LATE_TEXT = "2026-02-01T00:00:00Z"
SMALL = EnrichmentSubject(anime_id=ANIME, sources=(SOURCE,), title="Cowboy Bebop")
RELEASE_LINE = {
    "sources": [SOURCE],
    "title": "Cowboy Bebop",
    "type": "TV",
    "episodes": 26,
    "status": "FINISHED",
    "animeSeason": {"season": "SPRING", "year": 1998},
    "picture": "https://cdn.myanimelist.net/images/anime/4/19644.jpg",
    "thumbnail": "https://cdn.myanimelist.net/images/anime/4/19644t.jpg",
    "synonyms": ["From the release"],
    "studios": ["sunrise", "bones"],
    "producers": [],
    "relatedAnime": [],
    "tags": ["jazz"],
    "duration": {"value": 1500, "unit": "SECONDS"},
}


def asked(at: datetime, *names: str) -> Provenance:
    told = CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=at)
    return Provenance(catalogues=dict.fromkeys(names, told))


def noted(origins: dict[str, Any], **part: Any) -> dict[str, Any]:
    return {**part, "provenance": {"origins": origins}}


def enriched(
    *parts: dict[str, Any],
    base: AnimeEntry | None = None,
    provenance: Provenance | None = None,
    mode: Mode = Mode.REFRESH,
    subject: EnrichmentSubject = SMALL,
    number: str | None = None,
) -> AnimeEntry:
    return assemble(
        parts=dict(zip((Stage.METADATA, Stage.EPISODES), parts, strict=False)),
        images={},
        subject=subject,
        base=base,
        provenance=provenance or asked(LATE, "mal", "anilist"),
        mode=mode,
        episode_number=number,
    )


def told(entry: AnimeEntry, path: str) -> list[dict[str, Any]]:
    return [dump_entry(one) for one in entry.provenance.fields.get(path, [])]


@functools.cache
def bebop() -> AnimeEntry:
    names = ("mal", "anilist", "kitsu", "anidb", "animeplanet", "animeschedule")
    parts = {stage: run_stage(stage, answers(), SUBJECT) for stage in Stage}
    return assemble(parts=parts, images={}, subject=SUBJECT, base=None, provenance=asked(EARLY, *names), mode=Mode.NEW)


# ------------------------------------------------------------------------------------------------------ Cowboy Bebop


@pytest.mark.parametrize(
    "path", ["synonyms", "genres", "tags", "themes", "trailers", "related_anime", "streaming_info", "images/covers"]
)
def test_every_item_of_a_list_has_one_origin(path: str) -> None:
    value: Any = dump_entry(bebop())
    for name in path.split("/"):
        value = value[name]
    items = [item for origin in bebop().provenance.fields[path] for item in expanded(origin.items or "")]
    assert sorted(items, key=int) == [str(position) for position in range(1, len(value) + 1)]


def test_the_origins_of_an_entry_are_small() -> None:
    whole, told_of_it = (len(str(dump_entry(one))) for one in (bebop(), bebop().provenance))
    assert told_of_it < whole / 30


# ----------------------------------------------------------------------------------------------------------- merging


def test_what_a_catalogue_offers_no_more_keeps_it_with_the_time_of_the_answer_that_did() -> None:
    first = enriched(
        noted(
            {"synopsis": "mal", "title_english": "mal", "genres": {"items": ["mal", "anilist"]}},
            synopsis="Words.",
            title_english="Title",
            genres=["Action", "Drama"],
        ),
        provenance=asked(EARLY, "mal", "anilist"),
    )
    second = enriched(
        noted({"title_english": "anilist", "genres": {"items": ["mal"]}}, title_english="Other", genres=["Action"]),
        base=first,
    )
    assert told(second, "synopsis") == [{"catalogue": "mal", "fetched_at": "2026-01-01T00:00:00Z"}]
    assert told(second, "title_english") == [{"catalogue": "anilist"}]
    assert second.genres == ["Action", "Drama"]
    assert told(second, "genres") == [
        {"catalogue": "mal", "items": "1"},
        {"catalogue": "anilist", "items": "2", "fetched_at": "2026-01-01T00:00:00Z"},
    ]


def test_what_a_catalogue_that_is_down_gave_before_is_as_old_as_it_was() -> None:
    first = enriched(noted({"synopsis": "mal"}, synopsis="Words."), provenance=asked(EARLY, "mal"))
    down = Provenance(catalogues={"mal": CatalogueProvenance(status=ProvenanceStatus.FAILED, reason="down")})
    second = enriched({}, base=first, provenance=down)
    assert told(second, "synopsis") == [{"catalogue": "mal"}]
    assert second.provenance.catalogues["mal"].fetched_at == EARLY


def test_what_the_release_fills_in_is_the_releases() -> None:
    subject = SMALL.model_copy(update={"offered": RELEASE_LINE})
    entry = enriched(
        noted({"type": "mal", "synonyms": {"items": ["anilist"]}}, type="TV", synonyms=["Alias"]), subject=subject
    )
    assert told(entry, "type") == [{"catalogue": "mal"}]
    assert told(entry, "duration") == [{"catalogue": "release"}]
    assert entry.synonyms == ["Alias", "From the release"]
    assert told(entry, "synonyms") == [{"catalogue": "anilist", "items": "1"}, {"catalogue": "release", "items": "2"}]


def test_one_episode_changes_its_own_origins_only() -> None:
    episodes = [{"episode_number": str(number), "title": f"T{number}"} for number in range(1, 5)]
    owners = {"keys": dict.fromkeys("1234", "mal")}
    first = enriched(
        noted({"synopsis": "mal"}, synopsis="Words."),
        noted({"episode_details/title": owners}, episode_details=episodes),
        provenance=asked(EARLY, "mal"),
    )
    later = noted(
        {"episode_details/title": {"keys": {"2": "kitsu", "4": "kitsu"}}},
        episode_details=[{"episode_number": "2", "title": "New"}, {"episode_number": "4", "title": "New"}],
    )
    second = assemble(
        parts={Stage.EPISODES: later},
        images={},
        subject=SMALL,
        base=first,
        provenance=asked(LATE, "kitsu"),
        mode=Mode.EPISODE,
        episode_number="2",
    )
    assert told(second, "episode_details/title") == [
        {"catalogue": "mal", "items": "1, 3-4"},
        {"catalogue": "kitsu", "items": "2"},
    ]
    assert told(second, "synopsis") == told(first, "synopsis")


def test_what_one_episode_did_not_touch_is_as_old_as_the_answer_that_it_came_of() -> None:
    episodes = [{"episode_number": number, "title": f"T{number}"} for number in "12"]
    owners = {"keys": dict.fromkeys("12", "mal")}
    part = noted({"episode_details/title": owners}, episode_details=episodes)
    first = enriched(noted({"synopsis": "mal"}, synopsis="Words."), part, provenance=asked(EARLY, "mal"))
    gone = noted({"episode_details/title": {"keys": {"2": "mal"}}}, episode_details=episodes[1:])
    second = assemble(
        parts={Stage.EPISODES: gone},
        images={},
        subject=SMALL,
        base=first,
        provenance=asked(LATE, "mal"),
        mode=Mode.EPISODE,
        episode_number="2",
    )
    assert second.provenance.catalogues == first.provenance.catalogues
    assert told(second, "synopsis") == [{"catalogue": "mal"}]
    assert told(second, "episode_details/title") == [
        {"catalogue": "mal", "items": "1"},
        {"catalogue": "mal", "items": "2", "fetched_at": LATE_TEXT},
    ]


def test_a_catalogue_that_says_the_same_of_another_episode_takes_nothing_from_whoever_said_it_before() -> None:
    """A run for one episode has not asked the first catalogue for the others."""
    episodes = [{"episode_number": number, "duration": 1440} for number in "12"]
    by_mal = noted({"episode_details/duration": {"keys": dict.fromkeys("12", "mal")}}, episode_details=episodes)
    first = enriched({}, by_mal, provenance=asked(EARLY, "mal", "kitsu"))
    by_kitsu = noted({"episode_details/duration": {"keys": dict.fromkeys("12", "kitsu")}}, episode_details=episodes)
    second = assemble(
        parts={Stage.EPISODES: by_kitsu},
        images={},
        subject=SMALL,
        base=first,
        provenance=asked(LATE, "mal", "kitsu"),
        mode=Mode.EPISODE,
        episode_number="2",
    )
    assert told(second, "episode_details/duration") == [
        {"catalogue": "mal", "items": "1"},
        {"catalogue": "kitsu", "items": "2", "fetched_at": LATE_TEXT},
    ]


def test_a_list_that_several_catalogues_made_together_is_of_all_of_them() -> None:
    def part(names: list[str], *thumbnails: str) -> dict[str, Any]:
        episode = {"episode_number": "1", "thumbnails": [f"https://{one}.example/1.jpg" for one in thumbnails]}
        return noted({"episode_details/thumbnails": {"keys": {"1": names}}}, episode_details=[episode])

    first = enriched({}, part(["kitsu", "anilist"], "k", "a"), provenance=asked(EARLY, "kitsu", "anilist"))
    assert told(first, "episode_details/thumbnails") == [
        {"catalogue": "kitsu", "items": "1"},
        {"catalogue": "anilist", "items": "1"},
    ]
    second = enriched({}, part(["kitsu"], "k"), base=first, provenance=asked(LATE, "kitsu", "anilist"))
    assert len(second.episode_details[0].thumbnails) == 2
    assert told(second, "episode_details/thumbnails") == [
        {"catalogue": "kitsu", "items": "1"},
        {"catalogue": "anilist", "items": "1", "fetched_at": "2026-01-01T00:00:00Z"},
    ]


def test_a_field_that_another_catalogue_filled_in_is_told_beside_its_item() -> None:
    themes = [{"name": "Space", "description": "Far out."}, {"name": "Jazz"}]
    origins = {"themes": {"items": ["mal", "mal"]}, "themes/description": {"keys": {"1": "anilist"}}}
    first = enriched(noted(origins, themes=themes), provenance=asked(EARLY, "mal", "anilist"))
    assert told(first, "themes") == [{"catalogue": "mal", "items": "1-2"}]
    assert told(first, "themes/description") == [{"catalogue": "anilist", "items": "1"}]
    less = noted({"themes": {"items": ["mal", "mal"]}}, themes=[{"name": "Jazz"}, {"name": "space"}])
    second = enriched(less, base=first)
    assert dump_entry(second)["themes"] == [{"name": "Jazz"}, {"name": "space", "description": "Far out."}]
    assert told(second, "themes") == [{"catalogue": "mal", "items": "1-2"}]
    assert told(second, "themes/description") == [
        {"catalogue": "anilist", "items": "2", "fetched_at": "2026-01-01T00:00:00Z"}
    ]


def test_a_field_of_unknown_origin_does_not_pass_for_its_items() -> None:
    stored = check_entry({**dump_entry(enriched({})), "themes": [{"name": "Space", "description": "Far out."}]})
    after = enriched(noted({"themes": {"items": ["mal"]}}, themes=[{"name": "Space"}]), base=stored)
    assert told(after, "themes/name") == [{"catalogue": "mal", "items": "1"}]
    assert told(after, "themes") == told(after, "themes/description") == []


def test_two_characters_that_the_stored_entry_knows_as_one_have_the_origins_of_both() -> None:
    def characters(origins: dict[str, Any], *found: dict[str, Any]) -> dict[Stage, dict[str, Any]]:
        return {Stage.CHARACTERS: noted({f"characters/{n}": {"keys": k} for n, k in origins.items()}, characters=found)}

    known = {"name": "Ed", "role": "Main", "character_ids": {"mal": 16, "anidb": 5}}
    first = assemble(
        parts=characters({"name": {"1": "mal"}, "character_ids": {"1": ["mal", "anidb"]}}, known),
        images={},
        subject=SMALL,
        base=None,
        provenance=asked(EARLY, "mal", "anidb"),
        mode=Mode.NEW,
    )
    apart = characters(
        {
            "name": {"1": "anilist", "2": "mal", "3": "anidb"},
            "gender": {"3": "anidb"},
            "images": {"2": "mal", "3": "anidb"},
        },
        {"name": "Ein", "role": "Main", "character_ids": {"anilist": 2}},
        {"name": "Ed", "role": "Main", "character_ids": {"mal": 16}, "images": ["https://m.example/1.jpg"]},
        {
            "name": "Edward",
            "role": "Main",
            "gender": "Female",
            "character_ids": {"anidb": 5},
            "images": ["https://d.example/1.jpg"],
        },
    )
    second = assemble(
        parts=apart,
        images={},
        subject=SMALL,
        base=first,
        provenance=asked(LATE, "mal", "anidb", "anilist"),
        mode=Mode.REFRESH,
    )
    assert [one.name for one in second.characters] == ["Ein", "Ed"]
    assert told(second, "characters/name") == [
        {"catalogue": "anilist", "items": "1"},
        {"catalogue": "mal", "items": "2"},
    ]
    assert told(second, "characters/gender") == [{"catalogue": "anidb", "items": "2"}]
    assert told(second, "characters/images") == [
        {"catalogue": "mal", "items": "2"},
        {"catalogue": "anidb", "items": "2"},
    ]


# ----------------------------------------------------------------------------------------------------------- reviews


def edited(entry: AnimeEntry, **changes: Any) -> AnimeEntry:
    after = check_entry({**dump_entry(entry), **changes})
    paths = locks_of_edit(dump_entry(entry), dump_entry(after))
    fields = reviewed(dump_entry(entry), dump_entry(after), paths)
    provenance = after.provenance.model_copy(update={"fields": fields})
    return after.model_copy(update={"locked_fields": paths, "provenance": provenance})


def test_what_a_person_wrote_stays_a_persons_through_a_refresh() -> None:
    part = noted({"synopsis": "mal", "genres": {"items": ["mal"]}}, synopsis="Words.", genres=["Action"])
    base = edited(enriched(part), synopsis="Mine.", genres=["Drama"])
    after = enriched(part, base=base)
    assert (after.synopsis, after.genres) == ("Mine.", ["Drama"])
    assert told(after, "synopsis") == told(after, "genres") == [{"catalogue": "reviewer"}]


def test_an_episode_that_a_person_wrote_is_told_apart_from_the_others() -> None:
    part = noted(
        {"episode_details/title": {"keys": dict.fromkeys("123", "mal")}},
        episode_details=[{"episode_number": number, "title": f"T{number}"} for number in "123"],
    )
    first = enriched({}, part)
    episodes = dump_entry(first)["episode_details"]
    base = edited(
        first, episode_details=[{**one, "title": "Mine"} if one["title"] == "T2" else one for one in episodes]
    )
    for entry in (base, enriched({}, part, base=base)):
        assert told(entry, "episode_details/title") == [
            {"catalogue": "mal", "items": "1, 3"},
            {"catalogue": "reviewer", "items": "2"},
        ]


def test_a_merge_of_two_updates_keeps_the_origins_of_the_values_that_it_took() -> None:
    def entry(words: str, titles: dict[str, str], **fields: list[Origin]) -> AnimeEntry:
        details = [make_episode(number, title=title) for number, title in titles.items()]
        paths = {path.replace("__", "/"): origins for path, origins in fields.items()}
        return make_entry(synopsis=words, episode_details=details, provenance=Provenance(fields=paths))

    mal, kitsu = Origin(catalogue="mal"), Origin(catalogue="kitsu")
    base = entry(
        "Old.", {"1": "a", "2": "b"}, synopsis=[mal], episode_details__title=[Origin(catalogue="mal", items="1-2")]
    )
    ours = entry(
        "Old.",
        {"1": "a", "2": "ours"},
        synopsis=[mal],
        episode_details__title=[Origin(catalogue="mal", items="1"), Origin(catalogue="anilist", items="2")],
    )
    theirs = entry(
        "New.",
        {"1": "theirs", "2": "b"},
        synopsis=[kitsu],
        episode_details__title=[Origin(catalogue="kitsu", items="1"), Origin(catalogue="mal", items="2")],
    )
    merged = rebase(base, ours, theirs)
    assert told(merged, "synopsis") == [{"catalogue": "kitsu"}]
    assert told(merged, "episode_details/title") == [
        {"catalogue": "kitsu", "items": "1"},
        {"catalogue": "anilist", "items": "2"},
    ]


# ------------------------------------------------------------------------------------------------------------- spans


@given(
    st.lists(st.one_of(st.integers(0, 30).map(str), st.sampled_from(["12.5", "S1", "S2", "official site"])), min_size=1)
)
def test_items_written_short_are_the_same_items(names: list[str]) -> None:
    assert list(expanded(spans(names))) == names


def test_a_thousand_characters_of_whom_every_second_is_anothers_are_told_in_a_few_kilobytes_a_field() -> None:
    """A document of the store may have 16 MB, and a character has fewer than 20 fields."""
    shares = [(str(at), ((("mal", "anilist")[at % 2], None),)) for at in range(1, 1001)]
    assert len(str([dump_entry(one) for one in written(shares)])) < 6000
    assert of_origins({"characters/age": written(shares)}).field("characters", "7", "age") == (("anilist", None),)


def test_a_thousand_episodes_in_a_row_are_written_in_a_few_letters() -> None:
    assert spans([*map(str, range(1, 1101)), "1100.5", "S1"]) == "1-1100, 1100.5, S1"
