"""Runs functions in this process, in the place of the emulator's own ways.

Every invocation, whoever asks for it, ends in one function of MiniStack, ``_execute_function_dispatch``. Ours takes its
place: it finds the handler by what the program said of the function, runs it in a thread with the function's time limit,
and answers the way Lambda does.
"""

import importlib
import io
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final, Protocol, TextIO

from local.errors import ResourceFailed, StartFailed
from local.limits import RESPONSE_BYTES, STATE_BYTES

SEAM: Final = "_execute_function_dispatch"
_ENVIRONMENT_BYTES: Final = 4096
_FRAMES_TO_THE_CALLER: Final = 12


class Handler(Protocol):
    """What a function's handler attribute has to be: ``runtime.handler.LambdaFunction`` is."""

    def invoke(
        self,
        event: Any,
        *,
        environment: Mapping[str, str],
        context: "LambdaContext",
        log_stream: TextIO | None = None,
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
    body: Any
    failed: bool = False


class Executor:
    """``logs`` is the folder for ``<function>.jsonl``. Used by several threads at once."""

    def __init__(self, *, logs: Path) -> None:
        self._logs = logs
        self._lock = threading.Lock()
        self._functions: dict[str, tuple[FunctionSpec, Handler]] = {}
        self._running: set[Future[_Outcome]] = set()
        self._closed = False
        self._original: Callable[..., dict[str, Any]] | None = None

    def install(self) -> None:
        """Raises:
        StartFailed: the emulator has no such seam; its version is not the one we know.
        """
        from ministack.services import lambda_svc

        if not callable(getattr(lambda_svc, SEAM, None)) or not callable(getattr(lambda_svc, "_emit_lambda_logs", None)):
            raise StartFailed(f"this version of MiniStack has no {SEAM}; the executor cannot take its place")
        self._logs.mkdir(parents=True, exist_ok=True)
        self._original = lambda_svc._execute_function_dispatch
        lambda_svc._execute_function_dispatch = self.dispatch

    def close(self) -> None:
        """Whoever waits for a function is answered now; a handler that still runs is left behind in its thread."""
        with self._lock:
            self._closed = True
            waiting = list(self._running)
        for future in waiting:
            _settle(future, _error("Sandbox.Stopped", "the local stack was stopped"))
        if self._original is not None:
            from ministack.services import lambda_svc

            lambda_svc._execute_function_dispatch = self._original
            self._original = None

    def register(self, spec: FunctionSpec) -> None:
        """Raises:
        ResourceFailed: the handler cannot be imported, or the environment is not one that Lambda would take.
        """
        _check_environment(spec)
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
        if known is None:
            outcome, log = _error("Runtime.HandlerNotFound", "the program has no such function"), ""
        else:
            outcome, log = self._run(*known, config, event, request_id)
        self._emit(func, request_id, log, outcome, started)
        if outcome.failed:
            return {"body": outcome.body, "error": True, "log": log}
        return {"body": outcome.body, "log": log}

    def _run(
        self, spec: FunctionSpec, handler: Handler, config: Mapping[str, Any], event: Any, request_id: str
    ) -> tuple[_Outcome, str]:
        from_machine = _called_by_a_machine()
        if from_machine and _json_bytes(event) > STATE_BYTES:
            return _too_large_for_a_state("input of the task", event), ""
        stream = _LogStream(self._logs / f"{spec.name}.jsonl")
        context = LambdaContext(
            aws_request_id=request_id,
            function_name=spec.name,
            memory_limit_in_mb=spec.memory_mib,
            invoked_function_arn=str(config.get("FunctionArn", "")),
            _ends=time.monotonic() + spec.timeout_seconds,
        )
        outcome = self._wait(spec, context, lambda: _call(handler, spec, event, context, stream))
        if from_machine and not outcome.failed and _json_bytes(outcome.body) > STATE_BYTES:
            outcome = _too_large_for_a_state("output of the task", outcome.body)
        if outcome.failed and not stream.written():
            stream.write(_failure_line(spec, request_id, outcome))
        return outcome, stream.text()

    def _wait(self, spec: FunctionSpec, context: LambdaContext, call: Callable[[], _Outcome]) -> _Outcome:
        future: Future[_Outcome] = Future()
        with self._lock:
            if self._closed:
                return _error("Sandbox.Stopped", "the local stack was stopped")
            self._running.add(future)
        thread = threading.Thread(
            target=lambda: _settle(future, call()), name=f"function-{spec.name}", daemon=True
        )
        try:
            thread.start()
            return future.result(spec.timeout_seconds)
        except OutOfTime:
            # A thread cannot be ended: what the handler still does, it does unheard, and its lines go nowhere.
            message = f"RequestId: {context.aws_request_id} Error: Task timed out after {spec.timeout_seconds}.00 seconds"
            return _error("Sandbox.Timedout", message)
        finally:
            with self._lock:
                self._running.discard(future)

    def _emit(self, func: Mapping[str, Any], request_id: str, log: str, outcome: _Outcome, started: float) -> None:
        from ministack.services import lambda_svc

        duration_ms = int((time.time() - started) * 1000)
        lambda_svc._emit_lambda_logs(func, request_id, log, outcome.failed, duration_ms)


class _LogStream(io.TextIOBase):
    """Takes a handler's lines from any thread, keeps them for CloudWatch Logs, and appends whole lines to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._lock = threading.Lock()
        self._parts: list[str] = []
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        with self._lock:
            self._parts.append(text)
            *lines, self._rest = (self._rest + text).split("\n")
            if lines:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")
        return len(text)

    def text(self) -> str:
        with self._lock:
            return "".join(self._parts)

    def written(self) -> bool:
        with self._lock:
            return bool(self._parts)


def _settle(future: "Future[_Outcome]", outcome: _Outcome) -> None:
    """The first answer counts; a handler that ends after its time has nobody who listens."""
    if future.set_running_or_notify_cancel() if not (future.done() or future.running()) else False:
        future.set_result(outcome)


def _call(handler: Handler, spec: FunctionSpec, event: Any, context: LambdaContext, stream: _LogStream) -> _Outcome:
    try:
        result = handler.invoke(event, environment=spec.environment, context=context, log_stream=stream)
    except BaseException as error:  # noqa: BLE001 (as the runtime: whatever ends a handler is its error)
        return _Outcome(_described(error), failed=True)
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}")
    size = len(text.encode())
    if size > RESPONSE_BYTES:
        message = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        return _error("Function.ResponseSizeTooLarge", message)
    return _Outcome(json.loads(text))


def _described(error: BaseException) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _error(error_type: str, message: str) -> _Outcome:
    return _Outcome({"errorType": error_type, "errorMessage": message}, failed=True)


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode())


def _too_large_for_a_state(what: str, value: Any) -> _Outcome:
    size = _json_bytes(value)
    return _error("States.DataLimitExceeded", f"the {what} has {size} bytes; a state carries at most {STATE_BYTES}")


def _failure_line(spec: FunctionSpec, request_id: str, outcome: _Outcome) -> str:
    """For a failure that the handler could not log itself: it ran out of time, or did not come to run."""
    line = {
        "function": spec.name,
        "request_id": request_id,
        "level": "error",
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "message": "failed",
        "error": outcome.body["errorType"],
        "reason": outcome.body["errorMessage"],
    }
    return json.dumps(line) + "\n"


def _called_by_a_machine() -> bool:
    """Whether Step Functions asked for the invocation: its limit on payloads is another than Lambda's."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES_TO_THE_CALLER):
        if frame is None:
            return False
        if frame.f_code.co_name == "_call_lambda" and frame.f_globals.get("__name__", "").endswith("stepfunctions"):
            return True
        frame = frame.f_back
    return False


def _check_environment(spec: FunctionSpec) -> None:
    wrong = sorted(name for name, value in spec.environment.items() if not isinstance(value, str))
    if wrong:
        raise ResourceFailed(f"function {spec.name!r}: environment variables that are not texts: {', '.join(wrong)}")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in spec.environment.items())
    if size > _ENVIRONMENT_BYTES:
        raise ResourceFailed(f"function {spec.name!r}: the environment has {size} bytes; Lambda allows {_ENVIRONMENT_BYTES}")


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
