"""Pages of the documents that are made from the program: written where they differ, or only judged."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def write_or_check(script: str, pages: Callable[[], Mapping[str, str]], arguments: Sequence[str]) -> int:
    """``pages`` are texts by file name. Returns the exit code: 1 where ``--check`` finds one that is out of date."""
    parser = argparse.ArgumentParser(prog=f"python -m scripts.{script}")
    parser.add_argument("--out", type=Path, default=DOCS)
    parser.add_argument("--check", action="store_true", help="only say whether the pages are up to date")
    given = parser.parse_args(arguments)
    stale = False
    for name, text in pages().items():
        path: Path = given.out / name
        if path.exists() and path.read_text() == text:
            continue
        stale = True
        if given.check:
            sys.stderr.write(f"{name} is out of date; run: make diagrams\n")
        else:
            path.write_text(text)
            print(path)
    return 1 if stale and given.check else 0
