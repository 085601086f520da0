"""Logs with an end."""

from typing import Any

import pytest

from policies.logs import LOGS_END, LOGS_KEPT
from tests.policies.judging import UNKNOWN, Subject, complaints_of

GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"


@pytest.mark.parametrize("days", [1, 90, 1827, UNKNOWN])
def test_logs_with_an_end_pass(days: object) -> None:
    assert complaints_of(LOGS_END, Subject(type=GROUP, props={"retentionInDays": days})) == []


@pytest.mark.parametrize("props", [{}, {"retentionInDays": 0}, {"retentionInDays": 3653}])
def test_logs_for_ever_are_rejected(props: dict[str, Any]) -> None:
    (complaint,) = complaints_of(LOGS_END, Subject(type=GROUP, props=props))

    assert "set retentionInDays" in complaint


def _function(**logging: Any) -> Subject:
    return Subject(type=FUNCTION, name="begin", props={"loggingConfig": logging}, made_from={"loggingConfig": ["logs"]})


LOGS = Subject(type=GROUP, name="logs", props={"name": "/aws/lambda/begin"})


@pytest.mark.parametrize("group", ["/aws/lambda/begin", UNKNOWN])
def test_a_function_with_a_group_of_the_stack_passes(group: str) -> None:
    assert complaints_of(LOGS_KEPT, LOGS, _function(logGroup=group)) == []


@pytest.mark.parametrize("logging", [{}, {"logGroup": "/aws/lambda/another"}])
def test_a_function_that_logs_elsewhere_is_rejected(logging: dict[str, Any]) -> None:
    (complaint,) = complaints_of(LOGS_KEPT, LOGS, _function(**logging))

    assert complaint.startswith("begin would log to a group that Lambda makes")
