"""FetchSources: the pages of one catalogue, as many as come in one call."""

import random
from collections import Counter

from models.events import FetchInput, FetchOutput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Catalogues, DataBucket
from workflows import enrichment
from workflows.answers import most_frequent
from workflows.catalogue_counts import CatalogueCounts


class Settings(DataBucket, Catalogues):
    pass


@lambda_function(event=FetchInput, settings=Settings)
def handler(event: FetchInput, context: Context[Settings]) -> FetchOutput:
    counts = CatalogueCounts()
    unknown: Counter[str] = Counter()
    last = enrichment.is_last_attempt(event, context.now())
    try:
        # To record an error nobody is asked; and clients that cannot be made may be what failed.
        made = (
            clients.catalogues(context.settings, counts=counts, remaining=context.remaining, last_attempt=last)
            if event.error is None
            else {}
        )
        return enrichment.fetch_source(
            event,
            clients=made,
            objects=clients.objects(context.settings),
            clock=context.now,
            last_attempt=last,
            jitter=random.random,
            unknown=unknown,
        )
    finally:
        counts.record(context.metrics, event.catalogue.value)
        if unknown:
            fields = most_frequent(unknown)
            context.log.warning("fields that nobody knows", catalogue=event.catalogue.value, fields=fields)
