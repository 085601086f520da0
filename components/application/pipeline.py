"""The pipeline: its functions, state machines, timers and review, wired together.

``FUNCTIONS`` is the one table of functions. Adding one is one entry here and its folder under ``lambdas/``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pulumi

from components.application.concerns import (
    BULK_INDEX,
    ENRICHMENT,
    Concern,
    Stores,
    Surroundings,
    common_variables,
    grants_of,
    may_read_secrets,
    variables_of,
)
from components.aws.alarms import OwnMetric
from components.aws.grants import Grant
from components.aws.lambda_functions import Function, FunctionArgs, Placement
from components.aws.lambda_layers import LayerContent, Layers, LayersArgs
from components.aws.review import Review, ReviewArgs
from components.aws.schedules import (
    EpisodeSchedules,
    EpisodeSchedulesArgs,
    Overdue,
    SchedulesArgs,
    Timer,
)
from components.aws.step_functions import Machine, MachineArgs, definition_file, placeholders
from components.mongo.users import DocumentRights, DocumentUser
from components.packaging import Package, handler_of, layer_archive, package_of
from components.qdrant.rights import IndexConsumer
from components.settings import DAY, StackSettings
from components.site import Site
from components.tags import Service

WORK: Final = "work/"
PROCESSED: Final = "processed/"
RELEASES: Final = "releases/"
REPORTS: Final = "reports/"
SAGAS: Final = "sagas/"
SNAPSHOTS: Final = "snapshots/"
UPLOADS: Final = "work/uploads/"
AUDIT_COPIES: Final = "processed/updated-entries/"
SYNC_STATE: Final = "processed/sync-state.json"
RESTORE_STATE: Final = "processed/restore-state.json"
WATCH_MEMORY: Final = "reports/watch/since.json"


class Caller(StrEnum):
    """Who invokes a function. What is invoked ``LATER`` answers to nobody, so its failures need a queue."""

    MACHINE = "a state machine"
    PERSON = "the command line, which waits for the answer"
    LATER = "a timer or the command line, asynchronously"


class Execution(StrEnum):
    """What a function does with the enrichment machine's executions."""

    START = "states:StartExecution"
    DESCRIBE = "states:DescribeExecution"
    ANSWER = "states:SendTaskSuccess"


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """``documents`` and ``index`` say what it may do in MongoDB and in the vector index. ``outside_vpc`` is where a
    function stands that asks addresses found in other people's data: from there no way leads to the stack's own.
    ``limited`` runs side by side only as often as the setting ``fetchConcurrency`` says.

    ``reads``, ``writes``, ``deletes`` are folders (with their slash) or keys of the data bucket; ``drains`` lets it
    empty the commit DLQ, ``counts`` change the rates at which catalogues are asked.
    """

    task: str
    meaning: str
    caller: Caller
    memory_mib: int
    timeout_seconds: int
    concerns: tuple[Concern, ...]
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    executions: tuple[Execution, ...] = ()
    drains: bool = False
    documents: DocumentRights | None = None
    index: IndexConsumer | None = None
    outside_vpc: bool = False
    limited: bool = False
    counts: bool = False
    service: Service = Service.PIPELINE

    @property
    def logical_name(self) -> str:
        return self.task.replace("_", "-")


