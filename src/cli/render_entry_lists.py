"""The lists of an entry as tables: episodes, characters, staff, numbers, songs, relations, links.

A narrow terminal gets fewer columns instead of columns of a few letters.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cli.output import Output
from cli.render_entry_facts import airs_next
from cli.render_words import counts, joined, minutes, moment, plain_name, sample

MOST_ROWS: Final = 30
_LATER: Final = 5
"""Of a series that still airs so many episodes after the next one are among the rows."""

_WIDE: Final = 100
"""Columns of a terminal from which on names are shown in Japanese too."""

_MOST_NAMES: Final = 4
STAFF_FIRST: Final = (
    "directors",
    "chief_directors",
    "series_directors",
    "series_writers",
    "script_writers",
    "music_composers",
    "music_director",
    "original_creators",
    "original_story",
    "character_designers",
    "original_character_design",
    "chief_animation_directors",
    "art_directors",
    "mechanical_designers",
    "sound_directors",
    "producers",
    "executive_producers",
)
"""Kinds of work that people know an anime by, the best known first."""

Stored = Mapping[str, Any]


def some(
    out: Output, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, most: int = MOST_ROWS
) -> None:
    """Nothing for no rows; of many the first, with a line that says how many more there are."""
    if rows:
        out.table(title, columns, rows[:most])
    if len(rows) > most:
        _and_more(out, len(rows) - most)


def _and_more(out: Output, rest: int) -> None:
    out.text(f"and {rest:,} more; --json has them all")


def episodes_table(out: Output, stored: Stored, now: datetime) -> None:
    """All, or the first; of a series that still airs those around the next episode."""
    listed = stored.get("episode_details", [])
    begin = _first_shown(listed, airs_next(stored, now), ongoing=stored.get("status") == "ONGOING")
    shown = listed[begin : begin + MOST_ROWS]
    wide = out.width >= _WIDE and any("title_japanese" in one for one in shown)
    rows = [
        [
            one["episode_number"],
            one.get("title") or one.get("title_romaji") or (None if wide else one.get("title_japanese")),
            *([one.get("title_japanese")] if wide else []),
            moment(one.get("aired")),
            minutes(one["duration"]) if one.get("duration") else "",
            " ".join(name for name in ("filler", "recap") if one.get(name)),
        ]
        for one in shown
    ]
    columns = ["", "title", *(["Japanese"] if wide else []), "aired", "length", ""]
    some(out, "Episodes", columns, rows)
    if len(listed) > len(shown):
        _and_more(out, len(listed) - len(shown))


def _first_shown(listed: Sequence[Stored], following: Stored | None, *, ongoing: bool) -> int:
    if not ongoing or len(listed) <= MOST_ROWS:
        return 0
    regular = [at for at, one in enumerate(listed) if one["episode_number"][:1].isdigit()]
    last = listed.index(following) + _LATER if following is not None else max(regular, default=0)
    return max(0, min(last, len(listed) - 1) + 1 - MOST_ROWS)


def cast_table(out: Output, stored: Stored) -> None:
    wide = out.width >= _WIDE
    rows = [
        [
            one["role"],
            one["name"],
            *([one.get("name_kanji")] if wide else []),
            _voice(one),
            *([", ".join(one.get("character_ids", {}))] if wide else []),
        ]
        for one in stored.get("characters", [])
    ]
    columns = ["role", "name", *(["Japanese"] if wide else []), "voice", *(["known to"] if wide else [])]
    some(out, "Characters", columns, rows)


def _voice(character: Stored) -> str | None:
    voices = character.get("voice_actors", [])
    return next((voice["name"] for voice in voices if voice["language"] == "Japanese"), None)


def staff_table(out: Output, stored: Stored) -> None:
    """Who is known for the anime, kind by kind; the other kinds of work counted in one row."""
    groups = stored.get("staff_data", {}).get("production_staff", {})
    first = [name for name in STAFF_FIRST if name in groups]
    rows = [(plain_name(name), sample([one["name"] for one in groups[name]], _MOST_NAMES)) for name in first]
    rest = {name: people for name, people in groups.items() if name not in first}
    if rest:
        rows.append(("others" if rows else "", sample(counts(rest), 3 * _MOST_NAMES)))
    some(out, "Staff", ("work", "people"), rows)


def numbers_table(out: Output, stored: Stored) -> None:
    rows = [
        [name, *("" if one.get(field) is None else f"{one[field]:,}" for field in _NUMBERS.values())]
        for name, one in stored.get("statistics", {}).items()
    ]
    some(out, "What viewers say", ["", *_NUMBERS], rows)


_NUMBERS: Final = {
    "score": "score",
    "votes": "scored_by",
    "rank": "rank",
    "popular": "popularity_rank",
    "members": "members",
    "favorites": "favorites",
}


def songs_table(out: Output, stored: Stored) -> None:
    rows = [
        (kind, song["title"], song.get("artist"), song.get("episodes"))
        for kind, field in (("opening", "opening_themes"), ("ending", "ending_themes"))
        for song in stored.get(field, [])
    ]
    some(out, "Songs", ("", "title", "by", "episodes"), rows)


def related_table(out: Output, stored: Stored) -> None:
    """One row an anime, whose pages at several catalogues are one; one of ours by its id, others by their pages."""
    from domain.relations import joined as joined_relations  # costs the models, which `anime --help` does not need

    anime = [
        (one["relation_type"], one.get("title") or _slug(one["urls"]), one.get("anime_id") or "\n".join(one["urls"]))
        for one in joined_relations(stored.get("related_anime", []))
    ]
    works = [
        (one["relation_type"], joined([one.get("title"), one.get("type")]), one["url"])
        for one in stored.get("relations", [])
    ]
    some(out, "Related anime", ("", "title", "our id, or its pages"), anime)
    some(out, "Related works", ("", "title", "page"), works)


def _slug(addresses: Sequence[str]) -> str | None:
    """The last part of an address, where it is more than a number."""
    parts = (urlsplit(address).path.rstrip("/").rpartition("/")[2] for address in addresses)
    return next((part for part in parts if not part.isdecimal()), None)


def links_table(out: Output, stored: Stored) -> None:
    some(out, "Where to find it", ("", "name", "address"), list(_links(stored)))


def _links(stored: Stored) -> Iterator[tuple[str, str | None, str | None]]:
    for one in stored.get("streaming_info", []):
        yield "watch", joined([one["platform"], *_conditions(one)]), one.get("url")
    for name in stored.get("streaming_licenses", []):
        yield "license", name, None
    for one in stored.get("trailers", []):
        yield "trailer", one.get("title"), one["url"]
    for name, address in stored.get("external_links", {}).items():
        yield "link", name, address
    for address in stored.get("sources", []):
        yield "source", None, address


def _conditions(platform: Stored) -> Iterator[str]:
    yield platform.get("region") or ""
    yield "free" if platform.get("free") else "paid" if platform.get("premium_required") else ""
    for kind in ("dub", "subtitle"):
        if languages := platform.get(f"{kind}_languages"):
            yield f"{kind} {sample(languages)}"
