"""Figures become documents of CloudWatch's embedded metric format, one line each, in the function's log."""

import io
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from models.events import Event
from runtime.handler import Context, lambda_function
from runtime.metrics import EmbeddedMetrics, embedded
from runtime.settings import FunctionSettings
from workflows.metrics import Figure, Unit

AT = datetime(2026, 11, 21, 1, 0, 0, 250_000, tzinfo=UTC)
AT_MILLISECONDS = 1_795_222_800_250
HITS = Figure(name="CacheHits", value=3)
WAITED = Figure(name="Waited", value=1.5, unit=Unit.SECONDS)
AGE = Figure(name="OldestReviewHours", value=71.25, unit=Unit.NONE)
STACK = {"Stack": "dev"}
CLOUDWATCH_UNITS = {"Seconds", "Microseconds", "Milliseconds", "Bytes", "Percent", "Count", "Count/Second", "None"}


def document(*figures: Figure, dimensions: Mapping[str, str] | None = None) -> dict[str, Any]:
    return embedded(figures, dimensions=dimensions or STACK, at=AT, about={"function": "anime-dev-watch"})


def violations(text: str) -> list[str]:
    """What the specification's document structure refuses."""
    root = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    metadata = root["_aws"]
    rules = {
        "metadata of other members": set(metadata) == {"Timestamp", "CloudWatchMetrics"},
        "no whole milliseconds": type(metadata["Timestamp"]) is int,
    }
    for directive in metadata["CloudWatchMetrics"]:
        rules |= rules_of(directive, root)
    return [rule for rule, held in rules.items() if not held]


def rules_of(directive: dict[str, Any], root: dict[str, Any]) -> dict[str, bool]:
    dimensions = [name for names in directive["Dimensions"] for name in names]
    metrics = directive["Metrics"]
    return {
        "a directive of other members": set(directive) == {"Namespace", "Dimensions", "Metrics"},
        "no namespace": 1 <= len(directive["Namespace"]) <= 1024,
        "more than 30 dimensions": all(len(names) <= 30 for names in directive["Dimensions"]),
        "a dimension without text": all(isinstance(root.get(name), str) for name in dimensions),
        "a dimension without end": all(1 <= len(root.get(name, "")) <= 1024 for name in dimensions),
        "more than 100 metrics": len(metrics) <= 100,
        "a metric of other members": all(set(each) <= {"Name", "Unit", "StorageResolution"} for each in metrics),
        "an unknown unit": all(each.get("Unit", "None") in CLOUDWATCH_UNITS for each in metrics),
        "a metric without number": all(type(root.get(each["Name"])) in {int, float} for each in metrics),
    }


# --------------------------------------------------------------------------------------------------------- the document


def test_the_document_is_exactly_the_embedded_metric_format() -> None:
    assert document(HITS, WAITED, AGE, dimensions={"Stack": "dev", "Catalogue": "jikan"}) == {
        "_aws": {
            "Timestamp": AT_MILLISECONDS,
            "CloudWatchMetrics": [
                {
                    "Namespace": "AnimeInfra",
                    "Dimensions": [["Stack", "Catalogue"]],
                    "Metrics": [
                        {"Name": "CacheHits", "Unit": "Count"},
                        {"Name": "Waited", "Unit": "Seconds"},
                        {"Name": "OldestReviewHours", "Unit": "None"},
                    ],
                }
            ],
        },
        "function": "anime-dev-watch",
        "Stack": "dev",
        "Catalogue": "jikan",
        "CacheHits": 3,
        "Waited": 1.5,
        "OldestReviewHours": 71.25,
    }


def test_as_many_figures_and_dimensions_as_the_format_takes_are_taken() -> None:
    figures = [Figure(name=f"Figure{number}", value=number) for number in range(100)]
    dimensions = {f"Dimension{number}": "x" * 1024 for number in range(30)}
    assert violations(json.dumps(document(*figures, dimensions=dimensions))) == []


