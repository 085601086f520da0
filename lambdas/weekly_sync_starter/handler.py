"""Compares a release with the database, flags what differs and starts what is new."""

from collections.abc import Sequence
from typing import Any

from models.errors import AnimeError
from models.events import Catalogue, SyncInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.logs import Logger
from runtime.ports import LaunchSettings, launch_ports, run_as_report
from runtime.settings import OutsideWorld, RateLimits, Releases, SyncLimits, VectorIndex
from workflows import sync, sync_wiring
from workflows.catalogue_counts import CatalogueCounts
from workflows.sync_starting import Prepare


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
        prepare=_told_of(
            context.log, clients.anilist_warmer(settings, settings, counts=counts, remaining=context.remaining)
        ),
    )
    policy = sync.SyncPolicy(
        max_new_per_run=settings.max_new_per_run,
        mass_change_percent=settings.mass_change_percent,
        limits=clients.release_limits(settings),
    )
    try:
        return run_as_report(lambda: sync.run_sync(event, ports=ports, policy=policy))
    finally:
        counts.record(context.metrics, Catalogue.ANILIST.value)


def _told_of(log: Logger, warm: Prepare) -> Prepare:
    """The run goes on without it, and each execution asks for itself: slower, which only the log can explain."""

    def prepare(animes: Sequence[Sequence[str]]) -> object:
        try:
            return warm(animes)
        except AnimeError as error:
            log.warning("not asked for together", animes=len(animes), error=type(error).__name__, reason=str(error))
            raise

    return prepare
