"""RequestReview: puts the proposal before a reviewer and keeps the task's token."""

from typing import Any

from models.events import ReviewRequestInput
from runtime.handler import Context, lambda_function
from runtime.ports import ReviewSettings, review_ports
from runtime.settings import ReviewPolicy
from workflows.review import request_review


class Settings(ReviewSettings, ReviewPolicy):
    pass


@lambda_function(event=ReviewRequestInput, settings=Settings)
def handler(event: ReviewRequestInput, context: Context[Settings]) -> dict[str, Any]:
    ports = review_ports(context, automatic_modes=context.settings.automatic_modes)
    return {"review_id": request_review(event, ports=ports).review_id}
