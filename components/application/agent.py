"""The search agent: tasks on Fargate behind a load balancer that only the BFF can reach.

The balancer listens without TLS. A certificate needs a public name, which nothing of the stack has or needs: the
balancer's addresses are private, its security group lets in the BFF alone, and questions hold no credentials.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws

from components.application.placeholder import PYTHON_HEALTH_COMMAND, placeholder
from components.aws.ecs_services import FargateService, FargateServiceArgs, Hosting
from components.aws.ecs_tasks import Container, Size
from components.aws.grants import Grant
from components.tags import Service, service_tags

AGENT_PORT: Final = 8000
"""Of its tasks, and of the load balancer before them."""

HEALTH_PATH: Final = "/healthz"

_NAME: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9-]{0,30}[a-zA-Z0-9]$")

_IDLE_SECONDS: Final = 60
"""An answer takes the time of a language model, some seconds."""

_DRAIN_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True)
class AgentArgs:
    """``image`` None runs a placeholder; one of ours has ``python`` on its path, listens on ``PORT`` and answers
    ``GET /healthz``. ``qdrant_secret_arn`` holds a key that may only read.

    ``grants`` are what its tasks may do besides signing in to MongoDB, which needs none. ``environment`` is what it
    needs beyond its stores.
    """

    service_name: str
    hosting: Hosting
    image: str | None
    size: Size
    vpc_id: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    balancer_security_group_id: pulumi.Input[str]
    mongo_uri: pulumi.Input[str]
    mongo_database: str
    qdrant_url: pulumi.Input[str]
    qdrant_secret_arn: pulumi.Input[str]
    grants: Sequence[Grant]
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.service_name) or self.service_name.startswith("internal-"):
            raise ValueError(
                f"{self.service_name!r} would be refused as the name of a load balancer, which has 2 to 32 letters, "
                "digits and -: choose a shorter name for the stack"
            )

    def container(self) -> Container:
        if self.image is None:
            return placeholder()
        return Container(image=self.image, health_command=PYTHON_HEALTH_COMMAND)


class Agent(pulumi.ComponentResource):
    """``url`` is where the BFF asks."""

    def __init__(self, name: str, args: AgentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Agent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(Service.AGENT)
        balancer = aws.lb.LoadBalancer(
            f"{name}-balancer",
            name=args.service_name,
            load_balancer_type="application",
            internal=True,
            subnets=list(args.hosting.subnet_ids),
            security_groups=[args.balancer_security_group_id],
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            idle_timeout=_IDLE_SECONDS,
            tags=tags,
            opts=child,
        )
        targets = aws.lb.TargetGroup(
            f"{name}-targets",
            name=args.service_name,
            target_type="ip",
            vpc_id=args.vpc_id,
            port=AGENT_PORT,
            protocol="HTTP",
            health_check={
                "enabled": True,
                "path": HEALTH_PATH,
                "port": "traffic-port",
                "protocol": "HTTP",
                "matcher": "200",
                "interval": 15,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            deregistration_delay=_DRAIN_SECONDS,
            tags=tags,
            opts=child,
        )
        listener = aws.lb.Listener(
            f"{name}-listener",
            load_balancer_arn=balancer.arn,
            port=AGENT_PORT,
            protocol="HTTP",
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            tags=tags,
            opts=child,
        )
        service = FargateService(
            f"{name}-service",
            FargateServiceArgs(
                service_name=args.service_name,
                service=Service.AGENT,
                hosting=args.hosting,
                container=args.container(),
                size=args.size,
                port=AGENT_PORT,
                environment={
                    **args.environment,
                    "MONGO_URI": args.mongo_uri,
                    "MONGO_DATABASE": args.mongo_database,
                    "QDRANT_URL": args.qdrant_url,
                },
                secrets={"QDRANT_API_KEY": args.qdrant_secret_arn},
                grants=args.grants,
                security_group_ids=[args.security_group_id],
                # ECS refuses a group that no listener leads to yet.
                target_group_arn=pulumi.Output.all(targets.arn, listener.arn).apply(lambda arns: str(arns[0])),
            ),
            child,
        )
        self.url = pulumi.Output.concat("http://", balancer.dns_name, f":{AGENT_PORT}")
        self.task_role_arn = service.task_role_arn
        self.service_name = service.service_name
        self.log_group = service.log_group
        self.register_outputs(
            {
                "url": self.url,
                "task_role_arn": self.task_role_arn,
                "service_name": self.service_name,
                "log_group": self.log_group,
            }
        )
