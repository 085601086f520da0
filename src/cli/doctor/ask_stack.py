"""What a deployed stack tells, local or in the cloud, through the AWS API."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from cli.doctor.asking import FUNCTION_SECONDS, Clients, needing
from cli.doctor.deployment import FunctionState, Subscribers, Timers, prefix_of
from cli.doctor.errors import FunctionFailed, Unexpected
from cli.doctor.rights import Right
from cli.doctor.signing_in import Identity
from cli.doctor.work import Catalogues, CatalogueState, LastRun, Waiting
from cli.errors import RemoteError
from cli.session import Session
from workflows import keys

_MEMORY: Final = keys.report("watch", "since")
_MOST_REVIEWS: Final = 1000
_MOST_REPORTS: Final = 20
"""Of a kind that are read at most."""

_PENDING: Final = "PendingConfirmation"


def session(clients: Clients, stack: str, endpoints: Mapping[str, Any]) -> Session:
    """The stack as the other commands see it, with the doctor's own limits of time."""
    made = {"lambda": clients("lambda", seconds=FUNCTION_SECONDS), "s3": clients("s3")}
    return Session(stack, clients.region, endpoints, clients.endpoint_url, made)


def function_state(clients: Clients, name: str) -> FunctionState:
    with needing(Right.FUNCTION):
        found = clients("lambda").get_function_configuration(FunctionName=name)
    return FunctionState(
        name=name,
        state=found.get("State", "Active"),
        update=found.get("LastUpdateStatus", "Successful"),
        reason=found.get("StateReasonCode") or found.get("LastUpdateStatusReasonCode") or "",
    )


def secrets(clients: Clients, stack: str) -> dict[str, bool]:
    """Whether each of them has a value. The values are not asked for."""
    pages = clients("secretsmanager").get_paginator("list_secrets")
    with needing(Right.SECRETS):
        found = [
            secret
            for page in pages.paginate(Filters=[{"Key": "name", "Values": [prefix_of(stack)]}])
            for secret in page["SecretList"]
        ]
    return {
        secret["Name"]: any("AWSCURRENT" in stages for stages in secret.get("SecretVersionsToStages", {}).values())
        for secret in found
    }


def subscribers(clients: Clients, stack: str, who: Identity) -> Subscribers:
    topic = f"arn:{who.partition}:sns:{clients.region}:{who.account}:{prefix_of(stack)}alarms"
    pages = clients("sns").get_paginator("list_subscriptions_by_topic")
    with needing(Right.SUBSCRIPTIONS):
        arns = [each["SubscriptionArn"] for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]]
    pending = arns.count(_PENDING)
    return Subscribers(confirmed=len(arns) - pending, pending=pending)


def ringing(clients: Clients, stack: str) -> tuple[str, ...]:
    pages = clients("cloudwatch").get_paginator("describe_alarms")
    with needing(Right.ALARMS):
        return tuple(
            alarm["AlarmName"]
            for page in pages.paginate(AlarmNamePrefix=prefix_of(stack), StateValue="ALARM")
            for alarm in page["MetricAlarms"]
        )


def timers(clients: Clients, stack: str) -> Timers:
    pages = clients("scheduler").get_paginator("list_schedules")
    with needing(Right.TIMERS):
        found = [
            each
            for page in pages.paginate(GroupName="default", NamePrefix=prefix_of(stack))
            for each in page["Schedules"]
        ]
    return Timers(
        enabled=tuple(each["Name"] for each in found if each["State"] == "ENABLED"),
        paused=tuple(each["Name"] for each in found if each["State"] != "ENABLED"),
    )


def dead_letter_queues(clients: Clients, stack: str) -> dict[str, str]:
    """URL by name."""
    pages = clients("sqs").get_paginator("list_queues")
    with needing(Right.QUEUES):
        urls = [url for page in pages.paginate(QueueNamePrefix=prefix_of(stack)) for url in page.get("QueueUrls", ())]
    return {url.rpartition("/")[2]: url for url in urls if url.endswith("-dlq")}


def letters(clients: Clients, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    with needing(Right.QUEUE):
        return int(clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def last_run(stack: Session, kind: str) -> LastRun | None:
    """By the reports, and by what the function ``watch`` remembers of them."""
    found = _newest(stack, keys.report(kind, "").removesuffix(".json"))
    if not found:
        return None
    newest, *earlier = found
    report = _report(stack, newest)
    state, at = str(report.get("state", "")), newest["LastModified"]
    if not state:
        raise Unexpected("a report without a state")
    return LastRun(
        state=state,
        at=at,
        error=report.get("error"),
        succeeded_at=at if _is_good(report) else _last_success(stack, kind, earlier),
    )


def _last_success(stack: Session, kind: str, earlier: Iterable[Mapping[str, Any]]) -> datetime | None:
    """The watch knows of all; where it does not run, as on a laptop, the reports themselves tell."""
    with needing(Right.REPORT):
        memory = stack.read_json(_MEMORY) or {}
    remembered = _time(memory.get("runs", {}).get(kind, {}).get("succeeded_at"))
    if remembered is not None:
        return remembered
    return next((each["LastModified"] for each in earlier if _is_good(_report(stack, each))), None)


def _report(stack: Session, found: Mapping[str, Any]) -> Mapping[str, Any]:
    with needing(Right.REPORT):
        return stack.read_json(found["Key"]) or {}


def _is_good(report: Mapping[str, Any]) -> bool:
    """Reports of dry runs are reports, and change nothing."""
    return report.get("state") == "succeeded" and not report.get("result", {}).get("dry_run")


def _newest(stack: Session, prefix: str) -> list[Mapping[str, Any]]:
    """The newest objects, the newest first; of one second the last by name, for run ids sort by time."""
    pages = stack.s3.get_paginator("list_objects_v2")
    with needing(Right.REPORTS):
        found: list[Mapping[str, Any]] = [
            each
            for page in pages.paginate(Bucket=stack.data_bucket, Prefix=prefix)
            for each in page.get("Contents", ())
        ]
    return sorted(found, key=lambda each: (each["LastModified"], each["Key"]), reverse=True)[:_MOST_REPORTS]


def _time(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def reviews(stack: Session) -> Waiting:
    answer = _call(stack, "review", {"action": "list", "state": "pending", "limit": _MOST_REVIEWS})
    times = [datetime.fromisoformat(review["created_at"]) for review in answer["reviews"]]
    return Waiting(count=len(times), oldest=min(times, default=None), complete=len(times) < _MOST_REVIEWS)


def probe_search(stack: Session) -> int:
    """One search through everything: model, vector index, database. Returns the number of hits."""
    return len(_call(stack, "query", {"action": "search", "text": "anime", "limit": 1})["hits"])


def catalogues(stack: Session) -> Catalogues:
    """Which of them pause, as the buckets have it that all workers share."""
    try:
        found = _call(stack, "query", {"action": "catalogues"})
    except FunctionFailed as error:
        if error.kind == "BadInput":  # a stack that was deployed before it kept such states
            return Catalogues()
        raise
    return Catalogues(
        states=tuple(
            CatalogueState(
                catalogue=each["catalogue"], paused_until=_time(each["paused_until"]), reason=each["reason"] or ""
            )
            for each in found["catalogues"]
        ),
        problem=found["problem"],
    )


def _call(stack: Session, task: str, event: Mapping[str, Any]) -> Any:
    """Raises:
    FunctionFailed: with the type of the error; its message may be a foreign one.
    """
    with needing(Right.INVOKE):
        try:
            return stack.invoke(task, event)
        except RemoteError as error:
            raise FunctionFailed(error.kind) from None
