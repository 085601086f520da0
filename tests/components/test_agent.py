"""The search agent: reachable from the BFF alone, with the rights to ask the model and to read its key."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from components.application.agent import AGENT_PORT, AgentArgs
from components.application.placeholder import PYTHON, PYTHON_HEALTH_COMMAND
from components.aws.ecs_services import Hosting
from components.aws.ecs_tasks import Size
from local.recording import Recording
from tests.components.service_programs import (
    ACCOUNT,
    DIGEST,
    IMAGE,
    container,
    environment,
    granted,
    only,
    problems,
    record,
)

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
SERVICE = "aws:ecs/service:Service"

MODEL = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0"
KEY = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:anime-infra-dev-qdrant-read-abc"

PROGRAM = f"""
    agent = Agent(
        "agent",
        AgentArgs(
            service_name="anime-infra-dev-agent",
            hosting=hosting,
            image=IMAGE,
            size=size,
            vpc_id="vpc-main",
            security_group_id="sg-agent",
            balancer_security_group_id="sg-balancer",
            mongo_uri="mongodb+srv://cluster.example.org/?authMechanism=MONGODB-AWS",
            mongo_database="anime_service",
            qdrant_url="https://vectors.example.org:6333",
            qdrant_secret_arn="{KEY}",
            grants=[Grant(actions=("bedrock:InvokeModel",), resources=("{MODEL}",))],
            environment={{"EMBEDDER": "bedrock:amazon.titan-embed-text-v2:0"}},
        ),
        ours,
    )
    pulumi.export("url", agent.url)
    pulumi.export("role", agent.task_role_arn)
"""


def record_agent(root: Path, *, image: str | None = IMAGE) -> Recording:
    return record(root, PROGRAM.replace("IMAGE", repr(image)))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record_agent(tmp_path_factory.mktemp("agent"))


def test_rules_and_policies_are_kept(recording: Recording) -> None:
    assert problems(recording) == []


def test_the_balancer_stands_inside_and_lets_in_its_group_alone(recording: Recording) -> None:
    balancer = only(recording, BALANCER).inputs

    assert balancer["internal"] is True
    assert balancer["loadBalancerType"] == "application"
    assert balancer["subnets"] == ["subnet-a", "subnet-b"]
    assert balancer["securityGroups"] == ["sg-balancer"]


def test_requests_that_two_servers_could_read_differently_are_dropped(recording: Recording) -> None:
    balancer = only(recording, BALANCER).inputs

    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "strictest"


def test_the_balancer_can_be_destroyed_with_its_stack(tmp_path: Path) -> None:
    """It holds no state, and AWS would refuse to delete it for a guard that Pulumi does not take away."""
    assert not only(record_agent(tmp_path), BALANCER).inputs.get("enableDeletionProtection")


def test_only_healthy_tasks_are_asked(recording: Recording) -> None:
    targets = only(recording, TARGETS).inputs
    check = targets["healthCheck"]

    assert (targets["targetType"], targets["port"], targets["vpcId"]) == ("ip", AGENT_PORT, "vpc-main")
    assert (check["path"], check["matcher"], check["protocol"]) == ("/healthz", "200", "HTTP")
    assert check["timeout"] < check["interval"]


def test_the_listener_leads_to_the_tasks(recording: Recording) -> None:
    listener = only(recording, LISTENER).inputs

    assert (listener["port"], listener["protocol"]) == (AGENT_PORT, "HTTP")
    assert listener["loadBalancerArn"] == only(recording, BALANCER).outputs["arn"]
    assert listener["defaultActions"] == [
        {"type": "forward", "targetGroupArn": only(recording, TARGETS).outputs["arn"]}
    ]


def test_the_service_waits_for_the_listener_without_which_ecs_refuses_it(recording: Recording) -> None:
    service = only(recording, SERVICE)

    assert service.inputs["loadBalancers"][0]["targetGroupArn"] == only(recording, TARGETS).outputs["arn"]
    assert only(recording, LISTENER).urn in service.options.dependencies
    assert service.inputs["networkConfiguration"]["securityGroups"] == ["sg-agent"]


def test_the_bff_is_told_where_to_ask(recording: Recording) -> None:
    host = only(recording, BALANCER).outputs["dnsName"]

    assert recording.exports["url"] == f"http://{host}:{AGENT_PORT}"


def test_it_knows_its_stores_and_reads_its_key_from_the_secret(recording: Recording) -> None:
    assert environment(recording) == {
        "AWS_REGION": "eu-central-1",
        "EMBEDDER": "bedrock:amazon.titan-embed-text-v2:0",
        "MONGO_DATABASE": "anime_service",
        "MONGO_URI": "mongodb+srv://cluster.example.org/?authMechanism=MONGODB-AWS",
        "PORT": str(AGENT_PORT),
        "QDRANT_URL": "https://vectors.example.org:6333",
    }
    assert container(recording)["secrets"] == [{"name": "QDRANT_API_KEY", "valueFrom": KEY}]


def test_it_may_ask_the_given_model_and_only_ecs_may_read_the_key(recording: Recording) -> None:
    assert granted(recording, "anime-infra-dev-agent-task") == {"bedrock:InvokeModel": [MODEL]}
    assert granted(recording, "anime-infra-dev-agent-execution")["secretsmanager:GetSecretValue"] == [KEY]
    assert recording.exports["role"] == f"arn:aws:iam::{ACCOUNT}:role/anime-infra-dev-agent-task"


def test_an_image_of_ours_starts_by_itself_and_is_asked_by_python(recording: Recording) -> None:
    found = container(recording)

    assert found["image"] == IMAGE
    assert "command" not in found
    assert found["healthCheck"]["command"] == list(PYTHON_HEALTH_COMMAND)


def test_a_placeholder_runs_until_there_is_an_image(tmp_path: Path) -> None:
    recording = record_agent(tmp_path, image=None)

    assert container(recording)["image"] == PYTHON
    assert problems(recording) == []


NOTHING: Any = None

ARGS = AgentArgs(
    service_name="anime-infra-dev-agent",
    hosting=Hosting(
        cluster_arn="arn",
        cluster_name="c",
        spot=False,
        subnet_ids=["subnet-a"],
        region="eu-central-1",
        account=ACCOUNT,
        partition="aws",
        log_retention_days=14,
        alarm_topic_arn="arn",
    ),
    image=None,
    size=Size(cpu=256, memory_mib=512, min_tasks=1, max_tasks=2),
    vpc_id="vpc-1",
    security_group_id="sg-1",
    balancer_security_group_id="sg-2",
    mongo_uri="mongodb://host",
    mongo_database="d",
    qdrant_url="https://host",
    qdrant_secret_arn="arn",
    grants=(),
)


@pytest.mark.parametrize("name", ["a" * 33, "anime_agent", "anime-agent-", "internal-agent", "a"])
def test_a_name_that_no_balancer_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="choose a shorter name for the stack"):
        dataclasses.replace(ARGS, service_name=name)


def test_the_longest_name_is_taken() -> None:
    assert dataclasses.replace(ARGS, service_name="a" * 32)


def test_an_image_by_its_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="by digest"):
        dataclasses.replace(ARGS, image="agent:latest").container()
    assert dataclasses.replace(ARGS, image=f"agent@{DIGEST}").container()
