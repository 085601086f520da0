"""A person decides: asking for a review, showing it, deciding it.

A decision is recorded before anybody hears of it: first the approved entry's object, then, atomically, the decision
(pending -> decided), then what follows from it. Everything after the record may be repeated by whoever sends the same
decision again, and by the machine's own repetition of RequestReview.

What a reviewer changes in a proposed entry is locked: no later run overwrites it (``domain.locks``), until a decision
unlocks it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from domain.canonical_json import canonical_bytes, sha256_of, sha256_of_bytes
from domain.locks import is_locked, lock_problems, locks_of_edit
from domain.origins import reviewed
from domain.rebase import changed_fields
from models.anime import STORE_FIELDS, SYNC_OWNED_FIELDS, AnimeEntry, check_entry, dump_entry
from models.errors import AlreadyDecided, BadInput, InvalidEntry, NotFound, ReviewOutdated
from models.events import (
    AssembleOutput,
    ExecutionRef,
    Mode,
    ReviewOutcome,
    ReviewRequestInput,
)
from models.ids import mint_review_id
from models.provenance import RELEASE, Origin
from models.review import Decision, Flag, Proposal, Review, ReviewKind, ReviewRequest
from workflows import keys
from workflows.ports import Animes, Clock, Objects, PendingEvent, Reviews, Tasks
from workflows.work import keep_base, load_base, load_json, put_proposed, read_object

AUTOMATIC: Final = "automatic:"
"""Who decided, where the stack's settings list the mode: this and the mode."""

Verdict = Literal["approved", "rejected"]


@dataclass(frozen=True, kw_only=True)
class ReviewPorts:
    """``automatic_modes``: decided without a person."""

    reviews: Reviews
    objects: Objects
    animes: Animes
    tasks: Tasks
    clock: Clock
    automatic_modes: frozenset[Mode] = frozenset()


# ---------------------------------------------------------------------------------------------------------- request


def request_review(event: ReviewRequestInput, *, ports: ReviewPorts) -> Review:
    """Puts the proposal before a reviewer and keeps the task's token; a later attempt's token replaces it.

    Where it is decided already, the waiting task hears so at once.
    """
    stored = ports.reviews.request(_review_of(event, ports))
    if stored.state == "pending" and event.ref.mode in ports.automatic_modes and not _is_locked(stored, ports):
        by = f"{AUTOMATIC}{event.ref.mode.value}"
        stored = _record(stored, _Choice(verdict="approved", by=by, sha256=stored.sha256), ports)
    if stored.state == "decided":
        _announce(stored, event.token, ports)
    return stored


def _is_locked(review: Review, ports: ReviewPorts) -> bool:
    """Whether a flag is about a field that a person locked: then a person decides, whatever the settings say."""
    base = load_base(review.execution, ports.objects) if review.execution else None
    return base is not None and any(flag.field in base.locked_fields for flag in review.flags)


def _review_of(event: ReviewRequestInput, ports: ReviewPorts) -> Review:
    ref = event.ref
    proposal = read_object(ref.entry_key, Proposal, ports.objects) if ref.mode is Mode.REVIEW_ONLY else None
    proposed = _proposed(event, proposal, ports)
    entry = check_entry(load_json(proposed.proposed_key, ports.objects))
    base = load_base(ref.execution, ports.objects)
    review_id = mint_review_id(ref.execution)
    return Review(
        review_id=review_id,
        anime_id=ref.anime_id,
        title=entry.title,
        kinds=_kinds(ref, proposal),
        state="pending",
        execution=ref.execution,
        token=event.token,
        attempt=_attempt(ports.reviews.get(review_id), event.token),
        proposed_key=proposed.proposed_key,
        sha256=proposed.sha256,
        base_revision=None if base is None else base.revision,
        changed=None if base is None else tuple(changed_fields(dump_entry(base), dump_entry(entry))),
        episode_number=ref.episode_number,
        flags=proposal.flags if proposal else (),
        release=proposal.release if proposal else ref.release,
        created_at=_instant(event.started_at),
    )


