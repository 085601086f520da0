"""Shows an entry, searches, or tells how the catalogues are doing."""

from typing import Any

from models.events import QueryInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Documents, Embeddings, RateLimits, VectorIndex
from workflows.catalogue_states import catalogue_states
from workflows.query import answer_query


class Settings(Documents, VectorIndex, Embeddings, RateLimits):
    pass


@lambda_function(event=QueryInput, settings=Settings)
def handler(event: QueryInput, context: Context[Settings]) -> dict[str, Any]:
    if event.action == "catalogues":
        return catalogue_states(clients.rate_buckets(context.settings), clock=context.now)
    return answer_query(
        event,
        animes=clients.animes(context.settings),
        vectors=clients.vectors(context.settings),
        embedder=clients.embedder(context.settings),
    )
