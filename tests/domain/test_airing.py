from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airing import (
    JST,
    WeeklySlot,
    airs_at,
    day_in_japan,
    day_of_record,
    due_between,
    from_jst,
    instant_of_epoch,
    instant_of_record,
    next_airing,
    parse_broadcast,
    parse_clock,
    parse_weekday,
    weekly_slot,
)
from models.anime import EpisodeDetailEntry
from models.ids import mint_anime_id, mint_episode_id

ANIME = mint_anime_id("https://myanimelist.net/anime/1")
instants = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one
slots = st.builds(
    WeeklySlot, weekday=st.integers(0, 6), at=st.times().map(lambda at: at.replace(second=0, microsecond=0))
)


def episode(number: str, aired: date | datetime | None) -> EpisodeDetailEntry:
    return EpisodeDetailEntry(episode_id=mint_episode_id(ANIME, number), episode_number=number, aired=aired)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01:00", (0, time(1))),
        ("24:00", (1, time(0))),
        ("25:30", (1, time(1, 30))),
        ("29:59", (1, time(5, 59))),
        ("9:05", (0, time(9, 5))),
        ("30:00", None),
        ("12:60", None),
        ("-1:00", None),
        ("noon", None),
    ],
)
def test_clocks_go_to_29_59(text: str, expected: tuple[int, time] | None) -> None:
    assert parse_clock(text) == expected


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(0, 29), st.integers(0, 59))
def test_a_late_night_time_is_the_same_instant_as_the_early_time_of_the_next_day(
    day: date, hours: int, minutes: int
) -> None:
    instant = from_jst(day, f"{hours:02d}:{minutes:02d}")
    midnight = datetime(day.year, day.month, day.day, tzinfo=JST)
    assert instant == midnight + timedelta(hours=hours, minutes=minutes)
    assert instant is not None
    assert instant.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Saturdays", 5),
        ("saturday", 5),
        ("Sat", 5),
        ("土曜日", 5),
        ("土", 5),
        ("月曜", 0),
        ("Someday", None),
        ("", None),
    ],
)
def test_weekdays_are_read_in_both_languages(words: str, expected: int | None) -> None:
    assert parse_weekday(words) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Saturdays at 01:00 (JST)", WeeklySlot(weekday=5, at=time(1))),
        ("Fridays at 25:00 (JST)", WeeklySlot(weekday=5, at=time(1))),
        ("Sundays at 24:30", WeeklySlot(weekday=0, at=time(0, 30))),
        ("金曜 25:00", WeeklySlot(weekday=5, at=time(1))),
        ("Not scheduled once per week", None),
        ("Saturdays at Unknown", None),
        ("Unknown", None),
    ],
)
def test_broadcasts_become_civil_slots(line: str, expected: WeeklySlot | None) -> None:
    assert parse_broadcast(line) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("1998-10-24T00:00:00+09:00", date(1998, 10, 24)),
        ("1998-04-03T00:00:00+00:00", date(1998, 4, 3)),
        ("1998-10-23", date(1998, 10, 23)),
        ("1998-10-24T01:00:00+09:00", datetime(1998, 10, 23, 16, tzinfo=UTC)),
        ("1998-10-24T01:00:00", datetime(1998, 10, 23, 16, tzinfo=UTC)),
        ("1998-10-24T00:00:00", date(1998, 10, 24)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("1998-02-30", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_midnight_in_a_record_of_days_is_a_day(record: str | None, expected: date | datetime | None) -> None:
    found = day_of_record(record)
    assert found == expected
    assert type(found) is type(expected)


def test_midnight_in_a_record_of_moments_is_a_moment() -> None:
    assert instant_of_record("2020-06-14T00:00:00Z") == datetime(2020, 6, 14, tzinfo=UTC)
    assert instant_of_record("1998-04-03T01:00:00+09:00") == datetime(1998, 4, 2, 16, tzinfo=UTC)
    assert instant_of_record("0001-01-01T00:00:00Z") is None
    assert instant_of_record("2020-06-14") is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_parsers(text: str) -> None:
    day_of_record(text)
    instant_of_record(text)
    parse_broadcast(text)
    parse_clock(text)
    weekly_slot(text, text)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e20, -1e20])
def test_an_impossible_epoch_is_no_moment(seconds: float) -> None:
    assert instant_of_epoch(seconds) is None


@given(slots, instants)
def test_the_next_airing_is_within_a_week_on_its_day_and_time(slot: WeeklySlot, after: datetime) -> None:
    found = next_airing(slot, after)
    assert after < found <= after + timedelta(days=7)
    local = found.astimezone(JST)
    assert (local.weekday(), local.time()) == (slot.weekday, slot.at)


@given(slots, instants)
def test_airings_follow_each_other_by_a_week(slot: WeeklySlot, after: datetime) -> None:
    first = next_airing(slot, after)
    assert next_airing(slot, first) == first + timedelta(days=7)


def test_a_day_airs_at_its_slot_or_has_aired_at_its_end() -> None:
    saturday = WeeklySlot(weekday=5, at=time(1))
    assert airs_at(date(1998, 10, 24), saturday) == (datetime(1998, 10, 23, 16, tzinfo=UTC), True)
    assert airs_at(date(1998, 10, 23), saturday) == (datetime(1998, 10, 23, 15, tzinfo=UTC), False)
    assert airs_at(date(1998, 10, 24), None) == (datetime(1998, 10, 24, 15, tzinfo=UTC), False)
    moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert airs_at(moment, saturday) == (moment, True)


def test_the_day_in_japan_of_an_evening_in_utc_is_the_next() -> None:
    assert day_in_japan(datetime(1998, 4, 2, 16, tzinfo=UTC)) == date(1998, 4, 3)
    assert day_in_japan(date(1998, 4, 3)) == date(1998, 4, 3)


def test_due_episodes_are_those_within_the_window() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    end = start + timedelta(days=1)
    episodes = [
        episode("4", end),
        episode("3", end - timedelta(microseconds=1)),
        episode("1", start),
        episode("0", start - timedelta(microseconds=1)),
        episode("2", date(2026, 11, 23)),
        episode("5", None),
    ]
    due = due_between(episodes, start, end)
    assert [(one.number, one.exact) for one in due] == [("1", True), ("2", False), ("3", True)]


@given(
    st.lists(st.one_of(instants, st.dates(date(1960, 1, 1), date(2140, 1, 1))), max_size=20),
    instants,
    st.none() | slots,
)
def test_windows_that_follow_each_other_find_each_episode_once(
    airings: list[date | datetime], middle: datetime, slot: WeeklySlot | None
) -> None:
    episodes = [episode(str(number), aired) for number, aired in enumerate(airings)]
    begin, end = datetime(1940, 1, 1, tzinfo=UTC), datetime(2160, 1, 1, tzinfo=UTC)
    parts = [*due_between(episodes, begin, middle, slot=slot), *due_between(episodes, middle, end, slot=slot)]
    assert sorted(one.number for one in parts) == sorted(one.episode_number for one in episodes)
    assert all(one.at < middle for one in due_between(episodes, begin, middle, slot=slot))
