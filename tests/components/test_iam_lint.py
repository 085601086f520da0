"""IAM documents of all stacks and of the workflow's roles: parliament lints them, and wildcards are counted."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from components.aws.grants import WILDCARD_REASONS
from components.tags import PROJECT
from local.recording import Recording
from tests.bootstrap.recordings import cloud_stacks, recorded_roles
from tests.components.recordings import STACKS, recorded, role_policies
from tests.support.iam import findings

_COLON = "parliament takes the colon in a model's name for one of the ARN"
_INTERFACES = "Lambda makes them as it likes, and AWS's own policy for it names none; the code itself is kept from it"
_EXPRESS = "our machines are of the standard kind; those of the other one have ARNs of another form"
_MACHINE = (
    "AWS lists no resource for it, and yet names the machine when it refuses (docs/decisions/0009-infrastructure.md)"
)
_TWO_STATEMENTS = (
    "AWS asks for the new resource, by the tag that it is made with, and for what it is joined to, by the tag that it "
    "has; a statement has but one condition, so each stands in one of its own"
)
_DEPLOYS = (
    "whoever deploys the functions can have them read and write the stacks' data anyway; others' buckets it can not"
)
_APPLICATION = "our balancers are of the kind for applications; those for networks have ARNs of another form"
_CLAIMS = "parliament knows the keys of AWS alone, and these are claims of GitHub's tokens"

RUNNING_REASONS: Final[Mapping[str, str]] = {
    "RESOURCE_MISMATCH: states:DescribeExecution needs arn:*:states:*:*:express:*:*:*": _EXPRESS,
    "RESOURCE_MISMATCH: states:SendTaskSuccess needs *": _MACHINE,
    "RESOURCE_STAR: ['ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', "
    "'ec2:UnassignPrivateIpAddresses']": _INTERFACES,
    **{
        f"RESOURCE_MISMATCH: bedrock:InvokeModel needs arn:*:bedrock:*:{kind}": _COLON
        for kind in (
            "*:application-inference-profile/*",
            "*:async-invoke/*",
            "*:default-prompt-router/*",
            "*:imported-model/*",
            "*:inference-profile/*",
            "*:marketplace/model-endpoint/all-access",
            "*:provisioned-model/*",
            ":foundation-model/*",
        )
    },
}
DEPLOYING_REASONS: Final[Mapping[str, str]] = {
    "MISMATCHED_TYPE_BUT_USABLE: Type mismatch: StringEquals requires a value of type String but given Arn": "AWS "
    "documents iam:PermissionsBoundary with string operators, and the ARN is whole",
    **{
        f"RESOURCE_MISMATCH: ec2:{action} needs arn:*:ec2:*:*:{joined}/*": _TWO_STATEMENTS
        for action, joined in (
            ("AcceptVpcPeeringConnection", "vpc"),
            ("AuthorizeSecurityGroupEgress", "security-group"),
            ("AuthorizeSecurityGroupIngress", "security-group"),
            ("CreateNatGateway", "subnet"),
            ("CreateRouteTable", "vpc"),
            ("CreateSubnet", "vpc"),
            ("CreateVpcEndpoint", "vpc"),
        )
    },
    **{
        f"RESOURCE_MISMATCH: servicediscovery:CreateService needs arn:*:servicediscovery:*:*:{kind}/*": _TWO_STATEMENTS
        for kind in ("namespace", "service")
    },
    **{
        f"RESOURCE_MISMATCH: elasticloadbalancing:{action} needs "
        "arn:*:elasticloadbalancing:*:*:listener/net/*/*/*": _APPLICATION
        for action in ("DeleteListener", "ModifyListener", "ModifyListenerAttributes")
    },
    **{
        "RESOURCE_POLICY_PRIVILEGE_ESCALATION: Possible resource policy privilege escalation on "
        f"arn:aws:s3:::anime-infra-* due to s3:{action} not being allowed, but does allow s3:PutBucketPolicy": _DEPLOYS
        for action in ("GetObject", "PutObject")
    },
    **{
        f"UNKNOWN_CONDITION_FOR_ACTION: Unknown condition token.actions.githubusercontent.com:{claim} for action "
        "sts:AssumeRoleWithWebIdentity": _CLAIMS
        for claim in ("aud", "sub")
    },
    "UNKNOWN_FEDERATION_SOURCE: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com": "an "
    "issuer of the account's own, which parliament cannot know",
}
"""What parliament finds and we leave, each with the reason."""


def documents(recording: Recording) -> Iterator[tuple[str, str]]:
    """Identity, trust and resource policies, wherever in the inputs, each with the URN of its resource."""
    for resource in recording:
        for text in _texts(resource.inputs):
            if _is_policy(text):
                yield resource.urn, text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _is_policy(text: str) -> bool:
    try:
        parsed = json.loads(text)
    except ValueError:
        return False
    return isinstance(parsed, dict) and "Statement" in parsed


def _found(*recordings: Recording) -> set[str]:
    return {line for recording in recordings for _, text in documents(recording) for line in findings(text)}


def _boundary_apart(recording: Recording) -> tuple[Recording, Recording]:
    """The boundary is of what runs, not of who deploys."""
    inside = tuple(each for each in recording if each.name == "foundation-boundary")
    outside = tuple(each for each in recording if each.name != "foundation-boundary")
    return dataclasses.replace(recording, resources=inside), dataclasses.replace(recording, resources=outside)


def test_parliament_has_nothing_but_the_listed_against_what_runs() -> None:
    boundary, _ = _boundary_apart(recorded_roles())

    assert _found(boundary, recorded("local"), *cloud_stacks()) == RUNNING_REASONS.keys()


def test_parliament_has_nothing_but_the_listed_against_who_deploys() -> None:
    _, deploying = _boundary_apart(recorded_roles())

    assert _found(deploying) == DEPLOYING_REASONS.keys()


@pytest.mark.parametrize("stack", STACKS)
def test_documents_of_every_kind_are_linted(stack: str) -> None:
    """So that a document in a place that nobody looked at is not passed over."""
    kinds = {urn.split("::")[2].rpartition("$")[2] for urn, _ in documents(recorded(stack))}

    assert kinds >= {
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
    }


def _document(**changes: Any) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/work/*", **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_good_document_passes() -> None:
    assert findings(_document()) == set()


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"Action": "s3:GetObjekt"}, "UNKNOWN_ACTION"),
        ({"Action": "s4:GetObject"}, "UNKNOWN_PREFIX"),
        ({"Action": "s3:ListBucket"}, "RESOURCE_MISMATCH"),
        ({"Resource": "*"}, "RESOURCE_STAR"),
        ({"Effect": "Permit"}, "MALFORMED"),
        ({"Condition": {"StringEquals": {"s3:prefiks": "work/"}}}, "UNKNOWN_CONDITION_FOR_ACTION"),
        ({"Condition": {"StringIs": {"aws:SourceAccount": "123456789012"}}}, "UNKNOWN_OPERATOR"),
    ],
)
def test_a_bad_document_is_reported(changes: dict[str, Any], issue: str) -> None:
    assert any(line.startswith(issue) for line in findings(_document(**changes)))


def test_a_bad_trust_document_is_reported() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRoll"}

    assert any(line.startswith("UNKNOWN_ACTION") for line in findings(json.dumps({"Statement": [statement]})))


def test_everything_is_granted_only_for_the_written_reasons() -> None:
    broad = {
        action
        for recording in (recorded("local"), *cloud_stacks())
        for granted in role_policies(recording).values()
        for statement in granted
        for action in statement["Action"]
        if "*" in statement["Resource"]
    }

    assert broad == WILDCARD_REASONS.keys()


@pytest.mark.parametrize("stack", STACKS)
def test_a_pattern_of_an_arn_begins_with_a_name_of_the_stack(stack: str) -> None:
    """What has no name of ours, such as a model of Bedrock, is named whole."""
    patterns = {
        (role, resource)
        for role, granted in role_policies(recorded(stack)).items()
        for statement in granted
        for resource in statement["Resource"]
        if "*" in resource and resource != "*"
    }

    assert [each for each in patterns if f"{PROJECT}-{stack}" not in each[1].partition("*")[0]] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_action_is_a_pattern(stack: str) -> None:
    actions = {
        action
        for granted in role_policies(recorded(stack)).values()
        for statement in granted
        for action in statement["Action"]
    }

    assert [action for action in actions if "*" in action or "?" in action] == []