def _proposed(event: ReviewRequestInput, proposal: Proposal | None, ports: ReviewPorts) -> AssembleOutput:
    if proposal is not None:
        return _propose_flags(event.ref, proposal, ports)
    if event.proposed_key is None or event.sha256 is None:
        raise BadInput(f"a review in mode {event.ref.mode.value} needs the proposed entry's key and SHA-256")
    return AssembleOutput(proposed_key=event.proposed_key, sha256=event.sha256)


def _propose_flags(ref: ExecutionRef, proposal: Proposal, ports: ReviewPorts) -> AssembleOutput:
    """The stored entry with the offered status, which is the release's word then. More episodes offered change nothing
    here: catalogues know them."""
    base = keep_base(ref, animes=ports.animes, objects=ports.objects)
    if base is None:
        raise NotFound(f"{ref.execution} proposes a change of {ref.anime_id}, which is not stored")
    changes = {flag.field: flag.offered for flag in proposal.flags if flag.field == "status"}
    origins = {name: [Origin(catalogue=RELEASE)] for name in changes}
    provenance = base.provenance.model_copy(update={"fields": {**base.provenance.fields, **origins}})
    told = dump_entry(base) | changes | {"provenance": dump_entry(provenance)}
    return put_proposed(ref, check_entry(told), ports.objects)


def _kinds(ref: ExecutionRef, proposal: Proposal | None) -> tuple[ReviewKind, ...]:
    if proposal is None:
        return (ReviewKind(ref.mode.value),)
    return tuple(dict.fromkeys(ReviewKind(flag.field) for flag in proposal.flags))


def _attempt(before: Review | None, token: str) -> int:
    if before is None:
        return 1
    return before.attempt if before.token == token else before.attempt + 1


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"not a time: {text!r}; expected ISO 8601") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


# ----------------------------------------------------------------------------------------------------------- decide


@dataclass(frozen=True, kw_only=True)
class _Choice:
    verdict: Verdict
    by: str
    sha256: str | None
    reason: str | None = None
    edited: Mapping[str, Any] | None = None
    unlock: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.edited is not None or bool(self.unlock)

    def edit_sha256(self) -> str | None:
        """Of everything that is sent to change the proposed entry."""
        if not self.changes:
            return None
        edited = None if self.edited is None else dump_entry(check_entry(self.edited))
        return sha256_of({"edited": edited, "unlock": sorted(self.unlock)})


def decide(request: ReviewRequest, *, ports: ReviewPorts) -> dict[str, Any]:
    """Records a decision and lets the waiting execution know. Returns the review, and in ``resumed`` whether an
    execution still waited; the same decision sent again tells it again.

    Raises:
        BadInput: something is missing, or the edit has no place here.
        InvalidEntry: the edited entry is not valid; names the fields, and the review stays open.
        NotFound, AlreadyDecided, ReviewOutdated: as the names say.
    """
    review_id, choice = _checked(request)
    review = ports.reviews.get(review_id)
    if review is None:
        raise NotFound(f"no review {review_id}")
    stored = _record(review, choice, ports)
    resumed = stored.token is not None and _announce(stored, stored.token, ports)
    return stored.public() | {"resumed": resumed}


def outcome_of(review: Review) -> ReviewOutcome:
    """Of a decided review: what the waiting execution is told."""
    decision = review.decision
    if decision is None:
        raise BadInput(f"{review.review_id} is not decided")
    return ReviewOutcome(
        review_id=review.review_id,
        verdict=decision.verdict,
        commit=decision.approved_key is not None,
        approved_key=decision.approved_key,
        sha256=decision.approved_sha256,
    )


