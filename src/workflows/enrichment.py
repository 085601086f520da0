"""The states of the enrichment machine up to the proposed entry.

What an execution does depends on its mode:

* ``new``: an anime of a release that is not stored yet. All stages; the proposal creates it.
* ``refresh``, ``premiere``: a stored anime anew, because somebody asks, more episodes were approved, it begins to air,
  or has fallen silent on air. All stages; the proposal replaces the enriched fields.
* ``episode``: one episode aired. The episode stage alone, on top of the stored entry; beside that episode it brings up
  to date when the next one airs, for which the daily scheduler waits.
* ``review_only``: a release differs from the stored entry. Nothing is fetched; the proposal says what changes.

The first three hold the anime's lock from before their start. Between the states an execution keeps its things under
``work/<execution>/``; every state may run twice and leaves the same there.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from domain.assemble import assemble as assemble_entry
from domain.canonical_json import canonical_bytes
from domain.catalogues import known_catalogues
from domain.image_refs import without_stand_ins
from domain.stages.priority import EPISODE_AIRED, EPISODE_FIRST, EPISODE_UNION, SHORT_NAMES
from domain.stages.run import run_stage
from domain.stages.upcoming import COUNTING
from models.anime import Provenance, check_entry
from models.errors import (
    AnimeError,
    InTrouble,
    LockLost,
    NoCatalogueAnswered,
    NotFound,
    NotRecorded,
    Retryable,
    Throttled,
)
from models.events import (
    LOCKING_MODES,
    AssembleOutput,
    BeginOutput,
    Catalogue,
    EnrichmentSubject,
    ExecutionRef,
    FetchInput,
    FetchOutput,
    Mode,
    Stage,
    StageInput,
    StageOutput,
)
from workflows import keys
from workflows.answer_pages import CataloguePages, load_outcome
from workflows.answers import AnswerPage, Outcome, most_frequent
from workflows.failures import reason
from workflows.ports import Animes, CatalogueClient, Clock, FetchedPage, Locks, Objects
from workflows.work import keep_base, load_base, load_json, load_subject, put_proposed

OF_EPISODES: Final = frozenset(
    {*EPISODE_AIRED.order, *(c for table in (EPISODE_FIRST, EPISODE_UNION) for order in table.values() for c in order)}
    | COUNTING
)
"""Catalogues that have a say in the episode stage."""


# ------------------------------------------------------------------------------------------------------------ Begin


def begin(
    ref: ExecutionRef, *, animes: Animes, locks: Locks, objects: Objects, running_lease: timedelta
) -> BeginOutput:
    """Makes the lock last as long as the execution can, and keeps the stored entry as it is now.

    Raises:
        LockLost: the mode works under the anime's lock, and it is not this execution's.
    """
    if ref.mode in LOCKING_MODES:
        if ref.lock is None:
            raise LockLost(f"{ref.execution} runs in mode {ref.mode.value} without a lock")
        locks.extend(ref.anime_id, ref.lock, lease=running_lease)
    base = keep_base(ref, animes=animes, objects=objects)
    return BeginOutput(
        catalogues=asked_catalogues(ref, objects),
        stages=stages_of(ref.mode),
        base_revision=None if base is None else base.revision,
    )


def stages_of(mode: Mode) -> tuple[Stage, ...]:
    if mode is Mode.REVIEW_ONLY:
        return ()
    return (Stage.EPISODES,) if mode is Mode.EPISODE else tuple(Stage)


def asked_catalogues(ref: ExecutionRef, objects: Objects) -> tuple[Catalogue, ...]:
    """Those under which the anime is known, in the order of ``Catalogue``, and AnimeSchedule always: if it knows the
    anime by none of its ids elsewhere, it says so itself. For an episode only those that know episodes."""
    if ref.mode is Mode.REVIEW_ONLY:
        return ()
    known = {*known_catalogues(load_subject(ref, objects).sources), Catalogue.ANIMESCHEDULE}
    wanted = OF_EPISODES if ref.mode is Mode.EPISODE else frozenset(Catalogue)
    return tuple(one for one in Catalogue if one in known & wanted)


# ----------------------------------------------------------------------------------------------------- FetchSources


PATIENCE: Final = timedelta(hours=10)
"""So long after its start an execution waits for turns. Two hundred anime with 80 requests each take 5 hours at one a
second, which is what the slowest of the large catalogues bears."""

PATIENCE_IN_TROUBLE: Final = timedelta(minutes=15)
"""For an end of trouble that nobody can foretell: as long as a pause is waited for whose end is known
(``sources.politeness.LONG_PAUSE``). After it the enrichment goes on without the catalogue, and says so."""

CALL_TIME: Final = timedelta(seconds=150)
"""After so long a call begins no other page: the next call does."""

LEAST_WAIT: Final = 180.0
"""Seconds. A round of the machine writes nine events of the 25,000 that an execution may have for all its catalogues,
so rounds have to be few; and while it waits, nothing is paid for."""

LONGEST_WAIT: Final = 15 * 60.0
"""By then it shows whether a catalogue only lets wait, or is left alone (``Paused``)."""


def is_last_attempt(event: FetchInput, now: datetime) -> bool:
    """Whether a turn that does not come in this call is waited for no more. Old answers may then stand in."""
    return event.started_at is not None and now - event.started_at >= PATIENCE


def fetch_source(
    event: FetchInput,
    *,
    clients: Mapping[Catalogue, CatalogueClient],
    objects: Objects,
    clock: Clock,
    last_attempt: bool = False,
    jitter: Callable[[], float] = lambda: 0.0,
    unknown: Counter[str] | None = None,
) -> FetchOutput:
    """Asks a catalogue page by page, for ``CALL_TIME`` or until it is to wait; the same cursor twice is one page.

    An answer that is there is not asked for again: the first one stands, and so does the proposal made of it. What goes
    wrong for good is recorded, and the execution goes on without it. That a turn is late is nothing that goes wrong:
    the machine waits and comes back. What the machine itself met (``event.error``) is recorded where it stopped.
    ``jitter``, from 0 to 1, spreads those who wait. ``unknown`` is told of the fields of this call's pages that nobody
    knows.

    Raises:
        Retryable: the catalogue may answer later, or a page could not be kept.
    """
    ends = clock() + CALL_TIME
    catalogue = event.catalogue
    pages = CataloguePages(event.ref.execution, catalogue, objects)
    asking = _Asking(event, clients.get(catalogue), load_subject(event.ref, objects), clock)
    cursor, asked = event.cursor, 0
    while True:
        page = pages.find(cursor)
        if page is None:
            try:
                page = asking.ask(cursor)
            except Retryable as error:
                since = _troubled_since(error, None if asked else event.troubled_since, clock())
                last = last_attempt or (since is not None and clock() - since >= PATIENCE_IN_TROUBLE)
                wait = wait_after(error, pages=asked, last_attempt=last, jitter=jitter)
                if wait is not None:
                    return FetchOutput(
                        catalogue=catalogue, cursor=cursor, wait_seconds=wait, troubled_since=since, status="waiting"
                    )
                page = asking.given_up(cursor, error)
            page = pages.add(page)
            asked += 1
            if unknown is not None:
                unknown.update(page.unknown)
        if page.next_cursor is None:
            return FetchOutput(catalogue=catalogue, status=pages.join().status)
        cursor = page.next_cursor
        if clock() >= ends:
            return FetchOutput(catalogue=catalogue, cursor=cursor, status=pages.status(cursor))


def _troubled_since(error: Retryable, earlier: datetime | None, now: datetime) -> datetime | None:
    """``earlier``: what the call before said, where nothing was asked since. None for another error."""
    return (earlier or now) if isinstance(error, InTrouble) else None


def wait_after(error: Retryable, *, pages: int, last_attempt: bool, jitter: Callable[[], float]) -> int | None:
    """Whole seconds before the next call, after one that got so many ``pages``; None: the rest is given up.

    Raises:
        Retryable: the error, where the call came to nothing or patience is over: the machine has attempts for that.
    """
    if not isinstance(error, Throttled):
        if pages == 0 or last_attempt:
            raise error
        return _spread(LEAST_WAIT, jitter)
    if error.retry_after == 0 and pages > 0:
        return 0  # only the call's own time is over
    return None if last_attempt else _spread(error.retry_after or 0.0, jitter)


def _spread(seconds: float, jitter: Callable[[], float]) -> int:
    return math.ceil(min(LONGEST_WAIT, max(seconds, LEAST_WAIT)) + jitter() * LEAST_WAIT)


@dataclass(frozen=True)
class _Asking:
    event: FetchInput
    client: CatalogueClient | None
    subject: EnrichmentSubject
    clock: Clock

    def ask(self, cursor: str | None) -> AnswerPage:
        """Raises:
        Retryable: the catalogue may answer later.
        """
        if self.event.error is not None:
            told = reason(self.event.error.get("Error"), self.event.error.get("Cause"))
            return self._failure(cursor, "failed", told or "did not answer")
        if self.client is None:
            return self._failure(cursor, "failed", "this catalogue is not set up")
        ref = self.event.ref
        episode = ref.episode_number if ref.mode is Mode.EPISODE else None
        try:
            fetched: FetchedPage = self.client.fetch(self.subject.sources, cursor=cursor, episode=episode)
        except Retryable:
            raise
        except NotFound as error:
            return self._failure(cursor, "missing", str(error))
        except NotRecorded as error:
            return self._failure(cursor, "not_recorded", str(error))
        except AnimeError as error:
            return self._failure(cursor, "failed", str(error))
        now = self.clock()
        return AnswerPage(
            cursor=cursor,
            next_cursor=fetched.cursor,
            status="ok",
            asked_at=now,
            fetched_at=fetched.as_of or now,
            answers=dict(fetched.answers),
            problems=fetched.problems,
            unknown=most_frequent(fetched.unknown),
        )

    def given_up(self, cursor: str | None, error: Retryable) -> AnswerPage:
        hours = PATIENCE // timedelta(hours=1)
        late = "" if isinstance(error, InTrouble) else f"its turn did not come within {hours} hours: "
        return self._failure(cursor, "failed", f"{late}{error}")

    def _failure(
        self, cursor: str | None, status: Literal["missing", "failed", "not_recorded"], why: str
    ) -> AnswerPage:
        now = self.clock()
        return AnswerPage(cursor=cursor, next_cursor=None, status=status, asked_at=now, fetched_at=now, problems=(why,))


def load_outcomes(ref: ExecutionRef, objects: Objects) -> dict[Catalogue, Outcome]:
    """How each catalogue that was asked answered; one that left nothing behind failed."""
    return {one: load_outcome(ref.execution, one, objects) for one in asked_catalogues(ref, objects)}


# ----------------------------------------------------------------------------------------------------------- Stages


def process_stage(event: StageInput, *, objects: Objects) -> StageOutput:
    """Raises:
    NoCatalogueAnswered: there is nothing to make an entry of.
    """
    ref = event.ref
    outcomes = load_outcomes(ref, objects)
    answers = {catalogue: outcome.answers for catalogue, outcome in outcomes.items() if outcome.usable}
    if not answers:
        raise NoCatalogueAnswered("; ".join(f"{one.value}: {outcomes[one].status}" for one in outcomes))
    # What airs next is seen from when it was asked for: an answer that was kept may be from before an airing.
    at = _asked_at(outcomes)
    base = load_base(ref.execution, objects)
    part = run_stage(event.stage, answers, load_subject(ref, objects), at=at, stored=base)
    key = keys.stage(ref.execution, event.stage.value)
    objects.put(key, canonical_bytes(part))
    return StageOutput(stage=event.stage, key=key)


def _asked_at(outcomes: Mapping[Catalogue, Outcome]) -> datetime | None:
    return max((one.asked_at for one in outcomes.values() if one.usable and one.asked_at is not None), default=None)


# ---------------------------------------------------------------------------------------------------- AssembleEntry


def assemble(ref: ExecutionRef, *, objects: Objects) -> AssembleOutput:
    """Puts the stages and images together into the proposed entry.

    Raises:
        InvalidEntry: the result is no valid entry; the fields are named.
        NotFound: an episode that no catalogue tells of, or a stage left nothing behind.
    """
    outcomes = load_outcomes(ref, objects)
    parts = {stage: load_json(keys.stage(ref.execution, stage.value), objects) for stage in stages_of(ref.mode)}
    base = load_base(ref.execution, objects)
    entry = assemble_entry(
        parts=parts,
        images=load_json(keys.images(ref.execution), objects),
        subject=load_subject(ref, objects),
        base=None if base is None else without_stand_ins(base, parts),
        provenance=Provenance(catalogues={SHORT_NAMES[one]: outcome.provenance() for one, outcome in outcomes.items()}),
        mode=ref.mode,
        episode_number=ref.episode_number,
        at=_asked_at(outcomes),
    )
    return put_proposed(ref, check_entry(canonical_bytes(entry)), objects)
