"""What the doctor says in its own words must be what the program, the settings and AWS say."""

import re
from typing import Final

import pytest

from cli.doctor import deployment, signing_in, work
from cli.doctor.ask_machine import read_stack_file
from cli.doctor.rights import WRITES, Right
from cli.doctor.tools import StackFile
from components.application.pipeline import FUNCTIONS, TIMERS
from components.aws.secrets_manager import CATALOGUE_SECRETS
from components.qdrant.provider import ACCOUNT_ID, API_KEY
from components.settings import StackSettings
from components.tags import PROJECT
from local.configuration import REPOSITORY
from tests.components.recordings import recorded
from tests.support.iam import only_reads

SOURCES: Final = sorted((REPOSITORY / "src" / "cli" / "doctor").glob("*.py"))


def names(type_token: str) -> set[str]:
    """Physical ones, of the stack dev as the program registers it."""
    return {resource.inputs["name"] for resource in recorded("dev").of_type(type_token)}


def test_settings_that_are_not_given_are_those_of_the_program() -> None:
    theirs = {name: field.default for name, field in StackSettings.model_fields.items()}
    ours = StackFile(stage="", region="", embedder="", schedules_enabled=False)
    assert ours.fetch_concurrency == theirs["fetch_concurrency"]
    assert ours.bulk_concurrency == theirs["bulk_concurrency"]
    assert ours.review_reminder_hours == theirs["review_reminder_hours"]
    assert ours.boundary == theirs["permissions_boundary"]
    assert ours.in_vpc == (theirs["network"] == "full")
    assert ours.nat_in_each_zone == (theirs["nat"] == "zone")
    assert ours.alarm_emails == len(theirs["alarm_emails"])
    assert ours.zones == theirs["availability_zones"]


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_the_settings_of_every_stack_can_be_read(stack: str) -> None:
    assert read_stack_file(REPOSITORY, stack).stage == stack


def test_names_of_the_stack_begin_as_the_program_makes_them() -> None:
    assert deployment.PROJECT == PROJECT
    prefix = deployment.prefix_of("dev")
    for kind in ("sqs/queue:Queue", "sns/topic:Topic", "lambda/function:Function", "secretsmanager/secret:Secret"):
        found = names(f"aws:{kind}")
        assert found
        assert all(name.startswith(prefix) for name in found)


def test_there_is_a_topic_a_queue_and_a_function_of_every_name_that_is_asked_for() -> None:
    assert f"{deployment.prefix_of('dev')}alarms" in names("aws:sns/topic:Topic")
    assert f"{deployment.prefix_of('dev')}fetch-source" in names("aws:lambda/function:Function")
    queues = {name.removeprefix(deployment.prefix_of("dev")) for name in names("aws:sqs/queue:Queue")}
    assert queues == set(deployment.LETTERS)


def test_timers_are_found_by_the_stacks_prefix_in_the_default_group() -> None:
    timers = recorded("dev").of_type("aws:scheduler/schedule:Schedule")
    assert len(timers) == len(TIMERS)
    assert all(timer.inputs["name"].startswith(deployment.prefix_of("dev")) for timer in timers)
    assert all(timer.inputs.get("groupName", "default") == "default" for timer in timers)


def test_only_the_function_that_fetches_sets_concurrency_aside() -> None:
    assert [spec.task for spec in FUNCTIONS if spec.limited] == ["fetch_source"]


def test_every_secret_that_a_person_puts_in_says_what_is_off_without_it() -> None:
    assert set(CATALOGUE_SECRETS) <= set(deployment.WITHOUT_SECRET)
    by_people = {
        name.removeprefix(deployment.prefix_of("dev") + deployment.CATALOGUE_ROLE)
        for name in names("aws:secretsmanager/secret:Secret")
        if deployment.CATALOGUE_ROLE in name
    }
    assert by_people == set(CATALOGUE_SECRETS)


def test_weekly_runs_are_overdue_when_their_alarms_ring() -> None:
    hours = {timer.overdue.hours for timer in TIMERS if timer.role in {"weekly-sync", "snapshot"}}
    assert {work.OVERDUE.total_seconds() / 3600} == hours


@pytest.mark.parametrize(("kind", "role"), [("sync", "weekly-sync"), ("snapshot", "snapshot")])
def test_weekly_runs_come_when_the_doctor_says(kind: str, role: str) -> None:
    (timer,) = [timer for timer in TIMERS if timer.role == role]
    when = re.search(r"(\w+day) (\d\d:\d\d) UTC", work.WEEKLY[kind][1])
    assert when is not None
    assert f"{when[1]} {when[2]} UTC" in timer.meaning


def test_credentials_of_qdrant_cloud_are_those_that_the_program_reads() -> None:
    assert signing_in.QDRANT == (API_KEY, ACCOUNT_ID)


@pytest.mark.parametrize("right", list(Right))
def test_every_right_exists_and_all_but_one_only_read(right: Right) -> None:
    assert only_reads(right.value) is (right not in WRITES)


def test_every_right_is_asked_with() -> None:
    text = "".join(path.read_text() for path in SOURCES)
    assert [right.name for right in Right if f"Right.{right.name}" not in text] == []
