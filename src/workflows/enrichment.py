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

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from domain.assemble import assemble as assemble_entry
from domain.canonical_json import canonical_bytes, sha256_of_bytes
from domain.stages import run_stage
from models.anime import AnimeEntry, CatalogueProvenance, Provenance, check_entry, read_entry
from models.errors import (
    AlreadyExists,
    AnimeError,
    LockLost,
    Malformed,
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
    Event,
    ExecutionRef,
    FetchInput,
    FetchOutput,
    Mode,
    Stage,
    StageInput,
    StageOutput,
)
from models.ids import source_host
from models.vocabulary import ProvenanceStatus
from workflows import keys
from workflows.ports import Animes, CatalogueClient, Clock, FetchedPage, Locks, Objects

CATALOGUE_HOSTS: Final = {
    Catalogue.JIKAN: "myanimelist.net",
    Catalogue.ANILIST: "anilist.co",
    Catalogue.KITSU: "kitsu.app",
    Catalogue.ANIDB: "anidb.net",
    Catalogue.ANIMEPLANET: "anime-planet.com",
    Catalogue.ANISEARCH: "anisearch.com",
}
"""Whose page leads to which catalogue. AnimeSchedule is asked always: it finds an anime by its ids elsewhere."""

_WRITE_ATTEMPTS: Final = 5

FetchStatus = Literal["ok", "partial", "missing", "failed", "not_recorded"]
M = TypeVar("M", bound=BaseModel)


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


def keep_base(ref: ExecutionRef, *, animes: Animes, objects: Objects) -> AnimeEntry | None:
    """The stored entry as the execution first saw it; later calls return the same, whatever is stored by then."""
    kept = load_base(ref.execution, objects)
    if kept is not None:
        return kept
    entry = animes.get(ref.anime_id)
    if entry is None:
        return None
    try:
        objects.put(keys.base_entry(ref.execution), canonical_bytes(entry), if_absent=True)
    except AlreadyExists:
        return load_base(ref.execution, objects)
    return entry


def load_base(execution: str, objects: Objects) -> AnimeEntry | None:
    stored = objects.get(keys.base_entry(execution))
    return None if stored is None else read_entry(orjson.loads(stored.body))


def stages_of(mode: Mode) -> tuple[Stage, ...]:
    if mode is Mode.REVIEW_ONLY:
        return ()
    return (Stage.EPISODES,) if mode is Mode.EPISODE else tuple(Stage)


def asked_catalogues(ref: ExecutionRef, objects: Objects) -> tuple[Catalogue, ...]:
    """Those whose page the anime is known to have, in the order of ``Catalogue``."""
    if ref.mode is Mode.REVIEW_ONLY:
        return ()
    return catalogues_of(load_subject(ref, objects).sources)


def catalogues_of(sources: Iterable[str]) -> tuple[Catalogue, ...]:
    hosts = {source_host(url) for url in sources}
    return tuple(one for one in Catalogue if CATALOGUE_HOSTS.get(one) in hosts or one is Catalogue.ANIMESCHEDULE)


def load_subject(ref: ExecutionRef, objects: Objects) -> EnrichmentSubject:
    return read_object(ref.entry_key, EnrichmentSubject, objects)


def read_object(key: str, model: type[M], objects: Objects) -> M:
    """Raises:
    NotFound: no such object.
    Malformed: it is not of this model.
    """
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no object {key}")
    try:
        return model.model_validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{key} is not a {model.__name__}: {error.error_count()} problems") from None


# ----------------------------------------------------------------------------------------------------- FetchSources


class AnswerPage(Event):
    """What came of asking a catalogue once. ``next_cursor`` None is the end."""

    next_cursor: str | None
    status: Literal["ok", "missing", "failed", "not_recorded"]
    fetched_at: datetime
    answers: dict[str, Any] = {}
    problems: tuple[str, ...] = ()


