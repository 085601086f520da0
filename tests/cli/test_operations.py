"""What the commands do against a stack, apart from how they are typed and shown."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import operations as ops
from cli.errors import CommandError, UsageError
from cli.output import Output
from models.review import ReviewKind
from tests.support.fake_stack import CALLER, FakeExecution, FakeStack, some_entry

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def stack_with(*executions: tuple[str, str, str], **more: Any) -> FakeStack:
    """(name, machine, status), each started a minute after the one before."""
    stack = FakeStack()
    for number, (name, machine, status) in enumerate(executions):
        started = START + timedelta(minutes=number)
        stack.machines.known[name] = FakeExecution(machine, status, started, **more)
    return stack


# --------------------------------------------------------------------------------------------------------- reviews


def test_reviews_are_read_page_by_page_to_the_end() -> None:
    stack = FakeStack()
    for number in range(230):
        stack.ask_for_review(some_entry(), execution=f"review_only-{number:03d}", kind=ReviewKind.STATUS)
    found = list(ops.review_pages(stack.session(), kind="status"))
    assert [review["review_id"] for review in found] == [f"rev_review_only-{number:03d}" for number in range(230)]
    assert [one.event["after"] for one in stack.invoked] == [
        None,
        "rev_review_only-099",
        "rev_review_only-199",
    ]


def test_a_page_that_is_just_full_is_not_the_last() -> None:
    stack = FakeStack()
    for number in range(100):
        stack.ask_for_review(some_entry(), execution=f"review_only-{number:03d}", kind=ReviewKind.STATUS)
    assert len(list(ops.review_pages(stack.session()))) == 100
    assert len(stack.invoked) == 2


def test_a_decision_says_who_made_it_and_what_was_shown() -> None:
    stack = FakeStack()
    review_id = stack.ask_for_review(some_entry(), execution="new-x-1", kind=ReviewKind.NEW)
    session = stack.session()
    shown = ops.show_review(session, review_id)["review"]
    decided = ops.decide(session, review_id, verdict="rejected", sha256=shown["sha256"], reason="a duplicate")
    assert decided["state"] == "decided"
    assert decided["decision"]["by"] == CALLER
    assert (decided["decision"]["verdict"], decided["decision"]["reason"]) == ("rejected", "a duplicate")
    assert "token" not in json.dumps(shown)


def test_the_review_of_an_execution_is_found_by_its_execution() -> None:
    stack = FakeStack()
    stack.ask_for_review(some_entry(), execution="new-x-1", kind=ReviewKind.NEW)
    stack.ask_for_review(some_entry(), execution="new-y-1", kind=ReviewKind.NEW)
    assert ops.wait_for_review(stack.session(), "new-y-1")["review_id"] == "rev_new-y-1"


def test_an_execution_that_ended_before_its_review_is_not_waited_for() -> None:
    stack = stack_with(("new-x-1", "enrichment", "FAILED"))
    stack.objects.put("reports/enrichment/new-x-1.json", b'{"error": "no catalogue answered"}')
    with pytest.raises(CommandError, match="new-x-1 ended FAILED before its review: no catalogue answered"):
        ops.wait_for_review(stack.session(), "new-x-1")


# ------------------------------------------------------------------------------------------------------ executions


def test_an_execution_is_looked_for_in_both_machines() -> None:
    stack = stack_with(("refresh-x-1", "enrichment", "RUNNING"), ("bootstrap-1", "bulk_index", "SUCCEEDED"))
    session = stack.session()
    running, ended = (ops.describe_execution(session, name) for name in ("refresh-x-1", "bootstrap-1"))
    assert (running["machine"], running["status"], running["stopped"]) == ("enrichment", "RUNNING", None)
    assert (ended["machine"], ended["status"]) == ("bulk_index", "SUCCEEDED")
    assert ended["stopped"] == (START + timedelta(minutes=2)).isoformat()


def test_an_unknown_execution_says_where_names_are_found() -> None:
    with pytest.raises(CommandError, match="no execution named nobody; `anime executions list`"):
        ops.describe_execution(FakeStack().session(), "nobody")


def test_executions_of_both_machines_are_listed_newest_first_up_to_a_limit() -> None:
    names = [(f"run-{number}", ("enrichment", "bulk_index")[number % 2], "RUNNING") for number in range(6)]
    session = stack_with(*names).session()
    assert [row["name"] for row in ops.list_executions(session, status=None, limit=4)] == [
        "run-5",
        "run-4",
        "run-3",
        "run-2",
    ]


def test_executions_are_listed_by_status() -> None:
    session = stack_with(("a", "enrichment", "RUNNING"), ("b", "enrichment", "FAILED")).session()
    assert [row["name"] for row in ops.list_executions(session, status="FAILED", limit=10)] == ["b"]


def test_the_states_of_an_execution_are_told_in_order_with_their_times() -> None:
    session = stack_with(("x", "enrichment", "RUNNING"), states=("Begin", "FetchSources")).session()
    assert ops.execution_states(session, "x", "enrichment") == [
        {"at": START.isoformat(), "state": "Begin"},
        {"at": (START + timedelta(seconds=1)).isoformat(), "state": "FetchSources"},
    ]


def test_waiting_ends_with_the_execution() -> None:
    session = stack_with(("x", "enrichment", "TIMED_OUT")).session()
    assert ops.wait_for_execution(session, Output(), "x")["status"] == "TIMED_OUT"
    ended = ops.wait_for_end_or_review(session, Output(), "x")
    assert (ended["status"], ended["review_id"]) == ("TIMED_OUT", None)


def test_waiting_ends_where_a_person_is_asked() -> None:
    stack = stack_with(("new-x-1", "enrichment", "RUNNING"), states=("Begin", "RequestReview"))
    stack.ask_for_review(some_entry(), execution="new-x-1", kind=ReviewKind.NEW)
    waited = ops.wait_for_end_or_review(stack.session(), Output(), "new-x-1")
    assert (waited["status"], waited["review_id"]) == ("RUNNING", "rev_new-x-1")


def test_of_a_long_execution_the_latest_events_alone_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_with(("x", "enrichment", "RUNNING"), states=("Begin", *("Fetch", "WaitForTurn") * 5000))
    asked: list[dict[str, Any]] = []
    whole = stack.machines.get_execution_history

    def history(**query: Any) -> dict[str, Any]:
        asked.append(query)
        return whole(**query)

    monkeypatch.setattr(stack.machines, "get_execution_history", history)
    assert ops.last_state(stack.session(), "x", "enrichment") == "WaitForTurn"
    assert [(query["reverseOrder"], query["maxResults"]) for query in asked] == [(True, ops.LATEST_EVENTS)]


def test_an_execution_that_has_just_begun_is_in_no_state() -> None:
    session = stack_with(("x", "enrichment", "RUNNING")).session()
    assert ops.last_state(session, "x", "enrichment") is None


@pytest.mark.parametrize("wait", [ops.wait_for_execution, ops.wait_for_end_or_review])
def test_whoever_waits_is_told_in_words(
    wait: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = stack_with(("x", "enrichment", "RUNNING"))
    execution = stack.machines.known["x"]
    passed = iter(["FetchSources", "Fetch", "WaitForTurn", "AssembleEntry", "CleanupFailed"])

    def pass_time(_seconds: float) -> None:
        state = next(passed, None)
        execution.states = (*execution.states, state) if state else execution.states
        execution.status = "RUNNING" if state else "SUCCEEDED"

    monkeypatch.setattr(time, "sleep", pass_time)
    assert wait(stack.session(), Output(), "x")["status"] == "SUCCEEDED"
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == [
        "execution x",
        "asking the catalogues",
        "waiting for turns at the catalogues; this may take hours",
        "assemble entry",
        "it failed; cleaning up",
    ]


# ------------------------------------------------------------------------------------------------------------ runs


def test_a_runs_id_is_part_of_its_result_and_a_legal_execution_name() -> None:
    stack = FakeStack(results={"redrive": {"committed": 2}})
    result = ops.simple_run(stack.session(), Output(), kind="redrive", task="redrive", title="redrive")
    (started,) = stack.invoked
    assert result == {"run_id": started.event["run_id"], "committed": 2}
    assert not started.waited_for
    ids = {ops.new_run_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(len(run_id) <= 64 and run_id.replace("-", "").isalnum() for run_id in ids)


def snapshot_copy(folder: Path, time: str = "2026-11-21T010000.000Z") -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"time": time}))
    (folder / "animes.jsonl.zst").write_bytes(b"animes")
    (folder / "vectors.jsonl.zst").write_bytes(b"vectors")
    (folder / "notes.txt").write_bytes(b"mine")
    return folder


def test_a_local_copy_of_a_snapshot_goes_back_to_where_snapshots_lie(tmp_path: Path) -> None:
    stack = FakeStack()
    copy = snapshot_copy(tmp_path / "copy")
    assert ops.upload_snapshot(stack.session(), Output(), copy) == "2026-11-21T010000.000Z"
    prefix = "snapshots/2026-11-21T010000.000Z/"
    assert stack.objects.keys() == tuple(
        prefix + name for name in ("animes.jsonl.zst", "manifest.json", "vectors.jsonl.zst")
    )
    stored = stack.objects.get(f"{prefix}vectors.jsonl.zst")
    assert stored is not None
    assert stored.body == b"vectors"


@pytest.mark.parametrize("missing", ["manifest.json", "animes.jsonl.zst", "vectors.jsonl.zst"])
def test_a_copy_that_lacks_a_file_is_refused_before_anything_is_uploaded(tmp_path: Path, missing: str) -> None:
    stack = FakeStack()
    copy = snapshot_copy(tmp_path / "copy")
    (copy / missing).unlink()
    with pytest.raises(UsageError, match=f"no {missing}"):
        ops.upload_snapshot(stack.session(), Output(), copy)
    assert stack.objects.keys() == ()


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", '{"time": 3}', '{"time": "../../processed"}'])
def test_a_copy_without_a_readable_manifest_is_refused(tmp_path: Path, manifest: str) -> None:
    stack = FakeStack()
    copy = snapshot_copy(tmp_path / "copy")
    (copy / "manifest.json").write_text(manifest)
    with pytest.raises(UsageError, match="manifest"):
        ops.upload_snapshot(stack.session(), Output(), copy)
    assert stack.objects.keys() == ()
