"""Failures that nobody waits for."""

import json
from typing import Any

import pytest

from policies.dead_letters import FAILURES_KEPT, QUEUES_END, UNDELIVERED
from tests.policies.judging import UNKNOWN, Subject, complaints_of

SCHEDULE = "aws:scheduler/schedule:Schedule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
QUEUE = "aws:sqs/queue:Queue"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:daily"
DLQ = "arn:aws:sqs:eu-central-1:123456789012:async-dlq"

FUNCTION = Subject(type="aws:lambda/function:Function", name="daily", props={"name": "daily", "arn": ARN})


@pytest.mark.parametrize(
    ("type_token", "props"),
    [
        (SCHEDULE, {"target": {"arn": ARN, "deadLetterConfig": {"arn": DLQ}}}),
        (SCHEDULE, {"target": {"arn": UNKNOWN, "deadLetterConfig": {"arn": UNKNOWN}}}),
        (EVENT_TARGET, {"deadLetterConfig": {"arn": DLQ}}),
        (SUBSCRIPTION, {"protocol": "lambda", "redrivePolicy": json.dumps({"deadLetterTargetArn": DLQ})}),
        (SUBSCRIPTION, {"protocol": "email"}),
    ],
)
def test_senders_with_a_dead_letter_queue_pass(type_token: str, props: dict[str, Any]) -> None:
    assert complaints_of(UNDELIVERED, Subject(type=type_token, props=props)) == []


@pytest.mark.parametrize(
    ("type_token", "props", "fix"),
    [
        (SCHEDULE, {"target": {"arn": ARN}}, "target.deadLetterConfig"),
        (SCHEDULE, {"target": {"arn": ARN, "deadLetterConfig": {}}}, "target.deadLetterConfig"),
        (EVENT_TARGET, {}, "deadLetterConfig"),
        (SUBSCRIPTION, {"protocol": "sqs"}, "redrivePolicy"),
    ],
)
def test_senders_that_give_up_are_rejected(type_token: str, props: dict[str, Any], fix: str) -> None:
    (complaint,) = complaints_of(UNDELIVERED, Subject(type=type_token, props=props))

    assert f"name a queue in {fix}" in complaint


def _trusting(service: str) -> Subject:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [statement]})
    return Subject(type="aws:iam/role:Role", name="role", props={"name": "role", "assumeRolePolicy": document})


def _may_start(arn: str) -> Subject:
    statement = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [arn]}
    document = json.dumps({"Statement": [statement]})
    return Subject(type="aws:iam/rolePolicy:RolePolicy", name="rights", props={"role": "role", "policy": document})


STARTERS = {
    "a timer": [Subject(type=SCHEDULE, name="timer", props={"target": {"arn": ARN}})],
    "a timer in a preview": [
        Subject(type=SCHEDULE, name="timer", props={"target": {"arn": UNKNOWN}}, made_from={"target": ["daily"]})
    ],
    "an event": [Subject(type=EVENT_TARGET, name="target", props={"arn": ARN})],
    "a topic": [Subject(type=SUBSCRIPTION, name="subscription", props={"endpoint": ARN, "protocol": "lambda"})],
    "a schedule made later": [_trusting("scheduler.amazonaws.com"), _may_start(ARN)],
}


def _destination(**props: Any) -> Subject:
    config = {"functionName": "daily", "destinationConfig": {"onFailure": {"destination": DLQ}}}
    return Subject(
        type="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        name="async",
        props={**config, **props},
        made_from={"functionName": ["daily"]},
    )


@pytest.mark.parametrize("starters", STARTERS.values(), ids=STARTERS)
class TestStartedByWhatDoesNotWait:
    def test_with_a_destination_passes(self, starters: list[Subject]) -> None:
        assert complaints_of(FAILURES_KEPT, FUNCTION, _destination(), *starters) == []

    def test_with_a_destination_that_is_not_known_yet_passes(self, starters: list[Subject]) -> None:
        unknown = _destination(functionName=UNKNOWN, destinationConfig=UNKNOWN)

        assert complaints_of(FAILURES_KEPT, FUNCTION, unknown, *starters) == []

    @pytest.mark.parametrize("destination", [{"functionName": "another"}, {"destinationConfig": {}}])
    def test_without_one_is_rejected(self, starters: list[Subject], destination: dict[str, Any]) -> None:
        (complaint,) = complaints_of(FAILURES_KEPT, FUNCTION, _destination(**destination), *starters)

        assert complaint.startswith("daily is started by what does not wait for it")


def test_a_function_that_a_machine_waits_for_needs_no_destination() -> None:
    machine = [_trusting("states.amazonaws.com"), _may_start(ARN)]

    assert complaints_of(FAILURES_KEPT, FUNCTION, *machine) == []


def _queue(**props: Any) -> Subject:
    return Subject(type=QUEUE, name="queue", props={"name": "work", "url": "https://sqs/work", **props})


REDRIVE = Subject(
    type="aws:sqs/redrivePolicy:RedrivePolicy",
    name="redrive",
    props={"queueUrl": UNKNOWN, "redrivePolicy": UNKNOWN},
    made_from={"queueUrl": ["queue"]},
)


class TestQueues:
    def test_with_a_redrive_policy_pass(self) -> None:
        assert complaints_of(QUEUES_END, _queue(redrivePolicy=UNKNOWN)) == []
        assert complaints_of(QUEUES_END, _queue(), REDRIVE) == []

    @pytest.mark.parametrize("name", ["work-dlq", "work-dlq.fifo"])
    def test_for_dead_letters_pass(self, name: str) -> None:
        assert complaints_of(QUEUES_END, _queue(name=name, messageRetentionSeconds=1209600)) == []

    def test_without_an_end_are_rejected(self) -> None:
        (complaint,) = complaints_of(QUEUES_END, _queue())

        assert "give it a redrivePolicy" in complaint

    @pytest.mark.parametrize("props", [{}, {"messageRetentionSeconds": 345600}])
    def test_that_forget_dead_letters_are_rejected(self, props: dict[str, Any]) -> None:
        (complaint,) = complaints_of(QUEUES_END, _queue(name="work-dlq", **props))

        assert "set messageRetentionSeconds to 1209600" in complaint
