"""Shows an entry, or searches."""

from typing import Any

from models.events import QueryInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.settings import Documents, Embeddings, VectorIndex
from workflows.query import answer_query


class Settings(Documents, VectorIndex, Embeddings):
    pass


@lambda_function(event=QueryInput, settings=Settings)
def handler(event: QueryInput, context: Context[Settings]) -> dict[str, Any]:
    return answer_query(
        event,
        animes=clients.animes(context.settings),
        vectors=clients.vectors(context.settings),
        embedder=clients.embedder(context.settings),
    )
