"""Where containers run: one cluster for all services of a stack, and the directory in which they find each other."""

import re
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

ON_DEMAND: Final = "FARGATE"
SPOT: Final = "FARGATE_SPOT"

_NAME: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9_-]{0,254}$")
_DOMAIN: Final = re.compile(r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.(internal|local)$")


@dataclass(frozen=True, kw_only=True)
class ServiceClusterArgs:
    """``domain`` is private, and known in the VPC alone. ``spot`` runs tasks on spare capacity: about a third of the
    price, and AWS takes it back with two minutes' notice. ``container_insights`` are figures of each task, and are paid
    for by figure; alarms do without them.
    """

    cluster_name: str
    domain: str
    vpc_id: pulumi.Input[str]
    spot: bool
    container_insights: bool

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.cluster_name):
            raise ValueError(
                f"{self.cluster_name!r} would be refused as the name of a cluster: begin with a letter, and use up to "
                "255 letters, digits, - and _"
            )
        if not _DOMAIN.fullmatch(self.domain):
            raise ValueError(
                f"{self.domain!r} would hide names of the internet from the whole VPC: end it with .internal"
            )


class ServiceCluster(pulumi.ComponentResource):
    """``arn`` and ``cluster_name`` are known only once tasks can be placed."""

    def __init__(self, name: str, args: ServiceClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:ServiceCluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=args.cluster_name,
            settings=[{"name": "containerInsights", "value": "enabled" if args.container_insights else "disabled"}],
            # Nobody gets a shell in a task, so there is nothing that would be said in one.
            configuration={"execute_command_configuration": {"logging": "NONE"}},
            tags=service_tags(Service.OPERATIONS),
            opts=child,
        )
        providers = aws.ecs.ClusterCapacityProviders(
            f"{name}-capacity",
            cluster_name=cluster.name,
            capacity_providers=[ON_DEMAND, SPOT] if args.spot else [ON_DEMAND],
            default_capacity_provider_strategies=placed_on(spot=args.spot),
            opts=child,
        )
        namespace = aws.servicediscovery.PrivateDnsNamespace(
            f"{name}-namespace",
            name=args.domain,
            description="Where the services of the stack find each other",
            vpc=args.vpc_id,
            tags=service_tags(Service.NETWORK),
            opts=child,
        )
        self.arn = pulumi.Output.all(cluster.arn, providers.id).apply(lambda known: str(known[0]))
        self.cluster_name = providers.cluster_name
        self.namespace_id = namespace.id
        self.register_outputs({"arn": self.arn, "cluster_name": self.cluster_name, "namespace_id": self.namespace_id})


def placed_on(*, spot: bool) -> list[Any]:
    """The strategy by which tasks are placed."""
    return [{"capacity_provider": SPOT if spot else ON_DEMAND, "weight": 1}]
