"""A run's report: throttled while it goes on, written at every end."""

from datetime import timedelta

import pytest

from domain.diffing import Member
from models.errors import BadInput, Unavailable
from models.events import Report
from tests.support.fakes import Failing, FakeObjects, ManualClock
from workflows.reports import REPEATED, Reporter, error_line, new_run_id, read_report, reported


def reporter(objects: FakeObjects | Failing, clock: ManualClock) -> Reporter:
    return Reporter(objects, kind="sync", run_id="run-1", clock=clock, interval=timedelta(seconds=2))


def stored(objects: FakeObjects) -> Report:
    report = read_report(objects, kind="sync", run_id="run-1")
    assert report is not None
    return report


def test_there_is_no_report_before_the_run() -> None:
    assert read_report(FakeObjects(), kind="sync", run_id="run-1") is None


def test_progress_is_written_at_intervals() -> None:
    objects, clock = FakeObjects(), ManualClock()
    writing = reporter(objects, clock)
    writing.progress("one")
    clock.advance(timedelta(seconds=1))
    writing.progress("two")
    assert (stored(objects).state, stored(objects).progress) == ("running", "one")
    clock.advance(timedelta(seconds=1))
    writing.progress("three")
    assert stored(objects).progress == "three"


def test_the_end_is_written_at_once_with_the_result() -> None:
    objects, clock = FakeObjects(), ManualClock()
    writing = reporter(objects, clock)
    writing.progress("one")
    writing.succeed({"new": 1, "members": {"new": [Member(anime_id="ani_1", sources=("u",))]}})
    assert writing.key == "reports/sync/run-1.json"
    report = stored(objects)
    assert (report.kind, report.run_id, report.state, report.error) == ("sync", "run-1", "succeeded", None)
    assert report.result == {"new": 1, "members": {"new": [{"anime_id": "ani_1", "sources": ["u"]}]}}
    assert report.updated_at == "2026-11-21T01:00:00+00:00"


def test_a_failure_that_may_pass_says_that_the_run_is_repeated() -> None:
    objects = FakeObjects()
    with pytest.raises(Unavailable), reported(reporter(objects, ManualClock())):
        raise Unavailable("mongodb does not answer")
    assert (stored(objects).state, stored(objects).error) == ("failed", f"mongodb does not answer{REPEATED}")


def test_an_error_is_reported_as_one_line_and_goes_on() -> None:
    objects = FakeObjects()
    with pytest.raises(BadInput), reported(reporter(objects, ManualClock())):
        raise BadInput("what is wrong\n  and what to do")
    assert (stored(objects).state, stored(objects).error) == ("failed", "what is wrong and what to do")


def test_foreign_errors_are_named_by_type_alone() -> None:
    assert (
        error_line(ValueError("mongodb://user:secret@host")) == "internal error (ValueError); see the logs of this run"
    )


def test_an_error_outlives_a_report_that_cannot_be_written() -> None:
    objects = Failing(FakeObjects()).before("put", Unavailable("no bucket"))
    with pytest.raises(BadInput, match="the first") as raised, reported(reporter(objects, ManualClock())):
        raise BadInput("the first")
    assert "no bucket" in raised.value.__notes__[0]


def test_a_crash_leaves_the_report_as_it_was() -> None:
    class Crash(BaseException):
        pass

    def crash(writing: Reporter) -> None:
        with reported(writing):
            writing.progress("working")
            raise Crash

    objects = FakeObjects()
    with pytest.raises(Crash):
        crash(reporter(objects, ManualClock()))
    assert stored(objects).state == "running"


def test_run_ids_sort_by_time() -> None:
    clock = ManualClock()
    first = new_run_id(clock, lambda: "0" * 26)
    clock.advance(timedelta(seconds=1))
    assert first == "20261121T010000Z-00000000"
    assert first < new_run_id(clock, lambda: "0" * 26)
