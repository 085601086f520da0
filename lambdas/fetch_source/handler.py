"""FetchSources: one page of one catalogue."""

from models.events import FetchInput, FetchOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Catalogues, DataBucket
from workflows import enrichment
from workflows.catalogue_counts import CatalogueCounts


class Settings(DataBucket, Catalogues):
    pass


@lambda_function(event=FetchInput, settings=Settings)
def handler(event: FetchInput, context: Context[Settings]) -> FetchOutput:
    counts = CatalogueCounts()
    try:
        return enrichment.fetch_source(
            event,
            clients=clients.catalogues(context.settings, counts=counts, remaining=context.remaining),
            objects=clients.objects(context.settings),
            clock=context.now,
        )
    finally:
        context.metrics.record(*counts.figures(), about={"catalogue": event.catalogue.value})
