"""The ways to the database: what is made for each, who is let in, and what is refused."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from components.mongo.atlas import Reach, Tier
from components.mongo.network_access import NetworkAccessArgs, Vpc
from components.tags import Service
from local.recording import RecordedResource, Recording
from tests.components.mongo_programs import ATLAS, names, record_whole

ACCESS_LIST = f"{ATLAS}projectIpAccessList:ProjectIpAccessList"

VPC = Vpc(
    vpc_id="vpc-1",
    cidr="10.20.0.0/16",
    account="123456789012",
    route_table_ids={"a": "rtb-a"},
    subnet_ids={"a": "subnet-a"},
    endpoint_group_id="sg-endpoints",
)
ARGS = NetworkAccessArgs(
    project_id="p",
    tier=Tier.M10,
    aws_region="eu-central-1",
    reach=Reach.PEERING,
    nat_addresses={"a": "198.51.100.1"},
    vpc=VPC,
    atlas_cidr="192.168.248.0/21",
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tier": Tier.M0}, "no way by peering"),
        ({"tier": Tier.FLEX}, "no way by peering"),
        ({"tier": Tier.FLEX, "reach": Reach.PRIVATE_ENDPOINT}, "no way by private-endpoint"),
        ({"vpc": None}, "without a VPC"),
        ({"vpc": None, "reach": Reach.PRIVATE_ENDPOINT}, "without a VPC"),
        ({"reach": Reach.NAT, "nat_addresses": {}}, "nobody would be let in"),
        ({"atlas_cidr": None}, "cannot be joined"),
        ({"atlas_cidr": "192.168.0.0/20"}, "refused by Atlas"),
        ({"atlas_cidr": "192.168.248.0/25"}, "refused by Atlas"),
        ({"atlas_cidr": "8.8.8.0/24"}, "refused by Atlas"),
        ({"atlas_cidr": "10.20.8.0/21"}, "overlaps"),
    ],
    ids=str,
)
def test_arguments_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ARGS, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"tier": Tier.M0, "reach": Reach.OPEN, "vpc": None},
        {"tier": Tier.FLEX, "reach": Reach.NAT, "vpc": None, "atlas_cidr": None},
        {"reach": Reach.PRIVATE_ENDPOINT, "atlas_cidr": None},
        {"atlas_cidr": "192.168.248.0/24"},
    ],
    ids=str,
)
def test_arguments_are_taken(changes: dict[str, Any]) -> None:
    assert dataclasses.replace(ARGS, **changes)


def _let_in(recording: Recording) -> dict[str, str]:
    return {entry.name: entry.inputs["cidrBlock"] for entry in recording.of_type(ACCESS_LIST)}


def _parts(recording: Recording) -> set[str]:
    """Kinds of what the way is made of."""
    return {part.type.rpartition(":")[2] for part in recording.children(recording.named("mongo-access"))}


def _one(recording: Recording, kind: str) -> RecordedResource:
    (found,) = [resource for resource in recording if resource.type.endswith(f":{kind}")]
    return found


def test_open_lets_in_every_address_and_makes_nothing_in_aws(tmp_path: Path) -> None:
    recording = record_whole(tmp_path, tier="M0", reach="OPEN")

    assert _let_in(recording) == {"mongo-access-everybody": "0.0.0.0/0"}
    assert _parts(recording) == {"ProjectIpAccessList"}


def test_nat_lets_in_its_addresses_alone(tmp_path: Path) -> None:
    recording = record_whole(tmp_path, tier="FLEX", reach="NAT")

    assert _let_in(recording) == {"mongo-access-nat-a": "198.51.100.1/32", "mongo-access-nat-b": "198.51.100.2/32"}
    assert _parts(recording) == {"ProjectIpAccessList"}


@pytest.mark.parametrize("reach", ["NAT", "PEERING", "PRIVATE_ENDPOINT"])
def test_the_internet_is_let_in_by_open_alone(tmp_path: Path, reach: str) -> None:
    assert "0.0.0.0/0" not in _let_in(record_whole(tmp_path, reach=reach)).values()


class TestPeering:
    def test_the_cluster_gets_the_range_that_was_chosen(self, tmp_path: Path) -> None:
        container = _one(record_whole(tmp_path, reach="PEERING"), "NetworkContainer")

        assert container.inputs["atlasCidrBlock"] == "192.168.248.0/21"
        assert (container.inputs["regionName"], container.inputs["providerName"]) == ("EU_CENTRAL_1", "AWS")

    def test_atlas_asks_for_our_vpc_and_we_accept_what_it_asked(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, reach="PEERING")
        asked, accepted = _one(recording, "NetworkPeering"), _one(recording, "VpcPeeringConnectionAccepter")

        assert asked.inputs["containerId"] == _one(recording, "NetworkContainer").outputs["containerId"]
        assert asked.inputs["vpcId"] == "vpc-1"
        assert asked.inputs["awsAccountId"] == "123456789012"
        assert asked.inputs["accepterRegionName"] == "eu-central-1"
        assert asked.inputs["routeTableCidrBlock"] == "10.20.0.0/16"
        assert accepted.inputs["vpcPeeringConnectionId"] == asked.outputs["connectionId"]
        assert accepted.inputs["autoAccept"] is True
        assert accepted.inputs["tags"] == {"service": Service.STORES}

    def test_every_private_subnet_finds_its_way_there(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, reach="PEERING")
        routes = recording.of_type("aws:ec2/route:Route")
        accepted = _one(recording, "VpcPeeringConnectionAccepter")

        assert {route.inputs["routeTableId"] for route in routes} == {"rtb-a", "rtb-b"}
        assert {route.inputs["destinationCidrBlock"] for route in routes} == {"192.168.248.0/21"}
        assert all(accepted.urn in route.options.dependencies for route in routes)

    def test_our_vpc_is_let_in(self, tmp_path: Path) -> None:
        assert _let_in(record_whole(tmp_path, reach="PEERING")) == {"mongo-access-vpc": "10.20.0.0/16"}


class TestPrivateEndpoint:
    def test_both_ends_know_each_other(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, reach="PRIVATE_ENDPOINT")
        link, endpoint = _one(recording, "PrivateLinkEndpoint"), _one(recording, "VpcEndpoint")
        service = _one(recording, "PrivateLinkEndpointService")

        assert link.inputs["region"] == "EU_CENTRAL_1"
        assert endpoint.inputs["serviceName"] == link.outputs["endpointServiceName"]
        assert (endpoint.inputs["vpcEndpointType"], endpoint.inputs["vpcId"]) == ("Interface", "vpc-1")
        assert endpoint.inputs["subnetIds"] == ["subnet-a", "subnet-b"]
        assert service.inputs["endpointServiceId"] == endpoint.id
        assert service.inputs["privateLinkId"] == link.outputs["privateLinkId"]

    def test_nobody_is_let_in_by_address(self, tmp_path: Path) -> None:
        assert _let_in(record_whole(tmp_path, reach="PRIVATE_ENDPOINT")) == {}

    def test_the_group_of_endpoints_says_who_comes_in(self, tmp_path: Path) -> None:
        endpoint = _one(record_whole(tmp_path, reach="PRIVATE_ENDPOINT"), "VpcEndpoint")

        assert endpoint.inputs["securityGroupIds"] == ["sg-endpoints"]
        assert endpoint.inputs["tags"] == {"service": Service.STORES}


@pytest.mark.parametrize("reach", ["PEERING", "PRIVATE_ENDPOINT"])
def test_each_part_is_made_by_the_provider_of_its_cloud(tmp_path: Path, reach: str) -> None:
    recording = record_whole(tmp_path, reach=reach)
    providers = {f"{p.urn}::{p.id}": p.name for p in recording if p.type.startswith("pulumi:providers:")}

    for part in recording.children(recording.named("mongo-access")):
        wanted = "aws" if part.type.startswith("aws:") else "atlas"
        assert providers[part.provider or ""] == wanted, part.urn


@pytest.mark.parametrize("reach", ["OPEN", "NAT", "PEERING", "PRIVATE_ENDPOINT"])
def test_logical_names_last(tmp_path: Path, reach: str) -> None:
    """Those of the ways hold no number, so that another count of subnets or addresses moves none."""
    recording = record_whole(tmp_path, reach=reach)

    for part in recording.children(recording.named("mongo-access")):
        assert part.name.startswith("mongo-access-")
        assert not any(letter.isdigit() for letter in part.name)
    assert recording.named("mongo-access").output_registrations == 1
    assert not names(recording, "Cluster") - {"mongo"}
