"""Alarms: who is told, and what rings: a timer that does not fire, a weekly run that never succeeds, an old review."""

import dataclasses
import functools
import tempfile
from pathlib import Path
from typing import Any

import pytest

from components.aws.alarms import METRICS_NAMESPACE, AlarmTopicArgs, OwnMetric, Silence
from components.aws.review import ReviewArgs
from components.aws.schedules import Overdue
from local.program import record_program
from local.recording import RecordedResource, Recording
from runtime.metrics import NAMESPACE, STACK
from workflows.watch import HOURS_SINCE, OLDEST_REVIEW_HOURS

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
SCHEDULE = "aws:scheduler/schedule:Schedule"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
WEEK_SECONDS = 7 * 24 * 3600

PROGRAM = """
import pulumi
import pulumi_aws as aws
from components.aws.alarms import AlarmTopic, AlarmTopicArgs, OwnMetric, Silence, alarm_when_silent
from components.aws.queues import DeadLetterQueue, DeadLetterQueueArgs
from components.aws.review import Review, ReviewArgs
from components.aws.schedules import Overdue, Schedules, SchedulesArgs, Timer
from components.tags import Service

ours = pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-central-1"))
topic = AlarmTopic("alarms", AlarmTopicArgs(topic_name="anime-infra-dev-alarms", account="1", emails={emails}), ours)
queue = DeadLetterQueue(
    "schedule-dlq",
    DeadLetterQueueArgs(
        queue_name="anime-infra-dev-schedule-dlq",
        meaning="Start it by hand",
        service=Service.SCHEDULES,
        alarm_topic_arn=topic.topic_arn,
    ),
    ours,
)


def timer(role, expression, overdue):
    name = f"anime-infra-dev-{{role}}"
    return Timer(
        role=role,
        expression=expression,
        function_name=name,
        function_arn=f"arn:aws:lambda:eu-central-1:1:function:{{name}}",
        meaning=f"when {{role}} is due",
        overdue=overdue,
    )


Schedules(
    "schedules",
    SchedulesArgs(
        name_prefix="anime-infra-dev",
        stack="dev",
        timers=[
            timer("weekly-sync", "cron(0 1 ? * SAT *)", Overdue(hours=174, metric=OwnMetric.HOURS_SINCE_SYNC)),
            timer("snapshot", "cron(0 3 ? * SUN *)", Overdue(hours=174, metric=OwnMetric.HOURS_SINCE_SNAPSHOT)),
            timer("daily-scheduler", "cron(5 0 * * ? *)", Overdue(hours=26)),
            timer("watch", "cron(30 * * * ? *)", Overdue(hours=3)),
        ],
        enabled={enabled},
        dead_letter_queue_arn=queue.arn,
        alarm_topic_arn=topic.topic_arn,
        account="1",
    ),
    ours,
)
Review(
    "review-desk",
    ReviewArgs(
        name_prefix="anime-infra-dev",
        stack="dev",
        function_names={{"decides": "anime-infra-dev-review"}},
        remind_after_hours=72,
        alarm_topic_arn=topic.topic_arn,
    ),
    ours,
)
"""


@functools.cache
def recorded(*, emails: tuple[str, ...] = (), enabled: bool = True) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (root / "Pulumi.dev.yaml").write_text("config: {}")
        (root / "__main__.py").write_text(PROGRAM.format(emails=list(emails), enabled=enabled))
        return record_program(stack="dev", root=root)


def alarm(name: str, recording: Recording | None = None) -> dict[str, Any]:
    """By its physical name without the stack's."""
    found = [r for r in (recording or recorded()).of_type(ALARM) if r.inputs["name"] == f"anime-infra-dev-{name}"]
    assert len(found) == 1, name
    return dict(found[0].inputs)


def alarms_of_timers(recording: Recording) -> dict[str, dict[str, Any]]:
    """By the timer's physical name."""
    alarms = (resource.inputs for resource in recording.of_type(ALARM))
    return {each["name"].removesuffix("-overdue"): dict(each) for each in alarms if each["name"].endswith("-overdue")}


