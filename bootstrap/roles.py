"""The three roles as data, and the component that one of them is made by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from bootstrap.documents import Denial
from bootstrap.names import ISSUER, PREFIX
from components.tags import Service, service_tags

_HOUR: Final = 3600


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """``environments`` are those of the workflow's jobs that may act in the role."""

    environments: tuple[str, ...]
    description: str
    writes: bool = False
    session_seconds: int = _HOUR


PURPOSES: Final[Mapping[str, Purpose]] = {
    "deploy": Purpose(
        environments=("staging", "production"),
        description="The workflow applies the stacks dev and prod",
        writes=True,
        session_seconds=2 * _HOUR,
    ),
    "preview": Purpose(environments=("preview",), description="The workflow previews a pull request"),
    "drift": Purpose(environments=("drift",), description="The workflow compares the stacks with the cloud"),
}

DENIALS: Final = (
    Denial(
        reason="WhatLetsItInIsNotItsOwnToChange",
        actions=("iam:*",),
        places=(
            f"arn:{{partition}}:iam::{{account}}:role/{PREFIX}-*",
            f"arn:{{partition}}:iam::{{account}}:policy/{PREFIX}-*",
            f"arn:{{partition}}:iam::{{account}}:oidc-provider/{ISSUER}",
        ),
    ),
    Denial(
        reason="NobodyElseIsMadeOrBecome",
        actions=(
            "iam:AddUserToGroup",
            "iam:AttachGroupPolicy",
            "iam:AttachUserPolicy",
            "iam:CreateAccessKey",
            "iam:CreateLoginProfile",
            "iam:CreateOpenIDConnectProvider",
            "iam:CreatePolicyVersion",
            "iam:CreateSAMLProvider",
            "iam:CreateUser",
            "iam:DeleteRolePermissionsBoundary",
            "iam:PutUserPolicy",
            "iam:SetDefaultPolicyVersion",
            "iam:UpdateLoginProfile",
            "sts:AssumeRole",
        ),
        places=("*",),
    ),
)
"""Of the role that writes. None of it is allowed anyway; it stays so when somebody attaches a broader policy."""


@dataclass(frozen=True, kw_only=True)
class CiRoleArgs:
    """``inline`` and ``managed`` are policies by their name; AWS lets managed ones be longer together."""

    role_name: str
    purpose: Purpose
    trust: pulumi.Input[str]
    inline: Mapping[str, pulumi.Input[str]]
    managed: Mapping[str, pulumi.Input[str]]


class CiRole(pulumi.ComponentResource):
    def __init__(self, name: str, args: CiRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:bootstrap:CiRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(Service.OPERATIONS)
        role = aws.iam.Role(
            f"{name}-role",
            name=args.role_name,
            description=args.purpose.description,
            assume_role_policy=args.trust,
            max_session_duration=args.purpose.session_seconds,
            tags=tags,
            opts=child,
        )
        for kind, document in args.inline.items():
            aws.iam.RolePolicy(f"{name}-{kind}", name=kind, role=role.name, policy=document, opts=child)
        for kind, document in args.managed.items():
            policy = aws.iam.Policy(
                f"{name}-{kind}", name=f"{args.role_name}-{kind}", policy=document, tags=tags, opts=child
            )
            aws.iam.RolePolicyAttachment(f"{name}-{kind}-attached", role=role.name, policy_arn=policy.arn, opts=child)
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})
