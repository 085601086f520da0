"""The whole examination of a stack: what is asked when, and the findings in the order in which one would act on them.

What can be asked without AWS comes first, then the account, then the stack, as far as it is deployed; within each all
questions are under way at once.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.doctor import (
    account,
    ask_account,
    ask_laptop,
    ask_machine,
    ask_stack,
    deployment,
    laptop,
    signing_in,
    tools,
    work,
)
from cli.doctor.asking import FUNCTION_SECONDS, Clients, Pending, ask
from cli.doctor.errors import NoAnswer
from cli.doctor.findings import LOCAL_STACKS, Finding, ok, unanswered, warning, worst
from cli.doctor.signing_in import Identity
from cli.doctor.tools import StackFile
from models.collections import schema_hash
from models.events import Catalogue

if TYPE_CHECKING:
    from local.control import Status

_ACCOUNT_SERVICES: Final = ("ssm", "lambda", "bedrock", "bedrock-runtime", "ec2", "service-quotas")
_STACK_SERVICES: Final = ("lambda", "s3", "secretsmanager", "sns", "cloudwatch", "scheduler", "sqs")
_PAGES: Final = 3
"""Calls that a list may take, where it is short as a rule."""


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
        return _local(stack, probe=probe, world=world)
    return _cloud(stack, region=region, probe=probe, world=world)


# ------------------------------------------------------------------------------------------------------ in the cloud


def _cloud(stack: str, *, region: str | None, probe: bool, world: World) -> Diagnosis:
    path = world.environment.get("PATH")
    pulumi = ask(lambda: ask_machine.version_of("pulumi", "version", path=path))
    uv = ask(lambda: ask_machine.version_of("uv", "--version", path=path))
    backend = ask(lambda: ask_machine.read_backend(world.root, stack, world.environment, home=world.home))
    settings = ask(lambda: ask_machine.read_stack_file(world.root, stack)).answer()
    chosen = ask_machine.chosen_region(world.environment, region)
    where = settings.region if isinstance(settings, StackFile) else chosen

    findings = [tools.stack_file(settings, stack=stack)]
    in_account: list[Finding] = []
    directory: Mapping[str, Any] | NoAnswer | None = None
    if where is None:
        findings.append(warning("AWS sign-in", "not looked at: no region is known", "set AWS_REGION"))
    else:
        clients = world.clients(where, None)
        who = ask(lambda: ask_account.identity(clients), calls=2).answer()
        findings.append(signing_in.aws_sign_in(who))
        if isinstance(settings, StackFile):
            findings.append(signing_in.aws_region(settings.region, chosen, stack=stack))
        if isinstance(who, Identity):
            directory, in_account = _in_account(stack, clients, who, settings, probe=probe, world=world)
        else:
            in_account = [
                warning("account and stack", "not looked at: AWS does not know who you are", "sign in, and repeat")
            ]
    deployed = isinstance(directory, Mapping)
    names = ask_machine.names_set(world.environment)
    findings += [
        signing_in.atlas_credentials(names, deployed=deployed),
        signing_in.qdrant_credentials(names, deployed=deployed),
        signing_in.pulumi_backend(backend.answer(), deployed=deployed),
        tools.pulumi_tool(pulumi.answer(), library=_library("pulumi"), deployed=deployed),
        tools.uv_tool(uv.answer(), deployed=deployed),
        *in_account,
    ]
    return Diagnosis(stack=stack, region=where, deployed=deployed, findings=tuple(findings))


def _library(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # it belongs to those who deploy, and is not needed to look
        return ""


def _in_account(
    stack: str,
    clients: Clients,
    who: Identity,
    settings: StackFile | NoAnswer,
    *,
    probe: bool,
    world: World,
) -> tuple[Mapping[str, Any] | NoAnswer, list[Finding]]:
    """The stack's directory, and what is found in its account and itself."""
    for service in _ACCOUNT_SERVICES:
        clients(service)
    directory = ask(lambda: ask_account.endpoints(clients, stack))
    account_questions = _AccountQuestions(stack, clients, settings) if isinstance(settings, StackFile) else None
    endpoints = directory.answer()
    deployed = isinstance(endpoints, Mapping)
    probe_model = probe and not deployed  # a deployed stack is probed with its own rights, by a search
    findings = account_questions.findings(deployed=deployed, probe=probe_model) if account_questions else []
    findings.append(deployment.deployment(endpoints, stack=stack))
    if isinstance(endpoints, Mapping):
        findings += _InCloud(stack, clients, endpoints, who, settings).findings()
        findings += _OfStack(stack, clients, endpoints, settings, probe=probe).findings(world.now())
    return endpoints, findings


