"""What AWS tells of caller and account. Stubs of botocore check every parameter and every answer's shape."""

import io
import json
from typing import Any

import pytest

from cli.doctor import ask_account
from cli.doctor.account import Concurrency, ModelAccess, Room
from cli.doctor.errors import Absent, Denied, SignInRefused, Unexpected
from cli.doctor.signing_in import Identity
from tests.support.fake_aws import ACCOUNT, REGION, StubbedAws

ARN = f"arn:aws:iam::{ACCOUNT}:user/me"
WHO = Identity(account=ACCOUNT, arn=ARN)
TITAN = "amazon.titan-embed-text-v2:0"
OURS = [{"Key": "project", "Value": "anime-infra"}, {"Key": "environment", "Value": "prod"}]
OTHERS = [{"Key": "project", "Value": "anime-infra"}, {"Key": "environment", "Value": "dev"}]


@pytest.fixture
def aws() -> StubbedAws:
    return StubbedAws()


def quota(aws: StubbedAws, service: str, code: str, value: float) -> None:
    where = {"ServiceCode": service, "QuotaCode": code}
    aws.stub("service-quotas").add_response("get_service_quota", {"Quota": {"Value": value}}, where)


def test_the_caller_is_known_by_account_and_name(aws: StubbedAws) -> None:
    aws.stub("sts").add_response("get_caller_identity", {"Account": ACCOUNT, "Arn": ARN, "UserId": "AIDA"})
    assert ask_account.identity(aws) == WHO


def test_an_expired_sign_in_is_refused(aws: StubbedAws) -> None:
    aws.stub("sts").add_client_error("get_caller_identity", "ExpiredToken", http_status_code=403)
    with pytest.raises(SignInRefused):
        ask_account.identity(aws)


def parameter(value: str) -> dict[str, Any]:
    return {"Parameter": {"Name": "/anime-infra/dev/endpoints", "Value": value}}


def test_the_directory_is_the_stacks_parameter(aws: StubbedAws) -> None:
    stub = aws.stub("ssm")
    stub.add_response("get_parameter", parameter('{"functions": {}}'), {"Name": "/anime-infra/dev/endpoints"})
    assert ask_account.endpoints(aws, "dev") == {"functions": {}}


def test_a_stack_without_a_parameter_is_not_deployed(aws: StubbedAws) -> None:
    aws.stub("ssm").add_client_error("get_parameter", "ParameterNotFound")
    with pytest.raises(Absent):
        ask_account.endpoints(aws, "dev")


@pytest.mark.parametrize("value", ["{", "[]"])
def test_a_parameter_that_is_no_directory_is_unexpected(aws: StubbedAws, value: str) -> None:
    aws.stub("ssm").add_response("get_parameter", parameter(value))
    with pytest.raises(Unexpected):
        ask_account.endpoints(aws, "dev")


def availability(**different: Any) -> dict[str, Any]:
    return {
        "modelId": TITAN,
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
        **different,
    }


@pytest.mark.parametrize(
    ("different", "expected"),
    [
        ({}, ModelAccess(in_region=True, authorized=True, subscribed=True)),
        (
            {"regionAvailability": "NOT_AVAILABLE"},
            ModelAccess(in_region=False, authorized=True, subscribed=True),
        ),
        (
            {"authorizationStatus": "NOT_AUTHORIZED"},
            ModelAccess(in_region=True, authorized=False, subscribed=True),
        ),
        (
            {"entitlementAvailability": "NOT_AVAILABLE"},
            ModelAccess(in_region=True, authorized=True, subscribed=False),
        ),
        (
            {"agreementAvailability": {"status": "PENDING"}},
            ModelAccess(in_region=True, authorized=True, subscribed=False),
        ),
    ],
)
def test_access_to_a_model_is_told_in_three_parts(
    aws: StubbedAws, different: dict[str, Any], expected: ModelAccess
) -> None:
    stub = aws.stub("bedrock")
    stub.add_response("get_foundation_model_availability", availability(**different), {"modelId": TITAN})
    assert ask_account.model_access(aws, TITAN) == expected


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException"])
def test_a_model_that_the_region_does_not_know_is_absent(aws: StubbedAws, code: str) -> None:
    aws.stub("bedrock").add_client_error("get_foundation_model_availability", code)
    with pytest.raises(Absent):
        ask_account.model_access(aws, TITAN)


def test_a_probe_embeds_one_word(aws: StubbedAws) -> None:
    body = {"inputText": "anime", "dimensions": 256, "normalize": True}
    aws.stub("bedrock-runtime").add_response(
        "invoke_model",
        {"body": io.BytesIO(b"{}"), "contentType": "application/json"},
        {"modelId": TITAN, "body": json.dumps(body)},
    )
    assert 0 <= ask_account.probe_model(aws, TITAN) < 5


def test_a_probe_that_is_denied_says_of_what(aws: StubbedAws) -> None:
    aws.stub("bedrock-runtime").add_client_error("invoke_model", "AccessDeniedException")
    with pytest.raises(Denied, match="bedrock:InvokeModel"):
        ask_account.probe_model(aws, TITAN)


LIMIT = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 995}}
FETCHING = {"FunctionName": "anime-infra-dev-fetch-source"}


