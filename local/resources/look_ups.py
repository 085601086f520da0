"""The provider functions that the program may call, answered from what every stack knows."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.errors import Unsupported

_Answer = Callable[[Mapping[str, Any], str, str], Mapping[str, Any]]


def look_up(token: str, arguments: Mapping[str, Any], *, account: str, region: str) -> Mapping[str, Any]:
    """Raises:
    Unsupported: nobody has said what this function answers.
    """
    if token not in _ANSWERS:
        raise Unsupported(f"the provider function {token} is not on the list of local/resources/look_ups.py")
    return _ANSWERS[token](arguments, account, region)


def _caller(_: Mapping[str, Any], account: str, __: str) -> dict[str, Any]:
    return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:root", "userId": account}


def _region(arguments: Mapping[str, Any], _: str, region: str) -> dict[str, Any]:
    name = arguments.get("region") or arguments.get("name") or region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": name,
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _partition(_: Mapping[str, Any], __: str, ___: str) -> dict[str, Any]:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _zones(_: Mapping[str, Any], __: str, region: str) -> dict[str, Any]:
    return {
        "id": region,
        "region": region,
        "names": [f"{region}{letter}" for letter in "abc"],
        "zoneIds": [f"{region}-az{number}" for number in (1, 2, 3)],
        "groupNames": [f"{region}-zg-1"],
    }


def _organisation(_: Mapping[str, Any], __: str, ___: str) -> dict[str, Any]:
    """Of Atlas: the one that the API key belongs to."""
    return {"id": "0" * 24, "orgId": "0" * 24}


def _booking_packages(arguments: Mapping[str, Any], _: str, __: str) -> dict[str, Any]:
    """Of Qdrant Cloud, a few of what it offers; prices are thousandths of a cent an hour."""
    sizes = (
        ("free", "500m", "1Gi", "4Gi", 0),
        ("small", "500m", "2Gi", "8Gi", 3_800),
        ("medium", "1000m", "4Gi", "16Gi", 7_100),
        ("large", "2000m", "8Gi", "32Gi", 13_600),
    )
    packages = [
        {
            "id": f"00000000-0000-0000-0000-00000000000{number}",
            "name": name,
            "type": "paid" if price else "free",
            "status": "PACKAGE_STATUS_ACTIVE",
            "tier": "PACKAGE_TIER_STANDARD",
            "currency": "USD",
            "multiAz": False,
            "unitIntPricePerHour": price,
            "resourceConfigurations": [{"cpu": cpu, "ram": ram, "disk": disk}],
            "availableAdditionalResources": [],
            "availableStorageTierConfigurations": [],
        }
        for number, (name, cpu, ram, disk, price) in enumerate(sizes)
    ]
    return {**arguments, "id": "0", "packages": packages}


def _prefix_list(arguments: Mapping[str, Any], _: str, __: str) -> dict[str, Any]:
    return {"id": "pl-00000000", "name": arguments.get("name", ""), "entries": []}


def _policy_document(arguments: Mapping[str, Any], _: str, __: str) -> dict[str, Any]:
    statements = [_statement(each) for each in arguments.get("statements", [])]
    document = {"Version": arguments.get("version", "2012-10-17"), "Statement": statements}
    text = json.dumps(document, indent=2)
    return {"id": "0", "json": text, "minifiedJson": json.dumps(document, separators=(",", ":"))}


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": given.get("effect", "Allow")}
    for name, key in (("Sid", "sid"), ("Action", "actions"), ("NotAction", "notActions")):
        if given.get(key):
            made[name] = given[key]
    for name, key in (("Resource", "resources"), ("NotResource", "notResources")):
        if given.get(key):
            made[name] = given[key]
    for principal in given.get("principals", []):
        made.setdefault("Principal", {}).setdefault(principal["type"], []).extend(principal["identifiers"])
    for condition in given.get("conditions", []):
        made.setdefault("Condition", {}).setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
    return made


_ANSWERS: Final[Mapping[str, _Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "mongodbatlas:index/getRolesOrgId:getRolesOrgId": _organisation,
    "qdrant-cloud:index/getBookingPackages:getBookingPackages": _booking_packages,
}
