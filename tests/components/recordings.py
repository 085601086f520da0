"""The program as each stack records it, and what a test asks of a recording."""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.program import record_program
from local.recording import RecordedResource, Recording

STACKS = ("local", "dev", "prod")
FUNCTION = "aws:lambda/function:Function"


@functools.cache
def recorded(stack: str) -> Recording:
    return record_program(stack=stack)


def record_with(stack: str, **values: str | None) -> Recording:
    return record_program(stack=stack, overrides=values)


def aws_resources(recording: Recording) -> Iterator[RecordedResource]:
    return (resource for resource in recording if resource.custom and resource.type.startswith("aws:"))


def functions(recording: Recording) -> dict[str, RecordedResource]:
    """By task, which is the folder in the handler's name."""
    return {r.inputs["handler"].split(".")[1]: r for r in recording.of_type(FUNCTION)}


def variables(function: RecordedResource) -> dict[str, str]:
    found: dict[str, str] = function.inputs["environment"]["variables"]
    return found


def statements(resource: RecordedResource) -> list[dict[str, Any]]:
    """Of a role's or a resource's policy."""
    found: list[dict[str, Any]] = json.loads(resource.inputs["policy"])["Statement"]
    return found


def role_policies(recording: Recording) -> dict[str, list[dict[str, Any]]]:
    """The statements of every role, by its physical name."""
    return {r.inputs["role"]: statements(r) for r in recording.of_type("aws:iam/rolePolicy:RolePolicy")}


def changed(recording: Recording, pick: Callable[[RecordedResource], bool], **fields: Any) -> Recording:
    """The recording with the first resource that ``pick`` finds replaced."""
    resources = list(recording.resources)
    index = next(i for i, resource in enumerate(resources) if pick(resource))
    resources[index] = dataclasses.replace(resources[index], **fields)
    return dataclasses.replace(recording, resources=tuple(resources))


def with_inputs(recording: Recording, type_token: str, inputs: Mapping[str, Any]) -> Recording:
    """The recording with these inputs of the first resource of a kind put in place of its own; None takes one away."""
    first = recording.of_type(type_token)[0]
    merged = {**first.inputs, **inputs}
    kept = {name: value for name, value in merged.items() if value is not None}
    return changed(recording, lambda resource: resource.urn == first.urn, inputs=kept)
