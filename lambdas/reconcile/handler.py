"""Compares both stores, and repairs the vector index if asked."""

from typing import Any

from models.events import ReconcileInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import DataSettings, data_ports, run_as_report
from runtime.settings import EnrichmentMachine
from workflows.reconcile import Guard, reconcile


class Settings(DataSettings, EnrichmentMachine):
    pass


@lambda_function(event=ReconcileInput, settings=Settings)
def handler(event: ReconcileInput, context: Context[Settings]) -> Any:
    guard = Guard(
        locks=clients.locks(context.settings),
        executions=clients.enrichment_machine(context.settings),
        tokens=context.token,
    )
    return run_as_report(lambda: reconcile(event, ports=data_ports(context), guard=guard))
