"""Why an execution failed, in one line."""

import json

import pytest

from workflows.failures import reason

TRACE = {"stackTrace": ["  File ..."], "trace": ["Traceback ..."]}


@pytest.mark.parametrize(
    ("error", "cause", "line"),
    [
        ("NotFound", json.dumps({"errorType": "NotFound", "errorMessage": "no episode 99", **TRACE}), "no episode 99"),
        ("NotFound", json.dumps({"errorType": "NotFound", "errorMessage": " two\nlines "}), "two lines"),
        ("NotFound", json.dumps({"errorType": "NotFound", "errorMessage": ""}), None),
        ("ReviewExpired", "Nobody decided the review in time.", "Nobody decided the review in time."),
        ("Odd", '{"other": 1}', '{"other": 1}'),
        ("Odd", "[1]", "[1]"),
        ("Odd", "a\x1b[31mb\x07 \u202ec\x00", "a [31mb c"),
        ("Odd", json.dumps({"errorType": "Odd", "errorMessage": "a\x1b[2J\u2028b"}), "a [2J b"),
        ("Odd", "\x1b", None),
        ("Odd", None, None),
    ],
)
def test_an_error_is_told_by_its_type_and_message_in_one_printable_line(
    error: str, cause: str | None, line: str | None
) -> None:
    assert reason(error, cause) == (f"{error}: {line}" if line else error)


def test_a_state_that_names_its_error_otherwise_tells_the_functions_too() -> None:
    cause = json.dumps({"errorType": "Unavailable", "errorMessage": "MongoDB does not answer"})
    assert reason("UndoFailed", cause) == "UndoFailed: Unavailable: MongoDB does not answer"


def test_a_cause_without_an_error_is_told_by_itself() -> None:
    cause = json.dumps({"errorType": "Unavailable", "errorMessage": "MongoDB does not answer"})
    assert reason(None, cause) == "Unavailable: MongoDB does not answer"


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_execution_that_did_not_fail_has_no_reason(nothing: str | None) -> None:
    assert reason(nothing, nothing) is None
