from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airing import (
    FIRST_SHOWING_RULE,
    JST,
    MOMENT_RULE,
    NEIGHBOUR_RULE,
    SLOT_RULE,
    Announced,
    Delay,
    WeeklySlot,
    airs_at,
    day_in_japan,
    day_of_record,
    decide_aired,
    due_between,
    from_jst,
    instant_of_epoch,
    instant_of_record,
    names_a_day,
    next_airing,
    next_episode,
    parse_broadcast,
    parse_clock,
    parse_weekday,
    season_of,
    slot_of,
    weekly_slot,
    weeks_between,
)
from models.anime import EpisodeDetailEntry
from models.ids import mint_anime_id, mint_episode_id
from models.vocabulary import Season

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


# ------------------------------------------------------------------------------------------------------------ seasons


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1998, 4, 3), (Season.SPRING, 1998)),
        (date(2026, 1, 1), (Season.WINTER, 2026)),
        (date(2026, 3, 23), (Season.WINTER, 2026)),
        (date(2026, 3, 28), (Season.SPRING, 2026)),
        (date(2026, 6, 30), (Season.SUMMER, 2026)),
        (date(2026, 9, 20), (Season.SUMMER, 2026)),
        (date(2026, 11, 30), (Season.FALL, 2026)),
        (date(2026, 12, 29), (Season.WINTER, 2027)),
    ],
)
def test_a_series_that_begins_in_the_last_week_of_a_quarter_is_of_the_next_season(
    day: date, expected: tuple[Season, int]
) -> None:
    assert season_of(day) == expected


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_seasons_follow_each_other_and_begin_near_their_quarter(day: date) -> None:
    season, year = season_of(day)
    position = year * 4 + list(Season).index(season)
    quarter = day.year * 4 + (day.month - 1) // 3
    assert position in {quarter, quarter + 1}
    later_season, later_year = season_of(day + timedelta(days=1))
    assert later_year * 4 + list(Season).index(later_season) in {position, position + 1}


@pytest.mark.parametrize(
    ("wording", "expected"),
    [("Apr 3, 1998 to Apr 24, 1999", True), ("2026", False), ("Oct 2026 to Dec 24, 2026", False), (None, True)],
)
def test_a_wording_without_a_day_names_none(wording: str | None, *, expected: bool) -> None:
    assert names_a_day(wording) is expected


# ------------------------------------------------------------------------------------------------------ disagreements

SATURDAY_1_AM = WeeklySlot(weekday=5, at=time(1))


@pytest.mark.parametrize(
    ("records", "slot", "source", "rule"),
    [
        # Cowboy Bebop, episode 1: Kitsu writes Friday 25:00 under Friday.
        ({"mal": date(1998, 10, 24), "kitsu": date(1998, 10, 23)}, SATURDAY_1_AM, "mal", SLOT_RULE),
        ({"kitsu": date(1998, 10, 23), "mal": date(1998, 10, 24)}, SATURDAY_1_AM, "mal", SLOT_RULE),
        ({"kitsu": date(1998, 10, 23), "mal": date(1998, 10, 24)}, None, "kitsu", NEIGHBOUR_RULE),
        # Episode 2: the first showing, on another channel, half a year before the one that Kitsu has.
        ({"mal": date(1998, 4, 3), "kitsu": date(1998, 10, 30)}, SATURDAY_1_AM, "mal", FIRST_SHOWING_RULE),
        ({"kitsu": date(1998, 10, 30), "mal": date(1998, 4, 3)}, SATURDAY_1_AM, "mal", FIRST_SHOWING_RULE),
        # A date before the anime began is a mistake.
        ({"mal": date(1988, 4, 3), "kitsu": date(1998, 10, 30)}, None, "kitsu", FIRST_SHOWING_RULE),
        ({"mal": date(1998, 10, 24), "anilist": datetime(1998, 10, 30, 16, tzinfo=UTC)}, None, "anilist", MOMENT_RULE),
    ],
)
def test_where_records_disagree_a_rule_decides(
    records: dict[str, date | datetime], slot: WeeklySlot | None, source: str, rule: str
) -> None:
    decided = decide_aired(records, slot=slot, begin=date(1998, 4, 3))
    assert (decided.source, decided.rule) == (source, rule)


