from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.airing import (
    FIRST_SHOWING_RULE,
    JST,
    MAJORITY_RULE,
    MOMENT_RULE,
    NEIGHBOUR_RULE,
    SLOT_RULE,
    Announced,
    Delay,
    DueEpisode,
    WeeklySlot,
    after_delays,
    airs_at,
    broadcast_slot,
    counted_number,
    day_in_japan,
    day_of_record,
    decide_aired,
    due_between,
    from_jst,
    has_aired,
    instant_of_epoch,
    instant_of_record,
    known_date,
    names_a_day,
    next_airing,
    next_episode,
    parse_broadcast,
    parse_clock,
    parse_weekday,
    postponed,
    season_of,
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


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e20, -1e20, 1e11, -1e10])
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
    assert airs_at(date(1998, 10, 22), saturday) == (datetime(1998, 10, 22, 15, tzinfo=UTC), False)
    assert airs_at(date(1998, 10, 24), None) == (datetime(1998, 10, 24, 15, tzinfo=UTC), False)
    moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert airs_at(moment, saturday) == (moment, True)


@pytest.mark.parametrize(
    ("at", "aired", "exact"),
    [
        (time(0), datetime(1998, 10, 23, 15, tzinfo=UTC), True),
        (time(1), datetime(1998, 10, 23, 16, tzinfo=UTC), True),
        (time(5, 59), datetime(1998, 10, 23, 20, 59, tzinfo=UTC), True),
        (time(6), datetime(1998, 10, 23, 15, tzinfo=UTC), False),
    ],
)
def test_a_late_night_written_under_the_day_before_airs_in_that_night(
    at: time, aired: datetime, *, exact: bool
) -> None:
    friday, saturday = date(1998, 10, 23), WeeklySlot(weekday=5, at=at)
    assert airs_at(friday, saturday) == (aired, exact)
    assert has_aired(friday, aired, saturday)
    assert not has_aired(friday, aired - timedelta(microseconds=1), saturday)


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), slots)
def test_a_day_airs_within_its_broadcasting_day(day: date, slot: WeeklySlot) -> None:
    at, _ = airs_at(day, slot)
    begin = datetime(day.year, day.month, day.day, tzinfo=JST)
    assert begin <= at < begin + timedelta(hours=30)


@pytest.mark.parametrize(
    ("broadcast", "expected"),
    [
        ({"day": "Saturdays", "time": "23:00", "timezone": "Asia/Tokyo"}, WeeklySlot(weekday=5, at=time(23))),
        ({"day": "Fridays", "time": "25:30", "string": "Mondays at 10:00"}, WeeklySlot(weekday=5, at=time(1, 30))),
        ({"day": "Saturdays", "time": None, "string": "Saturdays at 23:00 (JST)"}, WeeklySlot(weekday=5, at=time(23))),
        ({"day": "Saturdays", "time": "23:00", "timezone": "America/New_York"}, None),
        ({"string": "Not scheduled once per week"}, None),
        ({}, None),
    ],
)
def test_a_slot_counts_where_it_is_stated_in_japans_time(
    broadcast: dict[str, str | None], expected: WeeklySlot | None
) -> None:
    assert broadcast_slot(broadcast) == expected


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


@pytest.mark.parametrize(
    ("wording", "known"),
    [
        ("Oct 5, 2026 to ?", (2026, 10, 5)),
        ("Oct 2026 to Dec 24, 2026", (2026, 10)),
        ("2026 to ?", (2026,)),
        (None, (2026, 10, 5)),
    ],
)
def test_of_a_first_date_as_much_is_known_as_its_wording_names(wording: str | None, known: tuple[int, ...]) -> None:
    assert known_date(date(2026, 10, 5), wording) == known


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
        # One that is a year early is a mistake where most say another day; late nights are the same day.
        (
            {"mal": date(2020, 5, 10), "kitsu": date(2019, 5, 10), "anidb": date(2020, 5, 10)},
            None,
            "mal",
            MAJORITY_RULE,
        ),
        (
            {"kitsu": date(2019, 5, 10), "mal": date(2020, 5, 9), "anidb": date(2020, 5, 10)},
            None,
            "mal",
            MAJORITY_RULE,
        ),
        (
            {"kitsu": date(2019, 5, 10), "mal": date(2020, 5, 8), "anidb": date(2020, 5, 9)},
            SATURDAY_1_AM,
            "anidb",
            SLOT_RULE,
        ),
        # No day has most of the records.
        (
            {"mal": date(2020, 5, 10), "kitsu": date(2019, 5, 10), "anidb": date(2018, 5, 10)},
            None,
            "anidb",
            FIRST_SHOWING_RULE,
        ),
        (
            {"a": date(2020, 5, 10), "b": date(2020, 5, 10), "c": date(2019, 5, 10), "d": date(2019, 5, 10)},
            None,
            "c",
            FIRST_SHOWING_RULE,
        ),
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


def said(source: str, at: datetime = AIRING, number: int | None = None) -> Announced:
    return Announced(source=source, at=at, number=number)


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


def test_weeks_within_a_delay_are_not_counted() -> None:
    third = AIRING + timedelta(weeks=2)
    assert weeks_between(AIRING, third) == 2
    assert weeks_between(AIRING, third, [Delay(start=AIRING + timedelta(days=1), until=third - timedelta(days=1))]) == 1
    assert weeks_between(third, AIRING) == 0


