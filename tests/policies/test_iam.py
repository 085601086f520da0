"""Rights."""

import json
from typing import Any

import pytest

from policies.iam import DOCUMENTS, LEAST_RIGHTS, MANAGED_REASONS, OWN_RIGHTS, WILDCARD_REASONS
from tests.policies.judging import UNKNOWN, Subject, complaints_of

ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
OBJECTS = "arn:aws:s3:::data/work/*"


def _document(**changes: Any) -> str:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [OBJECTS], **changes}
    return json.dumps({"Statement": [{key: value for key, value in statement.items() if value is not None}]})


@pytest.mark.parametrize("type_token", DOCUMENTS)
@pytest.mark.parametrize(
    "changes",
    [{}, {"Action": "s3:GetObject", "Resource": OBJECTS}, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
)
def test_named_rights_pass(type_token: str, changes: dict[str, Any]) -> None:
    assert complaints_of(LEAST_RIGHTS, Subject(type=type_token, props={"policy": _document(**changes)})) == []


def test_rights_that_are_not_known_yet_wait_for_the_update() -> None:
    assert complaints_of(LEAST_RIGHTS, Subject(type=DOCUMENTS[0], props={"policy": UNKNOWN})) == []


@pytest.mark.parametrize("action", sorted(WILDCARD_REASONS))
def test_a_listed_action_may_be_granted_on_everything(action: str) -> None:
    props = {"policy": _document(Action=[action], Resource=["*"])}

    assert complaints_of(LEAST_RIGHTS, Subject(type=DOCUMENTS[0], props=props)) == []
    assert WILDCARD_REASONS[action]


@pytest.mark.parametrize("type_token", DOCUMENTS)
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"Action": "*"}, "allows *, which grows"),
        ({"Action": ["s3:GetObject", "s3:*"]}, "allows s3:*, which grows"),
        ({"Action": ["s3:Get?bject"]}, "which grows"),
        ({"Resource": "*"}, "allows s3:GetObject on every resource"),
        ({"Resource": [OBJECTS, "*"]}, "allows s3:GetObject on every resource"),
        ({"Action": [*WILDCARD_REASONS, "s3:GetObject"], "Resource": "*"}, "allows s3:GetObject on every resource"),
        ({"Action": None, "NotAction": ["iam:*"]}, "NotAction"),
        ({"Resource": None, "NotResource": ["arn:aws:s3:::data"]}, "NotResource"),
    ],
)
def test_broad_rights_are_rejected(type_token: str, changes: dict[str, Any], wrong: str) -> None:
    (complaint,) = complaints_of(LEAST_RIGHTS, Subject(type=type_token, props={"policy": _document(**changes)}))

    assert wrong in complaint


def test_rights_inside_a_role_are_judged_as_well() -> None:
    inline = [{"name": "grants", "policy": _document(Resource="*")}]

    assert len(complaints_of(LEAST_RIGHTS, Subject(type=ROLE, props={"inlinePolicies": inline}))) == 1


@pytest.mark.parametrize("arn", [*MANAGED_REASONS, "arn:aws:iam::123456789012:policy/ours", UNKNOWN])
def test_listed_policies_and_our_own_may_be_attached(arn: str) -> None:
    assert complaints_of(OWN_RIGHTS, Subject(type=ATTACHMENT, props={"policyArn": arn})) == []


@pytest.mark.parametrize(
    "subject",
    [
        Subject(type=ATTACHMENT, props={"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        Subject(type=ROLE, props={"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}),
    ],
)
def test_other_policies_of_aws_are_rejected(subject: Subject) -> None:
    (complaint,) = complaints_of(OWN_RIGHTS, subject)

    assert "AdministratorAccess" in complaint
    assert "MANAGED_REASONS" in complaint