def subscriptions(*emails: str) -> dict[str, RecordedResource]:
    return {each.inputs["endpoint"]: each for each in recorded(emails=emails).of_type(SUBSCRIPTION)}


# ----------------------------------------------------------------------------------------------------------- the topic


def test_every_address_is_subscribed_to_the_topic_by_mail() -> None:
    found = subscriptions("ana@example.org", "ops2@example.org")
    topic = recorded().named("alarms-topic")

    assert set(found) == {"ana@example.org", "ops2@example.org"}
    assert {(each.inputs["protocol"], each.inputs["topic"]) for each in found.values()} == {
        ("email", topic.outputs["arn"])
    }


def test_without_addresses_there_is_the_topic_alone() -> None:
    assert subscriptions() == {}
    assert len(recorded().of_type("aws:sns/topic:Topic")) == 1


def test_a_subscription_keeps_its_name_when_another_address_comes_or_goes() -> None:
    both = subscriptions("ana@example.org", "dev-2@example.org")
    other_way = subscriptions("dev-2@example.org", "ana@example.org")
    alone = subscriptions("dev-2@example.org")

    assert len({each.name for each in both.values()}) == 2
    assert {email: each.name for email, each in both.items()} == {e: each.name for e, each in other_way.items()}
    assert alone["dev-2@example.org"].name == both["dev-2@example.org"].name


def test_the_name_of_a_subscription_holds_letters_and_nothing_of_the_address() -> None:
    name = subscriptions("dev-2@example.org")["dev-2@example.org"].name

    assert name.startswith("alarms-email-")
    assert name.replace("-", "").isalpha()
    assert "example" not in name


@pytest.mark.parametrize("again", ["ana@example.org", "Ana@Example.org"])
def test_an_address_that_is_named_twice_is_refused(again: str) -> None:
    with pytest.raises(ValueError, match="name it once"):
        AlarmTopicArgs(topic_name="t", account="1", emails=["ana@example.org", again])


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_ends() -> None:
    topic = recorded().named("alarms-topic").outputs["arn"]

    for each in recorded().of_type(ALARM):
        assert (each.inputs["alarmActions"], each.inputs["okActions"]) == ([topic], [topic]), each.name
        assert each.inputs["alarmDescription"], each.name


# ------------------------------------------------------------------------------------------------------------- timers


def test_every_timer_has_an_alarm() -> None:
    assert set(alarms_of_timers(recorded())) == {each.inputs["name"] for each in recorded().of_type(SCHEDULE)}


@pytest.mark.parametrize(("role", "hours"), [("daily-scheduler", 26), ("watch", 3)])
def test_a_timer_that_does_not_invoke_its_function_rings(role: str, hours: int) -> None:
    found = alarm(f"{role}-overdue")

    assert (found["namespace"], found["metricName"], found["statistic"]) == ("AWS/Lambda", "Invocations", "Sum")
    assert found["dimensions"] == {"FunctionName": f"anime-infra-dev-{role}"}
    assert (found["comparisonOperator"], found["threshold"]) == ("LessThanThreshold", 1)
    assert (found["period"], found["evaluationPeriods"], found["datapointsToAlarm"]) == (3600, hours, hours)
    assert found["treatMissingData"] == "breaching"
    assert found["actionsEnabled"] is True


@pytest.mark.parametrize(("role", "hours"), [("daily-scheduler", 26), ("watch", 3)])
def test_a_new_stack_does_not_ring_before_its_first_run_can_have_come(role: str, hours: int) -> None:
    assert alarm(f"{role}-overdue")["warmUpConfiguration"] == {"warmUpPeriodDurationInMinutes": hours * 60}


@pytest.mark.parametrize(("role", "metric"), [("weekly-sync", "HoursSinceSync"), ("snapshot", "HoursSinceSnapshot")])
def test_a_weekly_run_that_does_not_succeed_rings_some_hours_after_it_was_due(role: str, metric: str) -> None:
    found = alarm(f"{role}-overdue")

    assert (found["namespace"], found["metricName"], found["statistic"]) == ("AnimeInfra", metric, "Maximum")
    assert found["dimensions"] == {"Stack": "dev"}
    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", 7 * 24 + 6)
    assert (found["period"], found["evaluationPeriods"]) == (3600, 1)
    assert found["actionsEnabled"] is True


