"""What a release changes for anime that we have, and the comparison as a whole.

Rules for one anime and the entry that offers it:

* Status UNKNOWN or 0 episodes offered is no information. Any other status that differs from ours raises a flag.
* More episodes than ours raise a flag, fewer are left alone. Ours are the stored episode documents where the anime was
  ever enriched, else the anime's own number.
* Offered URLs other than those last offered: the anime moved. A first offer is only recorded. ``sources`` only grows.
* An orphaned anime that is offered again is resurrected.
* A flag (anime, field, offered value) that an earlier release raised is not raised again and the anime counts as
  unchanged in that respect. One that this release raised already (an interrupted run, repeated) is counted only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from domain.matching import Component, match
from domain.releases import canonical_sources, text_identity
from models.ids import canonical_source, mint_anime_id
from models.offline import OfflineStatus, WatchedEntry
from models.review import Flag, RaisedFlag


class Stored(Protocol):
    """What the comparison reads of an anime of ours."""

    @property
    def anime_id(self) -> str: ...
    @property
    def sources(self) -> tuple[str, ...]: ...
    @property
    def offered_sources(self) -> tuple[str, ...] | None: ...
    @property
    def status(self) -> str: ...
    @property
    def episodes(self) -> int: ...
    @property
    def enriched(self) -> bool: ...
    @property
    def orphaned(self) -> bool: ...


class Figure(StrEnum):
    """Ways in which an anime that we have can be touched by a release; one anime can be in several."""

    STATUS_FLAGGED = "status_flagged"
    EPISODES_FLAGGED = "episodes_flagged"
    EPISODES_FEWER = "episodes_fewer"
    MOVED = "moved"
    RESURRECTED = "resurrected"


FLAGGED: Final = frozenset({Figure.STATUS_FLAGGED, Figure.EPISODES_FLAGGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One line of a report. ``sources`` are those that the release offers; of an orphaned anime its own."""

    anime_id: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What to do about one anime that a release offers.

    ``title`` and ``offered`` (URLs) are the release's. ``flags`` are those to raise, ``figures`` those that the anime
    counts in. ``sources`` is the union of our URLs and the offered; ``add_sources`` are those of it that we lack.
    """

    anime_id: str
    title: str
    offered: tuple[str, ...]
    sources: tuple[str, ...]
    flags: tuple[Flag, ...] = ()
    figures: frozenset[Figure] = frozenset()
    add_sources: tuple[str, ...] = ()
    record_offer: bool = False
    resurrect: bool = False

    @property
    def member(self) -> Member:
        return Member(anime_id=self.anime_id, sources=self.offered)

    @property
    def writes(self) -> bool:
        """Whether a field that sync owns changes."""
        return self.record_offer or self.resurrect


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """An entry that is none of ours; ``position`` counts the release's entries from 0."""

    position: int
    anime_id: str
    sources: tuple[str, ...]

    @property
    def member(self) -> Member:
        return Member(anime_id=self.anime_id, sources=self.sources)


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Entries and anime of ours that share source URLs in another way than one to one.

    ``anime_id`` stands for the whole: the smallest id of ours, else the one that the first entry would get.
    ``members`` are the entries, each with the anime of ours that it touches, else the id that it would get.
    ``raised``: a review was asked for before.
    """

    anime_id: str
    ours: tuple[str, ...]
    title: str
    flag: Flag
    members: tuple[Member, ...]
    raised: bool


@dataclass(kw_only=True)
class Comparison:
    """``active`` counts our anime that were not orphaned before.

    Every entry is in exactly one of ``new``, ``changes`` with figures, ``unchanged`` and ``conflicts``. ``changes``
    also holds unchanged anime whose first offer is to be recorded.
    """

    ours: int = 0
    active: int = 0
    entries: int = 0
    new: list[NewEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: list[Member] = field(default_factory=list)
    orphaned: list[Member] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def changed(self) -> list[Change]:
        return [change for change in self.changes if change.figures]

    def in_figure(self, figure: Figure) -> list[Change]:
        return [change for change in self.changes if figure in change.figures]

    def make_conflict(self, change: Change, *, other_owners: Iterable[str]) -> None:
        """Of a change that cannot be written, as URLs of it belong to other anime by now."""
        self.changes.remove(change)
        self.unchanged = [member for member in self.unchanged if member.anime_id != change.anime_id]
        ours = tuple(sorted({change.anime_id, *other_owners}))
        self.conflicts.append(_as_conflict(ours, (change.member,), change.title, RaisedFlags((), release="")))


class RaisedFlags:
    """Flags that were raised before; of each is known whether an earlier release did it, or this one."""

    def __init__(self, raised: Iterable[RaisedFlag], *, release: str) -> None:
        self._by_this: dict[tuple[str, str, str], bool] = {}
        for flag in raised:
            identity = (flag.anime_id, flag.field, flag.offered)
            self._by_this[identity] = self._by_this.get(identity, True) and flag.release == release

    def known_before(self, anime_id: str, flag: Flag) -> bool:
        return self._by_this.get((anime_id, flag.field, flag.offered)) is False

    def raised(self, anime_id: str, flag: Flag) -> bool:
        return (anime_id, flag.field, flag.offered) in self._by_this


def diff(
    stored: Stored, entry: WatchedEntry, offered: tuple[str, ...], *, episode_documents: int, raised: RaisedFlags
) -> Change:
    """``offered`` are the entry's canonical sources, sorted."""
    figures = set[Figure]()
    flags = []
    for figure, flag in _flags(
        stored, entry, stored_episodes=episode_documents if stored.enriched else stored.episodes
    ):
        if flag is None:
            figures.add(figure)
        elif not raised.known_before(stored.anime_id, flag):
            figures.add(figure)
            flags += [] if raised.raised(stored.anime_id, flag) else [flag]
    last = stored.offered_sources
    moved = last is None or set(last) != set(offered)
    if moved and last is not None:
        figures.add(Figure.MOVED)
    if stored.orphaned:
        figures.add(Figure.RESURRECTED)
    known = frozenset(stored.sources)
    added = tuple(url for url in offered if url not in known)
    return Change(
        anime_id=stored.anime_id,
        title=entry.title,
        offered=offered,
        sources=tuple(sorted((*stored.sources, *added))) if added else stored.sources,
        flags=tuple(flags),
        figures=frozenset(figures),
        add_sources=added,
        record_offer=moved,
        resurrect=stored.orphaned,
    )