@given(
    st.lists(
        st.builds(
            Announced,
            source=st.sampled_from(["anilist", "mal", "animeschedule"]),
            at=st.integers(-20, 40).map(lambda days: NOW + timedelta(days=days, minutes=7)),
            number=st.none() | st.integers(1, 30),
        ),
        max_size=5,
    )
)
def test_the_next_episode_is_ahead(announced: list[Announced]) -> None:
    found = next_episode(announced, after=NOW)
    if found is None:
        assert all(one.at <= NOW for one in announced)
    else:
        assert found.at > NOW
        assert len(found.others) < len(announced)


def due(number: str, at: datetime) -> DueEpisode:
    return DueEpisode(number=number, at=at, exact=True)


@pytest.mark.parametrize(
    ("distance", "number"),
    [
        # Aired on another weekday, three days before its slot: what airs there is not the same episode again.
        (timedelta(days=3), 8),
        (timedelta(weeks=1), 8),
        (timedelta(weeks=2), 9),
        (timedelta(weeks=3), None),
        (timedelta(weeks=14), None),
    ],
)
def test_a_number_is_counted_over_a_short_gap_only(distance: timedelta, number: int | None) -> None:
    assert counted_number(due("7", AIRING - distance), AIRING) == number


def test_weeks_of_a_delay_are_no_gap() -> None:
    last = due("7", AIRING - timedelta(weeks=14))
    delay = Delay(start=last.at + timedelta(days=1), until=AIRING - timedelta(days=1))
    assert counted_number(last, AIRING, [delay]) == 8


# --------------------------------------------------------------------------------------------------------------- delays


def test_what_lies_in_a_delay_airs_whole_weeks_later_and_so_does_the_rest() -> None:
    plan: dict[str, date | datetime] = {str(8 + week): AIRING + timedelta(weeks=week) for week in range(-1, 4)}
    delay = Delay(start=AIRING - timedelta(days=1), until=AIRING + timedelta(days=8), source="animeschedule")
    found = postponed(plan, [delay], after=NOW)
    assert {number: one.to for number, one in found.items()} == {
        str(8 + week): AIRING + timedelta(weeks=week + 2) for week in range(4)
    }
    assert {one.by for one in found.values()} == {delay}


def test_a_source_that_knows_of_the_delay_is_left_alone() -> None:
    delay = Delay(start=AIRING, until=AIRING + timedelta(days=13))
    assert postponed({"8": AIRING + timedelta(weeks=2)}, [delay], after=NOW) == {}


def test_of_what_lies_in_a_delay_without_end_nobody_knows_when_it_airs() -> None:
    plan = {"7": AIRING, "8": AIRING + timedelta(weeks=1), "9": date(2026, 12, 12)}
    found = postponed(plan, [Delay(start=AIRING + timedelta(days=1))], after=NOW)
    assert {number: one.to for number, one in found.items()} == {"8": None, "9": None}


def test_a_time_in_a_delay_that_has_passed_moves_where_nobody_lists_the_episode() -> None:
    plan = {str(8 + week): AIRING + timedelta(weeks=week) for week in range(3)}
    delay = Delay(start=AIRING - timedelta(days=1), until=AIRING + timedelta(days=13))
    after = AIRING + timedelta(days=8)
    found = postponed(plan, [delay], after=after, unconfirmed={"8", "9", "10"})
    assert {number: one.to for number, one in found.items()} == {
        number: at + timedelta(weeks=2) for number, at in plan.items()
    }
    later = postponed(plan, [delay], after=AIRING + timedelta(weeks=2, days=1), unconfirmed=set(plan))
    assert later == found, "what was announced for after the delay moves as well when its time has passed"
    coming = postponed(plan, [delay], after=after)
    assert coming == {}, "episodes on a list have aired"
    before = {"7": AIRING - timedelta(weeks=1)}
    assert postponed(before, [delay], after=after, unconfirmed={"7"}) == {}, "it aired before the delay"


def test_a_day_that_is_held_up_stays_a_day() -> None:
    delay = Delay(start=NOW, until=AIRING + timedelta(days=1))
    found = postponed({"8": date(2026, 11, 28)}, [delay], after=NOW, slot=SATURDAY_1_AM)
    assert found["8"].to == date(2026, 12, 5)


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
airings = st.one_of(
    st.integers(-20, 60).map(lambda days: NOW + timedelta(days=days, minutes=7)),
    st.dates(date(2026, 11, 1), date(2027, 1, 20)),
)


@given(st.dictionaries(st.integers(1, 30).map(str), airings, max_size=6), delays, st.none() | slots)
def test_delays_move_what_is_to_come_out_of_them_and_leave_what_has_aired(
    plan: dict[str, date | datetime], held_up: list[Delay], slot: WeeklySlot | None
) -> None:
    found = postponed(plan, held_up, after=NOW, slot=slot)
    for number, aired in plan.items():
        moved = found.get(number)
        to = aired if moved is None else moved.to
        if has_aired(aired, NOW, slot):
            assert moved is None
        elif to is not None:
            assert type(to) is type(aired)
            at, before = airs_at(to, slot)[0], airs_at(aired, slot)[0]
            assert not any(delay.covers(at) for delay in held_up)
            assert (at - before) % timedelta(weeks=1) == timedelta()
            assert at >= before
        else:
            assert any(delay.until is None for delay in held_up)


@given(instants, delays)
def test_after_all_delays_nothing_is_held_up(at: datetime, held_up: list[Delay]) -> None:
    moved = after_delays(at, held_up)
    if moved is None:
        assert any(delay.until is None for delay in held_up)
    else:
        assert after_delays(moved, held_up) == moved
        assert (moved == at) == (not any(delay.covers(at) for delay in held_up))
