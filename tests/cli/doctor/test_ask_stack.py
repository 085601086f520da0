"""What a deployed stack tells: by the emulator where it has the service, else by stubs of botocore."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cli.doctor import ask_stack
from cli.doctor.asking import Clients
from cli.doctor.deployment import FunctionState, Subscribers, Timers
from cli.doctor.errors import Absent, FunctionFailed, Unexpected
from cli.doctor.signing_in import Identity
from cli.doctor.work import Catalogues, CatalogueState
from cli.session import Session
from domain.token_bucket import Bucket, Reason
from models.events import Catalogue
from models.review import ReviewKind
from tests.support.emulator import REGION
from tests.support.fake_aws import ACCOUNT, StubbedAws
from tests.support.fake_stack import FakeStack, event_class, some_entry
from workflows import keys
from workflows.catalogue_states import catalogue_states

WHO = Identity(account="000000000000", arn="arn:aws:iam::000000000000:user/me")


@pytest.fixture
def clients(aws_endpoint: str) -> Clients:
    return Clients(REGION, endpoint_url=aws_endpoint)


@pytest.fixture
def stack() -> str:
    """A name that no other test's resources have."""
    return f"t{uuid4().hex[:8]}"


# ----------------------------------------------------------------------------------------------------- the emulator


def test_letters_are_counted_in_the_stacks_own_queues(clients: Clients, stack: str) -> None:
    sqs = clients("sqs")
    url = sqs.create_queue(QueueName=f"anime-infra-{stack}-commit-dlq")["QueueUrl"]
    sqs.create_queue(QueueName=f"anime-infra-{stack}-work")
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert list(ask_stack.dead_letter_queues(clients, stack)) == [f"anime-infra-{stack}-commit-dlq"]
    assert ask_stack.letters(clients, url) == 1


def test_a_queue_that_is_gone_is_absent(clients: Clients, stack: str) -> None:
    url = clients("sqs").create_queue(QueueName=f"anime-infra-{stack}-commit-dlq")["QueueUrl"]
    clients("sqs").delete_queue(QueueUrl=url)
    with pytest.raises(Absent):
        ask_stack.letters(clients, url)


def test_schedules_are_told_by_their_state(clients: Clients, stack: str) -> None:
    for name, state in (("weekly-sync", "ENABLED"), ("snapshot", "DISABLED")):
        clients("scheduler").create_schedule(
            Name=f"anime-infra-{stack}-{name}",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            State=state,
            Target={"Arn": "arn:aws:lambda:x:000000000000:function:f", "RoleArn": "arn:aws:iam::000000000000:role/r"},
        )
    assert ask_stack.timers(clients, stack) == Timers(
        enabled=(f"anime-infra-{stack}-weekly-sync",), paused=(f"anime-infra-{stack}-snapshot",)
    )


def test_a_topic_that_is_gone_is_absent_and_one_without_subscribers_is_not(clients: Clients, stack: str) -> None:
    with pytest.raises(Absent):
        ask_stack.subscribers(clients, stack, WHO)
    clients("sns").create_topic(Name=f"anime-infra-{stack}-alarms")
    assert ask_stack.subscribers(clients, stack, WHO) == Subscribers(confirmed=0, pending=0)


def test_a_function_that_is_gone_is_absent(clients: Clients) -> None:
    with pytest.raises(Absent):
        ask_stack.function_state(clients, "anime-infra-gone-query")


Put = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def bucket(clients: Clients, stack: str) -> Iterator[tuple[Session, Put]]:
    name = f"anime-{stack}"
    clients("s3").create_bucket(Bucket=name)

    def put(key: str, document: dict[str, Any]) -> None:
        clients("s3").put_object(Bucket=name, Key=key, Body=json.dumps(document).encode())

    yield ask_stack.session(clients, stack, {"buckets": {"data": name}}), put
    for each in clients("s3").list_objects_v2(Bucket=name).get("Contents", ()):
        clients("s3").delete_object(Bucket=name, Key=each["Key"])
    clients("s3").delete_bucket(Bucket=name)


def report(state: str, **more: Any) -> dict[str, Any]:
    return {"kind": "sync", "run_id": "r", "state": state, "updated_at": "now", "result": {}, "error": None, **more}


def test_a_kind_that_never_ran_has_no_last_run(bucket: tuple[Session, Put]) -> None:
    session, put = bucket
    put(keys.report("snapshot", "r"), report("succeeded"))
    assert ask_stack.last_run(session, "sync") is None


