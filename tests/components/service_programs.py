"""Small programs of the services, recorded, and what is asked of them all."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

from local.program import record_program
from local.recording import RecordedResource, Recording
from policies.pack import ALL
from tests.components import rules
from tests.policies.judging import complaints_of_preview, complaints_of_recording

ACCOUNT = "123456789012"
DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"registry.example.org/server@{DIGEST}"
PRIVATE_IMAGE = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/anime/server@{DIGEST}"

PREAMBLE = """
import pulumi
import pulumi_aws as aws
from components.application.agent import Agent, AgentArgs
from components.application.bff import Bff, BffArgs, Throttle
from components.aws.ecs_cluster import ServiceCluster, ServiceClusterArgs
from components.aws.ecs_services import FargateService, FargateServiceArgs, Hosting
from components.aws.ecs_tasks import Container, Size
from components.aws.grants import Grant
from components.tags import Service, default_tags

provider = aws.Provider(
    "aws", region="eu-central-1", default_tags={"tags": default_tags(environment="dev")}
)
ours = pulumi.ResourceOptions(provider=provider)
spot = bool(pulumi.Config().get("spot"))
cluster = ServiceCluster(
    "services",
    ServiceClusterArgs(
        cluster_name="anime-infra-dev",
        domain="anime-infra-dev.internal",
        vpc_id="vpc-main",
        spot=spot,
        container_insights=bool(pulumi.Config().get("insights")),
    ),
    ours,
)
hosting = Hosting(
    cluster_arn=cluster.arn,
    cluster_name=cluster.cluster_name,
    spot=spot,
    subnet_ids=["subnet-a", "subnet-b"],
    region="eu-central-1",
    account="123456789012",
    partition="aws",
    log_retention_days=14,
    alarm_topic_arn="arn:aws:sns:eu-central-1:123456789012:anime-infra-dev-alarms",
)
size = Size(cpu=256, memory_mib=512, min_tasks=2, max_tasks=4)
cache_grant = Grant(
    actions=("elasticache:Connect",),
    resources=("arn:aws:elasticache:eu-central-1:123456789012:user:anime-infra-dev-bff",),
)
"""

GENERAL_RULES = (
    rules.the_one_provider_is_used,
    rules.everything_belongs_to_a_component,
    rules.components_register_their_outputs_once,
    rules.logical_names_hold_no_stage,
    rules.own_tags_are_a_service_of_ours,
    rules.rights_are_to_something,
)


def record(root: Path, source: str, **values: str) -> Recording:
    """What the program registers after the cluster of the preamble."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {anime-infra:awsRegion: eu-central-1}")
    (root / "__main__.py").write_text(PREAMBLE + dedent(source))
    return record_program(stack="dev", root=root, overrides=values)


def problems(recording: Recording) -> list[str]:
    """What the rules of the program and every policy say, in the preview and when it is applied."""
    return [
        *(problem for rule in GENERAL_RULES for problem in rule(recording)),
        *_names_without_the_stack(recording),
        *(problem for policy in ALL for problem in complaints_of_recording(policy, recording)),
        *(problem for policy in ALL for problem in complaints_of_preview(policy, recording)),
    ]


def _names_without_the_stack(recording: Recording) -> Iterator[str]:
    """The gateway wants its default stage called so."""
    return (each for each in rules.physical_names_hold_the_stack(recording) if not each.endswith("is called $default"))


def only(recording: Recording, type_token: str) -> RecordedResource:
    (found,) = recording.of_type(type_token)
    return found


def container(recording: Recording) -> dict[str, Any]:
    """The one container of the one task."""
    definitions = json.loads(only(recording, "aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"])
    (found,) = definitions
    assert isinstance(found, dict)
    return found


def environment(recording: Recording) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(recording)["environment"]}


def granted(recording: Recording, role: str) -> dict[str, list[str]]:
    """Resources by action, of a role by its physical name."""
    return {
        action: statement["Resource"]
        for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy")
        if policy.inputs["role"] == role
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for action in statement["Action"]
    }
