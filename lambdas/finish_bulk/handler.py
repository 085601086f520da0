"""Adds up the batches of a bulk load, records the release and reports."""

from typing import Any

from models.events import FinishBulkInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Documents
from workflows.bulk_index import finish_bulk


class Settings(DataBucket, Documents):
    pass


@lambda_function(event=FinishBulkInput, settings=Settings)
def handler(event: FinishBulkInput, context: Context[Settings]) -> dict[str, Any]:
    return finish_bulk(
        event,
        objects=clients.objects(context.settings),
        animes=clients.animes(context.settings),
        clock=context.now,
    )
