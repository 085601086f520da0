"""How much memory every function takes, as a table beside what it is given::

    python -m scripts.function_memory [--entries N] [--out docs/function-memory.md]

Boots the local stack and runs the main job, single functions, and a bootstrap, comparison, snapshot, reconciliation and
restore of ``--entries`` anime. Every invocation runs in a process of its own and from the function's own zip, as in
Lambda. Takes about a quarter of an hour.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import types
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from benchmarks.growth import write_release
from cli import main_job
from cli import operations as ops
from cli.output import Output
from cli.session import Session, session_of
from components.application.pipeline import FUNCTIONS
from components.packages.layers import LayerName
from components.packaging import ROOT, handler_of, zip_of
from local.executor import LambdaContext
from local.stack import LocalStack
from models.ids import mint_anime_id
from scripts.packages import CLOUD_ENVIRONMENT, host_build, probed, unpacked
from workflows import keys
from workflows.commit import DeadCommit

FULL_ENTRIES: Final = 40_000
"""A little more than today's releases have."""

LEAST_FACTOR: Final = 1.5
"""Of what a function is given and what it took."""

TEXT: Final = """\
# Memory of the functions

What every function took, and what it is given for it. Written by a script, in about a quarter of an hour:

```
python -m scripts.function_memory
```

In MiB of the whole process. Each invocation runs in one of its own, from the function's own zip.

* *import*: when the handler has been imported.
* *clients*: when all clients of the cloud have been made, with the libraries of the layers.
* *peak*: the most of all invocations. They are those of the main job on the samples, and of a bootstrap, comparison,
  reconciliation, snapshot and restore of {entries:,} anime on the local stack. There the vector index and the model
  that embeds texts run inside the function; the cloud asks for both over the network, so what uses them takes less.
* *factor*: what is given, divided by the larger of *clients* and *peak*. A test wants {least} of it.

Memory also buys processor time: 1,769 MiB are one virtual CPU, and less is less in proportion. That is why functions
that pass through whole stores or merge large answers have more than they fill.

| function | calls | import | clients | peak | given | factor |
|---|---:|---:|---:|---:|---:|---:|"""

_SECONDS: Final = 900


@dataclass(frozen=True, kw_only=True)
class Row:
    """In MiB, the whole process. ``clients`` is with every client of the cloud made, ``peak`` the most of the calls."""

    task: str
    calls: int
    imported: int
    clients: int
    peak: int
    given: int

    @property
    def factor(self) -> float:
        return self.given / max(self.clients, self.peak)


