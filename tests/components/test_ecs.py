"""The cluster and one service on Fargate: what runs, with which rights, how it is watched and what is refused."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from components.aws.ecs_cluster import ServiceClusterArgs
from components.aws.ecs_services import FargateServiceArgs, Hosting
from components.aws.ecs_tasks import SCRATCH_MIB, USER, Container, Size
from components.aws.grants import Grant
from components.tags import Service
from local.recording import Recording
from tests.components.service_programs import (
    ACCOUNT,
    DIGEST,
    IMAGE,
    PRIVATE_IMAGE,
    container,
    environment,
    granted,
    only,
    problems,
    record,
)

CLUSTER = "aws:ecs/cluster:Cluster"
CAPACITY = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ROLE = "aws:iam/role:Role"

SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:anime-infra-dev-key-abc"

PROGRAM = """
    service = FargateService(
        "server",
        FargateServiceArgs(
            service_name="anime-infra-dev-server",
            service=Service.BFF,
            hosting=hosting,
            container=Container(image="{image}", command=("serve",), health_command=("CMD", "check")),
            size=size,
            port=8080,
            environment={{"MONGO_DATABASE": "anime_service"}},
            secrets={{"API_KEY": "{secret}"}},
            grants=[{grants}],
            security_group_ids=["sg-server"],
            {entrance}="{entrance_arn}",
        ),
        ours,
    )
    pulumi.export("role", service.task_role_arn)
    pulumi.export("name", service.service_name)
    pulumi.export("log", service.log_group)
