"""A stack as the command line meets it: the AWS API in front of functions whose workflows run over the in-memory ports.

Every event that reaches a function is checked by that function's own event class, as the deployed one would.
"""
# ruff: noqa: N801, N803 - the clients are called as boto3's are

import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from cli.session import Session
from domain.canonical_json import canonical_bytes, sha256_of_bytes
from domain.vector_points import point_of
from models.anime import AnimeEntry, check_entry
from models.errors import AnimeError
from models.events import EnrichInput, QueryInput, Report, ScheduleInput
from models.ids import mint_anime_id, mint_character_id, mint_episode_id
from models.review import Flag, Review, ReviewKind, ReviewRequest
from tests.support.fakes import (
    FakeAnimes,
    FakeEmbedder,
    FakeExecutions,
    FakeLocks,
    FakeObjects,
    FakeReviews,
    FakeSchedules,
    FakeTasks,
    FakeVectors,
    ManualClock,
)
from workflows import keys
from workflows.launching import LaunchPorts, start_event
from workflows.query import answer_query
from workflows.review import ReviewPorts, handle
from workflows.schedule import schedule_day

REGION: Final = "eu-central-1"
BUCKET: Final = "anime-data"
CALLER: Final = "arn:aws:iam::000000000000:user/reviewer"
RUNS: Final[Mapping[str, str]] = {
    "bootstrap": "bootstrap",
    "weekly_sync_starter": "sync",
    "create_database_snapshot": "snapshot",
    "restore_snapshot": "restore",
    "reconcile": "reconcile",
    "redrive": "redrive",
}
"""Functions that are started and followed: task -> kind of their report."""

ANSWERING: Final = ("query", "review", "enrich", "daily_scheduler")
MACHINES: Final = ("enrichment", "bulk_index")


def event_class(task: str) -> type[BaseModel]:
    """What the deployed function parses its event with."""
    function = importlib.import_module(f"lambdas.{task}.handler").handler
    found: type[BaseModel] = function.event
    return found


@dataclass(frozen=True)
class Invocation:
    task: str
    event: dict[str, Any]
    waited_for: bool


