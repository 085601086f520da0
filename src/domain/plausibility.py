"""Whether a release would change more than is believable.

A broken or foreign file that is formally right would orphan or flag much of what we have. So a run stops before it
writes, and a person who knows better can let it pass.
"""

from domain.diffing import FLAGGED, Comparison
from models.errors import ImplausibleChange

OVERRIDE = "--accept-mass-change"


def check_plausible(comparison: Comparison, *, percent: float) -> None:
    """Of our anime that are not orphaned, at most ``percent`` may become orphaned, flagged or part of a conflict, and
    the release may have at most ``percent`` fewer entries than they are.

    Raises:
        ImplausibleChange: with the figures, and how to override.
    """
    limit = comparison.active * percent / 100
    flagged = sum(not FLAGGED.isdisjoint(change.figures) for change in comparison.changes)
    conflicting = sum(len(conflict.members) for conflict in comparison.conflicts)
    fall = comparison.active - comparison.entries
    complaints = []
    if len(comparison.orphaned) + flagged + conflicting > limit:
        complaints.append(
            f"{len(comparison.orphaned):,} anime would be orphaned, {flagged:,} flagged, "
            f"{conflicting:,} entries would be in conflict"
        )
    if fall > limit:
        complaints.append(f"the release has {comparison.entries:,} entries, {fall:,} fewer than we have anime")
    if complaints:
        raise ImplausibleChange(
            f"implausible change: {' and '.join(complaints)}, where the limit is {percent:g} % of "
            f"{comparison.active:,}; nothing was changed; check the file, or repeat with {OVERRIDE}"
        )
