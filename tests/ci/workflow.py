"""The workflow as data, and what holds of it: each rule a function from a workflow to the problems it sees.

Everything is text, as YAML's own ideas of ``on``, ``true`` and ``3.10`` only get in the way.
"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".github" / "workflows" / "cicd.yml"

Workflow = dict[str, Any]
Job = dict[str, Any]
Rule = Callable[[Workflow], Iterator[str]]

READS = {"contents": "read"}
SIGNS_IN = {**READS, "id-token": "write"}
PERMISSIONS = {
    "check": READS,
    "test": READS,
    "plan": READS,
    "preview": {**SIGNS_IN, "pull-requests": "write"},
    "staging": SIGNS_IN,
    "production": SIGNS_IN,
    "drift": SIGNS_IN,
}
UPDATES = {"staging": "dev", "production": "prod"}
ON_MAIN = "github.ref == 'refs/heads/main'"
OWN_BRANCH = "github.event.pull_request.head.repo.full_name == github.repository"

_PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
_PULUMI = re.compile(r"^(pulumi/actions@|pulumi |\.github/drift\.sh )")
_NAMED_PIN = re.compile(r"^\s*(- )?uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read_workflow() -> Workflow:
    loaded: Workflow = yaml.load(FILE.read_text(), yaml.BaseLoader)  # noqa: S506 (it makes nothing but text)
    return loaded


def changed(workflow: Workflow, *path: str, to: object) -> Workflow:
    """The workflow with another value at the path; None takes it away."""
    other = copy.deepcopy(workflow)
    place = other
    for key in path[:-1]:
        place = place[key]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return other


def with_step(workflow: Workflow, job: str, step: dict[str, Any]) -> Workflow:
    return changed(workflow, "jobs", job, "steps", to=[*workflow["jobs"][job]["steps"], step])


def steps(workflow: Workflow) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            yield name, step


def condition(job: Job) -> list[str]:
    """What must all hold for the job to run."""
    text = job.get("if", "")
    return [] if "||" in text else [" ".join(part.split()) for part in text.split("&&")]


def text_of(part: object) -> str:
    return yaml.safe_dump(part, width=10_000)


def only_code_that_may_run_is_run(workflow: Workflow) -> Iterator[str]:
    """``pull_request_target`` and ``workflow_run`` hand a fork's code the keys of the repository."""
    for trigger in workflow["on"].keys() - {"pull_request", "push", "schedule"}:
        yield f"is started by {trigger}"
    if workflow["on"].get("push", {}).get("branches") != ["main"]:
        yield "is started by pushes to other branches than main"


def actions_are_pinned(workflow: Workflow) -> Iterator[str]:
    for job, step in steps(workflow):
        if "uses" in step and not _PINNED.fullmatch(step["uses"]):
            yield f"{job} uses {step['uses']}, which can be moved to other code"
    for job, body in workflow["jobs"].items():
        if "uses" in body:
            yield f"{job} is the workflow {body['uses']}, whose steps nobody here has seen"


def permissions_are_least(workflow: Workflow) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "gives every job the same permissions"
    for name, job in workflow["jobs"].items():
        if job.get("permissions") != PERMISSIONS.get(name):
            yield f"{name} has the permissions {job.get('permissions')}"


def jobs_end(workflow: Workflow) -> Iterator[str]:
    for name, job in workflow["jobs"].items():
        if not 0 < int(job.get("timeout-minutes", "0")) <= 120:
            yield f"{name} may run for six hours"


def git_credentials_are_not_left_behind(workflow: Workflow) -> Iterator[str]:
    for job, step in steps(workflow):
        if "actions/checkout@" in step.get("uses", ""):
            given = step.get("with", {})
            if given.get("persist-credentials") != "false":
                yield f"{job} leaves its token in the working copy"
            if "ref" in given or "repository" in given:
                yield f"{job} checks out something else than what started it"


def scripts_are_fixed(workflow: Workflow) -> Iterator[str]:
    for job, step in steps(workflow):
        if "${{" in step.get("run", ""):
            yield f"{job} puts a value into a script, where it could be a command: pass it by env"


def secrets_stay_behind_environments(workflow: Workflow) -> Iterator[str]:
    if "secrets" in text_of({key: part for key, part in workflow.items() if key != "jobs"}):
        yield "hands secrets to every job"
    for name, job in workflow["jobs"].items():
        if "environment" not in job and ("secrets" in text_of(job) or "vars." in text_of(job)):
            yield f"{name} takes secrets that no environment guards"
        if "secrets" in text_of({key: part for key, part in job.items() if key != "steps"}):
            yield f"{name} hands secrets to each of its steps"
        for step in job["steps"]:
            if "secrets" in text_of(step) and not _PULUMI.match(step.get("uses", "") + step.get("run", "")):
                yield f"{name} hands secrets to a step that is none of Pulumi's"


