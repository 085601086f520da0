"""When a release would change more than is believable."""

import pytest

from domain.diffing import Change, Comparison, Conflict, Figure, Member, NewEntry
from domain.plausibility import check_plausible
from models.errors import ImplausibleChange
from models.review import Flag

MEMBER = Member(anime_id="ani_0", sources=())


def comparison(
    *, active: int = 1000, entries: int = 1000, orphaned: int = 0, flagged: int = 0, moved: int = 0, new: int = 0
) -> Comparison:
    def change(figure: Figure) -> Change:
        return Change(anime_id="ani_0", title="", offered=(), sources=(), figures=frozenset({figure}))

    return Comparison(
        ours=active,
        active=active,
        entries=entries,
        new=[NewEntry(position=0, anime_id="ani_0", sources=())] * new,
        changes=[change(Figure.STATUS_FLAGGED)] * flagged + [change(Figure.MOVED)] * moved,
        orphaned=[MEMBER] * orphaned,
    )


def test_up_to_the_limit_is_plausible() -> None:
    check_plausible(comparison(orphaned=12, flagged=8), percent=2)
    check_plausible(comparison(entries=980, orphaned=20), percent=2)


def test_new_and_moved_anime_do_not_count() -> None:
    check_plausible(comparison(entries=3000, new=2000, moved=500), percent=2)


@pytest.mark.parametrize(("orphaned", "flagged"), [(21, 0), (0, 21), (11, 10)])
def test_more_orphaned_or_flagged_than_the_limit_stops(orphaned: int, flagged: int) -> None:
    with pytest.raises(
        ImplausibleChange, match=f"{orphaned} anime would be orphaned, {flagged} flagged.*--accept-mass"
    ):
        check_plausible(comparison(orphaned=orphaned, flagged=flagged), percent=2)


def test_an_anime_with_two_flags_counts_once() -> None:
    both = Change(
        anime_id="ani_0",
        title="",
        offered=(),
        sources=(),
        figures=frozenset({Figure.STATUS_FLAGGED, Figure.EPISODES_FLAGGED}),
    )
    check_plausible(Comparison(ours=100, active=100, entries=100, changes=[both, both]), percent=2)


def test_a_falling_count_stops() -> None:
    with pytest.raises(ImplausibleChange, match="979 entries, 21 fewer than we have"):
        check_plausible(comparison(entries=979), percent=2)


def test_conflicts_count_as_they_also_go_to_review() -> None:
    flag = Flag(field="conflict", stored="", offered="")
    conflict = Conflict(anime_id="ani_0", ours=(), title="", flag=flag, members=(MEMBER,) * 21, raised=False)
    many = Comparison(ours=1000, active=1000, entries=1000, conflicts=[conflict])
    with pytest.raises(ImplausibleChange, match="21 entries would be in conflict"):
        check_plausible(many, percent=2)


def test_the_percentage_is_a_setting_and_nothing_of_ours_has_no_tolerance() -> None:
    check_plausible(comparison(orphaned=50), percent=5)
    check_plausible(comparison(active=0, entries=5, new=5), percent=2)
    with pytest.raises(ImplausibleChange):
        check_plausible(comparison(active=49, entries=49, orphaned=1), percent=2)