FUNCTIONS: Final = (
    FunctionSpec(
        task="begin",
        meaning="Extends the lock and finds out what to fetch",
        caller=Caller.MACHINE,
        memory_mib=512,
        timeout_seconds=60,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.LOCK_TIMES),
        documents=DocumentRights.LOCK,
        reads=(WORK,),
        writes=(WORK,),
    ),
    FunctionSpec(
        task="fetch_source",
        meaning="Fetches pages of one catalogue",
        caller=Caller.MACHINE,
        memory_mib=512,
        timeout_seconds=300,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.OUTSIDE_WORLD,
            Concern.CATALOGUES,
            Concern.RATE_LIMITS,
            Concern.CACHE_SERVER,
        ),
        reads=(WORK,),
        writes=(WORK,),
        limited=True,
        counts=True,
    ),
    FunctionSpec(
        task="process_stage",
        meaning="Merges what the catalogues say about one part of the entry",
        caller=Caller.MACHINE,
        memory_mib=1024,
        timeout_seconds=120,
        concerns=(Concern.DATA_BUCKET,),
        reads=(WORK,),
        writes=(WORK,),
    ),
    FunctionSpec(
        task="ingest_images",
        meaning="Re-hosts images",
        caller=Caller.MACHINE,
        memory_mib=1536,
        timeout_seconds=600,
        concerns=(Concern.DATA_BUCKET, Concern.IMAGES, Concern.OUTSIDE_WORLD),
        reads=(WORK,),
        writes=(WORK,),
        service=Service.IMAGES,
        outside_vpc=True,
    ),
    FunctionSpec(
        task="assemble_entry",
        meaning="Puts the entry together and validates it",
        caller=Caller.MACHINE,
        memory_mib=1024,
        timeout_seconds=120,
        concerns=(Concern.DATA_BUCKET,),
        reads=(WORK,),
        writes=(WORK,),
    ),
    FunctionSpec(
        task="request_review",
        meaning="Puts the proposed entry before a reviewer",
        caller=Caller.MACHINE,
        memory_mib=512,
        timeout_seconds=60,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.ENRICHMENT_MACHINE, Concern.REVIEW_POLICY),
        documents=DocumentRights.REVIEW,
        reads=(WORK,),
        writes=(WORK,),
        executions=(Execution.ANSWER,),
        service=Service.REVIEW,
    ),
    FunctionSpec(
        task="review",
        meaning="Lists, shows and decides reviews",
        caller=Caller.PERSON,
        memory_mib=512,
        timeout_seconds=60,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.ENRICHMENT_MACHINE),
        documents=DocumentRights.REVIEW,
        reads=(WORK,),
        writes=(WORK,),
        executions=(Execution.ANSWER,),
        service=Service.REVIEW,
    ),
    FunctionSpec(
        task="commit_data",
        meaning="CommitDataLambda: the saga that writes an approved entry to every store, or undoes it",
        caller=Caller.MACHINE,
        memory_mib=1024,
        timeout_seconds=900,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.EMBEDDINGS,
            Concern.CACHE_SERVER,
            Concern.COMMIT_RETRIES,
            Concern.LOCK_TIMES,
            Concern.ENRICHMENT_MACHINE,
        ),
        documents=DocumentRights.COMMIT,
        index=IndexConsumer.WRITERS,
        reads=(WORK, SAGAS),
        writes=(SAGAS, AUDIT_COPIES),
        executions=(Execution.DESCRIBE,),
    ),
    FunctionSpec(
        task="cleanup",
        meaning="Releases the lock, removes what was temporary and starts what had to wait",
        caller=Caller.MACHINE,
        memory_mib=512,
        timeout_seconds=120,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.ENRICHMENT_MACHINE,
            Concern.LOCK_TIMES,
            Concern.COMMIT_QUEUE,
        ),
        documents=DocumentRights.COORDINATE,
        reads=(WORK, SAGAS),
        writes=(WORK, REPORTS),
        deletes=(WORK,),
        executions=(Execution.START, Execution.DESCRIBE),
    ),
    FunctionSpec(
        task="weekly_sync_starter",
        meaning="Compares a release with the database, flags what differs and starts what is new",
        caller=Caller.LATER,
        memory_mib=2048,
        timeout_seconds=900,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.OUTSIDE_WORLD,
            Concern.RATE_LIMITS,
            Concern.CACHE_SERVER,
            Concern.RELEASES,
            Concern.SYNC_LIMITS,
            Concern.LOCK_TIMES,
            Concern.ENRICHMENT_MACHINE,
        ),
        documents=DocumentRights.COORDINATE,
        index=IndexConsumer.WRITERS,
        reads=(WORK, PROCESSED, RELEASES, REPORTS),
        writes=(WORK, PROCESSED, RELEASES, REPORTS),
        deletes=(UPLOADS,),
        counts=True,
        executions=(Execution.START, Execution.DESCRIBE),
    ),
    FunctionSpec(
        task="bootstrap",
        meaning="Plans the first load: checks the file, writes batches and starts the bulk machine",
        caller=Caller.LATER,
        memory_mib=2048,
        timeout_seconds=900,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.RELEASES,
            Concern.BULK_MACHINE,
        ),
        documents=DocumentRights.READ,
        index=IndexConsumer.READERS,
        reads=(WORK, PROCESSED, REPORTS),
        writes=(WORK, PROCESSED, RELEASES, REPORTS),
        deletes=(WORK,),
    ),
    FunctionSpec(
        task="rehost_batch",
        meaning="Re-hosts the images of one batch",
        caller=Caller.MACHINE,
        memory_mib=1536,
        timeout_seconds=900,
        concerns=(Concern.DATA_BUCKET, Concern.IMAGES, Concern.OUTSIDE_WORLD),
        reads=(WORK,),
        writes=(WORK,),
        outside_vpc=True,
        service=Service.IMAGES,
    ),
    FunctionSpec(
        task="index_batch",
        meaning="Loads one batch into the database and the vector index",
        caller=Caller.MACHINE,
        memory_mib=2048,
        timeout_seconds=900,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.VECTOR_INDEX, Concern.EMBEDDINGS),
        documents=DocumentRights.LOAD,
        index=IndexConsumer.WRITERS,
        reads=(WORK, REPORTS),
        writes=(WORK, REPORTS),
    ),
    FunctionSpec(
        task="finish_bulk",
        meaning="Adds up the batches, records the release and reports",
        caller=Caller.MACHINE,
        memory_mib=1024,
        timeout_seconds=300,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS),
        documents=DocumentRights.READ,
        reads=(WORK, PROCESSED, REPORTS),
        writes=(PROCESSED, REPORTS),
        deletes=(WORK,),
    ),
    FunctionSpec(
        task="create_database_snapshot",
        meaning="Writes both stores to a snapshot",
        caller=Caller.LATER,
        memory_mib=2048,
        timeout_seconds=900,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.VECTOR_INDEX, Concern.EMBEDDINGS),
        documents=DocumentRights.READ,
        index=IndexConsumer.READERS,
        reads=(PROCESSED, SNAPSHOTS, REPORTS),
        writes=(PROCESSED, SNAPSHOTS, REPORTS),
    ),
    FunctionSpec(
        task="restore_snapshot",
        meaning="Fills empty stores from a snapshot",
        caller=Caller.LATER,
        memory_mib=2048,
        timeout_seconds=900,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.VECTOR_INDEX, Concern.EMBEDDINGS),
        documents=DocumentRights.RESTORE,
        index=IndexConsumer.WRITERS,
        reads=(PROCESSED, SNAPSHOTS, REPORTS),
        writes=(PROCESSED, REPORTS),
        deletes=(RESTORE_STATE, SYNC_STATE),
    ),
    FunctionSpec(
        task="reconcile",
        meaning="Compares both stores, and repairs the vector index if asked",
        caller=Caller.LATER,
        memory_mib=1024,
        timeout_seconds=900,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.EMBEDDINGS,
            Concern.ENRICHMENT_MACHINE,
        ),
        documents=DocumentRights.LOCK,
        index=IndexConsumer.WRITERS,
        reads=(REPORTS,),
        writes=(REPORTS,),
        executions=(Execution.DESCRIBE,),
    ),
    FunctionSpec(
        task="redrive",
        meaning="Takes up again the commits in the dead-letter queue",
        caller=Caller.LATER,
        memory_mib=1024,
        timeout_seconds=900,
        concerns=(
            Concern.DATA_BUCKET,
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.EMBEDDINGS,
            Concern.CACHE_SERVER,
            Concern.COMMIT_RETRIES,
            Concern.LOCK_TIMES,
            Concern.ENRICHMENT_MACHINE,
            Concern.COMMIT_QUEUE,
        ),
        documents=DocumentRights.LOCK,
        index=IndexConsumer.WRITERS,
        reads=(WORK, SAGAS, REPORTS),
        writes=(SAGAS, AUDIT_COPIES, REPORTS),
        deletes=(WORK,),
        executions=(Execution.DESCRIBE,),
        drains=True,
    ),
    FunctionSpec(
        task="query",
        meaning="Shows an entry, searches, or tells how the catalogues are",
        caller=Caller.PERSON,
        memory_mib=1024,
        timeout_seconds=30,
        concerns=(
            Concern.DOCUMENTS,
            Concern.VECTOR_INDEX,
            Concern.EMBEDDINGS,
            Concern.RATE_LIMITS,
            Concern.CACHE_SERVER,
        ),
        documents=DocumentRights.READ,
        index=IndexConsumer.READERS,
    ),
    FunctionSpec(
        task="migrate_collections",
        meaning="Creates collections, indexes and vector collections",
        caller=Caller.PERSON,
        memory_mib=512,
        timeout_seconds=300,
        concerns=(Concern.DOCUMENTS, Concern.VECTOR_INDEX),
        documents=DocumentRights.MIGRATE,
        index=IndexConsumer.MIGRATION,
    ),
    FunctionSpec(
        task="enrich",
        meaning="Starts the refresh or an episode update of one anime",
        caller=Caller.PERSON,
        memory_mib=512,
        timeout_seconds=60,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.ENRICHMENT_MACHINE, Concern.LOCK_TIMES),
        documents=DocumentRights.START,
        reads=(WORK,),
        writes=(WORK,),
        executions=(Execution.START, Execution.DESCRIBE),
    ),
    FunctionSpec(
        task="daily_scheduler",
        meaning="Schedules the episodes of the next 24 hours, starts premieres and asks for silent series",
        caller=Caller.LATER,
        memory_mib=512,
        timeout_seconds=300,
        concerns=(
            Concern.DOCUMENTS,
            Concern.DATA_BUCKET,
            Concern.ENRICHMENT_MACHINE,
            Concern.LOCK_TIMES,
            Concern.EPISODE_SCHEDULES,
        ),
        documents=DocumentRights.START,
        reads=(WORK,),
        writes=(WORK,),
        executions=(Execution.START, Execution.DESCRIBE),
        service=Service.SCHEDULES,
    ),
    FunctionSpec(
        task="run_single_episode_update",
        meaning="Starts the update of an episode that has aired",
        caller=Caller.LATER,
        memory_mib=512,
        timeout_seconds=60,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS, Concern.ENRICHMENT_MACHINE, Concern.LOCK_TIMES),
        documents=DocumentRights.START,
        reads=(WORK,),
        writes=(WORK,),
        executions=(Execution.START, Execution.DESCRIBE),
        service=Service.SCHEDULES,
    ),
    FunctionSpec(
        task="watch",
        meaning="Measures how long reviews wait and how long ago the weekly runs succeeded",
        caller=Caller.LATER,
        memory_mib=512,
        timeout_seconds=120,
        concerns=(Concern.DATA_BUCKET, Concern.DOCUMENTS),
        documents=DocumentRights.WATCH,
        reads=(REPORTS,),
        writes=(WATCH_MEMORY,),
        service=Service.OPERATIONS,
    ),
)


