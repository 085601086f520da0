"""Small programs of the components of MongoDB, recorded."""

from pathlib import Path
from textwrap import dedent

from local.program import record_program
from local.recording import RecordedResource, Recording

ATLAS = "mongodbatlas:index/"
CLUSTER = f"{ATLAS}advancedCluster:AdvancedCluster"

PREAMBLE = """
import pulumi
import pulumi_aws as aws
import pulumi_mongodbatlas as mongodbatlas
from components.mongo.atlas import Reach, Tier
from components.mongo.cluster import Cluster, ClusterArgs
from components.mongo.network_access import NetworkAccess, NetworkAccessArgs, Vpc
from components.mongo.project import Project, ProjectArgs
from components.mongo.users import DocumentRights, DocumentUser, Users, UsersArgs

ours = aws.Provider("aws", region="eu-central-1")
atlas = mongodbatlas.Provider("atlas")
both = pulumi.ResourceOptions(providers=[ours, atlas])
tags = {"project": "anime-infra", "environment": "dev", "service": "stores"}
project = Project(
    "mongo-project", ProjectArgs(project_name="anime-infra-dev", org_id=None, tags=tags, protect=False), both
)
vpc = Vpc(
    vpc_id="vpc-1",
    cidr="10.20.0.0/16",
    account="123456789012",
    route_table_ids={"a": "rtb-a", "b": "rtb-b"},
    subnet_ids={"a": "subnet-a", "b": "subnet-b"},
    endpoint_group_id="sg-endpoints",
)
"""

WHOLE = """
access = NetworkAccess(
    "mongo-access",
    NetworkAccessArgs(
        project_id=project.project_id,
        tier=Tier.{tier},
        aws_region="eu-central-1",
        reach=Reach.{reach},
        nat_addresses={{"a": "198.51.100.1", "b": "198.51.100.2"}},
        vpc=vpc,
        atlas_cidr="192.168.248.0/21",
    ),
    both,
)
cluster = Cluster(
    "mongo",
    ClusterArgs(
        project_id=project.project_id,
        cluster_name="anime-infra-dev",
        tier=Tier.{tier},
        aws_region="eu-central-1",
        reach=Reach.{reach},
        network=access,
        mongo_version="8.0",
        backup_days=14,
        tags=tags,
        app_name="anime-infra-dev",
        protect={protect},
        max_tier={max_tier},
    ),
    both,
)
pulumi.export("uri", cluster.uri)
"""


def record(root: Path, source: str) -> Recording:
    """What the program registers after the project of the preamble."""
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(PREAMBLE + dedent(source))
    return record_program(stack="dev", root=root)


def record_whole(
    root: Path, *, tier: str = "M10", reach: str = "NAT", protect: bool = False, max_tier: str | None = None
) -> Recording:
    """Project, way and cluster."""
    largest = f"Tier.{max_tier}" if max_tier else "None"
    return record(root, WHOLE.format(tier=tier, reach=reach, protect=protect, max_tier=largest))


def of_atlas(recording: Recording) -> list[RecordedResource]:
    return [resource for resource in recording if resource.custom and resource.type.startswith(ATLAS)]


def names(recording: Recording, kind: str) -> set[str]:
    """Logical names of the resources whose type ends so."""
    return {resource.name for resource in recording if resource.type.endswith(f":{kind}")}
