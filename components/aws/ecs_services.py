"""One service on Fargate: its tasks, the two roles with just their rights, its logs with an end, how many tasks there
are, and the alarm when there are too few.

What its tasks may do is the task role's; the execution role is ECS's own, to fetch the image and the secrets and to
write the log before any code of ours runs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.aws.ecs_cluster import placed_on
from components.aws.ecs_tasks import CONTAINER, Container, Logs, Size, container_definitions
from components.aws.grants import Grant, policy_document, trust_document
from components.tags import Service, service_tags

PLATFORM_VERSION: Final = "1.4.0"

CPU_PERCENT: Final = 60
MEMORY_PERCENT: Final = 75
"""What tasks are added and removed to keep, on average; memory stays high after a peak, so it may be fuller."""

_GRACE_SECONDS: Final = 60

_GROW_SECONDS: Final = 60
_SHRINK_SECONDS: Final = 300

_TASKS: Final = "ecs-tasks.amazonaws.com"

_NAME: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9-]{0,53}$")
_VARIABLE: Final = re.compile(r"^[A-Z][A-Z0-9_]*$")
_OURS: Final = frozenset({"PORT", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
_PORTS: Final = range(1024, 65535 + 1)


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """Where all services of a stack run. ``subnet_ids`` are private; ``spot`` is the cluster's."""

    cluster_arn: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    spot: bool
    subnet_ids: Sequence[pulumi.Input[str]]
    region: str
    account: pulumi.Input[str]
    partition: pulumi.Input[str]
    log_retention_days: int
    alarm_topic_arn: pulumi.Input[str]

    def __post_init__(self) -> None:
        if not self.subnet_ids:
            raise ValueError("tasks would have no place to stand: give the private subnets")


@dataclass(frozen=True, kw_only=True)
class FargateServiceArgs:
    """``secrets`` maps a variable to the ARN of a secret: the execution role may read these and no other. A secret in
    ``environment`` is marked as such by whoever puts it there. ``PORT`` and ``AWS_REGION`` are added.

    It is reached through a load balancer's ``target_group_arn`` or by ``registry_arn``, its entry in Cloud Map.
    """

    service_name: str
    service: Service
    hosting: Hosting
    container: Container
    size: Size
    port: int
    environment: Mapping[str, pulumi.Input[str]]
    grants: Sequence[Grant]
    security_group_ids: Sequence[pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    target_group_arn: pulumi.Input[str] | None = None
    registry_arn: pulumi.Input[str] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.service_name):
            raise ValueError(
                f"{self.service_name!r} cannot be the name of a service and of its roles: begin with a letter, and use "
                "up to 54 letters, digits and -"
            )
        if self.port not in _PORTS:
            raise ValueError(
                f"{self.service_name}: the container has no right to listen on port {self.port}; choose 1024 to 65535"
            )
        if not self.security_group_ids:
            raise ValueError(f"{self.service_name}: the VPC's default group would hold its tasks; give their own")
        if (self.target_group_arn is None) == (self.registry_arn is None):
            raise ValueError(
                f"{self.service_name}: nobody, or nobody knows who, would reach it; give either a target group or a "
                "registry"
            )
        for variable in (*self.environment, *self.secrets):
            if not _VARIABLE.fullmatch(variable) or variable in _OURS:
                raise ValueError(f"{self.service_name}: variable {variable} is reserved or malformed; rename it")
        twice = sorted(self.environment.keys() & self.secrets.keys())
        if twice:
            raise ValueError(f"{self.service_name}: {', '.join(twice)} would hide a secret; name the variable once")


class FargateService(pulumi.ComponentResource):
    def __init__(self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:FargateService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(args.service)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.service_name,
            retention_in_days=args.hosting.log_retention_days,
            tags=tags,
            opts=child,
        )
        task_role = aws.iam.Role(
            f"{name}-task-role",
            name=f"{args.service_name}-task",
            assume_role_policy=trust_document(_TASKS, account=args.hosting.account),
            tags=tags,
            opts=child,
        )
        execution_role = aws.iam.Role(
            f"{name}-execution-role",
            name=f"{args.service_name}-execution",
            assume_role_policy=trust_document(_TASKS),
            tags=tags,
            opts=child,
        )
        policies = [
            aws.iam.RolePolicy(
                f"{name}-execution-policy",
                name="grants",
                role=execution_role.name,
                policy=policy_document(_execution_grants(args, logs.arn)),
                opts=child,
            )
        ]
        # IAM refuses a policy that allows nothing.
        if args.grants:
            policies.append(
                aws.iam.RolePolicy(
                    f"{name}-task-policy",
                    name="grants",
                    role=task_role.name,
                    policy=policy_document(args.grants),
                    opts=child,
                )
            )
        task = aws.ecs.TaskDefinition(
            f"{name}-definition",
            family=args.service_name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            runtime_platform={"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
            cpu=str(args.size.cpu),
            memory=str(args.size.memory_mib),
            execution_role_arn=execution_role.arn,
            task_role_arn=task_role.arn,
            container_definitions=container_definitions(
                args.container,
                port=args.port,
                environment={**args.environment, "PORT": str(args.port), "AWS_REGION": args.hosting.region},
                secrets=args.secrets,
                logs=Logs(group=logs.name, region=args.hosting.region),
            ),
            # A roll-back needs the revision before, which would be gone by the time that it is needed.
            skip_destroy=True,
            tags=tags,
            opts=child,
        )
        service = aws.ecs.Service(
            f"{name}-service",
            **_placement(args),
            name=args.service_name,
            task_definition=task.arn,
            desired_count=args.size.min_tasks,
            scheduling_strategy="REPLICA",
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker={"enable": True, "rollback": True},
            availability_zone_rebalancing="ENABLED",
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            # An image that does not start would hold up the update for 20 minutes and leave it half done, while the
            # circuit breaker puts the old one back by itself, and an alarm tells.
            wait_for_steady_state=False,
            tags=tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=policies,
                # How many there are is decided by the load from here on; the program would undo it.
                ignore_changes=["desiredCount"],
            ),
        )
        _scale(name, args, service, parent=self)
        _alarm_below_minimum(name, args, service, parent=self)
        self.task_role_arn = task_role.arn
        self.service_name = service.name
        self.log_group = logs.name
        self.register_outputs(
            {"task_role_arn": self.task_role_arn, "service_name": self.service_name, "log_group": self.log_group}
        )