@dataclass(frozen=True, kw_only=True)
class FixedTimer:
    """A timer that is always there; it sends an empty event."""

    role: str
    expression: str
    task: str
    meaning: str
    overdue: Overdue


_WEEKLY_HOURS: Final = 7 * 24 + 6
"""A week, and as long as a run that fails is repeated: deliveries for an hour, then Lambda's own."""

TIMERS: Final = (
    FixedTimer(
        role="weekly-sync",
        expression="cron(0 1 ? * SAT *)",
        task="weekly_sync_starter",
        meaning="Saturday 01:00 UTC: the newest release",
        overdue=Overdue(hours=_WEEKLY_HOURS, metric=OwnMetric.HOURS_SINCE_SYNC),
    ),
    FixedTimer(
        role="snapshot",
        expression="cron(0 3 ? * SUN *)",
        task="create_database_snapshot",
        meaning="Sunday 03:00 UTC: both stores",
        overdue=Overdue(hours=_WEEKLY_HOURS, metric=OwnMetric.HOURS_SINCE_SNAPSHOT),
    ),
    FixedTimer(
        role="daily-scheduler",
        expression="cron(5 0 * * ? *)",
        task="daily_scheduler",
        meaning="00:05 UTC: the episodes of the day",
        overdue=Overdue(hours=26),
    ),
    FixedTimer(
        role="watch",
        expression="cron(30 * * * ? *)",
        task="watch",
        meaning="half past every hour: how old everything is",
        overdue=Overdue(hours=3),
    ),
)

