"""The network: ways out, doors between parts, and the addresses of subnets."""

import ipaddress
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import Policy

from components.aws.address_plan import LARGEST_PREFIX, SMALLEST_PREFIX, AddressPlan
from components.aws.networking import Nat, NetworkArgs
from components.aws.security_groups import Part
from local.program import record_program
from local.recording import RecordedResource, Recording
from policies.pack import ALL
from tests.policies.judging import complaints_of_preview, complaints_of_recording

REGION = "eu-central-1"
EVERYWHERE = "0.0.0.0/0"

SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ADDRESS = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OUT = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

PROGRAM = """
import pulumi
import pulumi_aws as aws
from components.aws.networking import Nat, Network, NetworkArgs

ours = aws.Provider(
    "aws", region="eu-central-1", default_tags={{"tags": {{"project": "anime-infra", "environment": "prod"}}}}
)
network = Network(
    "network",
    NetworkArgs(
        name_prefix="anime-infra-prod",
        cidr="10.20.0.0/16",
        zones={zones!r},
        region="eu-central-1",
        account="123456789012",
        nat=Nat.{nat},
        mongo_cidr={mongo_cidr!r},
        bff_port=3000,
        agent_port=8000,
        log_retention_days=30,
        alarm_topic_arn="arn:aws:sns:eu-central-1:123456789012:alarms",
        protect={protect},
    ),
    pulumi.ResourceOptions(provider=ours),
)
# Like a function, which starts as soon as it knows where.
aws.sqs.Queue("starts", name=network.private_subnet_ids["a"], tags={{"service": "network"}})
aws.sqs.Queue("talks", name=network.groups.functions, tags={{"service": "network"}})
"""


def record(root: Path, **values: object) -> Recording:
    given: dict[str, object] = {
        "zones": ("eu-central-1a", "eu-central-1b"),
        "nat": "ONE",
        "mongo_cidr": EVERYWHERE,
        "protect": True,
        **values,
    }
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.prod.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(dedent(PROGRAM).format(**given))
    return record_program(stack="prod", root=root)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("zone"), nat="ZONE", mongo_cidr=None, protect=False)


@pytest.fixture(params=["one", "zone"])
def network(request: pytest.FixtureRequest) -> Recording:
    recording: Recording = request.getfixturevalue(request.param)
    return recording


def subnets(recording: Recording, kind: str) -> dict[str, RecordedResource]:
    """By the letter of their zone."""
    prefix = f"network-{kind}-"
    return {r.name.removeprefix(prefix): r for r in recording.of_type(SUBNET) if r.name.startswith(prefix)}


def routes_of(recording: Recording, subnet: RecordedResource) -> list[RecordedResource]:
    (association,) = [a for a in recording.of_type(ASSOCIATION) if a.inputs["subnetId"] == subnet.id]
    table = association.inputs["routeTableId"]
    return [route for route in recording.of_type(ROUTE) if route.inputs["routeTableId"] == table]


def groups(recording: Recording) -> dict[str | None, Part]:
    return {r.id: Part(r.name.removeprefix("network-groups-")) for r in recording.of_type(GROUP)}


def opened(recording: Recording, rule_type: str) -> set[tuple[Part, Part | str, int, int]]:
    """Whose rule, towards whom, first and last port."""
    by_id = groups(recording)
    return {
        (
            by_id[r.inputs["securityGroupId"]],
            by_id[r.inputs["referencedSecurityGroupId"]]
            if "referencedSecurityGroupId" in r.inputs
            else r.inputs["cidrIpv4"],
            r.inputs["fromPort"],
            r.inputs["toPort"],
        )
        for r in recording.of_type(rule_type)
    }


