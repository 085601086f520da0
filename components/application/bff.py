"""The GraphQL server for applications: API gateway, VPC link, and tasks on Fargate that Cloud Map knows.

The gateway is the stack's only entrance. It has two routes: ``POST /graphql`` and ``GET /healthz``. GraphQL by GET
would put what users ask into addresses and their histories, and only a cache would gain by it; answers are of one user,
so there is none. An HTTP API speaks TLS 1.2 and newer, and no setting can lower that
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-ciphers.html).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws

from components.application.placeholder import placeholder
from components.aws.alarms import Watch, alarm_above
from components.aws.ecs_services import FargateService, FargateServiceArgs, Hosting
from components.aws.ecs_tasks import Container, Size
from components.aws.grants import Grant
from components.tags import Service, service_tags

BFF_PORT: Final = 8080

ROUTES: Final = {"graphql": "POST /graphql", "health": "GET /healthz"}

HEALTH_COMMAND: Final = (
    "CMD",
    "bun",
    "-e",
    "process.exit((await fetch(`http://127.0.0.1:${process.env.PORT}/healthz`)).ok ? 0 : 1)",
)

ACCESS_LOG: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "integrationStatus": "$context.integrationStatus",
        "responseLatency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "responseLength": "$context.responseLength",
        "error": "$context.error.message",
    }
)
"""Enough to find a request in the server's log; no address, no header, no query, so nobody's privacy."""

_TIMEOUT_MS: Final = 30_000
"""The longest that the gateway waits: a search asks a language model."""

_RECORD_SECONDS: Final = 10
"""How long an address of a task is remembered."""

_PREFLIGHT_SECONDS: Final = 3600

_ERRORS: Final = 10
"""In five minutes: a task that is replaced may cost a few."""

_ORIGIN: Final = re.compile(r"^https://[a-z0-9.-]+(:\d{1,5})?$")
_MOST_A_SECOND: Final = 10_000
_MOST_AT_ONCE: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """What the gateway lets through, of all callers together: ``per_second`` on average, ``burst`` at once."""

    per_second: int
    burst: int

    def __post_init__(self) -> None:
        if not 1 <= self.per_second <= min(self.burst, _MOST_A_SECOND) or self.burst > _MOST_AT_ONCE:
            raise ValueError(
                f"{self.per_second} requests a second and {self.burst} at once: the gateway would refuse everybody, or "
                f"a flood reach the database; choose 1 to {_MOST_A_SECOND}, the burst not below the rate"
            )


@dataclass(frozen=True, kw_only=True)
class BffArgs:
    """``image`` None runs a placeholder; one of ours has ``bun`` on its path, listens on ``PORT`` and answers
    ``GET /healthz``. ``cache`` holds the variables by which the cache is reached; without any there is none.

    ``grants`` are what its tasks may do besides signing in to MongoDB, which needs none. ``origins`` are the web pages
    that may call the API from a browser.
    """

    service_name: str
    hosting: Hosting
    image: str | None
    size: Size
    namespace_id: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    link_security_group_id: pulumi.Input[str]
    mongo_uri: pulumi.Input[str]
    mongo_database: str
    agent_url: pulumi.Input[str]
    grants: Sequence[Grant]
    throttle: Throttle
    cache: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    origins: Sequence[str] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"origin {origin!r}: any page, or one that is changed on the way, could call the API in a user's "
                    "name; name pages such as https://www.example.org, without a path"
                )

    def container(self) -> Container:
        if self.image is None:
            return placeholder()
        return Container(image=self.image, health_command=HEALTH_COMMAND)


class Bff(pulumi.ComponentResource):
    """``url`` is where applications ask."""

    def __init__(self, name: str, args: BffArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Bff", name, None, opts)
        registry = aws.servicediscovery.Service(
            f"{name}-registry",
            name=args.service_name,
            dns_config={
                "namespace_id": args.namespace_id,
                "routing_policy": "MULTIVALUE",
                # The port stands in it beside the address, which the gateway needs.
                "dns_records": [{"type": "SRV", "ttl": _RECORD_SECONDS}],
            },
            # Without it tasks that are not healthy stay listed. The one value there is must be given all the same:
            # the provider takes an empty object for none (https://github.com/pulumi/pulumi-aws/issues/6289).
            health_check_custom_config={"failure_threshold": 1},
            # ECS takes the entries of ended tasks out a while after, and until then it could not be deleted.
            force_destroy=True,
            tags=service_tags(Service.BFF),
            opts=pulumi.ResourceOptions(parent=self),
        )
        service = FargateService(
            f"{name}-service",
            FargateServiceArgs(
                service_name=args.service_name,
                service=Service.BFF,
                hosting=args.hosting,
                container=args.container(),
                size=args.size,
                port=BFF_PORT,
                environment={
                    **args.environment,
                    **args.cache,
                    "MONGO_URI": args.mongo_uri,
                    "MONGO_DATABASE": args.mongo_database,
                    "AGENT_URL": args.agent_url,
                },
                grants=args.grants,
                security_group_ids=[args.security_group_id],
                registry_arn=registry.arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        api = _api(name, args, registry.arn, parent=self)
        alarm_above(
            f"{name}-errors",
            Watch(
                alarm_name=f"{args.service_name}-errors",
                namespace="AWS/ApiGateway",
                metric="5xx",
                statistic="Sum",
                dimensions={"ApiId": api.id},
                meaning=(
                    f"More than {_ERRORS} requests in five minutes were answered with an error of ours: see the logs "
                    f"{args.service_name}-access and {args.service_name}"
                ),
            ),
            limit=_ERRORS,
            topic_arn=args.hosting.alarm_topic_arn,
            parent=self,
        )
        self.url = api.api_endpoint
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


def _api(
    name: str, args: BffArgs, registry_arn: pulumi.Output[str], *, parent: pulumi.Resource
) -> aws.apigatewayv2.Api:
    child = pulumi.ResourceOptions(parent=parent)
    tags = service_tags(Service.BFF)
    api = aws.apigatewayv2.Api(
        f"{name}-api",
        name=args.service_name,
        description="GraphQL for applications",
        protocol_type="HTTP",
        disable_execute_api_endpoint=False,
        cors_configuration={
            "allow_origins": list(args.origins),
            "allow_methods": ["POST"],
            "allow_headers": ["authorization", "content-type"],
            "max_age": _PREFLIGHT_SECONDS,
        }
        if args.origins
        else None,
        tags=tags,
        opts=child,
    )
    link = aws.apigatewayv2.VpcLink(
        f"{name}-link",
        name=args.service_name,
        subnet_ids=list(args.hosting.subnet_ids),
        security_group_ids=[args.link_security_group_id],
        tags=tags,
        opts=child,
    )
    integration = aws.apigatewayv2.Integration(
        f"{name}-integration",
        api_id=api.id,
        integration_type="HTTP_PROXY",
        integration_method="ANY",
        integration_uri=registry_arn,
        connection_type="VPC_LINK",
        connection_id=link.id,
        payload_format_version="1.0",
        timeout_milliseconds=_TIMEOUT_MS,
        # By it the server's log is joined to the gateway's; a caller's own would not be unique.
        request_parameters={"overwrite:header.x-request-id": "$context.requestId"},
        opts=child,
    )
    for role, route_key in ROUTES.items():
        aws.apigatewayv2.Route(
            f"{name}-route-{role}",
            api_id=api.id,
            route_key=route_key,
            target=pulumi.Output.concat("integrations/", integration.id),
            opts=child,
        )
    access = aws.cloudwatch.LogGroup(
        f"{name}-access",
        name=f"{args.service_name}-access",
        retention_in_days=args.hosting.log_retention_days,
        tags=tags,
        opts=child,
    )
    aws.apigatewayv2.Stage(
        f"{name}-stage",
        api_id=api.id,
        name="$default",
        auto_deploy=True,
        default_route_settings={
            "throttling_rate_limit": args.throttle.per_second,
            "throttling_burst_limit": args.throttle.burst,
            "detailed_metrics_enabled": False,
        },
        access_log_settings={"destination_arn": access.arn, "format": ACCESS_LOG},
        tags=tags,
        opts=child,
    )
    return api
