"""Functions run in this process as Lambda would run them."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import pytest
from ministack.services import lambda_svc

from local.errors import ResourceFailed, StartFailed
from local.executor import SEAM, Executor, FunctionSpec, LambdaContext
from local.limits import RESPONSE_BYTES

Behaviour = Callable[[Any, Mapping[str, str], LambdaContext, TextIO], Any]
MODULE = "functions_of_these_tests"


class Scripted:
    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    def invoke(self, event: Any, *, environment: Mapping[str, str], context: LambdaContext, log_stream: TextIO) -> Any:
        return self.behaviour(event, environment, context, log_stream)


@pytest.fixture
def executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    monkeypatch.setattr(lambda_svc, SEAM, getattr(lambda_svc, SEAM))  # given back afterwards
    made = Executor(region="eu-west-1", logs=tmp_path / "logs")
    made.install()
    yield made
    made.close()


@pytest.fixture
def run(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Registers a function that behaves as given and invokes it at the seam."""

    def invoke(behaviour: Behaviour, event: Any = None, **spec: Any) -> dict[str, Any]:
        module = ModuleType(MODULE)
        vars(module)["handler"] = Scripted(behaviour)
        monkeypatch.setitem(sys.modules, MODULE, module)
        values = {"name": "f", "handler": f"{MODULE}.handler", "environment": {}} | spec
        executor.register(FunctionSpec(**values))
        config = {"FunctionName": values["name"], "FunctionArn": "arn:f"}
        return executor.dispatch(
            {"config": config}, config, event if event is not None else {}, "request-1", time.time()
        )

    return invoke


Run = Callable[..., dict[str, Any]]


def test_a_result_is_the_body(run: Run) -> None:
    assert run(lambda event, *_: {"twice": event["n"] * 2}, {"n": 4})["body"] == {"twice": 8}


def test_the_handler_gets_the_programs_environment_and_lambdas_own_variables(run: Run) -> None:
    seen = run(lambda _event, environment, *_: dict(environment), environment={"STACK": "tests"})["body"]
    assert seen["STACK"] == "tests"
    assert seen["AWS_REGION"] == "eu-west-1"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "f"


def test_the_context_knows_the_request_and_the_time_that_is_left(run: Run) -> None:
    def behave(_event: Any, _environment: Mapping[str, str], context: LambdaContext, _log: TextIO) -> Any:
        return [context.aws_request_id, context.function_name, context.memory_limit_in_mb,
                context.get_remaining_time_in_millis()]  # fmt: skip

    request, name, memory, remaining = run(behave, timeout_seconds=7, memory_mib=512)["body"]
    assert (request, name, memory) == ("request-1", "f", 512)
    assert 6000 < remaining <= 7000


def test_the_event_is_a_copy(run: Run) -> None:
    event = {"items": [1]}
    run(lambda given, *_: given["items"].append(2), event)
    assert event == {"items": [1]}


def test_an_error_keeps_its_name_and_text_and_is_where_the_handler_raised_it(run: Run) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("no such anime")

    answer = run(fail)
    assert answer["error"] is True
    assert answer["body"]["errorType"] == "LookupError"
    assert answer["body"]["errorMessage"] == "no such anime"
    assert "in fail" in answer["body"]["stackTrace"][-1]
    assert not any("/local/executor.py" in frame for frame in answer["body"]["stackTrace"])


def test_even_a_base_exception_ends_the_invocation_alone(run: Run) -> None:
    def leave(*_: Any) -> None:
        raise SystemExit(3)

    assert run(leave)["body"]["errorType"] == "SystemExit"


def test_a_function_that_takes_too_long_is_answered_as_lambda_does_and_the_time_is_its_own(run: Run) -> None:
    release = threading.Event()
    try:
        answer = run(lambda *_: release.wait(30), timeout_seconds=1)
    finally:
        release.set()
    assert answer["error"] is True
    assert answer["body"]["errorType"] == "Sandbox.Timedout"
    assert answer["body"]["errorMessage"] == "RequestId: request-1 Error: Task timed out after 1.00 seconds"


def test_a_result_that_is_no_json_is_an_error(run: Run) -> None:
    assert run(lambda *_: {1, 2})["body"]["errorType"] == "Runtime.MarshalError"
    assert run(lambda *_: float("nan"))["body"]["errorType"] == "Runtime.MarshalError"


