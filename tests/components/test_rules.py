"""Every rule over every resource of every stack, and one deliberately bad resource that each rule rejects."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from local.recording import RecordedOptions, Recording
from tests.components.recordings import FUNCTION, STACKS, changed, recorded, with_inputs
from tests.components.rules import RULES, Rule


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_stack_keeps_the_rule(stack: str, rule: Rule) -> None:
    assert list(rule(recorded(stack))) == []


def _of(type_token: str) -> Callable[[Any], bool]:
    return lambda resource: resource.type == type_token


def _policy(action: str, resource: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": [resource]}]})


BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SCHEDULE = "aws:scheduler/schedule:Schedule"


def _without_alarm_of(recording: Recording, namespace: str) -> Recording:
    left = [r for r in recording if r.type != ALARM or r.inputs["namespace"] != namespace]
    return dataclasses.replace(recording, resources=tuple(left))


def _shared_role(recording: Recording) -> Recording:
    role = recording.of_type(FUNCTION)[1].inputs["role"]
    return with_inputs(recording, FUNCTION, {"role": role})


def _undelivered(recording: Recording) -> Recording:
    target = {**recording.of_type(SCHEDULE)[0].inputs["target"], "deadLetterConfig": {}}
    return with_inputs(recording, SCHEDULE, {"target": target})


MACHINE = "aws:sfn/stateMachine:StateMachine"


def _endless(recording: Recording) -> Recording:
    definition = json.loads(recording.of_type(MACHINE)[0].inputs["definition"])
    return with_inputs(recording, MACHINE, {"definition": json.dumps({**definition, "TimeoutSeconds": 60})})


BAD: dict[str, Callable[[Recording], Recording]] = {
    "descriptions_are_taken_by_ec2": lambda r: with_inputs(
        r, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", {"description": "the world's"}
    ),
    "functions_are_of_one_kind": lambda r: with_inputs(r, FUNCTION, {"layers": []}),
    "machines_outlive_their_functions": _endless,
    "the_one_provider_is_used": lambda r: changed(r, _of(QUEUE), provider=None),
    "everything_belongs_to_a_component": lambda r: changed(r, _of(QUEUE), parent=None),
    "components_register_their_outputs_once": lambda r: changed(r, lambda c: not c.custom, output_registrations=0),
    "logical_names_hold_no_stage": lambda r: changed(r, _of(QUEUE), name="image-dlq-prod"),
    "physical_names_hold_the_stack": lambda r: with_inputs(r, QUEUE, {"name": "image-dlq"}),
    "own_tags_are_a_service_of_ours": lambda r: with_inputs(r, QUEUE, {"tags": {"service": "queues"}}),
    "functions_log_under_their_own_name": lambda r: with_inputs(r, FUNCTION, {"loggingConfig": {}}),
    "failures_go_somewhere": _undelivered,
    "queues_ring": lambda r: _without_alarm_of(r, "AWS/SQS"),
    "failed_executions_ring": lambda r: _without_alarm_of(r, "AWS/States"),
    "missed_timers_ring": lambda r: _without_alarm_of(r, "AWS/Lambda"),
    "old_reviews_ring": lambda r: _without_alarm_of(r, "AnimeInfra"),
    "rights_are_to_something": lambda r: with_inputs(r, ROLE_POLICY, {"policy": _policy("s3:GetObject", "data/*")}),
    "each_function_has_a_role_of_its_own": _shared_role,
    "secrets_are_marked": lambda r: changed(
        r, _of("aws:secretsmanager/secretVersion:SecretVersion"), secret_inputs=frozenset()
    ),
    "timers_say_what_they_send": lambda r: with_inputs(r, SCHEDULE, {"scheduleExpressionTimezone": None}),
    "state_is_kept_in_prod": lambda r: changed(r, _of(BUCKET), options=RecordedOptions()),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_rejects_a_bad_resource(rule: Rule) -> None:
    assert list(rule(BAD[rule.__name__](recorded("prod"))))
