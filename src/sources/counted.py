"""Counts what catalogues send that nobody here knows: the first sign that an API has changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.ports import CatalogueClient, FetchedPage


@dataclass(frozen=True, kw_only=True)
class CountedClient:
    """A ``CatalogueClient``."""

    client: CatalogueClient
    counts: CatalogueCounts

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        page = self.client.fetch(sources, cursor=cursor, episode=episode)
        self.counts.add(Count.UNKNOWN_FIELDS, sum(page.unknown.values()))
        return page
