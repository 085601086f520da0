"""The definitions as files: what they name exists, and what they send and read is what the functions take and give."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from components.application.pipeline import FUNCTIONS
from components.aws.step_functions import FOLDER, definition_file, placeholders
from models import events
from tests.statemachines.asl import RULES, Definition, Rule, load, states, tasks

MACHINES = sorted(path.name.removesuffix(".asl.json") for path in FOLDER.iterdir())
TASKS = frozenset(spec.task for spec in FUNCTIONS)
PARAMETERS = {
    "enrichment": {"review_timeout_seconds", "machine_timeout_seconds"},
    "bulk_index": {"bulk_concurrency", "bulk_timeout_seconds"},
}

INPUTS: dict[str, type[events.Event]] = {
    "begin": events.TaskInput,
    "fetch_source": events.FetchInput,
    "process_stage": events.StageInput,
    "ingest_images": events.TaskInput,
    "assemble_entry": events.TaskInput,
    "request_review": events.ReviewRequestInput,
    "commit_data": events.CommitInput,
    "cleanup": events.CleanupInput,
    "rehost_batch": events.RehostInput,
    "index_batch": events.BatchInput,
    "finish_bulk": events.FinishBulkInput,
}
OUTPUTS: dict[str, type[events.Event]] = {
    "begin": events.BeginOutput,
    "fetch_source": events.FetchOutput,
    "ingest_images": events.ImagesOutput,
    "assemble_entry": events.AssembleOutput,
    "commit_data": events.CommitOutput,
}


def _task_of(state: Any) -> str:
    name: str = state["Parameters"]["FunctionName"]
    return name[2:-1]


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_there_are_two_machines() -> None:
    assert MACHINES == ["bulk_index", "enrichment"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_definition_keeps_the_rule(machine: str, rule: Rule) -> None:
    assert list(rule(load(definition_file(machine)))) == []


def test_placeholders_are_functions_and_parameters(machine: str) -> None:
    called = {_task_of(state) for _, state in tasks(load(definition_file(machine)))}

    assert called <= TASKS
    assert placeholders(definition_file(machine)) == called | PARAMETERS[machine]


def test_every_task_sends_what_its_function_takes(machine: str) -> None:
    for name, state in tasks(load(definition_file(machine))):
        fields = INPUTS[_task_of(state)].model_fields
        sent = {key.removesuffix(".$") for key in state["Parameters"]["Payload"]}
        assert sent == set(fields), name


def test_what_is_kept_of_an_answer_is_the_whole_answer() -> None:
    kept = [(n, s) for n, s in tasks(load(definition_file("enrichment"))) if "ResultSelector" in s]

    assert {_task_of(state) for _, state in kept} == set(OUTPUTS)
    for name, state in kept:
        selected = {key.removesuffix(".$"): path for key, path in state["ResultSelector"].items()}
        assert selected == {f: f"$.Payload.{f}" for f in OUTPUTS[_task_of(state)].model_fields}, name


def test_the_execution_reference_holds_the_whole_input() -> None:
    ref = load(definition_file("enrichment"))["States"]["Ref"]["Parameters"]["ref"]

    assert {key.removesuffix(".$") for key in ref} == set(events.ExecutionRef.model_fields)
    assert set(events.ExecutionRef.model_fields) == {"execution", *events.EnrichmentInput.model_fields}


def test_the_stages_are_the_five_of_the_model() -> None:
    branches = load(definition_file("enrichment"))["States"]["Stages"]["Branches"]
    stages = [next(iter(b["States"].values()))["Parameters"]["Payload"]["stage"] for b in branches]

    assert stages == [stage.value for stage in events.Stage]


def test_only_the_commit_waits_for_a_lock() -> None:
    """The modes that lock do so before they start; waiting elsewhere would hide a lost lock."""
    waiting = {
        name
        for name, state in states(load(definition_file("enrichment")))
        for retrier in state.get("Retry", ())
        if "LockHeld" in retrier["ErrorEquals"]
    }

    assert waiting == {"CommitData"}


def test_the_lock_is_waited_for_longer_than_a_commit_takes() -> None:
    retry = load(definition_file("enrichment"))["States"]["CommitData"]["Retry"][0]
    delays = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** n, retry["MaxDelaySeconds"])
        for n in range(retry["MaxAttempts"])
    ]

    assert sum(delays) > 3 * 3600


def test_a_review_is_never_asked_for_again_because_nobody_decided() -> None:
    review = load(definition_file("enrichment"))["States"]["RequestReview"]
    retried = {error for retrier in review["Retry"] for error in retrier["ErrorEquals"]}

    assert retried.isdisjoint({"States.ALL", "States.Timeout", "States.TaskFailed", "States.HeartbeatTimeout"})
    assert [catcher["ErrorEquals"] for catcher in review["Catch"]] == [["States.Timeout"], ["States.ALL"]]


def test_the_commit_is_not_retried_for_its_stores() -> None:
    """The saga repeats its own writes; doing it here too would multiply the waits."""
    commit = load(definition_file("enrichment"))["States"]["CommitData"]
    retried = {error for retrier in commit["Retry"] for error in retrier["ErrorEquals"]}

    assert retried.isdisjoint({"Unavailable", "Throttled"})


def test_every_end_cleans_up_or_says_that_it_could_not() -> None:
    machine = load(definition_file("enrichment"))["States"]
    ends = {name for name, state in machine.items() if state["Type"] in {"Succeed", "Fail"}}
    leading = {
        name: {t for t in (state.get("Next"), *(c["Next"] for c in state.get("Catch", ()))) if t in ends}
        for name, state in machine.items()
    }

    assert {name for name, targets in leading.items() if targets} == {
        "CleanupSucceeded",
        "CleanupRejected",
        "CleanupExpired",
        "CleanupFailed",
        "CleanupUndoFailed",
    }


Spoil = Callable[[dict[str, Any]], object]


def _spoils() -> dict[str, Spoil]:
    """One way to break each rule."""
    return {
        "targets_exist": lambda m: m["States"]["Begin"].update(Next="Nowhere"),
        "every_state_goes_on_or_ends": lambda m: m["States"]["Begin"].pop("Next"),
        "names_are_unique": lambda m: m["States"].update(Fetch={"Type": "Succeed"}),
        "tasks_retry_and_catch": lambda m: m["States"]["Begin"].pop("Catch"),
        "errors_exist": lambda m: m["States"]["Begin"]["Retry"][0].update(ErrorEquals=["Unavailible"]),
        "only_retryable_errors_are_retried": lambda m: m["States"]["Begin"]["Retry"][0].update(
            ErrorEquals=["NotFound"]
        ),
        "retries_are_spread": lambda m: m["States"]["Begin"]["Retry"][0].pop("JitterStrategy"),
        "catches_keep_the_state": lambda m: m["States"]["Begin"]["Catch"][0].pop("ResultPath"),
        "emulator_runs_it": lambda m: m["States"]["FetchSources"].update(ItemBatcher={"MaxItemsPerBatch": 2}),
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_sees_its_violation(rule: Rule) -> None:
    broken: Definition = copy.deepcopy(dict(load(definition_file("enrichment"))))
    _spoils()[rule.__name__](dict(broken))

    assert list(rule(broken)), json.dumps(broken)[:200]
