"""Stage 2: episodes, one a number, each field from the catalogue that is believed first for it.

When an episode aired is decided by rule (``domain.airing``), and so is the next one of a series that is on air.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from domain import airing
from domain.airing import WeeklySlot
from domain.spans import spans
from domain.stages import values
from domain.stages.conflicts import conflict, day_of
from domain.stages.merging import Notes, Offers, first, read
from domain.stages.priority import BY_SIZE, EPISODE_AIRED, EPISODE_FIRST, EPISODE_UNION, SHORT_NAMES
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part
from domain.stages.slots import broadcast_slot
from domain.stages.upcoming import upcoming
from models.events import Catalogue
from models.ids import is_special

_ADDRESSED: Final = ("episode_pages", "streaming")
_FIELD: Final = "episode_details"
_TOLD: Final = 5
"""So many of the episodes of one disagreement are written out for the reviewer; the rest is counted."""

_LONG_NAMES: Final = {short: catalogue for catalogue, short in SHORT_NAMES.items()}


def episodes(answers: Mapping[Catalogue, Answers], *, at: datetime | None = None) -> Part:
    """``episode_details`` without ids, by number, specials last, with notes. ``at``: when the catalogues answered; with
    it the next episode of a series on air is told as well."""
    offers = read(answers, lambda reader: reader.metadata)
    listed = {c: READERS[c].episodes(answers[c]) for c in BY_SIZE if c in answers}
    by_number: dict[str, dict[Catalogue, Part]] = {}
    for catalogue, parts in listed.items():
        for part in parts:
            known = by_number.setdefault(part["episode_number"], {})
            # A catalogue may tell of an episode in two places, such as a schedule and a streaming site.
            known[catalogue] = values.together(known.get(catalogue, {}), part)
    merged = _Merged(slot=broadcast_slot(offers.get(Catalogue.JIKAN, {}).get("broadcast")), begin=_begin(offers))
    details = {number: merged.episode(number, by_number[number]) for number in sorted(by_number, key=number_order)}
    if at is not None:
        merged.add_next(details, offers, listed, at)
    merged.note_disagreements()
    ordered = [details[number] for number in sorted(details, key=number_order)]
    return merged.notes.beside({_FIELD: ordered} if ordered else {})


def number_order(number: str) -> tuple[str, Decimal]:
    """Sort key of canonical numbers: the regular ones first, then specials by letter."""
    prefix = number[0] if is_special(number) else ""
    return prefix, Decimal(number[len(prefix) :])


def _begin(offers: Offers) -> date | None:
    """The earliest day on which a catalogue has the whole anime begin."""
    found = [values.dig(part, "aired_dates", "from") for part in offers.values()]
    return min((day_of(text) for text in found if text is not None), default=None)


class _Merged:
    """Merges episode by episode, and notes where the values come from."""

    def __init__(self, *, slot: WeeklySlot | None, begin: date | None) -> None:
        self.notes = Notes()
        self._slot = slot
        self._begin = begin
        self._owners: dict[str, dict[str, Catalogue]] = {}
        self._disagreed: dict[tuple[str, Catalogue, tuple[Catalogue, ...]], dict[str, dict[Catalogue, str]]] = {}

    def episode(self, number: str, offers: Offers) -> Part:
        of_one = Notes()
        part = {"episode_number": number, **first(offers, EPISODE_FIRST, of_one)}
        for name, catalogue in of_one.origins.items():
            self._own(name, number, _LONG_NAMES[catalogue])
        part |= self._aired(number, offers)
        for name, order in EPISODE_UNION.items():
            offered = [(c, offers[c][name]) for c in order if c in offers and offers[c].get(name)]
            if offered:
                self._own(name, number, offered[0][0])
            if name in _ADDRESSED:
                part[name] = {label: address for _, pages in reversed(offered) for label, address in pages.items()}
            else:
                part[name] = list(dict.fromkeys(item for _, items in offered for item in items))
        return values.filled(part)

    def _own(self, name: str, number: str, catalogue: Catalogue) -> None:
        self._owners.setdefault(name, {})[number] = catalogue

    def _aired(self, number: str, offers: Offers) -> Part:
        texts = {c: offers[c]["aired"] for c in EPISODE_AIRED.order if c in offers and "aired" in offers[c]}
        records = {c: found for c, text in texts.items() if (found := _record(text)) is not None}
        if not records:
            return {}
        named = {SHORT_NAMES[c]: found for c, found in records.items()}
        decided = airing.decide_aired(named, slot=self._slot, begin=self._begin)
        chosen = _LONG_NAMES[decided.source]
        self._own("aired", number, chosen)
        if any(day_of(text) != day_of(texts[chosen]) for text in texts.values()):
            self._disagreed.setdefault((decided.rule, chosen, tuple(texts)), {})[number] = texts
        return {"aired": texts[chosen]}

    def add_next(
        self, details: dict[str, Part], offers: Offers, listed: Mapping[Catalogue, list[Part]], at: datetime
    ) -> None:
        """The moment of the next episode, in place of what was known of its day."""
        coming = upcoming(offers, listed, after=at)
        if coming is None or coming.number is None:
            return
        number = str(coming.number)
        chosen = _LONG_NAMES[coming.source]
        details[number] = {**details.get(number, {"episode_number": number}), "aired": values.days(coming.at)}
        self._own("aired", number, chosen)
        others = [(_LONG_NAMES[one.source], one) for one in coming.others]
        if others:
            self.notes.conflicts.append(
                conflict(
                    f"{_FIELD}/aired",
                    [(chosen, values.days(coming.at)), *((c, values.days(one.at)) for c, one in others)],
                    chosen=chosen,
                    rule="when most sources say; of as many, when the first of them says",
                    word=str,
                    items=number,
                )
            )

    def note_disagreements(self) -> None:
        """One conflict for all episodes that the same catalogues date differently by the same rule."""
        for name, owners in self._owners.items():
            self.notes.keyed(f"{_FIELD}/{name}", owners)
        for (rule, chosen, catalogues), by_number in self._disagreed.items():
            self.notes.conflicts.append(
                conflict(
                    f"{_FIELD}/aired",
                    [(c, {number: texts[c] for number, texts in by_number.items()}) for c in catalogues],
                    chosen=chosen,
                    rule=rule,
                    word=_written_out,
                    items=spans(list(by_number)),
                )
            )


def _record(text: str) -> date | datetime | None:
    return airing.instant_of_record(text) or airing.day_of_record(text)


def _written_out(days: Any) -> str:
    shown = ", ".join(f"{number}: {text}" for number, text in list(days.items())[:_TOLD])
    return shown + (f" and {len(days) - _TOLD} more" if len(days) > _TOLD else "")