class CatalogueAnswers(Event):
    """Everything that one catalogue answered so far; ``pages`` by the cursor that asked for them, the first by ``""``."""

    catalogue: Catalogue
    pages: dict[str, AnswerPage] = {}

    def cursors(self) -> Iterator[str]:
        """In the order in which the pages lead to each other; pages that nothing leads to any more are left out."""
        cursor: str | None = ""
        while cursor is not None and cursor in self.pages:
            yield cursor
            cursor = self.pages[cursor].next_cursor

    def cursors_before(self, cursor: str) -> Iterator[str]:
        return itertools.takewhile(lambda one: one != cursor, self.cursors())

    def chain(self) -> Iterator[AnswerPage]:
        return (self.pages[cursor] for cursor in self.cursors())


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What asking one catalogue gave, all pages together."""

    status: FetchStatus
    reason: str | None
    fetched_at: datetime | None
    answers: Mapping[str, Any]

    @property
    def usable(self) -> bool:
        return self.status in {"ok", "partial"}

    def provenance(self) -> CatalogueProvenance:
        status = ProvenanceStatus.OK if self.usable else ProvenanceStatus(self.status)
        return CatalogueProvenance(status=status, fetched_at=self.fetched_at, reason=self.reason)


def fetch_source(
    event: FetchInput, *, clients: Mapping[Catalogue, CatalogueClient], objects: Objects, clock: Clock
) -> FetchOutput:
    """Asks a catalogue once and adds its answer to the others of that catalogue; the same cursor twice is one page.

    What goes wrong for good is recorded, and the execution goes on without it.

    Raises:
        Retryable: the catalogue may answer later.
    """
    key = keys.answers(event.ref.execution, event.catalogue.value)
    subject = load_subject(event.ref, objects)
    page = _ask(clients.get(event.catalogue), subject, event.cursor, clock)
    answers = _add_page(key, event, page, objects)
    cursor = answers.pages[event.cursor or ""].next_cursor
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
        fetched_at=clock(),
        answers=dict(fetched.answers),
        problems=fetched.problems,
    )


def _failure(status: Literal["missing", "failed", "not_recorded"], reason: str, clock: Clock) -> AnswerPage:
    return AnswerPage(next_cursor=None, status=status, fetched_at=clock(), problems=(reason,))


def _add_page(key: str, event: FetchInput, page: AnswerPage, objects: Objects) -> CatalogueAnswers:
    for _ in range(_WRITE_ATTEMPTS):
        stored = objects.get(key)
        before = (
            CatalogueAnswers(catalogue=event.catalogue)
            if stored is None
            else CatalogueAnswers.model_validate_json(stored.body)
        )
        after = _with_page(before, event.cursor or "", page)
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


def _with_page(answers: CatalogueAnswers, cursor: str, page: AnswerPage) -> CatalogueAnswers:
    """A page that leads back to one that was asked for before it would never end: it becomes the last."""
    asked = {cursor, *answers.cursors_before(cursor)}
    if page.next_cursor in asked:
        circle = "its pages lead in a circle"
        page = page.model_copy(update={"next_cursor": None, "problems": (*page.problems, circle)})
    return answers.model_copy(update={"pages": {**answers.pages, cursor: page}})


def load_outcomes(ref: ExecutionRef, objects: Objects) -> dict[Catalogue, Outcome]:
    """How each catalogue that was asked answered; one that left nothing behind failed."""
    outcomes = {}
    for catalogue in asked_catalogues(ref, objects):
        stored = objects.get(keys.answers(ref.execution, catalogue.value))
        answers = None if stored is None else CatalogueAnswers.model_validate_json(stored.body)
        outcomes[catalogue] = outcome_of(answers)
    return outcomes


def outcome_of(answers: CatalogueAnswers | None, *, so_far: bool = False) -> Outcome:
    """``so_far``: while pages are still to come, their absence is no problem."""
    pages = [] if answers is None else list(answers.chain())
    if not pages:
        return Outcome(status="failed", reason="did not answer", fetched_at=None, answers={})
    problems = [problem for page in pages for problem in page.problems]
    if pages[-1].next_cursor is not None and not so_far:
        problems.append("not all of its pages came")
    good = [page for page in pages if page.status == "ok"]
    status: FetchStatus = pages[0].status if not good else "partial" if problems else "ok"
    return Outcome(
        status=status,
        reason="; ".join(problems) or None,
        fetched_at=max(page.fetched_at for page in pages),
        answers=merge_answers(page.answers for page in good),
    )


def merge_answers(pages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One answer out of several pages of the same shape: mappings are merged, lists joined, else the later one stands.

    An item of a list that is there already is not added again.
    """
    merged: dict[str, Any] = {}
    for page in pages:
        merged = _merged(merged, page)
    return merged


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        common = {name: _merged(one[name], other[name]) for name in one if name in other}
        return {**one, **other, **common}
    if isinstance(one, list) and isinstance(other, list):
        return list({canonical_bytes(item): item for item in (*one, *other)}.values())
    return other


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
    part = run_stage(event.stage, answers, load_subject(ref, objects))
    key = keys.stage(ref.execution, event.stage.value)
    objects.put(key, canonical_bytes(part))
    return StageOutput(stage=event.stage, key=key)


# ---------------------------------------------------------------------------------------------------- AssembleEntry


def assemble(ref: ExecutionRef, *, objects: Objects) -> AssembleOutput:
    """Puts the stages and images together into the proposed entry.

    Raises:
        InvalidEntry: the result is no valid entry; the fields are named.
    """
    outcomes = load_outcomes(ref, objects)
    entry = assemble_entry(
        parts={stage: _load_json(keys.stage(ref.execution, stage.value), objects) for stage in stages_of(ref.mode)},
        images=_load_json(keys.images(ref.execution), objects),
        subject=load_subject(ref, objects),
        base=load_base(ref.execution, objects),
        provenance=Provenance(catalogues={one.value: outcome.provenance() for one, outcome in outcomes.items()}),
        mode=ref.mode,
        episode_number=ref.episode_number,
    )
    return put_proposed(ref, check_entry(canonical_bytes(entry)), objects)


def put_proposed(ref: ExecutionRef, entry: AnimeEntry, objects: Objects) -> AssembleOutput:
    """Raises:
    Malformed: it is another anime's.
    """
    if entry.anime_id != ref.anime_id:
        raise Malformed(f"{ref.execution} proposes an entry of {entry.anime_id}")
    body = canonical_bytes(entry)
    key = keys.proposed_entry(ref.execution)
    objects.put(key, body)
    return AssembleOutput(proposed_key=key, sha256=sha256_of_bytes(body))


def _load_json(key: str, objects: Objects) -> dict[str, Any]:
    stored = objects.get(key)
    if stored is None:
        raise NotFound(f"no object {key}")
    loaded = orjson.loads(stored.body)
    if not isinstance(loaded, dict):
        raise Malformed(f"{key} holds no JSON object")
    return loaded
