"""How well characters are matched: what stage 5 makes of Cowboy Bebop's recorded answers, against a table made by hand.

    python -m scripts.measure_characters [--errors {tuning,held-back}]

The unit is a pair of records of two catalogues that are one character. A row of the table is in the half for tuning or
in the one that is held back, by a hash of its id, and so are its pairs. Whoever changes the matching looks at errors of
the first half only; ``--errors held-back`` is for after it. Pairs that the table calls doubtful are neither right nor
wrong, but must stay apart. Exits 1 where the half that is held back falls short of the goal.
"""

import argparse
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.stages import run_stage
from models.events import Stage
from scripts.replayed import SUBJECT, answers

TABLE: Final = Path(__file__).parents[1] / "tests" / "data" / "characters" / "cowboy_bebop.json"
CATALOGUES: Final = ("mal", "anilist", "anidb")
TUNING: Final = "tuning"
HELD_BACK: Final = "held-back"
PRECISION: Final = 0.99
RECALL: Final = 0.95

Record = tuple[str, int]
"""A catalogue and a character's id there."""
Pair = frozenset[Record]


@dataclass(frozen=True, kw_only=True)
class Table:
    """``row_of``: by record, the first record of its row."""

    row_of: Mapping[Record, Record]
    pairs: frozenset[Pair]
    doubtful: frozenset[Pair]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Pairs of one half. ``joined_doubts`` should have been left to a person."""

    right: frozenset[Pair]
    wrong: frozenset[Pair]
    missing: frozenset[Pair]
    joined_doubts: frozenset[Pair]

    @property
    def precision(self) -> float:
        found = len(self.right) + len(self.wrong)
        return len(self.right) / found if found else 1.0

    @property
    def recall(self) -> float:
        wanted = len(self.right) + len(self.missing)
        return len(self.right) / wanted if wanted else 1.0

    def line(self) -> str:
        return (
            f"precision {self.precision:.3f}, recall {self.recall:.3f}: {len(self.right)} pairs right, "
            f"{len(self.wrong)} wrong, {len(self.missing)} missing, {len(self.joined_doubts)} doubtful ones joined"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the matching of characters against a table made by hand.")
    parser.add_argument("--errors", choices=(TUNING, HELD_BACK), help="list the errors of this half")
    arguments = parser.parse_args()
    table = read_table(json.loads(TABLE.read_text(encoding="utf-8")))
    part = run_stage(Stage.CHARACTERS, answers(), SUBJECT)
    found = measured(table, matched(part["characters"]))
    print(f"{len(part['characters'])} characters, {len(part.get('doubtful_matches', ()))} doubtful matches")
    for half, figures in found.items():
        print(f"{half:>9}: {figures.line()}")
        if half == arguments.errors:
            report(figures)
    reached = found[HELD_BACK].precision >= PRECISION and found[HELD_BACK].recall >= RECALL
    return 0 if reached else 1


def report(figures: Figures) -> None:
    for title, pairs in (("wrong", figures.wrong), ("missing", figures.missing), ("doubtful", figures.joined_doubts)):
        for pair in sorted(map(sorted, pairs)):
            print(f"  {title}: " + ", ".join(f"{catalogue} {identifier}" for catalogue, identifier in pair))


def read_table(content: Mapping[str, Any]) -> Table:
    rows = [records(row) for row in (*content["characters"], *content["elsewhere"])]
    doubtful = (records({**doubt["one"], **doubt["other"]}) for doubt in content["doubtful"])
    return Table(
        row_of={record: row[0] for row in rows for record in row},
        pairs=pairs(rows),
        doubtful=frozenset(map(frozenset, doubtful)),
    )


def records(ids: Mapping[str, Any]) -> list[Record]:
    return [(catalogue, int(ids[catalogue])) for catalogue in CATALOGUES if ids.get(catalogue) is not None]


def pairs(rows: Iterable[Sequence[Record]]) -> frozenset[Pair]:
    return frozenset(frozenset(two) for row in rows for two in itertools.combinations(row, 2))


def matched(characters: Iterable[Mapping[str, Any]]) -> frozenset[Pair]:
    return pairs(records(character.get("character_ids", {})) for character in characters)


def measured(table: Table, found: frozenset[Pair]) -> dict[str, Figures]:
    """By half."""
    return {
        half: Figures(
            right=of_half(table, half, found & table.pairs),
            wrong=of_half(table, half, found - table.pairs - table.doubtful),
            missing=of_half(table, half, table.pairs - found),
            joined_doubts=of_half(table, half, found & table.doubtful),
        )
        for half in (TUNING, HELD_BACK)
    }


def of_half(table: Table, half: str, found: Iterable[Pair]) -> frozenset[Pair]:
    """A pair belongs where the row of its first record does; that of MyAnimeList, where there is one."""
    return frozenset(pair for pair in found if half_of(table.row_of[min(pair, key=_order)]) == half)


def _order(record: Record) -> int:
    return CATALOGUES.index(record[0])


def half_of(record: Record) -> str:
    digest = hashlib.sha256(f"{record[0]}:{record[1]}".encode()).digest()
    return HELD_BACK if digest[0] % 2 else TUNING


if __name__ == "__main__":
    raise SystemExit(main())
