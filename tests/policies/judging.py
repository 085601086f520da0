"""Resources as the engine hands them to a policy, made by hand or from a recording, and what a policy says of them."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from local.recording import RecordedResource, Recording

UNKNOWN = UNKNOWN_STRING_VALUE
"""A value that a preview does not know yet."""

PROVIDER_TYPE = "pulumi:providers:aws"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """``made_from`` names, for a property, the logical names of the resources that it was made from."""

    type: str
    name: str = "it"
    props: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    protect: bool = False
    stage: str = "prod"
    region: str = "eu-central-1"
    made_from: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:{self.stage}::anime-infra::{self.type}::{self.name}"


def complaints_of(policy: Policy, *subjects: Subject) -> list[str]:
    """What the policy says of the resources, each complaint after the name of its resource."""
    resources = {subject.name: _resource(subject) for subject in subjects}
    for subject in subjects:
        resources[subject.name].property_dependencies.update(
            {key: [resources[name] for name in names] for key, names in subject.made_from.items()}
        )
    return _judge(policy, list(resources.values()))


def complaints_of_recording(policy: Policy, recording: Recording) -> list[str]:
    return _judge(policy, _recorded(recording, policy, lambda value: value))


def complaints_of_preview(policy: Policy, recording: Recording) -> list[str]:
    """As in the preview for an empty account: nothing that is made of an ARN is known yet."""
    arns = {str(resource.outputs["arn"]) for resource in recording if "arn" in resource.outputs}
    return _judge(policy, _recorded(recording, policy, lambda value: _hidden(value, arns)))


def _judge(policy: Policy, resources: list[PolicyResource]) -> list[str]:
    found: list[str] = []
    if isinstance(policy, StackValidationPolicy):
        names = {resource.urn: resource.name for resource in resources}

        def report_of_stack(message: str, urn: str | None = None) -> None:
            assert urn is not None
            found.append(f"{names[urn]} {message}")

        policy.validate(StackValidationArgs(resources), report_of_stack)
        return found
    assert isinstance(policy, ResourceValidationPolicy)
    for each in resources:
        said: list[str] = []

        def report(message: str, _urn: str | None = None, said: list[str] = said) -> None:
            said.append(message)

        policy.validate(
            ResourceValidationArgs(each.resource_type, each.props, each.urn, each.name, each.opts, each.provider),
            report,
        )
        found += [f"{each.name} {message}" for message in said]
    return found


def _resource(subject: Subject) -> PolicyResource:
    settings = {
        "region": subject.region,
        "defaultTags": json.dumps({"tags": {"project": "anime-infra", "environment": subject.stage}}),
    }
    return PolicyResource(
        subject.type,
        _as_the_engine_does(subject.props),
        subject.urn,
        subject.name,
        _options(protect=subject.protect),
        PolicyProviderResource(PROVIDER_TYPE, _as_the_engine_does(settings), "urn:provider", "aws"),
        None,
        [],
        {},
    )


def _recorded(recording: Recording, policy: Policy, seen: Callable[[Any], Any]) -> list[PolicyResource]:
    """The engine shows a single resource before it is made, when it has nothing but inputs."""
    made_already = isinstance(policy, StackValidationPolicy)
    (provider,) = recording.of_type(PROVIDER_TYPE)
    settings = {**provider.inputs, "defaultTags": json.dumps(provider.inputs["defaultTags"])}
    ours = PolicyProviderResource(PROVIDER_TYPE, _as_the_engine_does(settings), provider.urn, provider.name)
    made = {
        each.urn: PolicyResource(
            each.type,
            _as_the_engine_does(
                {key: seen(value) for key, value in {**(each.outputs if made_already else {}), **each.inputs}.items()}
            ),
            each.urn,
            each.name,
            _options(protect=each.options.protect),
            ours if each.custom and each.type.startswith("aws:") else None,
            None,
            [],
            {},
        )
        for each in recording
    }
    for each in recording:
        made[each.urn].property_dependencies.update(_dependencies(each, recording, made))
    return list(made.values())


def _dependencies(
    resource: RecordedResource, recording: Recording, made: Mapping[str, PolicyResource]
) -> dict[str, list[PolicyResource]]:
    """Which property was made from what: the recording knows the resources, and the property shows their ARN."""
    return {
        key: [
            made[urn]
            for urn in resource.options.dependencies
            if urn in made and str(recording.by_urn(urn).outputs.get("arn", "-")) in json.dumps(value, default=str)
        ]
        for key, value in resource.inputs.items()
    }


def _hidden(value: Any, arns: set[str]) -> Any:
    if isinstance(value, str):
        return UNKNOWN if any(arn in value for arn in arns) else value
    if isinstance(value, Mapping):
        return {key: _hidden(item, arns) for key, item in value.items()}
    return [_hidden(item, arns) for item in value] if isinstance(value, list) else value


def _options(*, protect: bool) -> PolicyResourceOptions:
    return PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def _as_the_engine_does(props: Mapping[str, Any]) -> Mapping[str, Any]:
    """Every number is a float, and to touch what is not known raises."""
    return unknown_checking_proxy({key: _floats(value) for key, value in props.items()})


def _floats(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _floats(item) for key, item in value.items()}
    return [_floats(item) for item in value] if isinstance(value, list | tuple) else value