class TestWaysOut:
    def test_private_subnets_never_lead_to_the_internet_gateway(self, network: Recording) -> None:
        found = [route for subnet in subnets(network, "private").values() for route in routes_of(network, subnet)]
        assert found
        assert all("gatewayId" not in route.inputs for route in found)

    def test_one_nat_serves_every_zone(self, one: Recording) -> None:
        (gateway,) = one.of_type(NAT)
        ways = {
            letter: [r.inputs["natGatewayId"] for r in routes_of(one, subnet)]
            for letter, subnet in subnets(one, "private").items()
        }
        assert ways == {"a": [gateway.id], "b": [gateway.id]}

    def test_each_zone_leaves_by_its_own_nat_where_each_has_one(self, zone: Recording) -> None:
        standing = {gateway.id: gateway.inputs["subnetId"] for gateway in zone.of_type(NAT)}
        public = subnets(zone, "public")
        for letter, subnet in subnets(zone, "private").items():
            (route,) = routes_of(zone, subnet)
            assert route.inputs["destinationCidrBlock"] == EVERYWHERE
            assert standing[route.inputs["natGatewayId"]] == public[letter].id
            assert public[letter].inputs["availabilityZone"] == subnet.inputs["availabilityZone"]

    def test_public_subnets_lead_to_the_internet_gateway_and_give_no_addresses(self, network: Recording) -> None:
        (gateway,) = network.of_type("aws:ec2/internetGateway:InternetGateway")
        for subnet in subnets(network, "public").values():
            (route,) = routes_of(network, subnet)
            assert route.inputs["gatewayId"] == gateway.id
            assert subnet.inputs["mapPublicIpOnLaunch"] is False

    def test_every_nat_has_a_fixed_address_which_is_told(self, network: Recording) -> None:
        addresses = network.of_type(ADDRESS)
        assert {g.inputs["allocationId"] for g in network.of_type(NAT)} == {
            a.outputs["allocationId"] for a in addresses
        }
        told = network.named("network").outputs["nat_addresses"]
        assert list(told.values()) == [a.outputs["publicIp"] for a in addresses]

    def test_addresses_that_others_let_in_are_protected_where_state_is_kept(
        self, one: Recording, zone: Recording
    ) -> None:
        assert [address.options.protect for address in one.of_type(ADDRESS)] == [True]
        assert [address.options.protect for address in zone.of_type(ADDRESS)] == [False, False]

    def test_objects_and_tables_are_reached_without_the_nat(self, network: Recording) -> None:
        private = {routes_of(network, s)[0].inputs["routeTableId"] for s in subnets(network, "private").values()}
        endpoints = network.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        assert {e.inputs["serviceName"].rpartition(".")[2] for e in endpoints} == {"s3", "dynamodb"}
        for endpoint in endpoints:
            assert endpoint.inputs["vpcEndpointType"] == "Gateway"
            assert set(endpoint.inputs["routeTableIds"]) == private

    def test_whoever_starts_in_a_private_subnet_has_a_way_out_already(self, one: Recording) -> None:
        waits_for = [one.by_urn(urn) for urn in one.named("starts").options.dependencies]
        assert {r.name for r in waits_for if r.type == ROUTE} == {"network-private-a-to-nat"}
        assert {r.name for r in waits_for if r.type == ASSOCIATION} == {"network-private-a"}