@dataclass
class FakeStack:
    """``results`` are what runs end with, by task; ``run_failures`` the reasons for which they fail.

    ``failures`` make a function that is waited for fail: (error type, message). ``when_started`` gets the name of each
    execution that ``enrich`` starts.
    """

    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)
    run_failures: dict[str, str] = field(default_factory=dict)
    when_started: Callable[[str], None] = lambda _name: None
    invoked: list[Invocation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.objects = FakeObjects()
        self.locks = FakeLocks(clock=self.clock)
        self.animes = FakeAnimes(locks=self.locks)
        self.vectors = FakeVectors()
        self.embedder = FakeEmbedder()
        self.reviews = FakeReviews()
        self.tasks = FakeTasks()
        self.executions = FakeExecutions()
        self.schedules = FakeSchedules()
        self.machines = FakeMachines(self)
        self._answers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "query": self._query,
            "review": self._review,
            "enrich": self._enrich,
            "daily_scheduler": self._schedule,
        }

    @property
    def endpoints(self) -> dict[str, Any]:
        return {
            "buckets": {"data": BUCKET},
            "functions": {task: f"anime-local-{task}" for task in (*RUNS, *ANSWERING)},
            "machines": {
                name: f"arn:aws:states:{REGION}:000000000000:stateMachine:anime-local-{name}" for name in MACHINES
            },
        }

    def session(self) -> Session:
        clients = {"lambda": FakeFunctions(self), "s3": FakeS3(self), "stepfunctions": self.machines, "sts": FakeSts()}
        return Session("local", REGION, self.endpoints, "http://127.0.0.1:1", clients)

    # ------------------------------------------------------------------------------------------------------- content

    def store(self, entry: AnimeEntry) -> None:
        self.animes.insert_missing([entry])
        self.vectors.overwrite([point_of(entry, self.embedder.embed([entry.title])[0], None)])

    def ask_for_review(self, entry: AnimeEntry, *, execution: str, kind: ReviewKind, flag: Flag | None = None) -> str:
        """An execution that waits for a decision. Returns the review's id, which sorts by the execution's name."""
        body = canonical_bytes(entry)
        key = keys.proposed_entry(execution)
        self.objects.put(key, body)
        review = Review(
            review_id=f"rev_{execution}",
            anime_id=entry.anime_id,
            title=entry.title,
            kinds=(kind,),
            state="pending",
            execution=execution,
            token=f"token of {execution}",
            proposed_key=key,
            sha256=sha256_of_bytes(body),
            base_revision=entry.revision,
            flags=() if flag is None else (flag,),
            created_at=self.clock(),
        )
        self.reviews.request(review)
        self.tasks.wait(f"token of {execution}")
        return review.review_id

    # ----------------------------------------------------------------------------------------------------- functions

    def invoke(self, task: str, event: dict[str, Any], *, waits: bool) -> Any:
        try:
            event_class(task).model_validate(event)
        except ValidationError as error:
            raise AssertionError(f"{task} would refuse this event: {error}") from error
        self.invoked.append(Invocation(task, event, waits))
        if not waits:
            self._run(task, event)
            return None
        return self._answers[task](event)

    def _run(self, task: str, event: dict[str, Any]) -> None:
        failure = self.run_failures.get(task)
        report = Report(
            kind=RUNS[task],
            run_id=event["run_id"],
            state="failed" if failure else "succeeded",
            updated_at=self.clock().isoformat(),
            progress="half way through",
            result={} if failure else self.results.get(task, {}),
            error=failure,
        )
        self.objects.put(keys.report(report.kind, report.run_id), report.model_dump_json().encode())

    def _query(self, event: dict[str, Any]) -> Any:
        return answer_query(
            QueryInput.model_validate(event), animes=self.animes, vectors=self.vectors, embedder=self.embedder
        )

    def _review(self, event: dict[str, Any]) -> Any:
        ports = ReviewPorts(
            reviews=self.reviews, objects=self.objects, animes=self.animes, tasks=self.tasks, clock=self.clock
        )
        return handle(ReviewRequest.model_validate(event), ports=ports)

    def _enrich(self, event: dict[str, Any]) -> Any:
        parsed = EnrichInput.model_validate(event)
        output = start_event(
            parsed.anime_id, parsed.mode, parsed.cause, ports=self.launch_ports(), episode_number=parsed.episode_number
        )
        if output.execution is not None:
            self.when_started(output.execution)
        return output.model_dump(mode="json")

    def _schedule(self, event: dict[str, Any]) -> Any:
        at = ScheduleInput.model_validate(event).at or self.clock()
        return schedule_day(at, schedules=self.schedules, launch=self.launch_ports())

    def launch_ports(self) -> LaunchPorts:
        return LaunchPorts(
            animes=self.animes,
            locks=self.locks,
            executions=self.executions,
            objects=self.objects,
            tokens=lambda: "0" * 26,
            first_lease=timedelta(minutes=15),
        )


# ------------------------------------------------------------------------------------------------------------ clients


class FakeFunctions:
    def __init__(self, stack: FakeStack) -> None:
        self._stack = stack

    def invoke(
        self,
        *,
        FunctionName: str,
        Payload: bytes,
        InvocationType: str = "RequestResponse",
    ) -> dict[str, Any]:
        task = FunctionName.removeprefix("anime-local-")
        waits = InvocationType == "RequestResponse"
        try:
            if waits and task in self._stack.failures:
                kind, message = self._stack.failures[task]
                return _failed(kind, message)
            answer = self._stack.invoke(task, json.loads(Payload), waits=waits)
        except AnimeError as error:
            return _failed(type(error).__name__, str(error))
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode() if waits else b"")}


def _failed(kind: str, message: str) -> dict[str, Any]:
    body = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(body)}


class NoSuchKey(Exception):
    pass


class FakeS3:
    class exceptions:
        NoSuchKey = NoSuchKey

    def __init__(self, stack: FakeStack) -> None:
        self._stack = stack

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == BUCKET
        stored = self._stack.objects.get(Key)
        if stored is None:
            raise NoSuchKey(Key)
        return {"Body": io.BytesIO(stored.body)}

    def upload_file(self, Filename: str, Bucket: str, Key: str) -> None:
        assert Bucket == BUCKET
        self._stack.objects.put(Key, Path(Filename).read_bytes())


class FakeSts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": CALLER}


class ExecutionDoesNotExist(Exception):
    pass


@dataclass
class FakeExecution:
    machine: str
    status: str
    started: datetime
    states: tuple[str, ...] = ()
    error: str | None = None
    cause: str | None = None


