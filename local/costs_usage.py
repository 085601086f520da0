"""How much a stack is used in a month: written assumptions, each with its reason, and what follows from them.

Nobody knows the usage of a stack that does not run yet. These are the figures of a full database of about 40,000 anime
that a small team looks after; a stack that is used more or less costs more or less, and what it costs while nobody uses
it does not depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from local.recording import RecordedResource, Recording

FUNCTION: Final = "aws:lambda/function:Function"
_SCHEDULE: Final = "aws:scheduler/schedule:Schedule"

WEEKS: Final = 365.25 / 12 / 7
DAYS: Final = 365.25 / 12


@dataclass(frozen=True, kw_only=True)
class Assumption:
    value: float
    unit: str
    reason: str


class Run(StrEnum):
    """What sets the pipeline going."""

    NEW = "a new anime"
    REFRESH = "a refresh"
    EPISODE = "an episode"
    REVIEW_ONLY = "a flag for review"


ASSUMPTIONS: Final[Mapping[str, Assumption]] = {
    "new_a_week": Assumption(
        value=60,
        unit="anime",
        reason="two releases a week apart differ by so many new entries; maxNewPerRun is the limit",
    ),
    "flagged_a_week": Assumption(
        value=70, unit="anime", reason="the same two differ in the status of 40 entries and offer more episodes of 30"
    ),
    "refreshes_a_week": Assumption(value=20, unit="anime", reason="asked for by hand, a few a day"),
    "episodes_a_day": Assumption(value=15, unit="episodes", reason="about 100 series on air, an episode a week each"),
    "transitions_new": Assumption(
        value=110,
        unit="transitions",
        reason="with sixty at once each calls for answers 24 times and often waits between; a review and no failure",
    ),
    "transitions_episode": Assumption(
        value=40, unit="transitions", reason="the same way with one stage and six catalogues of one call each"
    ),
    "transitions_review_only": Assumption(value=12, unit="transitions", reason="straight to the review"),
    "images_an_entry": Assumption(
        value=11.5, unit="images", reason="mean of the enriched samples, characters included"
    ),
    "image_mb": Assumption(value=0.15, unit="MB", reason="catalogues' images have 100 to 200 kB"),
    "images_kept_gb": Assumption(
        value=20, unit="GB", reason="a third of a full database re-hosted; all of it takes 46 to 90"
    ),
    "images_served_gb": Assumption(value=20, unit="GB", reason="130,000 images of 150 kB: a small site's readers"),
    "data_kept_gb": Assumption(
        value=10, unit="GB", reason="snapshots of a few weeks, releases, reports, records of commits"
    ),
    "log_kb_a_run": Assumption(value=4, unit="kB", reason="a function logs a dozen lines a run, and AWS three"),
    "catalogue_figures": Assumption(
        value=6,
        unit="metrics",
        reason="28 by catalogue, each paid for in the hours that it comes in: all of them in a few hours of the weekly "
        "run, and in half of the others those of an episode, which asks four catalogues",
    ),
    "service_log_gb": Assumption(value=1, unit="GB", reason="a line of 500 bytes a request, and its health checks"),
    "flow_log_gb": Assumption(value=1, unit="GB", reason="connections of functions and tasks to stores and catalogues"),
    "queue_requests": Assumption(value=5_000, unit="requests", reason="failures, and an alarm's look at each queue"),
    "table_writes": Assumption(
        value=50_000, unit="writes", reason="an item an image of what is enriched, and counted requests"
    ),
    "table_reads": Assumption(value=100_000, unit="reads", reason="each image is looked up before it is fetched"),
    "table_gb": Assumption(value=0.2, unit="GB", reason="460,000 images of 300 bytes an item"),
    "announcements": Assumption(value=100, unit="messages", reason="alarms that ring and stop ringing"),
    "secret_reads": Assumption(value=20_000, unit="calls", reason="a function reads its secrets once when it starts"),
    "tokens_an_entry": Assumption(
        value=300, unit="tokens", reason="title, synonyms, synopsis and tags of a mean entry"
    ),
    "searches": Assumption(value=5_000, unit="searches", reason="each makes a vector of a short text of 10 tokens"),
    "api_requests": Assumption(value=300_000, unit="requests", reason="10,000 a day: a small site"),
    "api_gb": Assumption(value=6, unit="GB", reason="20 kB an answer"),
    "nat_gb": Assumption(value=15, unit="GB", reason="answers of catalogues, images and calls to the vector index"),
    "endpoint_gb": Assumption(value=2, unit="GB", reason="logs, secrets and calls to machines, by each endpoint"),
    "zones_gb": Assumption(
        value=10, unit="GB", reason="between functions, cache and database where they stand in two zones"
    ),
    "load_balancer_capacity": Assumption(value=0.2, unit="LCU", reason="far below 25 new connections a second"),
    "index_backup_gb": Assumption(value=3.5, unit="GB", reason="a week of copies of an index of half a GB"),
    "database_backup_gb": Assumption(value=5, unit="GB", reason="increments of two weeks of a database of 2 GB"),
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """How often a function runs: so often for each run of a kind, and so often in any month; ``seconds`` a time."""

    seconds: float
    a_month: float = 0.0
    per_run: Mapping[Run, float] = field(default_factory=dict)


_FETCHED: Final = (Run.NEW, Run.REFRESH, Run.EPISODE)


def _each(*runs: Run) -> dict[Run, float]:
    return dict.fromkeys(runs, 1.0)


TASKS: Final[Mapping[str, Task]] = {
    "assemble_entry": Task(seconds=2, per_run=_each(*_FETCHED)),
    "begin": Task(seconds=1, per_run=_each(*Run)),
    "bootstrap": Task(seconds=300, a_month=0.1),
    "cleanup": Task(seconds=2, per_run=_each(*Run)),
    "commit_data": Task(seconds=5, per_run=_each(*Run)),
    "create_database_snapshot": Task(seconds=300, a_month=WEEKS),
    "daily_scheduler": Task(seconds=30, a_month=DAYS),
    "enrich": Task(seconds=2, per_run=_each(Run.REFRESH)),
    "fetch_source": Task(seconds=20, per_run={Run.NEW: 24, Run.REFRESH: 7, Run.EPISODE: 6}),
    "finish_bulk": Task(seconds=60, a_month=0.1),
    "index_batch": Task(seconds=300, a_month=8),
    "ingest_images": Task(seconds=30, per_run={Run.NEW: 2, Run.REFRESH: 2, Run.EPISODE: 1}),
    "migrate_collections": Task(seconds=20, a_month=4),
    "process_stage": Task(seconds=2, per_run={Run.NEW: 5, Run.REFRESH: 5, Run.EPISODE: 1}),
    "query": Task(seconds=1, a_month=1_000),
    "reconcile": Task(seconds=300, a_month=1),
    "redrive": Task(seconds=30, a_month=1),
    "rehost_batch": Task(seconds=300, a_month=8),
    "request_review": Task(seconds=2, per_run=_each(*Run)),
    "restore_snapshot": Task(seconds=600, a_month=0.1),
    "review": Task(seconds=1, per_run=dict.fromkeys(Run, 2.0)),
    "run_single_episode_update": Task(seconds=2, per_run=_each(Run.EPISODE)),
    "watch": Task(seconds=2, a_month=24 * DAYS),
    "weekly_sync_starter": Task(seconds=180, a_month=WEEKS),
}
"""By the folder in the function's handler."""

