"""What a catalogue answered during one execution, page by page, and what that amounts to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field

from domain.canonical_json import canonical_bytes
from models.anime import CatalogueProvenance
from models.events import Event
from models.provenance import UnknownField
from models.vocabulary import ProvenanceStatus

PageStatus = Literal["ok", "missing", "failed", "not_recorded"]
FetchStatus = Literal["ok", "partial", "missing", "failed", "not_recorded"]

MOST_FIELDS: Final = 20
"""So many of the fields that nobody knows are told by name: enough to see what has changed."""

_LONGEST_PATH: Final = 200
_MOST_PROBLEMS: Final = 20
"""A reviewer reads so many; of a catalogue that fails page after page the rest says the same."""


class AnswerPage(Event):
    """What came of asking once. ``cursor`` is what was asked; ``next_cursor`` None is the end. ``asked_at`` is now, and
    ``fetched_at`` when the catalogue said it: of kept answers that is before. ``unknown``: fields that nobody here
    knows, by path, and how often each came."""

    cursor: str | None
    next_cursor: str | None
    status: PageStatus
    asked_at: datetime
    fetched_at: datetime
    answers: dict[str, Any] = Field(default_factory=dict)
    problems: tuple[str, ...] = ()
    unknown: dict[str, int] = Field(default_factory=dict)


class Outcome(Event):
    """All pages of one catalogue together. ``reason`` says what is missing, in words for the reviewer; ``asked_at``
    and ``fetched_at`` are of the last page that held something."""

    status: FetchStatus
    reason: str | None = None
    asked_at: datetime | None = None
    fetched_at: datetime | None = None
    answers: dict[str, Any] = Field(default_factory=dict)
    unknown: dict[str, int] = Field(default_factory=dict)

    @property
    def usable(self) -> bool:
        return self.status in {"ok", "partial"}

    def provenance(self) -> CatalogueProvenance:
        return CatalogueProvenance(
            status=ProvenanceStatus.OK if self.usable else ProvenanceStatus(self.status),
            fetched_at=self.fetched_at,
            reason=self.reason,
            unknown_fields=[
                UnknownField(path=path, times=times) for path, times in most_frequent(self.unknown).items()
            ],
        )


def outcome_of(pages: Sequence[AnswerPage], answers: Mapping[str, Any]) -> Outcome:
    """Of pages in the order in which they lead to each other; ``answers`` are theirs, joined."""
    if not pages:
        return Outcome(status="failed", reason="did not answer")
    problems = [problem for page in pages for problem in page.problems]
    if pages[-1].next_cursor is not None:
        problems.append("not all of its pages came")
    good = [page for page in pages if page.status == "ok"]
    return Outcome(
        status=status_of(pages, problems),
        reason=_told(problems),
        asked_at=max((page.asked_at for page in good), default=None),
        fetched_at=max((page.fetched_at for page in good), default=None),
        answers=dict(answers),
        unknown=most_frequent(sum((Counter(page.unknown) for page in good), Counter())),
    )


def status_of(pages: Sequence[AnswerPage], problems: Sequence[str]) -> FetchStatus:
    if not any(page.status == "ok" for page in pages):
        return pages[0].status
    return "partial" if problems else "ok"


def most_frequent(fields: Mapping[str, int]) -> dict[str, int]:
    """``MOST_FIELDS`` of them, with paths of bearable length: what a catalogue sends has no bounds of its own."""
    ordered = sorted(fields.items(), key=lambda one: (-one[1], one[0]))
    return {path[:_LONGEST_PATH]: times for path, times in ordered[:MOST_FIELDS]}


def _told(problems: Sequence[str]) -> str | None:
    more = len(problems) - _MOST_PROBLEMS
    told = [*problems[:_MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
    return "; ".join(told) or None


def merge_answers(pages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One answer out of several pages; see ``Joined``."""
    joined = Joined()
    for page in pages:
        joined.add(page)
    return joined.answers


_Path = tuple[str, ...]


class Joined:
    """One answer, as far as its pages are there: of the same shape, mappings are merged, lists joined, and of other
    values the later one stands, if it is one: that a page says nothing takes nothing away.

    An item of a list that an earlier page has is not added again. Each item is looked at once, however many pages
    follow, and the pages themselves stay as they are.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self._known: dict[_Path, set[bytes]] = {}

    def add(self, page: Mapping[str, Any]) -> None:
        self._merge(self.answers, page, ())

    def has(self, page: Mapping[str, Any]) -> bool:
        """Whether the page holds something, and nothing that is new."""
        return _size(page) > 0 and self._holds(self.answers, page, ())

    def _merge(self, into: dict[str, Any], page: Mapping[str, Any], path: _Path) -> None:
        for name, value in page.items():
            here, there = (*path, name), into.get(name)
            if value is None and there is not None:
                continue
            if isinstance(there, dict) and isinstance(value, Mapping):
                self._merge(there, value, here)
            elif isinstance(there, list) and isinstance(value, list):
                self._join(there, value, here)
            else:
                into[name] = _copied(value)
                self._known = {known: items for known, items in self._known.items() if known[: len(here)] != here}

    def _join(self, into: list[Any], items: list[Any], path: _Path) -> None:
        known = self._known_of(into, path)
        spelled = [canonical_bytes(item) for item in items]
        into.extend(item for item, spelling in zip(items, spelled, strict=True) if spelling not in known)
        known.update(spelled)

    def _holds(self, there: Any, value: Any, path: _Path) -> bool:
        if isinstance(there, dict) and isinstance(value, Mapping):
            return all(name in there and self._holds(there[name], one, (*path, name)) for name, one in value.items())
        if isinstance(there, list) and isinstance(value, list):
            known = self._known_of(there, path)
            return all(canonical_bytes(item) in known for item in value)
        return value is None or bool(there == value)

    def _known_of(self, items: list[Any], path: _Path) -> set[bytes]:
        if path not in self._known:
            self._known[path] = {canonical_bytes(item) for item in items}
        return self._known[path]


def _copied(value: Any) -> Any:
    """As deep as it may be added to."""
    if isinstance(value, Mapping):
        return {name: _copied(one) for name, one in value.items()}
    return list(value) if isinstance(value, list) else value


def _size(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return len(value) if isinstance(value, list) else 1
