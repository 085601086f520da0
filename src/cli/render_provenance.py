"""Where the values of an entry come from, and what a reviewer should look at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.output import Output
from cli.render_entry_lists import some
from cli.render_words import moment, short

_MOST_PATHS: Final = 100
_LONGEST_ITEMS: Final = 40
_TOGETHER: Final = ("characters", "staff_data/production_staff", "staff_data/voice_actors")
_EACH: Final = "*"
Stored = Mapping[str, Any]


def catalogues_table(out: Output, stored: Stored) -> None:
    """How each was asked: ``partial`` where it answered, but not everything."""
    rows = [
        (name, _status(one), moment(one.get("fetched_at")), _lacking(one))
        for name, one in stored.get("provenance", {}).get("catalogues", {}).items()
    ]
    some(out, "Catalogues", ("", "answer", "as of", "what is missing, and why"), rows)


def _lacking(catalogue: Stored) -> str | None:
    unknown = ", ".join(f"{one['path']} ({one['times']})" for one in catalogue.get("unknown_fields", ()))
    told = [catalogue.get("reason"), f"fields that nobody here knows: {unknown}" if unknown else None]
    return "\n".join(filter(None, told)) or None


def _status(catalogue: Stored) -> str:
    status = str(catalogue["status"])
    return "partial" if status == "ok" and catalogue.get("reason") else status


def to_look_at(out: Output, stored: Stored) -> None:
    """What a reviewer should look at before approving."""
    told = stored.get("provenance", {})
    conflicts = [
        (f"{one['field']}{_of_items(one)}", _values(one), one["chosen"], one["rule"])
        for one in told.get("conflicts", [])
    ]
    unknown = [(one["field"], one["catalogue"], one["value"]) for one in told.get("unknown_values", [])]
    doubtful = [
        (" / ".join(one["names"]), ", ".join(one["catalogues"]), one["reason"])
        for one in told.get("doubtful_matches", [])
    ]
    some(out, "The catalogues disagree", ("field", "what they say", "taken from", "rule"), conflicts)
    some(out, "Words that no closed set knows", ("field", "catalogue", "word"), unknown)
    some(out, "Characters that may be one, kept apart", ("names", "catalogues", "why"), doubtful)


def _of_items(conflict: Stored) -> str:
    return f" {short(conflict['items'], _LONGEST_ITEMS)}" if "items" in conflict else ""


def _values(conflict: Stored) -> str:
    return "\n".join(f"{catalogue}: {value}" for catalogue, value in conflict["values"].items())


def origins_table(out: Output, stored: Stored) -> None:
    """Without ``--json`` the fields of characters and people are one row each."""
    rows: dict[str, list[Stored]] = {}
    for path, origins in stored.get("provenance", {}).get("fields", {}).items():
        rows.setdefault(_row_of(path), []).extend(origins)
    table = [(path, _whose(path, origins)) for path, origins in rows.items()]
    some(out, "Where it comes from", ("field", "catalogue: items"), table, most=_MOST_PATHS)


def _row_of(path: str) -> str:
    group = next((group for group in _TOGETHER if path.startswith(f"{group}/")), None)
    return path if group is None else f"{group}/{_EACH}"


def _whose(path: str, origins: Sequence[Stored]) -> str:
    if path.endswith(f"/{_EACH}"):
        return ", ".join(dict.fromkeys(origin["catalogue"] for origin in origins))
    return "\n".join(map(_origin, origins))


def _origin(origin: Stored) -> str:
    items = f": {short(origin['items'], _LONGEST_ITEMS)}" if "items" in origin else ""
    at = f" (as of {origin['fetched_at'][:10]})" if "fetched_at" in origin else ""
    return f"{origin['catalogue']}{items}{at}"
