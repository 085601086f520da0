"""What a catalogue that is down said stays, though others speak for it meanwhile.

A value whose giver stands first in the priority table would give way to the next one's for as long as the first is
away, and come back with it: two reviews in which nothing has changed. So a stored value stays where whoever gave it did
not answer in full now though asked, and stands before whoever gives another. A catalogue that answered that it does
not know the anime is not away.

What only passes by is taken from whoever answers: the status, the mean of the scores, and when episodes are to air.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain import airing
from domain.airing import WeeklySlot
from domain.known_people import ids_of, same_language
from domain.laying_over import NESTED, Key, Keys, is_merged
from domain.shares import Shares, Tables, of_notes, of_origins
from domain.stages import values
from domain.stages.priority import (
    BY_SIZE,
    CHARACTERS,
    EPISODE_AIRED,
    EPISODE_FIRST,
    FIRST,
    RELATIONS,
    SHORT_NAMES,
    STAFF,
    UNION,
)
from models.events import Catalogue
from models.provenance import Provenance
from models.vocabulary import ProvenanceStatus

Part = dict[str, Any]

_PASSING: Final = frozenset({"status", "score"})
_IDS: Final = "staff_ids"
_VOICES: Final = "staff_data/voice_actors"
_CALLED: Final = ("nicknames", "name_variations")
_NAMES: Final = ("name", "name_native", "name_kanji")
_NATIVE: Final = (*(c for c in CHARACTERS if c is not Catalogue.JIKAN), Catalogue.JIKAN)
"""MyAnimeList's is the one in kanji, which stands in where nobody gives one."""
_ORDERS: Final[Mapping[str, Sequence[Catalogue]]] = {
    **FIRST,
    **UNION,
    **{f"episode_details/{name}": order for name, order in EPISODE_FIRST.items()},
    "episode_details/aired": EPISODE_AIRED.order,
    "characters": CHARACTERS,
    "characters/name_native": _NATIVE,
    "voice_actors": CHARACTERS,
    "production_staff": STAFF,
    "related_anime": RELATIONS,
    "relations": RELATIONS,
}
_MISSED: Final = frozenset({ProvenanceStatus.FAILED, ProvenanceStatus.NOT_RECORDED})


def _order(path: str, name: str = "") -> Sequence[str]:
    above = path.split("/")
    keys = (f"{path}/{name}", path, *reversed(above))
    return [SHORT_NAMES[one] for one in next((_ORDERS[key] for key in keys if key in _ORDERS), BY_SIZE)]


