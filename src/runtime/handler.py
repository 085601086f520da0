"""The one way in: turns a function of (event model, context) into a Lambda handler.

``@lambda_function(event=BeginInput, settings=BeginSettings)`` parses the event, builds the typed settings once an
invocation (in AWS from the environment, in the local stack from the program's values), makes a logger that carries the
correlation ids, and maps the result to JSON. Everything deeper gets what it needs as arguments.
"""

import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from models.errors import AnimeError, BadInput
from models.events import Event
from models.ids import ulid_from_bits
from runtime.logs import Logger, make_logger
from runtime.metrics import EmbeddedMetrics
from runtime.settings import FunctionSettings
from workflows.metrics import Metrics

E = TypeVar("E", bound=Event)
S = TypeVar("S", bound=FunctionSettings)

_CORRELATION = ("run_id", "anime_id", "execution", "review_id")
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class LambdaContext(Protocol):
    """What Lambda passes besides the event."""

    aws_request_id: str
    function_name: str

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Context(Generic[S]):
    """What a handler works with. ``deadline`` is a ``time.monotonic`` value some seconds before Lambda ends it."""

    settings: S
    log: Logger
    metrics: Metrics
    request_id: str
    deadline: float

    def now(self) -> datetime:
        return _now()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def remaining(self) -> float:
        """Seconds until ``deadline``."""
        return self.deadline - time.monotonic()

    def image_time_is_over(self) -> bool:
        """Whether to leave the remaining images to the next round: one image may take a minute."""
        return self.remaining() < _IMAGE_SECONDS

    def token(self) -> str:
        """A new ULID: 48 bits of time, 80 random ones."""
        return ulid_from_bits((time.time_ns() // 1_000_000 << 80) | secrets.randbits(80))

    def run_id(self, given: str | None) -> str:
        """The run's id: the one given, else of this request, so that a repeated delivery is the same run."""
        return given or self.request_id


_IMAGE_SECONDS = 90.0
_SAFETY_SECONDS = 10.0
"""Kept free before the function's end, to write a report and return."""


class LambdaFunction(Generic[E, S]):
    """Callable as a Lambda handler; ``invoke`` is the same with the environment given."""

    def __init__(
        self, handle: Callable[[E, Context[S]], BaseModel | Mapping[str, Any] | None], event: type[E], settings: type[S]
    ) -> None:
        self.handle = handle
        self.event = event
        self.settings = settings

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Any:
        return self.invoke(event, environment=os.environ, context=context)

    def invoke(
        self,
        event: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        context: LambdaContext,
        log_stream: TextIO | None = None,
    ) -> Any:
        """Returns the JSON value of the result.

        Raises:
            BadInput: the event or the environment is not valid; the message names fields, never values.
            AnimeError: whatever the workflow raised; the class name becomes ``errorType``.
        """
        settings = self.settings.from_environment(environment)
        stream = log_stream or sys.stdout
        log = make_logger(stream, level=settings.log_level, function=context.function_name)
        log = log.bind(request_id=context.aws_request_id, **_correlation(event))
        started = time.monotonic()
        try:
            result = self.handle(self._parse(event), self._context(settings, log, stream, context))
        except AnimeError as error:
            log.error("failed", error=type(error).__name__, reason=str(error), seconds=_since(started))
            raise
        except Exception as error:
            # The text of an unexpected error may hold values; its type is enough to find it in the trace.
            log.error("failed unexpectedly", error=type(error).__name__, seconds=_since(started))
            raise
        log.info("finished", seconds=_since(started))
        return result.model_dump(mode="json") if isinstance(result, BaseModel) else result

    def _parse(self, event: Mapping[str, Any]) -> E:
        try:
            return self.event.model_validate(event)
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadInput(f"event of {self.event.__name__} is not valid: {problems}") from None

    def _context(self, settings: S, log: Logger, stream: TextIO, context: LambdaContext) -> Context[S]:
        remaining = context.get_remaining_time_in_millis() / 1000
        about = {"function": context.function_name, "request_id": context.aws_request_id}
        return Context(
            settings=settings,
            log=log,
            metrics=EmbeddedMetrics(stream, stack=settings.stack, clock=_now, about=about),
            request_id=context.aws_request_id,
            deadline=time.monotonic() + max(0.0, remaining - _SAFETY_SECONDS),
        )


def lambda_function(
    *, event: type[E], settings: type[S]
) -> Callable[[Callable[[E, Context[S]], BaseModel | Mapping[str, Any] | None]], LambdaFunction[E, S]]:
    def decorate(handle: Callable[[E, Context[S]], BaseModel | Mapping[str, Any] | None]) -> LambdaFunction[E, S]:
        return LambdaFunction(handle, event, settings)

    return decorate


def _correlation(event: object) -> dict[str, str]:
    """Of an event that has not been checked yet: nothing that is no id gets into the log."""
    if not isinstance(event, Mapping):
        return {}
    ref = event.get("ref")
    fields = {**event, **ref} if isinstance(ref, Mapping) else event
    found = {name: fields.get(name) for name in _CORRELATION}
    return {name: value for name, value in found.items() if isinstance(value, str) and _ID.fullmatch(value)}


def _now() -> datetime:
    return datetime.now(UTC)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
