"""How well characters are matched: figures against the table made by hand, and the table itself."""

import copy
import itertools
import json
from typing import Any

import pytest

from domain.stages.characters import characters
from models.events import Catalogue
from scripts import measure_characters as measure
from scripts.measure_characters import CATALOGUES, HELD_BACK, PRECISION, RECALL, TABLE, TUNING, Figures, Table
from scripts.replayed import answers


def content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def table() -> Table:
    return measure.read_table(content())


def figures(given: dict[Catalogue, dict[str, Any]]) -> dict[str, Figures]:
    return measure.measured(table(), measure.matched(characters(given)["characters"]))


@pytest.mark.parametrize("half", [HELD_BACK, TUNING])
def test_matches_are_right_and_few_are_missing(half: str) -> None:
    found = figures(answers())[half]
    print(f"{half}: {found.line()}")  # noqa: T201 - the figures, for those who run it with -s
    assert found.precision >= PRECISION, sorted(map(sorted, found.wrong))
    assert found.recall >= RECALL, sorted(map(sorted, found.missing))
    assert not found.joined_doubts


@pytest.mark.parametrize("half", [HELD_BACK, TUNING])
def test_without_voices_there_are_fewer_matches_and_no_wrong_ones(half: str) -> None:
    """A measure of the names alone, as most anime have no such lists of voices."""
    silent = copy.deepcopy(answers())
    for edge in silent[Catalogue.JIKAN]["characters"]:
        edge["voice_actors"] = []
    for edge in silent[Catalogue.ANILIST]["characters"]:
        edge["voiceActors"] = []
    found = figures(silent)[half]
    assert found.precision >= PRECISION
    assert found.recall >= 0.8


@pytest.mark.parametrize("half", [HELD_BACK, TUNING])
def test_without_native_names_and_nicknames_there_are_no_wrong_matches(half: str) -> None:
    plain = copy.deepcopy(answers())
    for detail in plain[Catalogue.JIKAN]["character_details"]:
        detail.update(name_kanji=None, nicknames=[])
    for edge in plain[Catalogue.ANILIST]["characters"]:
        edge["node"]["name"].update(native=None, alternative=[])
    found = figures(plain)[half]
    assert found.precision >= PRECISION
    assert found.recall >= 0.8


# ----------------------------------------------------------------------------------------------------------- the table


def test_the_table_tells_of_every_record_once() -> None:
    recorded = {
        "mal": [edge["character"]["mal_id"] for edge in answers()[Catalogue.JIKAN]["characters"]],
        "anilist": [edge["node"]["id"] for edge in answers()[Catalogue.ANILIST]["characters"]],
        "anidb": [int(item["id"]) for item in answers()[Catalogue.ANIDB]["anime"]["characters"]],
    }
    rows = [*content()["characters"], *content()["elsewhere"]]
    told = {catalogue: [row[catalogue] for row in rows if row[catalogue] is not None] for catalogue in CATALOGUES}
    assert {catalogue: sorted(ids) for catalogue, ids in told.items()} == {
        catalogue: sorted(ids) for catalogue, ids in recorded.items()
    }
    assert [len(recorded[catalogue]) for catalogue in CATALOGUES] == [126, 69, 94]


def test_a_doubtful_pair_is_in_no_row_and_says_why() -> None:
    assert not table().pairs & table().doubtful
    assert all(doubt["because"] for doubt in content()["doubtful"])


def test_both_halves_are_large_and_a_row_is_in_one_of_them() -> None:
    first = [measure.records(row)[0] for row in content()["characters"]]
    halves = {half: sum(measure.half_of(record) == half for record in first) for half in (TUNING, HELD_BACK)}
    assert sum(halves.values()) == 126
    assert min(halves.values()) >= 50
    for half, other in itertools.permutations((TUNING, HELD_BACK)):
        assert not measure.of_half(table(), half, table().pairs) & measure.of_half(table(), other, table().pairs)


def test_a_wrong_and_a_missing_match_lower_the_figures() -> None:
    spike, other = frozenset({("mal", 1), ("anidb", 270)}), frozenset({("mal", 1), ("anidb", 400)})
    found = measure.measured(table(), table().pairs - {spike} | {other})
    assert sum(len(half.wrong) for half in found.values()) == 1
    assert sum(len(half.missing) for half in found.values()) == 1
    assert min(half.precision for half in found.values()) < 1
    assert min(half.recall for half in found.values()) < 1


def test_the_program_prints_both_halves_and_says_whether_the_goal_is_reached(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["measure_characters", "--errors", "tuning"])
    assert measure.main() == 0
    printed = capsys.readouterr().out
    assert f"{HELD_BACK}: precision 1.000, recall 1.000" in printed
    assert f"{TUNING}: precision" in printed
    monkeypatch.setattr(measure, "RECALL", 1.01)
    assert measure.main() == 1
