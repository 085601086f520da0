"""Questions to the stores: one entry whole, and anime by what they are about."""

from typing import Any, Final

from domain.relations import linked, related_pages
from models.anime import dump_entry
from models.errors import BadInput, NotFound
from models.events import QueryInput
from workflows.ports import Animes, Embedder, Vectors

SHOWN: Final = ("title", "type", "status", "year", "season", "genres", "system_status")
"""Payload fields of a hit; None where the entry does not know."""


def answer_query(event: QueryInput, *, animes: Animes, vectors: Vectors, embedder: Embedder) -> dict[str, Any]:
    """``{"entry": ..., "indexed": {"revision", "saga"} or None}``, or ``{"text": ..., "hits": [...]}``.

    Raises:
        BadInput: what to look for is missing.
        NotFound: no anime of that id.
    """
    if event.action == "show":
        return _show(event.anime_id, animes=animes, vectors=vectors)
    return _search(event, vectors=vectors, embedder=embedder)


def _show(anime_id: str | None, *, animes: Animes, vectors: Vectors) -> dict[str, Any]:
    if anime_id is None:
        raise BadInput("show needs the id of an anime")
    entry = animes.get(anime_id)
    if entry is None:
        raise NotFound(f"no anime {anime_id}; `anime search TEXT` finds ids")
    pages = related_pages(entry)
    if pages:
        entry = linked(entry, animes.find_by_sources(pages))
    point = vectors.get(anime_id)
    indexed = None if point is None else {name: point.payload.get(name) for name in ("revision", "saga")}
    return {"entry": dump_entry(entry), "indexed": indexed}


def _search(event: QueryInput, *, vectors: Vectors, embedder: Embedder) -> dict[str, Any]:
    text = (event.text or "").strip()
    if not text:
        raise BadInput("search needs a text")
    [vector] = embedder.embed([text])
    hits = vectors.search(vector, limit=event.limit, include_orphaned=event.include_orphaned)
    return {
        "text": text,
        "hits": [
            {
                "anime_id": hit.anime_id,
                "score": round(hit.score, 4),
                **{name: hit.payload.get(name) for name in SHOWN},
            }
            for hit in hits
        ],
    }
