"""The vector index in Qdrant Cloud: what is booked, who gets which key, and what is refused."""

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.qdrant.cluster import ClusterArgs, address
from components.qdrant.packages import Needs, NoFittingPackage, choose, read
from components.qdrant.regions import REGIONS
from components.qdrant.rights import RIGHTS, IndexConsumer, IndexRights
from components.settings import StackSettings
from local.errors import ProgramFailed
from local.program import record_program
from local.recording import RecordedResource, Recording
from models.collections import ANIMES, USERS, VECTOR_COLLECTIONS

# ------------------------------------------------------------------------------------------------- choosing a package


@dataclass(frozen=True, kw_only=True)
class Size:
    ram: str | None = "1Gi"
    disk: str | None = "4Gi"
    cpu: str | None = "500m"


@dataclass(frozen=True, kw_only=True)
class Offered:
    id: str | None = "id-1"
    name: str | None = "small"
    type: str | None = "paid"
    status: str | None = "PACKAGE_STATUS_ACTIVE"
    tier: str | None = "PACKAGE_TIER_STANDARD"
    currency: str | None = "USD"
    multi_az: bool | None = False
    unit_int_price_per_hour: float | None = 1000
    resource_configurations: Sequence[Size] | None = (Size(),)


def offer(number: int, gib: int, millicents: int) -> Offered:
    size = Size(ram=f"{gib}Gi", disk=f"{4 * gib}Gi")
    kind = "paid" if millicents else "free"
    return Offered(
        id=f"id-{number}",
        name=f"p{number}",
        type=kind,
        unit_int_price_per_hour=millicents,
        resource_configurations=(size,),
    )


NEEDS = Needs(nodes=1, min_ram_gib=1, min_disk_gib=4, max_monthly_usd=0, backups=False)
LADDER = [offer(0, 1, 0), offer(1, 2, 3_800), offer(2, 4, 7_100), offer(3, 8, 13_600)]


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, "p0"),
        ({"max_monthly_usd": 60}, "p0"),
        ({"max_monthly_usd": 60, "backups": True}, "p1"),
        ({"max_monthly_usd": 60, "nodes": 2}, "p1"),
        ({"max_monthly_usd": 60, "min_ram_gib": 2.5}, "p2"),
        ({"max_monthly_usd": 60, "min_disk_gib": 12}, "p2"),
        ({"max_monthly_usd": 300, "nodes": 3, "min_ram_gib": 5}, "p3"),
        ({"max_monthly_usd": 27.74, "backups": True}, "p1"),
    ],
    ids=str,
)
def test_the_cheapest_that_is_large_enough_is_taken(changes: dict[str, Any], chosen: str) -> None:
    assert choose(LADDER, dataclasses.replace(NEEDS, **changes)).name == chosen


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        (
            {"min_ram_gib": 1.5},
            ["p0: 1 GiB of memory, 4 GiB of disk, 0.00 USD a month (too little memory)", "p1: .*too dear"],
        ),
        ({"max_monthly_usd": 27.73, "backups": True}, ["p0: .*(no backups)", "p1: .* 27.74 USD a month (too dear)"]),
        ({"max_monthly_usd": 55.47, "nodes": 2}, ["p0: .*(one node only)", "p1: .* 55.48 USD a month (too dear)"]),
        ({"min_disk_gib": 500, "max_monthly_usd": 2000}, ["p3: 8 GiB of memory, 32 GiB of disk, .*(too little disk)"]),
    ],
    ids=str,
)
def test_where_nothing_fits_the_error_lists_what_there_is_and_what_it_lacks(
    changes: dict[str, Any], reasons: list[str]
) -> None:
    with pytest.raises(NoFittingPackage) as caught:
        choose(LADDER, dataclasses.replace(NEEDS, **changes))

    message = str(caught.value)
    for reason in reasons:
        assert _matches(reason, message), message
    assert "qdrantMaxMonthlyUsd" in message
    assert len(message.splitlines()) == 1 + len(LADDER)


