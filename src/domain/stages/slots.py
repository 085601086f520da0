"""The weekly slot as MyAnimeList words it."""

from typing import Final

from domain import airing
from domain.airing import WeeklySlot
from domain.stages import values

_JAPANESE_ZONES: Final = frozenset({None, "Asia/Tokyo", "JST"})


def broadcast_slot(broadcast: object) -> WeeklySlot | None:
    """Of MyAnimeList's weekly slot, where it is stated in Japan's time."""
    found = values.mapping(broadcast)
    if found.get("timezone") not in _JAPANESE_ZONES:
        return None
    day, clock = values.text(found.get("day")), values.text(found.get("time"))
    slot = airing.weekly_slot(day, clock) if day and clock else None
    return slot or airing.parse_broadcast(values.text(found.get("string")) or "")
