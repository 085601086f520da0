"""Anime-Planet, as parsed from a page: its JSON-LD, OpenGraph and a few fields. Family names are in capitals."""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from models.vocabulary import CompanyType

_LISTED_DATES: Final = re.compile(r"\s+\d{4}(?:-\d{2}-\d{2})? - .*$|\s+\d{4}-\d{2}-\d{2}\b.*$")
_CAPITALS: Final = re.compile(r"\b[^\W\d_]{2,}\b")


def metadata(answers: Answers) -> Part:
    page = values.mapping(answers.get("anime"))
    facts, graph = values.mapping(page.get("json_ld")), values.mapping(page.get("opengraph"))
    start = airing.day_of_record(values.text(facts.get("startDate")))
    dates = {"from": values.days(start), "to": values.days(airing.day_of_record(values.text(facts.get("endDate"))))}
    return values.filled(
        {
            "title": values.text(facts.get("name")),
            "synonyms": values.texts([facts.get("name"), *values.texts(facts.get("alternateName"))]),
            "status": words.anime_status(page.get("status")),
            "episodes": values.whole(facts.get("numberOfEpisodes"), least=1),
            "season": words.season(page.get("season")),
            "year": values.year(page.get("year")),
            "month": words.month(start),
            "synopsis": values.prose(facts.get("description")),
            "genres": values.texts(facts.get("genre")),
            "tags": values.texts(facts.get("genre")),
            "covers": words.images(graph.get("image") or facts.get("image")),
            "studios": words.companies(
                words.company(name, CompanyType.ANIMATION_STUDIO) for name in values.texts(page.get("studios"))
            ),
            "aired_dates": values.filled(dates) if start else None,
        }
    )


def relations(answers: Answers) -> list[Part]:
    return [
        values.filled(
            {
                "url": address,
                "title": _title(related.get("title")),
                "relation_type": words.relation_type(related.get("relation_type")),
                "is_anime": True,
            }
        )
        for related in values.items(values.dig(answers, "anime", "related_anime"))
        if (address := values.url(related.get("url")))
    ]


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
        "name": _CAPITALS.sub(lambda word: word[0].capitalize() if word[0].isupper() else word[0], name),
        "character_ids": {"animeplanet": address.rstrip("/").rpartition("/")[2]},
        "character_pages": {"animeplanet": address},
    }


ANIMEPLANET: Final = Reader(metadata=metadata, relations=relations, statistics=statistics, characters=characters)