def _matches(pattern: str, message: str) -> bool:
    parts = pattern.split(".*")
    return any(all(part in line for part in parts) for line in message.splitlines())


def test_the_settings_that_the_error_names_exist() -> None:
    with pytest.raises(NoFittingPackage) as caught:
        choose([], NEEDS)

    named = {word.strip(",;.") for word in str(caught.value).split() if word.startswith("qdrant")}
    known = {field.alias or name for name, field in StackSettings.model_fields.items()}
    assert named
    assert named <= known | {StackSettings.model_config["alias_generator"](name) for name in known}  # type: ignore[operator, misc]
    assert "none at all in this region" in str(caught.value)


packages = st.lists(
    st.builds(offer, st.integers(0, 9), st.integers(1, 8), st.sampled_from([0, 0, 1_000, 3_800, 7_100, 13_600])),
    max_size=8,
    unique_by=lambda one: one.id,
)
needs = st.builds(
    Needs,
    nodes=st.integers(1, 3),
    min_ram_gib=st.integers(1, 8),
    min_disk_gib=st.integers(1, 32),
    max_monthly_usd=st.integers(0, 300),
    backups=st.booleans(),
)


@given(packages, needs, st.randoms(use_true_random=False))
def test_a_choice_meets_every_need_at_the_least_price_in_any_order(
    offers: list[Offered], wanted: Needs, order: random.Random
) -> None:
    fitting = [
        package
        for package in map(read, offers)
        if package is not None
        and package.ram_gib >= wanted.min_ram_gib
        and package.disk_gib >= wanted.min_disk_gib
        and package.monthly_usd(wanted.nodes) <= wanted.max_monthly_usd
        and not (package.free and (wanted.nodes > 1 or wanted.backups))
    ]
    if not fitting:
        with pytest.raises(NoFittingPackage):
            choose(offers, wanted)
        return
    chosen = choose(offers, wanted)
    order.shuffle(offers)

    assert chosen in fitting
    assert chosen.millicents_an_hour == min(package.millicents_an_hour for package in fitting)
    assert choose(offers, wanted) == chosen


@given(packages, needs, st.integers(0, 100))
def test_more_money_never_buys_a_dearer_package(offers: list[Offered], wanted: Needs, more: int) -> None:
    richer = dataclasses.replace(wanted, max_monthly_usd=wanted.max_monthly_usd + more)
    try:
        chosen = choose(offers, wanted)
    except NoFittingPackage:
        return
    assert choose(offers, richer) == chosen


@pytest.mark.parametrize(
    ("quantity", "gib"),
    [("4Gi", 4), ("4GiB", 4), (" 4 gib ", 4), ("512Mi", 0.5), ("1024MiB", 1), ("1Ti", 1024), ("0.5Gi", 0.5)],
)
def test_quantities_are_read_in_their_usual_notations(quantity: str, gib: float) -> None:
    package = read(Offered(resource_configurations=(Size(ram=quantity),)))

    assert package is not None
    assert package.ram_gib == gib


def test_a_decimal_gigabyte_is_less_than_a_gib() -> None:
    package = read(Offered(resource_configurations=(Size(ram="4GB"),)))

    assert package is not None
    assert 3.7 < package.ram_gib < 3.8


def test_a_price_is_of_a_node_in_thousandths_of_a_cent_an_hour() -> None:
    package = read(Offered(unit_int_price_per_hour=9424))

    assert package is not None
    assert float(package.monthly_usd(1)) == pytest.approx(68.80, abs=0.005)
    assert package.monthly_usd(3) == 3 * package.monthly_usd(1)


@pytest.mark.parametrize(
    "changes",
    [
        {"resource_configurations": ()},
        {"resource_configurations": None},
        {"resource_configurations": (Size(ram="lots"),)},
        {"resource_configurations": (Size(ram="1024"),)},
        {"resource_configurations": (Size(disk=None),)},
        {"status": "PACKAGE_STATUS_DEACTIVATED"},
        {"tier": "PACKAGE_TIER_PREMIUM"},
        {"multi_az": True},
        {"currency": "EUR"},
        {"unit_int_price_per_hour": None},
        {"unit_int_price_per_hour": -1},
        {"id": None},
    ],
    ids=str,
)
def test_what_cannot_be_booked_or_read_is_counted_and_never_taken(changes: dict[str, Any]) -> None:
    with pytest.raises(NoFittingPackage, match="1 that cannot be booked here"):
        choose([dataclasses.replace(Offered(), **changes)], dataclasses.replace(NEEDS, max_monthly_usd=1000))


