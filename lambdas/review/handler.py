"""What the page, the command line and the demo ask of the reviews: list, show, decide."""

from typing import Any

from models.review import ReviewRequest
from runtime.handler import Context, lambda_function
from runtime.ports import ReviewSettings, review_ports
from workflows.review import handle


class Settings(ReviewSettings):
    pass


@lambda_function(event=ReviewRequest, settings=Settings)
def handler(event: ReviewRequest, context: Context[Settings]) -> dict[str, Any]:
    return handle(event, ports=review_ports(context))
