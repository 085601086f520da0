"""Comparing both stores, and repairing the index from the documents.

The comparison walks both stores at once. They move meanwhile, so what differs is looked at again before it counts, and
an anime that a living execution holds is left out and named: its stores may differ until it has committed.

A repair takes the anime's lock, looks a third time, and writes what the entry demands. So it cannot undo a commit.
One that crashes leaves locks of its own: the same run goes on under them, any other one when they have run out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from domain.consistency import Difference, Kind
from models.anime import AnimeEntry
from models.errors import LockHeld
from models.events import LockRef, ReconcileInput
from models.vectors import VectorPoint
from workflows.chunks import chunked
from workflows.data_ports import DataPorts, without_members
from workflows.indexing import point_difference, points_of, side_by_side
from workflows.locking import acquire, has_ended
from workflows.names import name_part
from workflows.ports import Executions, Locks, Tokens
from workflows.reports import Reporter, read_report, reported

REPORT_KIND: Final = "reconcile"
CHUNK: Final = 100
"""Differing anime that are looked at, locked and repaired together."""

LEASE: Final = timedelta(minutes=5)
"""How long an anime stays locked where a repair crashes."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What keeps a repair and the pipeline apart. ``executions``: the enrichment machine."""

    locks: Locks
    executions: Executions
    tokens: Tokens


@dataclass(kw_only=True)
class _Findings:
    entries: int = 0
    points: int = 0
    differences: list[Difference] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Anime that are being worked on, with the execution that does."""
    fixed: list[str] = field(default_factory=list)


def reconcile(event: ReconcileInput, *, ports: DataPorts, guard: Guard) -> dict[str, Any]:
    """The report's result without its ``members``, which are the anime ids behind each figure.

    ``differences`` is the sum of the kinds of ``domain.consistency.Kind``, found before any repair; ``remaining`` those
    that are still there.
    """
    before = read_report(ports.objects, kind=REPORT_KIND, run_id=event.run_id)
    if before is not None and before.state == "succeeded":
        return without_members(before.result)
    reporter = Reporter(ports.objects, kind=REPORT_KIND, run_id=event.run_id, clock=ports.clock)
    with reported(reporter):
        owner = f"fix-{name_part(event.run_id)}"
        findings = _compare(owner, ports, guard, reporter)
        if event.fix:
            _fix(findings, owner, ports, guard, reporter)
        result = {**_result(findings, fix=event.fix), "report": reporter.key}
        reporter.succeed(result)
    return without_members(result)


def _result(findings: _Findings, *, fix: bool) -> dict[str, Any]:
    counts = Counter(found.kind for found in findings.differences)
    return {
        "entries": findings.entries,
        "points": findings.points,
        "differences": len(findings.differences),
        **{kind.value: counts[kind] for kind in Kind},
        "skipped": len(findings.skipped),
        "fix": fix,
        "fixed": len(findings.fixed),
        "remaining": len(findings.differences) - len(findings.fixed),
        "members": {
            **{
                kind.value: [
                    {"anime_id": found.anime_id, "fields": list(found.fields)}
                    for found in findings.differences
                    if found.kind is kind
                ]
                for kind in Kind
            },
            "skipped": [{"anime_id": anime_id, "owner": owner} for anime_id, owner in findings.skipped.items()],
            "fixed": findings.fixed,
        },
    }


def _compare(run: str, ports: DataPorts, guard: Guard, reporter: Reporter) -> _Findings:
    findings = _Findings()
    with ports.animes.snapshot() as reader:
        suspects = _suspects(side_by_side(reader.entries(), ports.vectors.scan(with_vectors=False)), findings, reporter)
    for chunk in chunked(suspects, CHUNK):
        for anime_id, found in _look_again(chunk, ports).items():
            owner = _working_on(anime_id, guard)
            if owner is None or owner == run:
                findings.differences.append(found)
            else:
                findings.skipped[anime_id] = owner
    return findings


def _suspects(
    pairs: Iterable[tuple[AnimeEntry | None, VectorPoint | None]], findings: _Findings, reporter: Reporter
) -> list[str]:
    suspects = []
    for number, (entry, point) in enumerate(pairs, start=1):
        findings.entries += entry is not None
        findings.points += point is not None
        anime_id = entry.anime_id if entry else point.anime_id if point else ""
        if point_difference(anime_id, entry, point):
            suspects.append(anime_id)
        if number % CHUNK == 0:
            reporter.progress(f"{number:,} anime compared")
    return suspects


def _look_again(anime_ids: Sequence[str], ports: DataPorts) -> dict[str, Difference]:
    points = {anime_id: ports.vectors.get(anime_id) for anime_id in anime_ids}
    entries = ports.animes.get_many(anime_ids)
    found = (point_difference(anime_id, entries.get(anime_id), points[anime_id]) for anime_id in anime_ids)
    return {one.anime_id: one for one in found if one is not None}


def _working_on(anime_id: str, guard: Guard) -> str | None:
    holder = guard.locks.holder(anime_id)
    return None if holder is None or has_ended(holder.owner, guard.executions) else holder.owner


def _fix(findings: _Findings, owner: str, ports: DataPorts, guard: Guard, reporter: Reporter) -> None:
    for chunk in chunked(findings.differences, CHUNK):
        locks: dict[str, LockRef] = {}
        try:
            for found in chunk:
                _lock(found.anime_id, owner, guard, locks, findings)
            _repair(list(locks), ports)
            findings.fixed.extend(locks)
        finally:
            for anime_id, lock in locks.items():
                guard.locks.release(anime_id, lock)
        reporter.progress(f"{len(findings.fixed):,} of {len(findings.differences):,} differences repaired")


def _lock(anime_id: str, owner: str, guard: Guard, locks: dict[str, LockRef], findings: _Findings) -> None:
    try:
        locks[anime_id] = acquire(
            anime_id,
            LockRef(owner=owner, token=guard.tokens()),
            lease=LEASE,
            locks=guard.locks,
            executions=guard.executions,
        )
    except LockHeld as held:
        findings.skipped[anime_id] = held.owner


def _repair(anime_ids: Sequence[str], ports: DataPorts) -> None:
    points = {anime_id: ports.vectors.get(anime_id) for anime_id in anime_ids}
    entries = ports.animes.get_many(anime_ids)
    surplus = [anime_id for anime_id, point in points.items() if point and anime_id not in entries]
    if surplus:
        ports.vectors.remove(surplus)
    if entries:
        pairs = [(entry, points[anime_id]) for anime_id, entry in entries.items()]
        ports.vectors.overwrite([point for point, _ in points_of(pairs, ports.embedder)])
