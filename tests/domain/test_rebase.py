from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rebase import changed_fields, rebase
from models.anime import (
    AnimeEntry,
    CatalogueProvenance,
    CharacterEntry,
    EnrichmentMetadata,
    EpisodeDetailEntry,
    Provenance,
)
from models.errors import StaleRevision
from models.ids import mint_character_id
from models.vocabulary import AnimeStatus, CharacterRole, ProvenanceStatus, SystemStatus
from tests.support.commits import ANIME, SOURCE, make_entry, make_episode


def character(name: str, **changes: Any) -> CharacterEntry:
    return CharacterEntry(
        character_id=mint_character_id(ANIME, name), name=name, **({"role": CharacterRole.MAIN} | changes)
    )


def changed(entry: AnimeEntry, **changes: Any) -> AnimeEntry:
    return entry.model_copy(update=changes)


BASE = make_entry(characters=[character("Spike"), character("Jet")])


def test_different_fields_are_both_kept() -> None:
    merged = rebase(BASE, changed(BASE, synopsis="Ours"), changed(BASE, status=AnimeStatus.ONGOING, revision=1))
    assert (merged.synopsis, merged.status, merged.revision) == ("Ours", AnimeStatus.ONGOING, 1)


def test_different_episodes_are_both_kept() -> None:
    ours = changed(BASE, episode_details=[make_episode("1"), make_episode("2", title="Two"), make_episode("S1")])
    theirs = changed(BASE, episode_details=[*BASE.episode_details, make_episode("3"), make_episode("12.5")])
    merged = rebase(BASE, ours, theirs)
    assert [one.episode_number for one in merged.episode_details] == ["1", "2", "3", "12.5", "S1"]
    assert merged.episode_details[1].title == "Two"


FRIDAY = datetime(2026, 12, 4, 16, tzinfo=UTC)


def at(entry: AnimeEntry, when: datetime) -> AnimeEntry:
    told = EnrichmentMetadata(source="multi-source", enriched_at=when, success=True)
    return changed(entry, enrichment_metadata=told)


def listed(*episodes: EpisodeDetailEntry) -> AnimeEntry:
    return changed(BASE, episode_details=[make_episode("1"), *episodes])


@pytest.mark.parametrize(("days", "airs"), [(-1, FRIDAY), (1, FRIDAY + timedelta(days=7))])
def test_what_an_update_says_of_the_next_episode_meets_that_episodes_own_update(days: int, airs: datetime) -> None:
    """The first one is approved after the second: its word on the date stands only where it is the later."""
    base = at(BASE, FRIDAY - timedelta(days=30))
    forecast = at(listed(make_episode("2", aired=FRIDAY + timedelta(days=7))), FRIDAY + timedelta(days=days))
    own = at(listed(make_episode("2", title="Two", aired=FRIDAY)), FRIDAY)
    expected = make_episode("2", title="Two", aired=airs)
    assert rebase(base, forecast, own).episode_details[1] == expected
    assert rebase(base, own, forecast).episode_details[1] == expected


@pytest.mark.parametrize("known", [None, FRIDAY - timedelta(days=7)])
def test_of_two_words_on_when_an_episode_airs_the_later_stands(known: datetime | None) -> None:
    episodes = [] if known is None else [make_episode("3", aired=known)]
    base = at(listed(*episodes), FRIDAY - timedelta(days=30))
    early = at(listed(make_episode("3", aired=FRIDAY)), FRIDAY - timedelta(days=2))
    late = at(listed(make_episode("3", aired=FRIDAY + timedelta(days=7))), FRIDAY - timedelta(days=1))
    for merged in (rebase(base, early, late), rebase(base, late, early)):
        assert merged.episode_details == late.episode_details


