"""What the commands do, apart from how they are typed and shown; the demo runs these too."""

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.errors import CommandError, UsageError
from cli.output import Output, Waiting
from cli.session import POLL_SECONDS, Session
from workflows import failures, keys

LOCKING = ("new", "premiere", "refresh")
"""As ``models.events.LOCKING_MODES``, which costs more to import than `anime --help` may take."""
MOST_RUNNING = 1000
REVIEW_WAIT_SECONDS = 15 * 60
LATEST_EVENTS = 100
"""So many events of an execution are looked at to tell where it is; its whole history may have thousands."""

_ASKING = "asking the catalogues"
_IN_WORDS = {
    "FetchSources": _ASKING,
    "Fetch": _ASKING,
    "MorePages": _ASKING,
    "WaitForTurn": "waiting for turns at the catalogues; this may take hours",
    "CleanupSucceeded": "done; cleaning up",
    "CleanupRejected": "rejected; cleaning up",
    "CleanupExpired": "nobody decided in time; cleaning up",
    "CleanupFailed": "it failed; cleaning up",
}
SNAPSHOT_FILES = ("animes.jsonl.zst", "vectors.jsonl.zst", "manifest.json")
SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9:_-][A-Za-z0-9:._-]{0,63}")
"""What stands under ``snapshots/``; as ``models.events.RestoreInput`` has it, but for leading dots."""


def new_run_id() -> str:
    """Sorts by time and is a legal execution name."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def run(session: Session, out: Output, *, kind: str, task: str, title: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Starts a long function with a run id and follows its report to the end.

    Returns the report's result without its ``members``, which may be tens of thousands: the stored report has them.
    """
    run_id = str(event["run_id"])
    with out.waiting(title) as waiting:
        session.start(task, event)
        report = session.follow(kind, run_id, waiting.update)
    return {"run_id": run_id, **{name: value for name, value in report.result.items() if name != "members"}}


def bootstrap(
    session: Session,
    out: Output,
    *,
    kind: str,
    file: Path | None,
    source_sha: str | None,
    sha256: str | None,
    release: str | None,
    images: bool,
) -> dict[str, Any]:
    run_id = new_run_id()
    event: dict[str, Any] = {
        "run_id": run_id,
        "kind": kind,
        "source_sha": source_sha,
        "sha256": sha256,
        "release": release,
        "images": images,
    }
    if file is not None:
        event["upload_key"] = _upload(session, out, file, run_id)
    what = file.name if file is not None else f"release {release}"
    return run(session, out, kind="bootstrap", task="bootstrap", title=f"bootstrap from {what}", event=event)


def sync(
    session: Session,
    out: Output,
    *,
    file: Path | None,
    source_sha: str | None,
    sha256: str | None,
    release: str | None,
    dry_run: bool,
    accept_mass_change: bool,
) -> dict[str, Any]:
    run_id = new_run_id()
    event: dict[str, Any] = {
        "run_id": run_id,
        "source_sha": source_sha,
        "sha256": sha256,
        "release": release,
        "dry_run": dry_run,
        "accept_mass_change": accept_mass_change,
    }
    if file is not None:
        event["upload_key"] = _upload(session, out, file, run_id)
    what = file.name if file is not None else f"release {release or 'latest'}"
    return run(session, out, kind="sync", task="weekly_sync_starter", title=f"sync with {what}", event=event)


def _upload(session: Session, out: Output, file: Path, run_id: str) -> str:
    if not file.is_file():
        raise UsageError(f"no such file: {file}")
    out.progress(f"uploading {file.name} ({file.stat().st_size / 2**20:.1f} MiB)")
    return session.upload(file, run_id)


