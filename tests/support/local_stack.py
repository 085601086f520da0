"""A whole local stack of the repository's own program, in the test's process, with its files in a folder of the test.

What a test does with it goes through the command line's own operations and the AWS API, as a user's actions do; the
stores are looked at through the adapters that the functions use.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from ministack.services import lambda_svc

from cli import operations as ops
from cli.output import Output
from cli.session import Session, session_of
from local.stack import LocalStack, StackOptions
from models.events import LockRef
from models.review import Review
from models.vectors import VectorPoint
from runtime import clients
from runtime import settings as on
from workflows import keys
from workflows.ports import Animes, Locks, Reviews, Vectors

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 60.0

T = TypeVar("T")


def make_root(folder: Path) -> Path:
    """The project as a folder of links, so that a stack of it keeps its files apart from those of any other."""
    folder.mkdir(parents=True)
    for item in REPOSITORY.iterdir():
        if not item.name.startswith("."):
            (folder / item.name).symlink_to(item)
    return folder


def eventually(look: Callable[[], T], what: str, *, seconds: float = PATIENCE_SECONDS) -> T:
    """Asks until the answer is truthy."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return found


class _Stores(on.DataBucket, on.Documents, on.VectorIndex):
    """What the functions know of the stores, all in one."""


@dataclass
class World:
    """A running stack, and how a test acts on it and looks at it."""

    stack: LocalStack
    session: Session
    out: Output = field(default_factory=lambda: Output(as_json=True))

    # ----------------------------------------------------------------------------------------------------- the stores

    @cached_property
    def _settings(self) -> _Stores:
        """As the sync's function gets them, so that its own engine in this process is asked."""
        described = self.session.functions.get_function_configuration(
            FunctionName=self.session.endpoints["functions"]["weekly_sync_starter"]
        )
        return _Stores.from_environment(
            {"AWS_REGION": self.session.region, **described["Environment"].get("Variables", {})}
        )

    @property
    def animes(self) -> Animes:
        return clients.animes(self._settings)

    @property
    def locks(self) -> Locks:
        return clients.locks(self._settings)

    @property
    def reviews(self) -> Reviews:
        return clients.reviews(self._settings)

    @property
    def vectors(self) -> Vectors:
        return clients.vectors(self._settings)

    def point(self, anime_id: str) -> VectorPoint:
        found = self.vectors.get(anime_id)
        assert found is not None, f"no point of {anime_id}"
        return found

    def lock(self, anime_id: str) -> LockRef | None:
        return self.locks.holder(anime_id)

    def review(self, review_id: str) -> Review:
        """With its token, as it is stored."""
        found = self.reviews.get(review_id)
        assert found is not None, f"no review {review_id}"
        return found

    # ---------------------------------------------------------------------------------------------------- the buckets

    def objects(self, prefix: str = "") -> dict[str, str]:
        """ETags of the data bucket's objects, by key."""
        pages = self.session.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.session.data_bucket, Prefix=prefix
        )
        return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", [])}

    def bytes(self, key: str) -> bytes:
        return self.session.s3.get_object(Bucket=self.session.data_bucket, Key=key)["Body"].read()

    def json(self, key: str) -> Any:
        return json.loads(self.bytes(key))

    def metadata(self, key: str) -> Mapping[str, str]:
        return self.session.s3.head_object(Bucket=self.session.data_bucket, Key=key)["Metadata"]

    def sync_state(self) -> Any:
        return self.json(keys.SYNC_STATE)

    def pending(self) -> set[str]:
        """New anime of the baseline that are to be started, or were and are not stored as far as the last run knew."""
        return {anime["anime_id"] for anime in self.sync_state()["pending"]}

    def fingerprint(self) -> dict[str, str]:
        """Of everything that the stack keeps, but for uploads and reports, which every run leaves."""
        kept = {
            key: tag
            for key, tag in self.objects().items()
            if not key.startswith((keys.UPLOADS, keys.report("", "")[:8]))
        }
        with self.animes.snapshot() as reader:
            documents = [entry.model_dump_json() for entry in reader.entries()]
        points = [json.dumps([point.anime_id, dict(point.payload)]) for point in self.vectors.scan(with_vectors=False)]
        reviews = [review.model_dump_json() for review in self.reviews.list(state=None, kind=None, limit=10_000)]
        executions = [row["name"] for row in ops.list_executions(self.session, status=None, limit=1000)]
        parts = {"documents": documents, "points": points, "reviews": reviews, "executions": executions}
        return {
            **kept,
            **{name: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for name, lines in parts.items()},
        }

    # ------------------------------------------------------------------------------------------------------------ runs

    def bootstrap(self, file: Path, *, kind: str, sha: str) -> dict[str, Any]:
        """Without images."""
        return ops.bootstrap(
            self.session,
            self.out,
            kind=kind,
            file=file,
            source_sha=sha,
            sha256=None,
            release=None,
            images=False,
        )

    def sync(self, file: Path, sha: str, **options: Any) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "sha256": None,
            "release": None,
            "dry_run": False,
            "accept_mass_change": False,
            **options,
        }
        return ops.sync(self.session, self.out, file=file, source_sha=sha, **wanted)

    def members(self, synced: Mapping[str, Any], figure: str) -> list[dict[str, Any]]:
        """From the report that a run left."""
        found: list[dict[str, Any]] = self.json(synced["report"])["result"]["members"][figure]
        return found

    def run(self, kind: str, task: str, **event: Any) -> dict[str, Any]:
        return ops.simple_run(self.session, self.out, kind=kind, task=task, title=kind, **event)

    def differences(self) -> int:
        """Between both stores."""
        return int(self.run("reconcile", "reconcile")["differences"])

    # ------------------------------------------------------------------------------------------------------ executions

    def executions(self, mode: str, anime_id: str) -> list[str]:
        """Names, the newest first."""
        rows = ops.list_executions(self.session, status=None, limit=1000)
        return [row["name"] for row in rows if row["name"].startswith(f"{mode}-{anime_id}-")]

    def execution(self, mode: str, anime_id: str) -> str:
        [name] = self.executions(mode, anime_id)
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return ops.describe_execution(self.session, name)

    def ended(self, name: str) -> dict[str, Any]:
        """The execution, once it has ended."""

        def look() -> dict[str, Any] | None:
            found = self.describe(name)
            return None if found["status"] == "RUNNING" else found

        found = eventually(look, f"the end of {name}")
        assert found is not None
        return found

    def asked(self, name: str) -> Review:
        """The execution's review, once it waits for a person."""

        def look() -> Review | None:
            status = self.describe(name)["status"]
            assert status == "RUNNING", f"{name} ended {status}{ops.execution_reason(self.session, name)}"
            pending = self.reviews.list(state="pending", kind=None, limit=1000)
            return next((review for review in pending if review.execution == name), None)

        found = eventually(look, f"the review of {name}")
        assert found is not None
        return found

    def decide(self, review: Review, verdict: str, **more: Any) -> dict[str, Any]:
        return ops.decide(self.session, review.review_id, verdict=verdict, sha256=review.sha256, **more)

    def states(self, name: str) -> list[str]:
        return [entered["state"] for entered in ops.execution_states(self.session, name, "enrichment")]

    def history(self, name: str) -> list[dict[str, Any]]:
        """Events with their data."""
        pages = self.session.machines.get_paginator("get_execution_history").paginate(
            executionArn=ops.execution_arn(self.session, name), includeExecutionData=True
        )
        return [dict(event) for page in pages for event in page["events"]]

    def report_of(self, execution: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json(f"reports/enrichment/{execution}.json")
        return found

    # ---------------------------------------------------------------------------------------------------------- queues

    def queued(self, queue: str) -> int:
        """Messages in a queue, those included that somebody has received and not deleted."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self.session.client("sqs").get_queue_attributes(
            QueueUrl=self.session.endpoints["queues"][queue], AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """What lies in a queue now, which stays there."""
        sqs = self.session.client("sqs")
        url, count = self.session.endpoints["queues"][queue], self.queued(queue)
        found: dict[str, dict[str, Any]] = {}
        while len(found) < count:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30)
            received = answer.get("Messages", [])
            assert received, f"{len(found)} of {count} messages in {queue}"
            found |= {message["ReceiptHandle"]: json.loads(message["Body"]) for message in received}
        for handle in found:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return list(found.values())


@dataclass(frozen=True)
class Handled:
    """An event that a function was invoked with, and each of its answers."""

    task: str
    event: Any
    answers: tuple[Any, ...]


@contextmanager
def handled(world: World, *, times: int = 1) -> Iterator[list[Handled]]:
    """Every invocation meanwhile, whoever asks for it; each event is handed to its function so many times."""
    tasks = {name: task for task, name in world.session.endpoints["functions"].items()}
    seen: list[Handled] = []
    dispatch = lambda_svc._execute_function_dispatch

    def repeating(
        function: Mapping[str, Any], config: Mapping[str, Any], event: Any, request_id: str, started: float
    ) -> Any:
        answers = [dispatch(function, config, event, request_id, started) for _ in range(times)]
        seen.append(Handled(tasks[config["FunctionName"]], event, tuple(answer["body"] for answer in answers)))
        return answers[-1]

    lambda_svc._execute_function_dispatch = repeating
    try:
        yield seen
    finally:
        lambda_svc._execute_function_dispatch = dispatch


@contextmanager
def running(root: Path, *, replay: Path | None = None, record: Path | None = None, **values: str) -> Iterator[World]:
    """A stack named ``local`` at ``root``, empty. Machines and stores wait a hundredth as long as they are set to.

    ``values`` are settings of the stack, as in its configuration file.
    """
    options = StackOptions(
        replay=replay,
        record=record,
        wait_scale=0.01,
        retry_base_seconds=0.05,
        test_commands=True,
        values={"commitRetrySeconds": "[0, 0, 0, 0]", **values},
    )
    with LocalStack("local", root=root, options=options) as stack:
        yield World(stack, session_of("local", stack.description))