_EPISODE_TASK: Final = "run_single_episode_update"


@dataclass(frozen=True, kw_only=True)
class PipelineArgs:
    site: Site
    settings: StackSettings
    stores: Stores
    placement: Placement | None
    async_dlq_arn: pulumi.Input[str]
    schedule_dlq_arn: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]


class Pipeline(pulumi.ComponentResource):
    """``function_names`` by task, ``machine_arns`` by machine; ``document_users`` are who signs in to MongoDB.
    ``timers`` are to be started when everything is there that the functions need.
    """

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:application:Pipeline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        episodes = EpisodeSchedules(
            "episode-schedules",
            EpisodeSchedulesArgs(
                group_name=args.site.name("episodes"),
                function_arn=args.site.function_arn(_EPISODE_TASK),
                dead_letter_queue_arn=args.schedule_dlq_arn,
                account=args.site.account,
            ),
            child,
        )
        around = Surroundings(
            site=args.site,
            settings=args.settings,
            stores=args.stores,
            schedule_group=episodes.group_name,
            schedule_role_arn=episodes.role_arn,
            schedule_dlq_arn=args.schedule_dlq_arn,
            episode_function_arn=args.site.function_arn(_EPISODE_TASK),
        )
        packages = {spec.task: package_of(spec.task) for spec in FUNCTIONS}
        layers = self._layers(args, packages)
        functions = {
            spec.task: Function(
                spec.logical_name, function_args(spec, args, around, packages[spec.task], layers), child
            )
            for spec in FUNCTIONS
        }
        machines = {
            ENRICHMENT: Machine("enrichment", _enrichment(args, functions), child),
            BULK_INDEX: Machine("bulk-index", _bulk_index(args, functions), child),
        }
        review = Review(
            "review-desk",
            ReviewArgs(
                name_prefix=args.site.prefix,
                function_names={
                    "decides": functions["review"].function_name,
                    "requests": functions["request_review"].function_name,
                },
                stack=args.site.stack,
                remind_after_hours=args.settings.review_reminder_hours,
                alarm_topic_arn=args.alarm_topic_arn,
            ),
            child,
        )
        self.function_names = {task: function.function_name for task, function in functions.items()}
        self.machine_arns = {machine: made.arn for machine, made in machines.items()}
        self.schedule_group = episodes.group_name
        self.review_function = review.function_name
        self.timers = _schedules(args, functions)
        self.document_users = {
            spec.logical_name: DocumentUser(role_arn=functions[spec.task].role_arn, rights=spec.documents)
            for spec in FUNCTIONS
            if spec.documents is not None
        }
        self.register_outputs(
            {
                "function_names": self.function_names,
                "machine_arns": self.machine_arns,
                "schedule_group": self.schedule_group,
                "review_function": self.review_function,
            }
        )

    def _layers(self, args: PipelineArgs, packages: Mapping[str, Package]) -> Mapping[str, pulumi.Output[str]]:
        """None on a local stack, whose functions run where the libraries are."""
        if not args.settings.in_cloud:
            return {}
        used = sorted({layer for package in packages.values() for layer in package.layers})
        archives = {layer: layer_archive(layer) for layer in used}
        contents = {layer.value: LayerContent(archive=a.archive, digest=a.digest) for layer, a in archives.items()}
        made = Layers(
            "layers", LayersArgs(name_prefix=args.site.prefix, contents=contents), pulumi.ResourceOptions(parent=self)
        )
        return made.arns


