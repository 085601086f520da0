"""What a function is concerned with, and what follows from it: environment variables and rights.

A concern has the name of the settings mixin in ``runtime.settings`` whose variables it provides, so that a test can
hold each function's environment against the settings it reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pulumi

from components.aws.grants import Grant
from components.qdrant.rights import IndexConsumer
from components.settings import StackSettings
from components.site import Site

Variables = dict[str, pulumi.Input[str]]

ENRICHMENT: Final = "enrichment"
BULK_INDEX: Final = "bulk_index"


class Concern(StrEnum):
    DATA_BUCKET = "DataBucket"
    IMAGES = "Images"
    DOCUMENTS = "Documents"
    VECTOR_INDEX = "VectorIndex"
    EMBEDDINGS = "Embeddings"
    CACHE_SERVER = "CacheServer"
    RATE_LIMITS = "RateLimits"
    OUTSIDE_WORLD = "OutsideWorld"
    CATALOGUES = "Catalogues"
    RELEASES = "Releases"
    ENRICHMENT_MACHINE = "EnrichmentMachine"
    BULK_MACHINE = "BulkMachine"
    COMMIT_QUEUE = "CommitQueue"
    SYNC_LIMITS = "SyncLimits"
    LOCK_TIMES = "LockTimes"
    COMMIT_RETRIES = "CommitRetries"
    REVIEW_POLICY = "ReviewPolicy"
    EPISODE_SCHEDULES = "EpisodeSchedules"


@dataclass(frozen=True, kw_only=True)
class CacheAccess:
    """``user`` and ``cluster`` are what a sign-in by IAM names, and ``arns`` what it needs rights to; a cache on a
    laptop has none of them.
    """

    url: pulumi.Input[str]
    user: pulumi.Input[str] | None = None
    cluster: pulumi.Input[str] | None = None
    arns: tuple[pulumi.Input[str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where the functions keep things. Addresses and ARNs of what the other components made."""

    data_bucket: pulumi.Input[str]
    data_bucket_arn: pulumi.Output[str]
    images_bucket: pulumi.Input[str]
    images_bucket_arn: pulumi.Output[str]
    images_domain: pulumi.Input[str]
    image_map: pulumi.Input[str]
    image_map_arn: pulumi.Input[str]
    image_dlq_url: pulumi.Input[str]
    image_dlq_arn: pulumi.Input[str]
    commit_dlq_url: pulumi.Input[str]
    commit_dlq_arn: pulumi.Input[str]
    mongo_uri: pulumi.Input[str]
    """Without a password: functions sign in by their roles."""
    qdrant_url: pulumi.Input[str]
    index_key_arns: Mapping[IndexConsumer, pulumi.Input[str]]
    """Of secrets; none where the index asks for no key."""
    cache: CacheAccess | None
    rate_table: pulumi.Input[str] | None
    """Where rates are counted in place of a cache."""
    rate_table_arn: pulumi.Input[str] | None
    catalogue_secret_arns: Mapping[str, pulumi.Input[str]]
    """By catalogue; none where the catalogues are replayed."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything that a function's environment and rights can be made of."""

    site: Site
    settings: StackSettings
    stores: Stores
    schedule_group: pulumi.Input[str]
    schedule_role_arn: pulumi.Input[str]
    schedule_dlq_arn: pulumi.Input[str]
    episode_function_arn: pulumi.Input[str]


def common_variables(around: Surroundings) -> Variables:
    """Of every function. The region is not among them: Lambda sets it itself and lets nobody else."""
    variables: Variables = {"STACK": around.site.stack, "LOG_LEVEL": around.settings.log_level}
    if around.settings.aws_endpoint_url is not None:
        variables["AWS_ENDPOINT_URL"] = around.settings.aws_endpoint_url
    return variables


def variables_of(concern: Concern, around: Surroundings) -> Variables:
    """Those without a value are left out, so that the function's own default holds."""
    return {name: value for name, value in _VARIABLES[concern](around).items() if value is not None}


