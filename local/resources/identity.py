"""Roles and policies, secrets and parameters."""

from collections.abc import Mapping
from typing import Any, Final

from local.resources.creators import Creator, Order


def _role(order: Order) -> Mapping[str, Any]:
    role = order.client("iam").create_role(
        RoleName=order.name,
        AssumeRolePolicyDocument=order.need("assumeRolePolicy"),
        **order.given(Path="path", Description="description", MaxSessionDuration="maxSessionDuration"),
    )["Role"]
    return {"arn": role["Arn"], "uniqueId": role["RoleId"]}


def _policy(order: Order) -> Mapping[str, Any]:
    policy = order.client("iam").create_policy(
        PolicyName=order.name,
        PolicyDocument=order.need("policy"),
        **order.given(Path="path", Description="description"),
    )["Policy"]
    return {"arn": policy["Arn"], "policyId": policy["PolicyId"]}


def _role_policy(order: Order) -> Mapping[str, Any]:
    order.client("iam").put_role_policy(
        RoleName=order.need("role"), PolicyName=order.name, PolicyDocument=order.need("policy")
    )
    return {}


def _attachment(order: Order) -> Mapping[str, Any]:
    order.client("iam").attach_role_policy(RoleName=order.need("role"), PolicyArn=order.need("policyArn"))
    return {}


def _secret(order: Order) -> Mapping[str, Any]:
    answer = order.client("secretsmanager").create_secret(Name=order.name, **order.given(Description="description"))
    return {"arn": answer["ARN"]}


def _secret_version(order: Order) -> Mapping[str, Any]:
    answer = order.client("secretsmanager").put_secret_value(
        SecretId=order.need("secretId"), SecretString=order.need("secretString")
    )
    return {"versionId": answer["VersionId"]}


def _parameter(order: Order) -> Mapping[str, Any]:
    answer = order.client("ssm").put_parameter(
        Name=order.name,
        Value=order.need("value"),
        Type=order.need("type"),
        **order.given(Description="description", Tier="tier"),
    )
    return {"version": answer["Version"]}


CREATORS: Final[Mapping[str, Creator]] = {
    "aws:iam/role:Role": _role,
    "aws:iam/policy:Policy": _policy,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attachment,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:secretsmanager/secretVersion:SecretVersion": _secret_version,
    "aws:ssm/parameter:Parameter": _parameter,
}
