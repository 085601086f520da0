"""The topic that every alarm goes to, and the kinds of alarm.

An alarm is made by the component that owns what it watches; here stands how each kind is judged:

* ``alarm_above_zero``: a count that is 0 when all is well, such as messages in a dead-letter queue,
* ``alarm_above``: a figure with a limit, ours (``measured``) or a service's,
* ``alarm_when_silent``: a function that should be invoked, and is not.

The topic has no key of its own: CloudWatch cannot publish through the AWS managed one, and an alarm says no more than a
name and a state.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

METRICS_NAMESPACE: Final = "AnimeInfra"
"""Of the figures that our functions record, each with the dimension ``Stack``."""

_HOUR_SECONDS: Final = 3600
LONGEST_LOOK_BACK_HOURS: Final = 7 * 24
"""Of an alarm with periods of an hour or longer: EvaluationPeriods in the reference of PutMetricAlarm."""

_LONGEST_WARM_UP_MINUTES: Final = 2 * 24 * 60


class OwnMetric(StrEnum):
    """What the function ``watch`` measures every hour."""

    OLDEST_REVIEW_HOURS = "OldestReviewHours"
    HOURS_SINCE_SYNC = "HoursSinceSync"
    HOURS_SINCE_SNAPSHOT = "HoursSinceSnapshot"


@dataclass(frozen=True, kw_only=True)
class AlarmTopicArgs:
    """``emails`` get every alarm once they have confirmed the mail that AWS sends them."""

    topic_name: str
    account: pulumi.Input[str]
    emails: Sequence[str] = ()

    def __post_init__(self) -> None:
        if len({email.casefold() for email in self.emails}) != len(self.emails):
            raise ValueError(
                "two subscriptions of one address are one to SNS, and removing either ends both: name it once"
            )


class AlarmTopic(pulumi.ComponentResource):
    """``topic_arn`` is where alarms are sent."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:AlarmTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(f"{name}-topic", name=args.topic_name, tags=service_tags(Service.OPERATIONS), opts=child)
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": topic.arn,
                            "Condition": {"StringEquals": {"aws:SourceAccount": args.account}},
                        }
                    ],
                }
            ),
            opts=child,
        )
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-email-{_letters_of(email)}", topic=topic.arn, protocol="email", endpoint=email, opts=child
            )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def _letters_of(email: str) -> str:
    """Names the subscription: an address may hold a stage's name, and a number would move when the list changes."""
    digest = hashlib.sha256(email.casefold().encode()).digest()
    return "".join(chr(ord("a") + byte % 26) for byte in digest[:8])


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A metric that is low when all is well; ``meaning`` says what happened and what to do.

    ``no_data`` is what it means that there is none: that all is well, or that nothing new is known (``ignore``).
    """

    alarm_name: str
    namespace: str
    metric: str
    statistic: str
    dimensions: dict[str, pulumi.Input[str]]
    meaning: str
    period_seconds: int = 300
    no_data: Literal["notBreaching", "ignore"] = "notBreaching"


def measured(metric: OwnMetric, *, stack: str, alarm_name: str, meaning: str) -> Watch:
    """The watch over a figure of ours. Where none comes the alarm stays as it is: that ``watch`` itself is silent is
    another alarm's to tell.
    """
    return Watch(
        alarm_name=alarm_name,
        namespace=METRICS_NAMESPACE,
        metric=metric.value,
        statistic="Maximum",
        dimensions={"Stack": stack},
        meaning=meaning,
        period_seconds=_HOUR_SECONDS,
        no_data="ignore",
    )


def alarm_above_zero(
    name: str, watch: Watch, *, topic_arn: pulumi.Input[str], parent: pulumi.Resource
) -> aws.cloudwatch.MetricAlarm:
    return alarm_above(name, watch, limit=0, topic_arn=topic_arn, parent=parent)


def alarm_above(
    name: str,
    watch: Watch,
    *,
    limit: float,
    topic_arn: pulumi.Input[str],
    parent: pulumi.Resource,
    enabled: bool = True,
) -> aws.cloudwatch.MetricAlarm:
    """Sent when it begins and when it ends. One that is not ``enabled`` changes its state and tells nobody."""
    return aws.cloudwatch.MetricAlarm(
        name,
        name=watch.alarm_name,
        alarm_description=watch.meaning,
        namespace=watch.namespace,
        metric_name=watch.metric,
        dimensions=watch.dimensions,
        statistic=watch.statistic,
        period=watch.period_seconds,
        evaluation_periods=1,
        threshold=limit,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data=watch.no_data,
        actions_enabled=enabled,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=service_tags(Service.OPERATIONS),
        opts=pulumi.ResourceOptions(parent=parent),
    )


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A function that is invoked at least every ``hours`` when all is well."""

    alarm_name: str
    function_name: pulumi.Input[str]
    hours: int
    meaning: str

    def __post_init__(self) -> None:
        if not 1 <= self.hours <= LONGEST_LOOK_BACK_HOURS:
            raise ValueError(
                f"{self.alarm_name}: CloudWatch would refuse to look back {self.hours} hours; choose 1 to "
                f"{LONGEST_LOOK_BACK_HOURS}, or let the function watch measure how long ago it ran"
            )


def alarm_when_silent(
    name: str, silence: Silence, *, topic_arn: pulumi.Input[str], parent: pulumi.Resource, enabled: bool
) -> aws.cloudwatch.MetricAlarm:
    """Rings when no hour of so many had an invocation; an hour without any is one without data.

    It may take some hours longer: CloudWatch looks a little further back before it takes missing data for bad. A new
    alarm waits as long before it judges, so that a new stack does not ring; beyond two days it cannot wait.
    One that is not ``enabled`` knows nothing instead of being in alarm: once enabled it could never get there, and only
    a change of state is sent.
    """
    return aws.cloudwatch.MetricAlarm(
        name,
        name=silence.alarm_name,
        alarm_description=silence.meaning,
        namespace="AWS/Lambda",
        metric_name="Invocations",
        dimensions={"FunctionName": silence.function_name},
        statistic="Sum",
        period=_HOUR_SECONDS,
        evaluation_periods=silence.hours,
        datapoints_to_alarm=silence.hours,
        threshold=1,
        comparison_operator="LessThanThreshold",
        treat_missing_data="breaching" if enabled else "missing",
        warm_up_configuration={"warm_up_period_duration_in_minutes": min(silence.hours * 60, _LONGEST_WARM_UP_MINUTES)},
        actions_enabled=enabled,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=service_tags(Service.OPERATIONS),
        opts=pulumi.ResourceOptions(parent=parent),
    )
