"""Rights as data: what may be done (actions) to what (ARNs), and the documents made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

_NETWORK_INTERFACES: Final = "Lambda attaches a function to the VPC by interfaces that have no ARN before"

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

Condition = Mapping[str, Mapping[str, pulumi.Input[str]]]


@dataclass(frozen=True, kw_only=True)
class Grant:
    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    condition: Condition | None = None

    def __post_init__(self) -> None:
        if not self.actions or not self.resources:
            raise ValueError("a grant without actions or resources allows nothing: leave it out")
        for action in self.actions:
            if "*" in action or ":" not in action:
                raise ValueError(f"{action} would allow more than one thing: name each action as service:Action")

    def statement(self) -> dict[str, Any]:
        """Holds outputs where the resources do."""
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            statement["Condition"] = {operator: dict(keys) for operator, keys in self.condition.items()}
        return statement


def policy_document(grants: Sequence[Grant]) -> pulumi.Output[str]:
    """An identity's policy."""
    return pulumi.Output.from_input([grant.statement() for grant in grants]).apply(_document)


def _document(statements: Sequence[dict[str, Any]]) -> str:
    """Raises:
    ValueError: an action is allowed on everything without a written reason.
    """
    for statement in statements:
        for resource in statement["Resource"]:
            unexplained = set(statement["Action"]) - WILDCARD_REASONS.keys() if resource == "*" else set()
            if unexplained:
                raise ValueError(f"{sorted(unexplained)} on every resource: name the ARNs, or write down the reason")
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust_document(service: str, *, account: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """Lets the AWS service act in a role.

    With ``account`` for resources of this account alone, against the confused deputy; state machines and schedules say
    whom they act for, functions do not.
    """
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
