"""What the outside world meets: the CDN and the API gateway; and the names by which services find each other."""

from typing import Final

from bootstrap.needs.making import (
    EVERYTHING,
    MADE_AS_OURS,
    TAGGED_AS_OURS,
    Need,
    Needs,
    arn,
    global_arn,
    service_role,
)

_DISTRIBUTIONS: Final = (global_arn("cloudfront", "distribution/*"),)
_NAMESPACES: Final = (arn("servicediscovery", "namespace/*"), arn("servicediscovery", "service/*"))
_GATEWAY: Final = Need(
    service="apigateway",
    places=tuple(
        f"arn:{{partition}}:apigateway:{{region}}::/{path}"
        for path in ("apis", "apis/*", "vpclinks", "vpclinks/*", "tags/*")
    ),
    reads="GET",
    writes="POST PUT PATCH DELETE",
)

EDGE: Final[Needs] = {
    "aws:cloudfront/distribution:Distribution": (
        Need(service="cloudfront", places=_DISTRIBUTIONS, reads="GetDistribution ListTagsForResource"),
        Need(
            service="cloudfront",
            places=_DISTRIBUTIONS,
            writes="CreateDistribution UpdateDistribution DeleteDistribution TagResource UntagResource",
        ),
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        Need(
            service="cloudfront",
            places=(global_arn("cloudfront", "origin-access-control/*"),),
            reads="GetOriginAccessControl",
            writes="UpdateOriginAccessControl DeleteOriginAccessControl",
        ),
        Need(service="cloudfront", places=(EVERYTHING,), writes="CreateOriginAccessControl"),
    ),
    "aws:apigatewayv2/api:Api": (_GATEWAY,),
    "aws:apigatewayv2/integration:Integration": (_GATEWAY,),
    "aws:apigatewayv2/route:Route": (_GATEWAY,),
    "aws:apigatewayv2/stage:Stage": (_GATEWAY,),
    "aws:apigatewayv2/vpcLink:VpcLink": (_GATEWAY, service_role("ops.apigateway.amazonaws.com")),
    "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace": (
        Need(
            service="servicediscovery",
            places=_NAMESPACES,
            reads="GetNamespace",
            writes="DeleteNamespace UpdatePrivateDnsNamespace",
            condition=TAGGED_AS_OURS,
        ),
        Need(service="servicediscovery", places=(EVERYTHING,), reads="GetOperation ListTagsForResource"),
        Need(
            service="servicediscovery",
            places=(EVERYTHING,),
            writes="CreatePrivateDnsNamespace TagResource UntagResource",
            condition=MADE_AS_OURS,
        ),
        # Cloud Map keeps the names in a zone of Route 53, in the name of whoever makes them.
        Need(service="route53", places=(EVERYTHING,), writes="CreateHostedZone ListHostedZonesByName"),
        Need(
            service="route53",
            places=("arn:{partition}:route53:::hostedzone/*",),
            writes="GetHostedZone DeleteHostedZone",
        ),
    ),
    "aws:servicediscovery/service:Service": (
        Need(
            service="servicediscovery",
            places=_NAMESPACES,
            reads="GetService",
            writes="CreateService UpdateService DeleteService",
            condition=TAGGED_AS_OURS,
        ),
    ),
}
