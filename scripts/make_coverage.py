"""Writes ``docs/coverage.md``: what each catalogue offers of an entry, what is used of it, and why the rest is not.

    python -m scripts.make_coverage [--out docs] [--check]

Made from the sample replay's answers about Cowboy Bebop. With ``--check`` nothing is written, and the exit code says
whether the page is that of today's readers.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

from models.events import Catalogue
from scripts.coverage import Offered, fields, offered
from scripts.coverage_reasons import DROPPED, reason
from scripts.made_pages import table, write_or_check
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

_PAGE: Final = """\
# What the catalogues offer, and what becomes of it

Made by `python -m scripts.make_coverage` from the recorded answers about *Cowboy Bebop* in `samples/replay`; change
the readers, the tables or the reasons, not this page. A value counts as used where taking it away, or putting another
in its place, changes what is read of the answer.

## Field by catalogue

**used**: values of this catalogue are in the entry. *offered*: it says something, and another's word stands
(`priorities.md` says whose and why), or what it lists others list as well. –: its recorded answer does not say it.

{fields}

## What the recording lacks

{missing}

## What is read

{read}

## What is left out, and why

{left_out}

Of lists that are read, an item may be left out as well:

{dropped}
"""


def page() -> str:
    by_field = fields()
    states = {"used": "**used**", "offered": "*offered*"}
    rows = (
        (f"`{path}`", *(states.get(by_catalogue.get(catalogue, ""), "–") for catalogue in _COLUMNS))
        for path, by_catalogue in by_field.items()
    )
    missing = ((_COLUMNS[catalogue], "; ".join(why)) for catalogue, why in fetched()[1].items() if why)
    read = ((_COLUMNS[one.catalogue], f"`{one.path}`", _listed(one.fields)) for one in offered() if one.fields)
    left_out = ((_COLUMNS[one.catalogue], f"`{one.path}`", _why(one)) for one in offered() if not one.fields)
    return _PAGE.format(
        fields=table(("field", *_COLUMNS.values()), rows),
        missing=table(("catalogue", "what"), missing),
        read=table(("catalogue", "in its answer", "becomes"), read),
        left_out=table(("catalogue", "in its answer", "why not"), left_out),
        dropped=table(("field", "why not"), ((f"`{name}`", why) for name, why in DROPPED.items())),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _why(one: Offered) -> str:
    found = reason(one.catalogue, one.path)
    return found.why if found else "NO REASON: read it, or say why not in scripts/coverage_reasons.py"


def main(arguments: Sequence[str]) -> int:
    return write_or_check("make_coverage", lambda: {PAGE: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
