"""Headers of every catalogue's style are read, and nonsense is none."""

from datetime import UTC, datetime

import pytest

from sources.rate_headers import rate_limit, rate_remaining, rate_reset, retry_after

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Mon, 23 Nov 2026 12:00:05 GMT", 5.0),
        ("Mon, 23 Nov 2026 13:00:05 +0100", 5.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Mon, 99 Nov 2026 12:00:05 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds
    assert retry_after({}, NOW) is None


@pytest.mark.parametrize(("value", "at"), [(str(int(NOW.timestamp()) + 40), 40.0), ("40", 40.0), ("-5", 0.0)])
def test_a_reset_is_an_instant_or_a_number_of_seconds(value: str, at: float) -> None:
    assert rate_reset({"x-ratelimit-reset": value}, NOW) == NOW.timestamp() + at


@pytest.mark.parametrize("value", ["", "many", "nan", "inf"])
def test_nonsense_is_none(value: str) -> None:
    headers = {"x-ratelimit-limit": value, "x-ratelimit-remaining": value, "x-ratelimit-reset": value}
    assert (rate_limit(headers), rate_remaining(headers), rate_reset(headers, NOW)) == (None, None, None)


def test_numbers_are_read() -> None:
    headers = {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "0"}
    assert (rate_limit(headers), rate_remaining(headers)) == (30.0, 0.0)
