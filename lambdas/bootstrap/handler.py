"""Plans a first load: checks the file, writes the batches and starts the bulk machine."""

from typing import Any

from models.events import BootstrapInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import run_as_report
from runtime.settings import BulkMachine, DataBucket, Documents, Releases, VectorIndex
from workflows.bootstrap import BootstrapLimits, BootstrapPorts, plan_bootstrap


class Settings(DataBucket, Documents, VectorIndex, Releases, BulkMachine):
    pass


@lambda_function(event=BootstrapInput, settings=Settings)
def handler(event: BootstrapInput, context: Context[Settings]) -> Any:
    settings = context.settings
    ports = BootstrapPorts(
        objects=clients.objects(settings),
        bucket=settings.data_bucket,
        animes=clients.animes(settings),
        vectors=clients.vectors(settings),
        releases=clients.releases(settings, context.now),
        executions=clients.bulk_machine(settings),
        clock=context.now,
    )
    limits = BootstrapLimits(release=clients.release_limits(settings), batch_size=settings.bulk_batch_size)
    return run_as_report(lambda: plan_bootstrap(event, ports=ports, limits=limits))
