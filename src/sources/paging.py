"""What the catalogues' clients share: cursors, and what becomes of a step that fails.

A fetch goes step by step. The first step decides whether the catalogue has anything: its errors go to the caller. A
later step that will not work (not recorded, not found, not of the expected shape) becomes a problem for the reviewer
and the fetch goes on behind it; what may work later (``Retryable``) goes to the caller, who repeats the step.

Of an answer whose shape changed in places the rest is used, and a problem tells what was left out.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from domain.catalogues import PAGE_HOSTS, page_id
from models.errors import BadInput, ChangedShape, Malformed, NotFound, Permanent
from models.events import Catalogue
from models.ids import canonical_number, is_special
from sources.shapes import LeftOut, Shape, Sifted, is_digits, shown, sift
from workflows.ports import FetchedPage

_PLACE: Final = re.compile(r"^(?P<position>\d{1,20})(?::(?P<seen>-?\d{1,20}\.\.-?\d{1,20})?(?P<broken>!)?)?$", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to go on with a list. ``seen``: the first and the last id of the last page that held something, such as
    ``101..200``; ``broken``: a page between that one and this could not be read."""

    position: int
    seen: str = ""
    broken: bool = False

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises:
        BadInput: a cursor that none of our steps gave.
        """
        match = _PLACE.match(text)
        if match is None:
            raise BadInput("a cursor that no fetch gave")
        return cls(position=int(match["position"]), seen=match["seen"] or "", broken=match["broken"] is not None)

    def __str__(self) -> str:
        before = f"{self.seen}{'!' if self.broken else ''}"
        return f"{self.position}:{before}" if before else str(self.position)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of a list. ``more``: the catalogue says that another follows; ``behind``: where, if not where a whole page
    would end."""

    page: FetchedPage
    ids: Sequence[int]
    more: bool
    behind: int | None = None


def split_cursor(cursor: str) -> tuple[str, str]:
    """``episodes:2`` is step and position."""
    step, _, position = cursor.partition(":")
    return step, position


def page_number(position: str) -> int:
    """Raises:
    BadInput: a cursor that none of our steps gave.
    """
    if not is_digits(position):
        raise BadInput("a cursor that no fetch gave")
    return int(position)


def unknown_cursor(catalogue: Catalogue) -> BadInput:
    return BadInput(f"a cursor that no fetch of {catalogue} gave")


def later_step(what: str, ask: Callable[[], FetchedPage], *, then: str | None) -> FetchedPage:
    """The page, or a problem and the cursor behind this step.

    Raises:
        Retryable: from ``ask``.
    """
    try:
        return ask()
    except Permanent as error:
        return FetchedPage(answers={}, cursor=then, problems=(f"{what}: {error}",))


def listed_step(
    what: str,
    ask: Callable[[], Listed],
    *,
    place: Place,
    behind: int,
    cursor: Callable[[Place], str],
    then: Callable[[str], str | None],
) -> FetchedPage:
    """A page of a list; a whole one ends at ``behind``. ``then``: the cursor behind the list, by what was seen last.

    A page that cannot be read costs itself alone, unless the next cannot be read either. One that repeats the page
    before it ends the list: a server that does not look at the page's number would give it for ever.

    Raises:
        Retryable: from ``ask``.
    """
    try:
        listed = ask()
    except Malformed as error:
        after = then(place.seen) if place.broken else cursor(replace(place, position=behind, broken=True))
        return FetchedPage(answers={}, cursor=after, problems=(f"{what}: {error}",))
    except Permanent as error:
        # Behind a page that could not be read there may be none.
        ended = place.broken and isinstance(error, NotFound)
        return FetchedPage(answers={}, cursor=then(place.seen), problems=() if ended else (f"{what}: {error}",))
    if not listed.ids:
        return going_on(listed.page, then(place.seen))
    seen = f"{listed.ids[0]}..{listed.ids[-1]}"
    if seen == place.seen:
        repeated = (*listed.page.problems, f"{what}: the same as the page before, so the list ends here")
        return FetchedPage(answers={}, cursor=then(seen), problems=repeated, unknown=listed.page.unknown)
    further = Place(position=behind if listed.behind is None else listed.behind, seen=seen)
    return going_on(listed.page, cursor(further) if listed.more else then(seen))


def last_of(seen: str) -> int:
    """The last id of ``Place.seen``; 0 where nothing was seen."""
    return int(seen.rpartition("..")[2] or 0)


def whole_number(episode: str) -> int | None:
    """Of an episode's number, without its fraction; None of a special, which has no place among the others.

    Raises:
        BadInput: it is none.
    """
    try:
        number = canonical_number(episode)
    except ValueError as error:
        raise BadInput(str(error)) from None
    return None if is_special(number) else int(Decimal(number))


def own_id(catalogue: Catalogue, sources: Sequence[str]) -> str:
    """The id on the catalogue's own pages.

    Raises:
        NotFound: no source URL is one of its pages.
    """
    found = page_id(sources, PAGE_HOSTS[catalogue][0])
    if found is None:
        raise NotFound(f"{catalogue}: the anime has no page there")
    return found


def checked_page(
    catalogue: Catalogue,
    answers: Mapping[str, Any],
    *,
    shapes: Mapping[str, Shape],
    rows: str | None = None,
    cursor: str | None = None,
    problems: tuple[str, ...] = (),
) -> FetchedPage:
    """A page whose answers have the shapes of their kinds; what nobody knows of them is counted, and what lacks a
    needed field is left out. ``rows``: the kind that the page is about.

    Raises:
        ChangedShape: a needed field is missing, or of another type, around which nothing can be spared, or in more
            than half of the ``rows``.
    """
    unknown: Counter[str] = Counter()
    kept = dict(answers)
    told = list(problems)
    for kind, value in answers.items():
        if kind in shapes:
            sifted = sift(value, shapes[kind], catalogue=catalogue, path=kind)
            if kind == rows:
                _expect_most(sifted, kind)
            kept[kind] = sifted.value
            unknown += sifted.unknown
            told += [_told(path, found, sifted.rows.get(path)) for path, found in sifted.left_out.items()]
    return FetchedPage(answers=kept, cursor=cursor, problems=tuple(told), unknown=unknown)


def _expect_most(sifted: Sifted, kind: str) -> None:
    found = sifted.left_out.get(kind)
    if found is not None and found.count * 2 > sifted.rows[kind]:
        raise found.first


def _told(path: str, found: LeftOut, total: int | None) -> str:
    return f"{path}: {found.count}{f' of {total}' if total else ''} left out, first {found.first}"


def going_on(page: FetchedPage, cursor: str | None) -> FetchedPage:
    """The page with what comes after it."""
    return replace(page, cursor=cursor)


def expect_object(value: object, catalogue: Catalogue, path: str) -> Mapping[str, Any]:
    """Raises:
    ChangedShape: it is no JSON object, or an empty one.
    """
    if not isinstance(value, dict) or not value:
        raise ChangedShape(catalogue, path, expected="an object", found=shown(value))
    return value


def expect_list(value: object, catalogue: Catalogue, path: str) -> list[Any]:
    """Raises:
    ChangedShape: it is no list.
    """
    if not isinstance(value, list):
        raise ChangedShape(catalogue, path, expected="a list", found=shown(value))
    return value