def function_args(
    spec: FunctionSpec,
    args: PipelineArgs,
    around: Surroundings,
    package: Package,
    layers: Mapping[str, pulumi.Output[str]],
) -> FunctionArgs:
    environment = common_variables(around)
    grants = _data_grants(spec, around.stores) + _execution_grants(spec, around.site)
    for concern in spec.concerns:
        environment |= variables_of(concern, around)
        grants += grants_of(concern, around)
    if spec.index is not None and spec.index in around.stores.index_key_arns:
        key = around.stores.index_key_arns[spec.index]
        environment["QDRANT_SECRET_ARN"] = key
        grants += may_read_secrets(key)
    if around.stores.rate_table_arn is not None and Concern.RATE_LIMITS in spec.concerns:
        actions = ("dynamodb:GetItem", "dynamodb:UpdateItem") if spec.counts else ("dynamodb:GetItem",)
        grants += (Grant(actions=actions, resources=(around.stores.rate_table_arn,)),)
    if spec.drains:
        grants += _drain_grants(around.stores)
    return FunctionArgs(
        function_name=around.site.name(spec.task),
        description=spec.meaning,
        handler=handler_of(spec.task),
        code=package.archive,
        code_sha256=package.sha256_base64,
        layer_arns=[layers[layer] for layer in package.layers if layer in layers],
        memory_mib=spec.memory_mib,
        timeout_seconds=spec.timeout_seconds,
        environment=environment,
        grants=grants,
        log_retention_days=around.settings.log_retention_days,
        service=spec.service,
        failure_queue_arn=args.async_dlq_arn if spec.caller is Caller.LATER else None,
        placement=None if spec.outside_vpc else args.placement,
        concurrency=around.settings.fetch_concurrency if spec.limited else None,
    )