def upload_snapshot(session: Session, out: Output, folder: Path) -> str:
    """Puts a local copy of a snapshot back under its own time, the manifest last, which makes it a snapshot.

    Returns the time.

    Raises:
        UsageError: the folder is no such copy.
    """
    for name in SNAPSHOT_FILES:
        if not (folder / name).is_file():
            raise UsageError(f"{folder} is no copy of a snapshot: there is no {name} in it")
    try:
        time_of_it = json.loads((folder / SNAPSHOT_FILES[-1]).read_text())["time"]
    except (ValueError, KeyError, TypeError):
        time_of_it = None
    if not isinstance(time_of_it, str) or not SNAPSHOT_NAME.fullmatch(time_of_it):
        raise UsageError(f"{folder} is no copy of a snapshot: its manifest names no time")
    for name in SNAPSHOT_FILES:
        out.progress(f"uploading {name} ({(folder / name).stat().st_size / 2**20:.1f} MiB)")
        session.put_file(folder / name, f"{keys.snapshot(time_of_it)}{name}")
    return time_of_it


def simple_run(session: Session, out: Output, *, kind: str, task: str, title: str, **event: Any) -> dict[str, Any]:
    return run(session, out, kind=kind, task=task, title=title, event={"run_id": new_run_id(), **event})


# ------------------------------------------------------------------------------------------------------------ reviews


def review_pages(session: Session, *, state: str = "pending", kind: str | None = None) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = session.invoke("review", {"action": "list", "state": state, "kind": kind, "limit": 100, "after": after})
        yield from page["reviews"]
        if len(page["reviews"]) < 100:  # noqa: PLR2004 - the limit asked for two lines above
            return
        after = page["reviews"][-1]["review_id"]


def show_review(session: Session, review_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = session.invoke("review", {"action": "show", "review_id": review_id})
    return shown


def decide(
    session: Session,
    review_id: str,
    *,
    verdict: str,
    sha256: str | None,
    reason: str | None = None,
    edited: Mapping[str, Any] | None = None,
    unlock: Sequence[str] = (),
) -> dict[str, Any]:
    answer: dict[str, Any] = session.invoke(
        "review",
        {
            "action": "decide",
            "review_id": review_id,
            "verdict": verdict,
            "by": session.caller(),
            "sha256": sha256,
            "reason": reason,
            "edited": edited,
            "unlock": list(unlock),
        },
    )
    return answer


def wait_for_review(session: Session, execution: str) -> dict[str, Any]:
    """The pending review of an execution.

    Raises:
        CommandError: the execution ended without asking for one.
    """
    deadline = time.monotonic() + REVIEW_WAIT_SECONDS
    while time.monotonic() < deadline:
        for review in review_pages(session):
            if review["execution"] == execution:
                return review
        status = describe_execution(session, execution)["status"]
        if status != "RUNNING":
            reason = execution_reason(session, execution)
            raise CommandError(f"execution {execution} ended {status} before its review{reason}")
        time.sleep(POLL_SECONDS)
    raise CommandError(f"execution {execution} asks for no review after {REVIEW_WAIT_SECONDS // 60} minutes")


# --------------------------------------------------------------------------------------------------------- executions


def execution_arn(session: Session, name: str, machine: str = "enrichment") -> str:
    return f"{session.machine_arn(machine).replace(':stateMachine:', ':execution:')}:{name}"


def describe_execution(session: Session, name: str) -> dict[str, Any]:
    """How it stands; ``reason`` is ``error`` and ``cause`` in one line.

    Raises:
        CommandError: there is none of that name in either machine.
    """
    for machine in ("enrichment", "bulk_index"):
        try:
            found = session.machines.describe_execution(executionArn=execution_arn(session, name, machine))
        except session.machines.exceptions.ExecutionDoesNotExist:
            continue
        return {
            "name": found["name"],
            "machine": machine,
            "status": found["status"],
            "started": found["startDate"].isoformat(),
            "stopped": found["stopDate"].isoformat() if "stopDate" in found else None,
            "error": found.get("error"),
            "cause": found.get("cause"),
            "reason": failures.reason(found.get("error"), found.get("cause")),
        }
    raise CommandError(f"no execution named {name}; `anime executions list` shows the recent ones")


def execution_reason(session: Session, name: str) -> str:
    report = session.read_json(f"reports/enrichment/{name}.json")
    reason = (report or {}).get("error")
    return f": {reason}" if reason else ""


def execution_states(session: Session, name: str, machine: str) -> list[dict[str, Any]]:
    """States entered, in order, with the time of entry."""
    pages = session.machines.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn(session, name, machine), includeExecutionData=False
    )
    return [
        {"at": event["timestamp"].isoformat(), "state": event["stateEnteredEventDetails"]["name"]}
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def last_state(session: Session, name: str, machine: str) -> str | None:
    """The state entered last; None where the latest events enter none, as those of a state that is tried again."""
    page = session.machines.get_execution_history(
        executionArn=execution_arn(session, name, machine),
        includeExecutionData=False,
        reverseOrder=True,
        maxResults=LATEST_EVENTS,
    )
    entered = (event["stateEnteredEventDetails"] for event in page["events"] if "stateEnteredEventDetails" in event)
    return next((str(state["name"]) for state in entered), None)


def state_in_words(state: str) -> str:
    """``assemble entry`` of ``AssembleEntry``."""
    return _IN_WORDS.get(state) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state).lower()


