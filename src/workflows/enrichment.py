"""The states of the enrichment machine up to the proposed entry.

What an execution does depends on its mode:

* ``new``: an anime of a release that is not stored yet. All stages; the proposal creates it.
* ``refresh``, ``premiere``: a stored anime anew, because somebody asks, more episodes were approved, or it begins to
  air. All stages; the proposal replaces the enriched fields.
* ``episode``: one episode aired. The episode stage alone, on top of the stored entry.
* ``review_only``: a release differs from the stored entry. Nothing is fetched; the proposal says what changes.

The first three hold the anime's lock from before their start. Between the states an execution keeps its things under
``work/<execution>/``; every state may run twice and leaves the same there.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from domain.assemble import assemble as assemble_entry
from domain.canonical_json import canonical_bytes
from domain.catalogues import known_catalogues
from domain.stages.priority import SHORT_NAMES
from domain.stages.run import run_stage
from models.anime import Provenance, check_entry
from models.errors import (
    AlreadyExists,
    AnimeError,
    LockLost,
    NoCatalogueAnswered,
    NotFound,
    NotRecorded,
    Retryable,
    Unavailable,
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
from workflows.answers import AnswerPage, CatalogueAnswers, Outcome, outcome_of
from workflows.ports import Animes, CatalogueClient, Clock, FetchedPage, Locks, Objects
from workflows.work import keep_base, load_base, load_json, load_subject, put_proposed

_WRITE_ATTEMPTS: Final = 5


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
    anime by none of its ids elsewhere, it says so itself."""
    if ref.mode is Mode.REVIEW_ONLY:
        return ()
    known = known_catalogues(load_subject(ref, objects).sources)
    return tuple(one for one in Catalogue if one in known or one is Catalogue.ANIMESCHEDULE)


# ----------------------------------------------------------------------------------------------------- FetchSources


def fetch_source(
    event: FetchInput, *, clients: Mapping[Catalogue, CatalogueClient], objects: Objects, clock: Clock
) -> FetchOutput:
    """Asks a catalogue once and adds its answer to the others of that catalogue; the same cursor twice is one page.

    A good answer that is there is not asked for again: the first one stands, and so does the proposal made of it.
    What goes wrong for good is recorded, and the execution goes on without it.

    Raises:
        Retryable: the catalogue may answer later.
    """
    key = keys.answers(event.ref.execution, event.catalogue.value)
    answers = _load_answers(key, objects)
    if answers is None or not answers.has(event.cursor):
        subject = load_subject(event.ref, objects)
        page = _ask(clients.get(event.catalogue), subject, event.cursor, clock)
        answers = _add_page(key, event, page, objects)
    cursor = answers.page(event.cursor).next_cursor
    return FetchOutput(catalogue=event.catalogue, cursor=cursor, status=outcome_of(answers, so_far=True).status)


def _ask(client: CatalogueClient | None, subject: EnrichmentSubject, cursor: str | None, clock: Clock) -> AnswerPage:
    if client is None:
        return _failure("failed", "this catalogue is not set up", clock)
    try:
        fetched: FetchedPage = client.fetch(subject.sources, cursor=cursor)
    except Retryable:
        raise
    except NotFound as error:
        return _failure("missing", str(error), clock)
    except NotRecorded as error:
        return _failure("not_recorded", str(error), clock)
    except AnimeError as error:
        return _failure("failed", str(error), clock)
    return AnswerPage(
        next_cursor=fetched.cursor,
        status="ok",
        fetched_at=fetched.as_of or clock(),
        answers=dict(fetched.answers),
        problems=fetched.problems,
    )


def _failure(status: Literal["missing", "failed", "not_recorded"], reason: str, clock: Clock) -> AnswerPage:
    return AnswerPage(next_cursor=None, status=status, fetched_at=clock(), problems=(reason,))


def _load_answers(key: str, objects: Objects) -> CatalogueAnswers | None:
    stored = objects.get(key)
    return None if stored is None else CatalogueAnswers.model_validate_json(stored.body)


def _add_page(key: str, event: FetchInput, page: AnswerPage, objects: Objects) -> CatalogueAnswers:
    for _ in range(_WRITE_ATTEMPTS):
        stored = objects.get(key)
        before = (
            CatalogueAnswers(catalogue=event.catalogue)
            if stored is None
            else CatalogueAnswers.model_validate_json(stored.body)
        )
        after = before.with_page(event.cursor, page)
        body = canonical_bytes(after.model_dump(mode="json"))
        try:
            if stored is None:
                objects.put(key, body, if_absent=True)
            else:
                objects.put(key, body, if_match=stored.info.etag)
        except AlreadyExists:
            continue
        return after
    raise Unavailable(f"{key} is being written by others")


def load_outcomes(ref: ExecutionRef, objects: Objects) -> dict[Catalogue, Outcome]:
    """How each catalogue that was asked answered; one that left nothing behind failed."""
    outcomes = {}
    for catalogue in asked_catalogues(ref, objects):
        stored = objects.get(keys.answers(ref.execution, catalogue.value))
        answers = None if stored is None else CatalogueAnswers.model_validate_json(stored.body)
        outcomes[catalogue] = outcome_of(answers)
    return outcomes


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
    at = max((one.fetched_at for one in outcomes.values() if one.usable and one.fetched_at is not None), default=None)
    part = run_stage(event.stage, answers, load_subject(ref, objects), at=at)
    key = keys.stage(ref.execution, event.stage.value)
    objects.put(key, canonical_bytes(part))
    return StageOutput(stage=event.stage, key=key)


# ---------------------------------------------------------------------------------------------------- AssembleEntry


def assemble(ref: ExecutionRef, *, objects: Objects) -> AssembleOutput:
    """Puts the stages and images together into the proposed entry.

    Raises:
        InvalidEntry: the result is no valid entry; the fields are named.
        NotFound: an episode that no catalogue tells of, or a stage left nothing behind.
    """
    outcomes = load_outcomes(ref, objects)
    entry = assemble_entry(
        parts={stage: load_json(keys.stage(ref.execution, stage.value), objects) for stage in stages_of(ref.mode)},
        images=load_json(keys.images(ref.execution), objects),
        subject=load_subject(ref, objects),
        base=load_base(ref.execution, objects),
        provenance=Provenance(catalogues={SHORT_NAMES[one]: outcome.provenance() for one, outcome in outcomes.items()}),
        mode=ref.mode,
        episode_number=ref.episode_number,
    )
    return put_proposed(ref, check_entry(canonical_bytes(entry)), objects)
