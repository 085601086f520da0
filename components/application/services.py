"""What runs all the time: the GraphQL server and the search agent, on one cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.application.agent import Agent, AgentArgs
from components.application.bff import Bff, BffArgs, Throttle
from components.application.concerns import may_embed
from components.aws.ecs_cluster import ServiceCluster, ServiceClusterArgs
from components.aws.ecs_services import Hosting
from components.aws.ecs_tasks import Size
from components.aws.elasticache import Cache, Consumer
from components.aws.grants import Grant
from components.aws.networking import Network
from components.mongo.users import DocumentRights, DocumentUser
from components.settings import StackSettings, Stage
from components.site import Site

_BURST: int = 2
"""Times the usual rate."""


@dataclass(frozen=True, kw_only=True)
class ServicesArgs:
    """``cache`` None leaves them without one. ``agent_key_arn`` is of a secret with a key that may only read."""

    site: Site
    settings: StackSettings
    network: Network
    cache: Cache | None
    mongo_uri: pulumi.Input[str]
    qdrant_url: pulumi.Input[str]
    agent_key_arn: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]


class Services(pulumi.ComponentResource):
    """``url`` is where applications ask. ``document_users`` are who signs in to MongoDB, by service."""

    def __init__(self, name: str, args: ServicesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Services", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        site, settings = args.site, args.settings
        in_prod = settings.stage is Stage.PROD
        cluster = ServiceCluster(
            "services",
            ServiceClusterArgs(
                cluster_name=site.prefix,
                domain=f"{site.prefix}.internal",
                vpc_id=args.network.vpc_id,
                spot=not in_prod,
                container_insights=False,
            ),
            child,
        )
        hosting = Hosting(
            cluster_arn=cluster.arn,
            cluster_name=cluster.cluster_name,
            spot=not in_prod,
            subnet_ids=list(args.network.private_subnet_ids.values()),
            region=site.region,
            account=site.account,
            partition=site.partition,
            log_retention_days=settings.log_retention_days,
            alarm_topic_arn=args.alarm_topic_arn,
        )
        agent = Agent("agent", _agent(args, hosting), child)
        bff = Bff("bff", _bff(args, hosting, cluster.namespace_id, agent.url), child)
        self.url = bff.url
        self.document_users: Mapping[str, DocumentUser] = {
            "bff": DocumentUser(role_arn=bff.task_role_arn, rights=DocumentRights.READ),
            "agent": DocumentUser(role_arn=agent.task_role_arn, rights=DocumentRights.READ),
        }
        self.register_outputs({"url": self.url})


def _agent(args: ServicesArgs, hosting: Hosting) -> AgentArgs:
    settings = args.settings
    least, most = settings.agent_tasks
    return AgentArgs(
        service_name=args.site.name("agent"),
        hosting=hosting,
        image=settings.agent_image,
        size=Size(cpu=settings.agent_cpu, memory_mib=settings.agent_memory_mib, min_tasks=least, max_tasks=most),
        vpc_id=args.network.vpc_id,
        security_group_id=args.network.groups.agent,
        balancer_security_group_id=args.network.groups.agent_balancer,
        mongo_uri=args.mongo_uri,
        mongo_database=settings.mongo_database,
        qdrant_url=args.qdrant_url,
        qdrant_secret_arn=args.agent_key_arn,
        grants=[*may_embed(args.site, settings), *_may_connect(args.cache, Consumer.AGENT)],
        environment={"EMBEDDER": settings.embedder, **_cache_variables(args.cache, Consumer.AGENT)},
    )


def _bff(
    args: ServicesArgs, hosting: Hosting, namespace_id: pulumi.Input[str], agent_url: pulumi.Input[str]
) -> BffArgs:
    settings = args.settings
    least, most = settings.bff_tasks
    return BffArgs(
        service_name=args.site.name("bff"),
        hosting=hosting,
        image=settings.bff_image,
        size=Size(cpu=settings.bff_cpu, memory_mib=settings.bff_memory_mib, min_tasks=least, max_tasks=most),
        namespace_id=namespace_id,
        security_group_id=args.network.groups.bff,
        link_security_group_id=args.network.groups.vpc_link,
        mongo_uri=args.mongo_uri,
        mongo_database=settings.mongo_database,
        agent_url=agent_url,
        grants=_may_connect(args.cache, Consumer.BFF),
        throttle=Throttle(per_second=settings.bff_requests_per_second, burst=_BURST * settings.bff_requests_per_second),
        cache=_cache_variables(args.cache, Consumer.BFF),
        origins=settings.bff_origins,
    )


def _may_connect(cache: Cache | None, consumer: Consumer) -> list[Grant]:
    if cache is None:
        return []
    return [Grant(actions=("elasticache:Connect",), resources=tuple(cache.connect_arns[consumer]))]


def _cache_variables(cache: Cache | None, consumer: Consumer) -> dict[str, pulumi.Input[str]]:
    if cache is None:
        return {}
    return {"REDIS_URL": cache.url, "REDIS_USER": cache.user_ids[consumer], "REDIS_CLUSTER": cache.cluster_id}
