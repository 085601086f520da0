"""What the workflow on the repository's host may do, and a broken workflow that each rule rejects."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.ci.workflow import (
    FILE,
    ROOT,
    RULES,
    Rule,
    Workflow,
    changed,
    pins_without_a_version,
    read_workflow,
    with_step,
)

SHA = "0" * 40


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_workflow_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(read_workflow())) == []


def _job(job: str, *path: str, to: object) -> Callable[[Workflow], Workflow]:
    return lambda workflow: changed(workflow, "jobs", job, *path, to=to)


def _step(job: str, **step: Any) -> Callable[[Workflow], Workflow]:
    return lambda workflow: with_step(workflow, job, step)


def _uses(action: str) -> Callable[[Workflow], Workflow]:
    return _step("check", uses=action)


def _each_step(job: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Workflow], Workflow]:
    return lambda workflow: changed(
        workflow, "jobs", job, "steps", to=[change(step) for step in workflow["jobs"][job]["steps"]]
    )


def _in_script(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda step: {**step, "run": step["run"].replace(old, new)} if "run" in step else step


def _without_input(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda step: {
        **step,
        **({"with": {key: value for key, value in step["with"].items() if key != name}} if "with" in step else {}),
    }


def _trigger(name: str, value: object) -> Callable[[Workflow], Workflow]:
    return lambda workflow: changed(workflow, "on", name, to=value)


OWN_BRANCH = "github.event.pull_request.head.repo.full_name == github.repository"
SECRET = {"KEY": "${{ secrets.QDRANT_CLOUD_API_KEY }}"}

BROKEN: dict[str, list[Callable[[Workflow], Workflow]]] = {
    "only_code_that_may_run_is_run": [
        _trigger("pull_request_target", {}),
        _trigger("workflow_run", {}),
        _trigger("workflow_dispatch", {}),
        _trigger("push", {"branches": ["**"]}),
        _trigger("push", None),
    ],
    "actions_are_pinned": [
        _uses("actions/checkout@v7"),
        _uses("actions/checkout@main"),
        _uses("actions/checkout@" + SHA[:7]),
        _uses("actions/checkout"),
        _uses("docker://alpine:3"),
        _job("check", "uses", to=f"someone/workflows/.github/workflows/ci.yml@{SHA}"),
    ],
    "permissions_are_least": [
        lambda workflow: changed(workflow, "permissions", to="read-all"),
        lambda workflow: changed(workflow, "permissions", to=None),
        _job("check", "permissions", to=None),
        _job("test", "permissions", "contents", to="write"),
        _job("plan", "permissions", "id-token", to="write"),
        _job("staging", "permissions", "pull-requests", to="write"),
        lambda workflow: changed(workflow, "jobs", "more", to={"steps": [], "permissions": {"contents": "read"}}),
    ],
    "jobs_end": [_job("check", "timeout-minutes", to=None), _job("staging", "timeout-minutes", to="360")],
    "git_credentials_are_not_left_behind": [
        _each_step("check", _without_input("persist-credentials")),
        _each_step("preview", lambda step: {**step, "with": {**step.get("with", {}), "ref": "refs/pull/1/head"}}),
    ],
    "scripts_are_fixed": [_step("check", run='echo "${{ github.event.pull_request.title }}"')],
    "secrets_stay_behind_environments": [
        _step("plan", run="make plan", env=SECRET),
        _step("test", run="make test", env={"KEY": "${{ vars.KEY }}"}),
        _step("preview", run="make packages", env=SECRET),
        _job("preview", "env", to=SECRET),
        _job("preview", "environment", to=None),
        lambda workflow: changed(workflow, "env", to=SECRET),
    ],
    "foreign_branches_get_the_plan": [
        _job("plan", "if", to=f"github.event_name == 'pull_request' && {OWN_BRANCH}"),
        _job("plan", "environment", to="preview"),
        _job("plan", "needs", to=["preview"]),
        _job("plan", "steps", to=[]),
    ],
    "previews_are_of_own_branches": [
        _job("preview", "if", to="github.event_name == 'pull_request'"),
        _job("preview", "if", to=None),
        _job("preview", "if", to=f"github.event_name == 'pull_request' || {OWN_BRANCH}"),
        _job("preview", "environment", to=None),
        _job("preview", "environment", to="production"),
        _job("preview", "strategy", "matrix", "stack", to=["dev"]),
    ],
    "only_main_is_applied": [
        _step("preview", run="pulumi up --yes"),
        _step("drift", **{"with": {"command": "refresh"}}),
        _each_step("staging", _in_script("pulumi up", "pulumi preview")),
        _job("staging", "if", to="github.event_name == 'push'"),
        _job("production", "if", to=None),
        _job("production", "environment", to="staging"),
        lambda workflow: changed(
            workflow, "jobs", "production", "steps", to=workflow["jobs"]["production"]["steps"][1:]
        ),
    ],
    "one_stage_after_the_other": [
        _job("production", "needs", to=["check", "test"]),
        _job("production", "needs", to=None),
        _job("staging", "needs", to=["check"]),
    ],
    "updates_wait_for_each_other": [
        _job("staging", "concurrency", to=None),
        _job("production", "concurrency", "cancel-in-progress", to="true"),
        _job("production", "concurrency", "group", to="update-${{ github.sha }}"),
        lambda workflow: changed(workflow, "concurrency", "cancel-in-progress", to="true"),
    ],
    "drift_is_of_main": [
        _job("drift", "if", to="github.event_name == 'schedule'"),
        _job("drift", "environment", to="production"),
        _job("drift", "strategy", "matrix", "stack", to=["prod"]),
        _job("drift", "steps", to=[]),
    ],
    "policies_judge": [
        _each_step("preview", _without_input("policyPacks")),
        _each_step("production", _in_script(" --policy-pack policies", "")),
    ],
}


def test_every_rule_has_workflows_that_it_rejects() -> None:
    assert BROKEN.keys() == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [pytest.param(rule, broken, id=rule.__name__) for rule in RULES for broken in BROKEN[rule.__name__]],
)
def test_a_broken_workflow_is_rejected(rule: Rule, broken: Callable[[Workflow], Workflow]) -> None:
    assert list(rule(broken(read_workflow()))) != []


def test_every_pin_says_which_release_it_is() -> None:
    text = FILE.read_text()

    assert pins_without_a_version(text) == []
    assert pins_without_a_version(text.replace(" # v7.0.1", "")) != []
    assert pins_without_a_version(text.replace(" # v7.0.1", " # v7")) != []


def test_an_action_has_one_pin() -> None:
    pins = {line.split("uses: ")[1] for line in FILE.read_text().splitlines() if "uses: " in line}

    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


def test_the_command_line_of_pulumi_is_of_the_version_of_its_library() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (library,) = (name for name in project["dependency-groups"]["deploy"] if re.match(r"pulumi==", name))

    assert library == f"pulumi=={read_workflow()['env']['PULUMI_VERSION']}"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_workflow_signs_in_where_the_stack_stands(stack: str) -> None:
    settings = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]

    assert settings["anime-infra:awsRegion"] == read_workflow()["env"]["AWS_REGION"]
