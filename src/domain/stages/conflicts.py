"""Where catalogues say different things about a fact: what counts as different, for the reviewer to see.

Wordings differ everywhere; these are the facts that an anime has only one of. A difference within the tolerance is that
of two ways to count or to write the same, and is not told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.merging import Notes, Offers, Pairs, said
from domain.stages.priority import FIRST, SHORT_NAMES
from models.events import Catalogue

BY_PRIORITY: Final = "the catalogue that is believed first for it"

_DURATION_SHARE: Final = 0.2
_DAYS: Final = 1


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """``same`` says whether two values are no conflict; ``words`` is the tolerance for people."""

    same: Callable[[Any, Any], bool]
    words: str


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _about(one: int, other: int) -> bool:
    return abs(one - other) <= _DURATION_SHARE * max(one, other)


def _same_days(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Of each end that both know, as far as both know it."""
    ends = [name for name in ("from", "to") if name in one and name in other]
    return all(
        _same_begin(one, other) if name == "from" else days_apart(one[name], other[name]) <= _DAYS for name in ends
    )


def _same_begin(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """A wording without a day agrees with every day of the month or year that it names."""
    if airing.names_a_day(one.get("string")) and airing.names_a_day(other.get("string")):
        return days_apart(one["from"], other["from"]) <= _DAYS
    known = (airing.known_date(day_of(dates["from"]), dates.get("string")) for dates in (one, other))
    return all(mine == theirs for mine, theirs in zip(*known, strict=False))


def days_apart(one: str, other: str) -> int:
    """Between two dumped days or instants, as days in Japan."""
    return abs((day_of(one) - day_of(other)).days)


def day_of(text: str) -> date:
    found = airing.day_of_record(text)
    if found is None:
        raise ValueError(f"not a day: {text!r}")
    return airing.day_in_japan(found)


THRESHOLDS: Final[Mapping[str, Threshold]] = {
    "type": Threshold(same=_equal, words="any difference"),
    "status": Threshold(same=_equal, words="any difference"),
    "episodes": Threshold(same=_equal, words="any difference"),
    "year": Threshold(same=_equal, words="any difference"),
    "season": Threshold(same=_equal, words="any difference"),
    "source_material": Threshold(same=_equal, words="any difference"),
    "duration": Threshold(same=_about, words=f"more than {_DURATION_SHARE:.0%}"),
    "aired_dates": Threshold(same=_same_days, words=f"more than {_DAYS} day at either end"),
    "premiere_dates": Threshold(same=_same_days, words=f"more than {_DAYS} day from a first day of `aired_dates`"),
}
"""By field of the metadata. Episodes' air dates have a rule of their own (``domain.airing.decide_aired``)."""


SLOT_RULE: Final = "the slot is of another broadcast, or of that day's late night; it gives no time to other days"


def note_conflicts(offers: Offers, notes: Notes) -> None:
    for name, threshold in THRESHOLDS.items():
        found = _told(offers, name)
        if found and any(not threshold.same(found[0][1], value) for _, value in found[1:]):
            notes.conflicts.append(conflict(name, found, chosen=found[0][0], rule=BY_PRIORITY, word=_word))
    for catalogue, broadcast in said(offers, "broadcast", FIRST["broadcast"])[:1]:
        _note_other_weekday(catalogue, broadcast, offers, notes)


def _told(offers: Offers, name: str) -> list[tuple[Catalogue, Any]]:
    """Each catalogue's word, that which is taken first."""
    if name == "aired_dates":
        return whole_dates_first(said(offers, name, FIRST[name]))
    found = said(offers, name, FIRST[name])
    if name != "premiere_dates":
        return found
    premieres = [(c, {"from": dates["original"]}) for c, dates in found if "original" in dates]
    return [*premieres, *_told(offers, "aired_dates")] if premieres else []


def whole_dates_first(found: Pairs) -> list[tuple[Catalogue, Any]]:
    """``aired_dates`` whose first day is known before those that name a month or a year, which are recorded as its
    first day."""
    return sorted(found, key=lambda pair: not airing.names_a_day(pair[1].get("string")))


def _note_other_weekday(owner: Catalogue, broadcast: Mapping[str, str], offers: Offers, notes: Notes) -> None:
    """A series may have been shown elsewhere first, or its slot have moved."""
    slot = airing.broadcast_slot(broadcast)
    dates: Mapping[str, str] = next((value for _, value in _told(offers, "aired_dates")), {})
    if slot is None or "from" not in dates or not airing.names_a_day(dates.get("string")):
        return
    day = day_of(dates["from"])
    if day.weekday() != slot.weekday:
        words = f"{_word(broadcast)}, but began on {day:%A} {day.isoformat()}"
        notes.conflicts.append(conflict("broadcast", [(owner, words)], chosen=owner, rule=SLOT_RULE, word=str))


def conflict(
    name: str,
    found: Iterable[tuple[Catalogue, Any]],
    *,
    chosen: Catalogue,
    rule: str,
    word: Callable[[Any], str],
    items: str | None = None,
) -> dict[str, Any]:
    return values.filled(
        {
            "field": name,
            "values": {SHORT_NAMES[catalogue]: word(value) for catalogue, value in found},
            "chosen": SHORT_NAMES[chosen],
            "rule": rule,
            "items": items,
        }
    )


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("string") or " to ".join(_ends(value)))
    return str(value)


def _ends(dates: Mapping[str, str]) -> Sequence[str]:
    return [dates[name] for name in ("from", "to") if name in dates]
