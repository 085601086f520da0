"""What a sync against the second sample release must report, worked out naively.

Nothing of ``src`` is used: whole files in memory, one pass an entry, URLs compared as they are spelled. The stores are
taken to hold the sample enriched entries, and below them what the first release offers and they do not hold.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Entry = Mapping[str, Any]

FIGURES: Final = (
    "new",
    "unchanged",
    "changed",
    "status_flagged",
    "episodes_flagged",
    "episodes_fewer",
    "moved",
    "resurrected",
    "orphaned",
    "conflicts",
)
CHANGES: Final = ("status_flagged", "episodes_flagged", "episodes_fewer", "moved", "resurrected")


def stored_after_bootstrap(enriched: Sequence[Entry], first: Sequence[Entry]) -> list[dict[str, Any]]:
    """The stored anime that a sync compares with. ``offered`` is None where no release has offered the anime yet."""
    stored: list[dict[str, Any]] = [
        {
            "sources": set(entry["sources"]),
            "offered": None,
            "status": entry["status"],
            "episodes": len(entry["episode_details"]),
            "orphaned": entry.get("system_status") == "ORPHANED",
        }
        for entry in enriched
    ]
    for line in first:
        urls = set(line["sources"])
        owner = next((anime for anime in stored if anime["sources"] & urls), None)
        if owner is None:
            stored.append(
                {
                    "sources": urls,
                    "offered": urls,
                    "status": line["status"],
                    "episodes": line["episodes"],
                    "orphaned": False,
                }
            )
    return stored


def expected(enriched: Sequence[Entry], first: Sequence[Entry], second: Sequence[Entry]) -> dict[str, Any]:
    """``{"entries": n, <figure>: n, ..., "members": {<figure>: [[source, ...], ...]}}``.

    A member is named by the sources that the second release offers; an orphan by those that we hold.
    """
    stored = stored_after_bootstrap(enriched, first)
    members: dict[str, list[list[str]]] = {figure: [] for figure in FIGURES}
    seen: set[int] = set()
    touched = [[n for n, anime in enumerate(stored) if anime["sources"] & set(line["sources"])] for line in second]
    for line, owners in zip(second, touched, strict=True):
        seen.update(owners)
        sources = sorted(line["sources"])
        for figure in _figures(line, [stored[n] for n in owners], shared=_shared(owners, touched)):
            members[figure].append(sources)
    members["orphaned"] = [
        sorted(anime["sources"]) for n, anime in enumerate(stored) if n not in seen and not anime["orphaned"]
    ]
    return {
        "entries": len(second),
        **{figure: len(members[figure]) for figure in FIGURES},
        "members": {figure: sorted(members[figure]) for figure in FIGURES if figure != "unchanged"},
    }


def _shared(owners: Sequence[int], touched: Sequence[Sequence[int]]) -> bool:
    return any(sum(n in others for others in touched) > 1 for n in owners)


def _figures(line: Entry, owners: Sequence[Entry], *, shared: bool) -> list[str]:
    if len(owners) > 1 or shared:
        return ["conflicts"]
    if not owners:
        return ["new"]
    changes = [figure for figure in CHANGES if _CHECKS[figure](line, owners[0])]
    return [*changes, "changed"] if changes else ["unchanged"]


_CHECKS: Final[Mapping[str, Callable[[Entry, Entry], bool]]] = {
    "status_flagged": lambda line, anime: line["status"] not in {"UNKNOWN", anime["status"]},
    "episodes_flagged": lambda line, anime: line["episodes"] > anime["episodes"],
    "episodes_fewer": lambda line, anime: 0 < line["episodes"] < anime["episodes"],
    "moved": lambda line, anime: anime["offered"] is not None and anime["offered"] != set(line["sources"]),
    "resurrected": lambda _line, anime: anime["orphaned"],
}