def test_a_next_episode_that_was_taken_back_is_gone_unless_more_is_known_of_it_by_now() -> None:
    base = at(listed(make_episode("3", aired=FRIDAY)), FRIDAY - timedelta(days=30))
    gone = at(listed(), FRIDAY)
    moved = at(listed(make_episode("3", aired=FRIDAY + timedelta(days=7))), FRIDAY - timedelta(days=1))
    told = at(listed(make_episode("3", title="Three", aired=FRIDAY)), FRIDAY - timedelta(days=1))
    assert rebase(base, gone, moved).episode_details == gone.episode_details
    assert rebase(base, moved, gone).episode_details == gone.episode_details
    assert rebase(base, gone, told).episode_details == told.episode_details


def test_different_characters_are_both_kept() -> None:
    ours = changed(BASE, characters=[character("Spike"), character("Jet", age="36"), character("Ed")])
    theirs = changed(BASE, characters=[character("Spike", age="27"), character("Jet"), character("Faye")])
    merged = rebase(BASE, ours, theirs)
    assert [(one.name, one.age) for one in merged.characters] == [
        ("Spike", "27"),
        ("Jet", "36"),
        ("Faye", None),
        ("Ed", None),
    ]


def test_a_new_order_of_characters_is_kept_where_the_stored_one_is_old() -> None:
    ours = changed(BASE, characters=[character("Jet"), character("Spike")])
    assert [one.name for one in rebase(BASE, ours, changed(BASE, synopsis="Theirs")).characters] == ["Jet", "Spike"]
    theirs = changed(BASE, characters=[character("Faye"), *BASE.characters])
    assert [one.name for one in rebase(BASE, ours, theirs).characters] == ["Faye", "Spike", "Jet"]


def test_what_one_side_removed_stays_removed() -> None:
    ours = changed(BASE, characters=[character("Spike")])
    theirs = changed(BASE, episode_details=[make_episode("1")])
    merged = rebase(BASE, ours, theirs)
    assert [one.name for one in merged.characters] == ["Spike"]
    assert [one.episode_number for one in merged.episode_details] == ["1"]


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    both = changed(BASE, synopsis="Same", episode_details=[make_episode("1"), make_episode("2", title="Same")])
    assert rebase(BASE, both, changed(both, revision=4)) == changed(both, revision=4)


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ({"synopsis": "Ours"}, {"synopsis": "Theirs"}, "synopsis"),
        ({"synopsis": None}, {"synopsis": "Theirs"}, "synopsis"),
        (
            {"episode_details": [make_episode("1"), make_episode("2", title="Ours")]},
            {"episode_details": [make_episode("1"), make_episode("2", title="Theirs")]},
            "episode_details[2]",
        ),
        (
            {"episode_details": [make_episode("1")]},
            {"episode_details": [make_episode("1"), make_episode("2", title="Theirs")]},
            "episode_details[2]",
        ),
        (
            {"characters": [character("Spike", age="1"), character("Jet")]},
            {"characters": [character("Spike", age="2"), character("Jet")]},
            f"characters[{mint_character_id(ANIME, 'Spike')}]",
        ),
    ],
)
def test_the_same_place_changed_on_both_sides_is_refused_by_name(
    ours: dict[str, Any], theirs: dict[str, Any], named: str
) -> None:
    with pytest.raises(StaleRevision) as refused:
        rebase(BASE, changed(BASE, **ours), changed(BASE, **theirs))
    assert str(refused.value).endswith(f": {named}")


def test_all_conflicts_are_named() -> None:
    with pytest.raises(StaleRevision, match="status, synopsis"):
        rebase(
            BASE,
            changed(BASE, synopsis="Ours", status=AnimeStatus.ONGOING),
            changed(BASE, synopsis="Theirs", status=AnimeStatus.UPCOMING),
        )


def test_fields_of_the_sync_and_the_stores_are_the_stored_ones() -> None:
    ours = changed(BASE, sources=["https://anilist.co/anime/1"], revision=9, last_saga="ours")
    theirs = changed(
        BASE,
        system_status=SystemStatus.ORPHANED,
        orphaned_at=datetime(2026, 11, 21, tzinfo=UTC),
        offered_sources=[SOURCE],
        revision=5,
        last_saga="theirs",
    )
    assert rebase(BASE, ours, theirs) == theirs


