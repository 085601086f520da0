"""Logs are kept, and not for ever."""

from collections.abc import Sequence
from typing import Final

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.making import Complaints, StackComplaints, of_type, resource_policy, stack_policy
from policies.reading import UNKNOWN, value

LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION: Final = "aws:lambda/function:Function"

LONGEST_DAYS: Final = 1827
"""Five years; CloudWatch Logs takes 0 or nothing as for ever."""


def endless_logs(args: ResourceValidationArgs) -> Complaints:
    days = value(args.props, "retentionInDays")
    if days is not UNKNOWN and not 0 < (days or 0) <= LONGEST_DAYS:
        yield (
            f"keeps logs, and costs, for ever or longer than {LONGEST_DAYS} days: set retentionInDays from "
            "logRetentionDays of the stack's settings"
        )


def unkept_logs(resources: Sequence[PolicyResource]) -> StackComplaints:
    """A function without a log group of ours gets one from Lambda, which ends never."""
    groups = of_type(resources, LOG_GROUP)
    for function in of_type(resources, FUNCTION):
        if not any(_logs_to(function, group) for group in groups):
            yield (
                function,
                "would log to a group that Lambda makes and never ends: make its log group with retentionInDays and "
                "name it in loggingConfig.logGroup, as Function of components/aws/lambda_functions.py does",
            )


def _logs_to(function: PolicyResource, group: PolicyResource) -> bool:
    chosen = value(function.props, "loggingConfig", "logGroup")
    if chosen is UNKNOWN:
        return any(each.urn == group.urn for each in function.property_dependencies.get("loggingConfig", ()))
    return chosen is not None and value(group.props, "name") == chosen


LOGS_END: Final = resource_policy(
    "log-retention", "Every log group says how long it keeps logs.", endless_logs, types=(LOG_GROUP,)
)
LOGS_KEPT: Final = stack_policy("function-log-groups", "Every function logs to a log group of the stack.", unkept_logs)
