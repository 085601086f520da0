"""Where a stage's resources may stand."""

from collections.abc import Mapping
from typing import Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import UNKNOWN, items, region, stage, value

REGIONS: Final[Mapping[str, frozenset[str]]] = {
    "local": frozenset({"us-east-1"}),
    "dev": frozenset({"eu-central-1"}),
    "prod": frozenset({"eu-central-1"}),
}

ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "aws:acm/certificate:Certificate": ("us-east-1", "CloudFront takes certificates from there alone"),
    "aws:acm/certificateValidation:CertificateValidation": ("us-east-1", "CloudFront takes certificates from there"),
    "aws:wafv2/webAcl:WebAcl": ("us-east-1", "rules for CloudFront stand there alone"),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": ("us-east-1", "costs of all regions are watched from there"),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": ("us-east-1", "as the monitor it belongs to"),
}
"""Types that may also stand in another region, each with the region and the reason."""

ATLAS_CLUSTER: Final = "mongodbatlas:index/advancedCluster:AdvancedCluster"
QDRANT_CLUSTER: Final = "qdrant-cloud:index/accountsCluster:AccountsCluster"


def misplaced(args: ResourceValidationArgs) -> Complaints:
    if not args.resource_type.startswith("aws:") and args.resource_type not in (ATLAS_CLUSTER, QDRANT_CLUSTER):
        return
    allowed = REGIONS.get(stage(args))
    if allowed is None:
        yield f"is of the stage {stage(args)!r}, for which policies/regions.py names no region: add it there"
        return
    also, _ = ELSEWHERE.get(args.resource_type, (None, ""))
    for found in _regions(args):
        if found not in allowed and found != also:
            yield (
                f"stands in {found}, where nobody looks for a {stage(args)} stack: use {', '.join(sorted(allowed))} "
                "(awsRegion of the stack's settings), or add the region to policies/regions.py"
            )


def _regions(args: ResourceValidationArgs) -> list[str]:
    if args.resource_type == ATLAS_CLUSTER:
        specs = (c for spec in items(args.props, "replicationSpecs") for c in items(spec, "regionConfigs"))
        found = [value(config, "regionName") for config in specs]
    elif args.resource_type == QDRANT_CLUSTER:
        found = [value(args.props, "cloudRegion")]
    else:
        found = [region(args)]
    return [str(each).lower().replace("_", "-") for each in found if each not in (None, UNKNOWN)]


ALLOWED_REGIONS: Final = resource_policy(
    "allowed-regions", "Every resource stands in a region that is allowed to its stage.", misplaced
)
