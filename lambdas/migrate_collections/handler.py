"""Creates collections, indexes and vector collections; run by the deployment whenever their description changes."""

from typing import Any

from models.events import MigrateInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Documents, VectorIndex


class Settings(Documents, VectorIndex):
    pass


@lambda_function(event=MigrateInput, settings=Settings)
def handler(event: MigrateInput, context: Context[Settings]) -> dict[str, Any]:
    changed = (
        *clients.document_schema(context.settings).migrate(),
        *clients.migrate_vectors(context.settings),
    )
    context.log.info("migrated", changed=list(changed))
    return {"changed": list(changed), "schema_hash": event.schema_hash}
