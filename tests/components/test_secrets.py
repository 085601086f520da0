"""Secrets: which are made, who can read what, and that no value is shown on its way."""

import importlib
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from components.aws.secrets_manager import CATALOGUE_SECRETS
from components.qdrant.rights import IndexConsumer
from local.configuration import REPOSITORY
from local.program import record_program
from local.recording import RecordedResource, Recording
from models.events import Catalogue
from sources.registry import catalogue_clients
from sources.replay import ReplayTransport

SECRET = "aws:secretsmanager/secret:Secret"
VALUE = "aws:secretsmanager/secretVersion:SecretVersion"

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_qdrant_cloud as qdrant
from components.aws.secrets_manager import Credentials, CredentialsArgs
from components.qdrant.cluster import Cluster, ClusterArgs
from components.qdrant.rights import IndexConsumer

ours = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-central-1"))
index = Cluster(
    "index",
    ClusterArgs(
        cluster_name="anime-infra-dev", region="eu-central-1", nodes=1, min_ram_gib=1, min_disk_gib=4,
        max_monthly_usd=0, backup_days=None, consumers=tuple(IndexConsumer), collections=("animes",), labels={},
        protect=False,
    ),
    pulumi.ResourceOptions(provider=qdrant.Provider("qdrant", api_key="made-up")),
)
credentials = Credentials(
    "credentials", CredentialsArgs(name_prefix="anime-infra-dev", protect=PROTECT, index_keys=KEYS), ours
)
pulumi.export("index", {consumer.value: arn for consumer, arn in credentials.index_key_arns.items()})
pulumi.export("catalogues", dict(credentials.catalogue_arns))
pulumi.export("keys", {consumer.value: key for consumer, key in index.keys.items()})
"""


def record(root: Path, *, protect: bool = False, keys: str = "index.keys") -> Recording:
    (root / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    program = dedent(PROGRAM).replace("PROTECT", repr(protect)).replace("KEYS", keys)
    (root / "__main__.py").write_text(program)
    return record_program(stack="dev", root=root)


def secrets(recording: Recording) -> dict[str, RecordedResource]:
    """By physical name."""
    return {secret.inputs["name"]: secret for secret in recording.of_type(SECRET)}


def test_each_secret_has_a_name_that_says_whose_it_is(tmp_path: Path) -> None:
    assert secrets(record(tmp_path)).keys() == {
        "anime-infra-dev-catalogue-anidb",
        "anime-infra-dev-catalogue-animeschedule",
        "anime-infra-dev-catalogue-jikan",
        "anime-infra-dev-index-key-migration",
        "anime-infra-dev-index-key-writers",
        "anime-infra-dev-index-key-readers",
        "anime-infra-dev-index-key-agent",
    }


def test_only_keys_of_the_index_get_a_value_from_the_program(tmp_path: Path) -> None:
    recording = record(tmp_path)

    by_id = {secret.id: name for name, secret in secrets(recording).items()}
    written = {by_id[value.inputs["secretId"]]: value.inputs["secretString"] for value in recording.of_type(VALUE)}
    assert written == {
        f"anime-infra-dev-index-key-{consumer}": key for consumer, key in recording.exports["keys"].items()
    }
    assert len(set(written.values())) == len(IndexConsumer)


def test_a_value_is_marked_as_a_secret_at_every_step(tmp_path: Path) -> None:
    recording = record(tmp_path)

    values = recording.of_type(VALUE)
    assert values
    assert all("secretString" in value.secret_inputs for value in values)
    keys = set(recording.exports["keys"].values())
    for resource in recording:
        shown = {name: value for name, value in resource.inputs.items() if name not in resource.secret_inputs}
        assert not any(key in repr(shown) for key in keys), resource.urn
        if not resource.custom and resource.type == "anime:aws:Credentials":
            assert not any(key in repr(resource.outputs) for key in keys)


def test_a_plain_value_is_marked_too(tmp_path: Path) -> None:
    (value,) = record(tmp_path, keys='{IndexConsumer.AGENT: "plain"}').of_type(VALUE)

    assert value.secret_inputs == {"secretString"}


def test_whoever_reads_a_key_comes_after_its_value(tmp_path: Path) -> None:
    recording = record(tmp_path)

    assert set(recording.exports["index"]) == set(IndexConsumer)
    for consumer, arn in recording.exports["index"].items():
        value = recording.named(f"credentials-index-key-{consumer}-value")
        assert (
            arn
            == value.outputs["secretArn"]
            == secrets(recording)[f"anime-infra-dev-index-key-{consumer}"].outputs["arn"]
        )


def test_a_stack_without_an_index_of_its_own_has_no_keys(tmp_path: Path) -> None:
    recording = record(tmp_path, keys="{}")

    assert recording.of_type(VALUE) == ()
    assert recording.exports["index"] == {}
    assert set(recording.exports["catalogues"]) == set(CATALOGUE_SECRETS)


@pytest.mark.parametrize(("protect", "days"), [(True, 30), (False, 0)])
def test_a_kept_secret_can_be_brought_back_for_a_month(tmp_path: Path, protect: bool, days: int) -> None:
    for secret in secrets(record(tmp_path, protect=protect)).values():
        assert secret.inputs["recoveryWindowInDays"] == days
        assert (secret.options.protect, secret.options.retain_on_delete) == (protect, protect)


def test_everything_hangs_from_the_component_and_is_tagged(tmp_path: Path) -> None:
    recording = record(tmp_path)

    component = recording.named("credentials", "anime:aws:Credentials")
    made = [*recording.of_type(SECRET), *recording.of_type(VALUE)]
    assert {resource.parent for resource in made} == {component.urn}
    assert component.output_registrations == 1
    tags = {name: secret.inputs["tags"]["service"] for name, secret in secrets(recording).items()}
    assert set(tags.values()) == {"pipeline", "stores"}
    assert {name for name, service in tags.items() if service == "stores"} == {
        name for name in tags if "index-key" in name
    }


def test_there_is_a_place_for_the_secret_of_every_catalogue_that_can_be_shown_one(tmp_path: Path) -> None:
    """And for no other: a secret costs money, and one that nobody reads misleads who sets it."""
    given: dict[str, str] = {**dict.fromkeys(Catalogue, "abcdefgh"), Catalogue.ANIDB: "abcdefgh/1"}
    clients = catalogue_clients(ReplayTransport(tmp_path), {}, given, sleep=lambda _seconds: None)

    def knows(client: Any) -> bool:
        return "abcdefgh" in f"{client.api.headers!r} {getattr(client, 'registered', None)}"

    shown = {catalogue.value for catalogue, client in clients.items() if knows(client)}
    assert shown == CATALOGUE_SECRETS.keys()


def test_only_the_function_that_asks_catalogues_knows_of_their_secrets() -> None:
    tasks = sorted(path.parent.name for path in (REPOSITORY / "lambdas").glob("*/handler.py"))
    settings = {task: importlib.import_module(f"lambdas.{task}.handler").handler.settings for task in tasks}

    knowing = {task for task, fields in settings.items() if "catalogue_secret_arns" in fields.model_fields}
    assert knowing == {"fetch_source"}
