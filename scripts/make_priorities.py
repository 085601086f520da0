"""Writes ``docs/priorities.md``: whose word counts for which field, and why, from the tables that decide it.

    python -m scripts.make_priorities [--out docs] [--check]

With ``--check`` nothing is written, and the exit code says whether the page is that of today's tables.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from domain.stages import priority
from domain.stages.conflicts import THRESHOLDS
from domain.stages.priority import Rule
from domain.stages.taxonomy import DEMOGRAPHICS, GENRES, THEMES, WARNINGS
from models.events import Catalogue
from models.vocabulary import Rating
from scripts.made_pages import table, write_or_check

PAGE: Final = "priorities.md"

_NAMES: Final = {
    Catalogue.JIKAN: "MyAnimeList",
    Catalogue.ANILIST: "AniList",
    Catalogue.KITSU: "Kitsu",
    Catalogue.ANIDB: "AniDB",
    Catalogue.ANIMEPLANET: "Anime-Planet",
    Catalogue.ANISEARCH: "aniSearch",
    Catalogue.ANIMESCHEDULE: "AnimeSchedule",
}


_PAGE: Final = """\
# Whose word counts

Made from `src/domain/stages/priority.py` and its neighbours by `python -m scripts.make_priorities`; change the tables
there, not here. MyAnimeList is asked through an API of Jikan's form.

## The first that says anything

{first}

## All together

In this order; of what several say the first wording stays. Texts are the same up to case, width and blanks, pages up to
scheme, `www.` and a slash at the end.

{union}

## Episodes

One a number (`1`, `12.5`, `S1`). Every field of it is taken by itself.

{episodes}

## Whole lists

{lists}

## The combined score

Each catalogue's score is brought to the scale from 0 to 10 and counts once, however many votes it has: MyAnimeList's
million would otherwise make it MyAnimeList's score. Kept are the three means that the releases have as well: the
arithmetic mean, the median, and the arithmetic-geometric mean (Gauss's: where the arithmetic and the geometric mean of
the scores meet when each is taken of the two again and again).

## What is told to reviewers

Catalogues disagree in wordings everywhere. About these facts a disagreement is listed in the entry's provenance:

{thresholds}

## Closed sets

A word of a catalogue that none of a set's members stands for is left out, or becomes a tag, and is listed in the
entry's provenance.

{sets}
"""


def page() -> str:
    episodes = {**priority.EPISODE_RULES, "aired": priority.EPISODE_AIRED, **priority.EPISODE_UNION_RULES}
    lists = {
        "characters": priority.CHARACTERS_RULE,
        "staff": priority.STAFF_RULE,
        "relations": priority.RELATIONS_RULE,
        "statistics": priority.STATISTICS_RULE,
    }
    told = {name: threshold.words for name, threshold in THRESHOLDS.items()} | {
        "broadcast": "a first day that is not on the weekday of the slot",
        "episode_details/aired": "another day in Japan, or another time of the next episode",
    }
    sets = {
        "Ratings": [rating.value for rating in Rating],
        "Genres": GENRES.values(),
        "Demographics": DEMOGRAPHICS.values(),
        "Content warnings": WARNINGS.values(),
        "Words that are themes also where a catalogue calls them genres": THEMES.values(),
    }
    return _PAGE.format(
        first=_rules(priority.FIRST_RULES),
        union=_rules(priority.UNION_RULES),
        episodes=_rules(episodes),
        lists=_rules(lists),
        thresholds=table(("field", "told from"), ((f"`{name}`", words) for name, words in told.items())),
        sets="\n".join(f"* {kind}: {', '.join(dict.fromkeys(words))}." for kind, words in sets.items()),
    )


def _rules(rules: Mapping[str, Rule]) -> str:
    rows = ((f"`{name}`", ", ".join(_NAMES[one] for one in rule.order), rule.why) for name, rule in rules.items())
    return table(("field", "order", "why"), rows)


def main(arguments: Sequence[str]) -> int:
    return write_or_check("make_priorities", lambda: {PAGE: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
