"""Stages: what the catalogues say about one part of the entry."""

from models.events import StageInput, StageOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import DataBucket
from workflows import enrichment


class Settings(DataBucket):
    pass


@lambda_function(event=StageInput, settings=Settings)
def handler(event: StageInput, context: Context[Settings]) -> StageOutput:
    return enrichment.process_stage(event, objects=clients.objects(context.settings))