def test_a_result_above_lambdas_limit_is_an_error_and_one_at_it_is_not(run: Run) -> None:
    at_the_limit = run(lambda *_: "x" * (RESPONSE_BYTES - 2))
    assert "error" not in at_the_limit
    assert run(lambda *_: "x" * (RESPONSE_BYTES - 1))["body"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_function_that_the_program_does_not_have_is_an_error(executor: Executor) -> None:
    config = {"FunctionName": "unknown"}
    answer = executor.dispatch({"config": config}, config, {}, "r", time.time())
    assert answer["body"]["errorType"] == "Runtime.HandlerNotFound"


def test_lines_go_to_the_file_of_the_function_and_into_the_answer(run: Run, tmp_path: Path) -> None:
    def log(_event: Any, _environment: Mapping[str, str], _context: LambdaContext, stream: TextIO) -> None:
        threads = [threading.Thread(target=stream.write, args=(f'{{"n": {n}}}\n',)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    answer = run(log)
    written = (tmp_path / "logs" / "f.jsonl").read_text()
    assert sorted(json.loads(line)["n"] for line in written.splitlines()) == list(range(20))
    assert answer["log"] == written


def test_a_failure_of_which_the_handler_could_log_nothing_is_logged_with_its_correlation(
    run: Run, tmp_path: Path
) -> None:
    release = threading.Event()

    def log_and_wait(_event: Any, _environment: Mapping[str, str], _context: LambdaContext, stream: TextIO) -> None:
        stream.write('{"message": "begun"}\n')
        release.wait(30)

    try:
        run(log_and_wait, {"ref": {"execution": "new-ani_1-x", "anime_id": "ani_1"}}, timeout_seconds=1)
    finally:
        release.set()
    first, second = map(json.loads, (tmp_path / "logs" / "f.jsonl").read_text().splitlines())
    assert first == {"message": "begun"}
    assert second["error"] == "Sandbox.Timedout"
    assert (second["execution"], second["anime_id"], second["request_id"]) == ("new-ani_1-x", "ani_1", "request-1")


def test_a_failure_that_the_handler_logged_is_not_logged_again(run: Run, tmp_path: Path) -> None:
    def log_and_fail(_event: Any, _environment: Mapping[str, str], _context: LambdaContext, stream: TextIO) -> None:
        stream.write('{"message": "failed"}\n')
        raise ValueError

    run(log_and_fail)
    assert (tmp_path / "logs" / "f.jsonl").read_text() == '{"message": "failed"}\n'


def test_closing_answers_whoever_waits(executor: Executor, run: Run) -> None:
    release, begun = threading.Event(), threading.Event()
    answers: list[dict[str, Any]] = []

    def wait(*_: Any) -> None:
        begun.set()
        release.wait(30)

    caller = threading.Thread(target=lambda: answers.append(run(wait, timeout_seconds=60)))
    caller.start()
    try:
        assert begun.wait(10)
        executor.close()
        caller.join(10)
    finally:
        release.set()
    assert answers[0]["body"]["errorType"] == "Sandbox.Stopped"
    assert run(lambda *_: 1)["body"]["errorType"] == "Sandbox.Stopped"


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("no_such_module_at_all.handler", "no_such_module_at_all"),
        ("json.no_such_attribute", "no_such_attribute"),
        ("json.dumps", "has no method invoke"),
        ("handler", "cannot import its handler"),
    ],
)
def test_a_handler_that_cannot_be_is_refused_when_the_program_names_it(
    executor: Executor, handler: str, told: str
) -> None:
    with pytest.raises(ResourceFailed, match=told):
        executor.register(FunctionSpec(name="f", handler=handler, environment={}))


def test_an_environment_that_lambda_would_refuse_is_refused(executor: Executor) -> None:
    with pytest.raises(ResourceFailed, match="not texts: COUNT"):
        executor.register(FunctionSpec(name="f", handler="x.y", environment={"COUNT": 3}))  # type: ignore[dict-item]
    with pytest.raises(ResourceFailed, match="4097 bytes; Lambda allows 4096"):
        executor.register(FunctionSpec(name="f", handler="x.y", environment={"A": "x" * 4096}))


def test_an_emulator_without_the_seam_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(lambda_svc, SEAM)
    with pytest.raises(StartFailed, match=SEAM):
        Executor(region="us-east-1", logs=tmp_path).install()


def test_an_invocation_that_is_repeated_after_the_stop_does_not_reach_the_emulators_own_executor(
    executor: Executor,
) -> None:
    executor.close()
    config = {"FunctionName": "f"}
    answer = getattr(lambda_svc, SEAM)({"config": config}, config, {}, "r", time.time())
    assert answer["body"]["errorType"] == "Sandbox.Stopped"
