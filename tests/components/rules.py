"""What holds of every resource of every stack, each a function from a recording to the problems it sees."""

import json
from collections.abc import Callable, Iterator

from components.aws.grants import WILDCARD_REASONS
from components.aws.queues import RETENTION_SECONDS
from components.settings import LOG_RETENTION_DAYS
from components.tags import PROJECT, Service
from local.recording import Recording
from tests.components.recordings import FUNCTION, aws_resources, functions, role_policies, variables

Rule = Callable[[Recording], Iterator[str]]

UNTAGGABLE = frozenset(
    {
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "aws:lambda/invocation:Invocation",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:scheduler/schedule:Schedule",
        "aws:sns/topicPolicy:TopicPolicy",
    }
)
STATEFUL = frozenset({"aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:secretsmanager/secret:Secret"})


def the_one_provider_is_used(recording: Recording) -> Iterator[str]:
    (provider,) = recording.of_type("pulumi:providers:aws")
    for resource in aws_resources(recording):
        if resource.provider != f"{provider.urn}::{provider.id}":
            yield f"{resource.urn} has another provider than ours"


def everything_belongs_to_a_component(recording: Recording) -> Iterator[str]:
    components = {resource.urn for resource in recording if not resource.custom and resource.type.startswith("anime:")}
    for resource in aws_resources(recording):
        if resource.parent not in components:
            yield f"{resource.urn} has no component as its parent"


def components_register_their_outputs_once(recording: Recording) -> Iterator[str]:
    for resource in recording:
        if not resource.custom and resource.output_registrations != 1:
            yield f"{resource.urn} registered its outputs {resource.output_registrations} times"


def logical_names_hold_no_stage(recording: Recording) -> Iterator[str]:
    for resource in recording:
        if {recording.stack, "dev", "prod", "local"} & set(resource.name.split("-")) or any(
            c.isdigit() for c in resource.name
        ):
            yield f"{resource.name} holds a stage or an account"


def physical_names_hold_the_stack(recording: Recording) -> Iterator[str]:
    prefixes = (
        f"{PROJECT}-{recording.stack}",
        f"/{PROJECT}/{recording.stack}/",
        f"/aws/lambda/{PROJECT}-{recording.stack}-",
    )
    for resource in aws_resources(recording):
        name = resource.inputs.get("bucket" if resource.type == "aws:s3/bucket:Bucket" else "name")
        if name is not None and not name.startswith(prefixes) and resource.type not in UNTAGGABLE:
            yield f"{resource.urn} is called {name}"


def tags_say_project_environment_and_service(recording: Recording) -> Iterator[str]:
    (provider,) = recording.of_type("pulumi:providers:aws")
    common = provider.inputs["defaultTags"]["tags"]
    for resource in aws_resources(recording):
        tags = {**common, **resource.inputs.get("tags", {})}
        if resource.type not in UNTAGGABLE and (
            set(tags) != {"project", "environment", "service"} or tags["service"] not in set(Service)
        ):
            yield f"{resource.urn} has the tags {tags}"


def data_is_encrypted(recording: Recording) -> Iterator[str]:
    encrypted = {
        r.inputs["bucket"]
        for r in recording.of_type(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        )
    }
    for bucket in recording.of_type("aws:s3/bucket:Bucket"):
        if bucket.outputs["bucket"] not in encrypted:
            yield f"{bucket.urn} is not encrypted"
    for queue in recording.of_type("aws:sqs/queue:Queue"):
        if not (queue.inputs.get("sqsManagedSseEnabled") or queue.inputs.get("kmsMasterKeyId")):
            yield f"{queue.urn} is not encrypted"
    for table in recording.of_type("aws:dynamodb/table:Table"):
        if not table.inputs.get("serverSideEncryption", {}).get("enabled"):
            yield f"{table.urn} is not encrypted"


def no_bucket_is_public(recording: Recording) -> Iterator[str]:
    closed = {
        r.inputs["bucket"]
        for r in recording.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        if all(
            r.inputs.get(switch)
            for switch in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        )
    }
    policies = {r.inputs["bucket"]: r for r in recording.of_type("aws:s3/bucketPolicy:BucketPolicy")}
    for bucket in recording.of_type("aws:s3/bucket:Bucket"):
        name = bucket.outputs["bucket"]
        if name not in closed:
            yield f"{bucket.urn} could be made public"
        statements = json.loads(policies[name].inputs["policy"])["Statement"] if name in policies else []
        if not any(s["Effect"] == "Deny" and "aws:SecureTransport" in str(s) for s in statements):
            yield f"{bucket.urn} answers plain http"
        if any(s["Effect"] == "Allow" and s["Principal"] == "*" for s in statements):
            yield f"{bucket.urn} is open to everybody"


def logs_end(recording: Recording) -> Iterator[str]:
    retention = {
        r.inputs["name"]: r.inputs.get("retentionInDays") for r in recording.of_type("aws:cloudwatch/logGroup:LogGroup")
    }
    for function in recording.of_type(FUNCTION):
        group = f"/aws/lambda/{function.inputs['name']}"
        if retention.get(group) not in LOG_RETENTION_DAYS:
            yield f"{function.urn} has no log group with an end"
        if function.inputs.get("loggingConfig", {}).get("logGroup") != group:
            yield f"{function.urn} logs elsewhere"


