"""The GraphQL server: what the gateway lets through and to whom, what it writes down, and what the tasks get."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.application.bff import ACCESS_LOG, BFF_PORT, HEALTH_COMMAND, BffArgs, Throttle
from components.application.placeholder import PYTHON
from components.aws.ecs_services import Hosting
from components.aws.ecs_tasks import Size
from local.recording import Recording
from policies.caching import CACHING_DISABLED, DISTRIBUTION, NO_CACHED_ANSWERS
from tests.components.service_programs import (
    ACCOUNT,
    IMAGE,
    container,
    environment,
    granted,
    only,
    problems,
    record,
)
from tests.policies.judging import Subject, complaints_of

API = "aws:apigatewayv2/api:Api"
STAGE = "aws:apigatewayv2/stage:Stage"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
ROUTE = "aws:apigatewayv2/route:Route"
LINK = "aws:apigatewayv2/vpcLink:VpcLink"
REGISTRY = "aws:servicediscovery/service:Service"
SERVICE = "aws:ecs/service:Service"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"

PROGRAM = """
    bff = Bff(
        "bff",
        BffArgs(
            service_name="anime-infra-dev-bff",
            hosting=hosting,
            image=IMAGE,
            size=size,
            namespace_id=cluster.namespace_id,
            security_group_id="sg-bff",
            link_security_group_id="sg-link",
            mongo_uri="mongodb+srv://cluster.example.org/?authMechanism=MONGODB-AWS",
            mongo_database="anime_service",
            agent_url="http://agent.example.internal:8000",
            grants=[cache_grant],
            throttle=Throttle(per_second=50, burst=100),
            cache={"REDIS_URL": "rediss://cache.example.org:6379"},
            origins=ORIGINS,
            environment={"LOG_LEVEL": "INFO"},
        ),
        ours,
    )
    pulumi.export("url", bff.url)
    pulumi.export("role", bff.task_role_arn)