class _AccountQuestions:
    """Begun when made; ``findings`` waits for the answers."""

    def __init__(self, stack: str, clients: Clients, settings: StackFile) -> None:
        self._settings = settings
        self._clients = clients
        model, stage, zones = settings.model, settings.stage, settings.gateway_zones
        self._access = ask(lambda: ask_account.model_access(clients, model)) if model else None
        self._concurrency = ask(lambda: ask_account.concurrency(clients, stack), calls=2)
        self._rooms: list[tuple[str, account.Quota, Pending[account.Room], int]] = []
        if zones:
            self._rooms = [
                (
                    "Elastic IPs",
                    account.ADDRESSES,
                    ask(lambda: ask_account.addresses(clients, stage=stage), calls=_PAGES),
                    len(zones),
                ),
                ("VPCs", account.NETWORKS, ask(lambda: ask_account.networks(clients, stage=stage), calls=_PAGES), 1),
                (
                    "NAT gateways",
                    account.GATEWAYS,
                    ask(lambda: ask_account.gateways(clients, stage=stage, zones=zones), calls=_PAGES + 1),
                    1,
                ),
            ]

    def findings(self, *, deployed: bool, probe: bool) -> list[Finding]:
        settings, clients = self._settings, self._clients
        found = []
        if settings.model is not None and self._access is not None:
            model = settings.model
            probed = ask(lambda: ask_account.probe_model(clients, model)).answer() if probe else None
            found.append(account.embedder(model, self._access.answer(), probed, region=settings.region))
        found.append(
            account.lambda_concurrency(
                self._concurrency.answer(),
                set_aside=settings.fetch_concurrency,
                # Batches of a first load beside the catalogues of one enrichment, and somebody who looks.
                at_once=settings.bulk_concurrency + len(Catalogue) + 1,
                region=settings.region,
                deployed=deployed,
            )
        )
        found += [
            account.room(check, quota, room.answer(), needed=needed, region=settings.region, deployed=deployed)
            for check, quota, room, needed in self._rooms
        ]
        return found


class _InCloud:
    """What only a stack in the cloud has: a laptop replays catalogues and mails nobody."""

    def __init__(
        self,
        stack: str,
        clients: Clients,
        endpoints: Mapping[str, Any],
        who: Identity,
        settings: StackFile | NoAnswer,
    ) -> None:
        for service in _STACK_SERVICES:
            clients(service)
        self._stack = stack
        self._region = str(endpoints.get("region") or clients.region)
        self._emails = settings.alarm_emails if isinstance(settings, StackFile) else 0
        self._secrets = ask(lambda: ask_stack.secrets(clients, stack), calls=_PAGES)
        self._subscribers = ask(lambda: ask_stack.subscribers(clients, stack, who), calls=_PAGES)
        self._ringing = ask(lambda: ask_stack.ringing(clients, stack), calls=_PAGES)

    def findings(self) -> list[Finding]:
        return [
            *deployment.secrets(self._secrets.answer(), stack=self._stack, region=self._region),
            deployment.alarm_subscribers(self._subscribers.answer(), emails=self._emails, stack=self._stack),
            deployment.ringing(self._ringing.answer()),
        ]