def _checked(request: ReviewRequest) -> tuple[str, _Choice]:
    if not request.review_id or request.verdict is None or not request.by:
        raise BadInput("a decision needs review_id, verdict and by")
    if request.verdict == "rejected" and not (request.reason or "").strip():
        raise BadInput("a rejection needs a reason")
    if request.verdict == "rejected" and (request.edited is not None or request.unlock):
        raise BadInput("an edited entry and what is to be unlocked go with an approval")
    return request.review_id, _Choice(
        verdict=request.verdict,
        by=request.by,
        sha256=request.sha256,
        reason=request.reason,
        edited=request.edited,
        unlock=request.unlock,
    )


def _record(review: Review, choice: _Choice, ports: ReviewPorts) -> Review:
    """Puts what is approved, then records the decision. What else an approval sets going is noted before the return."""
    approved = _put_approved(review, choice, ports) if review.state == "pending" else None
    decision = Decision(
        verdict=choice.verdict,
        by=choice.by,
        at=ports.clock(),
        sha256=choice.sha256,
        reason=choice.reason,
        approved_key=approved.proposed_key if approved else None,
        approved_sha256=approved.sha256 if approved else None,
        edited=choice.edited is not None,
        edit_sha256=choice.edit_sha256(),
    )
    stored = ports.reviews.decide(review.review_id, decision)
    _refuse_other_edit(stored, choice)
    return stored


def _put_approved(review: Review, choice: _Choice, ports: ReviewPorts) -> AssembleOutput | None:
    """None where the decision changes nothing in the stores."""
    if choice.verdict == "rejected" or not _changes_stores(review):
        if choice.changes:
            raise BadInput(f"{review.review_id} holds nothing to edit")
        return None
    entry = _approved_entry(review, choice, ports.objects)
    body = canonical_bytes(entry)
    sha256 = sha256_of_bytes(body)
    key = keys.approved_entry(review.execution or review.review_id, sha256)
    ports.objects.put(key, body)
    return AssembleOutput(proposed_key=key, sha256=sha256)


def _changes_stores(review: Review) -> bool:
    """A conflict is settled elsewhere, and more episodes are fetched by an execution of their own."""
    return not set(review.kinds) <= {ReviewKind.CONFLICT, ReviewKind.EPISODES}


def _approved_entry(review: Review, choice: _Choice, objects: Objects) -> AnimeEntry:
    if review.proposed_key is None:
        raise NotFound(f"{review.review_id} has no proposed entry")
    stored = objects.get(review.proposed_key)
    if stored is None or sha256_of_bytes(stored.body) != review.sha256:
        raise ReviewOutdated(f"the entry that {review.review_id} proposes is not there any more, or another one")
    proposed = check_entry(stored.body)
    if not choice.changes:
        return proposed
    edited = proposed if choice.edited is None else _checked_edit(check_entry(choice.edited), proposed, review)
    return _with_locks(edited, proposed, choice.unlock)


def _checked_edit(edited: AnimeEntry, proposed: AnimeEntry, review: Review) -> AnimeEntry:
    """What the stores and the weekly comparison own is no reviewer's to change; a commit would not write it."""
    fixed = {"anime_id", "provenance", "enrichment_metadata"} | STORE_FIELDS | SYNC_OWNED_FIELDS
    if review.base_revision is None:
        fixed.discard("sources")
    touched = fixed & set(changed_fields(dump_entry(proposed), dump_entry(edited)))
    if touched:
        raise InvalidEntry([f"{field}: cannot be edited" for field in sorted(touched)])
    return edited


