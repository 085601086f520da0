"""Series on air that have fallen silent: looked up again, once a week of silence, few a day, none forgotten."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.anime import AiredDates, AnimeEntry, Broadcast, DelayInformation
from models.errors import Unavailable
from models.events import LockRef
from models.vocabulary import AnimeStatus, SystemStatus
from tests.support.fakes import Failing
from tests.workflows.test_schedule import AT, Aired, Stack, anime, episode
from workflows.launching import start_pending
from workflows.ports import ExecutionStatus
from workflows.schedule import LOOK_AHEAD, MOST_REFRESHED, schedule_day

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
LAST = AT - timedelta(hours=1)
"""The last known airing."""


def started_on(stack: Stack, days: int, begin: datetime = AT) -> list[int]:
    """The days, counted from ``begin``, whose run starts a refresh; each ends at once."""
    found = []
    for day in range(days):
        before = set(stack.executions.started)
        stack.run(begin + day * LOOK_AHEAD)
        new = set(stack.executions.started) - before
        found += [day] * len(new)
        for name in new:
            end(stack, name)
    return found


def end(stack: Stack, name: str, status: ExecutionStatus = ExecutionStatus.SUCCEEDED) -> None:
    stack.executions.finish(name, status)
    anime_id = name.split("-")[1]
    holder = stack.locks.holder(anime_id)
    if holder is not None:
        stack.locks.release(anime_id, holder)


def silent(number: int = 1, *, weeks: int = 1, **more: Any) -> AnimeEntry:
    """A week of its silence is over within the day that begins at ``AT``."""
    return anime(number, aired=[AT + timedelta(hours=number % 23) - DAY - weeks * WEEK], **more)


def outcome(stack: Stack) -> tuple[int, int, int]:
    result = stack.run()
    return result["stalled_started"], result["stalled_locked"], result["stalled_put_off"]


# ------------------------------------------------------------------------------------------------------------- when


def test_a_series_whose_next_episode_became_known_too_late_is_looked_up_again() -> None:
    """Seven aired ten days ago, and its review was approved today: the eighth has aired three days ago."""
    stack, show = Stack(), anime(aired=[AT - 10 * DAY, AT - 3 * DAY])
    stack.store(show)
    results = [stack.run(AT + day * DAY) for day in range(15)]
    assert stack.schedules.schedules == {}
    ((name, event),) = stack.executions.started.items()
    assert name.startswith(f"refresh-{show.anime_id}-")
    assert (event["mode"], event["lock"]["owner"]) == ("refresh", name)
    assert [result["stalled"] for result in results] == [[show.anime_id] if day in {5, 12} else [] for day in range(15)]
    assert (results[5]["stalled_started"], results[12]["stalled_locked"]) == (1, 1)


def test_weekly_at_first_then_every_fourth_week_and_never_no_more() -> None:
    stack = Stack()
    stack.store(anime(aired=[LAST]))
    assert started_on(stack, 1 + 7 * 17) == [7 * week for week in (1, 2, 3, 4, 8, 12, 16)]


@pytest.mark.parametrize(
    ("silence", "starts"),
    [
        (8 * DAY - LOOK_AHEAD, False),
        (8 * DAY - LOOK_AHEAD + timedelta(microseconds=1), True),
        (8 * DAY, True),
        (8 * DAY + timedelta(microseconds=1), False),
    ],
    ids=["over tomorrow", "over just before the end", "over at the beginning", "over since yesterday"],
)
def test_a_week_is_over_a_day_after_the_airing_that_would_have_been_due(silence: timedelta, starts: bool) -> None:
    stack = Stack()
    stack.store(anime(aired=[AT - silence]))
    assert outcome(stack) == (int(starts), 0, 0)


@given(
    aired=st.timedeltas(timedelta(days=-40), timedelta(days=-9)).map(lambda distance: AT + distance),
    hours=st.lists(st.integers(1, 24), min_size=7, max_size=20),
)
def test_runs_whose_days_overlap_start_one_a_week(aired: datetime, hours: Sequence[int]) -> None:
    stack = Stack()
    stack.store(anime(aired=[aired]))
    at = AT
    for more in hours:
        stack.run(at)
        for name in stack.executions.started:
            end(stack, name)
        at += timedelta(hours=more)
    seen = at - timedelta(hours=hours[-1]) + LOOK_AHEAD
    weeks = [week for week in range(1, 20) if AT <= aired.replace(microsecond=0) + DAY + week * WEEK < seen]
    assert len(stack.executions.started) == len([week for week in weeks if week <= 4 or week % 4 == 0])


def test_a_day_without_a_time_counts_from_its_weekly_time() -> None:
    aired = date(2026, 11, 14)  # a Saturday; 25:00 is Sunday 01:00 in Japan, Saturday 16:00 UTC
    stack = Stack()
    stack.store(anime(aired=[aired], broadcast=Broadcast(day="Saturdays", time="25:00")))
    assert started_on(stack, 3, datetime(2026, 11, 22, 15, 30, tzinfo=UTC)) == [0]


def test_the_same_calendar_week_starts_one_though_the_last_airing_moves() -> None:
    stack, monday = Stack(), AT - 5 * DAY
    stack.store(anime(aired=[monday - WEEK]))
    assert started_on(stack, 2, monday) == [1]
    stack.animes.restore([anime(aired=[monday - WEEK + DAY])])
    assert started_on(stack, 4, monday) == []
    stack.animes.restore([anime(aired=[monday - WEEK])])
    assert started_on(stack, 9, monday) == [8]


def test_one_that_failed_is_started_again_by_a_repeated_run_and_in_the_next_week() -> None:
    stack = Stack()
    stack.store(silent())
    outcome(stack)
    (name,) = stack.executions.started
    end(stack, name, ExecutionStatus.FAILED)
    assert (outcome(stack), len(stack.executions.started)) == ((1, 0, 0), 2)
    for name in tuple(stack.executions.started):
        end(stack, name, ExecutionStatus.FAILED)
    assert started_on(stack, 8, AT + DAY) == [6]


# ----------------------------------------------------------------------------------------------------------- of what


@pytest.mark.parametrize(
    "change",
    [
        {"status": AnimeStatus.FINISHED},
        {"status": AnimeStatus.UPCOMING},
        {"status": AnimeStatus.UNKNOWN},
        {"enriched": False},
        {"episodes": 1},
        {"episode_details": []},
        {"episode_details": [episode(anime().anime_id, "1", None)]},
        {"episode_details": [episode(anime().anime_id, "S1", AT - 8 * DAY)]},
        {"system_status": SystemStatus.ORPHANED, "orphaned_at": AT},
    ],
    ids=",".join,
)
def test_what_is_not_waited_for_is_left_alone(change: dict[str, Any]) -> None:
    stack = Stack()
    stack.store(silent().model_copy(update=change))
    assert outcome(stack) == (0, 0, 0)


@pytest.mark.parametrize(("ahead", "starts"), [(timedelta(0), 0), (60 * DAY, 0), (-timedelta(minutes=1), 0)])
def test_a_series_with_an_airing_ahead_or_just_over_is_not_silent(ahead: timedelta, starts: int) -> None:
    stack, last = Stack(), silent().episode_details[0].aired
    stack.store(anime(aired=[last, AT + ahead]))
    assert outcome(stack) == (starts, 0, 0)


def test_a_special_ahead_does_not_hide_the_silence() -> None:
    stack, show = Stack(), silent()
    special = episode(show.anime_id, "S1", AT + 60 * DAY)
    stack.store(show.model_copy(update={"episode_details": [*show.episode_details, special]}))
    assert outcome(stack) == (1, 0, 0)


def test_of_a_series_of_many_episodes_some_are_to_come() -> None:
    stack = Stack()
    stack.store(silent().model_copy(update={"episodes": 2}))
    assert outcome(stack) == (1, 0, 0)


@pytest.mark.parametrize(
    ("first", "string", "days"),
    [
        (LAST.date(), "Nov 21, 2026 to ?", [28, 56]),
        (LAST, None, [28, 56]),
        (LAST.date(), "Nov 2026 to ?", []),
    ],
)
def test_where_no_episode_has_a_date_the_beginning_counts_every_fourth_week(
    first: Aired, string: str | None, days: list[int]
) -> None:
    stack = Stack()
    stack.store(anime(aired=[None], aired_dates=AiredDates(from_date=first, string=string)))
    begin = AT if isinstance(first, datetime) else AT + timedelta(hours=14)
    assert started_on(stack, 80, begin) == days


@pytest.mark.parametrize(
    ("delay", "days"),
    [
        ({"delayed_from": LAST + WEEK, "delayed_until": LAST + 3 * WEEK}, [28, 35, 42, 49, 77]),
        ({"delayed_until": (LAST + 3 * WEEK).date()}, [28, 35, 42, 49, 77]),
        ({"delayed_from": LAST + WEEK}, [28, 56]),
        ({"delayed_from": LAST - WEEK}, [7, 14, 21, 28, 56]),
        ({"delayed_from": LAST - 4 * WEEK, "delayed_until": LAST - 2 * WEEK}, [7, 14, 21, 28, 56]),
        ({"dub_delayed_from": LAST}, [7, 14, 21, 28, 56]),
    ],
    ids=["with an end", "with a last day", "without an end", "it aired since", "over", "of the dub"],
)
def test_a_delay_counts_from_its_end_and_without_one_every_fourth_week(delay: dict[str, Any], days: list[int]) -> None:
    stack = Stack()
    information = DelayInformation(delayed_timetable=True, **delay)
    stack.store(anime(aired=[LAST], delay_information=information))
    assert started_on(stack, 80) == days


# ------------------------------------------------------------------------------------------------- how many, and locks


def test_so_many_a_day_those_first_that_were_heard_of_last() -> None:
    stack = Stack()
    shows = [silent(number, weeks=1 + number % 4) for number in range(1, MOST_REFRESHED + 12)]
    stack.store(*shows)
    first, again = stack.run(), stack.run()
    assert first == again
    assert (first["stalled_started"], first["stalled_put_off"]) == (MOST_REFRESHED, 11)
    assert len(stack.executions.started) == MOST_REFRESHED
    assert set(first["stalled"]) == {show.anime_id for show in shows}
    newest_first = sorted(shows, key=lambda show: str(show.episode_details[0].aired), reverse=True)
    assert first["stalled"][:MOST_REFRESHED] == [show.anime_id for show in newest_first[:MOST_REFRESHED]]


def test_a_locked_series_is_named_takes_nobodys_place_and_starts_nothing_afterwards() -> None:
    stack = Stack()
    shows = [silent(number) for number in range(1, MOST_REFRESHED + 2)]
    stack.store(*shows)
    locked = max(shows, key=lambda show: str(show.episode_details[0].aired)).anime_id
    other = LockRef(owner=f"refresh-{locked}-1", token="1")
    stack.executions.start(other.owner, {})
    stack.locks.acquire(locked, other, lease=timedelta(days=15))
    assert outcome(stack) == (MOST_REFRESHED, 1, 0)
    assert stack.run()["stalled"][-1] == locked
    stack.locks.release(locked, other)
    assert stack.animes.pending(locked) == ()
    assert start_pending(locked, ports=stack.launch()) == {}


def test_one_that_cannot_be_started_leaves_the_others_alone_and_is_repeated() -> None:
    stack = Stack()
    stack.store(*(silent(number) for number in range(1, MOST_REFRESHED + 3)))
    down = Failing(stack.executions).before("start", Unavailable("no answer"))
    launch = stack.launch(executions=down)
    with pytest.raises(Unavailable, match="refresh: no answer"):
        schedule_day(AT, schedules=stack.schedules, launch=launch)
    assert len(stack.executions.started) == MOST_REFRESHED - 1
    assert outcome(stack) == (MOST_REFRESHED, 0, 2)
    assert len(stack.executions.started) == MOST_REFRESHED
