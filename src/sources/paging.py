"""What the catalogues' clients share: cursors, and what becomes of a step that fails.

A fetch goes step by step. The first step decides whether the catalogue has anything: its errors go to the caller. A
later step that will not work (not recorded, not found, not of the expected shape) becomes a problem for the reviewer
and the fetch goes on behind it; what may work later (``Retryable``) always goes to the caller.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.catalogues import PAGE_HOSTS, page_id
from models.errors import BadInput, Malformed, NotFound, Permanent
from models.events import Catalogue
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


def expect_object(value: object, what: str) -> Mapping[str, Any]:
    """Raises:
    Malformed: it is no JSON object, or an empty one.
    """
    if not isinstance(value, dict) or not value:
        raise Malformed(f"{what}: expected an object, got {_shape(value)}")
    return value


def expect_list(value: object, what: str) -> list[Any]:
    """Raises:
    Malformed: it is no list.
    """
    if not isinstance(value, list):
        raise Malformed(f"{what}: expected a list, got {_shape(value)}")
    return value


def _shape(value: object) -> str:
    return "nothing" if value is None or value == {} else type(value).__name__
