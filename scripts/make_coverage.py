"""Writes ``docs/coverage.md``: what each catalogue offers of an entry, what is used of it, and why the rest is not.

    python -m scripts.make_coverage [--out docs] [--check]

Made from the sample replay's answers about Cowboy Bebop. With ``--check`` nothing is written, and the exit code says
whether the page is that of today's readers and stages.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from models.events import Catalogue
from scripts.coverage import Leaf, State, leaves, table
from scripts.coverage_reasons import DROPPED, NOBODYS, OURS, reason
from scripts.made_pages import table as rows_as_table
from scripts.made_pages import write_or_check
from scripts.replayed import fetched

PAGE: Final = "coverage.md"

_COLUMNS: Final = {
    Catalogue.JIKAN: "MyAnimeList",
    Catalogue.ANILIST: "AniList",
    Catalogue.KITSU: "Kitsu",
    Catalogue.ANIDB: "AniDB",
    Catalogue.ANIMEPLANET: "Anime-Planet",
    Catalogue.ANISEARCH: "aniSearch",
    Catalogue.ANIMESCHEDULE: "AnimeSchedule",
}
_STATES: Final = {State.USED: "**used**", State.OFFERED: "offered", State.READ: "*read*"}

_THE_ANIME: Final = "The anime"
_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Times": (
        "aired_dates",
        "premiere_dates",
        "broadcast",
        "broadcast_schedule",
        "delay_information",
        "episode_overrides",
    ),
    "Episodes": ("episode_details",),
    "Characters": ("characters",),
    "People and companies": ("staff_data",),
    "Related anime and works": ("related_anime", "relations"),
    "Numbers": ("statistics", "score", "popularity_trends"),
}
"""By first part of a field's path; the others are of the anime as a whole."""

_FEW: Final = 3

_PAGE: Final = """\
# What the catalogues offer, and what becomes of it

Made by `python -m scripts.make_coverage` from the recorded answers about *Cowboy Bebop* in `samples/replay`; change
the readers, the stages, the tables or the reasons, not this page.

Nothing here is listed by hand but the reasons: a place in an answer is judged by putting another value there and
running the readers and the stages again, a catalogue by what its entry alone would have and what the entry of all lacks
without it.

## In short

Of the places in a catalogue's recorded answers where something stands, so many *reach* the entry (it changes with
them), *give way* (they would, but another catalogue's word stands; `priorities.md` says whose and why), or are *left
out* for a written reason. Of the {fields} fields that a catalogue could give, so many have values of it, so many it
offers beside another's, and so many its reader takes though nothing in these answers becomes them.

{short}

{present} of the fields are in the entry, {missing} are missing: {unsaid} are in none of these answers, though readers
would take them, and {nobodys} no catalogue gives.

## Field by catalogue

**used**: values of this catalogue are in the entry. offered: it says something, and another's word stands, or what it
lists others list as well. *read*: nothing in its recorded answers becomes this field, but its reader takes it from a
made-up answer that has everything (`scripts/coverage_made_up.py`). –: it never gives it. **missing** beside a field:
the entry has none.

{by_field}

### What no catalogue gives

{without}

### What is no catalogue's to give

{ours}

## What the recording lacks

{lacking}

## What gives way

These are read, and would be in the entry had the catalogues beside them not answered.

{yielding}

## What is left out, and why

{left_out}

Of lists that are read, an item may be left out as well:

{dropped}

## What reaches the entry

{reaching}
"""