UNKNOWN_TASK: Final = Task(seconds=5, a_month=1_000)
"""Of a function that nobody has written a usage for."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """In a month. ``runs`` of the enrichment machine by their cause."""

    runs: Mapping[Run, float]

    @property
    def transitions(self) -> float:
        full = self.runs[Run.NEW] + self.runs[Run.REFRESH]
        return (
            full * assumed("transitions_new")
            + self.runs[Run.EPISODE] * assumed("transitions_episode")
            + self.runs[Run.REVIEW_ONLY] * assumed("transitions_review_only")
        )

    @property
    def enriched(self) -> float:
        """Entries whose images and texts are made anew."""
        return self.runs[Run.NEW] + self.runs[Run.REFRESH]

    @property
    def images(self) -> float:
        return self.enriched * assumed("images_an_entry")

    @property
    def committed(self) -> float:
        return sum(self.runs.values())

    def times(self, task: Task) -> float:
        return task.a_month + sum(times * self.runs[run] for run, times in task.per_run.items())


def usage_of(recording: Recording) -> Usage:
    """The stack's own limit of new anime a week holds here too; without its timers, people alone start something."""
    timers = any(each.inputs.get("state", "ENABLED") == "ENABLED" for each in recording.of_type(_SCHEDULE))
    limit = _limit(recording)
    new = assumed("new_a_week") if limit is None else min(limit, assumed("new_a_week"))
    return Usage(
        runs={
            Run.NEW: new * WEEKS * timers,
            Run.REFRESH: assumed("refreshes_a_week") * WEEKS,
            Run.EPISODE: assumed("episodes_a_day") * DAYS * timers,
            Run.REVIEW_ONLY: assumed("flagged_a_week") * WEEKS * timers,
        }
    )


def assumed(name: str) -> float:
    return ASSUMPTIONS[name].value


def task_of(function: RecordedResource) -> str:
    """The folder of its handler, ``lambdas.<task>.handler.handler``; its name where the handler is another."""
    parts = str(function.inputs.get("handler", "")).split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "lambdas" else function.name


def variables_of(function: RecordedResource) -> Mapping[str, str]:
    found: Mapping[str, str] = (function.inputs.get("environment") or {}).get("variables") or {}
    return found


def _limit(recording: Recording) -> float | None:
    for function in recording.of_type(FUNCTION):
        if "MAX_NEW_PER_RUN" in variables_of(function):
            return float(variables_of(function)["MAX_NEW_PER_RUN"])
    return None
