"""Queues, topics, logs and alarms."""

from typing import Final

from bootstrap.needs.making import EVERYTHING, NAMES, Need, Needs, arn

_TOPICS: Final = (arn("sns", NAMES),)
_TOPIC: Final = Need(
    service="sns",
    places=_TOPICS,
    reads="GetTopicAttributes GetDataProtectionPolicy ListTagsForResource",
    writes="CreateTopic SetTopicAttributes DeleteTopic TagResource UntagResource",
)

OPERATIONS: Final[Needs] = {
    "aws:sqs/queue:Queue": (
        Need(
            service="sqs",
            places=(arn("sqs", NAMES),),
            reads="GetQueueAttributes GetQueueUrl ListQueueTags",
            writes="CreateQueue SetQueueAttributes DeleteQueue TagQueue UntagQueue",
        ),
    ),
    "aws:sns/topic:Topic": (_TOPIC,),
    "aws:sns/topicPolicy:TopicPolicy": (_TOPIC,),
    "aws:sns/topicSubscription:TopicSubscription": (
        Need(service="sns", places=_TOPICS, writes="Subscribe"),
        Need(
            service="sns",
            places=(EVERYTHING,),
            reads="GetSubscriptionAttributes",
            writes="SetSubscriptionAttributes Unsubscribe",
        ),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        Need(
            service="cloudwatch",
            places=(arn("cloudwatch", f"alarm:{NAMES}"),),
            reads="DescribeAlarms ListTagsForResource",
            writes="PutMetricAlarm DeleteAlarms TagResource UntagResource",
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        Need(
            service="logs",
            places=(arn("logs", f"log-group:/aws/lambda/{NAMES}"), arn("logs", f"log-group:{NAMES}")),
            reads="ListTagsForResource",
            writes="CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy DeleteLogGroup TagResource UntagResource",
        ),
        Need(service="logs", places=(EVERYTHING,), reads="DescribeLogGroups"),
    ),
}
