"""Takes turns from a shared bucket, in a process of its own.

``python -m tests.support.bucket_process`` takes a ``Task`` as JSON and writes the moments of its turns, by the store's
time, as a JSON list.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

from domain.token_bucket import Bucket, Pace, Turn, take
from stores.cache import connect_redis
from stores.rate_buckets_dynamodb import DynamoRateBuckets
from stores.rate_buckets_redis import RedisRateBuckets
from tests.support.emulator import aws_client
from workflows.catalogue_ports import RateBuckets

CATALOGUE: Final = "jikan"
_ROOT: Final = Path(__file__).parents[2]


class Task(BaseModel):
    """``address`` is of the server; ``table`` of DynamoDB alone."""

    kind: Literal["redis", "dynamodb"]
    address: str
    table: str = ""
    per_second: float
    capacity: float
    turns: int

    @property
    def pace(self) -> Pace:
        return Pace(per_second=self.per_second, capacity=self.capacity)

    def buckets(self) -> RateBuckets:
        if self.kind == "redis":
            return RedisRateBuckets(connect_redis(self.address))
        return DynamoRateBuckets(aws_client("dynamodb", self.address), self.table, clock=lambda: datetime.now(UTC))


def run_side_by_side(task: Task, processes: int) -> list[float]:
    """When turns were given, of all processes, in order."""
    command = [sys.executable, "-m", "tests.support.bucket_process", task.model_dump_json()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(_ROOT / "src"), str(_ROOT)))}
    running = [subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(processes)]
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return sorted(moment for answer in answers for moment in json.loads(answer))


def _turns(task: Task) -> list[float]:
    buckets, pace = task.buckets(), task.pace

    def step(bucket: Bucket | None, now: float) -> tuple[Bucket | None, tuple[Turn, float]]:
        turn = take(bucket, pace, now)
        return (turn.bucket if turn.granted else None), (turn, now)

    given: list[float] = []
    while len(given) < task.turns:
        turn, now = buckets.change(CATALOGUE, step)
        if turn.granted:
            given.append(now)
        else:
            time.sleep(turn.wait)
    return given


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_turns(Task.model_validate_json(sys.argv[1]))))
