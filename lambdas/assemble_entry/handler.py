"""AssembleEntry: puts the proposed entry together and validates it strictly."""

from models.events import AssembleOutput, TaskInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket
from workflows import enrichment


class Settings(DataBucket):
    pass


@lambda_function(event=TaskInput, settings=Settings)
def handler(event: TaskInput, context: Context[Settings]) -> AssembleOutput:
    return enrichment.assemble(event.ref, objects=clients.objects(context.settings))
