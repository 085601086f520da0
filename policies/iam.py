"""Rights are least: named actions on named resources."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import UNKNOWN, Statement, as_list, items, statements, value

_NETWORK_INTERFACES: Final = (
    "Lambda attaches a function to the VPC with the function's role, to interfaces that have no ARN before"
)

WILDCARD_REASONS: Final[Mapping[str, str]] = {
    "ec2:AssignPrivateIpAddresses": _NETWORK_INTERFACES,
    "ec2:CreateNetworkInterface": _NETWORK_INTERFACES,
    "ec2:DeleteNetworkInterface": _NETWORK_INTERFACES,
    "ec2:DescribeNetworkInterfaces": _NETWORK_INTERFACES,
    "ec2:DescribeSubnets": _NETWORK_INTERFACES,
    "ec2:UnassignPrivateIpAddresses": _NETWORK_INTERFACES,
    "ecr:GetAuthorizationToken": "a login to the registry is of the account, not of a repository",
    "logs:DescribeLogGroups": "AWS lists log groups as a whole or not at all",
}
"""Actions that may be granted on resource ``*``, each with the reason."""

_SERVICE_ROLES: Final = ":iam::aws:policy/service-role/"
MANAGED_REASONS: Final[Mapping[str, str]] = {
    f"arn:aws{_SERVICE_ROLES}AmazonECSTaskExecutionRolePolicy": "pulls images and writes logs before the task's own "
    "role exists; AWS keeps it in step with what Fargate needs",
    f"arn:aws{_SERVICE_ROLES}AWSLambdaVPCAccessExecutionRole": _NETWORK_INTERFACES,
}
"""Policies of AWS that may be attached, each with the reason; their wildcards are out of our hands."""

DOCUMENTS: Final = (
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/policy:Policy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
ROLE: Final = "aws:iam/role:Role"
ATTACHMENTS: Final = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
)


def broad_rights(args: ResourceValidationArgs) -> Complaints:
    for document in _documents(args):
        for statement in statements(document):
            yield from _too_much(statement)


def foreign_policies(args: ResourceValidationArgs) -> Complaints:
    """Only AWS's own: one of ours is judged where it is made."""
    for arn in _attached(args):
        if ":iam::aws:policy/" in arn and arn not in MANAGED_REASONS:
            yield (
                f"has {arn}, whose rights AWS may widen: grant the actions that are needed (components/aws/grants.py), "
                "or write the policy and the reason into MANAGED_REASONS of policies/iam.py"
            )


def _documents(args: ResourceValidationArgs) -> Iterator[Any]:
    if args.resource_type == ROLE:
        yield from (value(inline, "policy") for inline in items(args.props, "inlinePolicies"))
    else:
        yield value(args.props, "policy")


def _attached(args: ResourceValidationArgs) -> list[str]:
    found = value(args.props, "managedPolicyArns" if args.resource_type == ROLE else "policyArn")
    return [] if found is UNKNOWN else as_list(found)


def _too_much(statement: Statement) -> Complaints:
    if statement.get("Effect") != "Allow":
        return
    for inverted in ("NotAction", "NotResource"):
        if inverted in statement:
            yield f"allows everything but what {inverted} names: name what is needed instead"
    actions = as_list(statement.get("Action"))
    broad = [action for action in actions if "*" in action or "?" in action]
    if broad:
        yield f"allows {', '.join(broad)}, which grows with every action AWS adds: name each action"
    unexplained = sorted(set(actions) - WILDCARD_REASONS.keys())
    if "*" in as_list(statement.get("Resource")) and unexplained:
        yield (
            f"allows {', '.join(unexplained)} on every resource: name the ARNs, or write the action and the reason "
            "into WILDCARD_REASONS of policies/iam.py"
        )


LEAST_RIGHTS: Final = resource_policy(
    "least-rights",
    "No action has a wildcard; resource * is granted only for the actions on a written list.",
    broad_rights,
    types=(*DOCUMENTS, ROLE),
)
OWN_RIGHTS: Final = resource_policy(
    "no-managed-policies",
    "Policies of AWS are attached only from a written list.",
    foreign_policies,
    types=(*ATTACHMENTS, ROLE),
)