def test_the_last_run_is_the_newest_report(bucket: tuple[Session, Put]) -> None:
    session, put = bucket
    put(keys.report("sync", "b"), report("succeeded"))
    found = ask_stack.last_run(session, "sync")
    assert found is not None
    assert (found.state, found.error, found.succeeded_at) == ("succeeded", None, found.at)
    assert abs(datetime.now(UTC) - found.at) < timedelta(minutes=5)


def test_a_failed_run_has_its_reason_and_the_last_success_that_the_watch_remembers(
    bucket: tuple[Session, Put],
) -> None:
    session, put = bucket
    put(keys.report("sync", "a"), report("failed", error="not zstd"))
    put(keys.report("watch", "since"), {"since": "x", "runs": {"sync": {"succeeded_at": "2026-11-21T01:04:00Z"}}})
    found = ask_stack.last_run(session, "sync")
    assert found is not None
    assert (found.state, found.error) == ("failed", "not zstd")
    assert found.succeeded_at == datetime(2026, 11, 21, 1, 4, tzinfo=UTC)


def test_an_earlier_success_is_found_in_its_own_report_where_nobody_watches(bucket: tuple[Session, Put]) -> None:
    session, put = bucket
    put(keys.report("sync", "a"), report("succeeded"))
    put(keys.report("sync", "b"), report("succeeded", result={"dry_run": True}))
    put(keys.report("sync", "c"), report("failed", error="not zstd"))
    found = ask_stack.last_run(session, "sync")
    assert found is not None
    assert (found.state, found.error) == ("failed", "not zstd")
    assert found.succeeded_at is not None


def test_a_dry_run_is_no_success(bucket: tuple[Session, Put]) -> None:
    session, put = bucket
    put(keys.report("sync", "a"), report("succeeded", result={"dry_run": True}))
    found = ask_stack.last_run(session, "sync")
    assert found is not None
    assert found.succeeded_at is None


def test_what_is_no_report_is_unexpected(bucket: tuple[Session, Put]) -> None:
    session, put = bucket
    put(keys.report("sync", "a"), {})
    with pytest.raises(Unexpected):
        ask_stack.last_run(session, "sync")


def test_a_bucket_that_is_gone_is_absent(clients: Clients, stack: str) -> None:
    with pytest.raises(Absent):
        ask_stack.last_run(ask_stack.session(clients, stack, {"buckets": {"data": f"gone-{stack}"}}), "sync")


# ------------------------------------------------------------------------------------------------------------- stubs


