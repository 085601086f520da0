"""What the page, the command line and the demo ask of the reviews: list, show, decide."""

from typing import Any

from models.review import ReviewRequest
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Documents, EnrichmentMachine
from workflows.review import ReviewPorts, handle


class Settings(DataBucket, Documents, EnrichmentMachine):
    pass


@lambda_function(event=ReviewRequest, settings=Settings)
def handler(event: ReviewRequest, context: Context[Settings]) -> dict[str, Any]:
    ports = ReviewPorts(
        reviews=clients.reviews(context.settings),
        objects=clients.objects(context.settings),
        animes=clients.animes(context.settings),
        tasks=clients.tasks(context.settings),
        clock=context.now,
    )
    return handle(event, ports=ports)
