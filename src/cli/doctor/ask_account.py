"""What AWS tells of the caller, the account, and the stack's directory in it."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cli.doctor.account import ADDRESSES, GATEWAYS, NETWORKS, Concurrency, ModelAccess, Quota, Room
from cli.doctor.asking import Clients, needing
from cli.doctor.deployment import PROJECT, prefix_of
from cli.doctor.errors import Absent, Unexpected
from cli.doctor.rights import Right
from cli.doctor.signing_in import Identity
from models.collections import EMBEDDING_DIMENSIONS

_AVAILABLE: Final = "AVAILABLE"
_STANDING: Final = ["pending", "available"]
_PROBE: Final = {"inputText": "anime", "dimensions": EMBEDDING_DIMENSIONS, "normalize": True}


def identity(clients: Clients) -> Identity:
    with needing(Right.WHO_AM_I):
        found = clients("sts").get_caller_identity()
    return Identity(account=found["Account"], arn=found["Arn"])


def endpoints(clients: Clients, stack: str) -> Mapping[str, Any]:
    """The stack's directory.

    Raises:
        Absent: the stack is not deployed.
    """
    with needing(Right.ENDPOINTS):
        found = clients("ssm").get_parameter(Name=f"/anime-infra/{stack}/endpoints")
    try:
        document = json.loads(found["Parameter"]["Value"])
    except ValueError:
        raise Unexpected("no JSON") from None
    if not isinstance(document, dict):
        raise Unexpected("no directory")
    return document


def model_access(clients: Clients, model: str) -> ModelAccess:
    """Raises:
    Absent: there is no such model, or no Bedrock in the region.
    """
    client = clients("bedrock")
    with needing(Right.MODEL):
        try:
            found = client.get_foundation_model_availability(modelId=model)
        except client.exceptions.ValidationException:  # which is what an unknown model is called in some regions
            raise Absent from None
    return ModelAccess(
        in_region=found.get("regionAvailability") == _AVAILABLE,
        authorized=found.get("authorizationStatus") == "AUTHORIZED",
        subscribed=found.get("entitlementAvailability") == _AVAILABLE
        and found.get("agreementAvailability", {}).get("status", _AVAILABLE) == _AVAILABLE,
    )


def probe_model(clients: Clients, model: str) -> float:
    """Embeds one word. Returns the seconds that it took."""
    started = time.monotonic()
    with needing(Right.EMBED):
        clients("bedrock-runtime").invoke_model(modelId=model, body=json.dumps(_PROBE))
    return time.monotonic() - started


def concurrency(clients: Clients, stack: str) -> Concurrency:
    client = clients("lambda")
    with needing(Right.CONCURRENCY):
        limit = client.get_account_settings()["AccountLimit"]
    with needing(Right.RESERVED):
        try:
            found = client.get_function_concurrency(FunctionName=f"{prefix_of(stack)}fetch-source")
        except client.exceptions.ResourceNotFoundException:
            found = {}
    return Concurrency(
        limit=limit["ConcurrentExecutions"],
        free=limit["UnreservedConcurrentExecutions"],
        ours=found.get("ReservedConcurrentExecutions", 0),
    )


def boundary(clients: Clients, name: str, who: Identity) -> bool:
    """Raises:
    Absent: the account has no such policy.
    """
    with needing(Right.BOUNDARY):
        clients("iam").get_policy(PolicyArn=f"arn:{who.partition}:iam::{who.account}:policy/{name}")
    return True


def addresses(clients: Clients, *, stage: str) -> Room:
    limit = _limit(clients, ADDRESSES)
    with needing(Right.ADDRESSES):
        found = clients("ec2").describe_addresses()["Addresses"]
    return Room(limit=limit, used=len(found), ours=_ours(found, stage))


def networks(clients: Clients, *, stage: str) -> Room:
    limit = _limit(clients, NETWORKS)
    with needing(Right.NETWORKS):
        found = _all(clients("ec2"), "describe_vpcs", "Vpcs")
    return Room(limit=limit, used=len(found), ours=_ours(found, stage))


def gateways(clients: Clients, *, stage: str, zones: tuple[str, ...]) -> Room:
    """Of the fullest of those zones."""
    limit, client = _limit(clients, GATEWAYS), clients("ec2")
    with needing(Right.GATEWAYS):
        found = _all(client, "describe_nat_gateways", "NatGateways", Filter=[{"Name": "state", "Values": _STANDING}])
    with needing(Right.SUBNETS):
        subnets = _all(client, "describe_subnets", "Subnets") if found else []
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in subnets}
    inside = {zone: [each for each in found if zone_of.get(each.get("SubnetId")) == zone] for zone in zones}
    rooms = [Room(limit=limit, used=len(each), ours=_ours(each, stage)) for each in inside.values()]
    return max(rooms, key=lambda room: room.used - room.ours)


def _limit(clients: Clients, quota: Quota) -> int:
    """As it applies to the account; AWS's own where nobody has changed it."""
    client, where = clients("service-quotas"), {"ServiceCode": quota.service, "QuotaCode": quota.code}
    with needing(Right.QUOTA):
        try:
            return int(client.get_service_quota(**where)["Quota"]["Value"])
        except client.exceptions.NoSuchResourceException:
            pass
    with needing(Right.USUAL_QUOTA):
        return int(client.get_aws_default_service_quota(**where)["Quota"]["Value"])


def _all(client: Any, operation: str, field: str, **query: Any) -> list[dict[str, Any]]:
    return [each for page in client.get_paginator(operation).paginate(**query) for each in page[field]]


def _ours(found: Iterable[Mapping[str, Any]], stage: str) -> int:
    """By the tags that the program puts on everything."""
    wanted = {"project": PROJECT, "environment": stage}
    tags = ({tag["Key"]: tag["Value"] for tag in each.get("Tags", ())} for each in found)
    return sum(wanted.items() <= each.items() for each in tags)