def test_an_hour_without_figures_ends_no_alarm_over_them() -> None:
    ours = [each.inputs for each in recorded().of_type(ALARM) if each.inputs["namespace"] == METRICS_NAMESPACE]

    assert len(ours) == 3
    assert {each["treatMissingData"] for each in ours} == {"ignore"}


def test_disabled_timers_ring_nobody_and_are_in_no_alarm_that_they_could_not_enter_later() -> None:
    found = alarms_of_timers(recorded(enabled=False))

    assert {name: each["actionsEnabled"] for name, each in found.items()} == {
        each.inputs["name"]: False for each in recorded(enabled=False).of_type(SCHEDULE)
    }
    assert {each["treatMissingData"] for each in found.values()} == {"missing", "ignore"}


def test_with_disabled_timers_everything_else_still_rings() -> None:
    quiet = {each["name"] for each in alarms_of_timers(recorded(enabled=False)).values()}
    others = [a for a in recorded(enabled=False).of_type(ALARM) if a.inputs["name"] not in quiet]

    assert len(others) == 3
    assert {each.inputs["actionsEnabled"] for each in others} == {True}


def test_no_alarm_looks_back_further_than_cloudwatch_does() -> None:
    """A week with periods of an hour or more, a day with shorter ones."""
    for each in recorded().of_type(ALARM):
        most = WEEK_SECONDS if each.inputs["period"] >= 3600 else 24 * 3600
        assert each.inputs["period"] * each.inputs["evaluationPeriods"] <= most, each.name


@pytest.mark.parametrize("hours", [0, 7 * 24 + 1])
def test_a_silence_that_cloudwatch_cannot_judge_is_refused(hours: int) -> None:
    with pytest.raises(ValueError, match="choose 1 to 168"):
        Silence(alarm_name="a", function_name="f", hours=hours, meaning="m")
    with pytest.raises(ValueError, match=r"CloudWatch looks back 168 hours|at least an hour"):
        Overdue(hours=hours)


def test_what_a_metric_of_ours_measures_may_be_longer_than_cloudwatch_looks_back() -> None:
    assert Silence(alarm_name="a", function_name="f", hours=168, meaning="m")
    assert Overdue(hours=168)
    assert Overdue(hours=1000, metric=OwnMetric.HOURS_SINCE_SYNC)


# ------------------------------------------------------------------------------------------------------------- reviews


def test_a_review_older_than_its_limit_rings() -> None:
    found = alarm("review-waiting")

    assert (found["metricName"], found["statistic"]) == ("OldestReviewHours", "Maximum")
    assert (found["namespace"], found["dimensions"]) == ("AnimeInfra", {"Stack": "dev"})
    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", 72)
    assert found["actionsEnabled"] is True


def test_a_limit_that_nobody_can_keep_is_refused() -> None:
    good = ReviewArgs(
        name_prefix="p", stack="dev", function_names={"decides": "f"}, remind_after_hours=1, alarm_topic_arn="arn"
    )

    with pytest.raises(ValueError, match="before anybody could look"):
        dataclasses.replace(good, remind_after_hours=0)


# ------------------------------------------------------------------------------------------- what the others rely upon


def test_a_count_above_zero_rings_at_once_and_no_data_is_good() -> None:
    found = alarm("schedule-dlq-has-messages")

    assert (found["comparisonOperator"], found["threshold"]) == ("GreaterThanThreshold", 0)
    assert (found["period"], found["evaluationPeriods"], found["treatMissingData"]) == (300, 1, "notBreaching")


def test_alarms_watch_the_figures_that_the_functions_record() -> None:
    assert {metric.value for metric in OwnMetric} == {OLDEST_REVIEW_HOURS, *HOURS_SINCE.values()}
    assert METRICS_NAMESPACE == NAMESPACE
    assert set(alarm("review-waiting")["dimensions"]) == {STACK}
