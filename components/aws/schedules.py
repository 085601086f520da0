"""Timers: the fixed ones, and the group that the daily scheduler fills with one schedule an episode.

What a timer cannot deliver goes to the dead-letter queue. That it does not fire at all, or its run never ends well, is
noticed by an alarm that comes with each fixed timer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarms import (
    LONGEST_LOOK_BACK_HOURS,
    OwnMetric,
    Silence,
    alarm_above,
    alarm_when_silent,
    measured,
)
from components.aws.grants import Grant, policy_document, trust_document
from components.tags import Service, service_tags

_DELIVERY_ATTEMPTS: Final = 10
_DELIVERY_SECONDS: Final = 3600
"""A run that could not be started within the hour goes to the dead-letter queue."""


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """When a run that did not come is missed: ``hours`` after the last one, its repetitions included.

    ``metric`` tells how long ago a run succeeded. Without it invocations are counted, of seven days at most.
    """

    hours: int
    metric: OwnMetric | None = None

    def __post_init__(self) -> None:
        if self.hours < 1:
            raise ValueError("every run would be missed before it could come; give at least an hour")
        if self.metric is None and self.hours > LONGEST_LOOK_BACK_HOURS:
            raise ValueError(
                f"the alarm would be refused: CloudWatch looks back {LONGEST_LOOK_BACK_HOURS} hours, not {self.hours}; "
                "name a metric of the function watch"
            )


@dataclass(frozen=True, kw_only=True)
class Timer:
    """``expression`` as EventBridge Scheduler writes it, in UTC. ``event`` is the function's whole input."""

    role: str
    expression: str
    function_name: pulumi.Input[str]
    function_arn: pulumi.Input[str]
    meaning: str
    overdue: Overdue
    event: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.expression.startswith(("cron(", "rate(")):
            raise ValueError(f"{self.role}: {self.expression!r} would never fire; write cron(...) or rate(...)")


@dataclass(frozen=True, kw_only=True)
class SchedulesArgs:
    """``enabled`` False keeps the timers from firing by themselves, and their alarms from ringing. ``after`` is what
    must be there before any of them fires.
    """

    name_prefix: str
    stack: str
    timers: Sequence[Timer]
    enabled: bool
    dead_letter_queue_arn: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]
    account: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()

    def __post_init__(self) -> None:
        roles = [timer.role for timer in self.timers]
        if len(set(roles)) != len(roles):
            raise ValueError(f"two timers of one name would replace each other: {sorted(roles)}")


class Schedules(pulumi.ComponentResource):
    def __init__(self, name: str, args: SchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Schedules", name, None, opts)
        role = _scheduler_role(
            name,
            role_name=f"{args.name_prefix}-schedules",
            function_arns=[timer.function_arn for timer in args.timers],
            dead_letter_queue_arn=args.dead_letter_queue_arn,
            account=args.account,
            parent=self,
        )
        for timer in args.timers:
            aws.scheduler.Schedule(
                f"{name}-{timer.role}",
                name=f"{args.name_prefix}-{timer.role}",
                description=timer.meaning,
                schedule_expression=timer.expression,
                schedule_expression_timezone="UTC",
                flexible_time_window={"mode": "OFF"},
                state="ENABLED" if args.enabled else "DISABLED",
                target={
                    "arn": timer.function_arn,
                    "role_arn": role.arn,
                    "input": json.dumps(timer.event),
                    "retry_policy": {
                        "maximum_retry_attempts": _DELIVERY_ATTEMPTS,
                        "maximum_event_age_in_seconds": _DELIVERY_SECONDS,
                    },
                    "dead_letter_config": {"arn": args.dead_letter_queue_arn},
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
            )
            _alarm_when_overdue(f"{name}-{timer.role}-alarm", timer, args, parent=self)
        self.register_outputs({})


def _alarm_when_overdue(name: str, timer: Timer, args: SchedulesArgs, *, parent: pulumi.Resource) -> None:
    alarm_name = f"{args.name_prefix}-{timer.role}-overdue"
    hours, metric = timer.overdue.hours, timer.overdue.metric
    if metric is None:
        silence = Silence(
            alarm_name=alarm_name,
            function_name=timer.function_name,
            hours=hours,
            meaning=f"{timer.role} has not run for {hours} hours ({timer.meaning}): see whether its schedule is "
            "there and enabled, and what lies in the schedules' dead-letter queue",
        )
        alarm_when_silent(name, silence, topic_arn=args.alarm_topic_arn, parent=parent, enabled=args.enabled)
        return
    watch = measured(
        metric,
        stack=args.stack,
        alarm_name=alarm_name,
        meaning=f"{timer.role} has not succeeded for {hours} hours ({timer.meaning}): its last report says why; then "
        "start it by hand with the anime command",
    )
    alarm_above(name, watch, limit=hours, topic_arn=args.alarm_topic_arn, parent=parent, enabled=args.enabled)


@dataclass(frozen=True, kw_only=True)
class EpisodeSchedulesArgs:
    """``function_arn`` is what every schedule of the group calls."""

    group_name: str
    function_arn: pulumi.Input[str]
    dead_letter_queue_arn: pulumi.Input[str]
    account: pulumi.Input[str]


class EpisodeSchedules(pulumi.ComponentResource):
    """The schedules themselves are made and removed by the daily scheduler, never by the program."""

    def __init__(self, name: str, args: EpisodeSchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:EpisodeSchedules", name, None, opts)
        group = aws.scheduler.ScheduleGroup(
            f"{name}-group",
            name=args.group_name,
            tags=service_tags(Service.SCHEDULES),
            opts=pulumi.ResourceOptions(parent=self),
        )
        role = _scheduler_role(
            name,
            role_name=f"{args.group_name}-schedules",
            function_arns=[args.function_arn],
            dead_letter_queue_arn=args.dead_letter_queue_arn,
            account=args.account,
            parent=self,
        )
        self.group_name = group.name
        self.role_arn = role.arn
        self.register_outputs({"group_name": self.group_name, "role_arn": self.role_arn})


def _scheduler_role(
    name: str,
    *,
    role_name: str,
    function_arns: Sequence[pulumi.Input[str]],
    dead_letter_queue_arn: pulumi.Input[str],
    account: pulumi.Input[str],
    parent: pulumi.Resource,
) -> aws.iam.Role:
    role = aws.iam.Role(
        f"{name}-role",
        name=role_name,
        assume_role_policy=trust_document("scheduler.amazonaws.com", account=account),
        tags=service_tags(Service.SCHEDULES),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    aws.iam.RolePolicy(
        f"{name}-policy",
        name="grants",
        role=role.name,
        policy=policy_document(
            [
                Grant(actions=("lambda:InvokeFunction",), resources=tuple(function_arns)),
                Grant(actions=("sqs:SendMessage",), resources=(dead_letter_queue_arn,)),
            ]
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return role
