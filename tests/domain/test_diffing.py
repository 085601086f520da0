"""What a release changes: each rule by itself, and the sum over all of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.diffing import Comparison, Figure, Member, NewEntry, RaisedFlags, compare, keep_minted
from domain.releases import canonical_sources
from models.ids import mint_anime_id
from models.offline import OfflineStatus, WatchedEntry
from models.review import Flag, RaisedFlag


def url(number: int) -> str:
    return f"https://anilist.co/anime/{number}"


@dataclass(frozen=True, kw_only=True)
class Ours:
    anime_id: str
    sources: tuple[str, ...]
    offered_sources: tuple[str, ...] | None
    status: str = "FINISHED"
    episodes: int = 12
    enriched: bool = False
    orphaned: bool = False


def ours(
    *numbers: int,
    offered: tuple[int, ...] | None = None,
    never_offered: bool = False,
    status: str = "FINISHED",
    episodes: int = 12,
    enriched: bool = False,
    orphaned: bool = False,
) -> Ours:
    last = tuple(url(number) for number in (numbers if offered is None else offered))
    return Ours(
        anime_id=mint_anime_id(url(numbers[0])),
        sources=tuple(url(number) for number in numbers),
        offered_sources=None if never_offered else last,
        status=status,
        episodes=episodes,
        enriched=enriched,
        orphaned=orphaned,
    )


def entry(*numbers: int, status: str = "FINISHED", episodes: int = 12, title: str = "A title") -> WatchedEntry:
    return WatchedEntry(
        sources=tuple(url(number) for number in numbers),
        title=title,
        status=OfflineStatus(status),
        episodes=episodes,
    )


def compared(
    stored: Iterable[Ours],
    release: Iterable[WatchedEntry],
    *,
    episode_counts: dict[str, int] | None = None,
    raised: Iterable[RaisedFlag] = (),
) -> Comparison:
    entries = list(release)
    flags = RaisedFlags(raised, release="this")
    return compare(stored, lambda: entries, episode_counts=episode_counts or {}, raised=flags)


def figures(comparison: Comparison) -> set[Figure]:
    return {figure for change in comparison.changes for figure in change.figures}


def flags(comparison: Comparison) -> list[Flag]:
    return [flag for change in comparison.changes for flag in change.flags]


def test_what_is_equal_is_unchanged() -> None:
    comparison = compared([ours(1, 2)], [entry(2, 1)])
    assert comparison.changes == []
    assert [member.anime_id for member in comparison.unchanged] == [ours(1).anime_id]


def test_another_status_is_flagged() -> None:
    comparison = compared([ours(1, status="ONGOING")], [entry(1)])
    assert flags(comparison) == [Flag(field="status", stored="ONGOING", offered="FINISHED")]
    assert figures(comparison) == {Figure.STATUS_FLAGGED}


def test_stored_unknown_against_a_known_offer_is_flagged() -> None:
    assert flags(compared([ours(1, status="UNKNOWN")], [entry(1, status="UPCOMING")])) == [
        Flag(field="status", stored="UNKNOWN", offered="UPCOMING")
    ]


@pytest.mark.parametrize(
    "offer", [entry(1, status="UNKNOWN"), entry(1, episodes=0), entry(1, status="UNKNOWN", episodes=0)]
)
def test_offered_unknown_and_zero_are_no_information(offer: WatchedEntry) -> None:
    comparison = compared([ours(1)], [offer])
    assert (len(comparison.unchanged), comparison.changes) == (1, [])


def test_more_episodes_are_flagged() -> None:
    comparison = compared([ours(1, episodes=12)], [entry(1, episodes=13)])
    assert flags(comparison) == [Flag(field="episodes", stored="12", offered="13")]
    assert figures(comparison) == {Figure.EPISODES_FLAGGED}


def test_fewer_episodes_are_counted_and_left_alone() -> None:
    comparison = compared([ours(1, episodes=12)], [entry(1, episodes=11)])
    assert (flags(comparison), figures(comparison)) == ([], {Figure.EPISODES_FEWER})
    assert not any(change.writes for change in comparison.changes)


def test_an_enriched_anime_has_as_many_episodes_as_documents() -> None:
    anime = ours(1, episodes=12, enriched=True)
    assert flags(compared([anime], [entry(1, episodes=12)], episode_counts={anime.anime_id: 10})) == [
        Flag(field="episodes", stored="10", offered="12")
    ]
    assert figures(compared([anime], [entry(1, episodes=12)], episode_counts={anime.anime_id: 13})) == {
        Figure.EPISODES_FEWER
    }


def test_a_never_enriched_anime_has_its_own_number() -> None:
    assert compared([ours(1, episodes=12)], [entry(1, episodes=12)], episode_counts={}).changes == []


def test_two_flags_of_one_anime_are_one_change_in_two_figures() -> None:
    comparison = compared([ours(1, status="ONGOING", episodes=12)], [entry(1, episodes=24)])
    assert [len(change.flags) for change in comparison.changes] == [2]
    assert figures(comparison) == {Figure.STATUS_FLAGGED, Figure.EPISODES_FLAGGED}


def test_a_lost_url_is_a_move_and_stays_a_source() -> None:
    (change,) = compared([ours(1, 2, 3)], [entry(1, 3)]).changes
    assert change.figures == {Figure.MOVED}
    assert (change.offered, change.record_offer) == ((url(1), url(3)), True)
    assert (change.add_sources, change.sources) == ((), (url(1), url(2), url(3)))


def test_another_url_is_a_move_and_becomes_a_source() -> None:
    (change,) = compared([ours(2, 3)], [entry(3, 1)]).changes
    assert change.figures == {Figure.MOVED}
    assert (change.add_sources, change.sources) == ((url(1),), (url(1), url(2), url(3)))


def test_a_move_is_judged_by_what_was_last_offered_not_by_all_sources() -> None:
    assert compared([ours(1, 2, 3, offered=(1, 2))], [entry(1, 2)]).changes == []
    assert figures(compared([ours(1, 2, 3, offered=(1, 2))], [entry(1, 2, 3)])) == {Figure.MOVED}


def test_a_first_offer_is_only_recorded() -> None:
    comparison = compared([ours(1, 2, never_offered=True)], [entry(1)])
    (change,) = comparison.changes
    assert (change.figures, change.offered, change.record_offer) == (frozenset(), (url(1),), True)
    assert [member.anime_id for member in comparison.unchanged] == [change.anime_id]


def test_an_orphan_that_is_offered_again_returns() -> None:
    (change,) = compared([ours(1, orphaned=True)], [entry(1)]).changes
    assert (set(change.figures), change.resurrect) == ({Figure.RESURRECTED}, True)


def test_what_is_not_offered_is_orphaned_once() -> None:
    comparison = compared([ours(1), ours(2, orphaned=True)], [])
    assert [member.anime_id for member in comparison.orphaned] == [ours(1).anime_id]
    assert (comparison.ours, comparison.active) == (2, 1)


def test_a_new_entry_gets_the_id_of_its_canonical_source() -> None:
    release = [
        WatchedEntry(
            sources=("https://www.anidb.net/anime/9", "https://myanimelist.net/anime/7/slug"),
            title="New",
            status=OfflineStatus.UPCOMING,
            episodes=0,
        )
    ]
    (new,) = compared([], release).new
    assert new.anime_id == mint_anime_id("https://myanimelist.net/anime/7")
    assert new.sources == ("https://anidb.net/anime/9", "https://myanimelist.net/anime/7")


def test_a_conflict_touches_nothing_else() -> None:
    comparison = compared([ours(1, status="ONGOING"), ours(2), ours(3)], [entry(1, 2, title="Both"), entry(3)])
    (conflict,) = comparison.conflicts
    assert set(conflict.ours) == {ours(1).anime_id, ours(2).anime_id}
    assert conflict.anime_id == min(conflict.ours)
    assert (conflict.title, conflict.raised) == ("Both", False)
    assert [member.sources for member in conflict.members] == [(url(1), url(2))]
    assert conflict.members[0].anime_id in conflict.ours
    assert (comparison.changes, comparison.new, comparison.orphaned) == ([], [], [])


def test_a_conflict_of_new_entries_names_the_ids_they_would_get() -> None:
    (conflict,) = compared([], [entry(5, 6), entry(6, 7)]).conflicts
    assert conflict.ours == ()
    assert [member.anime_id for member in conflict.members] == [mint_anime_id(url(5)), mint_anime_id(url(6))]


def test_a_known_conflict_is_counted_and_not_raised_again() -> None:
    stored, release = [ours(1), ours(2)], [entry(1, 2)]
    (first,) = compared(stored, release).conflicts
    known = RaisedFlag(anime_id=first.anime_id, field="conflict", offered=first.flag.offered, release="before")
    (again,) = compared(stored, release, raised=[known]).conflicts
    assert (again.raised, again.members) == (True, first.members)


def raised(field: str, offered: str, release: str | None) -> RaisedFlag:
    return RaisedFlag(anime_id=ours(1).anime_id, field=field, offered=offered, release=release)


def test_a_flag_of_an_earlier_release_is_neither_raised_nor_counted() -> None:
    comparison = compared([ours(1)], [entry(1, episodes=13)], raised=[raised("episodes", "13", "before")])
    assert (comparison.changes, len(comparison.unchanged)) == ([], 1)


def test_a_flag_of_the_same_release_is_counted_and_not_raised_again() -> None:
    comparison = compared([ours(1)], [entry(1, episodes=13)], raised=[raised("episodes", "13", "this")])
    assert (flags(comparison), figures(comparison)) == ([], {Figure.EPISODES_FLAGGED})


def test_another_value_or_another_field_is_another_flag() -> None:
    known = [raised("episodes", "13", "before"), raised("status", "FINISHED", "before")]
    comparison = compared([ours(1, status="ONGOING")], [entry(1, episodes=14, status="FINISHED")], raised=known)
    assert flags(comparison) == [Flag(field="episodes", stored="12", offered="14")]
    assert figures(comparison) == {Figure.EPISODES_FLAGGED}


def new_entries(*numbers: tuple[int, ...]) -> list[NewEntry]:
    return compared([], [entry(*one) for one in numbers]).new


def ids_kept(new: list[NewEntry], *minted: tuple[int, ...]) -> list[str]:
    members = [Member(anime_id=mint_anime_id(url(one[0])), sources=tuple(map(url, one))) for one in minted]
    return [one.anime_id for one in keep_minted(new, members)]


def test_a_new_anime_keeps_the_id_that_an_earlier_release_gave_it() -> None:
    assert ids_kept(new_entries((2, 3)), (1, 2)) == [mint_anime_id(url(1))]
    assert ids_kept(new_entries((3, 4)), (1, 2)) == [mint_anime_id(url(3))]


def test_no_two_entries_get_the_same_id() -> None:
    assert ids_kept(new_entries((2, 8), (1, 9)), (1, 2)) == [mint_anime_id(url(2)), mint_anime_id(url(1))]
    assert ids_kept(new_entries((2, 8), (3, 9)), (1, 2, 3)) == [mint_anime_id(url(1)), mint_anime_id(url(3))]


def test_entries_that_merge_keep_one_of_their_ids() -> None:
    (kept,) = ids_kept(new_entries((2, 4)), (1, 2), (3, 4))
    assert kept in {mint_anime_id(url(1)), mint_anime_id(url(3))}


STATUSES = st.sampled_from(["FINISHED", "ONGOING", "UNKNOWN"])
NUMBERS = st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True)
ENTRIES = st.lists(
    st.builds(
        lambda numbers, status, episodes: entry(*numbers, status=status, episodes=episodes),
        NUMBERS,
        STATUSES,
        st.integers(0, 3),
    ),
    max_size=8,
)


@st.composite
def stored_anime(draw: st.DrawFn) -> list[Ours]:
    free = set(range(1, 13))
    stored = []
    for numbers in draw(st.lists(NUMBERS, max_size=8)):
        if not free.issuperset(numbers):
            continue
        free -= set(numbers)
        stored.append(
            ours(
                *numbers,
                never_offered=draw(st.booleans()),
                status=draw(STATUSES),
                episodes=draw(st.integers(0, 3)),
                enriched=draw(st.booleans()),
                orphaned=draw(st.booleans()),
            )
        )
    return stored


@given(stored_anime(), ENTRIES)
def test_every_entry_is_counted_once(stored: list[Ours], release: list[WatchedEntry]) -> None:
    comparison = compared(stored, release)
    conflicting = sum(len(conflict.members) for conflict in comparison.conflicts)
    counted = len(comparison.new) + len(comparison.changed) + len(comparison.unchanged) + conflicting
    assert counted == comparison.entries == len(release)
    offered = {source for one in release for source in canonical_sources(one.sources)}
    assert {member.anime_id for member in comparison.orphaned} == {
        anime.anime_id for anime in stored if not anime.orphaned and offered.isdisjoint(anime.sources)
    }


@given(stored_anime(), ENTRIES)
def test_after_its_writes_a_release_moves_nothing_any_more(stored: list[Ours], release: list[WatchedEntry]) -> None:
    """What sync writes brings the second comparison with the same release to rest."""
    first = compared(stored, release)
    changes = {change.anime_id: change for change in first.changes}
    gone = {member.anime_id for member in first.orphaned}

    def written(anime: Ours) -> Ours:
        change = changes.get(anime.anime_id)
        return Ours(
            anime_id=anime.anime_id,
            sources=change.sources if change else anime.sources,
            offered_sources=change.offered if change and change.record_offer else anime.offered_sources,
            status=anime.status,
            episodes=anime.episodes,
            enriched=anime.enriched,
            orphaned=anime.anime_id in gone or (anime.orphaned and not (change and change.resurrect)),
        )

    second = compared([written(anime) for anime in stored], release)
    assert not any(change.writes for change in second.changes)
    assert second.orphaned == []
