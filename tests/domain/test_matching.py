"""Which of ours an entry is: rules by example, and against a naive model that compares every pair."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.matching import Component, Matching, match

URLS = st.frozensets(st.sampled_from([f"https://x.test/{n}" for n in range(12)]), max_size=4)
NON_EMPTY = URLS.filter(bool)


@st.composite
def disjoint_sets(draw: st.DrawFn) -> list[frozenset[str]]:
    """Our anime: a unique index keeps any two from holding the same URL."""
    taken: set[str] = set()
    ours = []
    for urls in draw(st.lists(NON_EMPTY, max_size=8)):
        if rest := urls - taken:
            ours.append(rest)
            taken |= rest
    return ours


def naive(
    ours: Sequence[frozenset[str]], entries: Sequence[frozenset[str]]
) -> set[tuple[frozenset[int], frozenset[int]]]:
    """Components as (ours, entries), by merging every two nodes that share a URL until nothing changes."""
    groups = [({("ours", n)}, set(urls)) for n, urls in enumerate(ours)]
    groups += [({("entry", n)}, set(urls)) for n, urls in enumerate(entries)]
    merged = True
    while merged:
        merged = False
        for left in groups:
            right = next((other for other in groups if other is not left and left[1] & other[1]), None)
            if right is not None:
                left[0].update(right[0])
                left[1].update(right[1])
                groups.remove(right)
                merged = True
                break
    return {
        (frozenset(n for side, n in nodes if side == "ours"), frozenset(n for side, n in nodes if side == "entry"))
        for nodes, _ in groups
    }


def components(matching: Matching) -> set[tuple[frozenset[int], frozenset[int]]]:
    none: frozenset[int] = frozenset()
    return {
        *((frozenset({anime}), frozenset({entry})) for entry, anime in enumerate(matching.partner) if anime >= 0),
        *((none, frozenset({entry})) for entry in matching.new),
        *((frozenset({anime}), none) for anime in matching.missing),
        *((frozenset(conflict.ours), frozenset(conflict.entries)) for conflict in matching.conflicts),
    }


@given(disjoint_sets(), st.lists(URLS, max_size=8))
def test_matches_as_the_naive_model_does(ours: list[frozenset[str]], entries: list[frozenset[str]]) -> None:
    assert components(match(ours, entries)) == naive(ours, entries)


@given(disjoint_sets(), st.lists(NON_EMPTY, max_size=8))
def test_everything_ends_in_exactly_one_place(ours: list[frozenset[str]], entries: list[frozenset[str]]) -> None:
    matching = match(ours, entries)
    existing = [entry for entry, anime in enumerate(matching.partner) if anime >= 0]
    in_conflict = [entry for conflict in matching.conflicts for entry in conflict.entries]
    assert sorted([*existing, *matching.new, *in_conflict]) == list(range(len(entries)))
    partners = [anime for anime in matching.partner if anime >= 0]
    ours_in_conflict = [anime for conflict in matching.conflicts for anime in conflict.ours]
    assert sorted([*partners, *matching.missing, *ours_in_conflict]) == list(range(len(ours)))


@given(disjoint_sets(), st.lists(NON_EMPTY, max_size=8), st.randoms(use_true_random=False))
def test_order_makes_no_difference(ours: list[frozenset[str]], entries: list[frozenset[str]], random: object) -> None:
    ours_order, entries_order = list(range(len(ours))), list(range(len(entries)))
    random.shuffle(ours_order)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    random.shuffle(entries_order)  # type: ignore[attr-defined]
    shuffled = match([ours[n] for n in ours_order], [entries[n] for n in entries_order])
    back = {
        (frozenset(ours_order[n] for n in left), frozenset(entries_order[n] for n in right))
        for left, right in components(shuffled)
    }
    assert back == components(match(ours, entries))


def test_one_to_one_is_the_same_anime_even_if_urls_differ() -> None:
    matching = match([{"a", "b"}, {"c"}], [{"c"}, {"b", "z"}])
    assert list(matching.partner) == [1, 0]
    assert (matching.new, matching.missing, matching.conflicts) == ([], [], [])


def test_an_entry_that_touches_two_of_ours_is_a_conflict() -> None:
    matching = match([{"a"}, {"b"}, {"c"}], [{"a", "b"}, {"c"}])
    assert matching.conflicts == [Component(ours=(0, 1), entries=(0,))]
    assert list(matching.partner) == [-1, 2]


def test_two_entries_that_touch_one_of_ours_are_a_conflict() -> None:
    assert match([{"a", "b"}], [{"a"}, {"b"}]).conflicts == [Component(ours=(0,), entries=(0, 1))]


def test_two_new_entries_that_share_a_url_are_a_conflict() -> None:
    matching = match([{"a"}], [{"x", "y"}, {"a"}, {"y", "z"}])
    assert matching.conflicts == [Component(ours=(), entries=(0, 2))]
    assert matching.new == []


def test_a_chain_is_one_conflict() -> None:
    matching = match([{"a"}, {"b"}], [{"a", "x"}, {"x", "b"}])
    assert matching.conflicts == [Component(ours=(0, 1), entries=(0, 1))]
    assert matching.missing == []
