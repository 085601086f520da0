"""The MongoDB cluster in Atlas, its backups, and the connection string by which IAM roles sign in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from components.mongo.atlas import Reach, Tier, atlas_region, larger

_NAME: Final = re.compile(r"^[A-Za-z0-9](-?[A-Za-z0-9]+)*$")
_LONGEST_NAME: Final = 23
"""Atlas makes host names of so many letters, and refuses a second cluster that begins with the same."""

_SCHEME: Final = "mongodb+srv://"
_SIGN_IN: Final = "authMechanism=MONGODB-AWS&authSource=$external&retryWrites=true&w=majority"

_ELECTION_PRIORITY: Final = 7
"""Of the only region; Atlas takes no other."""

_NODES: Final = 3

_REWIND_DAYS: Final = 2
"""How far back any moment can be restored; daily backups have to be kept as long at least."""

_BACKUP_HOUR_UTC: Final = 2
_WEDNESDAY: Final = 4
_MAINTENANCE_HOUR_UTC: Final = 10
"""One node after another restarts then, so writes may have to be repeated: no timer of the stack fires at that hour."""


class NoPrivateAddress(Exception):
    """Atlas has not named the cluster's address behind the private endpoint."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """``network`` is what makes the way to the database: the cluster comes after it, because it learns its private
    addresses while it is made. ``mongo_version`` and ``backup_days`` (daily backups) concern dedicated tiers alone.

    ``max_tier`` lets a dedicated cluster grow that far under load and shrink again; None keeps it at its size.
    ``protect`` guards against deletion and keeps every moment of the last two days. ``tags`` are all of them: AWS's
    default tags do not reach Atlas. ``app_name`` is what the cluster's logs call the clients.
    """

    project_id: pulumi.Input[str]
    cluster_name: str
    tier: Tier
    aws_region: str
    reach: Reach
    network: pulumi.Resource
    mongo_version: str
    backup_days: int
    tags: Mapping[str, str]
    app_name: str
    protect: bool
    max_tier: Tier | None = None

    def __post_init__(self) -> None:
        if len(self.cluster_name) > _LONGEST_NAME or not _NAME.fullmatch(self.cluster_name):
            raise ValueError(
                f"{self.cluster_name!r} would be cut short or refused as the name of a cluster: use up to "
                f"{_LONGEST_NAME} letters, digits and single dashes"
            )
        if self.reach in {Reach.PEERING, Reach.PRIVATE_ENDPOINT} and not self.tier.dedicated:
            raise ValueError(
                f"a cluster of tier {self.tier} has no way by {self.reach}, so no function would reach it: choose "
                f"{Tier.M10} or larger, or another way"
            )
        if self.protect and not self.tier.dedicated:
            raise ValueError(
                f"a cluster of tier {self.tier} has no backups of its own, so protected data could be lost for good: "
                f"choose {Tier.M10} or larger"
            )
        if self.backup_days < _REWIND_DAYS:
            raise ValueError(
                f"backups of {self.backup_days} days would be gone before an error is seen: keep {_REWIND_DAYS} or more"
            )
        if self.max_tier is not None and not self._can_grow_to(self.max_tier):
            raise ValueError(
                f"a cluster of tier {self.tier} cannot grow to {self.max_tier}: name a larger dedicated tier, or none"
            )

    def _can_grow_to(self, tier: Tier) -> bool:
        return self.tier.dedicated and tier.dedicated and larger(tier, self.tier)


class Cluster(pulumi.ComponentResource):
    """Expects an explicit Atlas provider in its options.

    ``uri`` holds no password, so it is no secret: who may sign in is said by ``users``. ``host`` is its address.
    """

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:mongo:Cluster", name, None, opts)
        cluster = mongodbatlas.AdvancedCluster(
            f"{name}-cluster",
            project_id=args.project_id,
            name=args.cluster_name,
            cluster_type="REPLICASET",
            replication_specs=_replication(args),
            tags=dict(args.tags),
            **_of_our_own(args),
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, retain_on_delete=args.protect, depends_on=[args.network]
            ),
        )
        if args.tier.dedicated:
            self._keep(name, args, cluster)
        self.project_id = cluster.project_id
        self.cluster_name = cluster.name
        self.tier = args.tier.value
        self.host = cluster.connection_strings.apply(lambda strings: _host(args.cluster_name, strings, args.reach))
        self.uri = pulumi.Output.concat(_SCHEME, self.host, "/?", _SIGN_IN, "&appName=", args.app_name)
        self.register_outputs(
            {
                "project_id": self.project_id,
                "cluster_name": self.cluster_name,
                "tier": self.tier,
                "host": self.host,
                "uri": self.uri,
            }
        )

    def _keep(self, name: str, args: ClusterArgs, cluster: mongodbatlas.AdvancedCluster) -> None:
        child = pulumi.ResourceOptions(parent=self)
        rewind: dict[str, Any] = {
            "restore_window_days": _REWIND_DAYS,
            # A restore starts from the backup before the wanted moment and repeats what came after: not a whole day.
            "policy_item_hourly": {
                "frequency_interval": 6,
                "retention_unit": "days",
                "retention_value": _REWIND_DAYS,
            },
        }
        mongodbatlas.CloudBackupSchedule(
            f"{name}-backups",
            project_id=cluster.project_id,
            cluster_name=cluster.name,
            reference_hour_of_day=_BACKUP_HOUR_UTC,
            reference_minute_of_hour=0,
            policy_item_daily={
                "frequency_interval": 1,
                "retention_unit": "days",
                "retention_value": args.backup_days,
            },
            **(rewind if args.protect else {}),
            opts=child,
        )
        mongodbatlas.MaintenanceWindow(
            f"{name}-maintenance",
            project_id=cluster.project_id,
            day_of_week=_WEDNESDAY,
            hour_of_day=_MAINTENANCE_HOUR_UTC,
            opts=child,
        )


def _replication(args: ClusterArgs) -> list[Any]:
    """One shard, in one region."""
    return [{"region_configs": [_region(args)]}]


def _region(args: ClusterArgs) -> dict[str, Any]:
    where = {"region_name": atlas_region(args.aws_region), "priority": _ELECTION_PRIORITY}
    if args.tier is Tier.M0:
        shared = {"provider_name": "TENANT", "backing_provider_name": "AWS"}
        return where | shared | {"electable_specs": {"instance_size": Tier.M0.value}}
    if args.tier is Tier.FLEX:
        return where | {"provider_name": "FLEX", "backing_provider_name": "AWS"}
    return where | {
        "provider_name": "AWS",
        "electable_specs": {"instance_size": args.tier.value, "node_count": _NODES},
        "auto_scaling": _growth(args),
    }


def _growth(args: ClusterArgs) -> dict[str, Any]:
    growth: dict[str, Any] = {"disk_gb_enabled": True, "compute_enabled": args.max_tier is not None}
    if args.max_tier is not None:
        growth |= {
            "compute_scale_down_enabled": True,
            "compute_min_instance_size": args.tier.value,
            "compute_max_instance_size": args.max_tier.value,
        }
    return growth


def _of_our_own(args: ClusterArgs) -> dict[str, Any]:
    """What only dedicated clusters can be told."""
    if not args.tier.dedicated:
        return {}
    return {
        "mongo_db_major_version": args.mongo_version,
        "backup_enabled": True,
        "pit_enabled": args.protect,
        "retain_backups_enabled": args.protect,
        "termination_protection_enabled": args.protect,
        # Otherwise each update would take back what the cluster has grown by itself.
        "use_effective_fields": True,
        "advanced_configuration": {"javascript_enabled": False, "minimum_enabled_tls_protocol": "TLS1_2"},
    }


def _host(cluster_name: str, strings: Any, reach: Reach) -> str:
    """From a peered VPC with DNS hostnames the standard name leads to private addresses; Atlas has a private one only
    for VPCs with other name servers (https://www.mongodb.com/docs/atlas/reference/faq/connection-changes/).

    Raises:
        NoPrivateAddress: the way is a private endpoint, and the cluster does not know of it.
    """
    if reach is not Reach.PRIVATE_ENDPOINT:
        return str(getattr(strings, "standard_srv", "")).removeprefix(_SCHEME)
    for endpoint in getattr(strings, "private_endpoints", None) or ():
        if endpoint.srv_connection_string:
            return str(endpoint.srv_connection_string).removeprefix(_SCHEME)
    raise NoPrivateAddress(
        f"cluster {cluster_name} names no address behind its private endpoint, so functions keep the one they have: a "
        "cluster that stood before the endpoint tells it when it is read again; run pulumi up --refresh"
    )