def list_executions(session: Session, *, status: str | None, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for machine in ("enrichment", "bulk_index"):
        query: dict[str, Any] = {"stateMachineArn": session.machine_arn(machine), "maxResults": limit}
        if status is not None:
            query["statusFilter"] = status
        rows += [
            {
                "name": item["name"],
                "machine": machine,
                "status": item["status"],
                "started": item["startDate"].isoformat(),
            }
            for item in session.machines.list_executions(**query)["executions"]
        ]
    return sorted(rows, key=lambda row: str(row["started"]), reverse=True)[:limit]


def wait_for_execution(session: Session, out: Output, name: str) -> dict[str, Any]:
    """Waits for the end of an execution; how it ended is in ``status``."""
    with out.waiting(f"execution {name}") as waiting:
        while True:
            described = describe_execution(session, name)
            if described["status"] != "RUNNING":
                return described
            _tell(waiting, last_state(session, name, described["machine"]))
            time.sleep(POLL_SECONDS)


def wait_for_end_or_review(session: Session, out: Output, name: str) -> dict[str, Any]:
    """Waits until the machine ended or waits for a person; ``review_id`` names the review in the second case."""
    with out.waiting(f"execution {name}") as waiting:
        while True:
            described = describe_execution(session, name)
            if described["status"] != "RUNNING":
                return {**described, "review_id": None}
            state = last_state(session, name, described["machine"])
            _tell(waiting, state)
            if state == "RequestReview":
                return {**described, "review_id": wait_for_review(session, name)["review_id"]}
            time.sleep(POLL_SECONDS)


def _tell(waiting: Waiting, state: str | None) -> None:
    """Nothing new where no state is known to be entered."""
    if state is not None:
        waiting.update(state_in_words(state))


def execution_at_work(session: Session, anime_id: str) -> dict[str, Any] | None:
    """The execution that holds an anime's lock, and in ``review_id`` the decision it waits for, if it does.

    None where it cannot be told: it is over by now, or is no enrichment.
    """
    names = (row["name"] for row in list_executions(session, status="RUNNING", limit=MOST_RUNNING))
    name = next((name for name in names if name.startswith(tuple(f"{mode}-{anime_id}-" for mode in LOCKING))), None)
    if name is None:
        return None
    waiting = (review["review_id"] for review in review_pages(session) if review["execution"] == name)
    return {"execution": name, "review_id": next(waiting, None)}


def search(session: Session, text: str, *, include_orphaned: bool, limit: int) -> list[dict[str, Any]]:
    answer = session.invoke(
        "query", {"action": "search", "text": text, "include_orphaned": include_orphaned, "limit": limit}
    )
    hits: list[dict[str, Any]] = answer["hits"]
    return hits


def show(session: Session, anime_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = session.invoke("query", {"action": "show", "anime_id": anime_id})
    return answer
