"""Measures how long reviews wait and how long ago the weekly runs succeeded; run every hour."""

from typing import Any

from models.events import Event
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket, Documents
from workflows.watch import WatchPorts, watch


class Settings(DataBucket, Documents):
    pass


@lambda_function(event=Event, settings=Settings)
def handler(_event: Event, context: Context[Settings]) -> dict[str, Any]:
    ports = WatchPorts(
        objects=clients.objects(context.settings),
        reviews=clients.reviews(context.settings),
        metrics=context.metrics,
        clock=context.now,
    )
    result = watch(ports)
    if result["problems"]:
        context.log.warning("some reports could not be read", problems=result["problems"])
    return result
