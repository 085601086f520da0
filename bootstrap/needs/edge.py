"""What is met before the containers: the CDN, the API gateway, the load balancer; and the names they are found by."""

from typing import Final

from bootstrap.needs.making import (
    EVERYTHING,
    MADE_AS_OURS,
    NAMES,
    TAGGED_AS_OURS,
    Need,
    Needs,
    arn,
    global_arn,
    service_role,
)

_DISTRIBUTIONS: Final = (global_arn("cloudfront", "distribution/*"),)
_ACCESS_CONTROLS: Final = (global_arn("cloudfront", "origin-access-control/*"),)
_NAMESPACES: Final = (arn("servicediscovery", "namespace/*"),)
_REGISTRY: Final = (arn("servicediscovery", "service/*"),)
_BALANCERS: Final = (arn("elasticloadbalancing", f"loadbalancer/app/{NAMES}"),)
_LISTENERS: Final = (arn("elasticloadbalancing", f"listener/app/{NAMES}"),)
_TARGETS: Final = (arn("elasticloadbalancing", f"targetgroup/{NAMES}"),)

_GATEWAY: Final = Need(
    service="apigateway",
    places=tuple(
        f"arn:{{partition}}:apigateway:{{region}}::/{path}"
        for path in ("apis", "apis/*", "vpclinks", "vpclinks/*", "tags/*")
    ),
    reads="GET",
    writes="POST PUT PATCH DELETE",
)


def _balancing(places: tuple[str, ...], writes: str) -> Need:
    return Need(service="elasticloadbalancing", places=places, writes=f"{writes} AddTags RemoveTags")


def _balancers(names: str) -> Need:
    return Need(service="elasticloadbalancing", places=(EVERYTHING,), reads=f"{names} DescribeTags")


EDGE: Final[Needs] = {
    "aws:cloudfront/distribution:Distribution": (
        Need(service="cloudfront", places=_DISTRIBUTIONS, reads="GetDistribution ListTagsForResource"),
        Need(service="cloudfront", places=_DISTRIBUTIONS, writes="CreateDistribution"),
        Need(service="cloudfront", places=_DISTRIBUTIONS, writes="TagResource", condition=MADE_AS_OURS),
        Need(
            service="cloudfront",
            places=_DISTRIBUTIONS,
            writes="UpdateDistribution DeleteDistribution TagResource UntagResource",
            condition=TAGGED_AS_OURS,
        ),
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        Need(
            service="cloudfront",
            places=_ACCESS_CONTROLS,
            reads="GetOriginAccessControl",
            writes="UpdateOriginAccessControl DeleteOriginAccessControl",
        ),
        Need(service="cloudfront", places=(EVERYTHING,), writes="CreateOriginAccessControl"),
    ),
    "aws:apigatewayv2/api:Api": (_GATEWAY,),
    "aws:apigatewayv2/integration:Integration": (_GATEWAY,),
    "aws:apigatewayv2/route:Route": (_GATEWAY,),
    "aws:apigatewayv2/stage:Stage": (
        _GATEWAY,
        # An access log is a delivery, which its maker lets write to the group.
        Need(
            service="logs",
            places=(EVERYTHING,),
            reads="DescribeResourcePolicies GetLogDelivery ListLogDeliveries",
            writes="CreateLogDelivery UpdateLogDelivery DeleteLogDelivery PutResourcePolicy",
        ),
    ),
    "aws:apigatewayv2/vpcLink:VpcLink": (_GATEWAY, service_role("ops.apigateway.amazonaws.com")),
    "aws:lb/loadBalancer:LoadBalancer": (
        _balancers("DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation"),
        _balancing(
            _BALANCERS,
            "CreateLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType "
            "DeleteLoadBalancer",
        ),
        Need(service="ec2", places=(EVERYTHING,), reads="DescribeAccountAttributes DescribeInternetGateways"),
        service_role("elasticloadbalancing.amazonaws.com"),
    ),
    "aws:lb/targetGroup:TargetGroup": (
        _balancers("DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth"),
        _balancing(_TARGETS, "CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup"),
    ),
    "aws:lb/listener:Listener": (
        _balancers("DescribeListeners DescribeListenerAttributes"),
        _balancing(_BALANCERS, "CreateListener"),
        _balancing(_LISTENERS, "ModifyListener ModifyListenerAttributes DeleteListener"),
    ),
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": (
        Need(service="servicediscovery", places=_NAMESPACES, reads="GetNamespace"),
        Need(
            service="servicediscovery",
            places=_NAMESPACES,
            writes="DeleteNamespace UpdatePrivateDnsNamespace",
            condition=TAGGED_AS_OURS,
        ),
        Need(service="servicediscovery", places=(EVERYTHING,), reads="GetOperation ListTagsForResource"),
        Need(
            service="servicediscovery",
            places=(EVERYTHING,),
            writes="CreatePrivateDnsNamespace TagResource",
            condition=MADE_AS_OURS,
        ),
        Need(service="servicediscovery", places=(EVERYTHING,), writes="UntagResource"),
        # Cloud Map keeps the names in a zone of Route 53, on behalf of whoever makes them.
        Need(service="route53", places=(EVERYTHING,), writes="CreateHostedZone ListHostedZonesByName"),
        Need(
            service="route53",
            places=("arn:{partition}:route53:::hostedzone/*",),
            writes="GetHostedZone DeleteHostedZone ChangeResourceRecordSets",
        ),
        Need(service="ec2", places=(EVERYTHING,), reads="DescribeRegions DescribeVpcs"),
    ),
    "aws:servicediscovery/service:Service": (
        Need(service="servicediscovery", places=_REGISTRY, reads="GetService"),
        Need(service="servicediscovery", places=_REGISTRY, writes="CreateService", condition=MADE_AS_OURS),
        Need(service="servicediscovery", places=_NAMESPACES, writes="CreateService", condition=TAGGED_AS_OURS),
        Need(
            service="servicediscovery",
            places=_REGISTRY,
            writes="UpdateService DeleteService",
            condition=TAGGED_AS_OURS,
        ),
    ),
}
