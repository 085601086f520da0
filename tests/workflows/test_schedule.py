"""The daily scheduler: which episodes and premieres a day holds, each of them once, whatever fails or is repeated."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.anime import AiredDates, AnimeEntry, Broadcast, EpisodeDetailEntry, PremiereDates
from models.errors import BadInput, InvalidEntry, NotFound, Permanent, Unavailable
from models.events import EpisodeInput, LockRef
from models.ids import canonical_number, mint_anime_id, mint_episode_id
from models.vocabulary import AnimeStatus, AnimeType, SystemStatus
from tests.support.fakes import (
    Failing,
    FakeAnimes,
    FakeExecutions,
    FakeLocks,
    FakeObjects,
    FakeSchedules,
    ManualClock,
)
from workflows.launching import LaunchPorts, start_pending
from workflows.ports import Animes, ExecutionStatus, Schedules
from workflows.schedule import (
    LOOK_AHEAD,
    premiere_of,
    run_episode,
    schedule_day,
    schedule_name,
    window_begin,
)

AT = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)  # a Saturday
JST = timezone(timedelta(hours=9))
LEGAL_NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
Aired = date | datetime | None

instants = st.timedeltas(timedelta(days=-2), timedelta(days=4)).map(lambda distance: AT + distance)


@dataclass
class Stack:
    clock: ManualClock = field(default_factory=lambda: ManualClock(AT))
    schedules: FakeSchedules = field(default_factory=FakeSchedules)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    objects: FakeObjects = field(default_factory=FakeObjects)

    def __post_init__(self) -> None:
        self.locks = FakeLocks(clock=self.clock)
        self.animes = FakeAnimes(locks=self.locks)
        self.tokens = 0

    def token(self) -> str:
        self.tokens += 1
        return f"{self.tokens:026d}"

    def launch(self, animes: object | None = None, executions: object | None = None) -> LaunchPorts:
        return LaunchPorts(
            animes=cast("Animes", animes or self.animes),
            locks=self.locks,
            executions=cast("FakeExecutions", executions or self.executions),
            objects=self.objects,
            tokens=self.token,
            first_lease=timedelta(minutes=15),
        )

    def store(self, *entries: AnimeEntry) -> None:
        assert len(self.animes.insert_missing(entries).inserted) == len(entries)

    def run(
        self, at: datetime = AT, *, schedules: object | None = None, animes: object | None = None
    ) -> dict[str, Any]:
        return schedule_day(at, schedules=cast("Schedules", schedules or self.schedules), launch=self.launch(animes))

    def times(self) -> dict[str, datetime]:
        return {name: schedule.at for name, schedule in self.schedules.schedules.items()}


def anime(
    number: int = 1, *, aired: Sequence[Aired] = (), status: AnimeStatus = AnimeStatus.ONGOING, **more: Any
) -> AnimeEntry:
    """``aired`` are the dates of episodes 1, 2, 3 ..."""
    source = f"https://myanimelist.net/anime/{number}"
    anime_id = mint_anime_id(source)
    return AnimeEntry(
        anime_id=anime_id,
        sources=[source],
        title=f"Anime {number}",
        type=AnimeType.TV,
        status=status,
        episodes=0,
        enriched=True,
        episode_details=[episode(anime_id, str(count), when) for count, when in enumerate(aired, start=1)],
        **more,
    )


def episode(anime_id: str, number: str, aired: Aired) -> EpisodeDetailEntry:
    return EpisodeDetailEntry(episode_id=mint_episode_id(anime_id, number), episode_number=number, aired=aired)


def upcoming(number: int = 1, *, premiere: date | datetime | None = None, **more: Any) -> AnimeEntry:
    dates = None if premiere is None else PremiereDates(original=premiere)
    return anime(number, status=AnimeStatus.UPCOMING, premiere_dates=dates, **more)


def names(entry: AnimeEntry, numbers: Iterable[int | str]) -> set[str]:
    return {f"animeId-{entry.anime_id}-episode-{number}" for number in numbers}


# -------------------------------------------------------------------------------------------------------- the window


@pytest.mark.parametrize(
    ("offset", "scheduled"),
    [
        (timedelta(microseconds=-1), False),
        (timedelta(0), True),
        (timedelta(hours=24, microseconds=-1), True),
        (timedelta(hours=24), False),
    ],
    ids=["just before", "at the beginning", "just before the end", "at the end"],
)
def test_a_day_begins_with_its_first_instant_and_ends_before_the_next_days(offset: timedelta, scheduled: bool) -> None:
    stack, show = Stack(), anime(aired=[AT + offset])
    stack.store(show)
    assert stack.run()["scheduled"] == int(scheduled)
    assert set(stack.times()) == (names(show, [1]) if scheduled else set())


@given(at=instants, aired=st.lists(instants, max_size=6), hours=st.integers(-12, 14))
def test_exactly_the_episodes_of_the_window_are_scheduled_in_whatever_zone_it_is_given(
    at: datetime, aired: list[datetime], hours: int
) -> None:
    stack, show = Stack(), anime(aired=aired)
    stack.store(show)
    result = stack.run(at.astimezone(timezone(timedelta(hours=hours))))
    expected = {
        f"animeId-{show.anime_id}-episode-{number}": when.replace(microsecond=0)
        for number, when in enumerate(aired, start=1)
        if at <= when < at + timedelta(hours=24)
    }
    assert stack.times() == expected
    assert (result["scheduled"], result["failed"]) == (len(expected), 0)
    assert set(result["schedules"]) == set(expected)


@given(
    first=instants, aired=st.lists(st.one_of(instants, st.dates(date(2026, 11, 18), date(2026, 11, 26))), max_size=6)
)
def test_days_in_a_row_schedule_every_episode_between_them_once(first: datetime, aired: list[Aired]) -> None:
    show = anime(aired=aired)
    days = []
    for number in range(3):
        stack = Stack()
        stack.store(show)
        days.append(set(stack.run(first + number * LOOK_AHEAD)["schedules"]))
    together = Stack()
    together.store(show)
    assert sum(map(len, days)) == len(set().union(*days))
    assert set().union(*days) >= set(together.run(first + timedelta(hours=30))["schedules"])


@given(
    day=instants, delays=st.lists(st.timedeltas(timedelta(0), timedelta(minutes=4, seconds=59)), min_size=2, max_size=2)
)
def test_daily_runs_that_start_late_leave_no_gap_between_their_days(day: datetime, delays: list[timedelta]) -> None:
    planned = day.replace(hour=0, minute=5, second=0, microsecond=0)
    today, tomorrow = planned + delays[0], planned + timedelta(days=1) + delays[1]
    assert window_begin(today) + LOOK_AHEAD == window_begin(tomorrow) == planned + LOOK_AHEAD


@given(now=instants, hours=st.integers(-12, 14))
def test_a_run_that_is_told_no_time_begins_within_the_last_five_minutes(now: datetime, hours: int) -> None:
    begin = window_begin(now.astimezone(timezone(timedelta(hours=hours))))
    assert now - timedelta(minutes=5) < begin <= now
    assert begin.utcoffset() == timedelta(0)


# -------------------------------------------------------------------------------------------------- days without time


def test_a_day_without_a_time_is_scheduled_at_its_end_in_japan() -> None:
    stack, show = Stack(), anime(aired=[date(2026, 11, 21)])
    stack.store(show)
    result = stack.run()
    assert list(stack.times().values()) == [datetime(2026, 11, 21, 15, 0, tzinfo=UTC)]
    assert (result["scheduled"], result["by_day_only"]) == (1, 1)


@given(day=st.dates(date(2026, 11, 18), date(2026, 11, 26)), at=instants)
def test_a_day_without_a_time_belongs_to_the_window_that_holds_its_end_in_japan(day: date, at: datetime) -> None:
    stack, show = Stack(), anime(aired=[day])
    stack.store(show)
    end = datetime(day.year, day.month, day.day, tzinfo=JST) + timedelta(days=1)
    assert stack.run(at)["scheduled"] == int(at <= end < at + timedelta(hours=24))


@pytest.mark.parametrize(
    ("broadcast", "expected"),
    [
        (Broadcast(day="Saturdays", time="23:00", timezone="Asia/Tokyo"), "2026-11-21T14:00Z"),
        (Broadcast(string="Saturdays at 23:00 (JST)"), "2026-11-21T14:00Z"),
        (Broadcast(day="Fridays", time="25:30"), "2026-11-20T16:30Z"),
        (Broadcast(day="Mondays", time="23:00", timezone="Asia/Tokyo"), "2026-11-21T15:00Z"),
        (Broadcast(day="Saturdays", time="23:00", timezone="America/New_York"), "2026-11-21T15:00Z"),
        (Broadcast(day="Other", string="Not scheduled once per week"), "2026-11-21T15:00Z"),
        (Broadcast(day="Saturdays"), "2026-11-21T15:00Z"),
    ],
    ids=["slot", "in words", "after midnight", "another day", "another zone", "irregular", "no time"],
)
def test_the_weekly_time_in_japan_stands_for_a_day_that_falls_on_it(broadcast: Broadcast, expected: str) -> None:
    stack, show = Stack(), anime(aired=[date(2026, 11, 21)], broadcast=broadcast)
    stack.store(show)
    stack.run(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    assert list(stack.times().values()) == [datetime.fromisoformat(expected)]


def test_a_late_night_that_is_recorded_under_the_day_before_is_scheduled_in_that_night() -> None:
    late = Broadcast(day="Sundays", time="01:00", timezone="Asia/Tokyo")
    stack, show = Stack(), anime(aired=[date(2026, 11, 21)], broadcast=late)
    stack.store(show)
    result = stack.run()
    assert list(stack.times().values()) == [datetime(2026, 11, 21, 16, 0, tzinfo=UTC)]
    assert (result["scheduled"], result["by_day_only"]) == (1, 0)


# ------------------------------------------------------------------------------------------------------- the schedule


def test_a_schedules_name_and_input_name_the_anime_the_episode_and_its_time() -> None:
    stack = Stack()
    show = anime(aired=[]).model_copy(
        update={"episode_details": [episode(anime().anime_id, "S1.5", AT + timedelta(hours=1))]}
    )
    stack.store(show)
    stack.run()
    ((name, schedule),) = stack.schedules.schedules.items()
    assert name == f"animeId-{show.anime_id}-episode-S1.5"
    event = EpisodeInput.model_validate(schedule.payload)
    assert event == EpisodeInput(anime_id=show.anime_id, episode_number="S1.5", scheduled_time=AT + timedelta(hours=1))
    assert set(schedule.payload) == {"anime_id", "episode_number", "scheduled_time"}


@given(
    letter=st.sampled_from(["", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]),
    number=st.decimals(min_value=0, max_value=999_999, allow_nan=False, places=None),
)
def test_every_schedules_name_is_legal_or_refused(letter: str, number: object) -> None:
    canonical = canonical_number(f"{letter}{number}")
    try:
        name = schedule_name(anime().anime_id, canonical)
    except BadInput:
        assert len(canonical) > 17
    else:
        assert LEGAL_NAME.fullmatch(name)


def test_the_same_day_twice_is_one_schedule_an_episode_and_one_execution_a_premiere() -> None:
    stack = Stack()
    stack.store(anime(1, aired=[AT, AT + timedelta(hours=3)]), upcoming(2, premiere=AT + timedelta(hours=5)))
    first, second = stack.run(), stack.run()
    assert first == second
    assert (len(stack.schedules.schedules), stack.schedules.updates, len(stack.executions.started)) == (2, [], 1)


def test_an_episode_that_moves_moves_its_schedule() -> None:
    stack, show = Stack(), anime(aired=[AT])
    stack.store(show)
    stack.run()
    moved = anime(aired=[AT + timedelta(hours=2)])
    stack.animes.restore([moved])
    stack.run()
    assert stack.times() == {f"animeId-{show.anime_id}-episode-1": AT + timedelta(hours=2)}
    assert len(stack.schedules.updates) == 1


@pytest.mark.parametrize("status", [AnimeStatus.FINISHED, AnimeStatus.UNKNOWN, AnimeStatus.UPCOMING])
def test_episodes_of_shows_that_are_not_on_air_are_left_alone(status: AnimeStatus) -> None:
    stack = Stack()
    stack.store(anime(aired=[AT], status=status))
    assert stack.run()["scheduled"] == 0
    assert stack.schedules.schedules == {}


def test_an_orphaned_anime_is_left_alone() -> None:
    stack = Stack()
    gone: dict[str, Any] = {"system_status": SystemStatus.ORPHANED, "orphaned_at": AT}
    stack.store(anime(1, aired=[AT], **gone), upcoming(2, premiere=AT, **gone))
    stack.run()
    assert (stack.schedules.schedules, stack.executions.started) == ({}, {})


def test_more_anime_than_are_read_at_a_time_are_all_looked_at() -> None:
    stack = Stack()
    stack.store(*(anime(number, aired=[AT]) for number in range(1, 452)))
    assert stack.run()["scheduled"] == 451
    assert len(stack.schedules.schedules) == 451


# -------------------------------------------------------------------------------------------------------- premieres


@pytest.mark.parametrize(
    ("premiere", "starts"),
    [
        (AT - timedelta(microseconds=1), False),
        (AT, True),
        (AT + timedelta(hours=24, microseconds=-1), True),
        (AT + timedelta(hours=24), False),
        (date(2026, 11, 20), False),
        (date(2026, 11, 21), True),
        (date(2026, 11, 22), False),
        (None, False),
    ],
)
def test_a_premiere_within_the_window_starts_the_whole_enrichment(premiere: Aired, starts: bool) -> None:
    stack, show = Stack(), upcoming(premiere=premiere)
    stack.store(show)
    result = stack.run()
    assert (result["premieres_started"], result["premieres_pending"]) == (int(starts), 0)
    assert result["premieres"] == ([show.anime_id] if starts else [])
    assert [one["mode"] for one in stack.executions.started.values()] == (["premiere"] if starts else [])


@given(at=instants, premiere=instants)
def test_of_days_in_a_row_exactly_one_starts_a_premiere(at: datetime, premiere: datetime) -> None:
    stack = Stack()
    stack.store(upcoming(premiere=premiere))
    begun = [stack.run(at + number * LOOK_AHEAD)["premieres_started"] for number in range(3)]
    assert sum(begun) == len(stack.executions.started) == int(at <= premiere < at + 3 * LOOK_AHEAD)


def test_a_premieres_execution_holds_the_animes_lock() -> None:
    stack, show = Stack(), upcoming(premiere=AT)
    stack.store(show)
    stack.run()
    ((name, event),) = stack.executions.started.items()
    assert name.startswith(f"premiere-{show.anime_id}-")
    holder = stack.locks.holder(show.anime_id)
    assert holder is not None
    assert event["lock"] == holder.model_dump() == {"owner": name, "token": holder.token}


def test_a_premiere_that_meets_a_lock_waits_and_starts_once_afterwards() -> None:
    stack, show = Stack(), upcoming(premiere=AT)
    stack.store(show)
    other = LockRef(owner=f"refresh-{show.anime_id}-1", token="1")
    stack.executions.start(other.owner, {})
    stack.locks.acquire(show.anime_id, other, lease=timedelta(days=15))
    for _ in range(2):
        result = stack.run()
        assert (result["premieres_started"], result["premieres_pending"], result["failed"]) == (0, 1, 0)
    assert len(stack.animes.pending(show.anime_id)) == 1
    stack.executions.finish(other.owner)
    stack.locks.release(show.anime_id, other)
    start_pending(show.anime_id, ports=stack.launch())
    assert stack.run()["premieres_started"] == 1
    assert sum(name.startswith("premiere-") for name in stack.executions.started) == 1
    assert stack.animes.pending(show.anime_id) == ()


def test_a_premiere_whose_time_becomes_known_later_is_the_same_one() -> None:
    stack, show = Stack(), upcoming(premiere=date(2026, 11, 21))
    stack.store(show)
    stack.run()
    (name,) = stack.executions.started
    holder = stack.locks.holder(show.anime_id)
    assert holder is not None
    stack.executions.finish(name)
    stack.locks.release(show.anime_id, holder)
    stack.animes.restore([upcoming(premiere=datetime(2026, 11, 21, 14, 0, tzinfo=UTC))])
    assert stack.run()["premieres_started"] == 1
    assert set(stack.executions.started) == {name}


def test_a_premiere_whose_execution_failed_is_started_again() -> None:
    stack, show = Stack(), upcoming(premiere=AT)
    stack.store(show)
    stack.run()
    ((failed, _),) = stack.executions.started.items()
    stack.executions.finish(failed, ExecutionStatus.FAILED)
    assert stack.run()["premieres_started"] == 1
    assert len(stack.executions.started) == 2


@pytest.mark.parametrize(
    ("wording", "names_a_day"),
    [
        ("Jan 1, 2027 to ?", True),
        ("Jan 1, 2027", True),
        ("2027-01-01", True),
        (None, True),
        ("2027 to ?", False),
        ("2027", False),
        ("Jan 2027 to ?", False),
        ("2027 to Mar 3, 2028", False),
    ],
)
def test_the_first_day_of_airing_counts_where_its_wording_names_a_day(wording: str | None, names_a_day: bool) -> None:
    first = date(2027, 1, 1)
    show = upcoming(aired_dates=AiredDates(from_date=first, string=wording))
    assert premiere_of(show) == (first if names_a_day else None)


def test_a_first_airing_whose_time_is_known_counts_whatever_its_wording() -> None:
    first = datetime(2027, 1, 1, 15, 30, tzinfo=UTC)
    assert premiere_of(upcoming(aired_dates=AiredDates(from_date=first, string="Jan 2027 to ?"))) == first


def test_the_premiere_date_goes_before_the_first_day_of_airing() -> None:
    dates = AiredDates(from_date=date(2026, 11, 21), string="Nov 21, 2026")
    assert premiere_of(upcoming(premiere=date(2026, 12, 5), aired_dates=dates)) == date(2026, 12, 5)
    assert premiere_of(upcoming()) is None


def test_a_premieres_day_takes_its_time_from_the_weekly_slot() -> None:
    stack = Stack()
    slot = Broadcast(day="Sundays", time="08:30", timezone="Asia/Tokyo")
    stack.store(upcoming(premiere=date(2026, 11, 22), broadcast=slot))  # Saturday 23:30 UTC
    assert stack.run()["premieres_started"] == 1


# --------------------------------------------------------------------------------------------------------- failures


def test_what_may_pass_fails_the_run_after_everything_else_is_done() -> None:
    stack = Stack()
    shows = [anime(number, aired=[AT]) for number in range(1, 6)]
    stack.store(*shows, upcoming(9, premiere=AT))
    failing = Failing(stack.schedules).before("put", Unavailable("the scheduler does not answer"), times=2)
    with pytest.raises(Unavailable, match=r"2 could not be handled now.*does not answer"):
        stack.run(schedules=failing)
    assert (len(stack.schedules.schedules), len(stack.executions.started)) == (3, 1)
    result = stack.run(schedules=failing)
    assert (result["scheduled"], result["premieres_started"], result["failed"]) == (5, 1, 0)
    assert len(stack.executions.started) == 1


def test_what_will_not_pass_is_reported_without_failing_the_run() -> None:
    stack = Stack()
    show = anime(aired=[AT, AT, AT])
    stack.store(show)
    failing = Failing(stack.schedules).before("put", Permanent("refused"))
    result = stack.run(schedules=failing)
    assert (result["scheduled"], result["failed"]) == (2, 1)
    assert result["problems"] == [f"{show.anime_id} episode 1: refused"]


def test_an_episode_with_a_number_too_long_for_a_name_leaves_the_others_alone() -> None:
    stack = Stack()
    long = episode(anime().anime_id, "1.00000000000000000001", AT)
    show = anime(aired=[AT]).model_copy(update={"episode_details": [long, *anime(aired=[AT]).episode_details]})
    stack.store(show)
    result = stack.run()
    assert set(stack.times()) == names(show, [1])
    assert result["failed"] == 1
    assert "too long" in result["problems"][0]


def test_a_premiere_that_cannot_be_started_leaves_the_others_alone() -> None:
    stack = Stack()
    stack.store(*(upcoming(number, premiere=AT) for number in range(1, 4)))
    down = Failing(stack.executions).before("start", Unavailable("no answer"))
    launch = stack.launch(executions=down)
    with pytest.raises(Unavailable, match="premiere: no answer"):
        schedule_day(AT, schedules=stack.schedules, launch=launch)
    assert len(stack.executions.started) == 2
    assert schedule_day(AT, schedules=stack.schedules, launch=launch)["premieres_started"] == 3
    assert len(stack.executions.started) == 3


def test_an_entry_that_cannot_be_read_leaves_the_others_alone() -> None:
    class Unreadable:
        """One entry is broken: whatever reads it fails."""

        def __init__(self, animes: FakeAnimes, broken: str) -> None:
            self.animes = animes
            self.broken = broken

        def get_many(self, anime_ids: Sequence[str]) -> dict[str, AnimeEntry]:
            if self.broken in anime_ids:
                raise InvalidEntry(["title: Field required"])
            return self.animes.get_many(anime_ids)

        def get(self, anime_id: str) -> AnimeEntry | None:
            return self.get_many([anime_id]).get(anime_id)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.animes, name)

    stack = Stack()
    shows = [anime(number, aired=[AT]) for number in range(1, 5)]
    stack.store(*shows)
    result = stack.run(animes=Unreadable(stack.animes, shows[1].anime_id))
    assert (result["scheduled"], result["failed"]) == (3, 1)
    assert result["problems"] == [f"{shows[1].anime_id}: the entry is not valid: title: Field required"]


@pytest.mark.parametrize("method", ["summaries", "get_many"])
def test_a_database_that_does_not_answer_fails_the_run(method: str) -> None:
    stack = Stack()
    stack.store(anime(aired=[AT]))
    with pytest.raises(Unavailable, match="down"):
        stack.run(animes=Failing(stack.animes).before(method, Unavailable("down")))


def test_an_error_of_our_own_making_is_not_taken_for_an_animes() -> None:
    stack = Stack()
    stack.store(anime(aired=[AT]))
    with pytest.raises(ZeroDivisionError):
        stack.run(schedules=Failing(stack.schedules).before("put", ZeroDivisionError()))


# ------------------------------------------------------------------------------------------------ the episode's start


def event_of(show: AnimeEntry, number: str = "1", at: datetime = AT) -> EpisodeInput:
    return EpisodeInput(anime_id=show.anime_id, episode_number=number, scheduled_time=at)


def test_what_a_schedule_carries_starts_the_episodes_update() -> None:
    stack, show = Stack(), anime(aired=[AT])
    stack.store(show)
    stack.run()
    ((_, schedule),) = stack.schedules.schedules.items()
    outcome = run_episode(EpisodeInput.model_validate(schedule.payload), launch=stack.launch())
    ((name, event),) = stack.executions.started.items()
    assert (outcome.execution, outcome.pending) == (name, False)
    assert (event["mode"], event["episode_number"], event["lock"]) == ("episode", "1", None)


def test_the_same_event_twice_is_one_execution() -> None:
    stack, show = Stack(), anime(aired=[AT])
    stack.store(show)
    outcomes = {
        run_episode(event, launch=stack.launch()).execution
        for event in (event_of(show), event_of(show), event_of(show, "01"), event_of(show, at=AT.astimezone(JST)))
    }
    assert outcomes == set(stack.executions.started)
    assert len(outcomes) == 1


def test_the_same_event_after_its_execution_succeeded_starts_nothing() -> None:
    stack, show = Stack(), anime(aired=[AT])
    stack.store(show)
    name = run_episode(event_of(show), launch=stack.launch()).execution
    assert name is not None
    stack.executions.finish(name)
    assert run_episode(event_of(show), launch=stack.launch()).execution == name
    stack.executions.finish(name, ExecutionStatus.TIMED_OUT)
    assert run_episode(event_of(show), launch=stack.launch()).execution != name


def test_another_episode_or_another_time_is_another_execution() -> None:
    stack, show = Stack(), anime(aired=[AT, AT])
    stack.store(show)
    for event in (event_of(show), event_of(show, "2"), event_of(show, at=AT + timedelta(days=7))):
        run_episode(event, launch=stack.launch())
    assert len(stack.executions.started) == 3


def test_an_episode_needs_no_lock_to_start() -> None:
    stack, show = Stack(), anime(aired=[AT])
    stack.store(show)
    stack.locks.acquire(show.anime_id, LockRef(owner="new-x-1", token="1"), lease=timedelta(days=1))
    assert run_episode(event_of(show), launch=stack.launch()).pending is False


def test_an_episode_of_an_unknown_anime_or_number_is_refused() -> None:
    stack, show = Stack(), anime(aired=[AT])
    with pytest.raises(NotFound):
        run_episode(event_of(show), launch=stack.launch())
    stack.store(show)
    with pytest.raises(BadInput):
        run_episode(event_of(show, "twelve"), launch=stack.launch())
    assert stack.executions.started == {}
