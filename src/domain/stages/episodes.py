"""Stage 2: episodes, one a number, each field from the catalogue that is believed first for it.

When an episode aired is decided by rule (``domain.airing``), and so is the next one of a series that is on air. What
has aired stays as its records say; delays move only what is to come.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from domain import airing
from domain.airing import Delay, DueEpisode, Postponed, WeeklySlot
from domain.episode_numbers import number_order
from domain.spans import spans
from domain.stages import values
from domain.stages.conflicts import conflict, day_of
from domain.stages.merging import Notes, Offers, first, givers, read
from domain.stages.priority import BY_SIZE, EPISODE_AIRED, EPISODE_FIRST, EPISODE_UNION, SHORT_NAMES
from domain.stages.readers import READERS
from domain.stages.readers.base import Answers, Part
from domain.stages.upcoming import Outlook, Plan, Refused, delays_of, in_words, last_aired, recorded, upcoming
from models.anime import AnimeEntry
from models.events import Catalogue

_ADDRESSED: Final = ("episode_pages", "streaming")
_FIELD: Final = "episode_details"
_AIRED: Final = f"{_FIELD}/aired"
_TOLD: Final = 5
"""So many of the episodes of one disagreement are written out for the reviewer; the rest is counted."""

Plans = Mapping[Catalogue, date | datetime]
"""When an episode airs, by who says so."""

ByNumber = Mapping[str, Mapping[Catalogue, Part]]
"""By number of the episode, what each catalogue has of it."""

_LONG_NAMES: Final = {short: catalogue for catalogue, short in SHORT_NAMES.items()}


def episodes(
    answers: Mapping[Catalogue, Answers], *, at: datetime | None = None, stored: AnimeEntry | None = None
) -> Part:
    """``episode_details`` without ids, by number, specials last, with notes. ``at``: when the catalogues answered; with
    it the next episode of a series on air is told as well, and what was to come and is held up by a delay moves. An
    ``aired`` of None says that it was to come, and that now nobody knows when. ``stored``: the entry as it is."""
    offers = read(answers, lambda reader: reader.metadata)
    listed = {c: READERS[c].episodes(answers[c]) for c in BY_SIZE if c in answers}
    by_number: dict[str, dict[Catalogue, Part]] = {}
    for catalogue, parts in listed.items():
        for part in parts:
            known = by_number.setdefault(part["episode_number"], {})
            # A catalogue may tell of an episode in two places, such as a schedule and a streaming site.
            known[catalogue] = values.together(known.get(catalogue, {}), part)
    slot = airing.broadcast_slot(values.mapping(offers.get(Catalogue.JIKAN, {}).get("broadcast")))
    merged = _Merged(slot=slot, begin=_begin(offers), stored=recorded(stored))
    if at is not None:
        last = merged.last_recorded(by_number, after=at)
        merged.hold_up(by_number, delays_of(answers, offers, after=at, last=last), after=at, last=last)
    details = {number: merged.episode(number, by_number[number]) for number in sorted(by_number, key=number_order)}
    if at is not None:
        merged.add_next(details, offers, after=at)
    merged.note_disagreements()
    ordered = [details[number] for number in sorted(details, key=number_order)]
    return merged.notes.beside({_FIELD: ordered} if ordered else {})


def _begin(offers: Offers) -> date | None:
    """The earliest day on which a catalogue has the whole anime begin."""
    found = [values.dig(part, "aired_dates", "from") for part in offers.values()]
    return min((day_of(text) for text in found if text is not None), default=None)


class _Merged:
    """Merges episode by episode, and notes where the values come from."""

    def __init__(self, *, slot: WeeklySlot | None, begin: date | None, stored: Plan) -> None:
        self.notes = Notes()
        self._slot = slot
        self._begin = begin
        self._stored = stored
        self._owners: dict[str, dict[str, tuple[Catalogue, ...]]] = {}
        self._disagreed: dict[tuple[str, Catalogue, tuple[Catalogue, ...]], dict[str, dict[Catalogue, str]]] = {}
        self._after: datetime | None = None
        self._delays: tuple[Delay, ...] = ()
        self._postponed: dict[Catalogue, dict[str, Postponed]] = {}
        self._held_up: dict[Delay, dict[Catalogue, dict[str, str]]] = {}

    def episode(self, number: str, offers: Offers) -> Part:
        of_one = Notes()
        part = {"episode_number": number, **first(offers, EPISODE_FIRST, of_one)}
        for name, catalogue in of_one.origins.items():
            self._own(name, number, _LONG_NAMES[catalogue])
        for name, order in EPISODE_UNION.items():
            offered = [(c, offers[c][name]) for c in order if c in offers and offers[c].get(name)]
            if name in _ADDRESSED:
                part[name] = {label: address for _, pages in reversed(offered) for label, address in pages.items()}
            else:
                part[name] = list(dict.fromkeys(item for _, items in offered for item in items))
            self._own(name, number, *givers([(c, {name: found}) for c, found in offered], name, part[name]))
        return values.filled(part) | self._aired(number, offers)

    def _own(self, name: str, number: str, *catalogues: Catalogue) -> None:
        self._owners.setdefault(name, {})[number] = catalogues

    def _aired(self, number: str, offers: Offers) -> Part:
        records = _records(offers)
        if not records:
            return {}
        chosen, rule = self._decided(records)
        over = self._over(number, records)
        if self._after is not None and chosen not in over:
            if self._is_over(over, records, planned=records[chosen]):
                (chosen, _), rule = self._decided(over), airing.AIRED_RULE
            else:
                records = self._after_delays(number, records)
                coming = {c: aired for c, aired in records.items() if c not in over}
                if not coming:
                    return {"aired": None}
                chosen, rule = self._decided(coming)
        self._own("aired", number, chosen)
        if any(airing.day_in_japan(one) != airing.day_in_japan(records[chosen]) for one in records.values()):
            texts = {c: values.days(one) for c, one in records.items()}
            self._disagreed.setdefault((rule, chosen, tuple(texts)), {})[number] = texts
        return {"aired": values.days(records[chosen])}

    def _over(self, number: str, records: Plans) -> dict[Catalogue, date | datetime]:
        """The records by which the episode has aired."""
        return {
            c: aired
            for c, aired in records.items()
            if self._after is not None
            and number not in self._postponed[c]
            and airing.has_aired(aired, self._after, self._slot)
        }

    @staticmethod
    def _is_over(over: Plans, records: Plans, *, planned: date | datetime) -> bool:
        """A day next to the planned moment is that broadcast's, which is still to come."""
        day = airing.day_in_japan(planned)
        is_another = all(abs((airing.day_in_japan(aired) - day).days) > 1 for aired in over.values())
        return is_another and _is_listed(over, records)

    def _decided(self, records: Plans) -> tuple[Catalogue, str]:
        named = {SHORT_NAMES[c]: found for c, found in records.items()}
        decided = airing.decide_aired(named, slot=self._slot, begin=self._begin)
        return _LONG_NAMES[decided.source], decided.rule

    def last_recorded(self, by_number: ByNumber, *, after: datetime) -> DueEpisode | None:
        """The last episode that has aired by more than AniList's announcement of it: by a list, or as it is stored.

        A stored moment that is not AniList's own any more is one that a delay moved, and so its announcement too.
        """
        announced = _plan_of(Catalogue.ANILIST, by_number)
        plan = {
            number: aired
            for number, aired in self._stored.items()
            if not isinstance(aired, datetime) or announced.get(number) == aired
        }
        for number, offers in by_number.items():
            records = _records(offers)
            over: dict[Catalogue, date | datetime] = {
                c: aired
                for c, aired in records.items()
                if c is not Catalogue.ANILIST and airing.has_aired(aired, after, self._slot)
            }
            if _is_listed(over, records):
                plan[number] = over[self._decided(over)[0]]
        return last_aired(plan, after=after, slot=self._slot)

    def hold_up(
        self, by_number: ByNumber, delays: tuple[Delay, ...], *, after: datetime, last: DueEpisode | None
    ) -> None:
        """From here on, what these delays move does not air when its records say. ``last``: the last recorded one."""
        self._after, self._delays = after, delays
        outlook = Outlook(after=after, last=last)
        for catalogue in EPISODE_AIRED.order:
            plan = _plan_of(catalogue, by_number)
            announced = catalogue is Catalogue.ANILIST
            unconfirmed = {one for one in plan if announced and one.isdecimal() and outlook.follows(int(one))}
            self._postponed[catalogue] = airing.postponed(
                plan, delays, after=after, slot=self._slot, unconfirmed=unconfirmed
            )

    def _after_delays(
        self, number: str, records: Mapping[Catalogue, date | datetime]
    ) -> dict[Catalogue, date | datetime]:
        """The records as the delays leave them, without those that count no more."""
        left: dict[Catalogue, date | datetime] = {}
        for catalogue, record in records.items():
            moved = self._postponed[catalogue].get(number)
            to = record if moved is None else moved.to
            if moved is not None:
                self._note_delay(catalogue, number, record, moved.by)
            if to is not None:
                left[catalogue] = to
        return left

    def _note_delay(self, catalogue: Catalogue, number: str, planned: date | datetime, by: Delay) -> None:
        self._held_up.setdefault(by, {}).setdefault(catalogue, {})[number] = values.days(planned)

    def add_next(self, details: dict[str, Part], offers: Offers, *, after: datetime) -> None:
        """The moment of the next episode, in place of what was known of its day."""
        last = last_aired({**self._stored, **_plan(details)}, after=after, slot=self._slot)
        owners = self._owners.get("aired", {})
        scheduled = {number: part for number, part in details.items() if owners.get(number) == (Catalogue.ANILIST,)}
        found = upcoming(offers, _plan(scheduled), Outlook(after=after, delays=self._delays, last=last))
        for refused in found.refused:
            self._note_refused(refused, details)
        coming = found.next
        if coming is None or coming.number is None:
            return
        number = str(coming.number)
        chosen = _LONG_NAMES[coming.source]
        details[number] = {**details.get(number, {"episode_number": number}), "aired": values.days(coming.at)}
        self._own("aired", number, chosen)
        others = [(_LONG_NAMES[one.source], values.days(one.at)) for one in coming.others]
        if others:
            self._note(number, [(chosen, values.days(coming.at)), *others], chosen, airing.NEXT_RULE)

    def _note_refused(self, refused: Refused, details: Mapping[str, Part]) -> None:
        catalogue, number = _LONG_NAMES[refused.source], str(refused.number)
        if refused.by is not None:
            self._note_delay(catalogue, number, refused.at, refused.by)
        elif (owners := self._owners.get("aired", {}).get(number)) is not None:
            told = [(owners[0], details[number]["aired"]), (catalogue, values.days(refused.at))]
            self._note(number, told, owners[0], airing.AIRED_RULE)

    def _note(self, items: str, told: list[tuple[Catalogue, str]], chosen: Catalogue, rule: str) -> None:
        self.notes.conflicts.append(conflict(_AIRED, told, chosen=chosen, rule=rule, word=str, items=items))

    def note_disagreements(self) -> None:
        """One conflict for all episodes that the same catalogues date differently by the same rule."""
        for name, owners in self._owners.items():
            self.notes.keyed(f"{_FIELD}/{name}", owners)
        for (rule, chosen, catalogues), by_number in self._disagreed.items():
            told = [(c, _written_out({number: texts[c] for number, texts in by_number.items()})) for c in catalogues]
            self._note(spans(by_number), told, chosen, rule)
        for delay, planned in self._held_up.items():
            by = _LONG_NAMES[delay.source or ""]
            words = {c: _written_out(moments) for c, moments in planned.items()}
            words[by] = "; ".join(filter(None, (words.get(by), in_words(delay))))
            numbers = sorted({number for moments in planned.values() for number in moments}, key=number_order)
            self._note(spans(numbers), list(words.items()), by, airing.DELAY_RULE)


def _record(offer: Part) -> date | datetime | None:
    return airing.date_of_entry(offer.get("aired"))


def _records(offers: Offers) -> dict[Catalogue, date | datetime]:
    return {c: found for c in EPISODE_AIRED.order if (found := _record(offers.get(c, {}))) is not None}


def _is_listed(over: Plans, records: Plans) -> bool:
    """Whether records that are over mean that an episode has aired: MyAnimeList lists what has; the days of others may
    be old plans, unless most have them."""
    return Catalogue.JIKAN in over or 2 * len(over) > len(records)


def _plan_of(catalogue: Catalogue, by_number: ByNumber) -> dict[str, date | datetime]:
    return _plan({number: offers.get(catalogue, {}) for number, offers in by_number.items()})


def _plan(parts: Mapping[str, Part]) -> dict[str, date | datetime]:
    return {number: found for number, part in parts.items() if (found := _record(part)) is not None}


def _written_out(days: Mapping[str, str]) -> str:
    shown = ", ".join(f"{number}: {text}" for number, text in list(days.items())[:_TOLD])
    return shown + (f" and {len(days) - _TOLD} more" if len(days) > _TOLD else "")
