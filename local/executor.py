"""Runs functions in this process, in the place of the emulator's own ways.

Every invocation, whoever asks for it, ends in one function of MiniStack, ``_execute_function_dispatch``. Ours takes
its place: it finds the handler by what the program said of the function, runs it in a thread with the function's time
limit, and answers the way Lambda does.
"""

import contextlib
import importlib
import io
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final, Protocol, TextIO

from local.errors import ResourceFailed, StartFailed
from local.limits import RESPONSE_BYTES, STATE_BYTES

SEAM: Final = "_execute_function_dispatch"
_LOG_WRITER: Final = "_emit_lambda_logs"
_ENVIRONMENT_BYTES: Final = 4096
_FRAMES_TO_THE_CALLER: Final = 20
_CORRELATION: Final = ("run_id", "anime_id", "execution")


class Handler(Protocol):
    """What a function's handler attribute has to be: ``runtime.handler.LambdaFunction`` is."""

    def invoke(
        self,
        event: Any,
        *,
        environment: Mapping[str, str],
        context: "LambdaContext",
        log_stream: TextIO,
    ) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """A function as the program describes it. ``handler`` is ``package.module.attribute``."""

    name: str
    handler: str
    environment: Mapping[str, str]
    timeout_seconds: int = 3
    memory_mib: int = 128


@dataclass(frozen=True, kw_only=True)
class LambdaContext:
    """The part of Lambda's context object that handlers use."""

    aws_request_id: str
    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    function_version: str = "$LATEST"
    _ends: float = field(repr=False)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends - time.monotonic()) * 1000))


@dataclass(frozen=True)
class _Outcome:
    """``unheard``: a failure of which the handler itself cannot have logged anything."""

    body: Any
    failed: bool = False
    unheard: bool = False


class Executor:
    """``logs`` is the folder for ``<function>.jsonl``. Used by several threads at once."""

    def __init__(self, *, region: str, logs: Path) -> None:
        self._region = region
        self._logs = logs
        self._lock = threading.Lock()
        self._importing = threading.Lock()  # modules imported from several threads can be seen half made
        self._functions: dict[str, tuple[FunctionSpec, Handler]] = {}
        self._running: set[Future[_Outcome]] = set()
        self._closed = False

    def install(self) -> None:
        """Raises:
        StartFailed: the emulator has no such seam; its version is not the one we know.
        """
        from ministack.services import lambda_svc

        if not callable(getattr(lambda_svc, SEAM, None)) or not callable(getattr(lambda_svc, _LOG_WRITER, None)):
            raise StartFailed(f"this version of MiniStack has no {SEAM}; the executor cannot take its place")
        self._logs.mkdir(parents=True, exist_ok=True)
        lambda_svc._execute_function_dispatch = self.dispatch

    def close(self) -> None:
        """Whoever waits for a function is answered now; a handler that still runs is left behind in its thread.

        The seam stays taken: the emulator's own executor would start processes for invocations that are repeated late.
        """
        with self._lock:
            self._closed = True
            waiting = list(self._running)
        for future in waiting:
            _settle(future, _stopped())

    def register(self, spec: FunctionSpec) -> None:
        """Raises:
        ResourceFailed: the handler cannot be imported, or the environment is not one that Lambda would take.
        """
        _check_environment(spec)
        with self._importing:
            handler = _import_handler(spec)
        with self._lock:
            self._functions[spec.name] = (spec, handler)

    def functions(self) -> tuple[FunctionSpec, ...]:
        with self._lock:
            return tuple(spec for spec, _ in self._functions.values())

    def dispatch(
        self, func: Mapping[str, Any], config: Mapping[str, Any], event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        """The seam's signature and answer: ``body`` and ``log``, and ``error`` where the body is an error."""
        with self._lock:
            known = self._functions.get(config.get("FunctionName", ""))
            closed = self._closed
        if closed:
            return {"body": _stopped().body, "error": True, "log": ""}
        if known is None:
            outcome, log = _error("Runtime.HandlerNotFound", "the program has no such function"), ""
        else:
            outcome, log = self._run(*known, config, event, request_id)
        self._emit(func, request_id, log, outcome, started)
        if outcome.failed:
            _fail_waiting_task(outcome)
            return {"body": outcome.body, "error": True, "log": log}
        return {"body": outcome.body, "log": log}

    def _run(
        self, spec: FunctionSpec, handler: Handler, config: Mapping[str, Any], event: Any, request_id: str
    ) -> tuple[_Outcome, str]:
        from_machine = _frame_of("stepfunctions", "_call_lambda") is not None
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        if from_machine and len(text.encode()) > STATE_BYTES:
            return _too_large_for_a_state("input of the task", text), ""
        stream = _LogStream(self._logs / f"{spec.name}.jsonl")
        context = LambdaContext(
            aws_request_id=request_id,
            function_name=spec.name,
            memory_limit_in_mb=spec.memory_mib,
            invoked_function_arn=str(config.get("FunctionArn", "")),
            _ends=time.monotonic() + spec.timeout_seconds,
        )
        # The handler gets a copy: what it changes would otherwise change the state of the machine that calls it.
        environment = _runtime_environment(spec, self._region)
        outcome = self._wait(spec, context, lambda: _call(handler, json.loads(text), environment, context, stream))
        if from_machine and not outcome.failed:
            output = json.dumps(outcome.body, ensure_ascii=False, separators=(",", ":"))
            if len(output.encode()) > STATE_BYTES:
                outcome = _too_large_for_a_state("output of the task", output)
        if outcome.failed and (outcome.unheard or not stream.text()):
            stream.write(_failure_line(spec, request_id, event, outcome))
        return outcome, stream.text()

    def _wait(self, spec: FunctionSpec, context: LambdaContext, call: Callable[[], _Outcome]) -> _Outcome:
        future: Future[_Outcome] = Future()
        with self._lock:
            if self._closed:
                return _stopped()
            self._running.add(future)
        thread = threading.Thread(target=lambda: _settle(future, call()), name=f"function-{spec.name}", daemon=True)
        try:
            thread.start()
            return future.result(spec.timeout_seconds)
        except TimeoutError:
            # A thread cannot be ended: the handler goes on, and only its answer is lost.
            message = (
                f"RequestId: {context.aws_request_id} Error: Task timed out after {spec.timeout_seconds}.00 seconds"
            )
            return _error("Sandbox.Timedout", message)
        finally:
            with self._lock:
                self._running.discard(future)

    def _emit(self, func: Mapping[str, Any], request_id: str, log: str, outcome: _Outcome, started: float) -> None:
        from ministack.services import lambda_svc

        duration_ms = int((time.time() - started) * 1000)
        lambda_svc._emit_lambda_logs(func, request_id, log, outcome.failed, duration_ms)


class _LogStream(io.StringIO):
    """Takes a handler's lines from any thread, keeps them for CloudWatch Logs, and appends whole lines to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._lock = threading.Lock()
        self._parts: list[str] = []
        self._rest = ""

    def write(self, text: str, /) -> int:
        with self._lock:
            self._parts.append(text)
            *lines, self._rest = (self._rest + text).split("\n")
            if lines:
                # One write: invocations at the same time append to the same file.
                with self._path.open("ab", buffering=0) as file:
                    file.write(("\n".join(lines) + "\n").encode())
        return len(text)

    def text(self) -> str:
        with self._lock:
            return "".join(self._parts)


def _settle(future: "Future[_Outcome]", outcome: _Outcome) -> None:
    """The first answer counts: the stack may have been stopped while the handler ran."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(outcome)


def _runtime_environment(spec: FunctionSpec, region: str) -> dict[str, str]:
    """With the variables that Lambda itself sets, as far as code may ask for them."""
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mib),
        **spec.environment,
    }


