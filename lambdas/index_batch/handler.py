"""Loads one batch into the database and the vector index."""

from models.events import BatchInput, BatchOutput
from runtime.handler import Context, lambda_function
from runtime.ports import DataSettings, data_ports
from workflows.bulk_index import load_batch


class Settings(DataSettings):
    pass


@lambda_function(event=BatchInput, settings=Settings)
def handler(event: BatchInput, context: Context[Settings]) -> BatchOutput:
    return load_batch(event, ports=data_ports(context))
