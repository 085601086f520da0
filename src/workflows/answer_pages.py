"""Where the pages of a catalogue's answers are kept until the stages read them.

Each page is an object of its own, written once: of two that ask the same, the first one's page stands for both, and so
does the cursor behind it. The pages therefore form one chain from the first on, and whoever dies anywhere leaves the
beginning of that chain. When its end is there, all are joined in one object, which can be made again at any time.
"""

from dataclasses import dataclass, field
from typing import Final

from domain.canonical_json import canonical_bytes
from models.errors import AlreadyExists, Unavailable
from models.events import Catalogue
from workflows import keys
from workflows.answers import AnswerPage, FetchStatus, Joined, Outcome, outcome_of, status_of
from workflows.ports import Objects

MOST_PAGES: Final = 1000
"""Of one catalogue in one execution. A series of 1,100 episodes and 2,000 characters has at most 300; a server that
makes up pages for ever has to end somewhere."""

_LONGEST_CURSOR: Final = 60
"""In words for a reviewer: some cursors list what is to be asked for."""


@dataclass
class _Chain:
    """Pages that lead to each other, from the first on, and their answers joined."""

    pages: list[AnswerPage] = field(default_factory=list)
    cursors: set[str | None] = field(default_factory=set)
    joined: Joined = field(default_factory=Joined)

    @property
    def end(self) -> str | None:
        """The cursor behind the last page."""
        return self.pages[-1].next_cursor if self.pages else None

    @property
    def complete(self) -> bool:
        return bool(self.pages) and self.end is None

    def append(self, page: AnswerPage) -> None:
        self.joined.add(page.answers)
        self.pages.append(page)
        self.cursors.add(page.cursor)


class CataloguePages:
    """Of one catalogue in one execution, for one call of a function. ``most``: as ``MOST_PAGES``."""

    def __init__(self, execution: str, catalogue: Catalogue, objects: Objects, *, most: int = MOST_PAGES) -> None:
        self._execution = execution
        self._catalogue = catalogue
        self._objects = objects
        self._most = most
        self._found: dict[str | None, AnswerPage] = {}
        self._chain = _Chain()

    def find(self, cursor: str | None) -> AnswerPage | None:
        """The page that this cursor asks for."""
        if cursor not in self._found:
            stored = self._objects.get(self._key(cursor))
            if stored is None:
                return None
            self._found[cursor] = AnswerPage.model_validate_json(stored.body)
        return self._found[cursor]

    def add(self, page: AnswerPage) -> AnswerPage:
        """The page that stands: this one, ended where it would lead nowhere new, or the one that somebody else was
        faster with."""
        chain = self._before(page.cursor)
        page = self._ended(page, chain)
        key = self._key(page.cursor)
        try:
            self._objects.put(key, canonical_bytes(page.model_dump(mode="json")), if_absent=True)
        except AlreadyExists:
            found = self.find(page.cursor)
            if found is None:
                raise Unavailable(f"{key} is there and cannot be read") from None
            page = found
        self._found[page.cursor] = page
        chain.append(page)
        return page

    def status(self, cursor: str) -> FetchStatus:
        """Of the pages that lead to this cursor; that more are to come is no problem."""
        pages = self._before(cursor).pages
        return status_of(pages, [problem for page in pages for problem in page.problems])

    def outcome(self) -> Outcome:
        """Of what is there."""
        if not self._chain.complete:
            self._chain = self._read(until=None)
        return outcome_of(self._chain.pages, self._chain.joined.answers)

    def join(self) -> Outcome:
        """Keeps all pages in one object, for the stages."""
        outcome = self.outcome()
        key = keys.answers(self._execution, self._catalogue.value)
        self._objects.put(key, canonical_bytes(outcome.model_dump(mode="json")))
        return outcome

    def _before(self, cursor: str | None) -> _Chain:
        """The pages that lead to this cursor's."""
        if cursor is None:
            self._chain = _Chain()
        elif self._chain.end != cursor:
            self._chain = self._read(until=cursor)
        return self._chain

    def _read(self, *, until: str | None) -> _Chain:
        chain, cursor = _Chain(), None
        while (page := self.find(cursor)) is not None:
            chain.append(page)
            cursor = page.next_cursor
            if cursor is None or cursor == until:
                break
        return chain

    def _ended(self, page: AnswerPage, chain: _Chain) -> AnswerPage:
        following, why = page.next_cursor, None
        if following is None:
            return page
        if following == page.cursor or following in chain.cursors:
            why = "its pages lead in a circle"
        elif _step(following) == _step(page.cursor) and chain.joined.has(page.answers):
            why = f"{_shortened(following)}: not asked for, since the page before it brought nothing new"
        elif len(chain.pages) + 1 >= self._most:
            why = f"{_shortened(following)}: not asked for, nor what follows, after {self._most} pages"
        if why is None:
            return page
        return page.model_copy(update={"next_cursor": None, "problems": (*page.problems, why)})

    def _key(self, cursor: str | None) -> str:
        return keys.answer_page(self._execution, self._catalogue.value, cursor)


def load_outcome(execution: str, catalogue: Catalogue, objects: Objects) -> Outcome:
    """Where the last page never came, of those before it."""
    stored = objects.get(keys.answers(execution, catalogue.value))
    if stored is not None:
        return Outcome.model_validate_json(stored.body)
    return CataloguePages(execution, catalogue, objects).outcome()


def _step(cursor: str | None) -> str | None:
    """Cursors are a step, or a step and a place in its list: ``characters``, ``episodes:2``."""
    return None if cursor is None else cursor.partition(":")[0]


def _shortened(cursor: str) -> str:
    return cursor if len(cursor) <= _LONGEST_CURSOR else f"{cursor[:_LONGEST_CURSOR]}..."
