"""Answers to GraphQL are of one user: nothing between the server and the user keeps them."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from policies.making import Complaints, resource_policy
from policies.reading import UNKNOWN, is_off, items, value

CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""CloudFront's managed policy that keeps nothing."""

GRAPHQL: Final = "/graphql"
DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
REST_STAGE: Final = "aws:apigateway/stage:Stage"
METHOD_SETTINGS: Final = "aws:apigateway/methodSettings:MethodSettings"


def cached_answers(args: ResourceValidationArgs) -> Complaints:
    props = args.props
    if args.resource_type == REST_STAGE and not is_off(props, "cacheClusterEnabled"):
        yield "keeps answers that another user would get: set cacheClusterEnabled to false"
    if args.resource_type == METHOD_SETTINGS and not is_off(props, "settings", "cachingEnabled"):
        yield "keeps answers that another user would get: set settings.cachingEnabled to false"
    if args.resource_type == DISTRIBUTION:
        for behaviour in _behaviours_of_graphql(props):
            if value(behaviour, "cachePolicyId") not in (CACHING_DISABLED, UNKNOWN):
                yield (
                    f"keeps answers of {GRAPHQL} that another user would get: set cachePolicyId of that behaviour to "
                    f"{CACHING_DISABLED} (CachingDisabled)"
                )


def _behaviours_of_graphql(props: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The first pattern that matches the path, and whatever is sent on to an API gateway."""
    gateways = {
        value(origin, "originId")
        for origin in items(props, "origins")
        if "execute-api" in str(value(origin, "domainName"))
    }
    ordered = list(items(props, "orderedCacheBehaviors"))
    default = value(props, "defaultCacheBehavior")
    first = next((each for each in ordered if _takes_graphql(each)), None)
    for each in [*ordered, default] if isinstance(default, Mapping) else ordered:
        if each is first or value(each, "targetOriginId") in gateways:
            yield each


def _takes_graphql(behaviour: Mapping[str, Any]) -> bool:
    pattern = value(behaviour, "pathPattern")
    return isinstance(pattern, str) and fnmatchcase(GRAPHQL, f"/{pattern.lstrip('/')}")


NO_CACHED_ANSWERS: Final = resource_policy(
    "no-cached-answers",
    "No stage and no CDN keeps answers of the GraphQL server.",
    cached_answers,
    types=(DISTRIBUTION, REST_STAGE, METHOD_SETTINGS),
)
