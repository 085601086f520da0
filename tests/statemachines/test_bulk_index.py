"""The bulk machine in the emulator: a Distributed Map over the batches of a manifest."""

import json
import threading
import time
from typing import Any

import pytest

from models.errors import Malformed, Unavailable
from models.events import BatchOutput, RehostOutput
from tests.statemachines.harness import Behaviour, Crash, Harness, Run, fails, gives

BUCKET = "bulk"
MANIFEST = "work/run-1/manifest.json"
REHOSTED = gives(RehostOutput(stored=300, failed=0))
LOADED = gives(BatchOutput(loaded=300, existing=0, conflicts=0, images_stored=0, images_failed=0))
TASKS = ("rehost_batch", "index_batch")


def batch(number: int) -> str:
    return f"work/run-1/batches/{number:05d}.json"


class Bulk:
    def __init__(self, harness: Harness, batches: int) -> None:
        self.harness = harness
        manifest = [{"batch_key": batch(number)} for number in range(batches)]
        harness.objects.create_bucket(Bucket=BUCKET)
        harness.objects.put_object(Bucket=BUCKET, Key=MANIFEST, Body=json.dumps(manifest).encode())

    def run(
        self, *, manifest: str = MANIFEST, images: bool = True, concurrency: int = 8, **otherwise: Behaviour
    ) -> Run:
        return self.harness.run(
            "bulk_index",
            {"run_id": "run-1", "images": images, "bucket": BUCKET, "manifest_key": manifest},
            {"rehost_batch": REHOSTED, "index_batch": LOADED, "finish_bulk": gives(), **otherwise},
            parameters={"bulk_concurrency": concurrency, "bulk_timeout_seconds": 3600},
        )


@pytest.fixture
def bulk(harness: Harness) -> Bulk:
    return Bulk(harness, batches=12)


def finished(run: Run) -> list[str | None]:
    """The error that each call of the last function was given."""
    return [event.error and event.error["Error"] for event in run.events("finish_bulk")]


@pytest.mark.parametrize("images", [False, True], ids=["without-images", "with-images"])
def test_every_batch_is_loaded_once(bulk: Bulk, images: bool) -> None:
    run = bulk.run(images=images)

    assert run.status == "SUCCEEDED"
    loaded = run.events("index_batch")
    assert sorted(event.batch_key for event in loaded) == [batch(number) for number in range(12)]
    assert {(event.run_id, event.images) for event in loaded} == {("run-1", images)}
    assert finished(run) == [None]
    assert run.tasks()[-1] == "finish_bulk"


def test_the_images_of_each_batch_are_rehosted_before_it_is_loaded(bulk: Bulk) -> None:
    run = bulk.run()

    for number in range(12):
        of_batch = [call.task for call in run.calls[:-1] if call.event.batch_key == batch(number)]
        assert of_batch == ["rehost_batch", "index_batch"]


def test_a_run_without_images_fetches_nothing_from_outside(bulk: Bulk) -> None:
    run = bulk.run(images=False)

    assert run.status == "SUCCEEDED"
    assert set(run.tasks()) == {"index_batch", "finish_bulk"}


def test_the_state_does_not_grow_with_the_batches(harness: Harness) -> None:
    run = Bulk(harness, batches=150).run(concurrency=40)

    assert run.status == "SUCCEEDED"
    assert len(run.events("index_batch")) == 150
    assert run.history_bytes < 4 * 1024
    assert set(run.output) == {"run_id", "images", "bucket", "manifest_key"}


def test_what_a_batch_leaves_behind_is_next_to_nothing(bulk: Bulk) -> None:
    """AWS adds up the outputs of all batches before it drops them, and they may not exceed 256 KiB."""
    bulk.run()
    children = [
        execution
        for run in _map_runs(bulk.harness)
        for execution in bulk.harness.machines.list_executions(mapRunArn=run)["executions"]
    ]

    outputs = {
        bulk.harness.machines.describe_execution(executionArn=child["executionArn"]).get("output") for child in children
    }
    assert outputs == {"{}"}


def _map_runs(harness: Harness) -> list[str]:
    machine = harness.machines.list_state_machines()["stateMachines"][-1]["stateMachineArn"]
    executions = harness.machines.list_executions(stateMachineArn=machine)["executions"]
    return [
        run["mapRunArn"]
        for execution in executions
        for run in harness.machines.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    ]


def test_no_more_batches_at_once_than_the_stack_allows(bulk: Bulk) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def load(event: Any, number: int) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)  # long enough for the others to begin
        with lock:
            running[0] -= 1
        return LOADED(event, number)

    bulk.run(concurrency=3, index_batch=load)

    assert most[0] == 3


@pytest.mark.parametrize(("task", "then"), [("rehost_batch", REHOSTED), ("index_batch", LOADED)], ids=TASKS)
@pytest.mark.parametrize(
    "error",
    [Unavailable("down"), Crash("Lambda.TooManyRequestsException"), Crash("Sandbox.Timedout")],
    ids=str,
)
def test_a_batch_is_tried_again(bulk: Bulk, task: str, then: Behaviour, error: Exception) -> None:
    behaviours: Any = {task: fails(error, times=2, then=then)}
    run = bulk.run(**behaviours)

    assert run.status == "SUCCEEDED"
    assert len(run.events(task)) == 12 + 2
    assert finished(run) == [None]


@pytest.mark.parametrize("task", TASKS)
def test_one_batch_that_fails_fails_the_load(bulk: Bulk, task: str) -> None:
    def fail(event: Any, _: int) -> Any:
        if event.batch_key == batch(5):
            raise Malformed("not a list")

    behaviours: Any = {task: fail}
    run = bulk.run(**behaviours)

    assert (run.status, run.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert finished(run) == ["States.ExceedToleratedFailureThreshold"]


def test_a_batch_whose_images_could_not_be_settled_is_not_loaded(bulk: Bulk) -> None:
    run = bulk.run(rehost_batch=fails(Malformed("not a list")))

    assert run.status == "FAILED"
    assert run.events("index_batch") == []


def test_a_manifest_that_is_not_there_is_reported(bulk: Bulk) -> None:
    run = bulk.run(manifest="work/run-1/nothing.json")

    assert run.status == "FAILED"
    assert finished(run) == ["States.ItemReaderFailed"]
    assert run.events("index_batch") == []


def test_a_report_that_fails_is_written_as_a_failure(bulk: Bulk) -> None:
    run = bulk.run(finish_bulk=fails(Malformed("plan"), times=1, then=gives()))

    assert (run.status, run.error) == ("FAILED", "Malformed")
    assert finished(run) == [None, "Malformed"]


def test_a_failure_that_cannot_be_reported_shows(bulk: Bulk) -> None:
    run = bulk.run(finish_bulk=fails(Malformed("plan")))

    assert (run.status, run.error) == ("FAILED", "NotReported")
    assert finished(run) == [None, "Malformed"]
