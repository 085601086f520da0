"""Every policy over every resource of every stack: as it is applied, and as an empty account previews it."""

from dataclasses import replace

import pytest
from pulumi_policy import Policy

from components.aws import grants
from policies.iam import WILDCARD_REASONS
from policies.network import SWITCHES
from policies.pack import ALL
from tests.components.recordings import STACKS, record_with, recorded, with_inputs
from tests.policies.judging import complaints_of_preview, complaints_of_recording

each_policy = pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)


@pytest.mark.parametrize("stack", STACKS)
@each_policy
def test_the_stack_keeps_the_policy(stack: str, policy: Policy) -> None:
    assert complaints_of_recording(policy, recorded(stack)) == []


@pytest.mark.parametrize("stack", STACKS)
@each_policy
def test_a_preview_judges_what_it_knows(stack: str, policy: Policy) -> None:
    assert complaints_of_preview(policy, recorded(stack)) == []


@each_policy
def test_a_stack_of_its_own_keeps_its_stage(policy: Policy) -> None:
    assert complaints_of_recording(policy, record_with("demo")) == []


def _find(name: str) -> Policy:
    return next(policy for policy in ALL if policy.name == name)


@pytest.mark.parametrize(
    ("name", "type_token", "inputs"),
    [
        ("required-tags", "aws:sqs/queue:Queue", {"tags": {}}),
        ("encryption-at-rest", "aws:dynamodb/table:Table", {"serverSideEncryption": None}),
        ("no-public-bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {SWITCHES[0]: False}),
        ("log-retention", "aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": None}),
        ("function-log-groups", "aws:cloudwatch/logGroup:LogGroup", {"name": "elsewhere"}),
        ("queue-redrive", "aws:sqs/queue:Queue", {"messageRetentionSeconds": 60}),
        ("allowed-sizes", "aws:lambda/function:Function", {"memorySize": 10240}),
        ("protected-state", "aws:s3/bucket:Bucket", {"forceDestroy": True}),
    ],
)
def test_a_slip_in_the_program_is_seen(name: str, type_token: str, inputs: dict[str, object]) -> None:
    """In what the program registers, beside the resources made by hand of the other tests."""
    stack = "prod" if name == "protected-state" else "dev"

    assert complaints_of_recording(_find(name), with_inputs(recorded(stack), type_token, inputs))


def test_functions_that_timers_start_are_found() -> None:
    """Also the one whose schedules the running service makes."""
    recording = recorded("prod")
    left = [r for r in recording if r.type != "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"]
    complaints = complaints_of_recording(_find("asynchronous-failures"), replace(recording, resources=tuple(left)))

    assert {complaint.partition("-function")[0] for complaint in complaints} == {
        "weekly-sync-starter",
        "create-database-snapshot",
        "daily-scheduler",
        "run-single-episode-update",
        "watch",
    }


def test_rights_to_everything_are_explained_twice() -> None:
    """The program's own list cannot grow past the one that judges it."""
    assert set(grants.WILDCARD_REASONS) <= set(WILDCARD_REASONS)
