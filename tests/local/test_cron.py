"""When schedules are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cron import At, Cron, Rate, due_times, parse_expression
from local.errors import ClockError

START = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)  # a Wednesday
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001 (made aware here)


def due(text: str, after: datetime, until: datetime, created: datetime = START) -> list[datetime]:
    return list(due_times(parse_expression(text), created=created, after=after, until=until))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("cron(0 1 ? * SAT *)", datetime(2026, 5, 16, 1, 0, tzinfo=UTC)),
        ("cron(0 3 ? * 1 *)", datetime(2026, 5, 17, 3, 0, tzinfo=UTC)),
        ("cron(5 0 * * ? *)", datetime(2026, 5, 14, 0, 5, tzinfo=UTC)),
        ("cron(0 * * * ? *)", datetime(2026, 5, 13, 13, 0, tzinfo=UTC)),
        ("cron(0/20 8-10 ? * MON-FRI *)", datetime(2026, 5, 14, 8, 0, tzinfo=UTC)),
        ("cron(30 6 1 JAN,jul ? 2027)", datetime(2027, 1, 1, 6, 30, tzinfo=UTC)),
        ("cron(0 0 31 * ? *)", datetime(2026, 5, 31, tzinfo=UTC)),
        ("cron(0 0 29 2 ? *)", datetime(2028, 2, 29, tzinfo=UTC)),
        ("rate(1 hour)", datetime(2026, 5, 13, 13, 0, tzinfo=UTC)),
        ("rate(90 minutes)", datetime(2026, 5, 13, 13, 30, tzinfo=UTC)),
        ("rate(2 days)", datetime(2026, 5, 15, 12, 0, tzinfo=UTC)),
        ("at(2026-06-01T10:20:30)", datetime(2026, 6, 1, 10, 20, 30, tzinfo=UTC)),
    ],
)
def test_the_first_moment_after_a_wednesday_noon(text: str, first: datetime) -> None:
    assert due(text, START, START + timedelta(days=800))[0] == first


def test_a_moment_belongs_to_the_interval_that_ends_with_it() -> None:
    moment = datetime(2026, 5, 16, 1, 0, tzinfo=UTC)
    second = timedelta(seconds=1)
    for text in ("cron(0 1 ? * SAT *)", "at(2026-05-16T01:00:00)"):
        assert due(text, moment - second, moment) == [moment]
        assert due(text, moment, moment + second) == []


@pytest.mark.parametrize(
    "text",
    [
        "every day",
        "cron(0 1 * * *)",
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(60 1 ? * SAT *)",
        "cron(0 1 ? * SAX *)",
        "cron(0 1 ? 13 SAT *)",
        "cron(0 1 L * ? *)",
        "cron(0 1 ? * 6#3 *)",
        "cron(0 1 15W * ? *)",
        "cron(9-3 1 ? * SAT *)",
        "cron(0/0 1 ? * SAT *)",
        "cron(0 1 ? * SAT *",
        "rate(0 minutes)",
        "rate(five minutes)",
        "rate(1 week)",
        "at(2026-05-16)",
        "at(2026-13-16T00:00:00)",
    ],
)
def test_what_is_not_understood_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ClockError) as refused:
        parse_expression(text)
    assert repr(text) in str(refused.value)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    weekday=st.integers(1, 7),
    after=MOMENTS,
    length=st.integers(0, 60 * 24 * 60),
)
def test_a_weekly_cron_is_due_at_exactly_the_minutes_that_match_it(
    minute: int, hour: int, weekday: int, after: datetime, length: int
) -> None:
    until = after + timedelta(minutes=length)
    found = due(f"cron({minute} {hour} ? * {weekday} *)", after, until)
    for moment in found:
        assert (moment.minute, moment.hour, moment.isoweekday() % 7 + 1) == (minute, hour, weekday)
        assert after < moment <= until
    gaps = [later - earlier for earlier, later in zip([after, *found], [*found, until], strict=True)]
    assert all(gap <= timedelta(days=7) for gap in gaps), "one was left out"
    assert all(gap == timedelta(days=7) for gap in gaps[1:-1])


@given(
    expression=st.sampled_from(
        ["cron(5 0 * * ? *)", "cron(0/7 * ? * MON-FRI *)", "rate(7 minutes)", "rate(3 days)"],
    ),
    after=MOMENTS,
    first=st.integers(0, 5000),
    second=st.integers(0, 5000),
)
def test_two_intervals_together_are_due_as_one(expression: str, after: datetime, first: int, second: int) -> None:
    middle = after + timedelta(minutes=first)
    until = middle + timedelta(minutes=second)
    created = after - timedelta(hours=5)
    whole = due(expression, after, until, created)
    assert whole == due(expression, after, middle, created) + due(expression, middle, until, created)
    assert whole == sorted(set(whole))


@given(created=MOMENTS, value=st.integers(1, 500), count=st.integers(0, 20))
def test_a_rate_counts_from_the_schedules_creation(created: datetime, value: int, count: int) -> None:
    until = created + count * timedelta(minutes=value)
    assert due(f"rate({value} minutes)", created, until, created) == [
        created + n * timedelta(minutes=value) for n in range(1, count + 1)
    ]


@given(MOMENTS)
def test_a_one_time_expression_keeps_its_second(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert parse_expression(f"at({whole:%Y-%m-%dT%H:%M:%S})") == At(whole)


def test_each_kind_is_told_apart() -> None:
    assert isinstance(parse_expression("cron(0 1 ? * SAT *)"), Cron)
    assert parse_expression("rate(1 minute)") == Rate(timedelta(minutes=1))
