"""The account before and after a deployment: the embedding model, quotas, and the boundary of its roles."""

from functools import partial
from typing import Final

from cli.doctor import account, ask_account
from cli.doctor.asking import Clients, Pending, ask
from cli.doctor.findings import Finding
from cli.doctor.signing_in import Identity
from cli.doctor.tools import StackFile
from models.events import Catalogue

_SERVICES: Final = ("lambda", "bedrock", "bedrock-runtime", "ec2", "iam", "service-quotas")


class AccountQuestions:
    """Under way once it is made; ``findings`` waits for the answers."""

    def __init__(self, stack: str, clients: Clients, who: Identity, settings: StackFile) -> None:
        for service in _SERVICES:
            clients(service)
        self._settings = settings
        self._clients = clients
        self._access = ask(partial(ask_account.model_access, clients, settings.model)) if settings.model else None
        self._concurrency = ask(partial(ask_account.concurrency, clients, stack), calls=2)
        self._rooms = _rooms(clients, settings) if settings.gateway_zones else []
        name = settings.boundary
        self._boundary = (name, ask(partial(ask_account.boundary, clients, name, who))) if name else None

    def findings(self, *, deployed: bool, probe: bool) -> list[Finding]:
        settings = self._settings
        concurrency = account.lambda_concurrency(
            self._concurrency.answer(),
            set_aside=settings.fetch_concurrency,
            # Batches of a first load beside the catalogues of one enrichment, and somebody who looks.
            at_once=settings.bulk_concurrency + len(Catalogue) + 1,
            region=settings.region,
            deployed=deployed,
        )
        rooms = [
            account.room(check, quota, room.answer(), needed=needed, region=settings.region, deployed=deployed)
            for check, quota, needed, room in self._rooms
        ]
        found = [*self._embedder(probe=probe), concurrency, *rooms]
        if self._boundary is not None:
            name, answer = self._boundary
            found.append(account.boundary(name, answer.answer(), deployed=deployed))
        return found

    def _embedder(self, *, probe: bool) -> list[Finding]:
        model, region = self._settings.model, self._settings.region
        if model is None or self._access is None:
            return []
        if probe:
            answer = ask(partial(ask_account.probe_model, self._clients, model)).answer()
            return [account.probed_embedder(model, answer, region=region)]
        return [account.embedder(model, self._access.answer(), region=region)]


def _rooms(clients: Clients, settings: StackFile) -> list[tuple[str, account.Quota, int, Pending[account.Room]]]:
    """With how many of each the network needs."""
    stage, zones = settings.stage, settings.gateway_zones
    return [
        (
            "Elastic IPs",
            account.ADDRESSES,
            len(zones),
            ask(partial(ask_account.addresses, clients, stage=stage), calls=3),
        ),
        ("VPCs", account.NETWORKS, 1, ask(partial(ask_account.networks, clients, stage=stage), calls=3)),
        (
            "NAT gateways",
            account.GATEWAYS,
            1,
            ask(partial(ask_account.gateways, clients, stage=stage, zones=zones), calls=4),
        ),
    ]
