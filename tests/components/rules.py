"""What holds of every resource of every stack, each a function from a recording to the problems it sees.

Here stands what Pulumi's engine does not show to a policy and what is of this program alone; ``policies`` has the rest.
"""

import json
import re
from collections.abc import Callable, Iterator

from components.tags import PROJECT, Service
from local.recording import Recording
from tests.components.recordings import FUNCTION, aws_resources, role_policies

Rule = Callable[[Recording], Iterator[str]]

UNTAGGABLE = frozenset(
    {
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/route:Route",
        "aws:lambda/layerVersion:LayerVersion",
        "aws:apigatewayv2/route:Route",
        "aws:apigatewayv2/integration:Integration",
        "aws:appautoscaling/policy:Policy",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
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
        "aws:sns/topicSubscription:TopicSubscription",
    }
)
STATEFUL = frozenset(
    {
        "aws:s3/bucket:Bucket",
        "aws:dynamodb/table:Table",
        "aws:secretsmanager/secret:Secret",
        "mongodbatlas:index/project:Project",
        "mongodbatlas:index/advancedCluster:AdvancedCluster",
        "qdrant-cloud:index/accountsCluster:AccountsCluster",
    }
)


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
        if resource.type == "aws:apigatewayv2/stage:Stage" and name == "$default":
            continue  # the one stage whose name is not part of the address
        if name is not None and not name.startswith(prefixes) and resource.type not in UNTAGGABLE:
            yield f"{resource.urn} is called {name}"


def own_tags_are_a_service_of_ours(recording: Recording) -> Iterator[str]:
    """That every taggable resource has its tags is a policy."""
    for resource in aws_resources(recording):
        tags = resource.inputs.get("tags")
        if tags is not None and (set(tags) != {"service"} or tags["service"] not in set(Service)):
            yield f"{resource.urn} has the tags {tags}"


def functions_log_under_their_own_name(recording: Recording) -> Iterator[str]:
    for function in recording.of_type(FUNCTION):
        if function.inputs.get("loggingConfig", {}).get("logGroup") != f"/aws/lambda/{function.inputs['name']}":
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


def queues_ring(recording: Recording) -> Iterator[str]:
    watched = {
        alarm.inputs["dimensions"]["QueueName"]
        for alarm in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
        if alarm.inputs["metricName"] == "ApproximateNumberOfMessagesVisible" and alarm.inputs.get("alarmActions")
    }
    for queue in recording.of_type("aws:sqs/queue:Queue"):
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


def missed_timers_ring(recording: Recording) -> Iterator[str]:
    """Also where they are switched off; then the alarms tell nobody, and nothing else may be silenced."""
    alarms = {a.inputs["name"]: a.inputs for a in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")}
    timers = recording.of_type("aws:scheduler/schedule:Schedule")
    schedules = {timer.inputs["name"]: timer.inputs["state"] == "ENABLED" for timer in timers}
    for name, enabled in schedules.items():
        alarm = alarms.get(f"{name}-overdue", {})
        if not alarm.get("alarmActions") or alarm["actionsEnabled"] != enabled:
            yield f"nobody would notice that {name} did not run"
    for name, alarm in alarms.items():
        if not alarm.get("actionsEnabled", True) and name.removesuffix("-overdue") not in schedules:
            yield f"{name} is silenced"


def old_reviews_ring(recording: Recording) -> Iterator[str]:
    alarms = recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    if not any(a.inputs["metricName"] == "OldestReviewHours" and a.inputs.get("alarmActions") for a in alarms):
        yield "a review could wait for ever"


def rights_are_to_something(recording: Recording) -> Iterator[str]:
    for role, granted in role_policies(recording).items():
        for statement in granted:
            for resource in statement["Resource"]:
                if resource != "*" and (not resource.startswith("arn:aws:") or "None" in resource):
                    yield f"{role} has rights to {resource}, which is nothing"


def each_function_has_a_role_of_its_own(recording: Recording) -> Iterator[str]:
    roles = [function.inputs["role"] for function in recording.of_type(FUNCTION)]
    if len(set(roles)) != len(roles):
        yield "two functions share a role"


_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:\"]*:[^\s/@\"]+@")


def secrets_are_marked(recording: Recording) -> Iterator[str]:
    for version in recording.of_type("aws:secretsmanager/secretVersion:SecretVersion"):
        if "secretString" not in version.secret_inputs:
            yield f"{version.urn} shows its value"
    for key in recording.of_type("qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2"):
        if "key" not in key.options.additional_secret_outputs:
            yield f"{key.urn} shows the key"
    made = {
        value
        for resource in recording
        for value in resource.outputs.values()
        if isinstance(value, str) and value.startswith("made-up-secret")
    }
    for resource in recording:
        text = json.dumps({n: v for n, v in resource.inputs.items() if n not in resource.secret_inputs}, default=str)
        if _PASSWORD.search(text) or any(secret in text for secret in made):
            yield f"{resource.urn} shows a secret"


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


_DESCRIPTION = re.compile(r"^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}$")
"""What EC2 takes (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html)."""


def descriptions_are_taken_by_ec2(recording: Recording) -> Iterator[str]:
    for resource in recording:
        if "ecurityGroup" in resource.type and not _DESCRIPTION.fullmatch(resource.inputs.get("description", "x")):
            yield f"{resource.urn} would be refused for its description"


def functions_are_of_one_kind(recording: Recording) -> Iterator[str]:
    """A zip and its layers; on a laptop the libraries are there already."""
    for function in recording.of_type(FUNCTION):
        inputs = function.inputs
        if (inputs["runtime"], inputs["architectures"]) != ("python3.13", ["arm64"]):
            yield f"{function.urn} runs on something else"
        if not inputs.get("sourceCodeHash"):
            yield f"{function.urn} is not updated when its code changes"
        if bool(inputs.get("layers")) != (recording.stack in {"dev", "prod"}):
            yield f"{function.urn} has the layers {inputs.get('layers')}"


def machines_outlive_their_functions(recording: Recording) -> Iterator[str]:
    times = {function.outputs["arn"]: function.inputs["timeout"] for function in recording.of_type(FUNCTION)}
    for machine in recording.of_type("aws:sfn/stateMachine:StateMachine"):
        text = machine.inputs["definition"]
        longest = max(seconds for arn, seconds in times.items() if f'"{arn}"' in text)
        if not json.loads(text).get("TimeoutSeconds", 0) > longest:
            yield f"{machine.urn} ends before its functions, or never"


RULES: tuple[Rule, ...] = (
    descriptions_are_taken_by_ec2,
    functions_are_of_one_kind,
    machines_outlive_their_functions,
    the_one_provider_is_used,
    everything_belongs_to_a_component,
    components_register_their_outputs_once,
    logical_names_hold_no_stage,
    physical_names_hold_the_stack,
    own_tags_are_a_service_of_ours,
    functions_log_under_their_own_name,
    failures_go_somewhere,
    queues_ring,
    failed_executions_ring,
    missed_timers_ring,
    old_reviews_ring,
    rights_are_to_something,
    each_function_has_a_role_of_its_own,
    secrets_are_marked,
    timers_say_what_they_send,
    state_is_kept_in_prod,
)
