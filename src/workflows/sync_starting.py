"""Starting the enrichment of new anime, a bounded number a run.

All new anime of a release stay in the baseline's list until they are in ``animes`` or a reviewer rejected them, so a
machine that fails is started again by a later run. Those that were never tried come first in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from domain.diffing import Member
from domain.releases import ReleaseLimits, canonical_sources
from models.errors import AnimeError, LockHeld
from models.events import EnrichmentSubject
from workflows.ports import Animes, Executions, Locks, Objects
from workflows.release_intake import read_entries, read_lines

Item = TypeVar("Item")

_LOOK_UP_BATCH: Final = 500
_GIVE_UP_AFTER: Final = 3
"""Failures in a row after which a run starts nothing more: the service is down, not the anime at fault."""


class StartNew(Protocol):
    def __call__(self, subject: EnrichmentSubject, *, release: str) -> object:
        """Starts the machine in mode ``new``; ``release`` is the SHA.

        Raises:
            LockHeld: an execution works on this anime already.
        """
        ...


Prepare = Callable[[Sequence[Sequence[str]]], object]
"""Told the sources of all anime that are about to be started, so that catalogues can be asked for them together."""

IsRunning = Callable[[str], bool]
"""Whether an execution works on this anime now."""


@dataclass(kw_only=True)
class Starts:
    """What became of the new anime in one run. ``waiting`` were over the limit, or their start failed."""

    started: list[Member] = field(default_factory=list)
    running: list[Member] = field(default_factory=list)
    waiting: list[Member] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def order_of_next(self) -> list[Member]:
        return [*self.waiting, *self.running, *self.started]


@dataclass(frozen=True, kw_only=True)
class ReleaseFile:
    """A verified release in the bucket; ``sha`` is its identity."""

    objects: Objects
    key: str
    sha: str
    limits: ReleaseLimits

    def lines(self, members: Sequence[Member]) -> dict[str, dict[str, Any]]:
        """Whole lines of these anime, which this very release offered, by anime id."""
        first_urls = {member.sources[0]: member.anime_id for member in members}
        positions: dict[int, str] = {}
        with self.objects.open(self.key) as stream:
            for position, entry in enumerate(read_entries(stream, limits=self.limits)):
                anime_id = first_urls.get(canonical_sources(entry.sources)[0])
                if anime_id is not None:
                    positions[position] = anime_id
        with self.objects.open(self.key) as stream:
            found = read_lines(stream, wanted=positions, limits=self.limits)
            return {positions[position]: line for position, line in found}


def machine_runs(anime_id: str, *, locks: Locks, executions: Executions) -> bool:
    """Whether the lock's owner is an execution that has begun and not ended. A lock whose execution never began is left
    to the start itself: it waits for the lease, or takes over when that has expired."""
    holder = locks.holder(anime_id)
    if holder is None:
        return False
    status = executions.status(holder.owner)
    return status is not None and not status.ended


def still_new(members: Sequence[Member], *, animes: Animes, rejected: frozenset[str]) -> list[Member]:
    """Without those that are in ``animes`` by now, by any of their URLs, and those that a reviewer rejected."""
    remaining = [member for member in members if member.anime_id not in rejected]
    known: set[str] = set()
    for batch in batches(remaining, _LOOK_UP_BATCH):
        known |= animes.find_by_sources(url for member in batch for url in member.sources).keys()
    return [member for member in remaining if known.isdisjoint(member.sources)]


def sort_out(members: Sequence[Member], *, is_running: IsRunning) -> Starts:
    """All of them running or waiting; nothing is started yet."""
    starts = Starts()
    for member in members:
        (starts.running if is_running(member.anime_id) else starts.waiting).append(member)
    return starts


def start_waiting(
    starts: Starts,
    release: ReleaseFile,
    *,
    limit: int,
    start_new: StartNew,
    progress: Callable[[str], None],
    prepare: Prepare,
) -> None:
    """Start at most ``limit`` of those that wait, in their order."""
    candidates, waiting = starts.waiting[:limit], starts.waiting[limit:]
    if not candidates:
        return
    with suppress(AnimeError):  # it spares requests; each execution asks for itself what was not prepared
        prepare([member.sources for member in candidates])
    lines = release.lines(candidates)
    failures_in_a_row = 0
    failed: list[Member] = []
    for number, member in enumerate(candidates):
        if failures_in_a_row == _GIVE_UP_AFTER:
            waiting = [*candidates[number:], *waiting]
            starts.problems.append(f"gave up after {_GIVE_UP_AFTER} failed starts in a row")
            break
        progress(f"starting new anime {number + 1:,} of {len(candidates):,}")
        problem = _start(member, lines, release.sha, starts, start_new)
        failures_in_a_row = failures_in_a_row + 1 if problem else 0
        if problem:
            failed.append(member)
            starts.problems.append(f"{member.anime_id} was not started: {problem}")
    starts.waiting = [*waiting, *failed]


def _start(
    member: Member, lines: Mapping[str, dict[str, Any]], sha: str, starts: Starts, start_new: StartNew
) -> str | None:
    """What kept it from starting, in one line."""
    line = lines.get(member.anime_id)
    if line is None:
        return "the stored release does not hold it"
    subject = EnrichmentSubject(
        anime_id=member.anime_id, sources=member.sources, title=str(line["title"]), offered=line
    )
    try:
        start_new(subject, release=sha)
    except LockHeld:
        starts.running.append(member)
    except AnimeError as error:
        return " ".join(str(error).split())
    else:
        starts.started.append(member)
    return None


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
