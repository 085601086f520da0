"""The day ahead: a one-time schedule for each episode that airs, and the start of what premieres or has fallen silent.

Rules:

* A day is ``at <= time < at + 24 hours``. Runs whose days overlap, or that are repeated, change nothing: a schedule is
  known by its name, an execution by its cause.
* An episode whose day alone is known airs at the weekly broadcast time where that falls on the day or the night after
  it; otherwise it counts as aired by the end of the day in Japan, when the catalogues know of it (``domain.airing``).
* A premiere is the catalogue's premiere date, else the first day of airing. The latter counts only where its wording
  names a day: ``2026`` and ``Oct 2026`` are recorded as the first day of the year and the month.
* A series on air that has fallen silent (``domain.stalled``) is enriched anew: once a week at most, so many a
  day, and those first that were heard of last. Where its lock is held, somebody works on it or waits for a decision
  already, so nothing is kept as pending: as what is put off, it has its turn after the next week of silence.
* What fails is reported and keeps nothing else from being done. Failures that may pass fail the run at its end, so that
  it is repeated; the others would fail again.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from domain.airing import WeeklySlot, airs_at, broadcast_slot, day_in_japan, due_between, names_a_day
from domain.stalled import Silence, silence_of
from models.anime import AnimeEntry
from models.errors import AnimeError, BadInput, LockHeld, Retryable, Unavailable
from models.events import EnrichmentSubject, EnrichOutput, EpisodeInput, Mode
from models.vocabulary import AnimeStatus
from workflows.chunks import chunked
from workflows.launching import LaunchPorts, start_event, start_locked, subject_of
from workflows.ports import Animes, Schedules
from workflows.reports import error_line

LOOK_AHEAD: Final = timedelta(hours=24)
MAX_SCHEDULE_NAME: Final = 64
MOST_REFRESHED: Final = 20
"""So many silent series are looked up a day: each asks all catalogues, and a person for a decision."""

_WATCHED: Final = frozenset({AnimeStatus.ONGOING.value, AnimeStatus.UPCOMING.value})
_CHUNK: Final = 200
"""Entries in memory at a time."""

_STEP_MINUTES: Final = 5


@dataclass(kw_only=True)
class _Day:
    """What came of one run."""

    begin: datetime
    end: datetime
    schedules: list[str] = field(default_factory=list)
    by_day_only: int = 0
    started: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    silent: list[tuple[Silence, EnrichmentSubject]] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    put_off: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    passing: list[str] = field(default_factory=list)
    """Those of the problems that may pass."""

    @contextmanager
    def reporting(self, what: str) -> Iterator[None]:
        try:
            yield
        except AnimeError as error:
            problem = f"{what}: {error_line(error)}"
            self.problems.append(problem)
            if isinstance(error, Retryable):
                self.passing.append(problem)

    def result(self) -> dict[str, Any]:
        return {
            "begin": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "scheduled": len(self.schedules),
            "by_day_only": self.by_day_only,
            "premieres_started": len(self.started),
            "premieres_pending": len(self.pending),
            "stalled_started": len(self.refreshed),
            "stalled_locked": len(self.locked),
            "stalled_put_off": len(self.put_off),
            "failed": len(self.problems),
            "schedules": self.schedules,
            "premieres": [*self.started, *self.pending],
            "stalled": [*self.refreshed, *self.locked, *self.put_off],
            "problems": self.problems,
        }


def schedule_day(at: datetime, *, schedules: Schedules, launch: LaunchPorts) -> dict[str, Any]:
    """Schedules the episodes and starts the premieres of the 24 hours from ``at``, and looks up what fell silent.

    The result: the window's ``begin`` and ``end``; the figures ``scheduled`` (episodes that have a schedule now, of
    them ``by_day_only`` at the end of their day), ``premieres_started`` (that have an execution now),
    ``premieres_pending`` (locked, started afterwards), ``stalled_started`` (silent series that have an execution now),
    ``stalled_locked`` and ``stalled_put_off`` (not looked up this week) and ``failed``; the members ``schedules``
    (names), ``premieres`` and ``stalled`` (anime ids) and ``problems`` (lines).

    Raises:
        Retryable: the database does not answer, or some of it failed in a way that may pass; the rest is done.
    """
    begin = at.astimezone(UTC)
    day = _Day(begin=begin, end=begin + LOOK_AHEAD)
    watched = [one.anime_id for one in launch.animes.summaries() if one.status in _WATCHED and not one.orphaned]
    for entry in _entries(sorted(watched), launch.animes, day):
        if entry.status is AnimeStatus.ONGOING:
            _schedule_episodes(entry, day, schedules)
            _note_silence(entry, day)
        elif entry.status is AnimeStatus.UPCOMING:
            _start_premiere(entry, day, launch)
    _refresh_silent(day, launch)
    if day.passing:
        raise Unavailable(f"{len(day.passing)} could not be handled now, the rest is done; first: {day.passing[0]}")
    return day.result()


def run_episode(event: EpisodeInput, *, launch: LaunchPorts) -> EnrichOutput:
    """What an episode's schedule starts. The same anime, episode and time twice are one execution.

    Raises:
        NotFound: no such anime.
        BadInput: the episode's number is none.
    """
    return start_event(
        event.anime_id,
        Mode.EPISODE,
        event.scheduled_time.astimezone(UTC).isoformat(),
        ports=launch,
        episode_number=event.episode_number,
    )


def schedule_name(anime_id: str, number: str) -> str:
    """``number`` in canonical spelling.

    Raises:
        BadInput: the name would be longer than a schedule's may be.
    """
    name = f"animeId-{anime_id}-episode-{number}"
    if len(name) > MAX_SCHEDULE_NAME:
        raise BadInput(f"the episode number {number} is too long for a schedule's name")
    return name


def window_begin(now: datetime) -> datetime:
    """Where a run that was told no time begins: ``now``, brought down to five minutes.

    So the days of daily runs meet without a gap although one of them starts some minutes late or is repeated.
    """
    begin = now.astimezone(UTC)
    return begin.replace(minute=begin.minute - begin.minute % _STEP_MINUTES, second=0, microsecond=0)


def premiere_of(entry: AnimeEntry) -> date | datetime | None:
    """When an anime is first shown; None where no day is known."""
    if entry.premiere_dates is not None and entry.premiere_dates.original is not None:
        return entry.premiere_dates.original
    aired = entry.aired_dates
    if aired is None or aired.from_date is None:
        return None
    return aired.from_date if isinstance(aired.from_date, datetime) or names_a_day(aired.string) else None


def _entries(anime_ids: Iterable[str], animes: Animes, day: _Day) -> Iterator[AnimeEntry]:
    for chunk in chunked(anime_ids, _CHUNK):
        try:
            entries = animes.get_many(chunk)
        except Retryable:
            raise
        except AnimeError:
            entries = _one_by_one(chunk, animes, day)
        yield from entries.values()


def _one_by_one(anime_ids: Iterable[str], animes: Animes, day: _Day) -> dict[str, AnimeEntry]:
    """Where one of a chunk cannot be read, it alone is left out."""
    entries = {}
    for anime_id in anime_ids:
        with day.reporting(anime_id):
            entry = animes.get(anime_id)
            if entry is not None:
                entries[anime_id] = entry
    return entries


def _schedule_episodes(entry: AnimeEntry, day: _Day, schedules: Schedules) -> None:
    for due in due_between(entry.episode_details, day.begin, day.end, slot=_slot(entry)):
        with day.reporting(f"{entry.anime_id} episode {due.number}"):
            name = schedule_name(entry.anime_id, due.number)
            event = EpisodeInput(anime_id=entry.anime_id, episode_number=due.number, scheduled_time=due.at)
            schedules.put(name, due.at, event.model_dump(mode="json"))
            day.schedules.append(name)
            day.by_day_only += not due.exact


def _slot(entry: AnimeEntry) -> WeeklySlot | None:
    return None if entry.broadcast is None else broadcast_slot(entry.broadcast.model_dump())


def _note_silence(entry: AnimeEntry, day: _Day) -> None:
    silence = silence_of(entry, day.begin, day.end, slot=_slot(entry), premiere=premiere_of(entry))
    if silence is not None:
        day.silent.append((silence, subject_of(entry)))


def _refresh_silent(day: _Day, launch: LaunchPorts) -> None:
    left = MOST_REFRESHED
    for silence, subject in sorted(day.silent, key=lambda one: (day.begin - one[0].since, one[1].anime_id)):
        if not left:
            day.put_off.append(subject.anime_id)
            continue
        left -= 1
        with day.reporting(f"{subject.anime_id} refresh"):
            try:
                start_locked(subject, mode=Mode.REFRESH, cause=silence.cause, ports=launch)
            except LockHeld:
                left += 1
                day.locked.append(subject.anime_id)
            else:
                day.refreshed.append(subject.anime_id)


def _start_premiere(entry: AnimeEntry, day: _Day, launch: LaunchPorts) -> None:
    premiere = premiere_of(entry)
    if premiere is None:
        return
    at, _ = airs_at(premiere, _slot(entry))
    if not day.begin <= at < day.end:
        return
    with day.reporting(f"{entry.anime_id} premiere"):
        # The day, not the time: a premiere whose time becomes known later is the same one.
        outcome = start_event(entry.anime_id, Mode.PREMIERE, day_in_japan(premiere).isoformat(), ports=launch)
        (day.pending if outcome.pending else day.started).append(entry.anime_id)
