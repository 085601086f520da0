"""Answers of catalogues that were given before, looked up before any request goes out.

A fresh one is taken. An old one is asked for anew, and stands in where the catalogue fails. What does not exist is
remembered for a while. Of those who miss the same answer at once, one asks and the others wait for it, within a process
and, by a claim in the cache, across workers. The cache may fail in any of this; the answer is then asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from models.errors import (
    AnimeError,
    BadInput,
    InTrouble,
    NotFound,
    NotRecorded,
    Permanent,
    Throttled,
)
from sources.flights import Flights
from sources.http import NotSupported, Response, Sleep
from sources.keeping import LIFETIMES, MOST_BYTES, NEGATIVE_SECONDS, STALE_SECONDS, Keep, Kept, packed, unpacked
from sources.resting import Resting
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.catalogue_ports import AnswerCache
from workflows.ports import Clock

T = TypeVar("T")

CLAIM_SECONDS: Final = 300.0
"""As long as the function may last that asks, turns and repetitions included. Of one that died the others think so
long that it is still asking."""

FOLLOW_SECONDS: Final = 20.0
"""For so long a function waits for an answer that somebody else is asking for; then the state machine does."""

_FIRST_LOOK: Final = 0.05
_LAST_LOOK: Final = 0.5

_TAKEN_AS_SAID: Final = (NotFound, NotRecorded, NotSupported, BadInput, Throttled)
"""No failures of the catalogue: what it said, what we asked wrongly, and what it will say a little later."""


@dataclass(frozen=True, kw_only=True)
class SharedAnswers:
    """What all threads of a process have in common. ``cache`` None: the stack has none. ``last_attempt``: nobody waits
    for a turn any more, so that an old answer stands in for one that does not come."""

    cache: AnswerCache | None
    last_attempt: bool = False
    flights: Flights[Kept] = field(default_factory=Flights)
    resting: Resting = field(default_factory=Resting)


class KeptAnswers:
    """Of one catalogue, for one call of a function.

    ``at_least``: seconds for which an answer is kept in any case, where the catalogue does not want to be asked the
    same again. ``oldest`` and ``notes`` tell of the answers given since ``begin``.
    """

    def __init__(
        self,
        catalogue: str,
        shared: SharedAnswers,
        *,
        counts: CatalogueCounts,
        clock: Clock,
        sleep: Sleep,
        at_least: float = 0.0,
    ) -> None:
        self._catalogue = catalogue
        self._shared = shared
        self._counts = counts
        self._clock = clock
        self._sleep = sleep
        self._at_least = at_least
        self.begin()

    def begin(self) -> None:
        self._oldest: float | None = None
        self._notes: list[str] = []

    @property
    def shared_with_others(self) -> bool:
        """Whether there is a cache, so that other workers can be given an answer."""
        return self._shared.cache is not None

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of the answers was given; None where there was none."""
        return None if self._oldest is None else datetime.fromtimestamp(self._oldest, UTC)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def fetch(self, keep: Keep, asked: str, ask: Callable[[], Response], read: Callable[[Response], T]) -> T:
        """The value of the kept answer, or of the one that ``ask`` gets, which is then kept. ``asked`` identifies the
        request without its credentials.

        Raises:
            NotFound: as said before, or now.
            Throttled: as from ``ask``, or somebody else is still asking for it.
            AnimeError: from ``ask`` and ``read``, where no kept answer can stand in.
        """
        key = f"{self._catalogue}:{keep.item}"
        question = _Question(keep=keep, key=key, asked=asked, ask=ask, read=read)
        kept = self._look_up(key, asked)
        if kept is not None and not _is_readable(kept, question):
            kept = None
        if kept is None or not self._is_fresh(kept):
            kept = self._asked_for(question, kept)
        else:
            self._counts.add(Count.HITS)
        self._oldest = kept.at if self._oldest is None else min(self._oldest, kept.at)
        if kept.missing is not None:
            raise NotFound(kept.missing)
        return read(kept.response())

    def add(self, keep: Keep, asked: str, response: Response, value: T) -> None:
        """An answer that came with others; ``value`` is what is read from it."""
        key = f"{self._catalogue}:{keep.item}"
        self._answer(_Question(keep=keep, key=key, asked=asked, ask=lambda: response, read=lambda _: value))

    def _asked_for(self, question: "_Question[T]", old: Kept | None) -> Kept:
        try:
            kept, others = self._shared.flights.join(
                f"{question.key} {question.asked}", lambda: self._alone(question), seconds=FOLLOW_SECONDS
            )
        except AnimeError as error:
            if old is None or old.missing is not None or self._is_as_said(error):
                raise
            self._counts.add(Count.STALE)
            at = datetime.fromtimestamp(old.at, UTC)
            self._notes.append(f"{question.keep.item}: an answer of {at:%Y-%m-%d %H:%M} UTC, since {error}")
            return old
        if others:
            self._counts.add(Count.HITS)
        return kept

    def _is_as_said(self, error: AnimeError) -> bool:
        """What is no failure of the catalogue. In the last attempt no turn is waited for; that this call alone has no
        time left is no matter of turns."""
        if isinstance(error, InTrouble):
            return False
        late = self._shared.last_attempt and isinstance(error, Throttled) and error.retry_after != 0
        return isinstance(error, _TAKEN_AS_SAID) and not late

    # ------------------------------------------------------------------------------------------- across the workers

    def _alone(self, question: "_Question[T]") -> Kept:
        """Asks while nobody else does, or takes what somebody else was given meanwhile. Two never ask the same: a
        catalogue that minds would turn one of them away."""
        waited, look = 0.0, _FIRST_LOOK
        while (claim := self._claim(question.key)) is None:
            if waited >= FOLLOW_SECONDS:
                raise Throttled(f"{question.key}: somebody else is asking for it", retry_after=FOLLOW_SECONDS)
            self._sleep(look)
            waited, look = waited + look, min(_LAST_LOOK, look * 2)
            kept = self._hit(question)
            if kept is not None:
                return kept
        try:
            return self._again(question) if claim else self._answer(question)
        finally:
            if claim:
                self._release(question.key, claim)

    def _again(self, question: "_Question[T]") -> Kept:
        """Whoever had the claim before may have had the answer too."""
        return self._hit(question) or self._answer(question)

    def _hit(self, question: "_Question[T]") -> Kept | None:
        kept = self._look_up(question.key, question.asked)
        if kept is None or not self._is_fresh(kept) or not _is_readable(kept, question):
            return None
        self._counts.add(Count.HITS)
        return kept

    def _answer(self, question: "_Question[T]") -> Kept:
        keep = question.keep
        try:
            response = question.ask()
            value = question.read(response)
            keep.check(value)
        except NotFound as error:
            now = self._now()
            seconds = max(NEGATIVE_SECONDS, self._at_least)
            missing = Kept(
                asked=question.asked,
                at=now,
                fresh_until=now + seconds,
                airing=False,
                missing=str(error),
                content_type="",
                body=b"",
            )
            self._put(question.key, missing, seconds)
            return missing
        now = self._now()
        airing = self._airs(keep, value)
        lifetime = LIFETIMES[keep.kind]
        seconds = max(lifetime.airing if airing else lifetime.settled, self._at_least)
        kept = Kept(
            asked=question.asked,
            at=now,
            fresh_until=now + seconds,
            airing=airing,
            missing=None,
            content_type=response.headers.get("content-type", ""),
            body=response.body,
        )
        self._put(question.key, kept, seconds + STALE_SECONDS)
        return kept

    def _airs(self, keep: Keep, value: object) -> bool:
        """Where nothing tells, it may be on air."""
        told = None if keep.airing is None else keep.airing(value)
        if told is not None:
            return told
        if keep.of is None:
            return False
        kept = self._look_up(f"{self._catalogue}:{keep.of}", None)
        return True if kept is None else kept.airing

    # --------------------------------------------------------------------------------------------------- the cache

    def _look_up(self, key: str, asked: str | None) -> Kept | None:
        """``asked`` None: whatever was asked."""
        value = self._try(lambda cache: cache.get(key))
        kept = None if value is None else unpacked(value)
        return kept if kept is not None and asked in {None, kept.asked} else None

    def _put(self, key: str, kept: Kept, seconds: float) -> None:
        value = packed(kept)
        if len(value) <= MOST_BYTES:
            self._try(lambda cache: cache.put(key, value, seconds=seconds))

    def _claim(self, key: str) -> str | None:
        """None while somebody else has it; empty where there is nobody to ask."""
        if self._shared.cache is None or self._shared.resting.now:
            return ""
        try:
            return self._shared.cache.claim(key, seconds=CLAIM_SECONDS)
        except AnimeError:
            self._failed()
            return ""

    def _release(self, key: str, claim: str) -> None:
        self._try(lambda cache: cache.release(key, claim))

    def _try(self, use: Callable[[AnswerCache], T]) -> T | None:
        if self._shared.cache is None or self._shared.resting.now:
            return None
        try:
            return use(self._shared.cache)
        except AnimeError:
            self._failed()
            return None

    def _failed(self) -> None:
        self._counts.add(Count.STORE_ERRORS)
        self._shared.resting.begin()

    def _is_fresh(self, kept: Kept) -> bool:
        return self._now() < kept.fresh_until

    def _now(self) -> float:
        return self._clock().timestamp()


@dataclass(frozen=True, kw_only=True)
class _Question(Generic[T]):
    keep: Keep
    key: str
    asked: str
    ask: Callable[[], Response]
    read: Callable[[Response], T]


def _is_readable(kept: Kept, question: _Question[T]) -> bool:
    """What an older release kept may make no sense to this one. It would be told of as broken until its time is over,
    though the catalogue can say it anew."""
    if kept.missing is not None:
        return True
    try:
        question.keep.check(question.read(kept.response()))
    except Permanent:
        return False
    return True
