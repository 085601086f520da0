"""IngestImages: re-hosts the images that the stages name, as many as the time allows."""

from models.events import ImagesOutput, TaskInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Images, OutsideWorld
from workflows.image_states import ingest_images


class Settings(DataBucket, Images, OutsideWorld):
    pass


@lambda_function(event=TaskInput, settings=Settings)
def handler(event: TaskInput, context: Context[Settings]) -> ImagesOutput:
    return ingest_images(
        event.ref,
        host=clients.image_host(context.settings, context.settings, context.now),
        objects=clients.objects(context.settings),
        out_of_time=context.image_time_is_over,
    )