class _OfStack:
    """What every deployed stack has, wherever it is."""

    def __init__(
        self,
        stack: str,
        clients: Clients,
        endpoints: Mapping[str, Any],
        settings: StackFile | NoAnswer,
        *,
        probe: bool,
    ) -> None:
        for service in _STACK_SERVICES:
            clients(service)
        session = ask_stack.session(clients, stack, endpoints)
        self._stack = stack
        self._endpoints = endpoints
        self._settings = settings if isinstance(settings, StackFile) else None
        self._functions = [
            ask(lambda name=name: ask_stack.function_state(clients, name))  # type: ignore[misc]  # each its own
            for name in sorted(map(str, endpoints.get("functions", {}).values()))
        ]
        self._timers = ask(lambda: ask_stack.timers(clients, stack), calls=_PAGES)
        self._letters = ask(lambda: _letters(clients, stack), calls=_PAGES)
        self._runs = {
            kind: ask(lambda kind=kind: ask_stack.last_run(session, kind), calls=_PAGES) for kind in work.RUNS
        }  # type: ignore[misc]
        self._reviews = ask(lambda: ask_stack.reviews(session), seconds=FUNCTION_SECONDS)
        self._catalogues = ask(lambda: ask_stack.catalogue_states(session), seconds=FUNCTION_SECONDS)
        self._search = ask(lambda: ask_stack.probe_search(session), seconds=FUNCTION_SECONDS) if probe else None

    def findings(self, now: datetime) -> list[Finding]:
        stack, settings = self._stack, self._settings
        scheduled = settings.schedules_enabled if settings else stack not in LOCAL_STACKS
        remind_after = timedelta(hours=settings.review_reminder_hours if settings else StackFile.review_reminder_hours)
        runs = {kind: pending.answer() for kind, pending in self._runs.items()}
        return [
            *self._schema(),
            deployment.functions([pending.answer() for pending in self._functions]),
            deployment.timers(self._timers.answer(), wanted=scheduled, stack=stack),
            *deployment.dead_letters(self._letters.answer(), stack=stack),
            work.first_load(runs, stack=stack),
            work.weekly_run("sync", runs["sync"], now=now, scheduled=scheduled, stack=stack),
            work.weekly_run("snapshot", runs["snapshot"], now=now, scheduled=scheduled, stack=stack),
            work.reviews(self._reviews.answer(), now=now, remind_after=remind_after, stack=stack),
            *work.paused_catalogues(self._catalogues.answer(), now=now),
            *self._searched(),
        ]

    def _schema(self) -> Iterator[Finding]:
        found = deployment.schema(self._endpoints.get("schema_hash"), ours=schema_hash(), stack=self._stack)
        if found is not None:
            yield found

    def _searched(self) -> Iterator[Finding]:
        if self._search is None:
            return
        answer = self._search.answer()
        yield unanswered("search", answer) if isinstance(answer, NoAnswer) else ok("search", "answers")


def _letters(clients: Clients, stack: str) -> dict[str, int | NoAnswer]:
    queues = ask_stack.dead_letter_queues(clients, stack)
    asked = {name: ask(lambda url=url: ask_stack.letters(clients, url)) for name, url in queues.items()}  # type: ignore[misc]
    return {name: pending.answer() for name, pending in asked.items()}


# ------------------------------------------------------------------------------------------------------- on a laptop


def _local(stack: str, *, probe: bool, world: World) -> Diagnosis:
    found = ask(lambda: world.local_status(stack, world.root)).answer()
    if isinstance(found, NoAnswer):
        return Diagnosis(stack=stack, region=None, deployed=False, findings=(unanswered("local stack", found),))
    findings = [laptop.local_stack(found.state, pid=found.pid, cleaned=found.cleaned)]
    described = found.description
    if described is None:
        return Diagnosis(stack=stack, region=None, deployed=False, findings=tuple(findings))
    emulator = ask(lambda: ask_laptop.emulator(described["aws_endpoint"]))
    mongo = ask(lambda: ask_laptop.mongo(described["mongo_uri"]))
    redis = ask(lambda: ask_laptop.redis(described["redis_url"])) if described["redis_url"] else None
    settings = ask(lambda: ask_machine.read_stack_file(world.root, "local")).answer()
    clients = world.clients(described["region"], described["aws_endpoint"])
    answered = emulator.answer()
    findings += [
        laptop.server("AWS emulator", answered),
        laptop.server("MongoDB", mongo.answer()),
        laptop.cache(redis.answer() if redis else None),
    ]
    if not isinstance(answered, NoAnswer):
        findings += _OfStack(stack, clients, described["endpoints"], settings, probe=probe).findings(world.now())
    return Diagnosis(stack=stack, region=described["region"], deployed=True, findings=tuple(findings))