def grants_of(concern: Concern, around: Surroundings) -> tuple[Grant, ...]:
    """Rights that come with the concern itself; what a function does with data and machines is stated with it."""
    make = _GRANTS.get(concern)
    return make(around) if make else ()


def _commas(values: tuple[object, ...]) -> str | None:
    return ",".join(map(str, values)) or None


def _outside_world(around: Surroundings) -> Mapping[str, pulumi.Input[str] | None]:
    urls, paces = around.settings.catalogue_urls, around.settings.catalogue_paces
    return {
        "HTTP_TRANSPORT": around.settings.http_transport,
        "CATALOGUE_URLS": pulumi.Output.json_dumps(urls) if urls else None,
        "CATALOGUE_PACES": pulumi.Output.json_dumps(paces) if paces else None,
        "CONTACT": around.settings.contact,
    }


def _catalogues(around: Surroundings) -> Mapping[str, pulumi.Input[str] | None]:
    secrets = dict(around.stores.catalogue_secret_arns)
    return {
        "PAGE_CATALOGUES": _commas(around.settings.page_catalogues),
        "CATALOGUE_SECRET_ARNS": pulumi.Output.json_dumps(secrets) if secrets else None,
    }


_VARIABLES: Final[Mapping[Concern, Callable[[Surroundings], Mapping[str, pulumi.Input[str] | None]]]] = {
    Concern.DATA_BUCKET: lambda a: {"DATA_BUCKET": a.stores.data_bucket},
    Concern.IMAGES: lambda a: {
        "IMAGES_BUCKET": a.stores.images_bucket,
        "IMAGES_DOMAIN": a.stores.images_domain,
        "IMAGE_MAP_TABLE": a.stores.image_map,
        "IMAGE_DLQ_URL": a.stores.image_dlq_url,
        "IMAGE_HOSTS": _commas(a.settings.image_hosts),
        "IMAGE_RETRY_AFTER_HOURS": str(a.settings.image_retry_after_hours),
    },
    Concern.DOCUMENTS: lambda a: {"MONGO_URI": a.stores.mongo_uri, "MONGO_DATABASE": a.settings.mongo_database},
    Concern.VECTOR_INDEX: lambda a: {"QDRANT_URL": a.stores.qdrant_url},
    Concern.EMBEDDINGS: lambda a: {"EMBEDDER": a.settings.embedder},
    Concern.CACHE_SERVER: lambda a: (
        {
            "REDIS_URL": a.stores.cache.url,
            "REDIS_USER": a.stores.cache.user,
            "REDIS_CLUSTER": a.stores.cache.cluster,
        }
        if a.stores.cache
        else {}
    ),
    Concern.RATE_LIMITS: lambda a: {"RATE_TABLE": a.stores.rate_table},
    Concern.OUTSIDE_WORLD: _outside_world,
    Concern.CATALOGUES: _catalogues,
    Concern.RELEASES: lambda a: {
        "RELEASE_REPOSITORY": a.settings.release_repository,
        "RELEASE_API_URL": a.settings.release_api_url,
        "RELEASE_MAX_COMPRESSED_MIB": str(a.settings.release_max_compressed_mib),
        "RELEASE_MAX_UNPACKED_MIB": str(a.settings.release_max_unpacked_mib),
    },
    Concern.ENRICHMENT_MACHINE: lambda a: {"ENRICHMENT_MACHINE_ARN": a.site.machine_arn(ENRICHMENT)},
    Concern.BULK_MACHINE: lambda a: {
        "BULK_INDEX_MACHINE_ARN": a.site.machine_arn(BULK_INDEX),
        "BULK_BATCH_SIZE": str(a.settings.bulk_batch_size),
    },
    Concern.COMMIT_QUEUE: lambda a: {"COMMIT_DLQ_URL": a.stores.commit_dlq_url},
    Concern.SYNC_LIMITS: lambda a: {
        "MAX_NEW_PER_RUN": str(a.settings.max_new_per_run),
        "MASS_CHANGE_PERCENT": str(a.settings.mass_change_percent),
    },
    Concern.LOCK_TIMES: lambda a: {
        "LOCK_FIRST_LEASE_SECONDS": str(a.settings.lock_first_lease_seconds),
        "LOCK_RUNNING_LEASE_SECONDS": str(a.settings.running_lease_seconds),
    },
    Concern.COMMIT_RETRIES: lambda a: {"COMMIT_RETRY_SECONDS": _commas(a.settings.commit_retry_seconds)},
    Concern.REVIEW_POLICY: lambda a: {"AUTOMATIC_MODES": _commas(a.settings.automatic_modes)},
    Concern.EPISODE_SCHEDULES: lambda a: {
        "SCHEDULE_GROUP": a.schedule_group,
        "SCHEDULE_ROLE_ARN": a.schedule_role_arn,
        "EPISODE_FUNCTION_ARN": a.episode_function_arn,
        "SCHEDULE_DLQ_ARN": a.schedule_dlq_arn,
    },
}