def foreign_branches_get_the_plan(workflow: Workflow) -> Iterator[str]:
    plan = workflow["jobs"]["plan"]
    if condition(plan) != ["github.event_name == 'pull_request'"] or "environment" in plan or "needs" in plan:
        yield "plan is not shown on every pull request"
    if not any("make --silent plan" in step.get("run", "") for step in plan["steps"]):
        yield "plan shows something else"


def previews_are_of_own_branches(workflow: Workflow) -> Iterator[str]:
    preview = workflow["jobs"]["preview"]
    if sorted(condition(preview)) != [OWN_BRANCH, "github.event_name == 'pull_request'"]:
        yield "preview gives keys to the code of forks"
    if preview.get("environment") != "preview":
        yield "preview waits for no reviewer"
    if preview["strategy"]["matrix"] != {"stack": ["dev", "prod"]}:
        yield "preview leaves a stack out"


def only_main_is_applied(workflow: Workflow) -> Iterator[str]:
    for name, job in workflow["jobs"].items():
        applies = any(
            step.get("with", {}).get("command") not in (None, "preview") or "pulumi up" in step.get("run", "")
            for step in job["steps"]
        )
        if applies != (name in UPDATES):
            yield f"{name} {'applies' if applies else 'does not apply'} a stack"
    for name in UPDATES:
        job = workflow["jobs"][name]
        if sorted(condition(job)) != ["github.event_name == 'push'", ON_MAIN]:
            yield f"{name} applies something else than main"
        if job.get("environment") != name:
            yield f"{name} is not guarded by its environment"
        if "commits/main" not in job["steps"][0].get("run", ""):
            yield f"{name} applies an old commit that is approved late"


def one_stage_after_the_other(workflow: Workflow) -> Iterator[str]:
    jobs = workflow["jobs"]
    if set(jobs["staging"].get("needs", ())) < {"check", "test"}:
        yield "staging does not wait for the checks"
    if "staging" not in jobs["production"].get("needs", ()):
        yield "production does not wait for staging"


def updates_wait_for_each_other(workflow: Workflow) -> Iterator[str]:
    for name, stack in UPDATES.items():
        expected = {"group": f"update-{stack}", "cancel-in-progress": "false"}
        if workflow["jobs"][name].get("concurrency") != expected:
            yield f"{name} runs beside another update of {stack}, or breaks it off"
    if workflow["concurrency"]["cancel-in-progress"] != "${{ github.event_name == 'pull_request' }}":
        yield "a push breaks off what runs on main"


def drift_is_of_main(workflow: Workflow) -> Iterator[str]:
    drift = workflow["jobs"]["drift"]
    if sorted(condition(drift)) != ["github.event_name == 'schedule'", ON_MAIN]:
        yield "drift compares something else than main"
    if drift.get("environment") != "drift":
        yield "drift has the keys of another job"
    if drift["strategy"]["matrix"] != {"stack": ["dev", "prod"]}:
        yield "drift leaves a stack out"
    if not any(".github/drift.sh" in step.get("run", "") for step in drift["steps"]):
        yield "drift compares nothing"


def policies_judge(workflow: Workflow) -> Iterator[str]:
    for job, step in steps(workflow):
        given, script = step.get("with", {}), step.get("run", "")
        if "command" in given and given.get("policyPacks") != "policies":
            yield f"{job} runs Pulumi without the policies"
        if "pulumi up" in script and "--policy-pack policies" not in script:
            yield f"{job} runs Pulumi without the policies"


RULES: tuple[Rule, ...] = (
    only_code_that_may_run_is_run,
    actions_are_pinned,
    permissions_are_least,
    jobs_end,
    git_credentials_are_not_left_behind,
    scripts_are_fixed,
    secrets_stay_behind_environments,
    foreign_branches_get_the_plan,
    previews_are_of_own_branches,
    only_main_is_applied,
    one_stage_after_the_other,
    updates_wait_for_each_other,
    drift_is_of_main,
    policies_judge,
)


def pins_without_a_version(text: str) -> list[str]:
    """Lines that pin an action and do not say which release it is; YAML drops the comment."""
    return [line for line in text.splitlines() if "uses:" in line and not _NAMED_PIN.match(line)]