@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.one_of(st.dates(date(1990, 1, 1), date(1990, 3, 1)), instants), min_size=1
    ),
    st.none() | slots,
    st.none() | st.dates(date(1990, 1, 1), date(1990, 2, 1)),
)
def test_a_decision_is_one_of_the_records_and_does_not_depend_on_who_is_asked_first_unless_it_must(
    records: dict[str, date | datetime], slot: WeeklySlot | None, begin: date | None
) -> None:
    found = records[decide_aired(records, slot=slot, begin=begin).source]
    backwards = dict(reversed(records.items()))
    other = records[decide_aired(backwards, slot=slot, begin=begin).source]
    assert isinstance(found, datetime) == any(isinstance(one, datetime) for one in records.values())
    if not isinstance(found, datetime):
        assert not isinstance(other, datetime)
        assert abs((found - other).days) <= 1
        if slot is not None and found.weekday() == slot.weekday:
            assert found == other


# ------------------------------------------------------------------------------------------------------- next episode

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AIRING = datetime(2026, 11, 27, 16, tzinfo=UTC)


def said(source: str, at: datetime = AIRING, number: int | None = None, slot: WeeklySlot | None = None) -> Announced:
    return Announced(source=source, at=at, number=number, slot=slot)


def test_most_sources_decide_and_the_others_are_told() -> None:
    wrong = said("anilist", AIRING + timedelta(days=1), 9)
    found = next_episode([wrong, said("mal", number=8), said("animeschedule")], after=NOW)
    assert found is not None
    assert (found.at, found.source, found.number, found.others) == (AIRING, "mal", 8, (wrong,))


def test_of_as_many_the_first_decides() -> None:
    found = next_episode([said("anilist", number=9), said("mal", AIRING + timedelta(days=1), 8)], after=NOW)
    assert found is not None
    assert (found.source, found.number, len(found.others)) == ("anilist", 9, 1)


def test_minutes_apart_are_the_same_broadcast() -> None:
    found = next_episode([said("anilist"), said("animeschedule", AIRING + timedelta(minutes=30), 8)], after=NOW)
    assert found is not None
    assert (found.at, found.number, found.others) == (AIRING, 8, ())


def test_what_is_over_does_not_count() -> None:
    assert next_episode([said("anilist", NOW)], after=NOW) is None
    assert next_episode([], after=NOW) is None


def test_a_delay_moves_the_episode_to_the_first_slot_after_it() -> None:
    until = AIRING + timedelta(days=10)
    delay = Delay(start=NOW, until=until)
    found = next_episode([said("anilist", number=9, slot=slot_of(AIRING))], after=NOW, delays=[delay])
    assert found is not None
    assert (found.at, found.number) == (AIRING + timedelta(weeks=2), 9)
    without_slot = next_episode([said("anilist", number=9)], after=NOW, delays=[delay])
    assert without_slot is not None
    assert without_slot.at == until


def test_a_delay_without_end_leaves_nothing_to_wait_for() -> None:
    assert next_episode([said("anilist", slot=slot_of(AIRING))], after=NOW, delays=[Delay(start=NOW)]) is None


def test_weeks_within_a_delay_are_not_counted() -> None:
    third = AIRING + timedelta(weeks=2)
    assert weeks_between(AIRING, third) == 2
    assert weeks_between(AIRING, third, [Delay(start=AIRING + timedelta(days=1), until=third - timedelta(days=1))]) == 1
    assert weeks_between(third, AIRING) == 0


announcements = st.lists(
    st.builds(
        Announced,
        source=st.sampled_from(["anilist", "mal", "animeschedule"]),
        at=st.integers(-20, 40).map(lambda days: NOW + timedelta(days=days, minutes=7)),
        number=st.none() | st.integers(1, 30),
        slot=st.none() | slots,
    ),
    max_size=5,
)
delays = st.lists(
    st.builds(
        lambda start, days: Delay(
            start=NOW + timedelta(days=start), until=None if days is None else NOW + timedelta(days=start + days)
        ),
        st.integers(-10, 30),
        st.none() | st.integers(-2, 30),
    ),
    max_size=3,
)


@given(announcements, delays)
def test_the_next_episode_is_ahead_and_in_no_delay(announced: list[Announced], held_up: list[Delay]) -> None:
    found = next_episode(announced, after=NOW, delays=held_up)
    if found is not None:
        assert found.at > NOW
        assert not any(delay.covers(found.at) for delay in held_up)
        assert len(found.others) < len(announced)
    elif not held_up:
        assert all(one.at <= NOW for one in announced)
