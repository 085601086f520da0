"""Loads one batch into the database and the vector index."""

from models.events import BatchInput, BatchOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import DataSettings, data_ports
from runtime.settings import Catalogues, Images
from workflows.bulk_index import load_batch
from workflows.image_states import image_settler


class Settings(DataSettings, Images, Catalogues):
    pass


@lambda_function(event=BatchInput, settings=Settings)
def handler(event: BatchInput, context: Context[Settings]) -> BatchOutput:
    host = clients.image_host(context.settings, context.settings, context.now) if event.images else None
    return load_batch(event, ports=data_ports(context), settle_images=image_settler(host))
