"""Compare two full releases with the product's own functions, and hold the result against a written list of changes.

    python -m scripts.check_changes FIRST.jsonl.zst SECOND.jsonl.zst CHANGES.json

Prints each figure beside the one wanted; exits 1 where a number or a member differs.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from domain.diffing import Comparison, Figure, RaisedFlags, compare
from domain.releases import ReleaseLimits, canonical_sources
from models.ids import canonical_source, mint_anime_id
from models.offline import WatchedEntry
from workflows.ports import AnimeSummary
from workflows.release_intake import read_entries, verify_release

LIMITS: Final = ReleaseLimits()

Identity = tuple[str, ...]
"""The sources of an anime, sorted; of a flagged one the stored and the offered value after them."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the comparison of two releases against a list of changes.")
    for name in ("first", "second", "changes"):
        parser.add_argument(name, type=Path)
    paths = parser.parse_args()
    for path in (paths.first, paths.second):
        facts = verify_release(partial(path.open, "rb"), sha256=None, limits=LIMITS)
        print(f"{facts.release}: {facts.entries:,} entries, {facts.unpacked_bytes:,} bytes unpacked")
    comparison = compare(
        bootstrapped(paths.first),
        lambda: entries(paths.second),
        episode_counts={},
        raised=RaisedFlags((), release="second"),
    )
    return report(found(comparison), wanted(json.loads(paths.changes.read_text())))


def entries(path: Path) -> Iterator[WatchedEntry]:
    with path.open("rb") as stream:
        yield from read_entries(stream, limits=LIMITS)


def bootstrapped(path: Path) -> Iterator[AnimeSummary]:
    """What a bootstrap from this release leaves in the store."""
    for entry in entries(path):
        sources = canonical_sources(entry.sources)
        yield AnimeSummary(
            anime_id=mint_anime_id(canonical_source(sources)),
            sources=sources,
            offered_sources=sources,
            status=entry.status.value,
            episodes=entry.episodes,
            enriched=False,
            orphaned=False,
        )


def found(comparison: Comparison) -> dict[str, set[Identity]]:
    """Members by figure. Of a moved anime the sources are those that it has now, so also the ones it lost."""
    return {
        "new": {new.sources for new in comparison.new},
        "orphaned": {member.sources for member in comparison.orphaned},
        "status_flagged": flagged(comparison, "status"),
        "episodes_flagged": flagged(comparison, "episodes"),
        "episodes_fewer": {change.offered for change in comparison.in_figure(Figure.EPISODES_FEWER)},
        "moved": {change.sources for change in comparison.in_figure(Figure.MOVED)},
        "resurrected": {change.offered for change in comparison.in_figure(Figure.RESURRECTED)},
        "conflicts": {member.sources for conflict in comparison.conflicts for member in conflict.members},
    }


def flagged(comparison: Comparison, field: str) -> set[Identity]:
    return {
        (*change.offered, flag.stored, flag.offered)
        for change in comparison.changes
        for flag in change.flags
        if flag.field == field
    }


def wanted(changes: dict[str, Any]) -> dict[str, set[Identity]]:
    def with_values(name: str) -> set[Identity]:
        return {(*identity(one["sources"]), str(one["from"]), str(one["to"])) for one in changes[name]}

    return {
        "new": set(map(identity, changes["new"])),
        "orphaned": set(map(identity, changes["removed"])),
        "status_flagged": with_values("status_changed"),
        "episodes_flagged": with_values("episodes_more"),
        "episodes_fewer": {identity(one["sources"]) for one in changes["episodes_fewer"]},
        "moved": {identity([*one["kept"], one["dropped"]]) for one in changes["source_moved"]},
        "resurrected": set(),
        "conflicts": set(),
    }


def identity(urls: list[str]) -> Identity:
    return canonical_sources(urls)


def report(found: dict[str, set[Identity]], wanted: dict[str, set[Identity]]) -> int:
    """The exit code."""
    for name, members in wanted.items():
        verdict = "equal" if found[name] == members else "DIFFERENT MEMBERS"
        print(f"{name:18} {len(found[name]):6,} found, {len(members):6,} wanted: {verdict}")
    return int(found != wanted)


if __name__ == "__main__":
    sys.exit(main())
