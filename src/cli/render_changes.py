"""What a proposed entry changes of the stored one, a line a field.

Single values as ``old -> new``; of lists how many items came (+), went (-) and changed (~), with the names of the
first. Both entries are in their JSON form.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.render_words import plain_name, sample, short

BOOKKEEPING: Final = frozenset({"provenance", "enrichment_metadata", "revision", "last_saga"})
"""Fields that say when and by what an entry was written; they change without anything else."""

_NAMES: Final = ("episode_number", "character_id", "url", "image_url", "name", "title", "platform")
"""Fields that tell the items of a list apart, the first that an item has."""
_SHOWN_NAMES: Final = ("episode_number", "name", "title", "url", "image_url", "platform")
_EMPTY: Final[tuple[object, ...]] = (None, [], {})
_LONGEST_VALUE: Final = 60
_LONGEST_NAME: Final = 40
_MOST_NAMES: Final = 5
_MOST_PARTS: Final = 6
_MOST_DETAILED: Final = 3
"""So many changed items are named with the fields that changed in them."""

Stored = Mapping[str, Any]


def of_substance(changed: Sequence[str]) -> list[str]:
    """Those of the changed fields that a reviewer has to look at."""
    return [name for name in changed if name not in BOOKKEEPING]


def changes(before: Stored, after: Stored, fields: Sequence[str]) -> list[tuple[str, str]]:
    return [(plain_name(name), _change(before.get(name), after.get(name))) for name in fields]


def _change(old: Any, new: Any) -> str:
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return "\n".join(_parts(old or {}, new or {}))
    return "\n".join(_of_lists(old or [], new or [])) if _is_list(old, new) else f"{_value(old)} -> {_value(new)}"


def _parts(old: Stored, new: Stored) -> list[str]:
    return [f"{plain_name(name)}: {_in_line(old.get(name), new.get(name))}" for name in _differing(old, new)]


def _in_line(old: Any, new: Any) -> str:
    """Of what lies deeper: without the names of a list's items, and of many parts the first."""
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return sample(_parts(old or {}, new or {}), _MOST_PARTS)
    if _is_list(old, new):
        return " ".join(told.partition(":")[0] for told in _of_lists(old or [], new or []))
    return f"{_value(old)} -> {_value(new)}"


def _of_lists(old: Sequence[Any], new: Sequence[Any]) -> list[str]:
    """A line each for what came, went and changed."""
    before, after = _by_name(old), _by_name(new)
    added = [_shown(item) for name, item in after.items() if name not in before]
    gone = [_shown(item) for name, item in before.items() if name not in after]
    other = [(before[name], item) for name, item in after.items() if name in before and before[name] != item]
    detailed = len(other) <= _MOST_DETAILED
    changed = [f"{_shown(item)}{_fields(was, item) if detailed else ''}" for was, item in other]
    told = [
        f"{sign}{len(names)}: {sample(names, _MOST_NAMES)}"
        for sign, names in zip("+-~", (added, gone, changed), strict=True)
        if names
    ]
    return told or ["another order"]


def _fields(old: Any, new: Any) -> str:
    """What changed in an item: the values where they are single ones, else the fields."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return ""
    names = _differing(old, new)
    single = not any(isinstance(one.get(name), list | Mapping) for name in names for one in (old, new))
    return f" ({sample(_parts(old, new) if single else names)})"


def _is_list(old: Any, new: Any) -> bool:
    return isinstance(old, list) or isinstance(new, list)


def _differing(old: Stored, new: Stored) -> list[str]:
    """Without what is merely written otherwise: an empty list is nothing."""
    return [
        name
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) and not (old.get(name) in _EMPTY and new.get(name) in _EMPTY)
    ]


def _by_name(items: Sequence[Any]) -> dict[tuple[str, int], Any]:
    """Items that share a name are told apart by their order."""
    found: dict[tuple[str, int], Any] = {}
    for item in items:
        name, number = _name(item, _NAMES), 0
        while (name, number) in found:
            number += 1
        found[name, number] = item
    return found


def _name(item: Any, fields: Sequence[str]) -> str:
    if isinstance(item, Mapping):
        named = next((item[field] for field in fields if item.get(field) is not None), None)
        return json.dumps(item, sort_keys=True, ensure_ascii=False) if named is None else str(named)
    return str(item)


def _shown(item: Any) -> str:
    name = _name(item, _SHOWN_NAMES)
    return short(name.rstrip("/").rpartition("/")[2] if "://" in name else name, _LONGEST_NAME)


def _value(value: Any) -> str:
    return "nothing" if value is None else short(str(value), _LONGEST_VALUE)
