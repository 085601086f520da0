"""How an entry looks to people: the most important first, everything at least counted, and where it comes from.

Every function takes an entry in its JSON form, as the functions answer it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cli.output import Output
from cli.render_entry_facts import what_else, what_it_is
from cli.render_entry_lists import (
    cast_table,
    episodes_table,
    links_table,
    numbers_table,
    related_table,
    songs_table,
    staff_table,
)
from cli.render_provenance import catalogues_table, origins_table, to_look_at


def entry(out: Output, found: Mapping[str, Any], now: datetime | None = None) -> None:
    if out.as_json:
        return
    now = now or datetime.now(UTC)
    stored = found["entry"]
    out.text(f"{stored['title']}  ({stored['anime_id']}, revision {stored.get('revision', 0)})")
    facts(out, stored, now)
    episodes_table(out, stored, now)
    cast_table(out, stored)
    staff_table(out, stored)
    numbers_table(out, stored)
    songs_table(out, stored)
    related_table(out, stored)
    links_table(out, stored)
    catalogues_table(out, stored)
    to_look_at(out, stored)
    origins_table(out, stored)


def proposal(out: Output, stored: Mapping[str, Any], now: datetime | None = None) -> None:
    """As a reviewer sees an entry: its facts, and what to look at before approving."""
    if out.as_json:
        return
    facts(out, stored, now or datetime.now(UTC))
    catalogues_table(out, stored)
    to_look_at(out, stored)


def facts(out: Output, stored: Mapping[str, Any], now: datetime) -> None:
    out.table(None, ("", ""), what_it_is(stored, now))
    out.table("What else is known", ("", ""), what_else(stored))
