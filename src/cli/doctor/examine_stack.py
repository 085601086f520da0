"""The deployed stack: what is the same wherever it stands, and what it has in the cloud alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from cli.doctor import ask_stack, deployment, work
from cli.doctor.asking import FUNCTION_SECONDS, Clients, ask
from cli.doctor.errors import NoAnswer
from cli.doctor.findings import LOCAL_STACKS, Finding, ok, unanswered
from cli.doctor.signing_in import Identity
from cli.doctor.tools import StackFile
from models.collections import schema_hash

_SERVICES: Final = ("lambda", "s3", "scheduler", "sqs")
_CLOUD_SERVICES: Final = ("secretsmanager", "sns", "cloudwatch")
_PAGES: Final = 3
"""Calls that a list may take; as a rule it takes one."""


class CloudQuestions:
    """Under way once it is made. A laptop mails nobody, and needs secrets only while it records: they are in memory,
    and gone with the stack."""

    def __init__(self, stack: str, clients: Clients, who: Identity, settings: StackFile | NoAnswer) -> None:
        for service in _CLOUD_SERVICES:
            clients(service)
        self._stack = stack
        self._region = clients.region
        self._emails = settings.alarm_emails if isinstance(settings, StackFile) else 0
        self._secrets = ask(partial(ask_stack.secrets, clients, stack), calls=_PAGES)
        self._subscribers = ask(partial(ask_stack.subscribers, clients, stack, who), calls=_PAGES)
        self._ringing = ask(partial(ask_stack.ringing, clients, stack), calls=_PAGES)

    def findings(self) -> list[Finding]:
        return [
            *deployment.secrets(self._secrets.answer(), stack=self._stack, region=self._region),
            deployment.alarm_subscribers(self._subscribers.answer(), emails=self._emails, stack=self._stack),
            deployment.ringing(self._ringing.answer()),
        ]


class StackQuestions:
    """Under way once it is made; ``findings`` waits for the answers."""

    def __init__(
        self,
        stack: str,
        clients: Clients,
        endpoints: Mapping[str, Any],
        settings: StackFile | NoAnswer,
        *,
        probe: bool,
    ) -> None:
        for service in _SERVICES:
            clients(service)
        session = ask_stack.session(clients, stack, endpoints)
        self._stack = stack
        self._schema_hash = endpoints.get("schema_hash")
        self._settings = settings if isinstance(settings, StackFile) else None
        names = sorted(map(str, endpoints.get("functions", {}).values()))
        self._functions = [ask(partial(ask_stack.function_state, clients, name)) for name in names]
        self._timers = ask(partial(ask_stack.timers, clients, stack), calls=_PAGES)
        self._letters = ask(partial(_letters, clients, stack), calls=_PAGES)
        self._runs = {kind: ask(partial(ask_stack.last_run, session, kind), calls=_PAGES) for kind in work.RUNS}
        self._reviews = ask(partial(ask_stack.reviews, session), seconds=FUNCTION_SECONDS)
        self._catalogues = ask(partial(ask_stack.catalogues, session), seconds=FUNCTION_SECONDS)
        self._search = ask(partial(ask_stack.probe_search, session), seconds=FUNCTION_SECONDS) if probe else None

    def findings(self, now: datetime) -> list[Finding]:
        stack, settings = self._stack, self._settings
        scheduled = settings.schedules_enabled if settings else stack not in LOCAL_STACKS
        remind_after = timedelta(hours=settings.review_reminder_hours if settings else StackFile.review_reminder_hours)
        runs = {kind: pending.answer() for kind, pending in self._runs.items()}
        return [
            *deployment.schema(self._schema_hash, ours=schema_hash(), stack=stack),
            deployment.functions([pending.answer() for pending in self._functions], stack=stack),
            deployment.timers(self._timers.answer(), wanted=scheduled, stack=stack),
            *deployment.dead_letters(self._letters.answer(), stack=stack),
            work.first_load(runs, stack=stack),
            *(work.weekly_run(kind, runs[kind], now=now, scheduled=scheduled, stack=stack) for kind in work.WEEKLY),
            work.reviews(self._reviews.answer(), now=now, remind_after=remind_after, stack=stack),
            *work.catalogues(self._catalogues.answer(), now=now, stack=stack),
            *self._searched(),
        ]

    def _searched(self) -> list[Finding]:
        if self._search is None:
            return []
        answer = self._search.answer()
        if isinstance(answer, NoAnswer):
            return [unanswered("search", answer)]
        return [ok("search", "answers: the model, the vector index and the database work together")]


def _letters(clients: Clients, stack: str) -> dict[str, int | NoAnswer]:
    """Messages by queue."""
    queues = ask_stack.dead_letter_queues(clients, stack)
    asked = {name: ask(partial(ask_stack.letters, clients, url)) for name, url in queues.items()}
    return {name: pending.answer() for name, pending in asked.items()}
