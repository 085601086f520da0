"""Vectors of entries, made in as few calls of the embedder as there are."""

from collections.abc import Sequence

from domain.embedding_text import embedding_texts, joined_vector
from models.anime import AnimeEntry
from workflows.ports import Embedder


def embed_entries(entries: Sequence[AnimeEntry], embedder: Embedder) -> list[list[float]]:
    """One vector an entry, in their order; not of unit length."""
    texts = [embedding_texts(entry) for entry in entries]
    wanted = [text.title for text in texts] + [text.content for text in texts if text.content is not None]
    if not wanted:
        return []
    made = embedder.embed(wanted)
    titles, contents = made[: len(texts)], iter(made[len(texts) :])
    return [
        joined_vector(title, None if text.content is None else next(contents))
        for text, title in zip(texts, titles, strict=True)
    ]