def failures_go_somewhere(recording: Recording) -> Iterator[str]:
    """Whatever is invoked by a timer, or by the command line without waiting, has a place for its failures."""
    queues = {queue.outputs["arn"] for queue in recording.of_type("aws:sqs/queue:Queue")}
    caught = {
        r.inputs["functionName"]: r.inputs["destinationConfig"]["onFailure"]["destination"]
        for r in recording.of_type("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    }
    for schedule in recording.of_type("aws:scheduler/schedule:Schedule"):
        target = schedule.inputs["target"]
        if target.get("deadLetterConfig", {}).get("arn") not in queues:
            yield f"{schedule.urn} loses what cannot be delivered"
        if caught.get(target["arn"].rpartition(":")[2]) not in queues:
            yield f"{schedule.urn} calls a function whose failures are lost"


def queues_keep_and_ring(recording: Recording) -> Iterator[str]:
    watched = {
        alarm.inputs["dimensions"]["QueueName"]
        for alarm in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
        if alarm.inputs["metricName"] == "ApproximateNumberOfMessagesVisible" and alarm.inputs.get("alarmActions")
    }
    for queue in recording.of_type("aws:sqs/queue:Queue"):
        if queue.inputs.get("messageRetentionSeconds") != RETENTION_SECONDS:
            yield f"{queue.urn} forgets before anybody looks"
        if queue.inputs["name"] not in watched:
            yield f"{queue.urn} has no alarm"


def failed_executions_ring(recording: Recording) -> Iterator[str]:
    alarms = recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    for machine in recording.of_type("aws:sfn/stateMachine:StateMachine"):
        watched = {
            alarm.inputs["metricName"]
            for alarm in alarms
            if alarm.inputs["dimensions"].get("StateMachineArn") == machine.outputs["arn"]
            and alarm.inputs.get("alarmActions")
        }
        missing = {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} - watched
        if missing:
            yield f"{machine.urn} has no alarm for {sorted(missing)}"


def rights_are_least(recording: Recording) -> Iterator[str]:
    for role, granted in role_policies(recording).items():
        for statement in granted:
            if statement["Effect"] != "Allow":
                continue
            broad = [action for action in statement["Action"] if "*" in action]
            if broad:
                yield f"{role} may do {broad}"
            unexplained = set(statement["Action"]) - WILDCARD_REASONS.keys()
            if "*" in statement["Resource"] and unexplained:
                yield f"{role} may do {sorted(unexplained)} to everything"
            for resource in statement["Resource"]:
                if resource != "*" and (not resource.startswith("arn:aws:") or "None" in resource):
                    yield f"{role} has rights to {resource}, which is nothing"


def each_function_has_a_role_of_its_own(recording: Recording) -> Iterator[str]:
    roles = [function.inputs["role"] for function in recording.of_type(FUNCTION)]
    if len(set(roles)) != len(roles):
        yield "two functions share a role"


def secrets_are_marked(recording: Recording) -> Iterator[str]:
    for task, function in functions(recording).items():
        if "MONGO_URI" in variables(function) and "environment" not in function.secret_inputs:
            yield f"{task} shows its connection string"
    for resource in recording:
        if "environment" not in resource.secret_inputs and "mongodb" in json.dumps(resource.inputs, default=str):
            yield f"{resource.urn} shows the connection string"
    for secret in recording.of_type("aws:secretsmanager/secretVersion:SecretVersion"):
        yield f"{secret.urn} has a value that went through the program"


def timers_say_what_they_send(recording: Recording) -> Iterator[str]:
    for schedule in recording.of_type("aws:scheduler/schedule:Schedule"):
        text = schedule.inputs["target"].get("input")
        if text is None or not isinstance(json.loads(text), dict):
            yield f"{schedule.urn} sends the scheduler's own event"
        if schedule.inputs.get("scheduleExpressionTimezone") != "UTC":
            yield f"{schedule.urn} moves with the clocks"


def state_is_kept_in_prod(recording: Recording) -> Iterator[str]:
    for resource in recording:
        kept = resource.options.protect and resource.options.retain_on_delete
        if resource.type in STATEFUL and kept != (recording.stack == "prod"):
            yield f"{resource.urn}: protect is {resource.options.protect}"


RULES: tuple[Rule, ...] = (
    the_one_provider_is_used,
    everything_belongs_to_a_component,
    components_register_their_outputs_once,
    logical_names_hold_no_stage,
    physical_names_hold_the_stack,
    tags_say_project_environment_and_service,
    data_is_encrypted,
    no_bucket_is_public,
    logs_end,
    failures_go_somewhere,
    queues_keep_and_ring,
    failed_executions_ring,
    rights_are_least,
    each_function_has_a_role_of_its_own,
    secrets_are_marked,
    timers_say_what_they_send,
    state_is_kept_in_prod,
)
