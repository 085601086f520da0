"""The stack: what it is made of, from top to bottom."""

import pulumi
import pulumi_aws as aws

from components.application.concerns import Stores
from components.application.pipeline import WORK, Pipeline, PipelineArgs, work_expires_after_days
from components.aws.alarms import AlarmTopic, AlarmTopicArgs
from components.aws.cloudfront import ImagesCdn, ImagesCdnArgs
from components.aws.dynamodb_tables import DeduplicationMap, DeduplicationMapArgs
from components.aws.endpoints import Endpoints, EndpointsArgs
from components.aws.queues import DeadLetterQueue, DeadLetterQueueArgs
from components.aws.s3_buckets import PrivateBucket, PrivateBucketArgs
from components.aws.secrets_manager import Credentials, CredentialsArgs
from components.settings import read_settings
from components.site import Site
from components.tags import Service, default_tags

settings = read_settings()
provider = aws.Provider(
    "aws",
    region=settings.aws_region,
    default_tags={"tags": default_tags(environment=settings.stage.value)},
)
ours = pulumi.ResourceOptions(provider=provider)
asking = pulumi.InvokeOptions(provider=provider)
site = Site(
    stack=pulumi.get_stack(),
    region=settings.aws_region,
    account=aws.get_caller_identity_output(opts=asking).account_id,
    partition=aws.get_partition_output(opts=asking).partition,
)

alarms = AlarmTopic(
    "alarms", AlarmTopicArgs(topic_name=site.name("alarms"), account=site.account, emails=settings.alarm_emails), ours
)

data = PrivateBucket(
    "data",
    PrivateBucketArgs(
        bucket_name=site.bucket_name("data"),
        service=Service.PIPELINE,
        protect=settings.keeps_state,
        versioned=True,
        expire_after_days={WORK: work_expires_after_days(settings)},
    ),
    ours,
)
images = PrivateBucket(
    "images",
    PrivateBucketArgs(
        bucket_name=site.bucket_name("images"),
        service=Service.IMAGES,
        protect=settings.keeps_state,
        own_policy=False,
    ),
    ours,
)
cdn = ImagesCdn(
    "images-cdn",
    ImagesCdnArgs(
        access_name=site.name("images"),
        bucket_name=images.bucket_name,
        bucket_arn=images.arn,
        bucket_domain_name=images.regional_domain_name,
    ),
    ours,
)
image_map = DeduplicationMap(
    "image-map",
    DeduplicationMapArgs(table_name=site.name("image-deduplication-map"), protect=settings.keeps_state),
    ours,
)

image_dlq = DeadLetterQueue(
    "image-dlq",
    DeadLetterQueueArgs(
        queue_name=site.name("image-dlq"),
        meaning="Images could not be fetched; their entries hold placeholders and are tried again later",
        service=Service.IMAGES,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)
commit_dlq = DeadLetterQueue(
    "commit-dlq",
    DeadLetterQueueArgs(
        queue_name=site.name("commit-dlq"),
        meaning="A commit could neither be finished nor undone; run `anime redrive`",
        service=Service.PIPELINE,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)
async_dlq = DeadLetterQueue(
    "async-dlq",
    DeadLetterQueueArgs(
        queue_name=site.name("async-dlq"),
        meaning="A function that nobody waits for failed three times; its log says why",
        service=Service.PIPELINE,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)
schedule_dlq = DeadLetterQueue(
    "schedule-dlq",
    DeadLetterQueueArgs(
        queue_name=site.name("schedule-dlq"),
        meaning="A timer could not start its function; start it by hand with the anime command",
        service=Service.SCHEDULES,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)

credentials = Credentials("credentials", CredentialsArgs(name_prefix=site.prefix, protect=settings.keeps_state), ours)

pipeline = Pipeline(
    "pipeline",
    PipelineArgs(
        site=site,
        settings=settings,
        stores=Stores(
            data_bucket=data.bucket_name,
            data_bucket_arn=data.arn,
            images_bucket=images.bucket_name,
            images_bucket_arn=images.arn,
            images_domain=cdn.domain_name,
            image_map=image_map.table_name,
            image_map_arn=image_map.arn,
            image_dlq_url=image_dlq.url,
            image_dlq_arn=image_dlq.arn,
            commit_dlq_url=commit_dlq.url,
            commit_dlq_arn=commit_dlq.arn,
            mongo_uri=pulumi.Output.secret(settings.mongo_uri.get_secret_value()),
            qdrant_url=settings.qdrant_url,
            qdrant_secret_arn=credentials.qdrant_arn if settings.index_needs_key else None,
            redis_url=settings.redis_url,
            redis_secret_arn=credentials.redis_arn if settings.cache_needs_password else None,
            catalogue_secret_arn=credentials.catalogues_arn if settings.catalogues_need_tokens else None,
        ),
        async_dlq_arn=async_dlq.arn,
        schedule_dlq_arn=schedule_dlq.arn,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)

endpoints = Endpoints(
    "endpoints",
    EndpointsArgs(
        stack=site.stack,
        region=site.region,
        buckets={"data": data.bucket_name, "images": images.bucket_name},
        images_domain=cdn.domain_name,
        queues={"image_dlq": image_dlq.url, "commit_dlq": commit_dlq.url, "async_dlq": async_dlq.url},
        tables={"image_deduplication_map": image_map.table_name},
        functions=pipeline.function_names,
        machines=pipeline.machine_arns,
        mongo_database=settings.mongo_database,
        schedule_group=pipeline.schedule_group,
        review_function=pipeline.review_function,
    ),
    ours,
)

pulumi.export("endpoints_parameter", endpoints.parameter_name)
pulumi.export("images_domain", cdn.domain_name)
