"""Episodes to come in a stored entry: what was said of them holds as long as somebody says it.

Everything else that no catalogue offers any more stays. A moment to come is a forecast, though: kept after whoever made
it took it back, it would start an update of an episode that does not air. So, of a catalogue that answered in full now:

* A moment to come that it said before and does not say now is taken back.
* An episode that was only counted, from when a series airs by the week, is dropped where nobody tells of it now. Of
  such a one nothing is known but the number and when it airs; anything else, or a lock, keeps it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain import airing
from domain.airing import WeeklySlot
from domain.locks import is_locked
from domain.shares import of_origins
from domain.stages.priority import SHORT_NAMES
from domain.stages.upcoming import COUNTING
from models.provenance import Provenance
from models.vocabulary import ProvenanceStatus

Part = dict[str, Any]

_EPISODES: Final = "episode_details"
_BARE: Final = frozenset({"episode_id", "episode_number", "aired"})
_SAYS_NOTHING: Final[tuple[Any, ...]] = (None, False, "", [], {})
_COUNTING: Final = frozenset(SHORT_NAMES[catalogue] for catalogue in COUNTING)


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
        return [
            one
            for episode in stored
            for one in (
                self._left(episode, told.get(episode["episode_number"]))
                if numbers is None or episode["episode_number"] in numbers
                else [episode]
            )
        ]

    def _left(self, episode: Part, told: Mapping[str, Any] | None) -> Iterator[Part]:
        number = episode["episode_number"]
        if episode.get("aired") is None or "aired" in (told or {}) or self._is_locked(number):
            yield episode
            return
        sayers = {name for name, _ in of_origins(self.before.fields).field(_EPISODES, number, "aired")}
        if not sayers or not all(map(self._answered, sayers)):
            yield episode
        elif told is None and sayers <= _COUNTING and _is_bare(episode):
            return
        elif self._to_come(episode) is not None:
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

    def _is_locked(self, number: str) -> bool:
        place = f"{_EPISODES}/{number}"
        return is_locked(self.locked, _EPISODES, number) or any(path.startswith(f"{place}/") for path in self.locked)


def _is_bare(episode: Mapping[str, Any]) -> bool:
    return all(value in _SAYS_NOTHING for name, value in episode.items() if name not in _BARE)