def _flags(stored: Stored, entry: WatchedEntry, *, stored_episodes: int) -> Iterator[tuple[Figure, Flag | None]]:
    if entry.status is not OfflineStatus.UNKNOWN and entry.status.value != stored.status:
        yield Figure.STATUS_FLAGGED, Flag(field="status", stored=str(stored.status), offered=entry.status.value)
    if entry.episodes > stored_episodes:
        flag = Flag(field="episodes", stored=str(stored_episodes), offered=str(entry.episodes))
        yield Figure.EPISODES_FLAGGED, flag
    elif 0 < entry.episodes < stored_episodes:
        yield Figure.EPISODES_FEWER, None


def compare(
    ours: Iterable[Stored],
    read_release: Callable[[], Iterable[WatchedEntry]],
    *,
    episode_counts: Mapping[str, int],
    raised: RaisedFlags,
) -> Comparison:
    """Compare all of our anime with a release, which is read twice so that it never lies in memory whole.

    Raises:
        ValueError: a source of the release is no URL.
    """
    stored: list[Stored] = []

    def sources_of_ours() -> Iterator[tuple[str, ...]]:
        for anime in ours:
            stored.append(anime)
            yield anime.sources

    matching = match(sources_of_ours(), (canonical_sources(entry.sources) for entry in read_release()))
    comparison = Comparison(
        ours=len(stored), active=sum(not anime.orphaned for anime in stored), entries=len(matching.partner)
    )
    conflicting = {position: conflict for conflict in matching.conflicts for position in conflict.entries}
    seen: dict[int, tuple[str, tuple[str, ...]]] = {}
    for position, entry in enumerate(read_release()):
        offered = canonical_sources(entry.sources)
        partner = matching.partner[position]
        if partner >= 0:
            anime = stored[partner]
            if offered == anime.sources:
                offered = anime.sources  # one copy of the texts in memory instead of two
            documents = episode_counts.get(anime.anime_id, 0)
            _sort_in(comparison, diff(anime, entry, offered, episode_documents=documents, raised=raised))
        elif position in conflicting:
            seen[position] = (entry.title, offered)
        else:
            comparison.new.append(NewEntry(position=position, anime_id=_minted(offered), sources=offered))
    comparison.orphaned.extend(
        Member(anime_id=stored[position].anime_id, sources=stored[position].sources)
        for position in matching.missing
        if not stored[position].orphaned
    )
    comparison.conflicts.extend(_conflict(component, stored, seen, raised) for component in matching.conflicts)
    return comparison


def keep_minted(new: Sequence[NewEntry], minted: Iterable[Member]) -> list[NewEntry]:
    """Entries under the ids that an earlier release gave them, found by any of their URLs.

    ``minted`` are new anime of the earlier release that are not stored yet; one may be in review when a release drops
    the very URL that its id comes from. No two entries get the same id.
    """
    by_url = {url: member.anime_id for member in minted for url in member.sources}
    known = set(by_url.values())
    taken = {entry.anime_id for entry in new}
    kept = []
    for entry in new:
        earlier = sorted({by_url[url] for url in entry.sources if url in by_url} - taken)
        own = not earlier or entry.anime_id in known
        kept.append(entry if own else replace(entry, anime_id=earlier[0]))
        taken.add(kept[-1].anime_id)
    return kept


def _sort_in(comparison: Comparison, change: Change) -> None:
    if change.figures or change.writes:
        comparison.changes.append(change)
    if not change.figures:
        comparison.unchanged.append(change.member)


def _minted(offered: tuple[str, ...]) -> str:
    return mint_anime_id(canonical_source(offered))


def _conflict(
    component: Component,
    stored: list[Stored],
    seen: Mapping[int, tuple[str, tuple[str, ...]]],
    raised: RaisedFlags,
) -> Conflict:
    touched = {url: stored[position].anime_id for position in component.ours for url in stored[position].sources}
    members = []
    for position in component.entries:
        offered = seen[position][1]
        ids = sorted(touched[url] for url in offered if url in touched)
        members.append(Member(anime_id=ids[0] if ids else _minted(offered), sources=offered))
    ours = tuple(sorted(stored[position].anime_id for position in component.ours))
    return _as_conflict(ours, tuple(members), seen[component.entries[0]][0], raised)


def _as_conflict(ours: tuple[str, ...], members: tuple[Member, ...], title: str, raised: RaisedFlags) -> Conflict:
    anime_id = ours[0] if ours else min(member.anime_id for member in members)
    entries = sorted(" ".join(member.sources) for member in members)
    flag = Flag(field="conflict", stored=text_identity(ours), offered=text_identity(entries))
    return Conflict(
        anime_id=anime_id,
        ours=ours,
        title=title,
        flag=flag,
        members=members,
        raised=raised.raised(anime_id, flag),
    )
