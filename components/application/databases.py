"""The databases outside AWS: MongoDB in Atlas with the way to it, and the vector index in Qdrant Cloud."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.aws.networking import Network
from components.mongo.atlas import Reach
from components.mongo.cluster import Cluster as MongoCluster
from components.mongo.cluster import ClusterArgs as MongoClusterArgs
from components.mongo.network_access import NetworkAccess, NetworkAccessArgs, Vpc
from components.mongo.project import Project, ProjectArgs
from components.qdrant.cluster import Cluster as IndexCluster
from components.qdrant.cluster import ClusterArgs as IndexClusterArgs
from components.qdrant.rights import IndexConsumer
from components.settings import StackSettings
from components.site import Site
from components.tags import Service, default_tags, service_tags
from models.collections import USERS, VECTOR_COLLECTIONS


@dataclass(frozen=True, kw_only=True)
class DatabasesArgs:
    """``network`` None is a stack without one, whose functions reach the databases over the internet."""

    site: Site
    settings: StackSettings
    network: Network | None

    def __post_init__(self) -> None:
        if self.settings.atlas_tier is None:
            raise ValueError("without atlasTier there is no MongoDB to make: a local stack starts its own")


class Databases(pulumi.ComponentResource):
    """Expects explicit providers of AWS, Atlas and Qdrant Cloud. ``index_keys`` are secrets, by consumer.

    ``reachable`` is what has to be there before anybody can come to MongoDB.
    """

    def __init__(self, name: str, args: DatabasesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Databases", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Default tags of the AWS provider reach neither Atlas nor Qdrant Cloud.
        tags = {**default_tags(environment=args.settings.stage.value), **service_tags(Service.STORES)}
        project = Project(
            "mongo-project",
            ProjectArgs(
                project_name=args.site.prefix,
                org_id=args.settings.atlas_org_id,
                tags=tags,
                protect=args.settings.keeps_state,
            ),
            child,
        )
        access = NetworkAccess("mongo-access", _access(args, project), child)
        mongo = MongoCluster("mongo", _mongo(args, project, access, tags), child)
        index = IndexCluster("qdrant", _index(args, tags), child)
        self.project_id = project.project_id
        self.mongo_cluster = args.site.prefix
        self.mongo_uri = mongo.uri
        self.reachable: tuple[pulumi.Resource, ...] = (access, mongo)
        self.qdrant_url = index.url
        self.index_keys: Mapping[IndexConsumer, pulumi.Output[str]] = index.keys
        self.register_outputs({"project_id": self.project_id, "mongo_uri": self.mongo_uri, "qdrant_url": index.url})


def _access(args: DatabasesArgs, project: Project) -> NetworkAccessArgs:
    settings, network = args.settings, args.network
    assert settings.atlas_tier is not None  # noqa: S101  DatabasesArgs refuses it
    return NetworkAccessArgs(
        project_id=project.project_id,
        tier=settings.atlas_tier,
        aws_region=settings.aws_region,
        reach=settings.atlas_network,
        nat_addresses=network.nat_addresses if network else {},
        vpc=_vpc(args, network) if network else None,
        atlas_cidr=settings.atlas_cidr if settings.atlas_network is Reach.PEERING else None,
    )


def _vpc(args: DatabasesArgs, network: Network) -> Vpc:
    return Vpc(
        vpc_id=network.vpc_id,
        cidr=network.cidr,
        account=args.site.account,
        route_table_ids=network.private_route_table_ids,
        subnet_ids=network.private_subnet_ids,
        endpoint_group_id=network.groups.endpoints,
    )


def _mongo(args: DatabasesArgs, project: Project, access: NetworkAccess, tags: Mapping[str, str]) -> MongoClusterArgs:
    settings = args.settings
    assert settings.atlas_tier is not None  # noqa: S101  DatabasesArgs refuses it
    return MongoClusterArgs(
        project_id=project.project_id,
        cluster_name=args.site.prefix,
        tier=settings.atlas_tier,
        aws_region=settings.aws_region,
        reach=settings.atlas_network,
        network=access,
        mongo_version=settings.mongo_version,
        backup_days=settings.atlas_backup_days,
        tags=tags,
        app_name=args.site.prefix,
        protect=settings.keeps_state,
        max_tier=settings.atlas_max_tier,
    )


def _index(args: DatabasesArgs, tags: Mapping[str, str]) -> IndexClusterArgs:
    settings = args.settings
    return IndexClusterArgs(
        cluster_name=args.site.prefix,
        region=settings.aws_region,
        nodes=settings.qdrant_nodes,
        min_ram_gib=settings.qdrant_min_ram_gib,
        min_disk_gib=settings.qdrant_min_disk_gib,
        max_monthly_usd=settings.qdrant_max_monthly_usd,
        backup_days=settings.qdrant_backup_days,
        consumers=tuple(IndexConsumer),
        collections=[*(collection.name for collection in VECTOR_COLLECTIONS), USERS],
        labels=tags,
        protect=settings.keeps_state,
        allowed_ranges=_ways_out(args),
    )


def _ways_out(args: DatabasesArgs) -> list[pulumi.Output[str]]:
    """None where clients have no address of their own. A free cluster is left open: whether it takes ranges is not said
    anywhere.
    """
    if args.network is None or args.settings.qdrant_max_monthly_usd == 0:
        return []
    return [pulumi.Output.concat(address, "/32") for address in args.network.nat_addresses.values()]