def asked(hour: int, status: ProvenanceStatus = ProvenanceStatus.OK) -> CatalogueProvenance:
    return CatalogueProvenance(status=status, fetched_at=datetime(2026, 11, 21, hour, tzinfo=UTC))


def test_of_two_records_of_asking_a_catalogue_the_later_stands() -> None:
    base = changed(BASE, provenance=Provenance(catalogues={"mal": asked(1), "anidb": asked(1)}))
    ours = changed(BASE, provenance=Provenance(catalogues={"mal": asked(3), "anidb": asked(1), "kitsu": asked(3)}))
    theirs = changed(BASE, provenance=Provenance(catalogues={"mal": asked(2), "anidb": asked(4)}))
    merged = rebase(base, ours, theirs).provenance.catalogues
    assert merged == {"mal": asked(3), "anidb": asked(4), "kitsu": asked(3)}
    assert rebase(base, theirs, ours).provenance.catalogues == merged


def test_of_two_enrichments_the_later_is_recorded() -> None:
    early, late = (
        EnrichmentMetadata(source="test", enriched_at=datetime(2026, 11, day, tzinfo=UTC), success=True)
        for day in (1, 2)
    )
    ours, theirs = changed(BASE, enrichment_metadata=late), changed(BASE, enrichment_metadata=early)
    assert rebase(BASE, ours, theirs).enrichment_metadata == late
    assert rebase(BASE, theirs, ours).enrichment_metadata == late


# ------------------------------------------------------------------------------------------------------- properties

numbers = st.sampled_from(["1", "2", "12.5", "S1"])
titles = st.sampled_from(["a", "b"]) | st.none()


def episodes() -> st.SearchStrategy[list[EpisodeDetailEntry]]:
    return st.dictionaries(numbers, titles, max_size=4).map(
        lambda found: [
            make_episode(number, title=found[number]) for number in ("1", "2", "12.5", "S1") if number in found
        ]
    )


def characters() -> st.SearchStrategy[list[CharacterEntry]]:
    ages = st.sampled_from(["1", "2"]) | st.none()
    return st.dictionaries(st.sampled_from(["Spike", "Jet"]), ages).map(
        lambda found: [character(name, age=found[name]) for name in sorted(found)]
    )


entries = st.builds(
    lambda synopsis, status, details, people: make_entry(
        synopsis=synopsis, status=status, episode_details=details, characters=people
    ),
    titles,
    st.sampled_from(AnimeStatus),
    episodes(),
    characters(),
)


@given(base=entries, other=entries)
def test_where_one_side_changed_nothing_the_other_stands(base: AnimeEntry, other: AnimeEntry) -> None:
    assert rebase(base, other, base) == other
    assert rebase(base, base, other) == other


@given(base=entries, ours=entries, theirs=entries)
def test_a_merge_holds_every_change_of_both_sides_or_is_refused(
    base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry
) -> None:
    try:
        merged = rebase(base, ours, theirs)
    except StaleRevision:
        with pytest.raises(StaleRevision):
            rebase(base, theirs, ours)
        return
    assert _places(merged) == _places(rebase(base, theirs, ours))
    old, mine, stored, result = (_places(one) for one in (base, ours, theirs, merged))
    for place in {*old, *mine, *stored, *result}:
        expected = mine.get(place) if mine.get(place) != old.get(place) else stored.get(place)
        assert result.get(place) == expected, place


@given(base=entries, ours=entries, theirs=entries)
def test_merging_again_changes_nothing(base: AnimeEntry, ours: AnimeEntry, theirs: AnimeEntry) -> None:
    try:
        merged = rebase(base, ours, theirs)
    except StaleRevision:
        return
    assert rebase(base, ours, merged) == merged


