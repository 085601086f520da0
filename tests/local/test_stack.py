"""The small program, applied to the emulator: everything it registers is really there, wired as it says."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymongo
import pytest
import redis
from botocore.exceptions import ClientError
from ministack.services import scheduler as ministack_scheduler

from local.clock import tick
from local.errors import AlreadyRunning, ResourceFailed, StartFailed
from local.limits import ASYNCHRONOUS_EVENT_BYTES, STATE_BYTES
from local.logs import read_logs
from local.places import read_json
from local.resources.creators import Workshop
from local.resources.emulated import EmulatorRealiser
from local.resources.request import Realised, Request
from local.stack import LocalStack, StackOptions
from models.collections import MARKER


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    """Asks until the answer is truthy."""
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    pause = threading.Event()
    while not (found := look()):
        assert datetime.now(UTC) < deadline, "not in time"
        pause.wait(0.02)
    return found


def mark() -> str:
    return f"mark-{uuid4().hex}"


def endpoints(stack: LocalStack) -> dict[str, Any]:
    found: dict[str, Any] = stack.description["endpoints"]
    return found


def invoke(stack: LocalStack, event: Any) -> tuple[Any, bool]:
    answer = stack.aws("lambda").invoke(FunctionName=endpoints(stack)["function"], Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read()), "FunctionError" in answer


def marked(stack: LocalStack, key: str) -> Any:
    client = stack.aws("s3")
    try:
        return json.loads(client.get_object(Bucket=endpoints(stack)["bucket"], Key=key)["Body"].read())
    except client.exceptions.NoSuchKey:
        return None


def execute(stack: LocalStack, machine: str, event: Any) -> dict[str, Any]:
    client = stack.aws("stepfunctions")
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]

    def ended() -> Any:
        found = client.describe_execution(executionArn=arn)
        return found if found["status"] != "RUNNING" else None

    result: dict[str, Any] = eventually(ended)
    return result


def make_machine(stack: LocalStack, states: dict[str, Any]) -> str:
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    made: str = stack.aws("stepfunctions").create_state_machine(
        name=mark(), definition=definition, roleArn="arn:aws:iam::000000000000:role/any"
    )["stateMachineArn"]
    return made


# ------------------------------------------------------------------------------------------------ what the user sees


def test_the_description_tells_where_everything_is(stack: LocalStack) -> None:
    described = read_json(stack.places.stack_file)
    assert described == stack.description
    assert set(described) == {"aws_endpoint", "region", "mongo_uri", "redis_url", "review_url", "endpoints"}
    assert described["region"] == "eu-central-1"
    assert described["aws_endpoint"].startswith("http://127.0.0.1:")
    assert described["mongo_uri"].startswith("mongodb://127.0.0.1:")
    assert described["review_url"] is None
    assert redis.Redis.from_url(described["redis_url"]).ping()


def test_the_database_carries_the_stacks_mark(stack: LocalStack) -> None:
    with pymongo.MongoClient[dict[str, Any]](stack.description["mongo_uri"]) as client:
        assert client["anime_service_tests"][MARKER].find_one() == {"_id": "stack", "name": "tests"}


def test_a_second_stack_of_the_name_says_that_one_is_running(stack: LocalStack) -> None:
    with (
        pytest.raises(AlreadyRunning, match="the stack 'tests' is running already"),
        LocalStack("tests", root=stack.places.root),
    ):
        pytest.fail("it started")
    assert stack.places.stack_file.exists()


def test_another_stack_in_the_same_process_is_refused_and_leaves_nothing(stack: LocalStack) -> None:
    other = LocalStack("other", root=stack.places.root)
    with pytest.raises(StartFailed, match="runs an emulator already"), other:
        pytest.fail("it started")
    assert not other.places.data.exists()
    assert not other.places.process_file.exists()
    assert invoke(stack, {})[1] is False


def test_transports_are_checked_before_anything_starts(stack: LocalStack) -> None:
    root = stack.places.root
    assert StackOptions().transport(root) == f"replay:{root / 'samples'}"
    assert StackOptions(record=root / "new").transport(root) == f"record:{root / 'new'}"
    with pytest.raises(StartFailed, match="not both"):
        StackOptions(record=root, replay=root).transport(root)
    with pytest.raises(StartFailed, match="no folder"):
        StackOptions(replay=root / "nowhere").transport(root)
    with pytest.raises(StartFailed, match="holds no recorded answers"):
        StackOptions(replay=root).transport(root)


def test_answers_are_recorded_only_where_they_can_be_written(
    stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "README.md"
    file.touch()
    for inside in (file, file / "below"):
        with pytest.raises(StartFailed, match=r"README\.md is no folder"):
            StackOptions(record=inside).transport(stack.places.root)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StartFailed, match="nothing can be written"):
        StackOptions(record=tmp_path / "new").transport(stack.places.root)


def test_a_folder_of_recordings_is_replayed_and_found_in_a_larger_one(stack: LocalStack, tmp_path: Path) -> None:
    (tmp_path / "replay" / "jikan").mkdir(parents=True)
    (tmp_path / "replay" / "jikan" / "GET %2Fanime%2F1.json").write_text("{}")
    for given in (tmp_path, tmp_path / "replay"):
        assert StackOptions(replay=given).transport(stack.places.root) == f"replay:{tmp_path / 'replay'}"


# ---------------------------------------------------------------------------------------------- what the program made


def test_a_function_runs_with_the_environment_that_the_program_gives_it(stack: LocalStack) -> None:
    answer, failed = invoke(stack, {})
    assert not failed
    assert answer["environment"]["GREETING"] == "hello"
    assert answer["environment"]["SECRET"] == "a secret value"
    assert answer["environment"]["DATA_BUCKET"] == endpoints(stack)["bucket"]
    assert answer["environment"]["AWS_ENDPOINT_URL"] == stack.description["aws_endpoint"]
    assert answer["environment"]["MONGO_DATABASE"] == "anime_service_tests"
    assert answer["environment"]["AWS_REGION"] == "eu-central-1"
    assert answer["memory"] == 256
    assert answer["remaining"] <= 2000


def test_an_invocation_of_the_program_really_ran(stack: LocalStack) -> None:
    assert stack.recording is not None
    assert json.loads(stack.recording.exports["first_answer"])["event"] == {"mark": "deployed"}
    assert marked(stack, "deployed") == {"mark": "deployed"}


def test_settings_of_buckets_queues_and_functions_are_those_of_the_program(stack: LocalStack) -> None:
    names = endpoints(stack)
    s3 = stack.aws("s3")
    assert s3.get_bucket_versioning(Bucket=names["bucket"])["Status"] == "Enabled"
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=names["bucket"])["Rules"]
    assert (rule["ID"], rule["Filter"], rule["Expiration"]) == ("work", {"Prefix": "work/"}, {"Days": 24})
    work = stack.aws("sqs").get_queue_attributes(QueueUrl=names["work"], AttributeNames=["All"])["Attributes"]
    assert work["VisibilityTimeout"] == "1"
    assert json.loads(work["RedrivePolicy"])["maxReceiveCount"] == 2
    function = stack.aws("lambda").get_function_configuration(FunctionName=names["function"])
    assert (function["Handler"], function["Timeout"]) == ("sample_functions.probe", 2)
    schedule = stack.aws("scheduler").get_schedule(Name="tests-tests-weekly")
    assert (schedule["State"], schedule["Target"]["Input"]) == ("DISABLED", '{"mark": "weekly"}')


def realise(stack: LocalStack, kind: str, **inputs: Any) -> Realised:
    [function] = [spec for spec in stack_functions(stack) if spec == endpoints(stack)["function"]]
    assert function
    workshop = Workshop(aws=stack.aws, executor=_NoExecutor(), root=stack.places.root)  # type: ignore[arg-type]
    return EmulatorRealiser(workshop, account="000000000000").create(Request(type=kind, name=mark(), inputs=inputs))


def stack_functions(stack: LocalStack) -> list[str]:
    return [each["FunctionName"] for each in stack.aws("lambda").list_functions()["Functions"]]


class _NoExecutor:
    def register(self, spec: object) -> None:
        raise AssertionError(spec)


TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_a_topic_delivers_to_the_queue_that_subscribes_to_it(stack: LocalStack) -> None:
    topic = realise(stack, "aws:sns/topic:Topic").outputs["arn"]
    queue = realise(stack, "aws:sqs/queue:Queue").outputs
    kind = "aws:sns/topicSubscription:TopicSubscription"
    subscription = realise(stack, kind, topic=topic, protocol="sqs", endpoint=queue["arn"], rawMessageDelivery=True)
    assert subscription.outputs["arn"].startswith(topic)
    stack.aws("sns").publish(TopicArn=topic, Message="hello")
    client = stack.aws("sqs")
    [message] = eventually(lambda: client.receive_message(QueueUrl=queue["url"], WaitTimeSeconds=1).get("Messages"))
    assert message["Body"] == "hello"


def test_a_table_has_its_keys_index_and_expiry(stack: LocalStack) -> None:
    made = realise(
        stack,
        "aws:dynamodb/table:Table",
        attributes=[{"name": "hash", "type": "S"}, {"name": "path", "type": "S"}],
        hashKey="hash",
        billingMode="PAY_PER_REQUEST",
        ttl={"attributeName": "ttl", "enabled": True},
        globalSecondaryIndexes=[{"name": "by-path", "hashKey": "path", "projectionType": "ALL"}],
    ).outputs
    client = stack.aws("dynamodb")
    described = client.describe_table(TableName=made["name"])["Table"]
    assert described["TableArn"] == made["arn"]
    assert described["KeySchema"] == [{"AttributeName": "hash", "KeyType": "HASH"}]
    assert described["GlobalSecondaryIndexes"][0]["IndexName"] == "by-path"
    ttl = client.describe_time_to_live(TableName=made["name"])["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")


def test_roles_policies_secrets_parameters_and_logs_are_there(stack: LocalStack) -> None:
    role = realise(stack, "aws:iam/role:Role", assumeRolePolicy=TRUST).outputs
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    inline = realise(stack, "aws:iam/rolePolicy:RolePolicy", role=role["name"], policy=policy).outputs
    managed = realise(stack, "aws:iam/policy:Policy", policy=policy).outputs
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    realise(stack, attachment, role=role["name"], policyArn=managed["arn"])
    iam = stack.aws("iam")
    assert iam.list_role_policies(RoleName=role["name"])["PolicyNames"] == [inline["name"]]
    [attached] = iam.list_attached_role_policies(RoleName=role["name"])["AttachedPolicies"]
    assert attached["PolicyArn"] == managed["arn"]
    secret = realise(stack, "aws:secretsmanager/secret:Secret").outputs
    realise(stack, "aws:secretsmanager/secretVersion:SecretVersion", secretId=secret["arn"], secretString="hidden")
    assert stack.aws("secretsmanager").get_secret_value(SecretId=secret["name"])["SecretString"] == "hidden"
    group = realise(stack, "aws:cloudwatch/logGroup:LogGroup", retentionInDays=14).outputs["name"]
    [described] = stack.aws("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert described["retentionInDays"] == 14


def test_bucket_settings_and_objects_are_there(stack: LocalStack) -> None:
    name = f"bucket-{uuid4().hex}"
    realise(stack, "aws:s3/bucket:Bucket", bucket=name)
    block = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    realise(stack, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket=name, **block)
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    realise(stack, kind, bucket=name, rules=rules)
    kind = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    realise(stack, kind, bucket=name, rule={"objectOwnership": "BucketOwnerEnforced"})
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    realise(stack, "aws:s3/bucketPolicy:BucketPolicy", bucket=name, policy=policy)
    kind = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
    realise(stack, kind, bucket=name, corsRules=[{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}])
    realise(stack, "aws:s3/bucketObjectv2:BucketObjectv2", bucket=name, key="k", content="text")
    s3 = stack.aws("s3")
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Version"] == "2012-10-17"
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"][0]["AllowedMethods"] == ["GET"]
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"text"


def test_an_uploaded_object_reaches_the_function_that_the_bucket_notifies(stack: LocalStack) -> None:
    name = f"bucket-{uuid4().hex}"
    realise(stack, "aws:s3/bucket:Bucket", bucket=name)
    queue = realise(stack, "aws:sqs/queue:Queue").outputs
    events = [{"queueArn": queue["arn"], "events": ["s3:ObjectCreated:*"], "filterPrefix": "in/"}]
    realise(stack, "aws:s3/bucketNotification:BucketNotification", bucket=name, queues=events)
    stack.aws("s3").put_object(Bucket=name, Key="out/a", Body=b"")
    stack.aws("s3").put_object(Bucket=name, Key="in/b", Body=b"")
    client = stack.aws("sqs")

    def told() -> Any:
        messages = client.receive_message(QueueUrl=queue["url"], WaitTimeSeconds=1).get("Messages", [])
        return [record for each in messages for record in json.loads(each["Body"]).get("Records", [])]

    [record] = eventually(told)
    assert record["s3"]["object"]["key"] == "in/b"


def test_a_function_url_and_permissions_are_there(stack: LocalStack) -> None:
    function = endpoints(stack)["function"]
    url = realise(stack, "aws:lambda/functionUrl:FunctionUrl", functionName=function, authorizationType="NONE").outputs[
        "functionUrl"
    ]
    client = stack.aws("lambda")
    assert client.get_function_url_config(FunctionName=function)["FunctionUrl"] == url
    realise(
        stack,
        "aws:lambda/permission:Permission",
        function=function,
        action="lambda:InvokeFunction",
        principal="events.amazonaws.com",
        statementId="from-events",
    )
    statements = json.loads(client.get_policy(FunctionName=function)["Policy"])["Statement"]
    assert "from-events" in [statement["Sid"] for statement in statements]


def test_an_alarm_is_there(stack: LocalStack) -> None:
    made = realise(
        stack,
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        comparisonOperator="GreaterThanThreshold",
        evaluationPeriods=1,
        metricName="m",
        namespace="n",
        period=60,
        statistic="Sum",
        threshold=0,
        dimensions={"QueueName": "q"},
    )
    [alarm] = stack.aws("cloudwatch").describe_alarms(AlarmNames=[made.id])["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]


def test_what_has_no_local_counterpart_is_made_up_in_the_emulators_account(stack: LocalStack) -> None:
    made = realise(stack, "aws:cloudfront/distribution:Distribution")
    assert made.outputs["arn"].startswith("arn:aws:cloudfront::000000000000:distribution/")
    assert made.outputs["domainName"].endswith(".cloudfront.net")


@pytest.mark.parametrize(
    ("kind", "inputs", "told"),
    [
        (
            "aws:lambda/function:Function",
            {"handler": "sample_functions.probe", "code": "asset"},
            r"the code of function .* is not there: .*/no-such\.zip",
        ),
        (
            "aws:sfn/stateMachine:StateMachine",
            {"definition": "{", "roleArn": "arn:aws:iam::000000000000:role/r"},
            "is not JSON",
        ),
        (
            "aws:scheduler/schedule:Schedule",
            {"target": {"arn": "a", "roleArn": "r", "input": '{"at": "<aws.scheduler.scheduled-time>"}'}},
            "give an explicit input",
        ),
        ("aws:sqs/queuePolicy:QueuePolicy", {"policy": "{}"}, "has no input queueUrl"),
        ("aws:lambda/invocation:Invocation", {"input": '{"boom": "no"}'}, "failed: NotFound: no"),
    ],
)
def test_a_resource_that_cannot_be_is_an_error_that_says_why(
    stack: LocalStack, kind: str, inputs: dict[str, Any], told: str
) -> None:
    import pulumi

    given = dict(inputs)
    if given.get("code") == "asset":
        given["code"] = pulumi.AssetArchive({"a": pulumi.FileArchive("no-such.zip")})
    if kind.endswith("Invocation"):
        given["functionName"] = endpoints(stack)["function"]
    with pytest.raises(ResourceFailed, match=told):
        realise(stack, kind, **given)


# -------------------------------------------------------------------------------------- every way into the executor


def test_the_api_reaches_the_function_and_its_errors_keep_their_name(stack: LocalStack) -> None:
    answer, failed = invoke(stack, {"boom": "no such anime"})
    assert failed
    assert (answer["errorType"], answer["errorMessage"]) == ("NotFound", "no such anime")


def test_a_machine_reaches_the_function_and_catches_by_the_errors_name(stack: LocalStack) -> None:
    machine = endpoints(stack)["machine"]
    good = execute(stack, machine, {"hello": "there"})
    assert json.loads(good["output"])["event"] == {"hello": "there"}
    caught = execute(stack, machine, {"boom": "gone"})
    assert caught["status"] == "SUCCEEDED"
    error = json.loads(caught["output"])["error"]
    assert error["Error"] == "NotFound"
    assert json.loads(error["Cause"])["errorMessage"] == "gone"
    uncaught = execute(stack, machine, {"unfit": 1})
    assert (uncaught["status"], uncaught["error"]) == ("FAILED", "Runtime.MarshalError")


def test_a_rule_reaches_the_function(stack: LocalStack) -> None:
    stack.aws("events").put_events(Entries=[{"Source": "tests", "DetailType": "t", "Detail": "{}"}])
    assert eventually(lambda: marked(stack, "rule")) == {"mark": "rule"}


def test_a_queue_reaches_the_function_and_what_it_refuses_ends_in_the_dead_letter_queue(stack: LocalStack) -> None:
    names, sqs = endpoints(stack), stack.aws("sqs")
    sqs.send_message(QueueUrl=names["work"], MessageBody="good")
    assert eventually(lambda: marked(stack, "queue"))["Records"][0]["body"] == "good"
    sqs.send_message(QueueUrl=names["work"], MessageBody="poison")
    [dead] = eventually(lambda: sqs.receive_message(QueueUrl=names["poison"], WaitTimeSeconds=1).get("Messages"), 30)
    assert dead["Body"] == "poison"


def test_an_asynchronous_invocation_that_fails_is_repeated_and_ends_in_its_queue(stack: LocalStack) -> None:
    names, lost = endpoints(stack), mark()
    stack.aws("lambda").invoke(
        FunctionName=names["function"], InvocationType="Event", Payload=json.dumps({"boom": lost}).encode()
    )
    sqs = stack.aws("sqs")
    [dead] = eventually(lambda: sqs.receive_message(QueueUrl=names["failures"], WaitTimeSeconds=1).get("Messages"))
    assert json.loads(dead["Body"])["requestPayload"] == {"boom": lost}


def test_a_one_time_schedule_reaches_the_function_by_itself_and_is_gone(stack: LocalStack) -> None:
    names, key, client = endpoints(stack), mark(), stack.aws("scheduler")
    client.create_schedule(
        Name=key,
        GroupName=names["group"],
        ScheduleExpression=f"at({datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=schedule_target(stack, key),
    )
    ministack_scheduler._tick_schedules()  # what its own thread does every ten seconds
    assert eventually(lambda: marked(stack, key)) == {"mark": key}
    assert eventually(lambda: key not in schedule_names(stack))


def schedule_target(stack: LocalStack, key: str) -> dict[str, str]:
    arn = stack.aws("lambda").get_function_configuration(FunctionName=endpoints(stack)["function"])["FunctionArn"]
    role = "arn:aws:iam::000000000000:role/tests-tests"
    return {"Arn": arn, "RoleArn": role, "Input": json.dumps({"mark": key})}


def schedule_names(stack: LocalStack) -> list[str]:
    return [each["Name"] for each in stack.aws("scheduler").list_schedules()["Schedules"]]


def test_a_task_that_waits_for_a_token_ends_when_its_function_fails(stack: LocalStack) -> None:
    function = endpoints(stack)["function"]
    waiting = {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token", "boom": "no review"}},
            "TimeoutSeconds": 60,
            "Catch": [{"ErrorEquals": ["NotFound"], "ResultPath": "$.error", "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Pass", "End": True},
    }
    ended = execute(stack, make_machine(stack, waiting), {})
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["error"]["Error"] == "NotFound"


def test_a_function_that_takes_too_long_fails_its_task(stack: LocalStack) -> None:
    ended = execute(stack, endpoints(stack)["machine"], {"sleep": 2.5})
    assert (ended["status"], ended["error"]) == ("FAILED", "Sandbox.Timedout")


# ------------------------------------------------------------------------------------------------------------ limits


def test_a_state_carries_no_more_than_in_aws(stack: LocalStack) -> None:
    machine = endpoints(stack)["machine"]
    too_much = execute(stack, machine, {"bytes": STATE_BYTES})
    assert (too_much["status"], too_much["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert "output of the task" in json.loads(too_much["cause"])["errorMessage"]
    assert execute(stack, machine, {"bytes": STATE_BYTES - 2})["status"] == "SUCCEEDED"
    growing = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {
                "FunctionName": endpoints(stack)["function"],
                "Payload": {"one.$": "$.text", "two.$": "$.text"},
            },
            "End": True,
        }
    }
    doubled = execute(stack, make_machine(stack, growing), {"text": "x" * (STATE_BYTES // 2)})
    assert "input of the task" in json.loads(doubled["cause"])["errorMessage"]


def test_the_input_of_an_execution_and_the_output_of_a_task_are_limited(stack: LocalStack) -> None:
    client = stack.aws("stepfunctions")
    fits = json.dumps({"text": "x" * (STATE_BYTES - 12)})
    assert len(fits) == STATE_BYTES
    client.start_execution(stateMachineArn=endpoints(stack)["machine"], input=fits)
    with pytest.raises(ClientError, match="'input' failed to satisfy constraint"):
        client.start_execution(stateMachineArn=endpoints(stack)["machine"], input=fits + " ")
    with pytest.raises(ClientError, match="'output' failed to satisfy constraint"):
        client.send_task_success(taskToken="t", output=fits + " ")


def test_events_are_limited_as_in_aws_and_less_so_when_somebody_waits(stack: LocalStack) -> None:
    event = json.dumps({"text": "x" * ASYNCHRONOUS_EVENT_BYTES}).encode()
    client, name = stack.aws("lambda"), endpoints(stack)["function"]
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert client.invoke(FunctionName=name, Payload=event)["StatusCode"] == 200
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=name, Payload=json.dumps({"text": "x" * 6 * 1024 * 1024}).encode())


# ------------------------------------------------------------------------------------------------------ logs and clock


def test_lines_reach_the_log_files_and_cloudwatch(stack: LocalStack) -> None:
    anime = f"ani_{uuid4().hex}"
    invoke(stack, {"anime_id": anime})
    [line] = read_logs(name="tests", root=stack.places.root, anime_id=anime)
    assert (line.function, line.message) == ("tests-tests-probe", "asked")
    found = stack.aws("logs").filter_log_events(
        logGroupName="/aws/lambda/tests-tests-probe", filterPattern=f'"{anime}"'
    )
    assert len(found["events"]) == 1


def test_the_clock_fires_the_stacks_own_schedules_once_and_removes_one_time_ones(stack: LocalStack) -> None:
    root, names, key, client = stack.places.root, endpoints(stack), mark(), stack.aws("scheduler")
    saturday = next_saturday(datetime.now(UTC))
    client.create_schedule(
        Name=key,
        GroupName=names["group"],
        ScheduleExpression=f"at({saturday + timedelta(hours=2):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=schedule_target(stack, key),
    )
    assert tick(saturday, name="tests", root=root) == []
    [weekly] = tick(saturday + timedelta(hours=1), name="tests", root=root)
    assert (weekly.name, weekly.one_time, weekly.occurrences) == ("tests-tests-weekly", False, 1)
    assert weekly.due == saturday + timedelta(hours=1)
    assert eventually(lambda: marked(stack, "weekly")) == {"mark": "weekly"}
    [episode] = tick(saturday + timedelta(days=1), name="tests", root=root)
    assert (episode.name, episode.group, episode.one_time) == (key, names["group"], True)
    assert eventually(lambda: marked(stack, key)) == {"mark": key}
    assert key not in schedule_names(stack)
    assert tick(saturday + timedelta(days=1), name="tests", root=root) == []
    [three_weeks] = tick(saturday + timedelta(days=22), name="tests", root=root)
    assert three_weeks.occurrences == 3


def next_saturday(now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=(5 - midnight.weekday()) % 7 or 7)