def _data_grants(spec: FunctionSpec, stores: Stores) -> tuple[Grant, ...]:
    rights = (
        (("s3:GetObject",), spec.reads),
        (("s3:AbortMultipartUpload", "s3:PutObject"), spec.writes),
        (("s3:DeleteObject",), spec.deletes),
    )
    return tuple(
        Grant(
            actions=actions,
            resources=tuple(
                pulumi.Output.concat(stores.data_bucket_arn, "/", place, "*" if place.endswith("/") else "")
                for place in places
            ),
        )
        for actions, places in rights
        if places
    )


def _execution_grants(spec: FunctionSpec, site: Site) -> tuple[Grant, ...]:
    """A task token is answered with the machine's own ARN as the resource: that is what AWS checks it against."""
    of_machine = tuple(e.value for e in spec.executions if e in {Execution.START, Execution.ANSWER})
    of_executions = tuple(e.value for e in spec.executions if e is Execution.DESCRIBE)
    grants = []
    if of_machine:
        grants.append(Grant(actions=of_machine, resources=(site.machine_arn(ENRICHMENT),)))
    if of_executions:
        grants.append(Grant(actions=of_executions, resources=(site.executions_arn(ENRICHMENT),)))
    return tuple(grants)


def _drain_grants(stores: Stores) -> tuple[Grant, ...]:
    return (Grant(actions=("sqs:DeleteMessage", "sqs:ReceiveMessage"), resources=(stores.commit_dlq_arn,)),)


def _called_by(machine: str, functions: dict[str, Function]) -> dict[str, pulumi.Input[str]]:
    """A placeholder that bears a task's name stands for the function's ARN."""
    return {task: functions[task].arn for task in sorted(placeholders(definition_file(machine)) & functions.keys())}


def _enrichment(args: PipelineArgs, functions: dict[str, Function]) -> MachineArgs:
    return MachineArgs(
        machine_name=args.site.name(ENRICHMENT),
        definition=definition_file(ENRICHMENT),
        functions=_called_by(ENRICHMENT, functions),
        parameters={
            "review_timeout_seconds": args.settings.review_timeout_seconds,
            "machine_timeout_seconds": args.settings.machine_timeout_seconds,
        },
        account=args.site.account,
        alarm_topic_arn=args.alarm_topic_arn,
    )


def _bulk_index(args: PipelineArgs, functions: dict[str, Function]) -> MachineArgs:
    site = args.site
    return MachineArgs(
        machine_name=site.name(BULK_INDEX),
        definition=definition_file(BULK_INDEX),
        functions=_called_by(BULK_INDEX, functions),
        parameters={"bulk_concurrency": args.settings.bulk_concurrency, "bulk_timeout_seconds": DAY},
        account=site.account,
        alarm_topic_arn=args.alarm_topic_arn,
        grants=(
            # A Distributed Map reads its manifest itself and runs its batches as executions of its own machine.
            Grant(
                actions=("s3:GetObject",),
                resources=(pulumi.Output.concat(args.stores.data_bucket_arn, "/", WORK, "*"),),
            ),
            Grant(actions=("states:StartExecution",), resources=(site.machine_arn(BULK_INDEX),)),
            Grant(
                actions=("states:DescribeExecution", "states:StopExecution"),
                resources=(
                    site.executions_arn(BULK_INDEX),
                    site.arn("states", f"execution:{site.name(BULK_INDEX)}/*:*"),
                ),
            ),
        ),
    )


def _schedules(args: PipelineArgs, functions: dict[str, Function]) -> SchedulesArgs:
    return SchedulesArgs(
        name_prefix=args.site.prefix,
        stack=args.site.stack,
        timers=[
            Timer(
                role=timer.role,
                expression=timer.expression,
                function_name=functions[timer.task].function_name,
                function_arn=functions[timer.task].arn,
                meaning=timer.meaning,
                overdue=timer.overdue,
            )
            for timer in TIMERS
        ],
        enabled=args.settings.schedules_enabled,
        dead_letter_queue_arn=args.schedule_dlq_arn,
        alarm_topic_arn=args.alarm_topic_arn,
        account=args.site.account,
    )


def work_expires_after_days(settings: StackSettings) -> int:
    """No execution can still need its temporary objects by then."""
    return math.ceil(settings.review_timeout_seconds / DAY) + 14