@dataclass(frozen=True, kw_only=True)
class Absent:
    """``told``: whose what is offered is (``stages.merging.Notes``); ``now``: of the catalogues that were asked.
    ``keys``: as an entry's lists are merged. ``slot`` gives days their time of day, ``after`` tells what has aired."""

    before: Provenance
    told: Mapping[str, Any]
    now: Provenance
    keys: Keys
    slot: WeeklySlot | None
    after: datetime | None
    _tables: tuple[Tables, Tables] = field(init=False)
    _away: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", (of_origins(self.before.fields), of_notes(self.told)))
        away = {name for name, one in self.now.catalogues.items() if one.status in _MISSED or one.reason is not None}
        object.__setattr__(self, "_away", frozenset(away))

    def standing(self, stored: Part, offered: Part) -> Part:
        """What is offered, with the stored values that stay in their places."""
        if not self._away or not stored:
            return offered
        left = self._mapping("", stored, offered)
        pairs = zip(offered.get("characters", ()), left.get("characters", ()), strict=True)
        return with_names_of_characters(left, [(one["name"], other) for one, other in pairs])

    def _mapping(self, above: str, stored: Part, offered: Part) -> Part:
        found = {
            name: self._value(f"{above}{name}", stored[name], value) if name in stored else value
            for name, value in offered.items()
        }
        return self._in_their_groups(stored, found) if above == f"{_VOICES}/" else found

    def _value(self, path: str, stored: Any, offered: Any) -> Any:
        if path in _PASSING or stored == offered:
            return offered
        old, new = self._tables
        if path in NESTED and isinstance(stored, dict) and isinstance(offered, dict):
            return self._mapping(f"{path}/", stored, offered)
        key = self.keys(path)
        if key is not None and isinstance(stored, list) and isinstance(offered, list):
            return offered if path.startswith("images/") else self._items(path, stored, offered, key)
        if is_merged(path.rpartition("/")[2]) and isinstance(stored, dict) and isinstance(offered, dict):
            names = [name for name in offered if name in stored]
            kept = [n for n in names if self._stays(old.item(path, n), new.item(path, n), _order(path))]
            return {**offered, **{name: stored[name] for name in kept}}
        return stored if self._stays(old.whole(path), new.whole(path), _order(path)) else offered

    def _items(self, path: str, stored: list[Any], offered: list[Any], key: Key) -> list[Any]:
        known: dict[Hashable, list[tuple[str, Any]]] = {}
        for at, item in enumerate(stored, 1):
            known.setdefault(key(item), []).append((_name(path, at, item), item))
        found: list[Any] = []
        for at, item in enumerate(offered, 1):
            places = known.get(key(item))
            name, other = places.pop(0) if places else ("", None)
            if isinstance(item, dict) and isinstance(other, dict):
                found.append(self._thing(path, (name, other), (_name(path, at, item), item)))
            else:
                old, new = self._tables
                stays = other is not None and self._stays(old.item(path, name), new.item(path, str(at)), _order(path))
                found.append(other if stays else item)
        return found

    def _thing(self, path: str, stored: tuple[str, Part], offered: tuple[str, Part]) -> Part:
        old, new = self._tables
        (its_name, known), (name, thing) = stored, offered
        kept: Part = {}
        for one, value in thing.items():
            if one not in known or known[one] == value:
                continue
            if one == "voice_actors":
                kept[one] = self._voices(known[one], value)
            elif not is_merged(one):
                mine, theirs = old.field(path, its_name, one), new.field(path, name, one)
                if isinstance(value, list) and len(mine) > 1:
                    if self._away & {catalogue for catalogue, _ in mine}:
                        kept[one] = list(dict.fromkeys([*known[one], *value]))
                elif self._stays(mine, theirs, _order(path, one)) and (
                    one != "aired" or self._date_stays(known[one], value)
                ):
                    kept[one] = known[one]
        if path != "characters" or not kept:
            return {**thing, **kept}
        names = {values.folded(text) for one in _NAMES if (text := {**known, **thing, **kept}.get(one))}
        called: Part = {
            one: [n for n in thing[one] if values.folded(n) not in names] for one in _CALLED if one in thing
        }
        return values.filled({**thing, **called, **kept})

    def _stays(self, mine: Shares, theirs: Shares, order: Sequence[str]) -> bool:
        away = [catalogue for catalogue, _ in mine if catalogue in self._away]
        return bool(away and theirs) and _rank(away, order) < _rank((catalogue for catalogue, _ in theirs), order)

    def _date_stays(self, stored: str, offered: str | None) -> bool:
        """Against a date that has passed, and is no finer one."""
        mine, theirs = airing.date_of_entry(stored), airing.date_of_entry(offered)
        if mine is None or theirs is None or self.after is None or not airing.has_aired(theirs, self.after, self.slot):
            return False
        if isinstance(mine, datetime) is isinstance(theirs, datetime):
            return True
        return isinstance(mine, datetime) and abs(airing.day_in_japan(mine) - airing.day_in_japan(theirs)).days <= 1

    def _voices(self, stored: list[Part], offered: list[Part]) -> list[Part]:
        """Of the voices of a character the ids tell who speaks of them."""
        key = self.keys(_VOICES)
        if key is None:
            return offered
        known = {key(voice): voice for voice in reversed(stored)}
        return [
            {**voice, **{name: value for name, value in known[key(voice)].items() if name in voice and name != _IDS}}
            if key(voice) in known and self._person_stays(known[key(voice)], voice)
            else voice
            for voice in offered
        ]

    def _person_stays(self, stored: Part, offered: Part) -> bool:
        mine, theirs = ([(catalogue, None) for catalogue, _ in ids_of(one)] for one in (stored, offered))
        return self._stays(tuple(mine), tuple(theirs), _order(_VOICES))

    def _in_their_groups(self, stored: Part, offered: Part) -> Part:
        """Voices in the groups where they stay, under ``portuguese_br`` though ``portuguese`` is offered."""
        key = self.keys(_VOICES)
        if key is None:
            return offered
        places = {(key(one), group): one for group, people in stored.items() for one in people}
        found: dict[str, list[Part]] = {group: [] for group in offered}
        for group, people in offered.items():
            others = [other for other in stored if other != group and same_language(other, group)]
            for one in people:
                known = ((other, places[key(one), other]) for other in others if (key(one), other) in places)
                place = next((other for other, it in known if self._person_stays(it, one)), group)
                kept = (
                    {name: v for name, v in places[key(one), place].items() if name != _IDS} if place != group else {}
                )
                found.setdefault(place, []).append({**one, **kept})
        return values.filled(found)


def with_names_of_characters(offered: Part, renamed: Iterable[tuple[str, Part]]) -> Part:
    """Whom somebody voices is told by the character's name. ``renamed``: all characters, with the names by which they
    are told of."""
    voices = offered.get("staff_data", {}).get("voice_actors")
    names: dict[str, list[Part]] = {}
    for name, character in renamed:
        names.setdefault(name, []).append(character)
    if not voices or all(one["name"] == name for name, found in names.items() for one in found):
        return offered
    named = {group: [_with_names(one, names) for one in people] for group, people in voices.items()}
    return {**offered, "staff_data": {**offered["staff_data"], "voice_actors": named}}


def _with_names(person: Part, names: Mapping[str, Sequence[Part]]) -> Part:
    if "character_assignments" not in person:
        return person
    assigned = [
        now for name in person["character_assignments"] for now in _named(person, names.get(name, ())) or [name]
    ]
    return {**person, "character_assignments": list(dict.fromkeys(assigned))}


def _named(person: Part, characters: Sequence[Part]) -> list[str]:
    """Of several characters of one name, those that list the person."""
    ids = {*ids_of(person)}
    return [
        one["name"]
        for one in characters
        if len(characters) == 1 or any(ids & {*ids_of(voice)} for voice in one.get("voice_actors", ()))
    ]


def _name(path: str, at: int, item: Any) -> str:
    return str(item["episode_number"]) if path == "episode_details" else str(at)


def _rank(catalogues: Iterable[str], order: Sequence[str]) -> int:
    return min(order.index(one) if one in order else len(order) for one in catalogues)