def may_read_secrets(*arns: pulumi.Input[str]) -> tuple[Grant, ...]:
    return (Grant(actions=("secretsmanager:GetSecretValue",), resources=arns),) if arns else ()


def _may_connect(around: Surroundings) -> tuple[Grant, ...]:
    cache = around.stores.cache
    if cache is None or not cache.arns:
        return ()
    return (Grant(actions=("elasticache:Connect",), resources=cache.arns),)


def _may_rehost_images(around: Surroundings) -> tuple[Grant, ...]:
    stores = around.stores
    return (
        Grant(
            actions=("s3:GetObject", "s3:PutObject"),
            resources=(pulumi.Output.concat(stores.images_bucket_arn, "/images/*"),),
        ),
        # Without it S3 answers 403 instead of 404 for an image that is not there yet.
        Grant(actions=("s3:ListBucket",), resources=(stores.images_bucket_arn,)),
        Grant(
            actions=("dynamodb:BatchGetItem", "dynamodb:PutItem"),
            resources=(stores.image_map_arn,),
        ),
        Grant(actions=("sqs:SendMessage",), resources=(stores.image_dlq_arn,)),
    )


def may_embed(site: Site, settings: StackSettings) -> tuple[Grant, ...]:
    kind, _, model = settings.embedder.partition(":")
    if kind != "bedrock":
        return ()
    arn = pulumi.Output.concat("arn:", site.partition, ":bedrock:", site.region, "::foundation-model/", model)
    return (Grant(actions=("bedrock:InvokeModel",), resources=(arn,)),)


def _may_schedule_episodes(around: Surroundings) -> tuple[Grant, ...]:
    schedules = pulumi.Output.concat(around.site.arn("scheduler", "schedule/"), around.schedule_group, "/*")
    return (
        Grant(
            actions=("scheduler:CreateSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"),
            resources=(schedules,),
        ),
        Grant(
            actions=("iam:PassRole",),
            resources=(around.schedule_role_arn,),
            condition={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        ),
    )


_GRANTS: Final[Mapping[Concern, Callable[[Surroundings], tuple[Grant, ...]]]] = {
    Concern.DATA_BUCKET: lambda a: (
        # Without it S3 answers 403 instead of 404 for an object that is not there.
        Grant(actions=("s3:ListBucket",), resources=(a.stores.data_bucket_arn,)),
    ),
    Concern.IMAGES: _may_rehost_images,
    Concern.EMBEDDINGS: lambda a: may_embed(a.site, a.settings),
    Concern.CACHE_SERVER: _may_connect,
    Concern.CATALOGUES: lambda a: may_read_secrets(*a.stores.catalogue_secret_arns.values()),
    Concern.BULK_MACHINE: lambda a: (
        Grant(actions=("states:StartExecution",), resources=(a.site.machine_arn(BULK_INDEX),)),
        Grant(actions=("states:DescribeExecution",), resources=(a.site.executions_arn(BULK_INDEX),)),
    ),
    Concern.COMMIT_QUEUE: lambda a: (Grant(actions=("sqs:SendMessage",), resources=(a.stores.commit_dlq_arn,)),),
    Concern.EPISODE_SCHEDULES: _may_schedule_episodes,
}
