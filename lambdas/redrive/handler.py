"""Takes up again the commits in the dead-letter queue."""

from typing import Any

from models.events import RedriveInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import CommitSettings, commit_ports, run_as_report
from runtime.settings import CommitQueue
from workflows.redrive import redrive_all


class Settings(CommitSettings, CommitQueue):
    pass


@lambda_function(event=RedriveInput, settings=Settings)
def handler(event: RedriveInput, context: Context[Settings]) -> Any:
    queue = clients.commit_dead_letters(context.settings)
    return run_as_report(lambda: redrive_all(event, queue=queue, ports=commit_ports(context), clock=context.now))
