"""RequestReview: puts the proposal before a reviewer and keeps the task's token."""

from typing import Any

from models.events import ReviewRequestInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Documents, EnrichmentMachine, ReviewPolicy
from workflows.review import ReviewPorts, request_review


class Settings(DataBucket, Documents, EnrichmentMachine, ReviewPolicy):
    pass


@lambda_function(event=ReviewRequestInput, settings=Settings)
def handler(event: ReviewRequestInput, context: Context[Settings]) -> dict[str, Any]:
    ports = ReviewPorts(
        reviews=clients.reviews(context.settings),
        objects=clients.objects(context.settings),
        animes=clients.animes(context.settings),
        tasks=clients.tasks(context.settings),
        clock=context.now,
        automatic_modes=frozenset(context.settings.automatic_modes),
    )
    return {"review_id": request_review(event, ports=ports).review_id}