def _places(entry: AnimeEntry) -> dict[str, object]:
    """Everything that is merged by itself, by name."""
    return {
        "synopsis": entry.synopsis,
        "status": entry.status,
        **{f"episode {one.episode_number}": one for one in entry.episode_details},
        **{f"character {one.character_id}": one for one in entry.characters},
    }


def test_changed_fields_are_named_in_order() -> None:
    assert changed_fields({"b": 1, "a": 1, "same": [1]}, {"b": 2, "c": 3, "same": [1]}) == ["a", "b", "c"]


# ------------------------------------------------------------------------------------------------------------- locks


def test_what_a_person_locked_meanwhile_stands_against_a_run() -> None:
    theirs = changed(BASE, synopsis="A person's.", locked_fields=["synopsis"])
    merged = rebase(BASE, changed(BASE, synopsis="A run's.", title="Ours"), theirs)
    assert (merged.synopsis, merged.title, merged.locked_fields) == ("A person's.", "Ours", ["synopsis"])
    untouched = changed(BASE, locked_fields=["synopsis"])
    assert rebase(BASE, changed(BASE, synopsis="A run's."), untouched).synopsis == BASE.synopsis


def test_what_a_person_locked_in_this_review_stands_against_what_a_run_stored() -> None:
    ours = changed(BASE, synopsis="A person's.", locked_fields=["synopsis"])
    merged = rebase(BASE, ours, changed(BASE, synopsis="A run's.", locked_fields=["title"]))
    assert (merged.synopsis, merged.locked_fields) == ("A person's.", ["synopsis", "title"])


@pytest.mark.parametrize("path", ["episode_details", "episode_details/2", "episode_details/2/aired"])
@pytest.mark.parametrize("days", [-1, 1])
def test_when_an_episode_airs_that_a_person_locked_stands_against_a_later_forecast(path: str, days: int) -> None:
    base = at(listed(make_episode("2", aired=FRIDAY)), FRIDAY - timedelta(days=30))
    person = changed(
        at(listed(make_episode("2", aired=FRIDAY + timedelta(days=7))), FRIDAY - timedelta(days=10)),
        locked_fields=[path],
    )
    when = FRIDAY - timedelta(days=10) + timedelta(days=days)
    forecast = at(listed(make_episode("2", aired=FRIDAY + timedelta(days=14))), when)
    for merged in (rebase(base, person, forecast), rebase(base, forecast, person)):
        assert merged.episode_details[1].aired == FRIDAY + timedelta(days=7)


def test_what_two_people_wrote_differently_is_refused() -> None:
    ours, theirs = (changed(BASE, synopsis=text, locked_fields=["synopsis"]) for text in ("One.", "Two."))
    with pytest.raises(StaleRevision, match="synopsis"):
        rebase(BASE, ours, theirs)


def test_a_locked_field_of_an_episode_stands_and_its_other_fields_are_merged() -> None:
    base = make_entry(episode_details=[make_episode("1", title="One")])
    ours = changed(base, episode_details=[make_episode("1", title="A run's", synopsis="Told.")])
    theirs = changed(
        base, episode_details=[make_episode("1", title="A person's")], locked_fields=["episode_details/1/title"]
    )
    [episode] = rebase(base, ours, theirs).episode_details
    assert (episode.title, episode.synopsis) == ("A person's", "Told.")


def test_an_episode_that_a_person_took_out_is_not_brought_back() -> None:
    base = make_entry(episode_details=[make_episode("1")])
    theirs = changed(base, episode_details=[], locked_fields=["episode_details/1"])
    assert rebase(base, changed(base, episode_details=[make_episode("1", title="A run's")]), theirs) == theirs


def test_a_lock_that_one_side_took_off_is_off() -> None:
    base = changed(BASE, locked_fields=["synopsis", "title"])
    ours = changed(base, locked_fields=["title"])
    theirs = changed(base, locked_fields=["synopsis", "title", "background"])
    assert rebase(base, ours, theirs).locked_fields == ["title", "background"]
