"""Bundles of ports that several functions build alike, and the way a run ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

from models.errors import AnimeError, Retryable
from models.events import Mode
from runtime import clients
from runtime.handler import Context
from runtime.settings import (
    CacheServer,
    CommitRetries,
    DataBucket,
    Documents,
    Embeddings,
    EnrichmentMachine,
    LockTimes,
    VectorIndex,
)
from workflows.commit import CommitPorts
from workflows.data_ports import DataPorts
from workflows.launching import LaunchPorts
from workflows.review import ReviewPorts


class LaunchSettings(DataBucket, Documents, EnrichmentMachine, LockTimes):
    """Of functions that start executions."""


class DataSettings(DataBucket, Documents, VectorIndex, Embeddings):
    """Of functions that read and write both stores in bulk."""


class CommitSettings(DataSettings, CacheServer, CommitRetries, LockTimes, EnrichmentMachine):
    """Of the functions that commit."""


class ReviewSettings(DataBucket, Documents, EnrichmentMachine):
    """Of the functions that ask for decisions and take them."""


L = TypeVar("L", bound=LaunchSettings)
V = TypeVar("V", bound=ReviewSettings)
D = TypeVar("D", bound=DataSettings)
C = TypeVar("C", bound=CommitSettings)


def launch_ports(context: Context[L]) -> LaunchPorts:
    settings = context.settings
    return LaunchPorts(
        animes=clients.animes(settings),
        locks=clients.locks(settings),
        executions=clients.enrichment_machine(settings),
        objects=clients.objects(settings),
        tokens=context.token,
        first_lease=settings.first_lease,
    )


def review_ports(context: Context[V], *, automatic_modes: Iterable[Mode] = ()) -> ReviewPorts:
    settings = context.settings
    return ReviewPorts(
        reviews=clients.reviews(settings),
        objects=clients.objects(settings),
        animes=clients.animes(settings),
        tasks=clients.tasks(settings),
        clock=context.now,
        automatic_modes=frozenset(automatic_modes),
    )


def data_ports(context: Context[D]) -> DataPorts:
    settings = context.settings
    return DataPorts(
        objects=clients.objects(settings),
        animes=clients.animes(settings),
        vectors=clients.vectors(settings),
        embedder=clients.embedder(settings),
        embedder_name=settings.embedder,
        clock=context.now,
    )


def commit_ports(context: Context[C]) -> CommitPorts:
    settings = context.settings
    return CommitPorts(
        objects=clients.objects(settings),
        animes=clients.animes(settings),
        locks=clients.locks(settings),
        executions=clients.enrichment_machine(settings),
        reviews=clients.reviews(settings),
        vectors=clients.vectors(settings),
        embedder=clients.embedder(settings),
        cache=clients.cache(settings),
        tokens=context.token,
        waits=settings.commit_retry_seconds,
        sleep=context.sleep,
        lease=settings.first_lease,
    )


def run_as_report(work: Callable[[], Any]) -> dict[str, Any]:
    """A run's own report tells how it ended. What a repetition cannot mend ends the invocation normally, so that
    Lambda does not repeat it; a Retryable error goes on, and Lambda delivers the event again.
    """
    try:
        result = work()
    except Retryable:
        raise
    except AnimeError as error:
        return {"failed": type(error).__name__, "reason": str(error)}
    if is_dataclass(result) and not isinstance(result, type):
        return asdict(result)
    return dict(result) if isinstance(result, Mapping) else {}
