"""What is on the machine: settings, names of variables, tools, where Pulumi keeps the state."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import ask_machine
from cli.doctor.ask_machine import chosen_region, names_set, read_backend, read_stack_file, version_of
from cli.doctor.errors import Absent, Unexpected, Unreachable, Unreadable
from cli.doctor.signing_in import Backend

DEV = """config:
  shop:stage: dev
  shop:awsRegion: eu-central-1
  shop:embedder: bedrock:amazon.titan-embed-text-v2:0
  shop:schedulesEnabled: true
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text(DEV)
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "Pulumi.dev.yaml").write_text(text)


def program(folder: Path, name: str, script: str) -> str:
    """Its folder, for PATH."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(folder)


# ---------------------------------------------------------------------------------------------------------- settings


def test_settings_that_are_not_given_are_the_programs(root: Path) -> None:
    write(root, DEV)
    found = read_stack_file(root, "dev")
    assert (found.stage, found.region, found.model) == ("dev", "eu-central-1", "amazon.titan-embed-text-v2:0")
    assert (found.in_vpc, found.fetch_concurrency, found.bulk_concurrency) == (False, None, 8)
    assert found.schedules_enabled
    assert found.variables == frozenset()


def test_settings_that_are_given_are_read(root: Path) -> None:
    write(
        root,
        DEV
        + """  shop:network: full
  shop:nat: zone
  shop:availabilityZones: [eu-central-1a, eu-central-1b]
  shop:fetchConcurrency: 5
  shop:bulkConcurrency: 4
  shop:reviewReminderHours: 12
  shop:alarmEmails: [a@example.org, b@example.org]
  shop:permissionsBoundary: anime-ci-boundary
  qdrant-cloud:accountId: abc
  qdrant-cloud:apiKey:
    secure: v1:xyz
""",
    )
    found = read_stack_file(root, "dev")
    assert found.gateway_zones == ("eu-central-1a", "eu-central-1b")
    assert (found.fetch_concurrency, found.bulk_concurrency, found.review_reminder_hours) == (5, 4, 12)
    assert (found.alarm_emails, found.boundary) == (2, "anime-ci-boundary")
    assert found.variables == {"QDRANT_CLOUD_API_KEY", "QDRANT_CLOUD_ACCOUNT_ID"}


def test_a_stack_without_a_file_does_not_get_the_local_ones(root: Path) -> None:
    with pytest.raises(Absent):
        read_stack_file(root, "staging")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: {}", "no stage"),
        (DEV.replace("true", "perhaps-a-secret"), "schedulesEnabled is not of its kind"),
        (DEV + "  shop:fetchConcurrency: perhaps-a-secret\n", "fetchConcurrency is not of its kind"),
        ("perhaps-a-secret", "no settings file"),
        ("config: [perhaps-a-secret", "no settings file"),
    ],
)
def test_settings_that_cannot_be_understood_are_told_by_key_and_not_by_value(root: Path, text: str, said: str) -> None:
    write(root, text)
    with pytest.raises(Unreadable, match=said) as caught:
        read_stack_file(root, "dev")
    assert "secret" not in str(caught.value)


# ------------------------------------------------------------------------------------------------------- environment


def test_of_variables_only_the_names_of_those_with_a_value_come_along() -> None:
    assert names_set({"QDRANT_CLOUD_API_KEY": "a-secret", "EMPTY": ""}) == {"QDRANT_CLOUD_API_KEY"}


def test_the_region_is_the_options_then_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert chosen_region({"AWS_REGION": "eu-west-1"}, "eu-north-1") == "eu-north-1"
    assert chosen_region({"AWS_REGION": "eu-west-1"}, None) == "eu-west-1"
    assert chosen_region({}, None) is None
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-1")
    assert chosen_region({}, None) == "eu-south-1"


def test_a_profile_that_does_not_exist_has_no_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert chosen_region({}, None) is None


# ------------------------------------------------------------------------------------------------------------- tools


def test_a_tool_says_its_version(tmp_path: Path) -> None:
    assert (
        version_of("pulumi", "version", path=program(tmp_path, "pulumi", 'echo "v3.272.0 $1"')) == "v3.272.0 version\n"
    )


def test_a_tool_that_is_not_there_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent):
        version_of("pulumi", "version", path=str(tmp_path))


def test_a_tool_that_fails_or_hangs_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unexpected, match="exit code 3"):
        version_of("fails", path=program(tmp_path, "fails", "exit 3"))
    monkeypatch.setattr(ask_machine, "CALL_SECONDS", 0.1)
    with pytest.raises(Unreachable):
        version_of("hangs", path=program(tmp_path, "hangs", "exec tail -f /dev/null"))


# ------------------------------------------------------------------------------------------------------------ Pulumi


def logged_in(home: Path, current: str, **account: str) -> None:
    (home / ".pulumi").mkdir()
    document: dict[str, Any] = {"current": current, "accounts": {current: account} if account else {}}
    (home / ".pulumi" / "credentials.json").write_text(json.dumps(document))


def backend(root: Path, environment: dict[str, str] | None = None) -> Backend:
    return read_backend(root, "dev", environment or {}, home=root)


def test_without_a_login_there_is_neither_place_nor_token(root: Path) -> None:
    assert backend(root) == Backend(scheme=None, token=False, key=False)


def test_a_token_of_the_environment_is_a_login(root: Path) -> None:
    assert backend(root, {"PULUMI_ACCESS_TOKEN": "a-secret"}).token


def test_a_login_of_before_is_known_by_its_account(root: Path) -> None:
    logged_in(root, "https://api.pulumi.com", accessToken="a-secret")
    assert backend(root) == Backend(scheme="https", token=True, key=False)
    # Another one that one has never logged in to.
    assert not backend(root, {"PULUMI_BACKEND_URL": "https://pulumi.example.org"}).token


def test_a_place_of_ones_own_is_known_by_its_scheme(root: Path) -> None:
    logged_in(root, "file://~")
    assert backend(root).scheme == "file"
    assert backend(root, {"PULUMI_BACKEND_URL": "s3://a-bucket"}).scheme == "s3"


def test_the_projects_own_place_comes_before_the_login(root: Path) -> None:
    logged_in(root, "https://api.pulumi.com", accessToken="a-secret")
    (root / "Pulumi.yaml").write_text("name: shop\nbackend:\n  url: gs://a-bucket\n")
    assert backend(root).scheme == "gs"


def test_secrets_of_a_state_have_a_passphrase_or_a_provider(root: Path) -> None:
    assert backend(root, {"PULUMI_CONFIG_PASSPHRASE": ""}).key
    assert backend(root, {"PULUMI_CONFIG_PASSPHRASE_FILE": "file"}).key
    write(root, DEV + "secretsprovider: awskms://alias/pulumi\n")
    assert backend(root).key
    write(root, DEV + "secretsprovider: passphrase\n")
    assert not backend(root).key


def test_where_pulumi_keeps_its_login_can_be_elsewhere(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "credentials.json").write_text('{"current": "file://~"}')
    assert backend(root, {"PULUMI_HOME": str(elsewhere)}).scheme == "file"
    assert backend(root, {"PULUMI_CREDENTIALS_PATH": str(elsewhere)}).scheme == "file"


def test_a_broken_login_says_how_to_mend_it(root: Path) -> None:
    (root / ".pulumi").mkdir()
    (root / ".pulumi" / "credentials.json").write_text("{")
    with pytest.raises(Unreadable, match="pulumi login"):
        backend(root)
