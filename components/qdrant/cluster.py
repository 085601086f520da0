"""The vector index in Qdrant Cloud: cluster, backups, and a key for each consumer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi
import pulumi_qdrant_cloud as qdrant

from components.qdrant.packages import Needs, choose
from components.qdrant.regions import REGIONS
from components.qdrant.rights import RIGHTS, IndexConsumer, IndexRights
from components.tags import Service, service_tags

CLOUD: Final = "aws"
REST_PORT: Final = 6333
BACKUP_TIME: Final = "15 2 * * *"
"""UTC, daily, before the weekly snapshot."""

_NAME: Final = re.compile(r"^[A-Za-z0-9_-]{4,52}$")
_COLLECTION: Final = re.compile(r"^[A-Za-z0-9_-]{4,64}$")
_MOST_COLLECTIONS: Final = 20
_MOST_LABELS: Final = 10
_ACCESS: Final = {
    IndexRights.WRITE: "COLLECTION_ACCESS_RULE_ACCESS_TYPE_READ_WRITE",
    IndexRights.READ: "COLLECTION_ACCESS_RULE_ACCESS_TYPE_READ_ONLY",
}
_MANAGE: Final = "GLOBAL_ACCESS_RULE_ACCESS_TYPE_MANAGE"


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """The package is the cheapest with ``min_ram_gib`` and ``min_disk_gib`` a node whose price for all nodes is at most
    ``max_monthly_usd`` a month; 0 means a free one. ``backup_days`` None means no backups, and a free package has none.

    ``collections`` are those that keys with less than all rights reach. ``allowed_ranges`` are CIDRs from which the
    cluster may be reached; none means from anywhere, with a key. ``labels`` are those of the account's bills.
    """

    cluster_name: str
    region: str
    nodes: int
    min_ram_gib: float
    min_disk_gib: float
    max_monthly_usd: float
    backup_days: int | None
    consumers: Sequence[IndexConsumer]
    collections: Sequence[str]
    labels: Mapping[str, str]
    protect: bool
    allowed_ranges: Sequence[pulumi.Input[str]] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.cluster_name):
            raise ValueError(f"{self.cluster_name!r} would be refused as a name: use 4 to 52 letters, digits, - and _")
        if self.region not in REGIONS:
            near = ", ".join(sorted(REGIONS))
            raise ValueError(f"Qdrant Cloud has no clusters in {self.region}; use a stack in one of {near}")
        if self.nodes < 1:
            raise ValueError(f"{self.nodes} nodes would hold nothing; use 1 or more")
        if self.backup_days is not None and self.backup_days < 1:
            raise ValueError(f"backups of {self.backup_days} days would be gone at once; use 1 or more, or None")
        wrong = [name for name in self.collections if not _COLLECTION.fullmatch(name)]
        if wrong or not 1 <= len(self.collections) <= _MOST_COLLECTIONS:
            raise ValueError(
                f"a key is for 1 to {_MOST_COLLECTIONS} collections with names of 4 to 64 letters, digits, - and _; "
                f"{wrong or len(self.collections)} would be refused"
            )
        if len(set(self.consumers)) < len(self.consumers) or not self.consumers:
            raise ValueError("each consumer has one key: name each once, and at least one")
        if len(self.labels) >= _MOST_LABELS:
            raise ValueError(f"{len(self.labels)} labels and our own are more than the {_MOST_LABELS} that are taken")

    @property
    def needs(self) -> Needs:
        return Needs(
            nodes=self.nodes,
            min_ram_gib=self.min_ram_gib,
            min_disk_gib=self.min_disk_gib,
            max_monthly_usd=self.max_monthly_usd,
            backups=self.backup_days is not None,
        )


class Cluster(pulumi.ComponentResource):
    """``url`` is https with its port; ``keys`` are secrets, by consumer."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:qdrant:Cluster", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        cluster = qdrant.AccountsCluster(
            f"{name}-cluster",
            name=args.cluster_name,
            cloud_provider=CLOUD,
            cloud_region=args.region,
            configuration=self._configuration(args),
            delete_backups_on_destroy=False,
            labels=[
                {"key": key, "value": value}
                for key, value in sorted({**args.labels, **service_tags(Service.STORES)}.items())
            ],
            opts=kept,
        )
        if args.backup_days is not None:
            qdrant.AccountsBackupSchedule(
                f"{name}-backups",
                cluster_id=cluster.id,
                cron_expression=BACKUP_TIME,
                retention_period=f"{args.backup_days * 24}h",
                delete_backups_on_destroy=False,
                opts=kept,
            )
        self.cluster_id = cluster.id
        self.url = cluster.url.apply(address)
        self.keys: Mapping[IndexConsumer, pulumi.Output[str]] = {
            consumer: self._key(name, consumer, cluster, args) for consumer in args.consumers
        }
        self.register_outputs(
            {
                "cluster_id": self.cluster_id,
                "url": self.url,
                "keys": {consumer.value: key for consumer, key in self.keys.items()},
            }
        )

    def _configuration(self, args: ClusterArgs) -> Any:
        found = qdrant.get_booking_packages_output(
            cloud_provider=CLOUD, cloud_region=args.region, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        configuration: dict[str, Any] = {
            "number_of_nodes": args.nodes,
            "node_configuration": {"package_id": found.packages.apply(lambda offers: choose(offers, args.needs).id)},
            # Keys with rules are tokens that the database takes only with it.
            "database_configuration": {"service": {"jwt_rbac": True}},
        }
        if args.allowed_ranges:
            configuration["allowed_ip_source_ranges"] = list(args.allowed_ranges)
        return configuration

    def _key(
        self, name: str, consumer: IndexConsumer, cluster: qdrant.AccountsCluster, args: ClusterArgs
    ) -> pulumi.Output[str]:
        key = qdrant.AccountsDatabaseApiKeyV2(
            f"{name}-{consumer}-key",
            cluster_id=cluster.id,
            name=f"{args.cluster_name}-{consumer}",
            **_rules(RIGHTS[consumer], args.collections),
            # The provider does not say that it is one.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["key"]),
        )
        return pulumi.Output.secret(key.key)


def address(url: str) -> str:
    """The provider tells it with or without scheme and port.

    Raises:
        ValueError: it is not encrypted, or none.
    """
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a cluster: expected https://HOST")
    return f"https://{parts.hostname}:{parts.port or REST_PORT}"


def _rules(rights: IndexRights, collections: Sequence[str]) -> dict[str, Any]:
    if rights is IndexRights.MANAGE:
        return {"global_access_rule": {"access_type": _MANAGE}}
    return {
        "collection_access_rules": [{"collection_name": name, "access_type": _ACCESS[rights]} for name in collections]
    }
