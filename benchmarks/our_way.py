"""The product's way: the first pass over the file, then the comparison of both sides as streams.

python -m benchmarks.our_way STORE RELEASE
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import measure_here
from benchmarks.stores import summaries
from domain.diffing import Figure, RaisedFlags, compare
from domain.releases import ReleaseLimits
from models.offline import WatchedEntry
from workflows.release_intake import read_entries, verify_release

LIMITS = ReleaseLimits(max_compressed_bytes=2**40, max_unpacked_bytes=2**40)


def entries(release: Path) -> Iterator[WatchedEntry]:
    with release.open("rb") as stream:
        yield from read_entries(stream, limits=LIMITS)


def compare_all(store: str, release: Path) -> dict[str, int]:
    verify_release(lambda: release.open("rb"), sha256=None, limits=LIMITS)
    raised = RaisedFlags((), release="")
    comparison = compare(summaries(store), lambda: entries(release), episode_counts={}, raised=raised)
    return {
        "entries": comparison.entries,
        "new": len(comparison.new),
        "orphaned": len(comparison.orphaned),
        **{figure.value: len(comparison.in_figure(figure)) for figure in Figure if figure is not Figure.RESURRECTED},
    }


if __name__ == "__main__":
    measure_here(lambda: compare_all(sys.argv[1], Path(sys.argv[2])))
