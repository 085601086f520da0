"""The whole examination of a stack: what is asked when, and the findings in the order in which one would act on them.

What can be asked without AWS comes first, then the account, then the stack, as far as it is deployed; within each all
questions are under way at once.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.doctor import ask_account, ask_laptop, ask_machine, deployment, laptop, signing_in, tools
from cli.doctor.asking import Clients, ask
from cli.doctor.errors import NoAnswer
from cli.doctor.examine_account import AccountQuestions
from cli.doctor.examine_stack import CloudQuestions, StackQuestions
from cli.doctor.findings import LOCAL_STACKS, Finding, unanswered, warning, worst
from cli.doctor.signing_in import Identity
from cli.doctor.tools import StackFile

if TYPE_CHECKING:
    from local.control import Status


def _now() -> datetime:
    return datetime.now(UTC)


def _status(name: str, root: Path) -> "Status":
    from local.control import status

    return status(name, root=root)


@dataclass(frozen=True, kw_only=True)
class World:
    """All that is outside. ``clients`` makes those of a region, or of a local stack's endpoint."""

    root: Path
    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    clients: Callable[[str, str | None], Clients] = lambda region, url: Clients(region, endpoint_url=url)
    local_status: Callable[[str, Path], "Status"] = _status
    now: Callable[[], datetime] = _now


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    stack: str
    region: str | None
    deployed: bool
    findings: tuple[Finding, ...]

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "region": self.region,
            "deployed": self.deployed,
            "state": worst(self.findings).value,
            "findings": [finding.as_json for finding in self.findings],
        }


def diagnose(stack: str, *, region: str | None, probe: bool, world: World) -> Diagnosis:
    """``probe`` makes one real call of the embedding model, which costs next to nothing and is no mere look."""
    if stack in LOCAL_STACKS:
        return _on_laptop(stack, probe=probe, world=world)
    return _in_cloud(stack, region=region, probe=probe, world=world)


def _in_cloud(stack: str, *, region: str | None, probe: bool, world: World) -> Diagnosis:
    environment, root = world.environment, world.root
    path = environment.get("PATH")
    pulumi = ask(partial(ask_machine.version_of, "pulumi", "version", path=path))
    uv = ask(partial(ask_machine.version_of, "uv", "--version", path=path))
    backend = ask(partial(ask_machine.read_backend, root, stack, environment, home=world.home))
    settings = ask(partial(ask_machine.read_stack_file, root, stack)).answer()
    chosen = ask_machine.chosen_region(environment, region)
    where = settings.region if isinstance(settings, StackFile) else chosen

    first = [tools.stack_file(settings, stack=stack)]
    deployed, last = False, list[Finding]()
    if where is None:
        first.append(warning("AWS sign-in", "not looked at: no region is known", "set AWS_REGION"))
    else:
        clients = world.clients(where, None)
        who = ask(partial(ask_account.identity, clients), calls=2).answer()
        first.append(signing_in.aws_sign_in(who))
        if isinstance(settings, StackFile):
            first.append(signing_in.aws_region(settings.region, chosen, stack=stack))
        if isinstance(who, Identity):
            deployed, last = _in_account(stack, clients, who, settings, probe=probe, now=world.now())
        else:
            last = [warning("account and stack", "not looked at: AWS does not know who you are", "sign in, and repeat")]
    names = ask_machine.names_set(environment)
    if isinstance(settings, StackFile):
        names |= settings.variables
    first += [
        signing_in.atlas_credentials(names, deployed=deployed),
        signing_in.qdrant_credentials(names, deployed=deployed),
        signing_in.pulumi_backend(backend.answer(), deployed=deployed),
        tools.pulumi_tool(pulumi.answer(), library=_library("pulumi"), deployed=deployed),
        tools.uv_tool(uv.answer(), deployed=deployed),
    ]
    return Diagnosis(stack=stack, region=where, deployed=deployed, findings=(*first, *last))


def _library(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # it belongs to those who deploy, and is not needed to look
        return ""


def _in_account(
    stack: str, clients: Clients, who: Identity, settings: StackFile | NoAnswer, *, probe: bool, now: datetime
) -> tuple[bool, list[Finding]]:
    """Whether the stack is deployed, and what is found in its account and of itself."""
    directory = ask(partial(ask_account.endpoints, clients, stack), calls=2)
    questions = AccountQuestions(stack, clients, who, settings) if isinstance(settings, StackFile) else None
    endpoints = directory.answer()
    deployed = isinstance(endpoints, Mapping)
    # A deployed stack is probed with its own rights, by a search.
    findings = questions.findings(deployed=deployed, probe=probe and not deployed) if questions else []
    findings.append(deployment.deployment(endpoints, stack=stack))
    if not isinstance(endpoints, NoAnswer):
        in_cloud = CloudQuestions(stack, clients, who, settings)
        of_stack = StackQuestions(stack, clients, endpoints, settings, probe=probe)
        findings += [*in_cloud.findings(), *of_stack.findings(now)]
    return deployed, findings


def _on_laptop(stack: str, *, probe: bool, world: World) -> Diagnosis:
    found = ask(partial(world.local_status, stack, world.root)).answer()
    if isinstance(found, NoAnswer):
        return Diagnosis(stack=stack, region=None, deployed=False, findings=(unanswered("local stack", found),))
    findings = [laptop.local_stack(found.state, pid=found.pid, cleaned=found.cleaned)]
    if found.description is None:
        return Diagnosis(stack=stack, region=None, deployed=False, findings=tuple(findings))
    described = found.description
    emulator = ask(partial(ask_laptop.emulator, described["aws_endpoint"]))
    mongo = ask(partial(ask_laptop.mongo, described["mongo_uri"]))
    redis = ask(partial(ask_laptop.redis, described["redis_url"])) if described["redis_url"] else None
    answered = emulator.answer()
    findings += [
        laptop.server("AWS emulator", answered),
        laptop.server("MongoDB", mongo.answer()),
        laptop.cache(redis.answer() if redis else None),
    ]
    if not isinstance(answered, NoAnswer):
        settings = ask(partial(ask_machine.read_stack_file, world.root, "local")).answer()
        clients = world.clients(described["region"], described["aws_endpoint"])
        of_stack = StackQuestions(stack, clients, described["endpoints"], settings, probe=probe)
        findings += of_stack.findings(world.now())
    return Diagnosis(stack=stack, region=described["region"], deployed=True, findings=tuple(findings))
