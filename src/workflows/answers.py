"""What a catalogue answered during one execution, page by page, and what that amounts to."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from domain.canonical_json import canonical_bytes
from models.anime import CatalogueProvenance
from models.events import Catalogue, Event
from models.vocabulary import ProvenanceStatus

PageStatus = Literal["ok", "missing", "failed", "not_recorded"]
FetchStatus = Literal["ok", "partial", "missing", "failed", "not_recorded"]


class AnswerPage(Event):
    """What came of asking once. ``next_cursor`` None is the end."""

    next_cursor: str | None
    status: PageStatus
    fetched_at: datetime
    answers: dict[str, Any] = Field(default_factory=dict)
    problems: tuple[str, ...] = ()


class CatalogueAnswers(Event):
    """All that one catalogue answered; ``pages`` by the cursor that asked for them, the first by an empty one."""

    catalogue: Catalogue
    pages: dict[str, AnswerPage] = Field(default_factory=dict)

    def page(self, cursor: str | None) -> AnswerPage:
        return self.pages[cursor or ""]

    def chain(self) -> Iterator[AnswerPage]:
        """In the order in which the pages lead to each other; those that nothing leads to any more are left out."""
        return (self.pages[cursor] for cursor in self._cursors())

    def has(self, cursor: str | None) -> bool:
        """Whether there is a good answer to this cursor."""
        return (cursor or "") in self.pages and self.page(cursor).status == "ok"

    def with_page(self, cursor: str | None, page: AnswerPage) -> Self:
        """In place of an earlier answer to the same cursor. A page that leads back to one asked for before it would
        never end: it becomes the last."""
        asked = cursor or ""
        before = itertools.takewhile(lambda one: one != asked, self._cursors())
        if page.next_cursor in {asked, *before}:
            circle = "its pages lead in a circle"
            page = page.model_copy(update={"next_cursor": None, "problems": (*page.problems, circle)})
        return self.model_copy(update={"pages": {**self.pages, asked: page}})

    def _cursors(self) -> Iterator[str]:
        cursor: str | None = ""
        while cursor is not None and cursor in self.pages:
            yield cursor
            cursor = self.pages[cursor].next_cursor


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All pages of one catalogue together. ``reason`` says what is missing, in words for the reviewer; ``fetched_at``
    is of the last page that held something."""

    status: FetchStatus
    reason: str | None
    fetched_at: datetime | None
    answers: Mapping[str, Any]

    @property
    def usable(self) -> bool:
        return self.status in {"ok", "partial"}

    def provenance(self) -> CatalogueProvenance:
        status = ProvenanceStatus.OK if self.usable else ProvenanceStatus(self.status)
        return CatalogueProvenance(status=status, fetched_at=self.fetched_at, reason=self.reason)


def outcome_of(answers: CatalogueAnswers | None, *, so_far: bool = False) -> Outcome:
    """``so_far``: while pages are still to come, their absence is no problem."""
    pages = [] if answers is None else list(answers.chain())
    if not pages:
        return Outcome(status="failed", reason="did not answer", fetched_at=None, answers={})
    problems = [problem for page in pages for problem in page.problems]
    if pages[-1].next_cursor is not None and not so_far:
        problems.append("not all of its pages came")
    good = [page for page in pages if page.status == "ok"]
    status: FetchStatus = pages[0].status if not good else "partial" if problems else "ok"
    return Outcome(
        status=status,
        reason="; ".join(problems) or None,
        fetched_at=max((page.fetched_at for page in good), default=None),
        answers=merge_answers(page.answers for page in good),
    )


def merge_answers(pages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One answer out of several pages of the same shape: mappings are merged, lists joined, else the later one stands.

    An item that an earlier page has is not added again.
    """
    merged: dict[str, Any] = {}
    for page in pages:
        merged = _merged(merged, page)
    return merged


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        common = {name: _merged(one[name], other[name]) for name in one if name in other}
        return {**one, **other, **common}
    if isinstance(one, list) and isinstance(other, list):
        known = {canonical_bytes(item) for item in one}
        return [*one, *(item for item in other if canonical_bytes(item) not in known)]
    return other
