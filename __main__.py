"""The stack: what it is made of, from top to bottom."""

import dataclasses

import pulumi
import pulumi_aws as aws
import pulumi_mongodbatlas as mongodbatlas

from components.application.agent import AGENT_PORT
from components.application.bff import BFF_PORT
from components.application.concerns import CacheAccess, Stores
from components.application.databases import Databases, DatabasesArgs
from components.application.pipeline import Pipeline, PipelineArgs
from components.application.services import Services, ServicesArgs
from components.application.storage import Storage, StorageArgs
from components.aws.alarms import AlarmTopic, AlarmTopicArgs
from components.aws.boundary import bound_every_role
from components.aws.elasticache import Cache, CacheArgs, Consumer
from components.aws.endpoints import Endpoints, EndpointsArgs
from components.aws.lambda_functions import Placement
from components.aws.networking import Nat, Network, NetworkArgs
from components.aws.schedules import Schedules
from components.aws.secrets_manager import Credentials, CredentialsArgs
from components.mongo.collections_indexes import CollectionsIndexes, CollectionsIndexesArgs
from components.mongo.users import Users, UsersArgs
from components.qdrant.provider import cloud_provider
from components.qdrant.rights import IndexConsumer
from components.settings import read_settings
from components.site import Site
from components.tags import default_tags

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

if settings.permissions_boundary:
    bound_every_role(
        pulumi.Output.concat("arn:", site.partition, ":iam::", site.account, ":policy/", settings.permissions_boundary)
    )

alarms = AlarmTopic(
    "alarms",
    AlarmTopicArgs(topic_name=site.name("alarms"), account=site.account, emails=settings.alarm_emails),
    ours,
)

