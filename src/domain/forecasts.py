"""Episodes to come in a stored entry: what was said of them holds as long as somebody says it.

What has aired airs no second time: only who gave a date that has passed may say, answering in full, that it is to come.

Everything else that no catalogue offers any more stays. A moment to come is a forecast, though: kept after whoever made
it took it back, it would start an update of an episode that does not air. So, of a catalogue that answered in full now:

* A moment to come that it said before and does not say now is taken back.
* An episode that was only counted, from when a series airs by the week, is dropped where nobody tells of it now. Of
  such a one nothing is known but the number and when it airs; anything else, or a lock, keeps it. So does a later
  episode that is told to come: then it aired when it was to, and the lists lag behind.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain import airing
from domain.airing import WeeklySlot
from domain.locks import has_locks
from domain.shares import of_notes, of_origins
from domain.stages.upcoming import COUNTING_NAMES
from models.provenance import Conflict, Provenance
from models.vocabulary import ProvenanceStatus

Part = dict[str, Any]

_EPISODES: Final = "episode_details"
_BARE: Final = frozenset({"episode_id", "episode_number", "aired"})
_SAYS_NOTHING: Final[tuple[Any, ...]] = (None, False, "", [], {})


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """``before``: the stored entry's provenance; ``now``: of the catalogues that were asked; ``after``: when they
    answered, None where none did. ``slot`` gives days their time of day."""

    before: Provenance
    now: Provenance
    after: datetime | None
    slot: WeeklySlot | None
    locked: Collection[str]

    def next_number(self, episodes: Sequence[Mapping[str, Any]]) -> str | None:
        """Of the first episode to come."""
        coming = ((at, one["episode_number"]) for one in episodes if (at := self._to_come(one)) is not None)
        return min(coming, default=(None, None))[1]

    def still_said(
        self, stored: Sequence[Part], offered: Sequence[Mapping[str, Any]], *, numbers: Collection[str] | None = None
    ) -> list[Part]:
        """The stored episodes without what was taken back; ``numbers``: of these episodes alone."""
        told = {one["episode_number"]: one for one in offered}
        ahead = [one["episode_number"] for one in offered if self._to_come(one) is not None]
        last = max((int(number) for number in ahead if number.isdecimal()), default=0)
        return [
            one
            for episode in stored
            for one in (
                self._left(episode, told.get(episode["episode_number"]), last=last)
                if numbers is None or episode["episode_number"] in numbers
                else [episode]
            )
        ]

    def without_second_airings(
        self, stored: Sequence[Mapping[str, Any]], offered: Sequence[Part], told: Mapping[str, Any]
    ) -> tuple[list[Part], list[Conflict]]:
        """What is offered without new dates of what has aired, and what they were. ``told``: whose they are
        (``stages.merging.Notes``)."""
        over = {one["episode_number"]: one["aired"] for one in stored if one.get("aired") and not self._to_come(one)}
        left: list[Part] = []
        refused: list[Conflict] = []
        for episode in offered:
            number = episode["episode_number"]
            if number in over and self._is_second(episode):
                left.append({name: value for name, value in episode.items() if name != "aired"})
                givers = [name for name, _ in of_notes(told).field(_EPISODES, number, "aired")]
                refused += self._refusals(number, over[number], episode["aired"], givers)
            else:
                left.append(episode)
        return left, refused

    def _is_second(self, episode: Mapping[str, Any]) -> bool:
        """Of an episode that has aired as it is stored."""
        if "aired" not in episode or (episode["aired"] is not None and self._to_come(episode) is None):
            return False
        return not any(map(self._answered, self._sayers(episode["episode_number"])))

    def _refusals(self, number: str, aired: str, again: str | None, givers: Sequence[str]) -> Iterator[Conflict]:
        """None where it is unknown who says the one or the other: of a delay the stage tells."""
        sayers = sorted(self._sayers(number))
        if sayers and givers and again is not None:
            yield Conflict(
                field=f"{_EPISODES}/aired",
                values={givers[0]: again, sayers[0]: aired},
                chosen=sayers[0],
                rule=airing.AIRED_RULE,
                items=number,
            )

    def _sayers(self, number: str) -> set[str]:
        """Who said when a stored episode airs."""
        return {name for name, _ in of_origins(self.before.fields).field(_EPISODES, number, "aired")}

    def _left(self, episode: Part, told: Mapping[str, Any] | None, *, last: int) -> Iterator[Part]:
        """``last``: the highest number that is told to come."""
        number = episode["episode_number"]
        if episode.get("aired") is None or "aired" in (told or {}) or has_locks(self.locked, _EPISODES, number):
            yield episode
            return
        sayers = self._sayers(number)
        coming = self._to_come(episode) is not None
        if not sayers or not all(map(self._answered, sayers)):
            yield episode
        elif told is None and sayers <= COUNTING_NAMES and _is_bare(episode):
            if not coming and number.isdecimal() and int(number) < last:
                yield episode
        elif coming:
            yield {name: value for name, value in episode.items() if name != "aired"}
        else:
            yield episode

    def _to_come(self, episode: Mapping[str, Any]) -> datetime | None:
        aired = airing.date_of_entry(episode.get("aired"))
        if aired is None or self.after is None or airing.has_aired(aired, self.after, self.slot):
            return None
        return airing.airs_at(aired, self.slot)[0]

    def _answered(self, name: str) -> bool:
        """In full: what is missing of an answer may be what it said before."""
        answer = self.now.catalogues.get(name)
        return answer is not None and answer.status is ProvenanceStatus.OK and answer.reason is None


def _is_bare(episode: Mapping[str, Any]) -> bool:
    return all(value in _SAYS_NOTHING for name, value in episode.items() if name not in _BARE)
