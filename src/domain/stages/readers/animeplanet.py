"""Anime-Planet, as parsed from a page: its JSON-LD, OpenGraph and a few fields. Family names are in capitals.

Actors are left out: the page does not say whom they speak, nor in which language.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import staff_group
from models.vocabulary import CompanyType

_LISTED_DATES: Final = re.compile(r"\s+\d{4}(?:-\d{2}-\d{2})? - .*$|\s+\d{4}-\d{2}-\d{2}\b.*$")
_RELATIONS: Final = {"other_franchise": "other", "Original Manga": "original work"}
_CAPITALS: Final = re.compile(r"\b[^\W\d_]{2,}\b")


def metadata(answers: Answers) -> Part:
    page = values.mapping(answers.get("anime"))
    facts, graph = values.mapping(page.get("json_ld")), values.mapping(page.get("opengraph"))
    start = airing.day_of_record(values.text(facts.get("startDate")))
    dates = {"from": values.days(start), "to": values.days(airing.day_of_record(values.text(facts.get("endDate"))))}
    return values.filled(
        {
            "title": values.text(facts.get("name")),
            "synonyms": [
                *values.texts([facts.get("name")]),
                *values.texts(_listed(facts.get("alternateName"))),
                *values.texts(page.get("alternative_titles")),
            ],
            "type": words.anime_type(page.get("type")),
            "duration": values.minutes(page.get("minutes")),
            "status": words.anime_status(page.get("status")),
            "episodes": values.whole(facts.get("numberOfEpisodes"), least=1),
            "season": words.season(page.get("season")),
            "year": values.year(page.get("year")),
            "month": words.month(start),
            "synopsis": words.told(facts.get("description")),
            "genres": values.texts(facts.get("genre")),
            "tags": [*values.texts(facts.get("genre")), *values.texts(page.get("tags"))],
            "content_warnings": values.texts(page.get("content_warnings")),
            "covers": words.images(graph.get("image") or facts.get("image")),
            "studios": words.companies(
                words.company(name, CompanyType.ANIMATION_STUDIO) for name in values.texts(page.get("studios"))
            ),
            "aired_dates": values.filled(dates) if start else None,
        }
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def relations(answers: Answers) -> list[Part]:
    page = values.mapping(answers.get("anime"))
    return [*_related(page.get("related_anime"), None), *_related(page.get("related_manga"), "manga")]


def _related(found: object, kind: str | None) -> list[Part]:
    return [
        values.filled(
            {
                "url": address,
                "title": _title(related.get("title")),
                "relation_type": words.relation_type(_word(related)),
                "type": kind,
                "is_anime": kind is None,
            }
        )
        for related in values.items(found)
        if (address := values.url(related.get("url")))
    ]


def _word(related: Mapping[str, Any]) -> str | None:
    word = values.text(related.get("relation_type"))
    return _RELATIONS.get(word, word) if word else None


def _title(line: object) -> str | None:
    """The page's line goes on with dates and format."""
    found = values.text(line)
    return values.text(_LISTED_DATES.sub("", found)) if found else None


def statistics(answers: Answers) -> Part:
    page = values.mapping(answers.get("anime"))
    rating = values.mapping(values.dig(page, "json_ld", "aggregateRating"))
    return values.filled(
        {
            "score": values.score(rating.get("ratingValue"), best=values.number(rating.get("bestRating")) or 5),
            "scored_by": values.whole(rating.get("ratingCount")),
            "rank": values.whole(page.get("rank"), least=1),
        }
    )


def characters(answers: Answers) -> list[Part]:
    found = values.items(values.dig(answers, "anime", "json_ld", "character"))
    return [part for person in found if (part := _character(person)) is not None]


def _character(person: Mapping[str, Any]) -> Part | None:
    name, address = values.text(person.get("name")), values.url(person.get("url"))
    if name is None or address is None:
        return None
    return {
        "name": given_first(name),
        "character_ids": {"animeplanet": address.rstrip("/").rpartition("/")[2]},
        "character_pages": {"animeplanet": address},
    }


def staff(answers: Answers) -> list[Part]:
    facts = values.dig(answers, "anime", "json_ld")
    return [
        values.filled(
            {
                "name": given_first(name),
                "role": role,
                "group": staff_group(role),
                "staff_ids": {"animeplanet": address.rstrip("/").rpartition("/")[2]},
                "url": address,
            }
        )
        for kind, role in (("director", "Director"), ("musicBy", "Music"))
        for person in values.items(values.dig(facts, kind))
        if (name := values.text(person.get("name"))) and (address := values.url(person.get("url")))
    ]


def given_first(name: str) -> str:
    """``Spike Spiegel`` of ``Spike SPIEGEL``."""
    return _CAPITALS.sub(lambda word: word[0].capitalize() if word[0].isupper() else word[0], name)


ANIMEPLANET: Final = Reader(
    metadata=metadata, relations=relations, statistics=statistics, characters=characters, staff=staff
)
