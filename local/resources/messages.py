"""Queues, topics, rules and schedules."""

from collections.abc import Mapping
from typing import Any, Final

from local.errors import ResourceFailed
from local.resources.creators import Creator, Order

_QUEUE_ATTRIBUTES: Final = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "policy": "Policy",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}


def _as_attribute(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queue(order: Order) -> Mapping[str, Any]:
    attributes = {
        attribute: _as_attribute(order.inputs[key])
        for key, attribute in _QUEUE_ATTRIBUTES.items()
        if order.inputs.get(key) is not None
    }
    client = order.client("sqs")
    url = client.create_queue(QueueName=order.name, Attributes=attributes)["QueueUrl"]
    described = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return {"url": url, "arn": described["QueueArn"]}


def _queue_attribute(key: str) -> Creator:
    def set_it(order: Order) -> Mapping[str, Any]:
        order.client("sqs").set_queue_attributes(
            QueueUrl=order.need("queueUrl"), Attributes={_QUEUE_ATTRIBUTES[key]: order.need(key)}
        )
        return {}

    return set_it


def _topic(order: Order) -> Mapping[str, Any]:
    given = {"DisplayName": order.inputs.get("displayName"), "KmsMasterKeyId": order.inputs.get("kmsMasterKeyId")}
    attributes = {name: value for name, value in given.items() if value}
    return {"arn": order.client("sns").create_topic(Name=order.name, Attributes=attributes)["TopicArn"]}


def _topic_policy(order: Order) -> Mapping[str, Any]:
    order.client("sns").set_topic_attributes(
        TopicArn=order.need("arn"), AttributeName="Policy", AttributeValue=order.need("policy")
    )
    return {}


def _subscription(order: Order) -> Mapping[str, Any]:
    attributes = {
        name: _as_attribute(order.inputs[key])
        for name, key in (("RawMessageDelivery", "rawMessageDelivery"), ("FilterPolicy", "filterPolicy"))
        if order.inputs.get(key) is not None
    }
    answer = order.client("sns").subscribe(
        TopicArn=order.need("topic"),
        Protocol=order.need("protocol"),
        Endpoint=order.need("endpoint"),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return {"arn": answer["SubscriptionArn"]}


def _event_bus(order: Order) -> Mapping[str, Any]:
    return {"arn": order.client("events").create_event_bus(Name=order.name)["EventBusArn"]}


def _rule(order: Order) -> Mapping[str, Any]:
    answer = order.client("events").put_rule(
        Name=order.name,
        **order.given(
            EventPattern="eventPattern",
            ScheduleExpression="scheduleExpression",
            State="state",
            Description="description",
            EventBusName="eventBusName",
        ),
    )
    return {"arn": answer["RuleArn"]}


def _rule_target(order: Order) -> Mapping[str, Any]:
    target = order.given(
        Arn="arn",
        RoleArn="roleArn",
        Input="input",
        InputPath="inputPath",
        DeadLetterConfig="deadLetterConfig",
        RetryPolicy="retryPolicy",
        SqsParameters="sqsTarget",
    )
    transformer = order.inputs.get("inputTransformer")
    if transformer:
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths", {}),
            "InputTemplate": transformer["inputTemplate"],
        }
    identity = order.inputs.get("targetId", order.name)
    answer = order.client("events").put_targets(
        Rule=order.need("rule"), Targets=[{"Id": identity, **target}], **order.given(EventBusName="eventBusName")
    )
    if answer.get("FailedEntryCount"):
        raise ResourceFailed(f"target of rule {order.need('rule')}: {answer['FailedEntries'][0].get('ErrorMessage')}")
    return {"targetId": identity}


def _bus_permission(order: Order) -> Mapping[str, Any]:
    order.client("events").put_permission(
        StatementId=order.need("statementId"),
        Principal=order.need("principal"),
        Action=order.inputs.get("action", "events:PutEvents"),
        **order.given(EventBusName="eventBusName"),
    )
    return {}


def _schedule_group(order: Order) -> Mapping[str, Any]:
    return {"arn": order.client("scheduler").create_schedule_group(Name=order.name)["ScheduleGroupArn"]}


def _schedule(order: Order) -> Mapping[str, Any]:
    if "<aws.scheduler." in str(order.need("target").get("input", "")):
        raise ResourceFailed(
            f"schedule {order.name!r}: the emulator fills no <aws.scheduler.*> placeholders; give an explicit input"
        )
    answer = order.client("scheduler").create_schedule(
        Name=order.name,
        **order.given(
            GroupName="groupName",
            ScheduleExpression="scheduleExpression",
            ScheduleExpressionTimezone="scheduleExpressionTimezone",
            FlexibleTimeWindow="flexibleTimeWindow",
            Target="target",
            State="state",
            Description="description",
            ActionAfterCompletion="actionAfterCompletion",
        ),
    )
    return {"arn": answer["ScheduleArn"]}


CREATORS: Final[Mapping[str, Creator]] = {
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_attribute("policy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _queue_attribute("redrivePolicy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _queue_attribute("redriveAllowPolicy"),
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
    "aws:cloudwatch/eventBus:EventBus": _event_bus,
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/eventTarget:EventTarget": _rule_target,
    "aws:cloudwatch/eventPermission:EventPermission": _bus_permission,
    "aws:scheduler/scheduleGroup:ScheduleGroup": _schedule_group,
    "aws:scheduler/schedule:Schedule": _schedule,
}
