"""What fails while nobody waits for it goes where it is found."""

from collections.abc import Iterator, Sequence
from typing import Final

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.logs import FUNCTION
from policies.making import Complaints, StackComplaints, of_type, resource_policy, stack_policy
from policies.reading import UNKNOWN, Unknown, as_list, is_empty, refers_to, statements, value

QUEUE: Final = "aws:sqs/queue:Queue"
REDRIVE: Final = "aws:sqs/redrivePolicy:RedrivePolicy"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
EVENT_TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
DESTINATIONS: Final = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"

LONGEST_RETENTION_SECONDS: Final = 14 * 24 * 3600
"""The longest that SQS keeps a message."""

LATER: Final = frozenset({"scheduler.amazonaws.com", "events.amazonaws.com"})
"""Services that start a function and do not wait for it."""


def undelivered(args: ResourceValidationArgs) -> Complaints:
    """Senders that try for a while and then give up."""
    if args.resource_type == SCHEDULE and is_empty(args.props, "target", "deadLetterConfig", "arn"):
        yield "loses a run that cannot be started: name a queue in target.deadLetterConfig"
    if args.resource_type == EVENT_TARGET and is_empty(args.props, "deadLetterConfig", "arn"):
        yield "loses events that cannot be delivered: name a queue in deadLetterConfig"
    delivered_by_aws = value(args.props, "protocol") in ("lambda", "sqs", "firehose")
    if args.resource_type == SUBSCRIPTION and delivered_by_aws and is_empty(args.props, "redrivePolicy"):
        yield "loses messages that cannot be delivered: name a queue in redrivePolicy"


def lost_failures(resources: Sequence[PolicyResource]) -> StackComplaints:
    for function in of_type(resources, FUNCTION):
        if _is_started_later(function, resources) and not _has_a_place_for_failures(function, resources):
            yield (
                function,
                "is started by what does not wait for it, and its failures are lost: give the function a failure queue "
                "(caller Caller.LATER in components/application/pipeline.py)",
            )


def endless_queues(resources: Sequence[PolicyResource]) -> StackComplaints:
    """A queue hands on what cannot be worked off; a dead-letter queue, named ``...-dlq``, keeps it for a person."""
    redrives = of_type(resources, REDRIVE)
    for queue in of_type(resources, QUEUE):
        if str(value(queue.props, "name")).removesuffix(".fifo").endswith("-dlq"):
            kept = value(queue.props, "messageRetentionSeconds")
            if kept is not UNKNOWN and (kept or 0) < LONGEST_RETENTION_SECONDS:
                yield (
                    queue,
                    "forgets failures before anybody looks: set messageRetentionSeconds to "
                    f"{LONGEST_RETENTION_SECONDS}, as DeadLetterQueue of components/aws/queues.py does",
                )
        elif is_empty(queue.props, "redrivePolicy") and not any(
            refers_to(each, "queueUrl", queue, "url", "id") for each in redrives
        ):
            yield (
                queue,
                "hands a message that fails to its reader again and again: give it a redrivePolicy with a dead-letter "
                "queue, or end its name with -dlq if it is one",
            )


def _is_started_later(function: PolicyResource, resources: Sequence[PolicyResource]) -> bool:
    schedules = (_target_is(each, function) for each in of_type(resources, SCHEDULE))
    events = (refers_to(each, "arn", function, "arn") for each in of_type(resources, EVENT_TARGET))
    topics = (refers_to(each, "endpoint", function, "arn") for each in of_type(resources, SUBSCRIPTION))
    rights = value(function.props, "arn") in set(_started_by_rights(resources))
    return any(schedules) or any(events) or any(topics) or rights


def _target_is(schedule: PolicyResource, function: PolicyResource) -> bool:
    target = value(schedule.props, "target", "arn")
    if target is UNKNOWN or value(schedule.props, "target") is UNKNOWN:
        return any(each.urn == function.urn for each in schedule.property_dependencies.get("target", ()))
    return target is not None and target == value(function.props, "arn")


def _started_by_rights(resources: Sequence[PolicyResource]) -> Iterator[str]:
    """Functions for which schedules are made by the running service: the scheduler's role may start them."""
    later = {value(role.props, "name") for role in of_type(resources, ROLE) if _acts_for_one_that_does_not_wait(role)}
    for policy in of_type(resources, ROLE_POLICY):
        role = value(policy.props, "role")
        if isinstance(role, Unknown) or role not in later:
            continue
        for statement in statements(value(policy.props, "policy")):
            if statement.get("Effect") == "Allow" and "lambda:InvokeFunction" in as_list(statement.get("Action")):
                yield from as_list(statement.get("Resource"))


def _acts_for_one_that_does_not_wait(role: PolicyResource) -> bool:
    trusted = statements(value(role.props, "assumeRolePolicy"))
    return any(LATER.intersection(as_list(value(each, "Principal", "Service"))) for each in trusted)


def _has_a_place_for_failures(function: PolicyResource, resources: Sequence[PolicyResource]) -> bool:
    if not is_empty(function.props, "deadLetterConfig", "targetArn"):
        return True
    return any(
        not is_empty(each.props, "destinationConfig", "onFailure", "destination")
        for each in of_type(resources, DESTINATIONS)
        if refers_to(each, "functionName", function, "name", "arn")
    )


UNDELIVERED: Final = resource_policy(
    "undelivered-events",
    "Timers, event rules and subscriptions name a dead-letter queue.",
    undelivered,
    types=(SCHEDULE, EVENT_TARGET, SUBSCRIPTION),
)
FAILURES_KEPT: Final = stack_policy(
    "asynchronous-failures", "Every function that nobody waits for has a place for its failures.", lost_failures
)
QUEUES_END: Final = stack_policy(
    "queue-redrive", "Every queue has a dead-letter queue, or is one that keeps messages for 14 days.", endless_queues
)
