"""Who may talk to whom, as a table.

Nothing is let in by its address: the world's entrance is the API gateway, which comes through its VPC link, and every
door names the group that may use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

CACHE_PORT: Final = 6379

EVERYWHERE: Final = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """``last`` is the last one that is open."""

    first: int
    last: int


def _one(port: int) -> Ports:
    return Ports(first=port, last=port)


_HTTPS: Final = _one(443)
_CACHE: Final = _one(CACHE_PORT)
_QDRANT: Final = _one(6333)

_ANIDB: Final = _one(9001)
"""Its API has no other address than http://api.anidb.net:9001."""

_MONGO: Final = Ports(first=27015, last=27017)
"""Members and routers of a cluster with public or peered addresses:
https://www.mongodb.com/docs/atlas/troubleshoot-connection/.
"""

_MONGO_ENDPOINT: Final = Ports(first=1024, last=65535)
"""Behind a private endpoint each member has a port of its own, chosen from these:
https://www.mongodb.com/docs/atlas/security-private-endpoint/.
"""


class Part(StrEnum):
    """What has a security group of its own."""

    FUNCTIONS = "functions"
    VPC_LINK = "vpc-link"
    BFF = "bff"
    AGENT_BALANCER = "agent-balancer"
    AGENT = "agent"
    CACHE = "cache"
    ENDPOINTS = "endpoints"


_WHAT: Final[Mapping[Part, str]] = {
    Part.FUNCTIONS: "Functions of the pipeline",
    Part.VPC_LINK: "Way of the API gateway into the VPC",
    Part.BFF: "Tasks of the BFF",
    Part.AGENT_BALANCER: "Internal load balancer of the agent",
    Part.AGENT: "Tasks of the agent",
    Part.CACHE: "Cache servers",
    Part.ENDPOINTS: "Private endpoint of the database",
}

_CLIENTS: Final = (Part.FUNCTIONS, Part.BFF, Part.AGENT)
"""Who reaches the stores."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """From part to part: the one is let out to the other, and the other lets the one in."""

    source: Part
    target: Part
    ports: Ports
    meaning: str


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """From a part to the addresses of ``thing``."""

    source: Part
    thing: str
    cidr: str
    ports: Ports
    meaning: str


@dataclass(frozen=True, kw_only=True)
class SecurityGroupIds:
    functions: pulumi.Output[str]
    vpc_link: pulumi.Output[str]
    bff: pulumi.Output[str]
    agent_balancer: pulumi.Output[str]
    agent: pulumi.Output[str]
    cache: pulumi.Output[str]
    endpoints: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """``mongo_cidr`` is where the database is: everywhere for public addresses, the range of a peered network, or None
    where it is reached by a private endpoint alone. Ports are those that the tasks listen on; the agent's balancer
    listens on the agent's.
    """

    name_prefix: str
    vpc_id: pulumi.Input[str]
    mongo_cidr: str | None
    bff_port: int
    agent_port: int


class SecurityGroups(pulumi.ComponentResource):
    """``ids`` are known only once the rules stand, so whoever gets one can talk at once."""

    def __init__(self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:SecurityGroups", name, None, opts)
        self._name = name
        self._groups = {
            part: aws.ec2.SecurityGroup(
                f"{name}-{part}",
                name=f"{args.name_prefix}-{part}",
                description=_WHAT[part],
                vpc_id=args.vpc_id,
                tags=service_tags(Service.NETWORK),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for part in Part
        }
        self._rules: dict[Part, list[pulumi.Output[str]]] = {part: [] for part in Part}
        for door in doors(args):
            self._let_out(door.source, door.target, door.ports, door.meaning, group=self._groups[door.target].id)
            self._let_in(door)
        for way in ways_out(args):
            self._let_out(way.source, way.thing, way.ports, way.meaning, cidr=way.cidr)
        self.ids = SecurityGroupIds(**{part.replace("-", "_"): self._id_after_rules(part) for part in Part})
        self.register_outputs({"ids": dict(vars(self.ids))})

    def _let_in(self, door: Door) -> None:
        rule = aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{door.target}-from-{door.source}",
            security_group_id=self._groups[door.target].id,
            referenced_security_group_id=self._groups[door.source].id,
            ip_protocol="tcp",
            from_port=door.ports.first,
            to_port=door.ports.last,
            description=door.meaning,
            tags=service_tags(Service.NETWORK),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._rules[door.target].append(rule.id)

    def _let_out(
        self,
        source: Part,
        target: str,
        ports: Ports,
        meaning: str,
        *,
        group: pulumi.Input[str] | None = None,
        cidr: str | None = None,
    ) -> None:
        rule = aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{source}-to-{target}",
            security_group_id=self._groups[source].id,
            referenced_security_group_id=group,
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=ports.first,
            to_port=ports.last,
            description=meaning,
            tags=service_tags(Service.NETWORK),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._rules[source].append(rule.id)

    def _id_after_rules(self, part: Part) -> pulumi.Output[str]:
        return pulumi.Output.all(self._groups[part].id, *self._rules[part]).apply(lambda ids: str(ids[0]))


def doors(args: SecurityGroupsArgs) -> list[Door]:
    to_cache = [
        Door(source=client, target=Part.CACHE, ports=_CACHE, meaning=f"{_WHAT[client]} to the cache, by TLS")
        for client in _CLIENTS
    ]
    to_database = [
        Door(source=client, target=Part.ENDPOINTS, ports=_MONGO_ENDPOINT, meaning=f"{_WHAT[client]} to the database")
        for client in _CLIENTS
        if args.mongo_cidr is None
    ]
    return [
        Door(source=Part.VPC_LINK, target=Part.BFF, ports=_one(args.bff_port), meaning="Requests from the API gateway"),
        Door(
            source=Part.BFF,
            target=Part.AGENT_BALANCER,
            ports=_one(args.agent_port),
            meaning="Questions of the BFF to the agent",
        ),
        Door(
            source=Part.AGENT_BALANCER,
            target=Part.AGENT,
            ports=_one(args.agent_port),
            meaning="Questions and health checks from the load balancer",
        ),
        *to_cache,
        *to_database,
    ]


def ways_out(args: SecurityGroupsArgs) -> list[WayOut]:
    https = [
        WayOut(
            source=client,
            thing="https",
            cidr=EVERYWHERE,
            ports=_HTTPS,
            meaning=f"{_WHAT[client]} to AWS and the web, by TLS",
        )
        for client in _CLIENTS
    ]
    qdrant = [
        WayOut(
            source=client,
            thing="qdrant",
            cidr=EVERYWHERE,
            ports=_QDRANT,
            meaning=f"{_WHAT[client]} to the vector index, by TLS",
        )
        for client in (Part.FUNCTIONS, Part.AGENT)
    ]
    mongo = [
        WayOut(
            source=client,
            thing="mongo",
            cidr=args.mongo_cidr,
            ports=_MONGO,
            meaning=f"{_WHAT[client]} to the database, by TLS",
        )
        for client in _CLIENTS
        if args.mongo_cidr is not None
    ]
    anidb = WayOut(
        source=Part.FUNCTIONS, thing="anidb", cidr=EVERYWHERE, ports=_ANIDB, meaning="Functions to the API of AniDB"
    )
    return [*https, *qdrant, *mongo, anidb]