@pytest.mark.parametrize(
    "changes", [{"currency": "usd"}, {"currency": None}, {"status": None}, {"tier": None}], ids=str
)
def test_what_the_provider_leaves_out_is_no_obstacle(changes: dict[str, Any]) -> None:
    wanted = dataclasses.replace(NEEDS, max_monthly_usd=1000)

    assert choose([dataclasses.replace(Offered(), **changes)], wanted).id == "id-1"


# ------------------------------------------------------------------------------------------------------------ arguments

ARGS = ClusterArgs(
    cluster_name="anime-infra-dev",
    region="eu-central-1",
    nodes=1,
    min_ram_gib=1,
    min_disk_gib=4,
    max_monthly_usd=0,
    backup_days=None,
    consumers=tuple(IndexConsumer),
    collections=("animes", "users"),
    labels={"project": "anime-infra"},
    protect=False,
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_name": "anime infra"}, "refused as a name"),
        ({"cluster_name": "a" * 53}, "refused as a name"),
        ({"region": "eu-north-1"}, "no clusters in eu-north-1; use a stack in one of .*eu-central-1"),
        ({"nodes": 0}, "would hold nothing"),
        ({"backup_days": 0}, "gone at once"),
        ({"collections": ()}, "1 to 20 collections"),
        ({"collections": ("ani",)}, "4 to 64 letters"),
        ({"collections": tuple(f"anime{n}" for n in range(21))}, "1 to 20 collections"),
        ({"consumers": ()}, "at least one"),
        ({"consumers": (IndexConsumer.AGENT, IndexConsumer.AGENT)}, "name each once"),
        ({"labels": {str(n): "x" for n in range(10)}}, "more than the 10"),
    ],
    ids=str,
)
def test_arguments_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ARGS, **changes)


@pytest.mark.parametrize(
    "changes",
    [{"region": region} for region in sorted(REGIONS)]
    + [
        {"nodes": 3, "backup_days": 1},
        {"cluster_name": "a" * 52},
        {"collections": tuple(f"anime{n}" for n in range(20))},
    ],
    ids=str,
)
def test_arguments_are_taken(changes: dict[str, Any]) -> None:
    assert dataclasses.replace(ARGS, **changes)


@pytest.mark.parametrize(
    "told", ["https://h.qdrant.io", "h.qdrant.io", "https://h.qdrant.io:6333/", "h.qdrant.io:6333"]
)
def test_the_address_has_scheme_and_port_however_it_is_told(told: str) -> None:
    assert address(told) == "https://h.qdrant.io:6333"


@pytest.mark.parametrize("told", ["http://h.qdrant.io", "", "https://"])
def test_an_address_that_is_none_or_open_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="no address of a cluster"):
        address(told)


# ------------------------------------------------------------------------------------------------------------ programs

CLUSTER = "qdrant-cloud:index/accountsCluster:AccountsCluster"
KEY = "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2"
BACKUPS = "qdrant-cloud:index/accountsBackupSchedule:AccountsBackupSchedule"

PROGRAM = """
import pulumi
import pulumi_qdrant_cloud as qdrant
from components.qdrant.cluster import Cluster, ClusterArgs
from components.qdrant.rights import IndexConsumer

provider = qdrant.Provider("qdrant", api_key="made-up-secret", account_id="00000000-0000-0000-0000-000000000000")
cluster = Cluster(
    "index",
    ClusterArgs(
        cluster_name=f"anime-infra-{pulumi.get_stack()}",
        region="eu-central-1",
        nodes=1,
        min_ram_gib=1,
        min_disk_gib=4,
        collections=("animes", "users"),
        labels={"project": "anime-infra", "environment": pulumi.get_stack()},
        **%s,
    ),
    pulumi.ResourceOptions(provider=provider),
)
pulumi.export("url", cluster.url)
pulumi.export("keys", {consumer.value: key for consumer, key in cluster.keys.items()})
"""
FREE: dict[str, Any] = {"max_monthly_usd": 0, "backup_days": None, "protect": False}
PAID: dict[str, Any] = {"max_monthly_usd": 60, "backup_days": 7, "protect": True}


