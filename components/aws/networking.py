"""The network: private subnets for functions, services and stores, and one kind of way out of them."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.address_plan import AddressPlan
from components.aws.alarms import Watch, alarm_above_zero
from components.aws.grants import Grant, policy_document, trust_document
from components.aws.security_groups import EVERYWHERE, SecurityGroups, SecurityGroupsArgs
from components.tags import Service, service_tags

_GATEWAY_SERVICES: Final = {"buckets": "s3", "tables": "dynamodb"}
"""By what they keep. The endpoints are free, and what goes there by NAT is not."""

_Ids = Mapping[str, pulumi.Output[str]]


class Nat(StrEnum):
    """``ONE`` serves every zone from the first one named: cheaper, and without a way out when that zone fails."""

    ONE = "one"
    ZONE = "zone"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """``zones`` and ``cidr`` as in ``AddressPlan``; ports and ``mongo_cidr`` as in ``SecurityGroupsArgs``.

    ``protect`` keeps the addresses of the NAT, which others were told to let in. ``account`` is the one whose flow logs
    may be written.
    """

    name_prefix: str
    cidr: str
    zones: tuple[str, ...]
    region: str
    account: pulumi.Input[str]
    nat: Nat
    mongo_cidr: str | None
    bff_port: int
    agent_port: int
    log_retention_days: int
    alarm_topic_arn: pulumi.Input[str]
    protect: bool

    def __post_init__(self) -> None:
        ours = ipaddress.ip_network(self.plan.cidr)
        if self.mongo_cidr not in (None, EVERYWHERE) and ours.overlaps(ipaddress.ip_network(self.mongo_cidr)):
            raise ValueError(
                f"{self.mongo_cidr} of the database overlaps {self.cidr}, so its addresses would lead into our own "
                "network: choose another range"
            )

    @property
    def plan(self) -> AddressPlan:
        return AddressPlan(cidr=self.cidr, region=self.region, zones=self.zones)


class Network(pulumi.ComponentResource):
    """Mappings are by the letter of the zone, which stays when zones are added. Ids of private subnets are known only
    once they have a way out, and those of groups once their rules stand: whoever starts in them can talk at once.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Network", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = service_tags(Service.NETWORK)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags,
            opts=self._child,
        )
        self.vpc_id = vpc.id
        self.cidr = args.cidr
        # Every VPC comes with this group, which lets its members talk to each other and to the world.
        aws.ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, tags=self._tags, opts=self._child)
        self._log_rejected_traffic()
        self.public_subnet_ids = self._public_subnets()
        gateways, self.nat_addresses = self._nat_gateways()
        self.private_subnet_ids, self.private_route_table_ids = self._private_subnets(gateways)
        self._add_gateway_endpoints()
        self.groups = SecurityGroups(
            f"{name}-groups",
            SecurityGroupsArgs(
                name_prefix=args.name_prefix,
                vpc_id=vpc.id,
                mongo_cidr=args.mongo_cidr,
                bff_port=args.bff_port,
                agent_port=args.agent_port,
            ),
            self._child,
        ).ids
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr": self.cidr,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "private_route_table_ids": self.private_route_table_ids,
                "nat_addresses": self.nat_addresses,
                "groups": dict(vars(self.groups)),
            }
        )

    def _public_subnets(self) -> _Ids:
        """Nothing gets a public address by standing in one: they are there for the NAT."""
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self.vpc_id, tags=self._tags, opts=self._child
        )
        table = self._route_table("public")
        route = self._default_route("public-to-internet", table, gateway_id=gateway.id)
        return {
            letter: self._subnet("public", letter, cidr, table, route)
            for letter, cidr in self._args.plan.public.items()
        }

    def _nat_gateways(self) -> tuple[_Ids, _Ids]:
        """The gateway of each zone, and the addresses that the world sees."""
        first, *others = self.public_subnet_ids
        standing = {
            letter: self._nat_gateway(letter) for letter in (first, *(others if self._args.nat is Nat.ZONE else ()))
        }
        gateways = {letter: standing.get(letter, standing[first])[0] for letter in self.public_subnet_ids}
        return gateways, {letter: address for letter, (_, address) in standing.items()}

    def _nat_gateway(self, letter: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        address = aws.ec2.Eip(
            f"{self._name}-nat-{letter}",
            domain="vpc",
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect),
        )
        gateway = aws.ec2.NatGateway(
            f"{self._name}-nat-{letter}",
            allocation_id=address.allocation_id,
            subnet_id=self.public_subnet_ids[letter],
            tags=self._tags,
            opts=self._child,
        )
        alarm_above_zero(
            f"{self._name}-nat-{letter}-full",
            Watch(
                alarm_name=f"{self._args.name_prefix}-nat-{letter}-full",
                namespace="AWS/NATGateway",
                metric="ErrorPortAllocation",
                statistic="Sum",
                dimensions={"NatGatewayId": gateway.id},
                meaning="The NAT has no port left for another connection to the same place: requests fail",
            ),
            topic_arn=self._args.alarm_topic_arn,
            parent=self,
        )
        return gateway.id, address.public_ip

    def _private_subnets(self, gateways: _Ids) -> tuple[_Ids, _Ids]:
        """A route table each, so that a zone's way out can change without moving anything."""
        subnets, tables = {}, {}
        for letter, cidr in self._args.plan.private.items():
            table = self._route_table(f"private-{letter}")
            route = self._default_route(f"private-{letter}-to-nat", table, nat_gateway_id=gateways[letter])
            subnets[letter] = self._subnet("private", letter, cidr, table, route)
            tables[letter] = table.id
        return subnets, tables

    def _route_table(self, role: str) -> "aws.ec2.RouteTable":
        return aws.ec2.RouteTable(f"{self._name}-{role}", vpc_id=self.vpc_id, tags=self._tags, opts=self._child)

    def _default_route(
        self,
        role: str,
        table: "aws.ec2.RouteTable",
        *,
        gateway_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
    ) -> "aws.ec2.Route":
        return aws.ec2.Route(
            f"{self._name}-{role}",
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self._child,
        )

    def _subnet(
        self, kind: str, letter: str, cidr: str, table: "aws.ec2.RouteTable", way_out: "aws.ec2.Route"
    ) -> pulumi.Output[str]:
        """Its id, once it has its way out."""
        subnet = aws.ec2.Subnet(
            f"{self._name}-{kind}-{letter}",
            vpc_id=self.vpc_id,
            availability_zone=self._args.plan.zone_of(letter),
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=self._tags,
            opts=self._child,
        )
        association = aws.ec2.RouteTableAssociation(
            f"{self._name}-{kind}-{letter}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
        )
        return pulumi.Output.all(subnet.id, association.id, way_out.id).apply(lambda ids: str(ids[0]))

    def _add_gateway_endpoints(self) -> None:
        for kept, service in _GATEWAY_SERVICES.items():
            aws.ec2.VpcEndpoint(
                f"{self._name}-to-{kept}",
                vpc_id=self.vpc_id,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{self._args.region}.{service}",
                route_table_ids=list(self.private_route_table_ids.values()),
                tags=self._tags,
                opts=self._child,
            )

    def _log_rejected_traffic(self) -> None:
        """What was let in is in the logs of whoever answered."""
        physical_name = f"{self._args.name_prefix}-rejected-traffic"
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-rejected",
            name=physical_name,
            retention_in_days=self._args.log_retention_days,
            tags=self._tags,
            opts=self._child,
        )
        role = aws.iam.Role(
            f"{self._name}-rejected",
            name=physical_name,
            assume_role_policy=trust_document("vpc-flow-logs.amazonaws.com", account=self._args.account),
            tags=self._tags,
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-rejected",
            name="grants",
            role=role.name,
            policy=policy_document(_writes_logs(group.arn)),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            f"{self._name}-rejected",
            vpc_id=self.vpc_id,
            traffic_type="REJECT",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )


def _writes_logs(group_arn: pulumi.Output[str]) -> list[Grant]:
    return [
        Grant(
            actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(group_arn, pulumi.Output.concat(group_arn, ":*")),
        ),
        Grant(actions=("logs:DescribeLogGroups",), resources=("*",)),
    ]