network = (
    Network(
        "network",
        NetworkArgs(
            name_prefix=site.prefix,
            cidr=settings.vpc_cidr,
            zones=settings.availability_zones,
            region=site.region,
            account=site.account,
            nat=Nat(settings.nat),
            mongo_cidr=settings.mongo_cidr,
            bff_port=BFF_PORT,
            agent_port=AGENT_PORT,
            log_retention_days=settings.log_retention_days,
            alarm_topic_arn=alarms.topic_arn,
            protect=settings.keeps_state,
        ),
        ours,
    )
    if settings.in_vpc
    else None
)
cache = (
    Cache(
        "cache",
        CacheArgs(
            name_prefix=site.prefix,
            subnet_ids=list(network.private_subnet_ids.values()),
            security_group_id=network.groups.cache,
            node_type=settings.cache_node,
            nodes=settings.cache_nodes,
            alarm_topic_arn=alarms.topic_arn,
            protect=settings.keeps_state,
        ),
        ours,
    )
    if network and settings.cache_node
    else None
)
# Credentials of Atlas and of Qdrant Cloud come from the environment.
atlas = mongodbatlas.Provider("atlas") if settings.in_cloud else None
databases = (
    Databases(
        "databases",
        DatabasesArgs(site=site, settings=settings, network=network),
        pulumi.ResourceOptions(providers=[provider, atlas, cloud_provider("qdrant-cloud")]),
    )
    if atlas
    else None
)
storage = Storage(
    "storage",
    StorageArgs(
        site=site,
        settings=settings,
        counts_rates=cache is None and settings.redis_url is None,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)
credentials = Credentials(
    "credentials",
    CredentialsArgs(
        name_prefix=site.prefix,
        index_keys=databases.index_keys if databases else {},
        protect=settings.keeps_state,
    ),
    ours,
)
stores = Stores(
    data_bucket=storage.data.bucket_name,
    data_bucket_arn=storage.data.arn,
    images_bucket=storage.images.bucket_name,
    images_bucket_arn=storage.images.arn,
    images_domain=storage.cdn.domain_name,
    image_map=storage.image_map.table_name,
    image_map_arn=storage.image_map.arn,
    image_dlq_url=storage.image_dlq.url,
    image_dlq_arn=storage.image_dlq.arn,
    commit_dlq_url=storage.commit_dlq.url,
    commit_dlq_arn=storage.commit_dlq.arn,
    mongo_uri=databases.mongo_uri if databases else settings.local_mongo_uri,
    qdrant_url=databases.qdrant_url if databases else settings.qdrant_url or "",
    index_key_arns=credentials.index_key_arns,
    cache=CacheAccess(
        url=cache.url,
        user=cache.user_ids[Consumer.FUNCTIONS],
        cluster=cache.cluster_id,
        arns=cache.connect_arns[Consumer.FUNCTIONS],
    )
    if cache
    else CacheAccess(url=settings.redis_url)
    if settings.redis_url
    else None,
    rate_table=storage.rates.table_name if storage.rates else None,
    rate_table_arn=storage.rates.arn if storage.rates else None,
    catalogue_secret_arns={} if settings.replays else credentials.catalogue_arns,
)
pipeline = Pipeline(
    "pipeline",
    PipelineArgs(
        site=site,
        settings=settings,
        stores=stores,
        placement=Placement(
            subnet_ids=list(network.private_subnet_ids.values()), security_group_ids=[network.groups.functions]
        )
        if network
        else None,
        async_dlq_arn=storage.async_dlq.arn,
        schedule_dlq_arn=storage.schedule_dlq.arn,
        alarm_topic_arn=alarms.topic_arn,
    ),
    ours,
)
services = (
    Services(
        "services",
        ServicesArgs(
            site=site,
            settings=settings,
            network=network,
            cache=cache,
            mongo_uri=stores.mongo_uri,
            qdrant_url=stores.qdrant_url,
            agent_key_arn=credentials.index_key_arns[IndexConsumer.AGENT],
            alarm_topic_arn=alarms.topic_arn,
        ),
        ours,
    )
    if network and settings.services
    else None
)

users = (
    Users(
        "mongo-users",
        UsersArgs(
            project_id=databases.project_id,
            cluster_name=databases.mongo_cluster,
            database=settings.mongo_database,
            role_prefix=site.prefix,
            users={**pipeline.document_users, **(services.document_users if services else {})},
            application_reader=settings.application_reader,
        ),
        pulumi.ResourceOptions(provider=atlas),
    )
    if atlas and databases
    else None
)
migration = CollectionsIndexes(
    "collections-indexes",
    CollectionsIndexesArgs(
        function_name=pipeline.function_names["migrate_collections"],
        database_cluster=stores.mongo_uri,
        database=settings.mongo_database,
        vector_index=stores.qdrant_url,
        after=[users, *databases.reachable, credentials] if users and databases else [],
    ),
    ours,
)

Schedules("schedules", dataclasses.replace(pipeline.timers, after=[migration]), ours)

endpoints = Endpoints(
    "endpoints",
    EndpointsArgs(
        stack=site.stack,
        region=site.region,
        buckets={"data": storage.data.bucket_name, "images": storage.images.bucket_name},
        images_domain=storage.cdn.domain_name,
        queues={
            "image_dlq": storage.image_dlq.url,
            "commit_dlq": storage.commit_dlq.url,
            "async_dlq": storage.async_dlq.url,
        },
        tables={"image_deduplication_map": storage.image_map.table_name},
        functions=pipeline.function_names,
        machines=pipeline.machine_arns,
        mongo_database=settings.mongo_database,
        schedule_group=pipeline.schedule_group,
        review_function=pipeline.review_function,
        schema_hash=migration.applied_hash,
    ),
    ours,
)

pulumi.export("endpoints_parameter", endpoints.parameter_name)
pulumi.export("images_domain", storage.cdn.domain_name)
if services:
    pulumi.export("graphql_url", pulumi.Output.concat(services.url, "/graphql"))
if network:
    pulumi.export("nat_addresses", list(network.nat_addresses.values()))
