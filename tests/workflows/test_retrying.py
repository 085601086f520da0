import pytest

from models.errors import AnimeError, LockHeld, NotFound, Throttled, Unavailable
from workflows.retrying import with_retries


class Flaky:
    """Raises these errors one after the other, then succeeds."""

    def __init__(self, *errors: AnimeError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_it_is_repeated_after_each_wait_until_it_succeeds() -> None:
    slept: list[float] = []
    action = Flaky(Unavailable("1"), Unavailable("2"))
    assert with_retries(action, waits=(2.0, 8.0, 30.0), sleep=slept.append) == "done"
    assert slept == [2.0, 8.0]


def test_the_last_error_is_the_one_that_counts() -> None:
    action = Flaky(*(Unavailable(str(number)) for number in range(9)))
    slept: list[float] = []
    with pytest.raises(Unavailable, match="2"):
        with_retries(action, waits=(1.0, 2.0), sleep=slept.append)
    assert action.calls == 3
    assert slept == [1.0, 2.0]


@pytest.mark.parametrize("error", [NotFound("x"), LockHeld("ani_x", "owner")])
def test_what_a_repetition_does_not_help_is_not_repeated(error: AnimeError) -> None:
    action = Flaky(error)
    with pytest.raises(type(error)):
        with_retries(action, waits=(1.0,), sleep=lambda _: None)
    assert action.calls == 1


def test_a_longer_wait_is_kept_where_one_is_asked_for() -> None:
    slept: list[float] = []
    action = Flaky(Throttled("slow down", retry_after=5.0), Throttled("slow down", retry_after=1.0))
    with_retries(action, waits=(2.0, 2.0), sleep=slept.append)
    assert slept == [5.0, 2.0]
