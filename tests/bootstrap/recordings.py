"""The program of the workflow's roles as it registers them, and the stacks that the roles are for."""

import functools
import json
from pathlib import Path
from typing import Any

import bootstrap
from local.program import record_program
from local.recording import RecordedResource, Recording
from tests.components.recordings import record_with, recorded

ROOT = Path(bootstrap.__file__).parent
PREFIX = "repo:team@1001/anime-infra@2002"
ACCOUNT = "123456789012"


@functools.cache
def recorded_roles(prefix: str = PREFIX) -> Recording:
    return record_program(stack="main", overrides={"subjectPrefix": prefix}, root=ROOT)


def role(name: str) -> RecordedResource:
    return recorded_roles().named(f"{name}-role", "aws:iam/role:Role")


def trust_of(name: str, prefix: str = PREFIX) -> dict[str, Any]:
    found = recorded_roles(prefix).named(f"{name}-role", "aws:iam/role:Role")
    document: dict[str, Any] = json.loads(found.inputs["assumeRolePolicy"])
    return document


@functools.cache
def documents_of(name: str) -> tuple[str, ...]:
    """Inline and managed."""
    recording, physical = recorded_roles(), role(name).inputs["name"]
    attached = {
        each.inputs["policyArn"]
        for each in recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if each.inputs["role"] == physical
    }
    managed = [each for each in recording.of_type("aws:iam/policy:Policy") if each.outputs["arn"] in attached]
    inline = [each for each in recording.of_type("aws:iam/rolePolicy:RolePolicy") if each.inputs["role"] == physical]
    assert len(managed) == len(attached)
    return tuple(each.inputs["policy"] for each in (*inline, *managed))


def boundary() -> str:
    document: str = recorded_roles().named("foundation-boundary").inputs["policy"]
    return document


def granted(*documents: str) -> list[tuple[str, str]]:
    """Every action with every resource that is allowed."""
    statements = [each for document in documents for each in json.loads(document)["Statement"]]
    return [
        (action, resource)
        for each in statements
        if each["Effect"] == "Allow"
        for action in each["Action"]
        for resource in each["Resource"]
    ]


@functools.cache
def cloud_stacks() -> tuple[Recording, ...]:
    """The stacks of the cloud as they are checked in, and with what may be turned on."""
    image = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/bff@sha256:{'0' * 64}"
    return (
        recorded("dev"),
        recorded("prod"),
        record_with("prod", atlasNetwork="private-endpoint"),
        record_with("prod", alarmEmails='["someone@example.org"]', bffImage=image),
    )