def record(root: Path, given: dict[str, Any], consumers: str = "tuple(IndexConsumer)") -> Recording:
    (root / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    arguments = f"dict({given!r}, consumers={consumers})"
    (root / "__main__.py").write_text(dedent(PROGRAM % arguments))
    return record_program(stack="dev", root=root)


def only(recording: Recording, type_token: str) -> RecordedResource:
    (found,) = recording.of_type(type_token)
    return found


def test_a_stack_without_a_budget_gets_the_free_package_without_backups(tmp_path: Path) -> None:
    recording = record(tmp_path, FREE)

    cluster = only(recording, CLUSTER)
    assert cluster.inputs["configuration"] == {
        "numberOfNodes": 1,
        "nodeConfiguration": {"packageId": "00000000-0000-0000-0000-000000000000"},
        "databaseConfiguration": {"service": {"jwtRbac": True}},
    }
    assert recording.of_type(BACKUPS) == ()
    assert not cluster.options.protect


def test_a_stack_with_backups_gets_the_cheapest_package_that_can_have_them(tmp_path: Path) -> None:
    recording = record(tmp_path, PAID)

    cluster, backups = only(recording, CLUSTER), only(recording, BACKUPS)
    assert cluster.inputs["configuration"]["nodeConfiguration"] == {"packageId": "00000000-0000-0000-0000-000000000001"}
    assert backups.inputs["clusterId"] == cluster.id
    assert backups.inputs["retentionPeriod"] == "168h"
    assert backups.inputs["cronExpression"] == "15 2 * * *"


def test_what_holds_data_is_kept_and_takes_no_backup_with_it(tmp_path: Path) -> None:
    recording = record(tmp_path, PAID)

    for kept in (only(recording, CLUSTER), only(recording, BACKUPS)):
        assert kept.inputs["deleteBackupsOnDestroy"] is False
        assert (kept.options.protect, kept.options.retain_on_delete) == (True, True)


def test_everything_hangs_from_the_component_and_has_the_one_provider(tmp_path: Path) -> None:
    recording = record(tmp_path, PAID)

    component = recording.named("index", "anime:qdrant:Cluster")
    provider = only(recording, "pulumi:providers:qdrant-cloud")
    made = [resource for resource in recording if resource.type.startswith("qdrant-cloud:")]
    assert {resource.parent for resource in made} == {component.urn}
    assert {resource.provider for resource in made} == {f"{provider.urn}::{provider.id}"}
    assert component.output_registrations == 1
    assert component.outputs["url"] == recording.exports["url"]


def test_the_url_is_that_of_the_cluster_with_its_port(tmp_path: Path) -> None:
    url = record(tmp_path, FREE).exports["url"]

    assert url.startswith("https://")
    assert url.endswith(".eu-central-1-0.aws.cloud.qdrant.io:6333")


def test_each_consumer_has_a_key_with_its_rights_and_no_other(tmp_path: Path) -> None:
    recording = record(tmp_path, FREE)

    def collections(access: str) -> list[dict[str, str]]:
        access_type = f"COLLECTION_ACCESS_RULE_ACCESS_TYPE_{access}"
        return [{"collectionName": name, "accessType": access_type} for name in ("animes", "users")]

    keys = {key.inputs["name"]: key.inputs for key in recording.of_type(KEY)}
    assert keys["anime-infra-dev-migration"]["globalAccessRule"] == {
        "accessType": "GLOBAL_ACCESS_RULE_ACCESS_TYPE_MANAGE"
    }
    assert keys["anime-infra-dev-writers"]["collectionAccessRules"] == collections("READ_WRITE")
    assert keys["anime-infra-dev-readers"]["collectionAccessRules"] == collections("READ_ONLY")
    assert keys["anime-infra-dev-agent"]["collectionAccessRules"] == collections("READ_ONLY")
    assert len(keys) == 4
    for key in keys.values():
        assert ("globalAccessRule" in key) != ("collectionAccessRules" in key)
        assert key["clusterId"] == only(recording, CLUSTER).id
        assert "expiresAt" not in key


def test_only_the_migration_may_manage() -> None:
    assert {consumer for consumer, rights in RIGHTS.items() if rights is IndexRights.MANAGE} == {
        IndexConsumer.MIGRATION
    }
    assert RIGHTS.keys() == set(IndexConsumer)


def test_a_stack_without_services_has_no_key_for_them(tmp_path: Path) -> None:
    recording = record(tmp_path, FREE, "(IndexConsumer.MIGRATION, IndexConsumer.READERS)")

    assert set(recording.exports["keys"]) == {"migration", "readers"}


def test_keys_are_secrets_wherever_they_go(tmp_path: Path) -> None:
    recording = record(tmp_path, FREE)

    assert recording.secret_exports == {"keys"}
    assert len(set(recording.exports["keys"].values())) == 4
    for key in recording.of_type(KEY):
        assert key.options.additional_secret_outputs == ("key",)
    for resource in recording:
        shown = {name: value for name, value in resource.inputs.items() if name not in resource.secret_inputs}
        assert not any(key in repr(shown) for key in recording.exports["keys"].values())


def test_bills_tell_the_index_apart(tmp_path: Path) -> None:
    labels = only(record(tmp_path, FREE), CLUSTER).inputs["labels"]

    assert labels == [
        {"key": "environment", "value": "dev"},
        {"key": "project", "value": "anime-infra"},
        {"key": "service", "value": "stores"},
    ]


def test_the_cluster_may_be_reached_from_the_given_addresses_alone(tmp_path: Path) -> None:
    recording = record(tmp_path, {**FREE, "allowed_ranges": ["198.51.100.1/32"]})

    assert only(recording, CLUSTER).inputs["configuration"]["allowedIpSourceRanges"] == ["198.51.100.1/32"]


def test_a_program_whose_settings_no_package_meets_fails_and_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"small: 2 GiB of memory, 8 GiB of disk, 27\.74 USD a month \(too dear\)"):
        record(tmp_path, {**PAID, "max_monthly_usd": 20})


