"""Steps after the first, failing over real sockets: what may pass is repeated and then left to the caller, what will
not work is a problem and the fetch goes on behind it."""

import threading
from collections.abc import Iterator

import pytest

from models.errors import Throttled, Unavailable
from models.events import Catalogue
from scripts.made_up_series import SOURCES
from tests.support.catalogue_server import ATTEMPTS, FIRST_WAIT, client_of, good, later_cursors
from tests.support.http_server import answer, raw, serve, silence
from tests.support.scripted_http import Waits
from workflows.catalogue_counts import CatalogueCounts, Count

IN_STEPS = [catalogue for catalogue in Catalogue if later_cursors(catalogue)]
CASES = [(catalogue, cursor) for catalogue in IN_STEPS for cursor in later_cursors(catalogue)]

pytestmark = pytest.mark.parametrize(("catalogue", "cursor"), CASES, ids=str)

HTML_PAGE = b"<!DOCTYPE html><html><body>Checking</body></html>"


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def counts() -> CatalogueCounts:
    return CatalogueCounts()


def test_a_good_answer_is_no_error(catalogue: Catalogue, cursor: str, counts: CatalogueCounts) -> None:
    with serve(good(catalogue)) as server:
        page = client_of(catalogue, server, counts=counts).fetch(SOURCES, cursor=cursor)
    assert (page.problems, len(server.asked), counts[Count.ERRORS]) == ((), 1, 0)


def test_a_server_that_says_nothing_is_unavailable(
    catalogue: Catalogue, cursor: str, counts: CatalogueCounts, stop: threading.Event
) -> None:
    with serve(silence(stop)) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            client_of(catalogue, server, counts=counts).fetch(SOURCES, cursor=cursor)
        stop.set()
    assert (len(server.asked), counts[Count.ERRORS]) == (ATTEMPTS, ATTEMPTS)


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry_After": "7"}, 7.0), ({}, FIRST_WAIT)], ids=["with", "without"]
)
def test_too_many_requests_are_repeated_after_the_wait(
    catalogue: Catalogue, cursor: str, counts: CatalogueCounts, headers: dict[str, str], waited: float
) -> None:
    waits = Waits()
    with serve(answer(b"{}", status="429 Too Many Requests", **headers), good(catalogue)) as server:
        page = client_of(catalogue, server, waits=waits, counts=counts).fetch(SOURCES, cursor=cursor)
    assert (page.problems, waits.seconds, counts[Count.ERRORS]) == ((), [waited], 1)


def test_a_long_wait_is_left_to_the_caller(catalogue: Catalogue, cursor: str, counts: CatalogueCounts) -> None:
    waits = Waits()
    slow_down = answer(status="429 Too Many Requests", Retry_After="600")
    with serve(slow_down) as server, pytest.raises(Throttled) as raised:
        client_of(catalogue, server, waits=waits, counts=counts).fetch(SOURCES, cursor=cursor)
    assert (raised.value.retry_after, waits.seconds, len(server.asked)) == (600.0, [], 1)
    assert counts[Count.ERRORS] == 1


@pytest.mark.parametrize("fault", [answer(status="503 Service Unavailable"), raw(b"")], ids=["503", "nothing"])
def test_a_fault_of_the_server_is_repeated_and_then_unavailable(
    catalogue: Catalogue, cursor: str, counts: CatalogueCounts, fault: object
) -> None:
    assert callable(fault)
    with serve(fault) as server, pytest.raises(Unavailable):
        client_of(catalogue, server, counts=counts).fetch(SOURCES, cursor=cursor)
    assert (len(server.asked), counts[Count.ERRORS]) == (ATTEMPTS, ATTEMPTS)


@pytest.mark.parametrize(
    "useless",
    [
        answer(HTML_PAGE, content_type="application/json"),
        answer(HTML_PAGE, content_type="text/plain"),
        answer(status="403 Forbidden"),
        answer(status="302 Found", Location="https://example.com/"),
    ],
    ids=["HTML", "another media type", "403", "302"],
)
def test_what_is_of_no_use_is_a_problem_and_counts(
    catalogue: Catalogue, cursor: str, counts: CatalogueCounts, useless: object
) -> None:
    assert callable(useless)
    with serve(useless) as server:
        page = client_of(catalogue, server, counts=counts).fetch(SOURCES, cursor=cursor)
    assert page.problems
    assert page.cursor != cursor
    assert (len(server.asked), counts[Count.ERRORS]) == (1, 1)
