"""How large a stage's machines may be, so that a slip of the hand does not become a bill."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import UNKNOWN, items, stage, value

FUNCTION: Final = "aws:lambda/function:Function"
TASK: Final = "aws:ecs/taskDefinition:TaskDefinition"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
CACHE_CLUSTER: Final = "aws:elasticache/cluster:Cluster"
INSTANCE: Final = "aws:ec2/instance:Instance"
ATLAS_CLUSTER: Final = "mongodbatlas:index/advancedCluster:AdvancedCluster"
QDRANT_CLUSTER: Final = "qdrant-cloud:index/accountsCluster:AccountsCluster"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Memory in MiB, ``task_cpu`` in units of 1/1024 of a processor."""

    function_memory: int
    function_storage: int
    task_cpu: int
    task_memory: int
    cache_nodes: frozenset[str]
    instances: frozenset[str]
    atlas: frozenset[str]
    qdrant_nodes: int


_SMALL: Final = Limits(
    function_memory=2048,
    function_storage=2048,
    task_cpu=1024,
    task_memory=2048,
    cache_nodes=frozenset({"cache.t4g.micro", "cache.t4g.small"}),
    instances=frozenset({"t4g.nano", "t4g.micro"}),
    atlas=frozenset({"M0", "FLEX", "M10"}),
    qdrant_nodes=1,
)

LIMITS: Final[Mapping[str, Limits]] = {
    "local": _SMALL,
    "dev": _SMALL,
    "prod": Limits(
        function_memory=4096,
        function_storage=10240,
        task_cpu=2048,
        task_memory=4096,
        cache_nodes=frozenset({"cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium"}),
        instances=frozenset({"t4g.nano", "t4g.micro", "t4g.small"}),
        atlas=frozenset({"M10", "M20", "M30"}),
        qdrant_nodes=3,
    ),
}


def oversized(args: ResourceValidationArgs) -> Complaints:
    limits = LIMITS.get(stage(args))
    if limits is None:
        yield f"is of the stage {stage(args)!r}, for which policies/sizes.py has no limits: add them there"
        return
    for what, found, allowed in _sizes(args, limits):
        if found in (None, UNKNOWN):
            continue
        fits = found in allowed if isinstance(allowed, frozenset) else int(found) <= allowed
        if not fits:
            most = ", ".join(sorted(allowed)) if isinstance(allowed, frozenset) else f"at most {allowed}"
            yield (
                f"has {what} {_plain(found)}, more than a {stage(args)} stack is meant to cost, or less than it needs: "
                f"use {most}, or change the stage's limits in policies/sizes.py"
            )


def _sizes(args: ResourceValidationArgs, limits: Limits) -> Iterator[tuple[str, Any, int | frozenset[str]]]:
    """Each size by its property, with what is allowed."""
    props = args.props
    if args.resource_type == FUNCTION:
        yield "memorySize", value(props, "memorySize"), limits.function_memory
        yield "ephemeralStorage.size", value(props, "ephemeralStorage", "size"), limits.function_storage
    elif args.resource_type == TASK:
        yield "cpu", value(props, "cpu"), limits.task_cpu
        yield "memory", value(props, "memory"), limits.task_memory
    elif args.resource_type in (CACHE, CACHE_CLUSTER):
        yield "nodeType", value(props, "nodeType"), limits.cache_nodes
    elif args.resource_type == INSTANCE:
        yield "instanceType", value(props, "instanceType"), limits.instances
    elif args.resource_type == QDRANT_CLUSTER:
        yield "numberOfNodes", value(props, "configuration", "numberOfNodes"), limits.qdrant_nodes
    elif args.resource_type == ATLAS_CLUSTER:
        for config in (c for spec in items(props, "replicationSpecs") for c in items(spec, "regionConfigs")):
            # Flex has no instance size; its provider says what it is.
            flex = value(config, "providerName") == "FLEX"
            size = "FLEX" if flex else value(config, "electableSpecs", "instanceSize")
            yield "electableSpecs.instanceSize", size, limits.atlas
            yield "computeMaxInstanceSize", value(config, "autoScaling", "computeMaxInstanceSize"), limits.atlas


def _plain(size: object) -> str:
    """The engine knows no whole numbers."""
    return f"{size:g}" if isinstance(size, float) else str(size)


ALLOWED_SIZES: Final = resource_policy(
    "allowed-sizes",
    "Functions, tasks, caches, instances and clusters are no larger than their stage allows.",
    oversized,
    types=(FUNCTION, TASK, CACHE, CACHE_CLUSTER, INSTANCE, ATLAS_CLUSTER, QDRANT_CLUSTER),
)