def _call(
    handler: Handler, event: Any, environment: Mapping[str, str], context: LambdaContext, stream: _LogStream
) -> _Outcome:
    try:
        result = handler.invoke(event, environment=environment, context=context, log_stream=stream)
    except BaseException as error:  # noqa: BLE001 (as the runtime: whatever ends a handler is its error)
        return _Outcome(_described(error), failed=True)
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}")
    size = len(text.encode())
    if size > RESPONSE_BYTES:
        message = (
            f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        )
        return _error("Function.ResponseSizeTooLarge", message)
    return _Outcome(json.loads(text))


def _described(error: BaseException) -> dict[str, Any]:
    trace = error.__traceback__.tb_next if error.__traceback__ else None  # without our own frame
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(trace),
    }


def _error(error_type: str, message: str) -> _Outcome:
    return _Outcome({"errorType": error_type, "errorMessage": message}, failed=True, unheard=True)


def _stopped() -> _Outcome:
    return _error("Sandbox.Stopped", "the local stack was stopped")


def _too_large_for_a_state(what: str, text: str) -> _Outcome:
    size = len(text.encode())
    return _error("States.DataLimitExceeded", f"the {what} has {size} bytes; a state carries at most {STATE_BYTES}")


def _failure_line(spec: FunctionSpec, request_id: str, event: Any, outcome: _Outcome) -> str:
    """For a failure that the handler could not log itself: it ran out of time, or did not come to run."""
    ref = event.get("ref") if isinstance(event, dict) else None
    fields = {**event, **ref} if isinstance(ref, dict) else event if isinstance(event, dict) else {}
    line = {name: fields[name] for name in _CORRELATION if isinstance(fields.get(name), str)} | {
        "function": spec.name,
        "request_id": request_id,
        "level": "error",
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "message": "failed",
        "error": outcome.body["errorType"],
        "reason": outcome.body["errorMessage"],
    }
    return json.dumps(line) + "\n"


def _frame_of(module: str, function: str) -> FrameType | None:
    """The call of an emulator's function among our callers: only so can one tell who asks for an invocation."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES_TO_THE_CALLER):
        if frame is None:
            return None
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == f"ministack.services.{module}":
            return frame
        frame = frame.f_back
    return None


def _fail_waiting_task(outcome: _Outcome) -> None:
    """A task that waits for a token ends when the function that was to hand it on fails.

    So it is in AWS; the emulator ignores such an error and waits on.
    """
    frame = _frame_of("stepfunctions", "_invoke_with_callback")
    if frame is None:
        return
    from ministack.services import stepfunctions

    waiting = stepfunctions._task_tokens.get(frame.f_locals["token"])
    if waiting is not None:
        waiting["error"] = {"Error": outcome.body["errorType"], "Cause": json.dumps(outcome.body)}
        waiting["event"].set()


def _check_environment(spec: FunctionSpec) -> None:
    wrong = sorted(name for name, value in spec.environment.items() if not isinstance(value, str))
    if wrong:
        raise ResourceFailed(f"function {spec.name!r}: environment variables that are not texts: {', '.join(wrong)}")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in spec.environment.items())
    if size > _ENVIRONMENT_BYTES:
        raise ResourceFailed(
            f"function {spec.name!r}: the environment has {size} bytes; Lambda allows {_ENVIRONMENT_BYTES}"
        )


def _import_handler(spec: FunctionSpec) -> Handler:
    module, _, attribute = spec.handler.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ResourceFailed(f"function {spec.name!r}: cannot import its handler {spec.handler}: {error}") from error
    if not callable(getattr(found, "invoke", None)):
        raise ResourceFailed(f"function {spec.name!r}: its handler {spec.handler} has no method invoke")
    handler: Handler = found
    return handler
