"""Answers of the GraphQL server are kept by nobody."""

from typing import Any

import pytest

from policies.caching import CACHING_DISABLED, DISTRIBUTION, METHOD_SETTINGS, NO_CACHED_ANSWERS, REST_STAGE
from tests.policies.judging import UNKNOWN, Subject, complaints_of

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
GATEWAY = {"originId": "bff", "domainName": "abc.execute-api.eu-central-1.amazonaws.com"}
IMAGES = {"originId": "images", "domainName": "images.s3.eu-central-1.amazonaws.com"}


def _behaviour(origin: str, policy: str, pattern: str | None = None) -> dict[str, Any]:
    return {"targetOriginId": origin, "cachePolicyId": policy, **({"pathPattern": pattern} if pattern else {})}


def _distribution(*ordered: dict[str, Any], default: dict[str, Any] | None = None) -> Subject:
    props = {
        "origins": [IMAGES, GATEWAY],
        "defaultCacheBehavior": default or _behaviour("images", OPTIMIZED),
        "orderedCacheBehaviors": list(ordered),
    }
    return Subject(type=DISTRIBUTION, props=props)


@pytest.mark.parametrize(
    "subject",
    [
        _distribution(),
        _distribution(_behaviour("bff", CACHING_DISABLED, "/graphql")),
        _distribution(_behaviour("bff", UNKNOWN, "graphql*"), _behaviour("images", OPTIMIZED, "/*")),
        _distribution(_behaviour("images", OPTIMIZED, "/images/*"), default=_behaviour("bff", CACHING_DISABLED)),
        Subject(type=REST_STAGE, props={"cacheClusterEnabled": False}),
        Subject(type=METHOD_SETTINGS, props={"settings": {}}),
    ],
)
def test_answers_that_nobody_keeps_pass(subject: Subject) -> None:
    assert complaints_of(NO_CACHED_ANSWERS, subject) == []


@pytest.mark.parametrize(
    "subject",
    [
        _distribution(_behaviour("elsewhere", OPTIMIZED, "/graphql")),
        _distribution(_behaviour("elsewhere", OPTIMIZED, "/graph*")),
        _distribution(_behaviour("bff", OPTIMIZED, "/api/*")),
        _distribution(default=_behaviour("bff", OPTIMIZED)),
        Subject(type=REST_STAGE, props={"cacheClusterEnabled": True}),
        Subject(type=METHOD_SETTINGS, props={"settings": {"cachingEnabled": True}}),
    ],
)
def test_answers_that_somebody_keeps_are_rejected(subject: Subject) -> None:
    (complaint,) = complaints_of(NO_CACHED_ANSWERS, subject)

    assert "that another user would get: set" in complaint
