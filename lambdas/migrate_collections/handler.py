"""Brings collections, indexes and vector collections to the schema; run by the deployment whenever that changes."""

from typing import Final

from models.events import MigrateInput, MigrateOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Documents, VectorIndex
from workflows.migration import migrate

_ATTEMPT_SECONDS: Final = 30.0
"""Of an attempt on a store that does not answer."""


class Settings(Documents, VectorIndex):
    pass


@lambda_function(event=MigrateInput, settings=Settings)
def handler(event: MigrateInput, context: Context[Settings]) -> MigrateOutput:
    schemas = (clients.document_schema(context.settings), clients.vector_schema(context.settings))
    done = migrate(event, schemas, sleep=context.sleep, out_of_time=lambda: context.remaining() < _ATTEMPT_SECONDS)
    context.log.info("migrated", created=done.created, changed=done.changed, left_over=done.left_over)
    return done