def test_a_function_tells_its_state_and_why() -> None:
    aws = StubbedAws()
    stub, name = aws.stub("lambda"), "anime-infra-dev-query"
    stub.add_response(
        "get_function_configuration",
        {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidSubnet"},
        {"FunctionName": name},
    )
    found = ask_stack.function_state(aws, name)
    assert found == FunctionState(name=name, state="Active", update="Failed", reason="InvalidSubnet")


def test_of_several_reports_the_newest_is_read() -> None:
    aws = StubbedAws()
    stub, body = aws.stub("s3"), json.dumps(report("succeeded")).encode()
    times = {"reports/sync/c.json": 1, "reports/sync/a.json": 9, "reports/sync/b.json": 5}
    found = [{"Key": key, "LastModified": datetime(2026, 11, day, tzinfo=UTC)} for key, day in times.items()]
    stub.add_response("list_objects_v2", {"Contents": found}, {"Bucket": "data", "Prefix": "reports/sync/"})
    stub.add_response("get_object", {"Body": io.BytesIO(body)}, {"Bucket": "data", "Key": "reports/sync/a.json"})
    last = ask_stack.last_run(ask_stack.session(aws, "dev", {"buckets": {"data": "data"}}), "sync")
    assert last is not None
    assert last.at == datetime(2026, 11, 9, tzinfo=UTC)


def test_a_secret_is_empty_until_somebody_puts_a_value_in() -> None:
    aws = StubbedAws()
    stages = {"a" * 32: ["AWSPREVIOUS"], "b" * 32: ["AWSCURRENT"]}
    # The emulator gives a new secret a version; AWS gives it none.
    aws.stub("secretsmanager").add_response(
        "list_secrets",
        {
            "SecretList": [
                {"Name": "anime-infra-dev-catalogue-jikan", "SecretVersionsToStages": stages},
                {"Name": "anime-infra-dev-catalogue-animeschedule"},
            ]
        },
        {"Filters": [{"Key": "name", "Values": ["anime-infra-dev-"]}]},
    )
    assert ask_stack.secrets(aws, "dev") == {
        "anime-infra-dev-catalogue-jikan": True,
        "anime-infra-dev-catalogue-animeschedule": False,
    }


def test_subscribers_have_confirmed_or_have_not() -> None:
    aws = StubbedAws()
    topic = f"arn:aws-cn:sns:eu-central-1:{ACCOUNT}:anime-infra-dev-alarms"
    arns = ["PendingConfirmation", f"{topic}:1", "PendingConfirmation"]
    aws.stub("sns").add_response(
        "list_subscriptions_by_topic",
        {"Subscriptions": [{"SubscriptionArn": arn} for arn in arns]},
        {"TopicArn": topic},
    )
    who = Identity(account=ACCOUNT, arn=f"arn:aws-cn:iam::{ACCOUNT}:user/me")
    assert ask_stack.subscribers(aws, "dev", who) == Subscribers(confirmed=1, pending=2)


def test_alarms_that_ring_are_asked_for_by_the_stacks_prefix() -> None:
    aws = StubbedAws()
    aws.stub("cloudwatch").add_response(
        "describe_alarms",
        {"MetricAlarms": [{"AlarmName": "anime-infra-dev-review-waiting"}]},
        {"AlarmNamePrefix": "anime-infra-dev-", "StateValue": "ALARM"},
    )
    assert ask_stack.ringing(aws, "dev") == ("anime-infra-dev-review-waiting",)


# --------------------------------------------------------------------------------------------------------- functions


def test_reviews_that_wait_are_counted_with_the_oldest() -> None:
    stack = FakeStack()
    assert ask_stack.reviews(stack.session()).count == 0
    stack.store(some_entry())
    for name in ("new-a-1", "new-b-1"):
        stack.ask_for_review(some_entry(), execution=name, kind=ReviewKind.NEW)
    found = ask_stack.reviews(stack.session())
    assert (found.count, found.oldest, found.complete) == (2, stack.clock(), True)


def test_a_search_is_made_through_the_stacks_own_function() -> None:
    stack = FakeStack()
    stack.store(some_entry())
    assert ask_stack.probe_search(stack.session()) == 1
    assert [one.task for one in stack.invoked] == ["query"]


def test_a_function_that_fails_tells_its_kind_and_not_its_words() -> None:
    stack = FakeStack(failures={"review": ("ServerSelectionTimeoutError", "mongodb://me:a-secret@db")})
    with pytest.raises(FunctionFailed) as caught:
        ask_stack.reviews(stack.session())
    assert caught.value.kind == "ServerSelectionTimeoutError"
    assert "a-secret" not in str(caught.value)


class Buckets:
    """Of a catalogue that is banned, and others that nobody has asked."""

    def __init__(self, until: datetime) -> None:
        self.banned = Bucket(
            tokens=0, at=0, per_second=0.5, capacity=1, paused_until=until.timestamp(), reason=Reason.BAN
        )

    def find(self, catalogue: str) -> Bucket | None:
        return self.banned if catalogue == "anidb" else None


class Counting(FakeStack):
    """Whose function ``query`` knows how the catalogues are doing, as the deployed one does."""

    buckets: Any = None

    def invoke(self, task: str, event: dict[str, Any], *, waits: bool) -> Any:
        assert event_class(task).model_validate(event)
        assert (task, waits) == ("query", True)
        return catalogue_states(self.buckets, clock=self.clock)


def test_catalogues_tell_until_when_they_pause_and_why() -> None:
    stack = Counting()
    until = stack.clock() + timedelta(hours=1)
    stack.buckets = Buckets(until)
    found = ask_stack.catalogues(stack.session())
    assert {one.catalogue for one in found.states} == set(Catalogue)
    paused = [one for one in found.states if one.paused_until is not None]
    assert paused == [CatalogueState(catalogue="anidb", paused_until=until, reason="ban")]


def test_catalogues_that_nothing_counts_say_so() -> None:
    assert "neither a cache nor a table" in (ask_stack.catalogues(Counting().session()).problem or "")


def test_a_stack_that_does_not_know_the_question_keeps_no_states() -> None:
    stack = FakeStack(failures={"query": ("BadInput", "the event is not valid: action")})
    assert ask_stack.catalogues(stack.session()) == Catalogues()


def test_another_failure_is_no_lack_of_states() -> None:
    with pytest.raises(FunctionFailed):
        ask_stack.catalogues(FakeStack(failures={"query": ("Unavailable", "no")}).session())
