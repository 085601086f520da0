"""The cache: Valkey, reached by TLS from inside the network, and signed in to by IAM. No password exists."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarms import Watch, alarm_above_zero
from components.aws.security_groups import CACHE_PORT
from components.tags import Service, service_tags

ENGINE: Final = "valkey"
ENGINE_VERSION: Final = "8.1"

CATALOGUE_PREFIXES: Final = ("jikan", "anilist", "kitsu", "anidb", "animeplanet", "anisearch", "animeschedule")
"""Keys of answers begin with the catalogue that gave them."""

_MAINTENANCE: Final = "tue:03:00-tue:04:00"
"""UTC. The weekly run begins on Saturday and may take days of reviews; nothing is timed for Tuesday night."""

_SNAPSHOTS: Final = "04:30-05:30"
_SNAPSHOT_DAYS: Final = 7
"""Nothing is lost with the cache but what makes the stores fast again."""

_NODES: Final = range(1, 6 + 1)
_NODE_TYPE = re.compile(r"^cache\.[a-z0-9]+\.[a-z0-9]+$")

_NAME_PREFIX = re.compile(r"^[a-z](-?[a-z0-9])*$")
_LONGEST_ID: Final = 40
_LONGEST_SUFFIX: Final = len("-functions")


class Consumer(StrEnum):
    FUNCTIONS = "functions"
    BFF = "bff"
    AGENT = "agent"


def _rules(keys: Sequence[str], commands: Sequence[str]) -> str:
    """As ElastiCache keeps them, so that nothing looks changed; ``@dangerous`` comes last, for ``@connection`` has some
    of it."""
    return " ".join(["on", *keys, "-@all", "+@connection", *(f"+{command}" for command in commands), "-@dangerous"])


ACCESS: Final[Mapping[Consumer, str]] = {
    Consumer.FUNCTIONS: _rules(
        [f"~{prefix}:*" for prefix in (*CATALOGUE_PREFIXES, "anime", "curated_list")],
        ("get", "set", "del", "eval", "time"),
    ),
    Consumer.BFF: _rules(
        ["~anime:*", "~bff:*", "%R~curated_list:*"],
        ("get", "mget", "set", "del", "exists", "expire", "incr", "ttl"),
    ),
    Consumer.AGENT: _rules(["%R~anime:*", "%R~curated_list:*"], ("get", "mget", "exists", "ttl")),
}
"""What each may do (https://valkey.io/topics/acl/). The functions keep answers, count the requests to the catalogues,
and take back what a commit made wrong; a script of theirs reaches no key and no command that they may not use outright.
The BFF keeps the entries that it read, and sessions and counters of its own under ``bff:``; the agent reads.
"""


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    """``protect`` guards against deletion and keeps snapshots for a week."""

    name_prefix: str
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    node_type: str
    nodes: int
    alarm_topic_arn: pulumi.Input[str]
    protect: bool

    def __post_init__(self) -> None:
        if not _NAME_PREFIX.fullmatch(self.name_prefix) or len(self.name_prefix) > _LONGEST_ID - _LONGEST_SUFFIX:
            raise ValueError(
                f"{self.name_prefix}: ElastiCache would change or refuse it, and tokens be signed for another name: "
                f"use up to {_LONGEST_ID - _LONGEST_SUFFIX} of a-z, 0-9 and single -, beginning with a letter"
            )
        if not _NODE_TYPE.fullmatch(self.node_type):
            raise ValueError(f"{self.node_type} is no node of ElastiCache: write it as cache.t4g.micro")
        if self.nodes not in _NODES:
            raise ValueError(f"{self.nodes} nodes cannot be: choose 1, or up to {_NODES[-1]} of which others take over")
        if self.nodes > 1 and len(self.subnet_ids) == 1:
            raise ValueError("all nodes would fail with the one subnet's zone: give subnets of two zones or more")


class Cache(pulumi.ComponentResource):
    """``user_ids`` and ``connect_arns`` are by consumer: who it signs in as, and on what it needs
    ``elasticache:Connect`` for that.
    """

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Cache", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(Service.STORES)
        users = {
            consumer: aws.elasticache.User(
                f"{name}-{consumer}",
                engine=ENGINE,
                user_id=f"{args.name_prefix}-{consumer}",
                user_name=f"{args.name_prefix}-{consumer}",
                authentication_mode={"type": "iam"},
                access_string=access,
                tags=tags,
                opts=child,
            )
            for consumer, access in ACCESS.items()
        }
        # A group of Valkey needs no default user, and turns off the one that every server comes with.
        group = aws.elasticache.UserGroup(
            f"{name}-users",
            engine=ENGINE,
            user_group_id=f"{args.name_prefix}-cache",
            user_ids=[user.user_id for user in users.values()],
            tags=tags,
            opts=child,
        )
        subnets = aws.elasticache.SubnetGroup(
            f"{name}-subnets",
            name=f"{args.name_prefix}-cache",
            description="Private subnets of the cache",
            subnet_ids=args.subnet_ids,
            tags=tags,
            opts=child,
        )
        servers = aws.elasticache.ReplicationGroup(
            f"{name}-servers",
            replication_group_id=f"{args.name_prefix}-cache",
            description="Answers of catalogues, entries and lists for a while",
            engine=ENGINE,
            engine_version=ENGINE_VERSION,
            node_type=args.node_type,
            num_cache_clusters=args.nodes,
            automatic_failover_enabled=args.nodes > 1,
            multi_az_enabled=args.nodes > 1,
            port=CACHE_PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[args.security_group_id],
            user_group_ids=[group.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            auto_minor_version_upgrade=True,
            maintenance_window=_MAINTENANCE,
            snapshot_retention_limit=_SNAPSHOT_DAYS if args.protect else 0,
            snapshot_window=_SNAPSHOTS,
            tags=tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                # ElastiCache raises the minor version by itself; ours, then older, would have the cache replaced.
                ignore_changes=["engineVersion"],
            ),
        )
        for number in range(1, args.nodes + 1):
            _ring_when_refused(name, number, servers, args, parent=self)
        self.url = pulumi.Output.concat("rediss://", servers.primary_endpoint_address, f":{CACHE_PORT}")
        self.cluster_id = servers.replication_group_id
        self.arn = servers.arn
        self.user_ids: Mapping[Consumer, pulumi.Output[str]] = {c: user.user_id for c, user in users.items()}
        self.connect_arns: Mapping[Consumer, tuple[pulumi.Output[str], ...]] = {
            consumer: (servers.arn, user.arn) for consumer, user in users.items()
        }
        self.register_outputs(
            {
                "url": self.url,
                "cluster_id": self.cluster_id,
                "arn": self.arn,
                "user_ids": dict(self.user_ids),
                "connect_arns": {consumer: list(arns) for consumer, arns in self.connect_arns.items()},
            }
        )


def _ring_when_refused(
    name: str, number: int, servers: "aws.elasticache.ReplicationGroup", args: CacheArgs, *, parent: pulumi.Resource
) -> None:
    """A consumer that is refused does without, slowly, and nobody would see why."""
    node = f"{number:03}"
    alarm_above_zero(
        f"{name}-node-{chr(ord('a') + number - 1)}-refuses",
        Watch(
            alarm_name=f"{args.name_prefix}-cache-{node}-refuses",
            namespace="AWS/ElastiCache",
            metric="AuthenticationFailures",
            statistic="Sum",
            dimensions={"CacheClusterId": pulumi.Output.concat(servers.replication_group_id, "-", node)},
            meaning="The cache refuses who signs in: compare the role's elasticache:Connect and the user's name",
        ),
        topic_arn=args.alarm_topic_arn,
        parent=parent,
    )
