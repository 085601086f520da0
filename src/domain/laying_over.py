"""One side of an entry laid over the other: what is offered over what is stored, or over the release.

Lists of a name are merged item by item, some mappings key by key; everything else is replaced as a whole.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from domain.image_refs import source_url
from domain.known_people import ids_of, same_language
from domain.stages import values
from domain.stages.people import name_key

Part = dict[str, Any]
Key = Callable[[Any], Hashable]
Keys = Callable[[str], Key | None]
"""By path: what makes two items of that list the same; None for a list that is only ever replaced as a whole."""


NESTED: Final = frozenset({"images", "staff_data", "staff_data/production_staff", "staff_data/voice_actors"})
"""Mappings that hold values with paths of their own."""


def _by_name(item: Any) -> Hashable:
    return values.folded(item["name"])


def _by_page(item: Any) -> Hashable:
    return values.page_key(item["url"])


def _by_person(item: Any) -> Hashable:
    return name_key(item["name"]), item.get("language")


_FOLDED: Final[Key] = values.folded
_LISTS: Final[Mapping[str, Key]] = {
    **dict.fromkeys(("synonyms", "genres", "tags", "demographics", "content_warnings", "streaming_licenses"), _FOLDED),
    **dict.fromkeys(("nicknames", "name_variations"), _FOLDED),
    **dict.fromkeys(("themes", "studios", "producers", "licensors"), _by_name),
    **dict.fromkeys(("trailers", "related_anime", "relations"), _by_page),
    **dict.fromkeys(("covers", "posters", "banners", "images", "thumbnails"), source_url),
    "streaming_info": lambda item: values.folded(item["platform"]),
    "voice_actors": _by_person,
    "episode_details": lambda item: item["episode_number"],
    "characters": lambda item: item["character_id"],
}
"""Lists that are merged item by item, and what makes two items the same. Others are replaced as a whole."""

_MAPPINGS: Final = frozenset(
    {
        "images",
        "staff_data",
        "statistics",
        "external_links",
        "popularity_trends",
        "character_ids",
        "character_pages",
        "episode_pages",
        "streaming",
        "company_ids",
        "staff_ids",
    }
)
"""Mappings that are merged key by key."""

_PEOPLE: Final = frozenset({"production_staff", "voice_actors"})
"""Mappings whose values are lists of people."""


def is_merged(name: str) -> bool:
    """Whether values of this name are put together of both sides."""
    return name in _LISTS or name in _MAPPINGS


def keys_of(person: Key) -> Keys:
    """``person``: what makes two people the same."""

    def of(path: str) -> Key | None:
        return person if _PEOPLE & {*path.split("/")} else _LISTS.get(path.rpartition("/")[2])

    return of


def over(stored: Mapping[str, Any], offered: Mapping[str, Any], person: Key = _by_person) -> Part:
    """``stored`` with what is offered laid over it; ``person``: what makes two people the same."""
    merged = dict(stored)
    for name, value in offered.items():
        merged[name] = _merged(name, stored.get(name), value, person)
    return merged


def _merged(name: str, known: Any, offered: Any, person: Key) -> Any:
    if isinstance(known, list) and isinstance(offered, list) and name in _LISTS:
        return _merged_people(known, offered, person) if name in _PEOPLE else _merged_list(known, offered, name, person)
    if isinstance(known, dict) and isinstance(offered, dict):
        if name in _PEOPLE:
            left = _still_in_group(known, offered) if name == "voice_actors" else known
            groups = {group: _merged_people(left.get(group, []), people, person) for group, people in offered.items()}
            return {**left, **groups}
        if name in _MAPPINGS:
            return over(known, offered, person)
    # An image that could not be had this time takes nothing from the one that is there.
    return known if isinstance(known, str) and isinstance(offered, dict) else offered


def _merged_list(stored: list[Any], offered: list[Any], name: str, person: Key) -> list[Any]:
    """The offered items in their order, each over the stored one of its key; then what is stored alone."""
    key = _LISTS[name]
    known = {key(item): item for item in stored}
    merged = [_merged_item(known.pop(key(item), None), item, person) for item in offered]
    return [*merged, *known.values()]


def _merged_item(known: Any, offered: Any, person: Key) -> Any:
    """A placeholder is a mapping too, but only ever replaced as a whole."""
    if isinstance(known, dict) and isinstance(offered, dict) and source_url(offered) is None:
        return over(known, offered, person)
    return offered


def _merged_people(stored: list[Part], offered: list[Part], person: Key) -> list[Part]:
    """As items of a list; but two on one side become one where the other side knows it. The word of the first stays."""
    known: dict[Hashable, Part] = {}
    for one in stored:
        key = person(one)
        known[key] = over(one, known[key]) if key in known else one
    found: list[Part] = []
    places: dict[Hashable, int] = {}
    for one in offered:
        at = places.setdefault(person(one), len(found))
        # Who is listed twice under the same id is meant twice.
        if at < len(found) and ids_of(one) and not {*ids_of(one)} & {*ids_of(found[at])}:
            found[at] = over(one, found[at])
        else:
            found.append(one)
    return [*(_merged_item(known.pop(person(one), None), one, person) for one in found), *known.values()]


def _still_in_group(stored: Mapping[str, list[Part]], offered: Mapping[str, list[Part]]) -> dict[str, list[Part]]:
    """The stored voices by group, without those whose every id one has who is offered in another group of the
    language."""
    left = {}
    for group, people in stored.items():
        others = [one for other in offered if other != group and same_language(other, group) for one in offered[other]]
        owned = {pair for one in others for pair in ids_of(one)}
        left[group] = [one for one in people if not (ids_of(one) and owned.issuperset(ids_of(one)))]
    return values.filled(left)
