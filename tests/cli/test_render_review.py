"""What a reviewer reads: what is to be decided, and what a proposed entry changes."""

from typing import Any, Final

import pytest

from cli.output import Output
from cli.render_changes import changes
from cli.render_review import review, reviews, what

FLAG: Final = {"field": "status", "stored": "ONGOING", "offered": "FINISHED"}
OWN: Final = ["enrichment_metadata", "provenance"]
PROVENANCE: Final = {"catalogues": {"jikan": {"status": "failed", "reason": "it does not answer"}}}
STORED: Final[dict[str, Any]] = {"anime_id": "ani_1", "title": "Cowboy Bebop", "sources": [], "episodes": 25}


def asked(**more: Any) -> dict[str, Any]:
    return {
        "review_id": "rev_1",
        "anime_id": "ani_1",
        "title": "Cowboy Bebop",
        "kinds": ["refresh"],
        "state": "pending",
        "created_at": "2026-11-21T01:00:00Z",
        "flags": [],
        "changed": None,
        "episode_number": None,
        **more,
    }


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"flags": [FLAG], "changed": ["status"]}, "status: ONGOING -> FINISHED"),
        ({"changed": [f"field {number}" for number in range(34)] + OWN}, "34 fields"),
        ({"changed": ["aired_dates", "score", *OWN]}, "aired dates, score"),
        ({"changed": OWN}, "only dates and origins"),
        ({"changed": []}, "only dates and origins"),
        ({"episode_number": "5", "changed": ["episode_details", *OWN]}, "episode 5"),
        ({"episode_number": "12.5", "changed": OWN}, "episode 12.5, only dates and origins"),
        ({}, ""),
    ],
)
def test_a_list_of_reviews_says_what_each_is_about(
    told: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert what(asked(**told)) == said
    reviews(Output(), [asked(**told)])
    assert said in capsys.readouterr().out


def test_a_review_that_was_asked_for_by_an_older_function_is_listed() -> None:
    older = asked()
    del older["changed"], older["episode_number"]
    assert what(older) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (25, 26, "25 -> 26"),
        (None, "SPRING", "nothing -> SPRING"),
        (["Space", "Noir"], ["Space", "Drama", "Jazz"], "+2: Drama, Jazz\n-1: Noir"),
        (["b", "a"], ["a", "b"], "another order"),
        (None, [{"name": "Tank!"}], "+1: Tank!"),
        (
            [{"episode_number": "5", "title": "Ballad", "aired": "1998-11-21"}, {"episode_number": "6"}],
            [{"episode_number": "5", "title": "Ballad of Fallen Angels", "aired": "1998-11-21"}],
            "-1: 6\n~1: 5 (title: Ballad -> Ballad of Fallen Angels)",
        ),
        (
            [{"character_id": "char_1", "name": "Ed", "images": ["a"], "role": "Main"}],
            [{"character_id": "char_1", "name": "Ed", "images": ["b"], "role": "Supporting"}],
            "~1: Ed (images, role)",
        ),
        (
            [{"url": f"https://a.test/{number}"} for number in range(9)],
            [{"url": f"https://a.test/{number}", "title": "x"} for number in range(9)],
            "~9: " + ", ".join(["x"] * 5) + " and 4 more",
        ),
        (
            {"mal": {"score": 8.75, "rank": 40}, "kitsu": {"score": 8}},
            {"mal": {"score": 8.76, "rank": 41}, "kitsu": {"score": 8}},
            "mal: score: 8.75 -> 8.76, rank: 40 -> 41",
        ),
        ({}, {"anidb": {"score": 8.74, "ranks": [], "votes": {}}}, "anidb: score: nothing -> 8.74"),
        ({"covers": ["https://a.test/images/1.jpg"]}, {"covers": []}, "covers: -1"),
        (["https://a.test/images/1.jpg"], [], "-1: 1.jpg"),
        (
            {},
            {"production_staff": {f"work_{number}": [{"name": "A"}, {"name": "B"}] for number in range(9)}},
            "production staff: " + ", ".join(f"work {number}: +2" for number in range(6)) + " and 3 more",
        ),
        ([{"name": "A", "n": 1}, {"name": "A", "n": 2}], [{"name": "A", "n": 1}], "-1: A"),
    ],
)
def test_a_change_is_told_from_what_was_to_what_would_be(old: object, new: object, said: str) -> None:
    assert changes({"a_field": old}, {"a_field": new}, ["a_field"]) == [("a field", said)]


def test_long_values_are_cut() -> None:
    [(_, told)] = changes({"synopsis": "a" * 500}, {"synopsis": "b" * 500}, ["synopsis"])
    assert len(told) < 130


def test_a_review_of_a_refresh_shows_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    proposed = {**STORED, "episodes": 26, "provenance": PROVENANCE}
    review(
        Output(),
        {"review": asked(), "base": STORED, "proposed": proposed, "changed": ["episodes", "provenance"]},
    )
    printed = capsys.readouterr().out
    assert "25 -> 26" in printed
    assert "Proposed entry" in printed


def test_a_review_that_changes_nothing_says_so_in_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    proposed = {**STORED, "provenance": PROVENANCE, "enrichment_metadata": {"enriched_at": "2026-11-21T01:00:00Z"}}
    review(Output(), {"review": asked(), "base": STORED, "proposed": proposed, "changed": OWN})
    printed = capsys.readouterr().out
    assert "nothing changes but bookkeeping" in printed
    assert "it does not answer" in printed
    assert "Proposed entry" not in printed
    assert len(printed.splitlines()) < 12


def test_the_title_of_an_episodes_review_names_the_episode(capsys: pytest.CaptureFixture[str]) -> None:
    review(Output(), {"review": asked(kinds=["episode"], episode_number="5"), "proposed": None, "changed": []})
    assert capsys.readouterr().out == "Cowboy Bebop, episode 5: episode, pending (rev_1)\n"