def _with_locks(edited: AnimeEntry, proposed: AnimeEntry, unlock: Sequence[str]) -> AnimeEntry:
    """The entry with a lock on each place that the reviewer changed, and without those to be taken off.

    Raises:
        InvalidEntry: a lock is on nothing that can be locked.
        BadInput: what is to be unlocked is not locked.
    """
    changed = locks_of_edit(dump_entry(proposed), dump_entry(edited))
    wrong = lock_problems(edited.locked_fields)
    if wrong:
        raise InvalidEntry(wrong)
    missing = set(unlock) - {*edited.locked_fields, *proposed.locked_fields, *changed}
    if missing:
        raise BadInput(f"not locked: {', '.join(sorted(missing))}; anime show ID lists what is")
    kept = list(edited.locked_fields)
    kept += [path for path in changed if not is_locked(kept, *path.split("/"))]
    fields = reviewed(dump_entry(proposed), dump_entry(edited), changed)
    return edited.model_copy(
        update={
            "locked_fields": [path for path in kept if path not in unlock],
            "provenance": edited.provenance.model_copy(update={"fields": fields}),
        }
    )


def _refuse_other_edit(stored: Review, choice: _Choice) -> None:
    """The record made first stands; an approval of another entry must not pass for it."""
    decision = stored.decision
    if decision is None or decision.approved_sha256 is None:
        return
    if (choice.edited is not None, choice.edit_sha256()) != (decision.edited, decision.edit_sha256):
        raise AlreadyDecided(f"{stored.review_id} was approved with another entry")


def _announce(review: Review, token: str, ports: ReviewPorts) -> bool:
    """What follows from a recorded decision; all of it may happen twice. False where nobody waits any more."""
    if review.decision is not None and review.decision.verdict == "approved" and _asks_for_episodes(review.flags):
        event = PendingEvent(mode=Mode.REFRESH.value, cause=f"review:{review.review_id}")
        ports.animes.add_pending(review.anime_id, event)
    return ports.tasks.succeed(token, outcome_of(review).model_dump(mode="json"))


def _asks_for_episodes(flags: Sequence[Flag]) -> bool:
    return any(flag.field == "episodes" for flag in flags)


# ------------------------------------------------------------------------------------------------------------- show


def handle(request: ReviewRequest, *, ports: ReviewPorts) -> dict[str, Any]:
    """Whatever a ``ReviewRequest`` asks for."""
    if request.action == "decide":
        return decide(request, ports=ports)
    return show(request, ports=ports) if request.action == "show" else list_reviews(request, ports=ports)


def list_reviews(request: ReviewRequest, *, ports: ReviewPorts) -> dict[str, Any]:
    found = ports.reviews.list(state=request.state, kind=request.kind, limit=request.limit, after=request.after)
    return {"reviews": [review.public() for review in found]}


def show(request: ReviewRequest, *, ports: ReviewPorts) -> dict[str, Any]:
    """The review with the proposed entry, the stored one that it was made from, and the fields in which they differ.

    The entries are null where there is none, or where the execution has ended and cleaned up.
    """
    review = ports.reviews.get(request.review_id or "")
    if review is None:
        raise NotFound(f"no review {request.review_id}")
    proposed = _entry_json(review.proposed_key, ports.objects)
    base = _entry_json(keys.base_entry(review.execution) if review.execution else None, ports.objects)
    return {
        "review": review.public(),
        "proposed": proposed,
        "base": base,
        "changed": changed_fields(base or {}, proposed) if proposed is not None else [],
    }


def _entry_json(key: str | None, objects: Objects) -> dict[str, Any] | None:
    if key is None or objects.head(key) is None:
        return None
    return load_json(key, objects)


# ---------------------------------------------------------------------------------------------------------- conflict


def raise_conflict(
    anime_id: str, *, title: str, flag: Flag, release: str | None, reviews: Reviews, clock: Clock
) -> Review:
    """Puts a conflict of sources before a person; no execution waits. The same anime and offer are the same review.

    The flag's ``stored`` and ``offered`` say, in words, what we have and what the release says.
    """
    return reviews.request(
        Review(
            review_id=mint_review_id(f"conflict|{anime_id}|{flag.offered}"),
            anime_id=anime_id,
            title=title,
            kinds=(ReviewKind.CONFLICT,),
            state="pending",
            execution=None,
            flags=(flag,),
            release=release,
            created_at=clock(),
        )
    )
