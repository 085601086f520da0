"""A commit over the real adapters, in a process of its own that may end in the middle of it.

``python -m tests.support.commit_process`` takes a ``Task`` as JSON. What a test finds afterwards is what the servers
and the folder of the vector engine have.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from pydantic import BaseModel

from models.events import CommitInput
from models.ids import ulid_from_bits
from stores.mongo.animes import MongoAnimes
from stores.mongo.connection import connect
from stores.mongo.locks import MongoLocks
from stores.mongo.reviews import MongoReviews
from stores.mongo.schema import MongoSchema
from stores.objects import S3Objects
from stores.vectors.edge import EdgeVectors
from stores.vectors.edge_engine import close_engines
from stores.vectors.edge_schema import EdgeSchema
from tests.support.commits import Scenario, World
from tests.support.crashing import Faults, When
from tests.support.emulator import aws_client
from tests.support.fakes import FakeCache, FakeEmbedder, ManualClock
from workflows.commit import handle

DIED: Final = 17
"""How the process ends at the planned write."""

_ROOT: Final = Path(__file__).parents[2]


class Stores(BaseModel):
    """Where the stores of one test are. ``name`` is of the database and the bucket."""

    mongo_uri: str
    aws_endpoint: str
    name: str
    folder: str


class Task(BaseModel):
    """Without ``event`` the scenario is prepared first, and its event left in ``event.json`` of the folder."""

    stores: Stores
    scenario: Scenario
    event: CommitInput | None = None
    action: Literal["commit", "undo"] = "commit"
    point: int
    when: When


@contextmanager
def real_world(stores: Stores, *, patience: timedelta = timedelta(seconds=20)) -> Iterator[World]:
    """Documents, objects and vectors are real. On leaving, the engine lets go of its folder. ``patience`` bounds each
    call to the documents, repetitions within it included."""
    clock = ManualClock()
    with connect(stores.mongo_uri, timeout=patience) as client:
        database = client[stores.name]
        try:
            yield World(
                clock=clock,
                objects=S3Objects(aws_client("s3", stores.aws_endpoint), stores.name),
                locks=MongoLocks(database),
                animes=MongoAnimes(database, transaction_timeout=patience),
                reviews=MongoReviews(database),
                vectors=EdgeVectors(Path(stores.folder)),
                embedder=FakeEmbedder(),
                cache=FakeCache(clock=clock),
                tokens=lambda: ulid_from_bits(secrets.randbits(128)),
            )
        finally:
            close_engines(Path(stores.folder))


def create(stores: Stores) -> None:
    """Database, bucket and collection, empty."""
    with connect(stores.mongo_uri) as client:
        MongoSchema(client[stores.name]).migrate()
    aws_client("s3", stores.aws_endpoint).create_bucket(Bucket=stores.name)
    EdgeSchema(Path(stores.folder)).migrate()
    close_engines(Path(stores.folder))


def run(task: Task) -> int:
    """Runs the task in a new process. Returns its exit code."""
    command = [sys.executable, "-m", "tests.support.commit_process", task.model_dump_json()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(_ROOT / "src"), str(_ROOT)))}
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False, timeout=120).returncode


def left_event(stores: Stores) -> CommitInput:
    return CommitInput.model_validate_json((Path(stores.folder) / "event.json").read_bytes())


def _die(_where: str) -> NoReturn:
    """No clean-up, no flushing, no handlers: as if the power went."""
    os._exit(DIED)


def _main(task: Task) -> None:
    with real_world(task.stores) as world:
        event = task.event
        if event is None:
            event = world.prepared(task.scenario)
            (Path(task.stores.folder) / "event.json").write_text(event.model_dump_json())
        faults = Faults(planned={task.point: task.when}, die=_die)
        output: Any = handle(event.model_copy(update={"action": task.action}), ports=world.commit_ports(faults))
    sys.exit(f"it lived: {output}")


if __name__ == "__main__":
    _main(Task.model_validate_json(sys.argv[1]))
