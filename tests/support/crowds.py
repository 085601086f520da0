"""Many executions that ask the same catalogues at once, played in virtual time.

The waits are those of the product: turns by ``domain.token_bucket.take`` at the catalogues' own pace, the patience of
``sources.politeness`` and of the fetch loop, and the attempts that the machine's definition gives. Of a worker that
waits only the beginning and the end are played: all who poll the same bucket are told the same moment.
"""

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.application.pipeline import FUNCTIONS
from components.aws.step_functions import definition_file
from domain.token_bucket import Bucket, Turn, take
from models.errors import Throttled
from models.events import Catalogue
from runtime.handler import _SAFETY_SECONDS
from sources.manners import MANNERS
from sources.politeness import CROWD_SECONDS, REQUEST_SECONDS, longest_wait
from tests.statemachines.asl import Definition, load, states
from workflows.enrichment import CALL_TIME, PATIENCE, wait_after

MACHINE: Final[Definition] = load(definition_file("enrichment"))
STATES: Final = dict(states(MACHINE))

FETCH_SECONDS: Final = next(spec.timeout_seconds for spec in FUNCTIONS if spec.task == "fetch_source") - _SAFETY_SECONDS
ANSWER_SECONDS: Final = 0.5
START_SECONDS: Final = 0.1

REQUESTS: Final[Mapping[Catalogue, int]] = {
    Catalogue.JIKAN: 80,
    Catalogue.ANILIST: 7,
    Catalogue.KITSU: 13,
    Catalogue.ANIDB: 1,
    Catalogue.ANIMEPLANET: 1,
    Catalogue.ANISEARCH: 4,
    Catalogue.ANIMESCHEDULE: 1,
}
"""Of one anime with 40 characters, in order of the catalogues."""

A_PAGE: Final = {Catalogue.JIKAN: 20}
"""Requests between two pages, where it is more than one."""

TOO_MANY: Final = "Lambda.TooManyRequestsException"

VISIT: Final = 7
"""Events of a round through Fetch and MorePages: entered, scheduled, started, succeeded, exited; entered, exited."""
WAIT: Final = 2
AGAIN: Final = 3
"""Failed, scheduled, started."""


def retrier(state: str, error: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in STATES[state]["Retry"] if error in one["ErrorEquals"])
    return found


def longest_delays(one: Mapping[str, Any]) -> list[float]:
    """Before each attempt; by full jitter it is anything from 0 to this."""
    return [
        min(one["MaxDelaySeconds"], one["IntervalSeconds"] * one["BackoffRate"] ** number)
        for number in range(one["MaxAttempts"])
    ]


class _Slots:
    """Functions that may run side by side; None: as many as like."""

    def __init__(self, most: int | None) -> None:
        self._free = math.inf if most is None else most

    def take(self) -> bool:
        if self._free < 1:
            return False
        self._free -= 1
        return True

    def give_back(self) -> None:
        self._free += 1


@dataclass(kw_only=True, eq=False)
class _Task:
    """A state of the machine that needs a function, with what is left of its attempts. ``begin`` gets on with it."""

    execution: "_Execution"
    delays: list[float]
    slots: _Slots
    begin: Callable[[], None]
    tried: int = 0


@dataclass(kw_only=True, eq=False)
class _Branch:
    """One catalogue of one execution. ``on_page``: answers since the last page; ``pages``: those of this call."""

    execution: "_Execution"
    catalogue: Catalogue
    left: int
    began: float = 0.0
    asked_since: float = 0.0
    on_page: int = 0
    pages: int = 0


@dataclass(kw_only=True, eq=False)
class _Execution:
    started: float
    branches: int = len(REQUESTS)
    events: int = 0
    tasks: int = 0


@dataclass
class Played:
    """How it went; ``lost`` are branches and executions that ran out of attempts or patience. Hours are of the last
    fetch and of the last execution. ``function_hours`` are paid for."""

    finished: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    requests: Counter[Catalogue] = field(default_factory=Counter)
    fetched_hours: float = 0.0
    hours: float = 0.0
    most_events: int = 0
    function_hours: float = 0.0


