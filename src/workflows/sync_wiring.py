"""Ties the weekly comparison to the starting of executions and the raising of reviews."""

from collections.abc import Sequence
from functools import partial

from domain.diffing import Conflict
from models.events import EnrichmentSubject, Mode
from models.review import Proposal, Review
from workflows.launching import LaunchPorts, flags_cause, start_locked, start_unlocked
from workflows.ports import Clock, Reviews, Vectors
from workflows.release_intake import ReleaseSource
from workflows.review import raise_conflict as raise_conflict_review
from workflows.sync import SyncPorts
from workflows.sync_starting import Prepare, machine_runs


def _nothing(_animes: Sequence[Sequence[str]]) -> None:
    """Where nobody can be asked for several anime together."""


def sync_ports(
    *,
    launch: LaunchPorts,
    vectors: Vectors,
    reviews: Reviews,
    releases: ReleaseSource,
    clock: Clock,
    prepare: Prepare = _nothing,
) -> SyncPorts:
    def start_new(subject: EnrichmentSubject, *, release: str) -> str:
        return start_locked(subject, mode=Mode.NEW, ports=launch, release=release)

    def start_flagged(proposal: Proposal) -> str:
        cause = flags_cause(proposal.flags)
        return start_unlocked(proposal, mode=Mode.REVIEW_ONLY, cause=cause, ports=launch, release=proposal.release)

    def raise_conflict(conflict: Conflict, *, release: str) -> Review:
        return raise_conflict_review(
            conflict.anime_id, title=conflict.title, flag=conflict.flag, release=release, reviews=reviews, clock=clock
        )

    return SyncPorts(
        objects=launch.objects,
        animes=launch.animes,
        vectors=vectors,
        reviews=reviews,
        releases=releases,
        start_new=start_new,
        start_flagged=start_flagged,
        raise_conflict=raise_conflict,
        is_running=partial(machine_runs, locks=launch.locks, executions=launch.executions),
        clock=clock,
        tokens=launch.tokens,
        prepare=prepare,
    )