def _execution_grants(args: FargateServiceArgs, log_group_arn: pulumi.Output[str]) -> list[Grant]:
    logs = Grant(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(pulumi.Output.concat(log_group_arn, ":*"),)
    )
    secrets = [
        Grant(actions=("secretsmanager:GetSecretValue",), resources=(args.secrets[name],))
        for name in sorted(args.secrets)
    ]
    repository = args.container.repository_arn(args.hosting.partition)
    if repository is None:
        return [logs, *secrets]
    return [
        logs,
        *secrets,
        Grant(actions=("ecr:GetAuthorizationToken",), resources=("*",)),
        Grant(
            actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            resources=(repository,),
        ),
    ]


def _placement(args: FargateServiceArgs) -> dict[str, Any]:
    """Where the tasks stand and how they are reached."""
    return {
        "cluster": args.hosting.cluster_arn,
        "capacity_provider_strategies": placed_on(spot=args.hosting.spot),
        "platform_version": PLATFORM_VERSION,
        "network_configuration": {
            "subnets": list(args.hosting.subnet_ids),
            "security_groups": list(args.security_group_ids),
            "assign_public_ip": False,
        },
        **_entrance(args),
    }


def _entrance(args: FargateServiceArgs) -> dict[str, Any]:
    container = {"container_name": CONTAINER, "container_port": args.port}
    if args.target_group_arn is None:
        return {"service_registries": {**container, "registry_arn": args.registry_arn}}
    return {
        "load_balancers": [{**container, "target_group_arn": args.target_group_arn}],
        # ECS refuses it for a service without a load balancer, where the container's own start period has to do.
        "health_check_grace_period_seconds": _GRACE_SECONDS,
    }


def _scale(name: str, args: FargateServiceArgs, service: aws.ecs.Service, *, parent: pulumi.Resource) -> None:
    child = pulumi.ResourceOptions(parent=parent)
    target = aws.appautoscaling.Target(
        f"{name}-tasks",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", args.hosting.cluster_name, "/", service.name),
        min_capacity=args.size.min_tasks,
        max_capacity=args.size.max_tasks,
        tags=service_tags(args.service),
        opts=child,
    )
    for role, metric, percent in (
        ("cpu", "ECSServiceAverageCPUUtilization", CPU_PERCENT),
        ("memory", "ECSServiceAverageMemoryUtilization", MEMORY_PERCENT),
    ):
        aws.appautoscaling.Policy(
            f"{name}-{role}",
            name=f"{args.service_name}-{role}",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": metric},
                "target_value": percent,
                "scale_out_cooldown": _GROW_SECONDS,
                "scale_in_cooldown": _SHRINK_SECONDS,
            },
            opts=child,
        )


def _alarm_below_minimum(
    name: str, args: FargateServiceArgs, service: aws.ecs.Service, *, parent: pulumi.Resource
) -> None:
    """Each task that runs reports its load once a minute, so the number of reports is the number of tasks, without the
    paid figures of each container; no report is no task
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html). A new service has a while to
    start before it is judged.
    """
    aws.cloudwatch.MetricAlarm(
        f"{name}-too-few-tasks",
        name=f"{args.service_name}-too-few-tasks",
        alarm_description=(
            f"Fewer than {args.size.min_tasks} tasks of {args.service_name} run: they do not start, die, or are not "
            f"healthy. See the service's events and the log {args.service_name}"
        ),
        namespace="AWS/ECS",
        metric_name="CPUUtilization",
        dimensions={"ClusterName": args.hosting.cluster_name, "ServiceName": service.name},
        statistic="SampleCount",
        period=60,
        evaluation_periods=5,
        datapoints_to_alarm=5,
        threshold=args.size.min_tasks,
        comparison_operator="LessThanThreshold",
        treat_missing_data="breaching",
        warm_up_configuration={"warm_up_period_duration_in_minutes": 15},
        alarm_actions=[args.hosting.alarm_topic_arn],
        ok_actions=[args.hosting.alarm_topic_arn],
        tags=service_tags(Service.OPERATIONS),
        opts=pulumi.ResourceOptions(parent=parent),
    )