SIGN_IN = """
from components.qdrant.provider import cloud_provider
cloud_provider("qdrant")
"""


def signed_in(root: Path) -> RecordedResource:
    (root / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(SIGN_IN)
    return only(record_program(stack="dev", root=root), "pulumi:providers:qdrant-cloud")


def test_credentials_come_from_the_environment_and_the_key_is_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QDRANT_CLOUD_API_KEY", "key-of-nobody")
    monkeypatch.setenv("QDRANT_CLOUD_ACCOUNT_ID", "account-of-nobody")

    provider = signed_in(tmp_path)

    assert provider.inputs["apiKey"] == "key-of-nobody"
    assert provider.inputs["accountId"] == "account-of-nobody"
    assert "apiKey" in provider.secret_inputs


def test_a_program_can_be_recorded_without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QDRANT_CLOUD_API_KEY", raising=False)
    monkeypatch.delenv("QDRANT_CLOUD_ACCOUNT_ID", raising=False)

    assert "accountId" not in signed_in(tmp_path).inputs


def test_two_recordings_are_equal(tmp_path: Path) -> None:
    assert sorted(map(repr, record(tmp_path, PAID))) == sorted(map(repr, record(tmp_path, PAID)))


def test_the_collections_of_the_schema_may_be_named_in_a_key() -> None:
    named = (*(spec.name for spec in VECTOR_COLLECTIONS), USERS)

    assert ANIMES in named
    assert dataclasses.replace(ARGS, collections=named)
