"""Compares a release with the database, flags what differs and starts what is new."""

from typing import Any

from models.events import Catalogue, SyncInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports, run_as_report
from runtime.settings import OutsideWorld, RateLimits, Releases, SyncLimits, VectorIndex
from workflows import sync, sync_wiring
from workflows.catalogue_counts import CatalogueCounts


class Settings(LaunchSettings, VectorIndex, Releases, SyncLimits, OutsideWorld, RateLimits):
    pass


@lambda_function(event=SyncInput, settings=Settings)
def handler(event: SyncInput, context: Context[Settings]) -> Any:
    settings = context.settings
    event = event.model_copy(update={"run_id": context.run_id(event.run_id)})
    counts = CatalogueCounts()
    ports = sync_wiring.sync_ports(
        launch=launch_ports(context),
        vectors=clients.vectors(settings),
        reviews=clients.reviews(settings),
        releases=clients.releases(settings, context.now),
        clock=context.now,
        prepare=clients.anilist_warmer(settings, settings, counts=counts, remaining=context.remaining),
    )
    policy = sync.SyncPolicy(
        max_new_per_run=settings.max_new_per_run,
        mass_change_percent=settings.mass_change_percent,
        limits=clients.release_limits(settings),
    )
    try:
        return run_as_report(lambda: sync.run_sync(event, ports=ports, policy=policy))
    finally:
        context.metrics.record(*counts.figures(), about={"catalogue": Catalogue.ANILIST.value})
