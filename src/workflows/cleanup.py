"""The last state of the machine, whatever came before: leaves nothing behind and tells how it ended.

Every step can be repeated, and the order is made for dying in between: what a person has to hear of comes first, then
what says that the execution is over, then its lock, then its things, and last what waited for the lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.canonical_json import canonical_bytes
from models.errors import SourceConflict
from models.events import CleanupInput, ExecutionRef, Report
from models.ids import mint_review_id
from models.review import Flag
from workflows import keys
from workflows.commit import DeadCommit
from workflows.failures import reason
from workflows.launching import LaunchPorts, start_pending
from workflows.locking import release_owned
from workflows.ports import Clock, Objects, Queue, Reviews
from workflows.review import raise_conflict
from workflows.saga import load_record

_MAX_CAUSE: Final = 1000
_GOOD_ENDS: Final = frozenset({"succeeded", "rejected"})


@dataclass(frozen=True, kw_only=True)
class CleanupPorts:
    launch: LaunchPorts
    reviews: Reviews
    dead_letters: Queue
    clock: Clock

    @property
    def objects(self) -> Objects:
        return self.launch.objects


def clean_up(event: CleanupInput, *, ports: CleanupPorts) -> None:
    ref = event.ref
    if event.outcome == "undo_failed":
        ports.dead_letters.send(_dead_commit(event, ports).model_dump(mode="json"))
    _write_report(event, ports)
    if event.outcome not in _GOOD_ENDS:
        ports.reviews.expire(mint_review_id(ref.execution))
    if (event.error or {}).get("Error") == SourceConflict.__name__:
        _raise_conflict(ref, ports)
    release_owned(ref.anime_id, ref.execution, locks=ports.launch.locks)
    if event.outcome != "undo_failed":
        ports.objects.delete_prefix(keys.work(ref.execution))
    start_pending(ref.anime_id, ports=ports.launch)


def _dead_commit(event: CleanupInput, ports: CleanupPorts) -> DeadCommit:
    return DeadCommit(
        execution=event.ref.execution,
        anime_id=event.ref.anime_id,
        ref=event.ref,
        payload_key=_payload_key(event.ref, ports.objects),
        error=_shortened(event.error),
        failed_at=ports.clock().isoformat(),
    )


def _payload_key(ref: ExecutionRef, objects: Objects) -> str:
    """The saga record, which holds the entry; where the commit did not come so far, the approved entry. The documents,
    which may be what fails, are not asked."""
    record = keys.saga(ref.anime_id, ref.execution)
    if objects.head(record) is not None:
        return record
    approved = keys.approved_entry(ref.execution, "").removesuffix(".json")
    return next((found.key for found in objects.list(approved)), record)


def _write_report(event: CleanupInput, ports: CleanupPorts) -> None:
    ref = event.ref
    good = event.outcome in _GOOD_ENDS
    report = Report(
        kind="enrichment",
        run_id=ref.execution,
        state="succeeded" if good else "failed",
        updated_at=ports.clock().isoformat(timespec="seconds"),
        result={
            "anime_id": ref.anime_id,
            "mode": ref.mode.value,
            "outcome": event.outcome,
            "release": ref.release,
            "episode_number": ref.episode_number,
        },
        error=None if good else _error_line(event.error),
    )
    ports.objects.put(keys.report("enrichment", ref.execution), canonical_bytes(report.model_dump(mode="json")))


def _error_line(error: Mapping[str, Any] | None) -> str | None:
    line = reason(error.get("Error"), error.get("Cause")) if error else None
    return None if line is None else line[:_MAX_CAUSE]


def _shortened(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if error is None else {name: str(value)[:_MAX_CAUSE] for name, value in error.items()}


def _raise_conflict(ref: ExecutionRef, ports: CleanupPorts) -> None:
    """A source URL turned out to be another anime's when it was to be written: for a person, and nothing else."""
    record = load_record(ref.anime_id, ref.execution, ports.objects)
    if record is None or record.change is None:
        return
    entry = record.change.entry_to_write()
    owners = ports.launch.animes.find_by_sources(entry.sources)
    foreign = sorted(f"{url} of {owner}" for url, owner in owners.items() if owner != ref.anime_id)
    raise_conflict(
        ref.anime_id,
        title=entry.title,
        flag=Flag(field="conflict", stored=", ".join(foreign), offered=" ".join(sorted(entry.sources))),
        release=ref.release,
        reviews=ports.reviews,
        clock=ports.clock,
    )
