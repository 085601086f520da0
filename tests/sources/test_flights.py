"""Threads that want the same at the same time share one request."""

import threading
from collections.abc import Callable

import pytest

from models.errors import AnimeError, Throttled, Unavailable
from sources.flights import Flights


class Crowd:
    """Threads that join one flight while it is held back."""

    def __init__(self, work: Callable[[], str], *, seconds: float = 30) -> None:
        self.flights: Flights[str] = Flights()
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.works = 0
        self.results: list[tuple[str, bool] | Exception] = []
        self._work = work
        self._seconds = seconds

    def _held(self) -> str:
        self.works += 1
        self.begun.set()
        assert self.go_on.wait(30)
        return self._work()

    def _join(self) -> None:
        try:
            self.results.append(self.flights.join("key", self._held, seconds=self._seconds))
        except (AnimeError, ZeroDivisionError) as error:
            self.results.append(error)

    def gather(self, threads: int, *, until: Callable[[], bool]) -> None:
        crowd = [threading.Thread(target=self._join) for _ in range(threads)]
        for thread in crowd:
            thread.start()
        assert self.begun.wait(30)
        while not until():
            assert any(thread.is_alive() for thread in crowd)
        self.go_on.set()
        for thread in crowd:
            thread.join(30)


def all_waiting(crowd: Crowd, threads: int) -> bool:
    flight = crowd.flights._flights.get("key")
    return flight is not None and len(flight.landed._cond._waiters) == threads  # type: ignore[attr-defined]


def test_threads_that_want_the_same_share_one_request() -> None:
    crowd = Crowd(lambda: "answer")
    crowd.gather(4, until=lambda: all_waiting(crowd, 3))
    assert crowd.works == 1
    assert sorted(crowd.results, key=str) == [("answer", False)] + [("answer", True)] * 3


def test_what_the_first_could_not_do_the_others_do_not_try_at_once() -> None:
    def fail() -> str:
        raise Unavailable("down")

    crowd = Crowd(fail)
    crowd.gather(3, until=lambda: all_waiting(crowd, 2))
    assert crowd.works == 1
    assert [type(result) for result in crowd.results] == [Unavailable] * 3


def test_a_mistake_of_the_first_is_not_the_others() -> None:
    attempts: list[int] = []

    def stumble() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise ZeroDivisionError
        return "answer"

    crowd = Crowd(stumble)
    crowd.gather(2, until=lambda: all_waiting(crowd, 1))
    assert {type(result) for result in crowd.results} == {ZeroDivisionError, tuple}


def test_whoever_waits_too_long_is_told_to_come_back_and_does_not_ask_too() -> None:
    crowd = Crowd(lambda: "answer", seconds=0.01)
    crowd.gather(2, until=lambda: len(crowd.results) == 1)
    assert crowd.works == 1
    late, answered = crowd.results
    assert answered == ("answer", False)
    assert isinstance(late, Throttled)
    assert late.retry_after == 0.01


def test_different_wishes_do_not_wait_for_each_other() -> None:
    flights: Flights[str] = Flights()
    assert flights.join("one", lambda: flights.join("other", lambda: "inner", seconds=1)[0], seconds=1) == (
        "inner",
        False,
    )


def test_a_flight_that_landed_is_over() -> None:
    flights: Flights[str] = Flights()
    assert flights.join("key", lambda: "one", seconds=1)[0] == "one"
    with pytest.raises(Unavailable):
        flights.join("key", _fail, seconds=1)
    assert flights.join("key", lambda: "two", seconds=1)[0] == "two"


def _fail() -> str:
    raise Unavailable("down")
