"""Begin: extends the lock and finds out what to fetch."""

from models.events import BeginOutput, TaskInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Documents, LockTimes
from workflows import enrichment


class Settings(DataBucket, Documents, LockTimes):
    pass


@lambda_function(event=TaskInput, settings=Settings)
def handler(event: TaskInput, context: Context[Settings]) -> BeginOutput:
    return enrichment.begin(
        event.ref,
        animes=clients.animes(context.settings),
        locks=clients.locks(context.settings),
        objects=clients.objects(context.settings),
        running_lease=context.settings.running_lease,
    )
