"""Dead-letter queues. Whatever lands in one waits for a person, and rings the alarm that comes with it."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.alarms import Watch, alarm_above_zero
from components.tags import Service, service_tags

RETENTION_SECONDS: Final = 14 * 24 * 3600
"""The longest that SQS keeps a message."""

_VISIBILITY_SECONDS: Final = 900
"""As long as a function may work on what it took, so that nobody else takes it meanwhile."""


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueueArgs:
    """``meaning`` says what a message in the queue is and what to do about it."""

    queue_name: str
    meaning: str
    service: Service
    alarm_topic_arn: pulumi.Input[str]

    def __post_init__(self) -> None:
        if not self.meaning:
            raise ValueError(f"{self.queue_name}: whoever gets the alarm has to know what to do, so give its meaning")


class DeadLetterQueue(pulumi.ComponentResource):
    def __init__(self, name: str, args: DeadLetterQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:DeadLetterQueue", name, None, opts)
        queue = aws.sqs.Queue(
            f"{name}-queue",
            name=args.queue_name,
            message_retention_seconds=RETENTION_SECONDS,
            visibility_timeout_seconds=_VISIBILITY_SECONDS,
            sqs_managed_sse_enabled=True,
            tags=service_tags(args.service),
            opts=pulumi.ResourceOptions(parent=self),
        )
        alarm_above_zero(
            f"{name}-alarm",
            Watch(
                alarm_name=f"{args.queue_name}-has-messages",
                namespace="AWS/SQS",
                metric="ApproximateNumberOfMessagesVisible",
                statistic="Maximum",
                dimensions={"QueueName": queue.name},
                meaning=args.meaning,
            ),
            topic_arn=args.alarm_topic_arn,
            parent=self,
        )
        self.url = queue.url
        self.arn = queue.arn
        self.register_outputs({"url": self.url, "arn": self.arn})