class OwnProcesses:
    """Runs the functions' zips, and keeps what each invocation took."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._vectors = threading.Lock()  # the engine in process locks its folder to one process
        self._changed = threading.Condition()
        self._running = 0
        self._taken: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def take_over(self, tasks: Iterable[str]) -> None:
        """From now on the local stack finds these in the handlers' places."""
        for task in tasks:
            unpacked(zip_of(task)[0], self._folder / task)
            module = types.ModuleType(f"lambdas.{task}.handler")
            module.handler = _Handler(self, task)  # type: ignore[attr-defined]
            sys.modules[module.__name__] = module

    def run(self, task: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        described = {
            **wanted,
            "code": str(self._folder / task),
            "module": handler_of(task).rpartition(".")[0],
            "without": [str(ROOT), str(ROOT / "src"), ""],
        }
        with self._changed:
            self._running += 1
        try:
            answer = self._call(described)
            with self._changed:
                self._taken[task].append((answer["imported_mib"], answer["peak_mib"]))
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
        return answer

    def wait(self) -> None:
        """Until all have ended: a run's report is written before its process ends."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._running == 0, timeout=_SECONDS):
                raise RuntimeError(f"{self._running} invocations do not end")

    def _call(self, described: Mapping[str, Any]) -> dict[str, Any]:
        with self._vectors if "QDRANT_URL" in described["environment"] else threading.Lock():
            done = subprocess.run(
                [sys.executable, "-m", "scripts.own_process"],
                cwd=ROOT,
                input=json.dumps(described),
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{described['module']} in a process of its own failed:\n{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def rows(self, clients: Mapping[str, float]) -> list[Row]:
        return [
            Row(
                task=spec.task,
                calls=len(self._taken[spec.task]),
                imported=round(max(imported for imported, _ in self._taken[spec.task])),
                clients=round(clients[spec.task]),
                peak=round(max(peak for _, peak in self._taken[spec.task])),
                given=spec.memory_mib,
            )
            for spec in FUNCTIONS
        ]

    def never_called(self) -> list[str]:
        return [spec.task for spec in FUNCTIONS if not self._taken[spec.task]]


class _Handler:
    """Stands where the handler's own object stands."""

    def __init__(self, processes: OwnProcesses, task: str) -> None:
        self._processes = processes
        self._task = task

    def invoke(self, event: Any, *, environment: Mapping[str, str], context: LambdaContext, log_stream: TextIO) -> Any:
        answer = self._processes.run(
            self._task,
            {
                "event": event,
                "environment": dict(environment),
                "context": {
                    "aws_request_id": context.aws_request_id,
                    "function_name": context.function_name,
                    "remaining_ms": context.get_remaining_time_in_millis(),
                },
            },
        )
        log_stream.write(answer["log"])
        if "error" in answer:
            raise type(answer["error"], (Exception,), {})(answer["message"])
        return answer["result"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the memory of every function.")
    parser.add_argument("--entries", type=int, default=FULL_ENTRIES, metavar="N", help="of the large release")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/function-memory.md")
    asked = parser.parse_args()
    out = Output()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        processes = OwnProcesses(work / "code")
        processes.take_over(spec.task for spec in FUNCTIONS)
        with LocalStack("memory", progress=out.progress) as stack:
            session = session_of("memory", stack.description)
            run_small(session, out)
            snapshot = run_large(session, out, work, asked.entries)
            processes.wait()
        # Under another name: the emulator keeps what the first made for as long as the process lives.
        with LocalStack("restored", progress=out.progress) as stack:
            restore(session_of("restored", stack.description), out, snapshot)
            processes.wait()
        if missing := processes.never_called():
            sys.exit(f"nothing calls these functions yet; give them an event in {__name__}: {', '.join(missing)}")
        rows = processes.rows(with_clients(work))
    asked.out.write_text(rendered(rows, entries=asked.entries))
    out.text(asked.out.read_text())
    return int(any(row.factor < LEAST_FACTOR for row in rows))


def run_small(session: Session, out: Output) -> None:
    """The main job on the samples, and what people and schedules ask for besides."""
    results = main_job.run(session, out, main_job.Samples(folder=ROOT / "samples"), interactive=False)
    anime_id = mint_anime_id(main_job.COWBOY_BEBOP)
    now = datetime.now(UTC).isoformat()
    for started in (
        session.invoke("enrich", {"anime_id": anime_id, "mode": "refresh", "cause": now}),
        session.invoke(
            "run_single_episode_update", {"anime_id": anime_id, "episode_number": "1", "scheduled_time": now}
        ),
    ):
        waited = ops.wait_for_end_or_review(session, out, started["execution"])
        if review := waited["review_id"]:
            proposed = ops.show_review(session, review)["review"]["sha256"]
            ops.decide(session, review, verdict="rejected", sha256=proposed, reason="a measurement")
            ops.wait_for_execution(session, out, started["execution"])
    session.invoke("daily_scheduler", {"at": None})
    session.invoke("watch", {})
    bury(session, results["review"]["execution"], anime_id)
    ops.simple_run(session, out, kind="redrive", task="redrive", title="redrive")


def bury(session: Session, execution: str, anime_id: str) -> None:
    """Puts a commit into the dead-letter queue, for redrive to find that it took place."""
    started = session.machines.describe_execution(executionArn=ops.execution_arn(session, execution))
    message = DeadCommit.model_validate(
        {
            "execution": execution,
            "anime_id": anime_id,
            "ref": {**json.loads(started["input"]), "execution": execution},
            "payload_key": keys.saga(anime_id, execution),
            "failed_at": datetime.now(UTC).isoformat(),
        }
    )
    function = session.functions.get_function_configuration(FunctionName=session.endpoints["functions"]["redrive"])
    queue = function["Environment"]["Variables"]["COMMIT_DLQ_URL"]
    session.client("sqs").send_message(QueueUrl=queue, MessageBody=message.model_dump_json())


def run_large(session: Session, out: Output, work: Path, entries: int) -> Path:
    """Everything that reads or writes whole stores. Returns a copy of the snapshot."""
    first, second = work / "first.jsonl.zst", work / "second.jsonl.zst"
    samples = main_job.Samples(folder=ROOT / "samples")
    write_release(samples.release(main_job.FIRST_RELEASE), first, entries)
    write_release(samples.release(main_job.SECOND_RELEASE), second, entries)
    ops.bootstrap(
        session, out, kind="offline", file=first, source_sha="large-1", sha256=None, release=None, images=False
    )
    ops.sync(
        session,
        out,
        file=second,
        source_sha="large-2",
        sha256=None,
        release=None,
        dry_run=True,
        accept_mass_change=True,
    )
    ops.simple_run(session, out, kind="reconcile", task="reconcile", title="reconcile")
    session.invoke("daily_scheduler", {"at": None})
    taken = ops.simple_run(session, out, kind="snapshot", task="create_database_snapshot", title="snapshot")
    copy = work / "snapshot"
    copy.mkdir()
    for name in ops.SNAPSHOT_FILES:
        session.s3.download_file(session.data_bucket, f"{keys.snapshot(taken['snapshot'])}{name}", str(copy / name))
    return copy


def restore(session: Session, out: Output, snapshot: Path) -> None:
    time = ops.upload_snapshot(session, out, snapshot)
    ops.simple_run(session, out, kind="restore", task="restore_snapshot", title="restore", snapshot=time)


def with_clients(work: Path) -> dict[str, float]:
    """The most that each function takes until its first request in the cloud, with the layers' libraries, in MiB."""
    build: Mapping[LayerName, Path] = host_build(work / "layers")
    found = {}
    for spec in FUNCTIONS:
        path = [work / "code" / spec.task, *(build[name] for name in zip_of(spec.task)[1])]
        found[spec.task] = float(probed(spec.task, path, environment=CLOUD_ENVIRONMENT)["peak_mib_of_call"])
    return found


def rendered(rows: Iterable[Row], *, entries: int) -> str:
    lines = [TEXT.format(entries=entries, least=LEAST_FACTOR)]
    for row in sorted(rows, key=lambda row: row.task):
        figures = (row.calls, row.imported, row.clients, row.peak, row.given, f"{row.factor:.1f}")
        lines.append(f"| {row.task} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
