"""The way from our network to the database in Atlas. It is made before the cluster, which learns from it."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws
import pulumi_mongodbatlas as mongodbatlas

from components.mongo.atlas import Reach, Tier, atlas_region
from components.tags import Service, service_tags

_EVERYWHERE: Final = "0.0.0.0/0"

_ATLAS_PREFIXES: Final = range(21, 24 + 1)


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """Our network, as far as the database is concerned. ``route_table_ids`` are those of the private subnets, by a name
    that lasts, such as the zone's letter. ``endpoint_group_id`` is the security group of a private endpoint, which says
    who may come in.

    Names of peered clusters lead to private addresses only where the VPC has DNS support and DNS hostnames.
    """

    vpc_id: pulumi.Input[str]
    cidr: str
    account: pulumi.Input[str]
    route_table_ids: Mapping[str, pulumi.Input[str]]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    endpoint_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class NetworkAccessArgs:
    """``nat_addresses`` are public, by a name that lasts, such as the zone's letter; ``atlas_cidr`` is what the
    cluster's network will have. What ``reach`` does not need is left aside.

    ``OPEN`` is for stacks without a network, whose functions have no address of their own. Nobody gets in by address
    alone: each user of ``users`` is an IAM role, and there is no password to guess.
    """

    project_id: pulumi.Input[str]
    tier: Tier
    aws_region: str
    reach: Reach
    nat_addresses: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    vpc: Vpc | None = None
    atlas_cidr: str | None = None

    def __post_init__(self) -> None:
        if self.reach in {Reach.PEERING, Reach.PRIVATE_ENDPOINT}:
            if not self.tier.dedicated:
                raise ValueError(
                    f"a cluster of tier {self.tier} has no way by {self.reach}, so no function would reach it: choose "
                    f"{Tier.M10} or larger, or another way"
                )
            if self.vpc is None:
                raise ValueError(f"without a VPC there is nothing to lead to by {self.reach}: give one, or choose open")
        if self.reach is Reach.NAT and not self.nat_addresses:
            raise ValueError("without an address nobody would be let in: give those of the NAT, or choose another way")
        if self.reach is Reach.PEERING and self.vpc is not None:
            _check_ranges(self.atlas_cidr, self.vpc.cidr)


def _check_ranges(atlas_cidr: str | None, vpc_cidr: str) -> None:
    if atlas_cidr is None:
        raise ValueError("without addresses of its own the cluster's network cannot be joined to ours: give a range")
    theirs, ours = ipaddress.ip_network(atlas_cidr), ipaddress.ip_network(vpc_cidr)
    if not theirs.is_private or theirs.prefixlen not in _ATLAS_PREFIXES:
        raise ValueError(f"{atlas_cidr} would be refused by Atlas: choose a private range of /21 to /24")
    if theirs.overlaps(ours):
        raise ValueError(
            f"{atlas_cidr} overlaps {vpc_cidr}, so addresses of the one would lead to the other: choose another range"
        )


class NetworkAccess(pulumi.ComponentResource):
    """Expects explicit providers of AWS and of Atlas in its options."""

    def __init__(self, name: str, args: NetworkAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:NetworkAccess", name, None, opts)
        if args.reach is Reach.OPEN:
            self._let_in(f"{name}-everybody", args, _EVERYWHERE, "Any address; IAM roles of the stack alone sign in")
        elif args.reach is Reach.NAT:
            for role, address in args.nat_addresses.items():
                entry = pulumi.Output.concat(address, "/32")
                self._let_in(f"{name}-nat-{role}", args, entry, "Way out of the stack's private subnets")
        elif args.vpc is not None and args.reach is Reach.PEERING:
            self._peer(name, args, args.vpc)
        elif args.vpc is not None:
            self._connect_endpoint(name, args, args.vpc)
        self.reach = args.reach.value
        self.register_outputs({"reach": self.reach})

    def _let_in(self, name: str, args: NetworkAccessArgs, cidr: pulumi.Input[str], why: str) -> None:
        mongodbatlas.ProjectIpAccessList(
            name,
            project_id=args.project_id,
            cidr_block=cidr,
            comment=why,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _peer(self, name: str, args: NetworkAccessArgs, vpc: Vpc) -> None:
        child = pulumi.ResourceOptions(parent=self)
        # The range of a region's container can be chosen only before its first cluster, and Atlas refuses to delete it
        # while there is one. It costs nothing, and goes with the project.
        container = mongodbatlas.NetworkContainer(
            f"{name}-container",
            project_id=args.project_id,
            provider_name="AWS",
            region_name=atlas_region(args.aws_region),
            atlas_cidr_block=args.atlas_cidr,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        peering = mongodbatlas.NetworkPeering(
            f"{name}-peering",
            project_id=args.project_id,
            container_id=container.container_id,
            provider_name="AWS",
            accepter_region_name=args.aws_region,
            aws_account_id=vpc.account,
            vpc_id=vpc.vpc_id,
            route_table_cidr_block=vpc.cidr,
            opts=child,
        )
        accepted = aws.ec2.VpcPeeringConnectionAccepter(
            f"{name}-accepted",
            vpc_peering_connection_id=peering.connection_id,
            auto_accept=True,
            tags=service_tags(Service.STORES),
            opts=child,
        )
        for role, route_table in vpc.route_table_ids.items():
            aws.ec2.Route(
                f"{name}-route-{role}",
                route_table_id=route_table,
                destination_cidr_block=args.atlas_cidr,
                vpc_peering_connection_id=accepted.vpc_peering_connection_id,
                opts=child,
            )
        self._let_in(f"{name}-vpc", args, vpc.cidr, "The peered VPC of the stack")

    def _connect_endpoint(self, name: str, args: NetworkAccessArgs, vpc: Vpc) -> None:
        """No access list: Atlas lets in whoever comes by an endpoint that it was told of, and the security group says
        who that can be.
        """
        child = pulumi.ResourceOptions(parent=self)
        link = mongodbatlas.PrivateLinkEndpoint(
            f"{name}-link",
            project_id=args.project_id,
            provider_name="AWS",
            region=atlas_region(args.aws_region),
            opts=child,
        )
        endpoint = aws.ec2.VpcEndpoint(
            f"{name}-endpoint",
            vpc_id=vpc.vpc_id,
            vpc_endpoint_type="Interface",
            service_name=link.endpoint_service_name,
            subnet_ids=list(vpc.subnet_ids.values()),
            security_group_ids=[vpc.endpoint_group_id],
            tags=service_tags(Service.STORES),
            opts=child,
        )
        mongodbatlas.PrivateLinkEndpointService(
            f"{name}-endpoint-service",
            project_id=args.project_id,
            private_link_id=link.private_link_id,
            endpoint_service_id=endpoint.id,
            provider_name="AWS",
            opts=child,
        )
