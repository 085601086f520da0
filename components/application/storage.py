"""Where the pipeline keeps things in AWS: buckets, tables, and the queues of what went wrong."""

from dataclasses import dataclass

import pulumi

from components.application.pipeline import WORK, work_expires_after_days
from components.aws.cloudfront import ImagesCdn, ImagesCdnArgs
from components.aws.dynamodb_tables import DeduplicationMap, DeduplicationMapArgs, RateBuckets, RateBucketsArgs
from components.aws.queues import DeadLetterQueue, DeadLetterQueueArgs
from components.aws.s3_buckets import PrivateBucket, PrivateBucketArgs
from components.settings import StackSettings
from components.site import Site
from components.tags import Service


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """``counts_rates`` where no cache does."""

    site: Site
    settings: StackSettings
    counts_rates: bool
    alarm_topic_arn: pulumi.Input[str]


class Storage(pulumi.ComponentResource):
    """Each part by its own name; ``rates`` is None where a cache counts."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Storage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        site, settings = args.site, args.settings
        self.data = PrivateBucket(
            "data",
            PrivateBucketArgs(
                bucket_name=site.bucket_name("data"),
                service=Service.PIPELINE,
                protect=settings.keeps_state,
                versioned=True,
                expire_after_days={WORK: work_expires_after_days(settings)},
            ),
            child,
        )
        self.images = PrivateBucket(
            "images",
            PrivateBucketArgs(
                bucket_name=site.bucket_name("images"),
                service=Service.IMAGES,
                protect=settings.keeps_state,
                own_policy=False,
            ),
            child,
        )
        self.cdn = ImagesCdn(
            "images-cdn",
            ImagesCdnArgs(
                access_name=site.name("images"),
                bucket_name=self.images.bucket_name,
                bucket_arn=self.images.arn,
                bucket_domain_name=self.images.regional_domain_name,
                closed=self.images.closed,
            ),
            child,
        )
        self.image_map = DeduplicationMap(
            "image-map",
            DeduplicationMapArgs(table_name=site.name("image-deduplication-map"), protect=settings.keeps_state),
            child,
        )
        self.rates = (
            RateBuckets("rates", RateBucketsArgs(table_name=site.name("rates")), child) if args.counts_rates else None
        )
        self.image_dlq = self._dead_letters(
            args,
            "image-dlq",
            "Images could not be fetched; their entries hold placeholders and are tried again later",
            Service.IMAGES,
        )
        self.commit_dlq = self._dead_letters(
            args, "commit-dlq", "A commit could neither be finished nor undone; run `anime redrive`", Service.PIPELINE
        )
        self.async_dlq = self._dead_letters(
            args,
            "async-dlq",
            "A function that nobody waits for failed three times; its log says why",
            Service.PIPELINE,
        )
        self.schedule_dlq = self._dead_letters(
            args,
            "schedule-dlq",
            "A timer could not start its function; start it by hand with the anime command",
            Service.SCHEDULES,
        )
        self.register_outputs({"data": self.data.bucket_name, "images": self.images.bucket_name})

    def _dead_letters(self, args: StorageArgs, name: str, meaning: str, service: Service) -> DeadLetterQueue:
        return DeadLetterQueue(
            name,
            DeadLetterQueueArgs(
                queue_name=args.site.name(name),
                meaning=meaning,
                service=service,
                alarm_topic_arn=args.alarm_topic_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
