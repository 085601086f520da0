"""Rules of our state machines, each a function from a definition to the problems it sees."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from models import errors

Definition = Mapping[str, Any]
State = Mapping[str, Any]
Rule = Callable[[Definition], Iterator[str]]

AWS_ERRORS = frozenset(
    {
        "States.ALL",
        "States.Timeout",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
    }
)
OUR_ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
RESOURCES = frozenset({"arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken"})
REASON = "No Catch: "


def load(path: Path) -> Definition:
    definition: Definition = json.loads(path.read_text())
    return definition


def scopes(definition: Definition) -> Iterator[Definition]:
    """The machine itself, and each branch and each iteration inside it: whatever has StartAt and States."""
    yield definition
    for state in definition["States"].values():
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            yield from scopes(inner)


def states(definition: Definition) -> Iterator[tuple[str, State]]:
    for scope in scopes(definition):
        yield from scope["States"].items()


def tasks(definition: Definition) -> Iterator[tuple[str, State]]:
    return ((name, state) for name, state in states(definition) if state["Type"] == "Task")


def _targets(state: State) -> Iterator[str]:
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        for field in ("Next", "Default"):
            if field in holder:
                yield holder[field]


def targets_exist(definition: Definition) -> Iterator[str]:
    for scope in scopes(definition):
        named = scope["States"]
        wanted = {scope["StartAt"], *(target for state in named.values() for target in _targets(state))}
        yield from (f"{target} does not exist" for target in sorted(wanted - named.keys()))
        yield from (f"{name} is never reached" for name in sorted(named.keys() - wanted))


def every_state_goes_on_or_ends(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        needs_next = state["Type"] not in {"Choice", "Succeed", "Fail"}
        if needs_next and ("Next" in state) == bool(state.get("End")):
            yield f"{name} needs either Next or End"
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{name} has no Default: another value would end the execution uncaught"


def names_are_unique(definition: Definition) -> Iterator[str]:
    seen: set[str] = set()
    for name, _ in states(definition):
        if name in seen:
            yield f"{name} is there twice"
        seen.add(name)


def tasks_retry_and_catch(definition: Definition) -> Iterator[str]:
    for name, state in tasks(definition):
        if not state.get("Retry"):
            yield f"{name} has no Retry"
        if not state.get("Catch") and not state.get("Comment", "").startswith(REASON):
            yield f"{name} has neither Catch nor a reason"
    for name, state in states(definition):
        if state["Type"] in {"Map", "Parallel"} and not state.get("Catch"):
            yield f"{name} has no Catch"


def errors_exist(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        for handler in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in handler["ErrorEquals"]:
                if error not in OUR_ERRORS and error not in AWS_ERRORS:
                    yield f"{name}: nothing raises {error}"


def only_retryable_errors_are_retried(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        for retrier in state.get("Retry", ()):
            for error in retrier["ErrorEquals"]:
                if error.startswith("States."):
                    yield f"{name}: retrying {error} would repeat what cannot succeed"
                kind = OUR_ERRORS.get(error)
                if kind is not None and not issubclass(kind, errors.Retryable):
                    yield f"{name}: {error} is not retryable"


def retries_are_spread(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        for retrier in state.get("Retry", ()):
            if retrier.get("JitterStrategy") != "FULL" or retrier.get("BackoffRate", 1) <= 1:
                yield f"{name}: its retries come all at once"
            if not retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"]:
                yield f"{name}: MaxDelaySeconds has to exceed IntervalSeconds"


def catches_keep_the_state(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        for catcher in state.get("Catch", ()):
            if catcher.get("ResultPath", "$") == "$":
                yield f"{name}: the caught error would replace the state, and clean-up not know of what"


def emulator_runs_it(definition: Definition) -> Iterator[str]:
    for name, state in states(definition):
        for field in ("ItemBatcher", "ResultWriter", "Arguments", "Assign", "Output"):
            if field in state:
                yield f"{name}: {field} is ignored by the emulator"
        if state["Type"] == "Task" and state["Resource"] not in RESOURCES:
            yield f"{name}: {state['Resource']} is not a function"
        reader = state.get("ItemReader", {})
        if reader.get("ReaderConfig", {"InputType": "JSON"}) != {"InputType": "JSON"}:
            yield f"{name}: reads something else than a JSON array"


RULES: tuple[Rule, ...] = (
    targets_exist,
    every_state_goes_on_or_ends,
    names_are_unique,
    tasks_retry_and_catch,
    errors_exist,
    only_retryable_errors_are_retried,
    retries_are_spread,
    catches_keep_the_state,
    emulator_runs_it,
)
