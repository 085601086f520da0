"""RehostBatch: re-hosts the images of one batch, as many as the time allows; the others become placeholders."""

from models.events import RehostInput, RehostOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Images, OutsideWorld
from workflows.bulk_index import rehost_batch
from workflows.image_states import image_settler


class Settings(DataBucket, Images, OutsideWorld):
    pass


@lambda_function(event=RehostInput, settings=Settings)
def handler(event: RehostInput, context: Context[Settings]) -> RehostOutput:
    host = clients.image_host(context.settings, context.settings, context.now)
    return rehost_batch(
        event,
        objects=clients.objects(context.settings),
        settle_images=image_settler(host, context.image_time_is_over),
    )