def test_concurrency_is_what_is_free_and_what_is_set_aside_for_the_stack(aws: StubbedAws) -> None:
    stub = aws.stub("lambda")
    stub.add_response("get_account_settings", LIMIT)
    stub.add_response("get_function_concurrency", {"ReservedConcurrentExecutions": 5}, FETCHING)
    assert ask_account.concurrency(aws, "dev") == Concurrency(limit=1000, free=995, ours=5)


def test_before_a_deployment_nothing_is_set_aside(aws: StubbedAws) -> None:
    stub = aws.stub("lambda")
    stub.add_response("get_account_settings", LIMIT)
    stub.add_client_error("get_function_concurrency", "ResourceNotFoundException")
    assert ask_account.concurrency(aws, "dev") == Concurrency(limit=1000, free=995, ours=0)


def test_addresses_are_counted_and_those_of_the_stack_known_by_their_tags(aws: StubbedAws) -> None:
    quota(aws, "ec2", "L-0263D0A3", 5.0)
    found = [{"AllocationId": "a", "Tags": OURS}, {"AllocationId": "b", "Tags": OTHERS}, {"AllocationId": "c"}]
    aws.stub("ec2").add_response("describe_addresses", {"Addresses": found})
    assert ask_account.addresses(aws, stage="prod") == Room(limit=5, used=3, ours=1)


def test_networks_are_counted(aws: StubbedAws) -> None:
    quota(aws, "vpc", "L-F678F1CE", 5.0)
    aws.stub("ec2").add_response("describe_vpcs", {"Vpcs": [{"VpcId": "a"}, {"VpcId": "b", "Tags": OURS}]})
    assert ask_account.networks(aws, stage="prod") == Room(limit=5, used=2, ours=1)


def gateways(aws: StubbedAws, *standing: tuple[str, list[dict[str, str]]]) -> Room:
    quota(aws, "vpc", "L-FE5A380F", 5.0)
    found = [
        {"NatGatewayId": str(n), "SubnetId": f"in-{zone}", "Tags": tags} for n, (zone, tags) in enumerate(standing)
    ]
    stub = aws.stub("ec2")
    stub.add_response("describe_nat_gateways", {"NatGateways": found})
    if standing:
        subnets = [{"SubnetId": f"in-{zone}", "AvailabilityZone": zone} for zone in ("a", "b", "c")]
        stub.add_response("describe_subnets", {"Subnets": subnets})
    return ask_account.gateways(aws, stage="prod", zones=("a", "b"))


def test_of_gateways_those_in_other_zones_do_not_count(aws: StubbedAws) -> None:
    assert gateways(aws, ("a", []), ("b", []), ("b", []), ("c", []), ("c", []), ("c", [])) == Room(
        limit=5, used=2, ours=0
    )


def test_of_gateways_the_zone_counts_that_others_have_filled_most(aws: StubbedAws) -> None:
    assert gateways(aws, ("a", OURS), ("a", OURS), ("a", OURS), ("b", []), ("b", [])) == Room(limit=5, used=2, ours=0)


def test_of_gateways_a_zone_full_of_others_counts(aws: StubbedAws) -> None:
    assert gateways(aws, ("a", OURS), ("b", []), ("b", OTHERS)) == Room(limit=5, used=2, ours=0)


def test_where_there_are_no_gateways_there_is_room(aws: StubbedAws) -> None:
    assert gateways(aws) == Room(limit=5, used=0, ours=0)


def test_a_quota_that_nobody_changed_is_awss_own(aws: StubbedAws) -> None:
    stub = aws.stub("service-quotas")
    stub.add_client_error("get_service_quota", "NoSuchResourceException")
    stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 5.0}})
    aws.stub("ec2").add_response("describe_vpcs", {"Vpcs": []})
    assert ask_account.networks(aws, stage="prod").limit == 5


def test_a_quota_that_may_not_be_read_says_which_right_is_needed(aws: StubbedAws) -> None:
    aws.stub("service-quotas").add_client_error("get_service_quota", "AccessDeniedException")
    with pytest.raises(Denied, match="servicequotas:GetServiceQuota"):
        ask_account.networks(aws, stage="prod")


def test_usage_that_may_not_be_read_says_which_right_is_needed(aws: StubbedAws) -> None:
    quota(aws, "ec2", "L-0263D0A3", 5.0)
    aws.stub("ec2").add_client_error("describe_addresses", "UnauthorizedOperation")
    with pytest.raises(Denied, match="ec2:DescribeAddresses"):
        ask_account.addresses(aws, stage="prod")


def test_a_boundary_is_a_policy_of_the_account(aws: StubbedAws) -> None:
    stub = aws.stub("iam")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/anime-ci-boundary"
    stub.add_response("get_policy", {"Policy": {"Arn": arn}}, {"PolicyArn": arn})
    assert ask_account.boundary(aws, "anime-ci-boundary", WHO)
    stub.add_client_error("get_policy", "NoSuchEntity")
    with pytest.raises(Absent):
        ask_account.boundary(aws, "anime-ci-boundary", WHO)


def test_stubs_are_of_the_region_that_is_asked(aws: StubbedAws) -> None:
    assert aws("ec2").meta.region_name == REGION
