"""The pack as a whole, and the process that Pulumi starts."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]  # it has no types
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel, Policy

import policies
from policies.pack import ALL, NAME

FOLDER = Path(policies.__file__).parent


def test_every_policy_of_every_module_is_in_the_pack() -> None:
    modules = [info.name for info in pkgutil.iter_modules([str(FOLDER)]) if info.name != "__main__"]
    made = {
        id(value)
        for module in modules
        for value in vars(importlib.import_module(f"policies.{module}")).values()
        if isinstance(value, Policy)
    }

    assert made == {id(policy) for policy in ALL}


def test_every_policy_has_a_name_of_its_own_and_stops_an_update() -> None:
    assert len({policy.name for policy in ALL}) == len(ALL)
    assert {policy.enforcement_level for policy in ALL} == {EnforcementLevel.MANDATORY}


def test_no_module_hides_one_of_pythons_own() -> None:
    """Pulumi runs the folder itself, which puts it before the standard library on the path."""
    assert {path.stem for path in FOLDER.glob("*.py")} & sys.stdlib_module_names == set()


def test_the_project_file_says_how_to_run_it() -> None:
    project = yaml.safe_load((FOLDER / "PulumiPolicy.yaml").read_text())

    assert project["runtime"] == {"name": "python", "options": {"virtualenv": "../.venv"}}
    assert project["version"]


@pytest.fixture
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """As ``pulumi-analyzer-policy-python`` starts the pack: in the pack's folder, with that as the program."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=FOLDER, env=environment)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()


def _request(**properties: object) -> analyzer_pb2.AnalyzeRequest:
    props = struct_pb2.Struct()
    props.update(properties)
    defaults = struct_pb2.Struct()
    tags = {"project": "anime-infra", "environment": "prod"}
    defaults.update({"region": "eu-central-1", "defaultTags": json.dumps({"tags": tags})})
    return analyzer_pb2.AnalyzeRequest(
        type="aws:sqs/queue:Queue",
        properties=props,
        urn="urn:pulumi:prod::anime-infra::aws:sqs/queue:Queue::images",
        name="images",
        options=analyzer_pb2.AnalyzerResourceOptions(),
        provider=analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=defaults, name="aws"),
    )


def test_the_process_offers_and_judges(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60)
    bad = analyzer.Analyze(_request(sqsManagedSseEnabled=False, tags={}), timeout=60)
    good = analyzer.Analyze(_request(sqsManagedSseEnabled=True, tags={"service": "images"}), timeout=60)

    assert info.name == NAME
    assert {policy.name for policy in info.policies} == {policy.name for policy in ALL}
    assert {found.policyName for found in bad.diagnostics} == {"encryption-at-rest", "required-tags"}
    assert {found.enforcementLevel for found in bad.diagnostics} == {analyzer_pb2.MANDATORY}
    assert list(good.diagnostics) == []
