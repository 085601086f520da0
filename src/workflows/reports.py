"""Reports of runs: one object a run, which whoever waits for the run follows, and which stays.

Its shape is ``models.events.Report``. While the run goes on it says how far it is; at the end it holds the result, or
one line that says what went wrong.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson
from pydantic import ValidationError

from models.errors import AnimeError, Malformed, Retryable
from models.events import Report
from workflows import keys
from workflows.ports import Clock, Objects, Tokens

REPEATED: Final = "; it is tried again by itself, and this report then tells how that ended"

PROGRESS_INTERVAL: Final = timedelta(seconds=1)
"""Progress is written at most this often: it is for a person who watches."""


def new_run_id(clock: Clock, tokens: Tokens) -> str:
    """For runs that nobody gave an id, such as scheduled ones; sorts by time."""
    return f"{clock():%Y%m%dT%H%M%SZ}-{tokens()[-8:]}"


def read_report(objects: Objects, *, kind: str, run_id: str) -> Report | None:
    """The report as it is now; None as long as the run has not begun.

    Raises:
        Malformed: the object is no report.
    """
    key = keys.report(kind, run_id)
    stored = objects.get(key)
    if stored is None:
        return None
    try:
        return Report.model_validate_json(stored.body)
    except ValidationError as error:
        raise Malformed(f"{key} is not a report") from error


def error_line(error: BaseException) -> str:
    """Our own errors in their words; of others the type alone, as their text may hold secrets."""
    if isinstance(error, AnimeError):
        return " ".join(str(error).split()) or type(error).__name__
    return f"internal error ({type(error).__name__}); see the logs of this run"


class Reporter:
    """Writes the report of one run. ``progress`` is throttled; the end is always written."""

    def __init__(
        self, objects: Objects, *, kind: str, run_id: str, clock: Clock, interval: timedelta = PROGRESS_INTERVAL
    ) -> None:
        self._objects = objects
        self._kind = kind
        self._run_id = run_id
        self._clock = clock
        self._interval = interval
        self._written_at: datetime | None = None
        self._progress = ""

    @property
    def key(self) -> str:
        return keys.report(self._kind, self._run_id)

    def progress(self, text: str) -> None:
        self._progress = text
        now = self._clock()
        if self._written_at is None or now - self._written_at >= self._interval:
            self._written_at = now
            self._write("running", result={}, error=None)

    def succeed(self, result: Mapping[str, Any]) -> None:
        """``result`` holds JSON values; dataclasses count as objects."""
        self._write("succeeded", result=result, error=None)

    def fail(self, error: str, result: Mapping[str, Any] | None = None) -> None:
        self._write("failed", result=result or {}, error=error)

    def _write(
        self, state: Literal["running", "succeeded", "failed"], *, result: Mapping[str, Any], error: str | None
    ) -> None:
        report = Report(
            kind=self._kind,
            run_id=self._run_id,
            state=state,
            updated_at=self._clock().isoformat(timespec="seconds"),
            progress=self._progress,
            error=error,
        )
        # Results may hold tens of thousands of members: they go past the model, whose check would copy them.
        self._objects.put(self.key, orjson.dumps({**report.model_dump(mode="json"), "result": dict(result)}))


@contextmanager
def reported(reporter: Reporter) -> Iterator[Reporter]:
    """Around a run: an error that leaves it is written to the report as one line, and goes on.

    Where that may pass, the line says that the run is repeated: whoever invoked it asynchronously delivers it again.
    """
    try:
        yield reporter
    except Exception as error:
        try:
            again = REPEATED if isinstance(error, Retryable) else ""
            reporter.fail(error_line(error) + again)
        except AnimeError as unwritten:
            error.add_note(f"the report could not be written either: {unwritten}")
        raise
