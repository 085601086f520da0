"""Replays the dead-letter queue of commits."""

from typing import Any, Final

from models.errors import AnimeError, LockHeld
from models.events import RedriveInput
from workflows.commit import CommitPorts, redrive
from workflows.ports import Clock, Queue
from workflows.reports import Reporter, reported

KIND: Final = "redrive"
_MOST_MESSAGES: Final = 1000
"""A bound for one run, in case the queue gives out the same messages again and again."""


def redrive_all(event: RedriveInput, *, queue: Queue, ports: CommitPorts, clock: Clock) -> dict[str, Any]:
    """Settles every message that can be settled now and deletes it; the others come back to the queue by themselves.

    The report's result: figures ``messages``, ``committed``, ``rolled_forward``, ``undone``, ``left``, and in
    ``problems`` one line for each that is left.
    """
    reporter = Reporter(ports.objects, kind=KIND, run_id=event.run_id, clock=clock)
    counts = {"messages": 0, "committed": 0, "rolled_forward": 0, "undone": 0, "left": 0}
    problems: list[str] = []
    with reported(reporter):
        reporter.progress("reading the dead-letter queue")
        while counts["messages"] < _MOST_MESSAGES and (messages := queue.receive()):
            for message in messages:
                counts["messages"] += 1
                execution = str(message.body.get("execution", "unknown"))
                try:
                    output = redrive(message.body, ports=ports)
                except LockHeld:
                    counts["left"] += 1
                    problems.append(f"{execution}: an execution works on the anime; repeat later")
                except AnimeError as error:
                    counts["left"] += 1
                    problems.append(f"{execution}: {type(error).__name__}: {error}")
                else:
                    counts[output.result] += 1
                    queue.delete(message.receipt)
            reporter.progress(f"{counts['messages']} messages")
        result: dict[str, Any] = {**counts, "problems": problems, "report": reporter.key}
        reporter.succeed(result)
    return result
