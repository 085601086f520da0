"""FetchSources: one page of one catalogue."""

from models.events import FetchInput, FetchOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import CacheServer, Catalogues, DataBucket
from workflows import enrichment


class Settings(DataBucket, Catalogues, CacheServer):
    pass


@lambda_function(event=FetchInput, settings=Settings)
def handler(event: FetchInput, context: Context[Settings]) -> FetchOutput:
    return enrichment.fetch_source(
        event,
        clients=clients.catalogues(context.settings),
        objects=clients.objects(context.settings),
        clock=context.now,
    )
