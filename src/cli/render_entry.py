"""How an entry looks to people: what it says, where that comes from, and what a reviewer should look at.

Every function takes an entry in its JSON form, as the functions answer it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cli.output import Output

MANY: Final = 8
_MORE: Final = 30
"""So many rows of a long list are shown."""

_LONGEST: Final = 400

_PLAIN: Final = (
    "title_english",
    "title_japanese",
    "type",
    "status",
    "episodes",
    "season",
    "year",
    "rating",
    "source_material",
    "country_of_origin",
)
Row = tuple[str, Any]


def entry(out: Output, found: Mapping[str, Any]) -> None:
    stored = found["entry"]
    out.text(f"{stored['title']}  ({stored['anime_id']}, revision {stored.get('revision', 0)})")
    entry_table(out, stored)
    episodes_table(out, stored)
    cast_table(out, stored)
    related_table(out, stored)
    origins_table(out, stored)
    to_look_at(out, stored)


def entry_table(out: Output, stored: Mapping[str, Any]) -> None:
    rows: list[Row] = [(name, stored[name]) for name in _PLAIN if stored.get(name) is not None]
    if stored.get("duration"):
        rows.append(("duration", _minutes(stored["duration"])))
    rows += [*_dates(stored), *_list_rows(stored)]
    rows += [(f"statistics: {name}", _numbers(values)) for name, values in stored.get("statistics", {}).items()]
    rows.append(("score", _numbers(stored.get("score", {}))))
    rows += [
        (f"from {catalogue}", ": ".join(filter(None, (source["status"], source.get("reason")))))
        for catalogue, source in stored.get("provenance", {}).get("catalogues", {}).items()
    ]
    rows.append(("locked by a person", "\n".join(stored.get("locked_fields", []))))
    rows.append(("sources", "\n".join(stored.get("sources", []))))
    rows.append(("synopsis", _short(stored.get("synopsis") or "", _LONGEST)))
    out.table(None, ("", ""), [row for row in rows if row[1]])


def _dates(stored: Mapping[str, Any]) -> Iterator[Row]:
    aired = stored.get("aired_dates", {})
    yield "aired", aired.get("string") or " to ".join(aired[end] for end in ("from", "to") if end in aired)
    yield "broadcast", stored.get("broadcast", {}).get("string")
    yield "delay", _numbers(stored.get("delay_information", {}))
    coming = [one for one in stored.get("episode_details", []) if "T" in str(one.get("aired"))]
    if stored.get("status") == "ONGOING" and coming:
        yield "last known time", f"{coming[-1]['episode_number']} at {coming[-1]['aired']}"


def _list_rows(stored: Mapping[str, Any]) -> list[Row]:
    episodes, characters = stored.get("episode_details", []), stored.get("characters", [])
    pictured = sum(any(isinstance(image, str) for image in c.get("images", [])) for c in characters)
    songs = [*stored.get("opening_themes", []), *stored.get("ending_themes", [])]
    images = [image for kind in stored.get("images", {}).values() for image in kind]
    own = sum(isinstance(image, str) for image in images)
    related, works = stored.get("related_anime", []), stored.get("relations", [])
    staff = stored.get("staff_data", {})
    return [
        ("synonyms", _sample(stored.get("synonyms", []))),
        ("genres", _sample(stored.get("genres", []))),
        ("themes", _sample([theme["name"] for theme in stored.get("themes", [])])),
        ("studios", _sample([company["name"] for company in staff.get("studios", [])])),
        ("staff", _sample([f"{kind} {len(people)}" for kind, people in staff.get("production_staff", {}).items()])),
        ("episodes stored", f"{len(episodes)}{_span(episodes)}"),
        ("characters", f"{len(characters)} ({pictured} with an image of our own)"),
        ("relations", f"{len(_joined(related))} anime, {len(works)} works"),
        ("theme songs", _sample([song["title"] for song in songs])),
        ("streaming", _sample([platform["platform"] for platform in stored.get("streaming_info", [])])),
        ("images", f"{own} of our own, {len(images) - own} failed"),
    ]


def episodes_table(out: Output, stored: Mapping[str, Any]) -> None:
    rows = [
        (
            one["episode_number"],
            one.get("title") or one.get("title_romaji"),
            one.get("title_japanese"),
            one.get("aired"),
            _minutes(one["duration"]) if one.get("duration") else "",
            " ".join(name for name in ("filler", "recap") if one.get(name)),
        )
        for one in stored.get("episode_details", [])
    ]
    _some(out, "Episodes", ("", "title", "Japanese", "aired", "length", ""), rows)


def cast_table(out: Output, stored: Mapping[str, Any]) -> None:
    rows = [
        (one["role"], one["name"], one.get("name_kanji"), _voice(one), ", ".join(one.get("character_ids", {})))
        for one in stored.get("characters", [])
    ]
    _some(out, "Characters", ("role", "name", "Japanese", "voice", "known to"), rows)


def _voice(character: Mapping[str, Any]) -> str | None:
    voices = character.get("voice_actors", [])
    return next((voice["name"] for voice in voices if voice["language"] == "Japanese"), None)


def related_table(out: Output, stored: Mapping[str, Any]) -> None:
    """One of ours by its id, others by their pages."""
    rows = [
        (one["relation_type"], one.get("title"), one.get("anime_id") or "\n".join(one["urls"]))
        for one in _joined(stored.get("related_anime", []))
    ]
    _some(out, "Related anime", ("", "title", "our id, or its page"), rows)


def _joined(related: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from domain.relations import joined  # costs the models, which `anime --help` does not need

    return joined(related)


def origins_table(out: Output, stored: Mapping[str, Any]) -> None:
    fields = stored.get("provenance", {}).get("fields", {})
    rows = [(path, "\n".join(map(_origin, origins))) for path, origins in fields.items()]
    if rows:
        out.table("Where it comes from", ("field", "catalogue: items"), rows)


def _origin(origin: Mapping[str, Any]) -> str:
    items = f": {_short(origin['items'], 60)}" if "items" in origin else ""
    at = f" (as of {origin['fetched_at'][:10]})" if "fetched_at" in origin else ""
    return f"{origin['catalogue']}{items}{at}"


def to_look_at(out: Output, stored: Mapping[str, Any]) -> None:
    """What a reviewer should look at before approving."""
    told = stored.get("provenance", {})
    missing = [
        (name, one["status"], one.get("reason"))
        for name, one in told.get("catalogues", {}).items()
        if one["status"] != "ok" or one.get("reason")
    ]
    conflicts = [
        (f"{one['field']}{_of_items(one)}", _values(one), one["chosen"], one["rule"])
        for one in told.get("conflicts", [])
    ]
    unknown = [(one["field"], one["catalogue"], one["value"]) for one in told.get("unknown_values", [])]
    doubtful = [
        (" / ".join(one["names"]), ", ".join(one["catalogues"]), one["reason"])
        for one in told.get("doubtful_matches", [])
    ]
    _some(out, "Not answered, or not in full", ("catalogue", "", "why"), missing)
    _some(out, "The catalogues disagree", ("field", "what they say", "taken from", "rule"), conflicts)
    _some(out, "Words that no closed set knows", ("field", "catalogue", "word"), unknown)
    _some(out, "Characters that may be one, kept apart", ("names", "catalogues", "why"), doubtful)


def _of_items(conflict: Mapping[str, Any]) -> str:
    return f" {_short(conflict['items'], 40)}" if "items" in conflict else ""


def _values(conflict: Mapping[str, Any]) -> str:
    return "\n".join(f"{catalogue}: {value}" for catalogue, value in conflict["values"].items())


def _some(out: Output, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Nothing for no rows; of many the first, with a line that says how many more there are."""
    if not rows:
        return
    out.table(title, columns, rows[:_MORE])
    if len(rows) > _MORE:
        out.text(f"and {len(rows) - _MORE} more; --json has them all")


def _span(episodes: Sequence[Mapping[str, Any]]) -> str:
    if not episodes:
        return ""
    first, last = episodes[0], episodes[-1]
    return f" ({first['episode_number']} on {first.get('aired')} … {last['episode_number']} on {last.get('aired')})"


def _numbers(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if not isinstance(value, list | dict))


def _sample(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:MANY]))
    return shown + (f" and {len(values) - MANY} more" if len(values) > MANY else "")


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds % 60 else "")


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