@pytest.mark.parametrize(
    ("figures", "dimensions", "harm"),
    [
        ([Figure(name=f"Figure{number}", value=number) for number in range(101)], STACK, "at most 100 figures"),
        ([HITS], {f"Dimension{number}": "x" for number in range(31)}, "by 30 dimensions"),
        ([HITS, HITS], STACK, "one would be lost"),
        ([HITS], {"CacheHits": "x"}, "one would be lost"),
        ([Figure(name="_aws", value=1)], STACK, "could hide a field"),
        ([Figure(name="message", value=1)], STACK, "could hide a field"),
        ([Figure(name="Cache hits", value=1)], STACK, "could hide a field"),
        ([HITS], {"time": "x"}, "could hide a field"),
        ([HITS], {"Stack": ""}, "1 to 1024 ASCII characters"),
        ([HITS], {"Stack": " "}, "1 to 1024 ASCII characters"),
        ([HITS], {"Stack": "アニメ"}, "1 to 1024 ASCII characters"),
        ([HITS], {"Stack": "x" * 1025}, "1 to 1024 ASCII characters"),
        ([Figure(name="Waited", value=math.nan)], STACK, "no number in JSON"),
        ([Figure(name="Waited", value=math.inf)], STACK, "no number in JSON"),
    ],
)
def test_what_cloudwatch_would_drop_in_silence_is_refused(
    figures: list[Figure], dimensions: dict[str, str], harm: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(harm)):
        document(*figures, dimensions=dimensions)


# -------------------------------------------------------------------------------------------------------------- the log


def test_a_line_is_the_document_and_reads_as_a_line_of_the_log() -> None:
    stream = io.StringIO()
    metrics = EmbeddedMetrics(stream, stack="dev", clock=lambda: AT, about={"function": "f", "request_id": "r"})
    metrics.record(HITS, by={"Catalogue": "jikan"})
    metrics.record(AGE)
    first, second = stream.getvalue().splitlines()
    assert violations(first) + violations(second) == []
    line = json.loads(first)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack", "Catalogue"]]
    assert (line["Stack"], line["Catalogue"], line["CacheHits"]) == ("dev", "jikan", 3)
    assert (line["function"], line["request_id"], line["level"]) == ("f", "r", "info")
    assert (line["message"], line["time"]) == ("metrics", AT.isoformat())
    assert json.loads(second)["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack"]]


def test_what_stands_beside_figures_makes_no_series_of_its_own() -> None:
    stream = io.StringIO()
    metrics = EmbeddedMetrics(stream, stack="dev", clock=lambda: AT, about={"function": "f"})
    metrics.record(HITS, about={"catalogue": "jikan", "function": "another"})
    line = json.loads(stream.getvalue())
    assert violations(stream.getvalue()) == []
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack"]]
    assert (line["catalogue"], line["function"]) == ("jikan", "f")


def test_each_line_is_one_write_so_that_threads_do_not_mix_theirs() -> None:
    class Stream(io.StringIO):
        writes = 0

        def write(self, text: str, /) -> int:
            self.writes += 1
            return super().write(text)

    stream = Stream()
    EmbeddedMetrics(stream, stack="dev", clock=lambda: AT, about={}).record(HITS, WAITED)
    assert (stream.writes, stream.getvalue().count("\n")) == (1, 1)


def test_no_figures_are_no_line() -> None:
    stream = io.StringIO()
    EmbeddedMetrics(stream, stack="dev", clock=lambda: AT, about={}).record()
    assert stream.getvalue() == ""


class Lambda:
    aws_request_id = "request-1"
    function_name = "anime-infra-dev-watch"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@lambda_function(event=Event, settings=FunctionSettings)
def count(event: Event, context: Context[FunctionSettings]) -> None:
    context.metrics.record(HITS)


def test_a_handlers_figures_go_to_its_log_unwrapped_whatever_the_logs_level() -> None:
    stream = io.StringIO()
    environment = {"STACK": "dev", "AWS_REGION": "eu-central-1", "LOG_LEVEL": "ERROR"}
    count.invoke({}, environment=environment, context=Lambda(), log_stream=stream)
    (line,) = stream.getvalue().splitlines()
    assert violations(line) == []
    fields = json.loads(line)
    assert (fields["Stack"], fields["CacheHits"], fields["request_id"]) == ("dev", 3, "request-1")


def test_in_lambda_figures_go_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACK", "dev")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    count({}, Lambda())
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in written] == ["metrics", "finished"]
    assert ["_aws" in line for line in written] == [True, False]
