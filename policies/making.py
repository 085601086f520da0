"""Policies made of plain functions that yield the problems they see."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

Complaints = Iterator[str]
"""Each says what is wrong and what to do about it; the engine names the resource."""

StackComplaints = Iterator[tuple[PolicyResource, str]]


def resource_policy(
    name: str, description: str, judge: Callable[[ResourceValidationArgs], Complaints], *, types: Iterable[str] = ()
) -> ResourceValidationPolicy:
    """Judges each resource by itself, before it is made; only those of ``types``, where any are named."""
    judged = frozenset(types)

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if judged and args.resource_type not in judged:
            return
        for complaint in judge(args):
            report_violation(complaint, None)

    return ResourceValidationPolicy(
        name=name, description=description, validate=validate, enforcement_level=EnforcementLevel.MANDATORY
    )


def stack_policy(
    name: str, description: str, judge: Callable[[Sequence[PolicyResource]], StackComplaints]
) -> StackValidationPolicy:
    """Judges what only several resources together can be asked."""

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        for resource, complaint in judge(args.resources):
            report_violation(complaint, resource.urn)

    return StackValidationPolicy(
        name=name, description=description, validate=validate, enforcement_level=EnforcementLevel.MANDATORY
    )


def of_type(resources: Iterable[PolicyResource], *types: str) -> list[PolicyResource]:
    return [resource for resource in resources if resource.resource_type in types]
