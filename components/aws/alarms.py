"""The topic that every alarm goes to, and the kinds of alarm.

An alarm is made by the component that owns what it watches; here stands how each kind is judged. The topic has no key
of its own: CloudWatch cannot publish through the AWS managed one, and an alarm says no more than a name and a state.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.tags import Service, service_tags

_PERIOD_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class AlarmTopicArgs:
    topic_name: str
    account: pulumi.Input[str]


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
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A metric that is 0 when all is well; ``meaning`` says what happened and what to do."""

    alarm_name: str
    namespace: str
    metric: str
    statistic: str
    dimensions: dict[str, pulumi.Input[str]]
    meaning: str


def alarm_above_zero(
    name: str, watch: Watch, *, topic_arn: pulumi.Input[str], parent: pulumi.Resource
) -> aws.cloudwatch.MetricAlarm:
    """Sent when it begins and when it ends. No data is good: nothing ran, nothing failed."""
    return aws.cloudwatch.MetricAlarm(
        name,
        name=watch.alarm_name,
        alarm_description=watch.meaning,
        namespace=watch.namespace,
        metric_name=watch.metric,
        dimensions=watch.dimensions,
        statistic=watch.statistic,
        period=_PERIOD_SECONDS,
        evaluation_periods=1,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=service_tags(Service.OPERATIONS),
        opts=pulumi.ResourceOptions(parent=parent),
    )