class TestDoors:
    def test_nobody_is_let_in_by_an_address(self, network: Recording) -> None:
        rules = network.of_type(IN)
        assert rules
        for rule in rules:
            assert rule.inputs["referencedSecurityGroupId"] in groups(network)
            assert not {"cidrIpv4", "cidrIpv6", "prefixListId"} & set(rule.inputs)

    def test_the_parts_let_in_whom_they_serve_and_nobody_else(self, one: Recording) -> None:
        assert opened(one, IN) == {
            (Part.BFF, Part.VPC_LINK, 3000, 3000),
            (Part.AGENT_BALANCER, Part.BFF, 8000, 8000),
            (Part.AGENT, Part.AGENT_BALANCER, 8000, 8000),
            (Part.CACHE, Part.FUNCTIONS, 6379, 6379),
            (Part.CACHE, Part.BFF, 6379, 6379),
            (Part.CACHE, Part.AGENT, 6379, 6379),
        }

    def test_a_private_endpoint_of_the_database_lets_in_its_clients(self, zone: Recording, one: Recording) -> None:
        added = opened(zone, IN) - opened(one, IN)
        assert added == {(Part.ENDPOINTS, client, 1024, 65535) for client in (Part.FUNCTIONS, Part.BFF, Part.AGENT)}

    def test_every_door_is_open_on_both_sides(self, network: Recording) -> None:
        inward = {(source, target, *ports) for target, source, *ports in opened(network, IN)}
        outward = {way for way in opened(network, OUT) if isinstance(way[1], Part)}
        assert inward == outward

    def test_parts_are_let_out_to_what_they_need_and_no_further(self, one: Recording) -> None:
        world = {(source, first, last) for source, target, first, last in opened(one, OUT) if target == EVERYWHERE}
        assert world == {
            (Part.FUNCTIONS, 443, 443),
            (Part.FUNCTIONS, 6333, 6333),
            (Part.FUNCTIONS, 9001, 9001),
            (Part.FUNCTIONS, 27015, 27017),
            (Part.BFF, 443, 443),
            (Part.BFF, 27015, 27017),
            (Part.AGENT, 443, 443),
            (Part.AGENT, 6333, 6333),
            (Part.AGENT, 27015, 27017),
        }

    def test_the_database_is_not_sought_in_the_world_where_it_has_a_private_endpoint(self, zone: Recording) -> None:
        assert not [way for way in opened(zone, OUT) if way[2] == 27015]

    def test_a_peered_database_is_sought_in_its_range_alone(self, tmp_path: Path) -> None:
        recording = record(tmp_path, mongo_cidr="192.168.248.0/21")
        assert {way[1] for way in opened(recording, OUT) if way[2] == 27015} == {"192.168.248.0/21"}

    def test_every_rule_says_what_it_is_for(self, network: Recording) -> None:
        rules = (*network.of_type(IN), *network.of_type(OUT))
        assert all(rule.inputs.get("description") for rule in rules)

    def test_groups_have_no_rules_but_those_of_the_table(self, network: Recording) -> None:
        """Rules within a group and beside it take each other away at every update."""
        for group in network.of_type(GROUP):
            assert not {"ingress", "egress"} & set(group.inputs)

    def test_the_group_that_every_network_comes_with_is_closed(self, network: Recording) -> None:
        (group,) = network.of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
        assert not {"ingress", "egress"} & set(group.inputs)

    def test_whoever_uses_a_group_can_talk_already(self, one: Recording) -> None:
        waits_for = {one.by_urn(urn).name for urn in one.named("talks").options.dependencies}
        of_functions = {r.name for r in one.of_type(OUT) if r.name.startswith("network-groups-functions-")}
        assert of_functions
        assert of_functions <= waits_for

    def test_each_part_has_its_group(self, one: Recording) -> None:
        told = one.named("network").outputs["groups"]
        by_id = groups(one)
        assert {role.replace("_", "-"): by_id[group] for role, group in told.items()} == {
            part.value: part for part in Part
        }


class TestRejectedTraffic:
    def test_it_is_logged_for_as_long_as_the_stack_says(self, network: Recording) -> None:
        (flow,) = network.of_type("aws:ec2/flowLog:FlowLog")
        (group,) = network.of_type("aws:cloudwatch/logGroup:LogGroup")
        assert (flow.inputs["trafficType"], flow.inputs["logDestination"]) == ("REJECT", group.outputs["arn"])
        assert group.inputs["retentionInDays"] == 30
        assert flow.inputs["vpcId"] == network.of_type("aws:ec2/vpc:Vpc")[0].id


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_the_network_keeps_the_policy(network: Recording, policy: Policy) -> None:
    ours = [c for c in complaints_of_recording(policy, network) if not c.startswith(("starts ", "talks "))]
    assert ours == []
    ours = [c for c in complaints_of_preview(policy, network) if not c.startswith(("starts ", "talks "))]
    assert ours == []


def plan(**values: object) -> AddressPlan:
    given: dict[str, object] = {
        "cidr": "10.20.0.0/16",
        "region": REGION,
        "zones": (f"{REGION}a", f"{REGION}b"),
        **values,
    }
    return AddressPlan(**given)  # type: ignore[arg-type]  # wrong ones are what is tested


