import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.logs import make_logger


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_message_level_time_and_fields() -> None:
    stream = io.StringIO()
    make_logger(stream, level="INFO", function="begin").info("fetched\nall", key="work/x", count=3, title="カウボーイ")
    ((line),) = lines(stream)
    assert datetime.fromisoformat(line.pop("time")).tzinfo == UTC
    assert line == {
        "function": "begin",
        "key": "work/x",
        "count": 3,
        "title": "カウボーイ",
        "level": "info",
        "message": "fetched\nall",
    }


def test_what_is_bound_stands_on_every_further_line_of_that_logger_alone() -> None:
    stream = io.StringIO()
    log = make_logger(stream, level="INFO", function="begin")
    bound = log.bind(anime_id="ani_1")
    bound.info("one")
    bound.warning("two")
    log.info("three")
    assert [line.get("anime_id") for line in lines(stream)] == ["ani_1", "ani_1", None]
    assert {line["function"] for line in lines(stream)} == {"begin"}


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("ERROR", ["error"]),
        ("chatty", ["info", "warning", "error"]),
    ],
)
def test_the_level_decides_what_is_written_and_an_unknown_one_is_info(level: str, written: list[str]) -> None:
    stream = io.StringIO()
    log = make_logger(stream, level=level)
    log.debug("a")
    log.info("a")
    log.warning("a")
    log.error("a")
    assert [line["level"] for line in lines(stream)] == written
