"""One function: its role with just the rights it was granted, its logs with an end, and where its failures go."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.grants import Grant, policy_document, trust_document
from components.tags import Service, service_tags

RUNTIME: Final = "python3.13"
ARCHITECTURE: Final = "arm64"
ASYNC_RETRIES: Final = 2

_NAME = re.compile(r"^[a-zA-Z0-9-]{1,64}$")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*$")
_RESERVED = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
_MEMORY_MIB = range(128, 10240 + 1)
_TIMEOUT_SECONDS = range(1, 900 + 1)
_MOST_LAYERS = 5


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where in the VPC a function stands."""

    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """``failure_queue_arn`` is given for a function that is invoked asynchronously; only such a one needs it.

    A secret in ``environment`` is marked as such by whoever puts it there. ``code_sha256`` is in base64, as Lambda
    tells it. ``concurrency`` sets so many executions aside, and allows no more. ``placement`` None is outside a VPC.
    """

    function_name: str
    description: str
    handler: str
    code: pulumi.Archive
    code_sha256: str
    layer_arns: Sequence[pulumi.Input[str]]
    memory_mib: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]]
    grants: Sequence[Grant]
    log_retention_days: int
    service: Service
    failure_queue_arn: pulumi.Input[str] | None = None
    placement: Placement | None = None
    concurrency: int | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.function_name):
            raise ValueError(f"{self.function_name!r} is no name for a function: use up to 64 letters, digits and -")
        if self.memory_mib not in _MEMORY_MIB:
            raise ValueError(f"{self.function_name}: {self.memory_mib} MiB would be refused; choose 128 to 10240")
        if self.timeout_seconds not in _TIMEOUT_SECONDS:
            raise ValueError(f"{self.function_name}: a function lives 1 to 900 s; split the work or choose less")
        if len(self.layer_arns) > _MOST_LAYERS:
            raise ValueError(f"{self.function_name}: a function has at most {_MOST_LAYERS} layers; join some")
        for variable in self.environment:
            if not _VARIABLE.fullmatch(variable) or variable in _RESERVED:
                raise ValueError(f"{self.function_name}: variable {variable} is reserved or malformed; rename it")


class Function(pulumi.ComponentResource):
    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Function", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(args.service)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{args.function_name}",
            retention_in_days=args.log_retention_days,
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=args.function_name,
            assume_role_policy=trust_document("lambda.amazonaws.com"),
            tags=tags,
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            name="grants",
            role=role.name,
            policy=policy_document([*args.grants, *_own_grants(logs.arn, args)]),
            opts=child,
        )
        function = aws.lambda_.Function(
            f"{name}-function",
            name=args.function_name,
            description=args.description,
            role=role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=args.code,
            source_code_hash=args.code_sha256,
            layers=list(args.layer_arns),
            memory_size=args.memory_mib,
            timeout=args.timeout_seconds,
            environment={"variables": dict(args.environment)},
            logging_config={"log_format": "Text", "log_group": logs.name},
            vpc_config=_vpc_config(args.placement),
            reserved_concurrent_executions=args.concurrency,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        if args.failure_queue_arn is not None:
            aws.lambda_.FunctionEventInvokeConfig(
                f"{name}-async",
                function_name=function.name,
                maximum_retry_attempts=ASYNC_RETRIES,
                destination_config={"on_failure": {"destination": args.failure_queue_arn}},
                opts=child,
            )
        self.function_name = function.name
        self.arn = function.arn
        self.role_arn = role.arn
        self.register_outputs({"function_name": self.function_name, "arn": self.arn, "role_arn": self.role_arn})


def _vpc_config(placement: Placement | None) -> "aws.lambda_.FunctionVpcConfigArgsDict | None":
    if placement is None:
        return None
    return {"subnet_ids": list(placement.subnet_ids), "security_group_ids": list(placement.security_group_ids)}


def _own_grants(log_group_arn: pulumi.Output[str], args: FunctionArgs) -> list[Grant]:
    """What every function needs, whatever it does."""
    logs = Grant(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(pulumi.Output.concat(log_group_arn, ":*"),),
    )
    failures = (
        [Grant(actions=("sqs:SendMessage",), resources=(args.failure_queue_arn,))] if args.failure_queue_arn else []
    )
    return [logs, *failures, *([_ATTACHES] if args.placement else [])]


_ATTACHES: Final = Grant(
    actions=(
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ),
    resources=("*",),
    condition={"Null": {"lambda:SourceFunctionArn": "true"}},
)
"""Lambda attaches a function to the VPC with the function's role. The code itself may not: calls that it makes bear the
function's ARN (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
"""
