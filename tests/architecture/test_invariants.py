"""The table of invariants names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_invariant_names_tests_that_exist() -> None:
    rows = [line for line in (ROOT / "docs" / "invariants.md").read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, 12))
    missing = []
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        missing += [
            f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text()
        ]
    assert missing == []
