"""The hourly watch: the ages that alarms compare with a limit, whatever ran, failed, or never came."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from lambdas.watch.handler import handler
from models.errors import Malformed, Unavailable
from models.ids import mint_anime_id, mint_review_id
from models.review import Decision, Review, ReviewKind
from runtime import clients
from tests.support.fakes import Failing, FakeObjects, FakeReviews, ManualClock
from workflows import keys, snapshot, sync
from workflows.metrics import Figure
from workflows.ports import Objects, Reviews
from workflows.reports import Reporter
from workflows.watch import HOURS_SINCE, MEMORY, OLDEST_REVIEW_HOURS, WatchPorts, oldest_pending, watch

HOUR = timedelta(hours=1)
SHA = "a" * 64


class KeptMetrics:
    def __init__(self) -> None:
        self.figures: dict[str, float] = {}

    def record(
        self, *figures: Figure, by: Mapping[str, str] | None = None, about: Mapping[str, str] | None = None
    ) -> None:
        assert by is None
        self.figures.update({figure.name: figure.value for figure in figures})


@dataclass
class Stack:
    clock: ManualClock = field(default_factory=ManualClock)
    objects: FakeObjects = field(default_factory=FakeObjects)
    reviews: FakeReviews = field(default_factory=FakeReviews)

    def look(self, *, objects: object | None = None, reviews: object | None = None) -> dict[str, float]:
        """The figures that were recorded."""
        metrics = KeptMetrics()
        answer = watch(self.ports(metrics, objects=objects, reviews=reviews))
        assert answer.pop("problems") == []
        assert answer == metrics.figures
        return metrics.figures

    def ports(
        self, metrics: KeptMetrics, *, objects: object | None = None, reviews: object | None = None
    ) -> WatchPorts:
        return WatchPorts(
            objects=cast("Objects", objects or self.objects),
            reviews=cast("Reviews", reviews or self.reviews),
            metrics=metrics,
            clock=self.clock,
        )

    def run(self, kind: str, run_id: str) -> Reporter:
        """A run that has begun."""
        reporter = Reporter(self.objects, kind=kind, run_id=run_id, clock=self.clock)
        reporter.progress("half way through")
        return reporter

    def ask(self, number: int, *, hours_ago: float = 0.0) -> Review:
        return self.reviews.request(review(number, asked=self.clock() - hours_ago * HOUR))


def review(number: int, *, asked: datetime) -> Review:
    return Review(
        review_id=mint_review_id(f"new-{number}"),
        anime_id=mint_anime_id(f"https://myanimelist.net/anime/{number}"),
        title=f"Anime {number}",
        kinds=(ReviewKind.NEW,),
        state="pending",
        execution=f"new-{number}",
        sha256=SHA,
        created_at=asked,
    )


# ------------------------------------------------------------------------------------------------------------- the runs


def test_a_new_stack_owes_nothing_yet() -> None:
    stack = Stack()
    assert stack.look() == {"HoursSinceSync": 0, "HoursSinceSnapshot": 0, "OldestReviewHours": 0}
    assert stack.objects.keys() == (MEMORY,)


def test_a_run_that_never_comes_is_counted_from_the_first_look() -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(175 * HOUR)
    figures = stack.look()
    assert (figures["HoursSinceSync"], figures["HoursSinceSnapshot"]) == (175, 175)


@pytest.mark.parametrize("kind", sorted(HOURS_SINCE))
def test_a_success_is_counted_from_its_end(kind: str) -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(100 * HOUR)
    stack.run(kind, "run-1").succeed({})
    stack.clock.advance(2.5 * HOUR)
    figures = stack.look()
    assert figures[HOURS_SINCE[kind]] == 2.5
    assert sorted(figures.values()) == [0, 2.5, 102.5]


def test_a_success_before_the_first_look_counts() -> None:
    stack = Stack()
    stack.run("sync", "run-1").succeed({})
    stack.clock.advance(30 * HOUR)
    assert stack.look()["HoursSinceSync"] == 30


def test_neither_a_failed_run_nor_one_that_goes_on_is_a_success() -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(10 * HOUR)
    stack.run("sync", "run-1").fail("the release is implausible")
    stack.run("snapshot", "run-2")
    figures = stack.look()
    assert (figures["HoursSinceSync"], figures["HoursSinceSnapshot"]) == (10, 10)


def test_a_dry_run_of_the_sync_leaves_the_weekly_one_owed() -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(10 * HOUR)
    stack.run("sync", "run-1").succeed({"dry_run": True})
    assert stack.look()["HoursSinceSync"] == 10
    stack.run("sync", "run-2").succeed({"dry_run": False})
    assert stack.look()["HoursSinceSync"] == 0


def test_a_run_that_was_seen_going_on_is_looked_at_again() -> None:
    stack = Stack()
    run = stack.run("sync", "run-1")
    stack.look()
    stack.clock.advance(5 * HOUR)
    run.succeed({})
    assert stack.look()["HoursSinceSync"] == 0


def test_the_latest_success_counts_whatever_the_names_of_the_runs() -> None:
    stack = Stack()
    for run_id in ("b", "c", "a"):
        stack.run("sync", run_id).succeed({})
        stack.clock.advance(HOUR)
    assert stack.look()["HoursSinceSync"] == 1


def test_each_report_is_read_once() -> None:
    stack = Stack()
    stack.run("sync", "run-1").succeed({"members": {"new": ["x"] * 1000}})
    stack.run("snapshot", "run-2").succeed({})
    read = []
    for _ in range(2):
        objects = Failing(stack.objects)
        stack.look(objects=objects)
        read.append(objects.calls.count("get"))
    assert read == [1 + 2, 1]


def test_nothing_new_is_nothing_written() -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(HOUR)
    objects = Failing(stack.objects)
    stack.look(objects=objects)
    assert "put" not in objects.calls


def test_a_success_is_remembered_when_its_report_is_gone() -> None:
    stack = Stack()
    stack.run("sync", "run-1").succeed({})
    stack.look()
    stack.objects.delete(keys.report("sync", "run-1"))
    stack.clock.advance(3 * HOUR)
    assert stack.look()["HoursSinceSync"] == 3


def test_a_lost_memory_is_made_anew_from_the_reports() -> None:
    stack = Stack()
    stack.run("sync", "run-1").succeed({})
    stack.look()
    stack.objects.delete(MEMORY)
    stack.clock.advance(3 * HOUR)
    figures = stack.look()
    assert (figures["HoursSinceSync"], figures["HoursSinceSnapshot"]) == (3, 0)


def test_reports_of_other_kinds_are_nobodys_success() -> None:
    stack = Stack()
    stack.look()
    stack.clock.advance(HOUR)
    for kind in ("bootstrap", "sync-copy", "snapshots"):
        stack.run(kind, "run-1").succeed({})
    figures = stack.look()
    assert (figures["HoursSinceSync"], figures["HoursSinceSnapshot"]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "is not a report"),
        (
            b'{"kind": "sync", "run_id": "odd", "state": "succeeded", "updated_at": "yesterday"}',
            "does not say when it was written",
        ),
    ],
)
def test_a_report_that_cannot_be_read_is_told_once_and_hides_no_other(body: bytes, problem: str) -> None:
    stack = Stack()
    stack.objects.put(keys.report("sync", "odd"), body)
    stack.run("sync", "run-1").succeed({})
    stack.clock.advance(HOUR)
    metrics = KeptMetrics()
    (line,) = watch(stack.ports(metrics))["problems"]
    assert line == f"reports/sync/odd.json {problem}"
    assert metrics.figures["HoursSinceSync"] == 1
    assert stack.look()["HoursSinceSync"] == 1


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"since": "yesterday"}', b'{"since": "2026-11-21T01:00:00"}'])
def test_a_memory_of_another_shape_is_refused_with_what_to_do(body: bytes) -> None:
    stack = Stack()
    stack.objects.put(MEMORY, body)
    with pytest.raises(Malformed, match=r"reports/watch/since\.json is not what the watch wrote; delete it"):
        stack.look()


def test_a_clock_that_is_behind_makes_nothing_negative() -> None:
    stack = Stack()
    stack.run("sync", "run-1").succeed({})
    stack.ask(1)
    stack.clock.advance(-HOUR)
    assert set(stack.look().values()) == {0}


def test_the_kinds_and_the_field_are_those_that_the_runs_write() -> None:
    assert set(HOURS_SINCE) == {sync.KIND, snapshot.KIND}
    assert "dry_run" in {one.name for one in fields(sync.SyncResult)}


# ------------------------------------------------------------------------------------------------------------- reviews


def test_the_oldest_pending_review_counts() -> None:
    stack = Stack()
    for number, hours in enumerate((1, 73.5, 20)):
        stack.ask(number, hours_ago=hours)
    assert stack.look()[OLDEST_REVIEW_HOURS] == 73.5


def test_a_review_that_ended_waits_no_more() -> None:
    stack = Stack()
    decided, expired = stack.ask(1, hours_ago=100), stack.ask(2, hours_ago=90)
    stack.ask(3, hours_ago=4)
    decision = Decision(verdict="rejected", by="ana", at=stack.clock(), sha256=SHA, reason="no")
    stack.reviews.decide(decided.review_id, decision)
    stack.reviews.expire(expired.review_id)
    assert stack.look()[OLDEST_REVIEW_HOURS] == 4


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 8])
def test_the_oldest_is_found_on_any_page(page_size: int) -> None:
    stack = Stack()
    asked = [stack.ask(number, hours_ago=number).created_at for number in range(7)]
    assert oldest_pending(stack.reviews, page_size=page_size) == min(asked)


def test_without_a_pending_review_nothing_is_the_oldest() -> None:
    assert oldest_pending(FakeReviews()) is None


def test_a_database_that_does_not_answer_hides_no_missing_run() -> None:
    stack, metrics = Stack(), KeptMetrics()
    stack.look()
    stack.clock.advance(200 * HOUR)
    reviews = Failing(stack.reviews).before("list", Unavailable("mongodb does not answer"))
    with pytest.raises(Unavailable):
        watch(stack.ports(metrics, reviews=reviews))
    assert metrics.figures == {"HoursSinceSync": 200, "HoursSinceSnapshot": 200}


# ------------------------------------------------------------------------------------------------------------- handler


class Lambda:
    aws_request_id = "request-1"
    function_name = "anime-infra-dev-watch"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


ENVIRONMENT = {
    "STACK": "dev",
    "AWS_REGION": "eu-central-1",
    "DATA_BUCKET": "data",
    "MONGO_URI": "mongodb://127.0.0.1:1",
    "MONGO_DATABASE": "anime_service",
}


def invoke(stack: Stack, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    monkeypatch.setattr(clients, "objects", lambda _settings: stack.objects)
    monkeypatch.setattr(clients, "reviews", lambda _settings: stack.reviews)
    stream = io.StringIO()
    answer = handler.invoke(event, environment=ENVIRONMENT, context=Lambda(), log_stream=stream)
    return answer, [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_function_writes_its_figures_to_the_log_by_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, lines = invoke(Stack(), monkeypatch, {})
    metrics = [line for line in lines if "_aws" in line]
    named = {one["Name"] for line in metrics for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert named == {OLDEST_REVIEW_HOURS, *HOURS_SINCE.values()}
    assert {line["Stack"] for line in metrics} == {"dev"}
    assert [line["message"] for line in lines] == ["metrics", "metrics", "finished"]
    assert answer == {"HoursSinceSync": 0, "HoursSinceSnapshot": 0, "OldestReviewHours": 0, "problems": []}


def test_the_function_logs_what_it_could_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack()
    stack.objects.put(keys.report("sync", "odd"), b"{")
    _, lines = invoke(stack, monkeypatch, {})
    (warning,) = [line for line in lines if line["level"] == "warning"]
    assert warning["problems"] == ["reports/sync/odd.json is not a report"]
