"""What is a theme and what is none: every word about an anime has one place in the entry."""

from itertools import combinations
from typing import Any, Final

import pytest

from domain.stages import run_stage, taxonomy, values
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, answers

SETS: Final = {
    "genres": taxonomy.GENRES,
    "demographics": taxonomy.DEMOGRAPHICS,
    "content warnings": taxonomy.WARNINGS,
    "themes": taxonomy.THEMES,
}


def metadata(**by_catalogue: Any) -> dict[str, Any]:
    return run_stage(
        Stage.METADATA, {Catalogue(name): {"anime": anime} for name, anime in by_catalogue.items()}, SUBJECT
    )


def named(*words: str) -> list[dict[str, str]]:
    return [{"name": word} for word in words]


def tags(*words: str) -> list[dict[str, Any]]:
    return [{"name": word, "weight": 600, "description": f"about {word}"} for word in words]


def of_genre(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "route": name.lower()}]


@pytest.mark.parametrize(("one", "other"), list(combinations(SETS, 2)))
def test_a_word_stands_in_one_set_alone(one: str, other: str) -> None:
    assert SETS[one].keys() & SETS[other].keys() == set()


def test_warnings_genres_and_demographics_are_no_themes() -> None:
    entry = metadata(anidb={"tags": tags("nudity", "drugs", "comedy", "science fiction", "seinen", "air combat")})
    assert entry["themes"] == [{"name": "air combat", "description": "about air combat"}]
    assert entry["content_warnings"] == ["Nudity", "Drug Use"]
    assert entry["demographics"] == ["Seinen"]
    assert {"comedy", "sci-fi", "air combat"} <= set(entry["tags"])


def test_a_genre_of_no_edited_list_is_a_tag_and_no_genre() -> None:
    entry = metadata(anidb={"tags": tags("romance")}, jikan={"genres": named("Action")})
    assert entry["genres"] == ["Action"]
    assert "romance" in entry["tags"]


def test_a_theme_of_myanimelist_that_is_a_genre_elsewhere_is_a_genre() -> None:
    entry = metadata(jikan={"genres": named("Action"), "themes": named("Mecha", "Space")})
    assert entry["genres"] == ["Action", "Mecha"]
    assert entry["themes"] == [{"name": "Space"}]
    assert entry["provenance"]["origins"]["genres"] == {"items": ["mal", "mal"]}


def test_a_known_theme_among_genres_is_a_theme_and_no_unknown_word() -> None:
    entry = metadata(animeschedule={"genres": [*of_genre("space"), *of_genre("Action"), *of_genre("Polka")]})
    assert entry["themes"] == [{"name": "Space"}]
    assert entry["genres"] == ["Action"]
    assert entry["provenance"]["origins"]["themes"] == {"items": ["animeschedule"]}
    assert [one["value"] for one in entry["provenance"]["unknown_values"]] == ["Polka"]


def test_a_theme_that_is_called_a_genre_elsewhere_is_one_theme() -> None:
    entry = metadata(
        animeschedule={"genres": of_genre("Space")}, anidb={"tags": tags("space", "bounty hunter")}, jikan={}
    )
    assert [theme["name"] for theme in entry["themes"]] == ["space", "bounty hunter"]
    assert entry["themes"][0]["description"] == "about space"
    assert entry["provenance"]["origins"]["themes"] == {"items": ["anidb", "anidb"]}


def test_no_theme_of_cowboy_bebop_has_another_place() -> None:
    entry = run_stage(Stage.METADATA, answers(), SUBJECT)
    names = {values.folded(theme["name"]) for theme in entry["themes"]}
    assert names & taxonomy.ELSEWHERE == set()
    assert {"space", "adult cast", "bounty hunter", "noir"} <= names
    assert "unknown_values" not in entry["provenance"]