class Crowd:
    """``fetching``: functions that may fetch at the same time; ``at_once``: functions of any kind."""

    OTHERS: Final = ("Begin", "Metadata", "IngestImages", "AssembleEntry", "RequestReview")
    """The first before the fetches, the others after them, one by one."""

    OTHER_SECONDS: Final = 3.0

    def __init__(self, executions: int, *, fetching: int | None = None, at_once: int | None = None, seed: int = 1):
        self._random = random.Random(seed)
        self._now = 0.0
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._all = _Slots(at_once)
        self._fetching = _Slots(fetching) if fetching is not None else self._all
        self._buckets: dict[Catalogue, Bucket | None] = dict.fromkeys(REQUESTS)
        self._waiting: dict[Catalogue, list[_Branch]] = {catalogue: [] for catalogue in REQUESTS}
        self._rounds: set[Catalogue] = set()
        self.played = Played()
        for _ in range(executions):
            execution = _Execution(started=self._random.uniform(0, 300))
            self._at(execution.started, lambda execution=execution: self._next_task(execution))  # type: ignore[misc]

    def play(self) -> Played:
        while self._queue:
            self._now, _, work = heapq.heappop(self._queue)
            work()
        return self.played

    def _at(self, when: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._numbers), work))

    def _after(self, seconds: float, work: Callable[[], None]) -> None:
        self._at(self._now + seconds, work)

    # ------------------------------------------------------------------------------------------------- the machine

    def _start(self, task: _Task) -> None:
        """Now, or after as many waits as its state allows."""
        if task.slots.take():
            self._after(START_SECONDS, task.begin)
            return
        task.execution.events += AGAIN
        if task.tried == len(task.delays):
            self.played.lost["attempts"] += 1
            return
        delay = self._random.uniform(0, task.delays[task.tried])
        task.tried += 1
        self._after(delay, lambda: self._start(task))

    def _next_task(self, execution: _Execution) -> None:
        if execution.tasks == 1 and execution.branches:
            for catalogue, requests in REQUESTS.items():
                self._fetch(_Branch(execution=execution, catalogue=catalogue, left=requests))
            return
        if execution.tasks == len(self.OTHERS):
            self.played.finished += 1
            self.played.hours = self._now / 3600
            self.played.most_events = max(self.played.most_events, execution.events)
            return
        state = self.OTHERS[execution.tasks]

        def done() -> None:
            self._all.give_back()
            self._next_task(execution)

        execution.tasks += 1
        execution.events += VISIT
        delays = longest_delays(retrier(state, TOO_MANY))
        work = _Task(
            execution=execution, delays=delays, slots=self._all, begin=lambda: self._after(self.OTHER_SECONDS, done)
        )
        self._start(work)

    def _fetch(self, branch: _Branch) -> None:
        branch.execution.events += VISIT
        delays = longest_delays(retrier("Fetch", TOO_MANY))
        self._start(
            _Task(execution=branch.execution, delays=delays, slots=self._fetching, begin=lambda: self._call(branch))
        )

    # ------------------------------------------------------------------------------------------------ the function

    def _call(self, branch: _Branch) -> None:
        branch.began, branch.pages, branch.on_page = self._now, 0, 0
        self._ask(branch)

    def _return(self, branch: _Branch, wait: float | None) -> None:
        """``wait`` None: the branch has ended."""
        self._fetching.give_back()
        self.played.function_hours += (self._now - branch.began + START_SECONDS) / 3600
        if wait is None:
            self._end(branch)
            return
        branch.execution.events += WAIT if wait else 0
        self._after(wait, lambda: self._fetch(branch))

    def _end(self, branch: _Branch) -> None:
        branch.execution.branches -= 1
        self.played.fetched_hours = self._now / 3600
        if branch.execution.branches == 0:
            self._next_task(branch.execution)

    def _ask(self, branch: _Branch) -> None:
        branch.asked_since = self._now
        if self._time_is_over(branch):
            self._told_to_wait(branch, Throttled("no time", retry_after=0.0))
        else:
            self._waiting[branch.catalogue].append(branch)
            self._give_turns(branch.catalogue)

    def _give_turns(self, catalogue: Catalogue) -> None:
        waiting = self._waiting[catalogue]
        while waiting:
            turn = take(self._buckets[catalogue], MANNERS[catalogue].pace, self._now)
            if not turn.granted:
                self._poll(catalogue, turn)
                return
            self._buckets[catalogue] = turn.bucket
            index = self._random.randrange(len(waiting))
            waiting[index], waiting[-1] = waiting[-1], waiting[index]
            branch = waiting.pop()
            self.played.requests[catalogue] += 1
            self._after(ANSWER_SECONDS, lambda branch=branch: self._answered(branch))  # type: ignore[misc]

    def _poll(self, catalogue: Catalogue, turn: Turn) -> None:
        """Whoever would have to wait too long gives up now; the others look again together."""

        wait = turn.wait

        def too_long(branch: _Branch) -> bool:
            late = self._now - branch.asked_since + wait > longest_wait(turn)
            return late or self._now - branch.began + wait + REQUEST_SECONDS > FETCH_SECONDS

        waiting = self._waiting[catalogue]
        late = [branch for branch in waiting if too_long(branch)]
        self._waiting[catalogue] = [branch for branch in waiting if branch not in late] if late else waiting
        if self._waiting[catalogue] and catalogue not in self._rounds:
            self._rounds.add(catalogue)

            def look() -> None:
                self._rounds.remove(catalogue)
                self._give_turns(catalogue)

            self._after(wait, look)
        for branch in late:
            self._told_to_wait(branch, Throttled("late", retry_after=CROWD_SECONDS))

    def _answered(self, branch: _Branch) -> None:
        branch.left -= 1
        branch.on_page += 1
        if branch.left == 0:
            self._return(branch, None)
        elif branch.on_page < A_PAGE.get(branch.catalogue, 1):
            self._ask(branch)
        else:
            self._page(branch)

    def _page(self, branch: _Branch) -> None:
        branch.pages += 1
        branch.on_page = 0
        if self._now - branch.began >= CALL_TIME.total_seconds():
            self._return(branch, 0.0)
        else:
            self._ask(branch)

    def _told_to_wait(self, branch: _Branch, error: Throttled) -> None:
        if branch.on_page:  # the client gives what it has
            self._page(branch)
            return
        last = self._now - branch.execution.started >= PATIENCE.total_seconds()
        wait = wait_after(error, pages=branch.pages, last_attempt=last, jitter=self._random.random)
        if wait is None:
            self.played.lost["patience"] += 1
        self._return(branch, wait)

    def _time_is_over(self, branch: _Branch) -> bool:
        return FETCH_SECONDS - (self._now - branch.began) < REQUEST_SECONDS