@st.composite
def plans(draw: st.DrawFn) -> AddressPlan:
    prefix = draw(st.integers(LARGEST_PREFIX, SMALLEST_PREFIX))
    inside = draw(st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]))
    private = ipaddress.IPv4Network(inside)
    place = draw(st.integers(0, 2 ** (prefix - private.prefixlen) - 1))
    network = ipaddress.IPv4Network((int(private.network_address) + (place << (32 - prefix)), prefix))
    letters = draw(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=8, unique=True))
    return plan(cidr=str(network), zones=tuple(REGION + letter for letter in letters))


def ranges(addresses: AddressPlan) -> Iterator[ipaddress.IPv4Network]:
    yield from map(ipaddress.IPv4Network, (*addresses.public.values(), *addresses.private.values()))


class TestAddresses:
    @given(plans())
    def test_subnets_are_inside_and_apart(self, addresses: AddressPlan) -> None:
        network = ipaddress.IPv4Network(addresses.cidr)
        found = list(ranges(addresses))
        assert len(found) == 2 * len(addresses.zones)
        assert all(subnet.subnet_of(network) for subnet in found)
        ordered = sorted(found)
        assert not any(one.overlaps(next_one) for one, next_one in pairwise(ordered))

    @given(plans())
    def test_subnets_are_of_a_size_that_aws_and_a_load_balancer_take(self, addresses: AddressPlan) -> None:
        assert all(16 <= subnet.prefixlen <= 27 for subnet in ranges(addresses))

    @given(plans(), st.randoms(use_true_random=False))
    def test_a_subnet_stays_where_it_is_whatever_becomes_of_the_list(self, addresses: AddressPlan, rng: object) -> None:
        zones = list(addresses.zones)
        rng.shuffle(zones)  # type: ignore[attr-defined]
        fewer = plan(cidr=addresses.cidr, zones=tuple(zones[:2]))
        for kept in ("public", "private"):
            assert getattr(fewer, kept).items() <= getattr(addresses, kept).items()

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"cidr": "10.20.0.1/16"}, "is no network"),
            ({"cidr": "everything"}, "is no network"),
            ({"cidr": "fd00::/16"}, "is no network"),
            ({"cidr": "8.8.0.0/16"}, "belongs to others"),
            ({"cidr": "172.32.0.0/16"}, "belongs to others"),
            ({"cidr": "100.64.0.0/16"}, "belongs to others"),
            ({"cidr": "10.0.0.0/15"}, "larger than AWS allows"),
            ({"cidr": "10.20.0.0/21"}, "too small"),
            ({"zones": (f"{REGION}a",)}, "would take everything down"),
            ({"zones": ()}, "would take everything down"),
            ({"zones": (f"{REGION}a", f"{REGION}b", f"{REGION}a")}, "name each zone once"),
            ({"zones": (f"{REGION}a", "us-east-1b")}, "has no zone us-east-1b"),
            ({"zones": (f"{REGION}a", f"{REGION}-muc-1a")}, "has no zone"),
        ],
    )
    def test_a_plan_that_cannot_be_meant_is_refused(self, values: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            plan(**values)

    @pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.31.0.0/16", "192.168.240.0/20"])
    def test_private_ranges_are_taken(self, cidr: str) -> None:
        assert plan(cidr=cidr).cidr == cidr


def network_args(**values: object) -> NetworkArgs:
    given: dict[str, object] = {
        "name_prefix": "anime-infra-dev",
        "cidr": "10.20.0.0/16",
        "zones": (f"{REGION}a", f"{REGION}b"),
        "region": REGION,
        "account": "1",
        "nat": Nat.ONE,
        "mongo_cidr": EVERYWHERE,
        "bff_port": 3000,
        "agent_port": 8000,
        "log_retention_days": 30,
        "alarm_topic_arn": "arn",
        "protect": False,
        **values,
    }
    return NetworkArgs(**given)  # type: ignore[arg-type]  # wrong ones are what is tested


def test_a_network_of_the_database_that_hides_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="would lead into our own network"):
        network_args(mongo_cidr="10.20.248.0/21")
    for apart in ("10.21.0.0/21", EVERYWHERE, None):
        assert network_args(mongo_cidr=apart)


def test_a_plan_that_is_refused_makes_no_network() -> None:
    with pytest.raises(ValueError, match="would take everything down"):
        network_args(zones=(f"{REGION}a",))
