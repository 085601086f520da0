"""The cluster in Atlas: what each tier is asked for, what is kept, and the address that functions are given."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from components.mongo.atlas import Reach, Tier, atlas_region
from components.mongo.cluster import ClusterArgs, NoPrivateAddress, _host
from components.mongo.project import ProjectArgs
from local.recording import Recording
from tests.components.mongo_programs import ATLAS, CLUSTER, names, of_atlas, record, record_whole

BACKUPS = f"{ATLAS}cloudBackupSchedule:CloudBackupSchedule"

NO_RESOURCE: Any = None
"""What is checked here comes before any resource."""

ARGS = ClusterArgs(
    project_id="p",
    cluster_name="anime-infra-dev",
    tier=Tier.M10,
    aws_region="eu-central-1",
    reach=Reach.PEERING,
    network=NO_RESOURCE,
    mongo_version="8.0",
    backup_days=14,
    tags={"project": "anime-infra"},
    app_name="anime-infra-dev",
    protect=True,
    max_tier=Tier.M30,
)
SHARED = {"tier": Tier.M0, "reach": Reach.OPEN, "protect": False, "max_tier": None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_name": "a" * 24}, "cut short"),
        ({"cluster_name": "anime_service"}, "refused as the name"),
        ({"cluster_name": "-anime"}, "refused as the name"),
        (SHARED | {"reach": Reach.PEERING}, "no way by peering"),
        (SHARED | {"tier": Tier.FLEX, "reach": Reach.PRIVATE_ENDPOINT}, "no way by private-endpoint"),
        (SHARED | {"protect": True}, "no backups of its own"),
        ({"backup_days": 1}, "gone before an error is seen"),
        ({"max_tier": Tier.M10}, "cannot grow to M10"),
        ({"tier": Tier.M20, "max_tier": Tier.M10}, "cannot grow to M10"),
        (SHARED | {"max_tier": Tier.M10}, "cannot grow to M10"),
        ({"max_tier": Tier.FLEX}, "cannot grow to FLEX"),
    ],
    ids=str,
)
def test_arguments_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ARGS, **changes)


@pytest.mark.parametrize(
    "changes",
    [SHARED, SHARED | {"tier": Tier.FLEX, "reach": Reach.NAT}, {"max_tier": None}, {"cluster_name": "a" * 23}],
    ids=str,
)
def test_arguments_are_taken(changes: dict[str, Any]) -> None:
    assert dataclasses.replace(ARGS, **changes)


def test_a_name_that_atlas_refuses_for_a_project_is_refused() -> None:
    with pytest.raises(ValueError, match="refused as the name of an Atlas project"):
        ProjectArgs(project_name="anime/infra", org_id=None, tags={}, protect=False)


def test_a_region_has_the_name_that_atlas_gives_it() -> None:
    assert atlas_region("eu-central-1") == "EU_CENTRAL_1"


def _inputs(recording: Recording) -> dict[str, Any]:
    return dict(recording.of_type(CLUSTER)[0].inputs)


def _region(recording: Recording) -> dict[str, Any]:
    ((region,),) = [spec["regionConfigs"] for spec in _inputs(recording)["replicationSpecs"]]
    return dict(region)


class TestTiers:
    def test_the_free_tier_is_a_tenant_of_aws(self, tmp_path: Path) -> None:
        assert _region(record_whole(tmp_path, tier="M0", reach="OPEN")) == {
            "providerName": "TENANT",
            "backingProviderName": "AWS",
            "regionName": "EU_CENTRAL_1",
            "priority": 7,
            "electableSpecs": {"instanceSize": "M0"},
        }

    def test_flex_has_no_instance_size(self, tmp_path: Path) -> None:
        assert _region(record_whole(tmp_path, tier="FLEX", reach="OPEN")) == {
            "providerName": "FLEX",
            "backingProviderName": "AWS",
            "regionName": "EU_CENTRAL_1",
            "priority": 7,
        }

    @pytest.mark.parametrize("tier", ["M0", "FLEX"])
    def test_a_shared_cluster_is_told_nothing_that_it_refuses(self, tmp_path: Path, tier: str) -> None:
        recording = record_whole(tmp_path, tier=tier, reach="OPEN")

        assert set(_inputs(recording)) == {"projectId", "name", "clusterType", "replicationSpecs", "tags"}
        assert not names(recording, "CloudBackupSchedule") | names(recording, "MaintenanceWindow")

    def test_a_dedicated_one_has_three_nodes_and_a_disk_that_grows(self, tmp_path: Path) -> None:
        region = _region(record_whole(tmp_path, tier="M10"))

        assert (region["providerName"], "backingProviderName" in region) == ("AWS", False)
        assert region["electableSpecs"] == {"instanceSize": "M10", "nodeCount": 3}
        assert region["autoScaling"] == {"diskGbEnabled": True, "computeEnabled": False}

    def test_it_grows_no_further_than_it_may_and_keeps_what_it_grew(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, tier="M10", max_tier="M30")

        assert _region(recording)["autoScaling"] == {
            "diskGbEnabled": True,
            "computeEnabled": True,
            "computeScaleDownEnabled": True,
            "computeMinInstanceSize": "M10",
            "computeMaxInstanceSize": "M30",
        }
        assert _inputs(recording)["useEffectiveFields"] is True

    def test_a_dedicated_one_has_the_version_asked_for_and_runs_no_scripts(self, tmp_path: Path) -> None:
        inputs = _inputs(record_whole(tmp_path))

        assert inputs["mongoDbMajorVersion"] == "8.0"
        assert inputs["advancedConfiguration"] == {"javascriptEnabled": False, "minimumEnabledTlsProtocol": "TLS1_2"}


class TestKeeping:
    @pytest.mark.parametrize("protect", [True, False])
    def test_a_protected_cluster_cannot_be_deleted_by_any_hand(self, tmp_path: Path, protect: bool) -> None:
        recording = record_whole(tmp_path, protect=protect)
        (cluster,) = recording.of_type(CLUSTER)

        assert (cluster.options.protect, cluster.options.retain_on_delete) == (protect, protect)
        assert cluster.inputs["terminationProtectionEnabled"] is protect
        assert cluster.inputs["retainBackupsEnabled"] is protect

    def test_a_protected_cluster_can_go_back_to_any_moment(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, protect=True)
        (backups,) = recording.of_type(BACKUPS)

        assert (_inputs(recording)["backupEnabled"], _inputs(recording)["pitEnabled"]) == (True, True)
        assert backups.inputs["restoreWindowDays"] == 2
        assert backups.inputs["policyItemHourly"]["retentionValue"] >= backups.inputs["restoreWindowDays"]
        assert backups.inputs["policyItemDaily"] == {
            "frequencyInterval": 1,
            "retentionUnit": "days",
            "retentionValue": 14,
        }

    def test_another_one_pays_for_daily_backups_alone(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path)
        (backups,) = recording.of_type(BACKUPS)

        assert (_inputs(recording)["backupEnabled"], _inputs(recording)["pitEnabled"]) == (True, False)
        assert not {"restoreWindowDays", "policyItemHourly"} & set(backups.inputs)

    def test_no_backup_outlives_a_less_frequent_one(self, tmp_path: Path) -> None:
        """Atlas refuses such a schedule."""
        (backups,) = record_whole(tmp_path, protect=True).of_type(BACKUPS)

        assert (
            backups.inputs["policyItemHourly"]["retentionValue"] <= backups.inputs["policyItemDaily"]["retentionValue"]
        )

    def test_maintenance_has_its_hour(self, tmp_path: Path) -> None:
        (window,) = record_whole(tmp_path).of_type(f"{ATLAS}maintenanceWindow:MaintenanceWindow")

        assert (window.inputs["dayOfWeek"], window.inputs["hourOfDay"]) == (4, 10)


class TestAddress:
    @pytest.mark.parametrize(
        ("tier", "reach", "host"),
        [
            ("M0", "OPEN", "anime-infra-dev."),
            ("M10", "NAT", "anime-infra-dev."),
            ("M10", "PEERING", "anime-infra-dev."),
            ("M10", "PRIVATE_ENDPOINT", "anime-infra-dev-pl-0."),
        ],
    )
    def test_the_address_is_of_the_way(self, tmp_path: Path, tier: str, reach: str, host: str) -> None:
        uri = record_whole(tmp_path, tier=tier, reach=reach).exports["uri"]

        assert uri.startswith(f"mongodb+srv://{host}")

    def test_functions_sign_in_with_their_role_and_no_password(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path)
        address, _, options = recording.exports["uri"].partition("/?")

        assert "@" not in address
        assert dict(option.split("=") for option in options.split("&")) == {
            "authMechanism": "MONGODB-AWS",
            "authSource": "$external",
            "retryWrites": "true",
            "w": "majority",
            "appName": "anime-infra-dev",
        }
        assert "uri" not in recording.secret_exports

    def test_a_cluster_that_knows_no_private_endpoint_changes_no_function(self) -> None:
        @dataclasses.dataclass
        class Strings:
            standard_srv: str = "mongodb+srv://anime.abc.mongodb.net"
            private_endpoints: tuple[Any, ...] = ()

        assert _host("anime", Strings(), Reach.NAT) == "anime.abc.mongodb.net"
        with pytest.raises(NoPrivateAddress, match="pulumi up --refresh"):
            _host("anime", Strings(), Reach.PRIVATE_ENDPOINT)


class TestWiring:
    @pytest.mark.parametrize("reach", ["NAT", "PEERING", "PRIVATE_ENDPOINT"])
    def test_the_cluster_comes_after_every_part_of_its_way(self, tmp_path: Path, reach: str) -> None:
        recording = record_whole(tmp_path, reach=reach)
        way = {child.urn for child in recording.children(recording.named("mongo-access"))}

        assert way
        assert way <= set(recording.of_type(CLUSTER)[0].options.dependencies)

    def test_everything_in_atlas_is_made_by_our_provider(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path, protect=True)
        (provider,) = recording.of_type("pulumi:providers:mongodbatlas")

        assert {resource.provider for resource in of_atlas(recording)} == {f"{provider.urn}::{provider.id}"}

    def test_project_and_cluster_are_tagged_as_a_whole(self, tmp_path: Path) -> None:
        recording = record_whole(tmp_path)
        tagged = [*recording.of_type(f"{ATLAS}project:Project"), *recording.of_type(CLUSTER)]

        for resource in tagged:
            assert resource.inputs["tags"] == {"project": "anime-infra", "environment": "dev", "service": "stores"}


class TestProject:
    def test_it_belongs_to_the_organisation_of_the_key_unless_told_otherwise(self, tmp_path: Path) -> None:
        (own,) = record(tmp_path, "").of_type(f"{ATLAS}project:Project")
        given = record(
            tmp_path,
            """
            Project("other", ProjectArgs(project_name="other", org_id="f" * 24, tags=tags, protect=True), both)
            """,
        ).named("other-project")

        assert own.inputs["orgId"] == "0" * 24
        assert given.inputs["orgId"] == "f" * 24
        assert (own.options.protect, given.options.protect) == (False, True)

    def test_documents_cannot_be_read_in_the_browser(self, tmp_path: Path) -> None:
        (project,) = record(tmp_path, "").of_type(f"{ATLAS}project:Project")

        assert project.inputs["isDataExplorerEnabled"] is False
        assert project.inputs["withDefaultAlertsSettings"] is True
