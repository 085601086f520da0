"""Related anime by our own ids: a relation names a page, and the page is a source of an anime that we may have.

Who links: whoever has the relation in hand. A commit stores the ids that are known at that moment, by one look-up over
the sources' unique index; reading an entry links what has arrived since, by the same look-up. Nobody goes through the
other entries when an anime arrives: that would write to documents whose lock somebody else may hold, or need an index
of its own, and a page that leads to an anime leads there whenever one looks. Each page stays an item of its own, so
that a refresh meets what it offered before; what has one id is told as one (``joined``).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from models.anime import AnimeEntry, RelatedAnime
from models.ids import normalise_source

Part = dict[str, Any]


def related_pages(entry: AnimeEntry) -> tuple[str, ...]:
    """Of the relations that have no id yet, in the spelling of sources."""
    pages = (_page(related.url) for related in entry.related_anime if related.anime_id is None)
    return tuple(dict.fromkeys(page for page in pages if page is not None))


def linked(entry: AnimeEntry, owners: Mapping[str, str]) -> AnimeEntry:
    """The entry with the id of each related anime that has an owner, by page. An id that is there already stays: anime
    are never deleted, and a page that moved on leaves the relation true."""
    related = [_with_id(one, owners.get(_page(one.url) or ""), entry.anime_id) for one in entry.related_anime]
    return entry if related == entry.related_anime else entry.model_copy(update={"related_anime": related})


def _with_id(related: RelatedAnime, owner: str | None, own: str) -> RelatedAnime:
    """A page of the anime itself is no relation to link."""
    if related.anime_id is not None or owner in {None, own}:
        return related
    return related.model_copy(update={"anime_id": owner})


def _page(url: str) -> str | None:
    try:
        return normalise_source(url)
    except ValueError:
        return None


def joined(related: Iterable[Mapping[str, Any]]) -> list[Part]:
    """Dumped items, those of one anime as one: the first that is known of it, with all its pages under ``urls``."""
    found: dict[str, Part] = {}
    for item in related:
        one = found.setdefault(item.get("anime_id") or item["url"], {"urls": []})
        one["urls"].append(item["url"])
        for name, value in item.items():
            if name != "url":
                one.setdefault(name, value)
    return list(found.values())