"""
REGISTRY = f"arn:aws:servicediscovery:eu-central-1:{ACCOUNT}:service/srv-1"
TARGETS = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/server/1"


def record_service(
    root: Path,
    *,
    image: str = IMAGE,
    grants: str = "cache_grant",
    entrance: str = "registry_arn",
    entrance_arn: str = REGISTRY,
    **values: str,
) -> Recording:
    source = PROGRAM.format(image=image, secret=SECRET, grants=grants, entrance=entrance, entrance_arn=entrance_arn)
    return record(root, source, **values)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record_service(tmp_path_factory.mktemp("service"))


def test_rules_and_policies_are_kept(recording: Recording) -> None:
    assert problems(recording) == []


class TestCluster:
    def test_nobody_gets_a_shell_and_figures_of_containers_are_not_paid_for(self, recording: Recording) -> None:
        cluster = only(recording, CLUSTER)

        assert cluster.inputs["configuration"] == {"executeCommandConfiguration": {"logging": "NONE"}}
        assert cluster.inputs["settings"] == [{"name": "containerInsights", "value": "disabled"}]

    def test_tasks_run_on_capacity_of_their_own(self, recording: Recording) -> None:
        capacity = only(recording, CAPACITY)

        assert capacity.inputs["capacityProviders"] == ["FARGATE"]
        assert capacity.inputs["defaultCapacityProviderStrategies"] == [{"capacityProvider": "FARGATE", "weight": 1}]

    def test_flags_turn_on_spot_and_insights(self, tmp_path: Path) -> None:
        recording = record_service(tmp_path, spot="yes", insights="yes")
        spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]

        assert only(recording, CAPACITY).inputs["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
        assert only(recording, CAPACITY).inputs["defaultCapacityProviderStrategies"] == spot
        assert only(recording, SERVICE).inputs["capacityProviderStrategies"] == spot
        assert only(recording, CLUSTER).inputs["settings"][0]["value"] == "enabled"

    def test_services_find_each_other_by_names_that_only_the_vpc_knows(self, recording: Recording) -> None:
        namespace = only(recording, "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace")

        assert (namespace.inputs["name"], namespace.inputs["vpc"]) == ("anime-infra-dev.internal", "vpc-main")

    def test_tasks_are_placed_only_once_the_cluster_has_capacity(self, recording: Recording) -> None:
        assert only(recording, CAPACITY).urn in only(recording, SERVICE).options.dependencies


class TestTask:
    def test_it_is_an_arm_task_of_the_chosen_size(self, recording: Recording) -> None:
        task = only(recording, TASK).inputs

        assert task["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
        assert (task["cpu"], task["memory"]) == ("256", "512")
        assert (task["networkMode"], task["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])

    def test_the_revision_before_is_kept_for_a_roll_back(self, recording: Recording) -> None:
        assert only(recording, TASK).inputs["skipDestroy"] is True

    def test_the_image_is_the_one_of_the_digest(self, recording: Recording) -> None:
        assert container(recording)["image"] == IMAGE
        assert container(recording)["command"] == ["serve"]

    def test_it_runs_as_nobody_without_any_capability(self, recording: Recording) -> None:
        found = container(recording)

        assert found["user"] == USER
        assert not USER.startswith(("0", "root"))
        assert found["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert found["linuxParameters"]["initProcessEnabled"] is True
        assert "privileged" not in found

    def test_nothing_but_a_scratch_in_memory_can_be_written_and_nothing_there_be_run(
        self, recording: Recording
    ) -> None:
        found = container(recording)
        (scratch,) = found["linuxParameters"]["tmpfs"]

        assert found["readonlyRootFilesystem"] is True
        assert (scratch["containerPath"], scratch["size"]) == ("/tmp", SCRATCH_MIB)  # noqa: S108 (of the container)
        assert {"noexec", "nosuid", "nodev"} <= set(scratch["mountOptions"])
        assert "mountPoints" not in found

    def test_its_health_is_asked_inside_the_container(self, recording: Recording) -> None:
        health = container(recording)["healthCheck"]

        assert health["command"] == ["CMD", "check"]
        assert health["timeout"] < health["interval"]
        assert health["startPeriod"] > 0

    def test_it_listens_on_one_port_and_is_told_which(self, recording: Recording) -> None:
        assert container(recording)["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
        assert environment(recording) == {
            "AWS_REGION": "eu-central-1",
            "MONGO_DATABASE": "anime_service",
            "PORT": "8080",
        }

    def test_a_secret_is_named_and_never_held(self, recording: Recording) -> None:
        assert container(recording)["secrets"] == [{"name": "API_KEY", "valueFrom": SECRET}]

    def test_it_logs_to_a_group_that_ends_and_waits_for_no_log(self, recording: Recording) -> None:
        group = only(recording, "aws:cloudwatch/logGroup:LogGroup")
        logging = container(recording)["logConfiguration"]

        assert group.inputs["retentionInDays"] == 14
        assert logging["logDriver"] == "awslogs"
        assert logging["options"]["awslogs-group"] == group.inputs["name"]
        assert logging["options"]["awslogs-region"] == "eu-central-1"
        assert logging["options"]["mode"] == "non-blocking"

    def test_an_environment_with_a_secret_in_it_is_marked(self, tmp_path: Path, recording: Recording) -> None:
        source = PROGRAM.replace('"anime_service"', 'pulumi.Output.secret("mongodb://host")')
        hidden = record(
            tmp_path,
            source.format(image=IMAGE, secret=SECRET, grants="", entrance="registry_arn", entrance_arn=REGISTRY),
        )

        assert "containerDefinitions" in only(hidden, TASK).secret_inputs
        assert "containerDefinitions" not in only(recording, TASK).secret_inputs


class TestRights:
    def test_a_task_may_do_what_it_was_granted(self, recording: Recording) -> None:
        assert granted(recording, "anime-infra-dev-server-task") == {
            "elasticache:Connect": [f"arn:aws:elasticache:eu-central-1:{ACCOUNT}:user:anime-infra-dev-bff"]
        }

    def test_ecs_itself_may_write_its_log_and_read_its_secrets(self, recording: Recording) -> None:
        log = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:anime-infra-dev-server:*"

        assert granted(recording, "anime-infra-dev-server-execution") == {
            "logs:CreateLogStream": [log],
            "logs:PutLogEvents": [log],
            "secretsmanager:GetSecretValue": [SECRET],
        }

    def test_a_private_image_may_be_pulled_and_no_other(self, tmp_path: Path) -> None:
        recording = record_service(tmp_path, image=PRIVATE_IMAGE)
        rights = granted(recording, "anime-infra-dev-server-execution")
        repository = f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/anime/server"

        assert rights["ecr:GetAuthorizationToken"] == ["*"]
        assert rights["ecr:BatchGetImage"] == [repository]
        assert rights["ecr:GetDownloadUrlForLayer"] == [repository]
        assert problems(recording) == []

    def test_a_task_without_grants_has_no_policy_that_iam_would_refuse(self, tmp_path: Path) -> None:
        recording = record_service(tmp_path, grants="")

        assert [p.name for p in recording.of_type("aws:iam/rolePolicy:RolePolicy")] == ["server-execution-policy"]

    def test_task_and_ecs_have_roles_of_their_own(self, recording: Recording) -> None:
        task = only(recording, TASK).inputs
        trusts = {role.outputs["arn"]: json.loads(role.inputs["assumeRolePolicy"]) for role in recording.of_type(ROLE)}

        assert {task["taskRoleArn"], task["executionRoleArn"]} == set(trusts)
        assert recording.exports["role"] == task["taskRoleArn"]
        for trust in trusts.values():
            assert trust["Statement"][0]["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        condition = trusts[task["taskRoleArn"]]["Statement"][0]["Condition"]
        assert condition == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}

    def test_a_task_starts_only_with_all_its_rights(self, recording: Recording) -> None:
        policies = {policy.urn for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy")}

        assert policies <= set(only(recording, SERVICE).options.dependencies)


class TestService:
    def test_its_tasks_have_private_addresses_alone(self, recording: Recording) -> None:
        assert only(recording, SERVICE).inputs["networkConfiguration"] == {
            "subnets": ["subnet-a", "subnet-b"],
            "securityGroups": ["sg-server"],
            "assignPublicIp": False,
        }

    def test_a_roll_out_never_has_fewer_tasks_and_goes_back_by_itself(self, recording: Recording) -> None:
        service = only(recording, SERVICE).inputs

        assert service["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert (service["deploymentMinimumHealthyPercent"], service["deploymentMaximumPercent"]) == (100, 200)
        assert service["waitForSteadyState"] is False

    def test_nobody_gets_into_a_task(self, recording: Recording) -> None:
        assert only(recording, SERVICE).inputs["enableExecuteCommand"] is False

    def test_tasks_are_spread_over_the_zones_and_tagged(self, recording: Recording) -> None:
        service = only(recording, SERVICE).inputs

        assert service["availabilityZoneRebalancing"] == "ENABLED"
        assert (service["propagateTags"], service["enableEcsManagedTags"]) == ("SERVICE", True)
        assert service["platformVersion"] == "1.4.0"
        assert "launchType" not in service

    def test_cloud_map_knows_address_and_port(self, recording: Recording) -> None:
        service = only(recording, SERVICE).inputs

        assert service["serviceRegistries"] == {
            "registryArn": REGISTRY,
            "containerName": container(recording)["name"],
            "containerPort": 8080,
        }
        assert "healthCheckGracePeriodSeconds" not in service

    def test_behind_a_load_balancer_a_new_task_is_given_time(self, tmp_path: Path) -> None:
        recording = record_service(tmp_path, entrance="target_group_arn", entrance_arn=TARGETS)
        service = only(recording, SERVICE).inputs

        assert service["loadBalancers"] == [
            {"targetGroupArn": TARGETS, "containerName": container(recording)["name"], "containerPort": 8080}
        ]
        assert service["healthCheckGracePeriodSeconds"] > 0
        assert "serviceRegistries" not in service

    def test_the_load_decides_how_many_tasks_there_are(self, recording: Recording) -> None:
        service = only(recording, SERVICE)
        target = only(recording, "aws:appautoscaling/target:Target")

        assert service.inputs["desiredCount"] == 2
        assert service.options.ignore_changes == ("desiredCount",)
        assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (2, 4)
        assert target.inputs["resourceId"] == "service/anime-infra-dev/anime-infra-dev-server"
        assert service.urn in target.options.dependencies

    def test_tasks_are_added_for_processor_and_for_memory(self, recording: Recording) -> None:
        target = only(recording, "aws:appautoscaling/target:Target")
        policies = recording.of_type("aws:appautoscaling/policy:Policy")
        metrics = {
            policy.inputs["targetTrackingScalingPolicyConfiguration"]["predefinedMetricSpecification"][
                "predefinedMetricType"
            ]: policy.inputs["targetTrackingScalingPolicyConfiguration"]["targetValue"]
            for policy in policies
        }

        assert set(metrics) == {"ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"}
        assert all(50 <= percent <= 80 for percent in metrics.values())
        assert {policy.inputs["resourceId"] for policy in policies} == {target.inputs["resourceId"]}

    def test_too_few_tasks_ring_and_so_does_none_at_all(self, recording: Recording) -> None:
        alarm = only(recording, "aws:cloudwatch/metricAlarm:MetricAlarm").inputs

        assert alarm["dimensions"] == {"ClusterName": "anime-infra-dev", "ServiceName": "anime-infra-dev-server"}
        assert (alarm["namespace"], alarm["metricName"]) == ("AWS/ECS", "CPUUtilization")
        # A task reports once a minute, so only over a minute is the number of reports that of tasks.
        assert (alarm["statistic"], alarm["period"]) == ("SampleCount", 60)
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 2)
        assert alarm["treatMissingData"] == "breaching"
        assert (
            alarm["alarmActions"]
            == alarm["okActions"]
            == [f"arn:aws:sns:eu-central-1:{ACCOUNT}:anime-infra-dev-alarms"]
        )

    def test_others_learn_role_name_and_log(self, recording: Recording) -> None:
        assert recording.exports == {
            "role": f"arn:aws:iam::{ACCOUNT}:role/anime-infra-dev-server-task",
            "name": "anime-infra-dev-server",
            "log": "anime-infra-dev-server",
        }


HOSTING = Hosting(
    cluster_arn="arn",
    cluster_name="anime-infra-dev",
    spot=False,
    subnet_ids=["subnet-a"],
    region="eu-central-1",
    account=ACCOUNT,
    partition="aws",
    log_retention_days=14,
    alarm_topic_arn="arn",
)
RUNS = Container(image=IMAGE, health_command=("CMD", "check"))
SIZE = Size(cpu=512, memory_mib=1024, min_tasks=1, max_tasks=2)
ARGS = FargateServiceArgs(
    service_name="anime-infra-dev-server",
    service=Service.BFF,
    hosting=HOSTING,
    container=RUNS,
    size=SIZE,
    port=8080,
    environment={"LOG_LEVEL": "INFO"},
    grants=[Grant(actions=("s3:GetObject",), resources=("arn",))],
    security_group_ids=["sg-1"],
    registry_arn="arn",
)
PLACE = ServiceClusterArgs(
    cluster_name="anime-infra-dev",
    domain="anime-infra-dev.internal",
    vpc_id="vpc-1",
    spot=False,
    container_insights=False,
)


@pytest.mark.parametrize(
    ("good", "changes", "message"),
    [
        (RUNS, {"image": "registry.example.org/server:1.2"}, r"would decide what runs.*name it by digest"),
        (RUNS, {"image": "registry.example.org/server"}, "by digest"),
        (RUNS, {"image": "server@sha256:abc"}, "by digest"),
        (RUNS, {"image": f"server@{DIGEST.upper()}"}, "by digest"),
        (RUNS, {"image": f"server@{DIGEST}0"}, "by digest"),
        (RUNS, {"image": f"ser ver@{DIGEST}"}, "by digest"),
        (RUNS, {"health_command": ()}, "hangs would get requests for ever"),
        (RUNS, {"health_command": ("CMD",)}, "give a health command"),
        (RUNS, {"health_command": ("check", "it")}, "give a health command"),
        (SIZE, {"cpu": 300}, "Fargate would refuse 300 cpu"),
        (SIZE, {"memory_mib": 512}, "Fargate would refuse 512 MiB with 512 cpu"),
        (SIZE, {"cpu": 256, "memory_mib": 4096}, "Fargate would refuse"),
        (SIZE, {"min_tasks": 0}, "nobody would answer"),
        (SIZE, {"min_tasks": 3}, "the least first"),
        (SIZE, {"max_tasks": 101}, "become a bill"),
        (HOSTING, {"subnet_ids": []}, "give the private subnets"),
        (ARGS, {"service_name": "anime_server"}, "cannot be the name"),
        (ARGS, {"service_name": "a" * 55}, "cannot be the name"),
        (ARGS, {"port": 80}, "no right to listen on port 80"),
        (ARGS, {"security_group_ids": []}, "give their own"),
        (ARGS, {"registry_arn": None}, "nobody"),
        (ARGS, {"target_group_arn": "arn"}, "either a target group or a registry"),
        (ARGS, {"environment": {"PORT": "1"}}, "PORT is reserved"),
        (ARGS, {"environment": {"log-level": "1"}}, "malformed"),
        (ARGS, {"secrets": {"AWS_REGION": "arn"}}, "AWS_REGION is reserved"),
        (ARGS, {"secrets": {"LOG_LEVEL": "arn"}}, "would hide a secret"),
        (PLACE, {"cluster_name": "1"}, "refused as the name of a cluster"),
        (PLACE, {"domain": "example.org"}, "hide names of the internet"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_arguments_are_refused(good: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("good", "changes"),
    [
        (RUNS, {"image": f"server@{DIGEST}"}),
        (RUNS, {"image": f"localhost:5000/team/server:1.2@{DIGEST}"}),
        (RUNS, {"image": PRIVATE_IMAGE, "health_command": ("CMD-SHELL", "check || exit 1")}),
        (SIZE, {"cpu": 256, "memory_mib": 512}),
        (SIZE, {"cpu": 256, "memory_mib": 2048}),
        (SIZE, {"cpu": 4096, "memory_mib": 30 * 1024}),
        (SIZE, {"cpu": 16384, "memory_mib": 120 * 1024}),
        (SIZE, {"min_tasks": 2}),
        (ARGS, {"registry_arn": None, "target_group_arn": "arn"}),
        (ARGS, {"service_name": "a" * 54, "port": 65535}),
        (PLACE, {"domain": "anime-infra-dev.local"}),
    ],
    ids=lambda part: str(part)[:40],
)
def test_arguments_are_taken(good: Any, changes: dict[str, Any]) -> None:
    assert dataclasses.replace(good, **changes)


def test_a_public_image_needs_no_right_to_a_repository() -> None:
    assert RUNS.repository_arn("aws") is None
