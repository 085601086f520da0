"""What may be reached by whom."""

import json
from typing import Any

import pytest

from policies import network
from policies.encryption import BUCKET
from policies.network import NO_OPEN_DOOR, NO_PUBLIC_BUCKET, NO_PUBLIC_POLICY, RESOURCE_POLICIES, SWITCHES
from tests.policies.judging import UNKNOWN, Subject, complaints_of

CLOSED = dict.fromkeys(SWITCHES, True)


def _bucket() -> Subject:
    return Subject(type=BUCKET, name="images", props={"bucket": "images"})


def _block(**props: Any) -> Subject:
    return Subject(
        type=network.ACCESS_BLOCK,
        name="block",
        props={"bucket": "images", **CLOSED, **props},
        made_from={"bucket": ["images"]},
    )


class TestBuckets:
    @pytest.mark.parametrize("bucket", ["images", UNKNOWN])
    def test_a_closed_bucket_passes(self, bucket: str) -> None:
        assert complaints_of(NO_PUBLIC_BUCKET, _bucket(), _block(bucket=bucket)) == []

    @pytest.mark.parametrize("switch", SWITCHES)
    @pytest.mark.parametrize("state", [False, None])
    def test_each_of_the_four_switches_counts(self, switch: str, state: bool | None) -> None:
        (complaint,) = complaints_of(NO_PUBLIC_BUCKET, _bucket(), _block(**{switch: state}))

        assert complaint.startswith("images could be made public")

    def test_the_block_of_another_bucket_does_not_count(self) -> None:
        assert len(complaints_of(NO_PUBLIC_BUCKET, _bucket(), _block(bucket="data"))) == 1

    @pytest.mark.parametrize("acl", ["public-read", "public-read-write", "authenticated-read"])
    @pytest.mark.parametrize("type_token", [BUCKET, network.BUCKET_ACL])
    def test_public_access_lists_are_rejected(self, type_token: str, acl: str) -> None:
        assert len(complaints_of(NO_PUBLIC_POLICY, Subject(type=type_token, props={"acl": acl}))) == 1
        assert complaints_of(NO_PUBLIC_POLICY, Subject(type=type_token, props={"acl": "private"})) == []


def _policy(**changes: Any) -> dict[str, str]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::images/*", **changes}
    return {"policy": json.dumps({"Statement": statement})}


@pytest.mark.parametrize("type_token", RESOURCE_POLICIES)
class TestPolicies:
    @pytest.mark.parametrize(
        "changes",
        [
            {"Principal": {"Service": "cloudfront.amazonaws.com"}},
            {"Principal": "*", "Effect": "Deny"},
            {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        ],
    )
    def test_a_named_principal_passes(self, type_token: str, changes: dict[str, Any]) -> None:
        assert complaints_of(NO_PUBLIC_POLICY, Subject(type=type_token, props=_policy(**changes))) == []

    @pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::123456789012:root", "*"]}])
    def test_everybody_is_rejected(self, type_token: str, principal: object) -> None:
        (complaint,) = complaints_of(NO_PUBLIC_POLICY, Subject(type=type_token, props=_policy(Principal=principal)))

        assert "name the principal" in complaint

    def test_a_condition_does_not_excuse_it(self, type_token: str) -> None:
        props = _policy(Principal="*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})

        assert len(complaints_of(NO_PUBLIC_POLICY, Subject(type=type_token, props=props))) == 1


def _distribution(default: str, ordered: str = "https-only") -> dict[str, Any]:
    return {
        "defaultCacheBehavior": {"viewerProtocolPolicy": default},
        "orderedCacheBehaviors": [{"viewerProtocolPolicy": ordered}],
    }


SHUT: list[tuple[str, dict[str, Any]]] = [
    (network.SECURITY_GROUP, {"ingress": [{"securityGroups": ["sg-1"]}], "egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}),
    (network.SECURITY_GROUP_RULE, {"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}),
    (network.INGRESS_RULE, {"referencedSecurityGroupId": UNKNOWN}),
    (network.INGRESS_RULE, {"cidrIpv4": "10.0.0.0/16"}),
    (network.FUNCTION_URL, {"authorizationType": "AWS_IAM"}),
    (network.BALANCER, {"internal": True}),
    (network.SERVICE, {"networkConfiguration": {"subnets": [UNKNOWN]}}),
    (network.DATABASE, {}),
    (network.DISTRIBUTION, _distribution("redirect-to-https")),
]
OPEN: list[tuple[str, dict[str, Any]]] = [
    (network.SECURITY_GROUP, {"ingress": [{"cidrBlocks": ["10.0.0.0/16"]}, {"cidrBlocks": ["0.0.0.0/0"]}]}),
    (network.SECURITY_GROUP, {"ingress": [{"ipv6CidrBlocks": ["::/0"]}]}),
    (network.SECURITY_GROUP_RULE, {"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]}),
    (network.INGRESS_RULE, {"cidrIpv4": "0.0.0.0/0"}),
    (network.INGRESS_RULE, {"cidrIpv6": "::/0"}),
    (network.FUNCTION_URL, {"authorizationType": "NONE"}),
    (network.BALANCER, {}),
    (network.SERVICE, {"networkConfiguration": {"assignPublicIp": True}}),
    (network.DATABASE, {"publiclyAccessible": True}),
    (network.DISTRIBUTION, _distribution("allow-all")),
    (network.DISTRIBUTION, _distribution("https-only", "allow-all")),
]


@pytest.mark.parametrize(("type_token", "props"), SHUT)
def test_a_shut_door_passes(type_token: str, props: dict[str, Any]) -> None:
    assert complaints_of(NO_OPEN_DOOR, Subject(type=type_token, props=props)) == []


@pytest.mark.parametrize(("type_token", "props"), OPEN)
def test_an_open_door_is_rejected(type_token: str, props: dict[str, Any]) -> None:
    (complaint,) = complaints_of(NO_OPEN_DOOR, Subject(type=type_token, props=props))

    assert "set " in complaint or "name " in complaint
