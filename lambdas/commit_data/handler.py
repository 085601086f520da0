"""CommitDataLambda: the saga that writes an approved entry to every store, or undoes it."""

from models.events import CommitInput, CommitOutput
from runtime.handler import Context, lambda_function
from runtime.ports import CommitSettings, commit_ports
from workflows import commit


class Settings(CommitSettings):
    pass


@lambda_function(event=CommitInput, settings=Settings)
def handler(event: CommitInput, context: Context[Settings]) -> CommitOutput:
    return commit.handle(event, ports=commit_ports(context))