class FakeMachines:
    """``known`` holds executions by name; those that the stack's functions started run in their first state."""

    class exceptions:
        ExecutionDoesNotExist = ExecutionDoesNotExist

    def __init__(self, stack: FakeStack) -> None:
        self._stack = stack
        self.known: dict[str, FakeExecution] = {}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        name, found = self._find(executionArn)
        described = {"name": name, "status": found.status, "startDate": found.started}
        if found.status != "RUNNING":
            described["stopDate"] = found.started + timedelta(minutes=1)
        if found.error:
            described |= {"error": found.error, "cause": found.cause}
        return described

    def list_executions(
        self,
        *,
        stateMachineArn: str,
        maxResults: int,
        statusFilter: str | None = None,
    ) -> dict[str, Any]:
        machine = stateMachineArn.rpartition("anime-local-")[2]
        found = [
            {"name": name, "status": one.status, "startDate": one.started}
            for name, one in self._all().items()
            if one.machine == machine and statusFilter in {None, one.status}
        ]
        newest_first = sorted(found, key=lambda row: str(row["startDate"]), reverse=True)
        return {"executions": newest_first[:maxResults]}

    def get_paginator(self, operation: str) -> "FakeMachines":
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn: str, includeExecutionData: bool) -> Iterator[dict[str, Any]]:
        assert not includeExecutionData
        _, found = self._find(executionArn)
        yield {"events": [{"timestamp": found.started, "type": "ExecutionStarted"}]}
        for number, state in enumerate(found.states):
            at = found.started + timedelta(seconds=number)
            yield {"events": [{"timestamp": at, "stateEnteredEventDetails": {"name": state}}]}

    def get_execution_history(
        self, *, executionArn: str, includeExecutionData: bool, reverseOrder: bool, maxResults: int
    ) -> dict[str, Any]:
        assert reverseOrder
        pages = list(self.paginate(executionArn=executionArn, includeExecutionData=includeExecutionData))
        return {"events": [event for page in pages for event in page["events"]][::-1][:maxResults]}

    def _all(self) -> dict[str, FakeExecution]:
        started = {
            name: FakeExecution("enrichment", "RUNNING", self._stack.clock(), ("Begin",))
            for name in self._stack.executions.started
        }
        return {**started, **self.known}

    def _find(self, arn: str) -> tuple[str, FakeExecution]:
        machine, _, name = arn.rpartition("anime-local-")[2].partition(":")
        assert ":execution:" in arn
        found = self._all().get(name)
        if found is None or found.machine != machine:
            raise ExecutionDoesNotExist(name)
        return name, found


def some_entry(number: int = 1, *, title: str = "Cowboy Bebop") -> AnimeEntry:
    """With a little of everything that an entry can hold."""
    source = f"https://myanimelist.net/anime/{number}"
    anime_id = mint_anime_id(source)
    return check_entry(
        {
            "anime_id": anime_id,
            "sources": [source],
            "title": title,
            "synonyms": ["COWBOY BEBOP", "カウボーイビバップ"],
            "type": "TV",
            "status": "FINISHED",
            "episodes": 26,
            "season": "SPRING",
            "year": 1998,
            "synopsis": "Bounty hunters in space.",
            "genres": [f"Genre {count}" for count in range(10)],
            "themes": [{"name": "Space"}],
            "images": {
                "covers": [
                    "https://images.example/images/1.jpg",
                    {"image_url": "https://cdn.myanimelist.net/2.jpg", "error_message": "gone"},
                ]
            },
            "opening_themes": [{"title": "Tank!"}],
            "episode_details": [
                {
                    "episode_id": mint_episode_id(anime_id, "1"),
                    "episode_number": "1",
                    "title": "Asteroid Blues",
                    "aired": "1998-10-24",
                },
                {"episode_id": mint_episode_id(anime_id, "2"), "episode_number": "2", "aired": "1998-10-31"},
            ],
            "characters": [
                {
                    "character_id": mint_character_id(anime_id, "mal:1"),
                    "character_ids": {"mal": 1},
                    "name": "Spike Spiegel",
                    "role": "Main",
                    "images": ["https://images.example/images/spike.jpg"],
                }
            ],
            "related_anime": [{"url": "https://myanimelist.net/anime/5", "relation_type": "SEQUEL"}],
            "streaming_info": [{"platform": "Somewhere"}],
            "statistics": {"mal": {"score": 8.75, "scored_by": 1000000}},
            "provenance": {
                "catalogues": {"jikan": {"status": "ok"}, "anidb": {"status": "failed", "reason": "it does not answer"}}
            },
            "enriched": True,
            "revision": 3,
        }
    )