def page() -> str:
    found = table()
    present = [name for name, states in found.items() if State.USED in states.values()]
    unsaid = [name for name, states in found.items() if states and name not in present]
    reaching = [one for one in leaves() if one.becomes]
    yielding = [one for one in leaves() if one.yields]
    return _PAGE.format(
        fields=len(found),
        short=_short(),
        present=len(present),
        missing=len(found) - len(present),
        unsaid=len(unsaid),
        nobodys=len(found) - len(present) - len(unsaid),
        by_field="\n\n".join(_sections()),
        without=rows_as_table(("field", "why"), ((f"`{name}`", why) for name, why in NOBODYS.items())),
        ours=rows_as_table(("field", "whose"), ((f"`{name}`", why) for name, why in OURS.items())),
        lacking=rows_as_table(("catalogue", "what"), _lacking()),
        yielding=_of_each(("in its answer", "would be", "whose word stands"), yielding, _yielding),
        left_out=_of_each(("in its answer", "why not"), _left_out(), lambda one: (f"`{one.path}`", _why(one))),
        dropped=rows_as_table(("field", "why not"), ((f"`{name}`", why) for name, why in DROPPED.items())),
        reaching=_of_each(
            ("in its answer", "becomes"), reaching, lambda one: (f"`{one.path}`", ", ".join(_listed(one.becomes)))
        ),
    )


def _short() -> str:
    kinds = Counter((one.catalogue, _kind(one)) for one in leaves())
    states = Counter((one, state) for told in table().values() for one, state in told.items())
    heads = ("catalogue", "places", "reach", "give way", "left out", "fields used", "only offered", "only read")
    rows = (
        (
            name,
            *map(str, (sum(kinds[one, kind] for kind in _KINDS), *(kinds[one, kind] for kind in _KINDS))),
            *(str(states[one, state]) for state in _STATES),
        )
        for one, name in _COLUMNS.items()
    )
    return rows_as_table(heads, rows)


_KINDS: Final = ("reach", "give way", "left out")


def _kind(one: Leaf) -> str:
    return _KINDS[0] if one.becomes else _KINDS[1] if one.yields else _KINDS[2]


def _left_out() -> list[Leaf]:
    return [one for one in leaves() if _kind(one) == _KINDS[2]]


def _sections() -> Iterator[str]:
    section_of = {name: title for title, names in _SECTIONS.items() for name in names}
    for title in (_THE_ANIME, *_SECTIONS):
        rows = [
            (_named(name, states), *(_STATES[states[one]] if one in states else "–" for one in _COLUMNS))
            for name, states in table().items()
            if section_of.get(name.partition("/")[0], _THE_ANIME) == title and states
        ]
        yield f"### {title}\n\n{rows_as_table(('field', *_COLUMNS.values()), rows)}"


def _named(name: str, states: Mapping[Catalogue, State]) -> str:
    return f"`{name}`" if State.USED in states.values() else f"`{name}` **missing**"


def _lacking() -> Iterator[tuple[str, str]]:
    return ((_COLUMNS[catalogue], "; ".join(why)) for catalogue, why in fetched()[1].items() if why)


def _of_each(heads: Sequence[str], found: Sequence[Leaf], row: Callable[[Leaf], Sequence[str]]) -> str:
    """A table a catalogue."""
    parts = []
    for catalogue, name in _COLUMNS.items():
        rows = [row(one) for one in found if one.catalogue is catalogue]
        if rows:
            parts.append(f"### {name}\n\n{rows_as_table(heads, rows)}")
    return "\n\n".join(parts)


def _yielding(one: Leaf) -> tuple[str, str, str]:
    users = {user for users in one.yields.values() for user in users}
    return (
        f"`{one.path}`",
        ", ".join(_listed(one.yields)),
        ", ".join(_COLUMNS[user] for user in _COLUMNS if user in users),
    )


def _listed(names: Iterable[str]) -> list[str]:
    """Fields of one thing together, where they are many."""
    above: dict[str, list[str]] = {}
    for name in names:
        above.setdefault(name.rpartition("/")[0], []).append(name)
    return [
        written
        for parent, found in above.items()
        for written in (
            [f"`{parent}/…` ({len(found)} fields)"] if parent and len(found) > _FEW else [f"`{name}`" for name in found]
        )
    ]


def _why(one: Leaf) -> str:
    found = reason(one.catalogue, one.path)
    return found.why if found else "NO REASON: read it, or say why not in scripts/coverage_reasons.py"


def main(arguments: Sequence[str]) -> int:
    return write_or_check("make_coverage", lambda: {PAGE: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