"""


def record_bff(root: Path, *, image: str | None = IMAGE, origins: tuple[str, ...] = ()) -> Recording:
    return record(root, PROGRAM.replace("IMAGE", repr(image)).replace("ORIGINS", repr(origins)))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record_bff(tmp_path_factory.mktemp("bff"))


def test_rules_and_policies_are_kept(recording: Recording) -> None:
    assert problems(recording) == []


class TestGateway:
    def test_two_routes_lead_to_the_server_and_nothing_else_does(self, recording: Recording) -> None:
        routes = recording.of_type(ROUTE)

        assert {route.inputs["routeKey"] for route in routes} == {"POST /graphql", "GET /healthz"}
        assert {route.inputs["target"] for route in routes} == {f"integrations/{only(recording, INTEGRATION).id}"}

    def test_it_reaches_the_tasks_through_the_link_by_cloud_map(self, recording: Recording) -> None:
        integration = only(recording, INTEGRATION).inputs

        assert (integration["integrationType"], integration["integrationMethod"]) == ("HTTP_PROXY", "ANY")
        assert (integration["connectionType"], integration["connectionId"]) == ("VPC_LINK", only(recording, LINK).id)
        assert integration["integrationUri"] == only(recording, REGISTRY).outputs["arn"]
        assert integration["timeoutMilliseconds"] <= 30_000

    def test_the_link_stands_in_the_private_subnets(self, recording: Recording) -> None:
        link = only(recording, LINK).inputs

        assert (link["subnetIds"], link["securityGroupIds"]) == (["subnet-a", "subnet-b"], ["sg-link"])

    def test_the_servers_log_can_be_joined_by_the_gateways_own_id(self, recording: Recording) -> None:
        assert only(recording, INTEGRATION).inputs["requestParameters"] == {
            "overwrite:header.x-request-id": "$context.requestId"
        }

    def test_its_own_address_is_open_and_speaks_http_apis_tls(self, recording: Recording) -> None:
        api = only(recording, API)

        assert api.inputs["protocolType"] == "HTTP"
        assert api.inputs["disableExecuteApiEndpoint"] is False
        assert recording.exports["url"] == api.outputs["apiEndpoint"]
        assert recording.exports["url"].startswith("https://")

    def test_a_flood_is_held_off(self, recording: Recording) -> None:
        stage = only(recording, STAGE).inputs

        assert (stage["name"], stage["autoDeploy"]) == ("$default", True)
        assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 50
        assert stage["defaultRouteSettings"]["throttlingBurstLimit"] == 100

    def test_the_access_log_ends_and_tells_nothing_of_anybody(self, recording: Recording) -> None:
        settings = only(recording, STAGE).inputs["accessLogSettings"]
        group = recording.named("bff-access", "aws:cloudwatch/logGroup:LogGroup")
        told = set(re.findall(r"\$context\.([\w.]+)", settings["format"]))

        assert settings["destinationArn"] == group.outputs["arn"]
        assert group.inputs["retentionInDays"] == 14
        assert settings["format"] == ACCESS_LOG
        assert json.loads(ACCESS_LOG)["requestId"] == "$context.requestId"
        assert {"requestId", "routeKey", "status", "responseLatency", "integrationLatency"} <= told
        # What the caller sent, and who that is.
        assert not [each for each in told if re.search(r"identity|path|domain|header|query|authorizer|Agent", each)]

    def test_no_page_may_call_it_from_a_browser_unless_named(self, recording: Recording) -> None:
        assert "corsConfiguration" not in only(recording, API).inputs

    def test_named_pages_may_post_and_send_no_cookie(self, tmp_path: Path) -> None:
        cors = only(record_bff(tmp_path, origins=("https://www.example.org",)), API).inputs["corsConfiguration"]

        assert cors["allowOrigins"] == ["https://www.example.org"]
        assert cors["allowMethods"] == ["POST"]
        assert set(cors["allowHeaders"]) == {"authorization", "content-type"}
        assert "allowCredentials" not in cors

    def test_errors_ring(self, recording: Recording) -> None:
        alarm = recording.named("bff-errors", ALARM).inputs

        assert (alarm["namespace"], alarm["metricName"]) == ("AWS/ApiGateway", "5xx")
        assert alarm["dimensions"] == {"ApiId": only(recording, API).id}
        assert alarm["alarmActions"] == [f"arn:aws:sns:eu-central-1:{ACCOUNT}:anime-infra-dev-alarms"]

    @pytest.mark.parametrize(("policy", "said"), [(CACHING_DISABLED, 0), ("any-other", 1)])
    def test_a_cdn_before_it_may_keep_nothing(self, recording: Recording, policy: str, said: int) -> None:
        host = recording.exports["url"].removeprefix("https://")
        distribution = Subject(
            type=DISTRIBUTION,
            props={
                "origins": [{"originId": "api", "domainName": host}],
                "defaultCacheBehavior": {"targetOriginId": "api", "cachePolicyId": policy},
            },
        )

        assert len(complaints_of(NO_CACHED_ANSWERS, distribution)) == said


class TestServer:
    def test_cloud_map_lists_address_and_port_of_healthy_tasks(self, recording: Recording) -> None:
        registry = only(recording, REGISTRY).inputs
        namespace = only(recording, "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace")

        assert registry["dnsConfig"]["namespaceId"] == namespace.id
        (dns_record,) = registry["dnsConfig"]["dnsRecords"]
        assert dns_record["type"] == "SRV"
        assert dns_record["ttl"] <= 60
        # An empty object would be dropped, and then tasks that are not healthy stay listed.
        assert registry["healthCheckCustomConfig"] == {"failureThreshold": 1}

    def test_entries_of_ended_tasks_do_not_keep_it_from_being_deleted(self, recording: Recording) -> None:
        assert only(recording, REGISTRY).inputs["forceDestroy"] is True

    def test_its_tasks_are_the_ones_in_cloud_map(self, recording: Recording) -> None:
        service = only(recording, SERVICE).inputs

        assert service["serviceRegistries"]["registryArn"] == only(recording, REGISTRY).outputs["arn"]
        assert service["serviceRegistries"]["containerPort"] == BFF_PORT
        assert service["networkConfiguration"]["securityGroups"] == ["sg-bff"]

    def test_it_knows_its_stores_and_the_agent(self, recording: Recording) -> None:
        assert environment(recording) == {
            "AGENT_URL": "http://agent.example.internal:8000",
            "AWS_REGION": "eu-central-1",
            "LOG_LEVEL": "INFO",
            "MONGO_DATABASE": "anime_service",
            "MONGO_URI": "mongodb+srv://cluster.example.org/?authMechanism=MONGODB-AWS",
            "PORT": str(BFF_PORT),
            "REDIS_URL": "rediss://cache.example.org:6379",
        }
        assert container(recording)["secrets"] == []

    def test_it_may_sign_in_to_the_cache_and_nothing_more(self, recording: Recording) -> None:
        assert list(granted(recording, "anime-infra-dev-bff-task")) == ["elasticache:Connect"]
        assert recording.exports["role"] == f"arn:aws:iam::{ACCOUNT}:role/anime-infra-dev-bff-task"

    def test_an_image_of_ours_starts_by_itself_and_is_asked_by_bun(self, recording: Recording) -> None:
        found = container(recording)

        assert found["image"] == IMAGE
        assert "command" not in found
        assert found["healthCheck"]["command"] == list(HEALTH_COMMAND)

    def test_a_placeholder_runs_until_there_is_an_image(self, tmp_path: Path) -> None:
        recording = record_bff(tmp_path, image=None)

        assert container(recording)["image"] == PYTHON
        assert problems(recording) == []


THROTTLE = Throttle(per_second=50, burst=100)
ARGS = BffArgs(
    service_name="anime-infra-dev-bff",
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
    namespace_id="ns-1",
    security_group_id="sg-1",
    link_security_group_id="sg-2",
    mongo_uri="mongodb://host",
    mongo_database="d",
    agent_url="http://host",
    grants=(),
    throttle=THROTTLE,
)


@pytest.mark.parametrize(
    ("good", "changes", "message"),
    [
        (ARGS, {"origins": ["*"]}, "in a user's name"),
        (ARGS, {"origins": ["http://www.example.org"]}, "in a user's name"),
        (ARGS, {"origins": ["https://www.example.org", "https://www.example.org/app"]}, "without a path"),
        (THROTTLE, {"per_second": 0}, "refuse everybody"),
        (THROTTLE, {"burst": 49}, "not below the rate"),
        (THROTTLE, {"burst": 20_001}, "reach the database"),
        (THROTTLE, {"per_second": 10_001, "burst": 20_000}, "reach the database"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_arguments_are_refused(good: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("good", "changes"),
    [
        (ARGS, {"origins": ["https://www.example.org", "https://www.example.org:8443"]}),
        (THROTTLE, {"per_second": 1, "burst": 1}),
        (THROTTLE, {"per_second": 10_000, "burst": 20_000}),
    ],
    ids=lambda part: str(part)[:40],
)
def test_arguments_are_taken(good: Any, changes: dict[str, Any]) -> None:
    assert dataclasses.replace(good, **changes)


def test_an_image_by_its_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="by digest"):
        dataclasses.replace(ARGS, image="bff:latest").container()
