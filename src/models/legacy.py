"""Brings entries of the first enriched file into today's shape.

That file knows no ``anime_id``. What it writes otherwise, and what becomes of it:

* ``id`` is a UUID: dropped, the ids are minted (an anime from its canonical source, an episode from its number, a
  character from its first catalogue id, else its name).
* ``episode_number`` is an integer: becomes canonical text.
* Days are written as midnight, in UTC (``2009-12-26T00:00:00Z``) or in Japan (``2020-10-06T15:00:00Z`` is the 7th):
  in the records of days they become days. ``0001-01-01`` means that there is none: dropped.
* ``character_ids`` holds 0 where an id is not known: dropped.
* ``role`` and a company's ``type`` come in several spellings, a staff member's native name under two names.
* Texts have blanks around them, or are empty: trimmed, dropped.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, Final

from models.ids import (
    canonical_number,
    canonical_source,
    character_key,
    mint_anime_id,
    mint_character_id,
    mint_episode_id,
    normalise_sources,
)

_JST: Final = timezone(timedelta(hours=9))
_NO_DATE: Final = "0001-01-01"
_INVISIBLE: Final = "\u200b\ufeff"


def is_legacy(data: Mapping[str, object]) -> bool:
    """Whether an entry is of the first enriched file: everything written since then has an ``anime_id``."""
    return "anime_id" not in data


def adopt(data: Mapping[str, Any], *, anime_id: str | None = None) -> dict[str, Any]:
    """A copy in today's shape, with ids. ``anime_id`` is given when the anime is known already under an id.

    Raises:
        ValueError: there is no usable source URL, or an episode's number is none.
    """
    entry: dict[str, Any] = _trimmed(data)
    entry.pop("id", None)
    entry["sources"] = list(normalise_sources(_texts(data.get("sources"))))
    entry["anime_id"] = anime_id = anime_id or mint_anime_id(canonical_source(entry["sources"]))
    entry.setdefault("enriched", True)
    _change_each(entry, "episode_details", lambda item: _episode(item, anime_id))
    _change_each(entry, "characters", lambda item: _character(item, anime_id))
    for field in ("aired_dates", "premiere_dates"):
        if isinstance(entry.get(field), dict):
            entry[field] = _days(entry[field], except_for="string")
    if isinstance(entry.get("staff_data"), dict):
        _adopt_staff(entry["staff_data"])
    return entry


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _change_each(record: dict[str, Any], field: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Apply a change to the objects of a list; anything else stays as it is, for validation to name."""
    items = record.get(field)
    if isinstance(items, list):
        record[field] = [change(item) if isinstance(item, dict) else item for item in items]


def _episode(data: Mapping[str, Any], anime_id: str) -> dict[str, Any]:
    episode = dict(data)
    number = episode["episode_number"] = canonical_number(data.get("episode_number", ""))
    episode.setdefault("episode_id", mint_episode_id(anime_id, number))
    if "aired" in episode:
        episode.update(_days({"aired": episode.pop("aired")}))
    return episode


def _character(data: Mapping[str, Any], anime_id: str) -> dict[str, Any]:
    character = dict(data)
    ids = data.get("character_ids")
    ids = (
        {catalogue: known for catalogue, known in ids.items() if known not in (0, "0")} if isinstance(ids, dict) else {}
    )
    character["character_ids"] = ids
    character["role"] = str(data.get("role", "Unknown")).capitalize()
    character.setdefault("character_id", mint_character_id(anime_id, character_key(ids, str(data.get("name", "")))))
    return character


def _adopt_staff(staff: dict[str, Any]) -> None:
    for group in ("studios", "producers", "licensors"):
        _change_each(staff, group, _company)
    production = staff.get("production_staff")
    if isinstance(production, dict):
        for kind in production:
            _change_each(production, kind, _member)


def _company(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "type": str(data.get("type", "")).lower().replace(" ", "_")}


def _member(data: Mapping[str, Any]) -> dict[str, Any]:
    member = dict(data)
    japanese = member.pop("name_japanese", None)
    if japanese is not None:
        member.setdefault("native_name", japanese)
    return member


def _days(record: Mapping[str, Any], *, except_for: str | None = None) -> dict[str, Any]:
    days = {key: value if key == except_for else _day(value) for key, value in record.items()}
    return {key: value for key, value in days.items() if value != _NO_DATE}


def _day(value: object) -> object:
    if not isinstance(value, str) or "T" not in value:
        return value
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value
    for zone in (UTC, _JST):
        local = instant.astimezone(zone) if instant.tzinfo else instant
        if local.time() == time():
            return local.date().isoformat()
    return value


def _trimmed(value: Any) -> Any:
    """A copy whose texts have no blanks around them, without empty texts and nulls."""
    if isinstance(value, str):
        return value.strip(_INVISIBLE).strip()
    if isinstance(value, Mapping):
        trimmed = ((key, _trimmed(item)) for key, item in value.items())
        return {key: item for key, item in trimmed if item is not None and item != ""}
    if isinstance(value, list | tuple):
        return [item for item in map(_trimmed, value) if item is not None and item != ""]
    return value
