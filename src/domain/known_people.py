"""Which people of what is offered and of what is stored are one: looked up by the ids of both, else by name.

A catalogue's id of a person holds everywhere in an entry, so a record that has two ids, offered or stored, says that
both are one person's. Catalogues write ``Portuguese`` and ``Portuguese (BR)`` for the same, so that languages count by
their first word.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from domain.stages import values
from domain.stages.people import name_key

Part = dict[str, Any]
Person = Mapping[str, Any]
Pair = tuple[str, str]
"""A catalogue, and the id there."""

_GROUPED: Final = ("production_staff", "voice_actors")


def people_of(entry: Mapping[str, Any]) -> list[Part]:
    """All that an entry, or what is offered for one, lists."""
    staff = entry.get("staff_data", {})
    listed = [person for kind in _GROUPED for group in staff.get(kind, {}).values() for person in group]
    return [*listed, *(voice for one in entry.get("characters", ()) for voice in one.get("voice_actors", ()))]


def ids_of(person: Person) -> list[Pair]:
    return [(catalogue, str(own)) for catalogue, own in person.get("staff_ids", {}).items()]


def same_language(group: str, other: str) -> bool:
    """Of groups of voices, such as ``portuguese`` and ``portuguese_br``."""
    return group.partition("_")[0] == other.partition("_")[0]


class KnownPeople:
    """What is offered is believed before what is stored: of two ids in one catalogue the offered one is a person's."""

    def __init__(self, offered: Sequence[Person], stored: Sequence[Person]) -> None:
        self._groups: dict[Pair, dict[str, str]] = {}
        for person in (*offered, *stored):
            self._unite(ids_of(person))
        self._offered = {self._first(pair) for person in offered for pair in ids_of(person)}
        self._by_name: dict[Hashable, Hashable] = {}
        for person in offered:
            self._by_name.setdefault(_named(person), self._of_ids(person) or _named(person))
        self._stored = {(self._of_ids(person), _language(person)) for person in stored}

    def key(self, person: Person) -> Hashable:
        """Equal for those that are one."""
        own: Hashable = self._of_ids(person)
        language = _language(person)
        if own not in self._offered:
            # Whose ids nobody offers is found by name, unless the one who is offered under it is stored as another.
            namesake = self._by_name.get(_named(person))
            if namesake is not None and ((namesake, language) not in self._stored or not self._apart(person, namesake)):
                own = namesake
        return own or _named(person), language

    def _unite(self, pairs: Sequence[Pair]) -> None:
        """What has ids in the same catalogue stays apart."""
        for pair in pairs:
            first = self._groups.setdefault(pairs[0], dict(pairs[:1]))
            other = self._groups.setdefault(pair, dict([pair]))
            if first is not other and not first.keys() & other.keys():
                first |= other
                self._groups |= dict.fromkeys(other.items(), first)

    def _first(self, pair: Pair) -> Pair:
        return next(iter(self._groups[pair].items()))

    def _of_ids(self, person: Person) -> Pair | None:
        found = list(map(self._first, ids_of(person)))
        return next((one for one in found if one in self._offered), found[0] if found else None)

    def _apart(self, person: Person, namesake: Hashable) -> bool:
        known = self._groups.get(namesake, {})  # type: ignore[call-overload]
        return any(known.get(catalogue, own) != own for catalogue, own in ids_of(person))


def _language(person: Person) -> str:
    return values.folded(person.get("language", "").partition(" (")[0])


def _named(person: Person) -> Hashable:
    return name_key(person["name"]), _language(person)
