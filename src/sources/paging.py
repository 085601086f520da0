"""What the catalogues' clients share: cursors, and what becomes of a step that fails.

A fetch goes step by step. The first step decides whether the catalogue has anything: its errors go to the caller. A
later step that will not work (not recorded, not found, not of the expected shape) becomes a problem for the reviewer
and the fetch goes on behind it; what may work later (``Retryable``) always goes to the caller.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.catalogues import PAGE_HOSTS, page_id
from models.errors import BadInput, ChangedShape, NotFound, Permanent
from models.events import Catalogue
from sources.shapes import Shape, check, shown
from workflows.ports import FetchedPage


def split_cursor(cursor: str) -> tuple[str, str]:
    """``episodes:2`` is step and position."""
    step, _, position = cursor.partition(":")
    return step, position


def page_number(position: str) -> int:
    """Raises:
    BadInput: a cursor that none of our steps gave.
    """
    if not position.isdecimal():
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
    cursor: str | None = None,
    problems: tuple[str, ...] = (),
) -> FetchedPage:
    """A page whose answers have the shapes of their kinds; what nobody knows of them is counted.

    Raises:
        ChangedShape: a needed field is missing, or of another type.
    """
    unknown: Counter[str] = Counter()
    for kind, value in answers.items():
        if kind in shapes:
            unknown += check(value, shapes[kind], catalogue=catalogue, path=kind)
    return FetchedPage(answers=answers, cursor=cursor, problems=problems, unknown=unknown)


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
