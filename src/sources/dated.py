"""Tells of a page how old the answers are that it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sources.json_api import JsonApi
from sources.kept_answers import KeptAnswers
from workflows.ports import CatalogueClient, FetchedPage


@dataclass(frozen=True, kw_only=True)
class DatedClient:
    """A ``CatalogueClient`` whose API keeps answers. One that stands in for a catalogue that failed is a problem that
    the reviewer is told of."""

    client: CatalogueClient
    api: JsonApi
    answers: KeptAnswers

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        self.answers.begin()
        page = self.client.fetch(sources, cursor=cursor, episode=episode)
        return replace(page, as_of=self.answers.oldest, problems=(*page.problems, *self.answers.notes))
