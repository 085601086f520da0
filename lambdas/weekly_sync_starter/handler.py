"""Compares a release with the database, flags what differs and starts what is new."""

from typing import Any

from models.events import SyncInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports, run_as_report
from runtime.settings import Releases, SyncLimits, VectorIndex
from workflows import sync, sync_wiring


class Settings(LaunchSettings, VectorIndex, Releases, SyncLimits):
    pass


@lambda_function(event=SyncInput, settings=Settings)
def handler(event: SyncInput, context: Context[Settings]) -> Any:
    settings = context.settings
    event = event.model_copy(update={"run_id": context.run_id(event.run_id)})
    ports = sync_wiring.sync_ports(
        launch=launch_ports(context),
        vectors=clients.vectors(settings),
        reviews=clients.reviews(settings),
        releases=clients.releases(settings, context.now),
        clock=context.now,
    )
    policy = sync.SyncPolicy(
        max_new_per_run=settings.max_new_per_run,
        mass_change_percent=settings.mass_change_percent,
        limits=clients.release_limits(settings),
    )
    return run_as_report(lambda: sync.run_sync(event, ports=ports, policy=policy))
