"""aniSearch, as parsed from its pages. Family names are in capitals, formats have hyphens."""

from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.animeplanet import given_first
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import staff_group
from models.vocabulary import CompanyType

_BEST_SCORE: Final = 5
_TYPES: Final = {"bonus": "special"}
_STATUSES: Final = {"on hold": "hiatus"}
_NO_WORD: Final = frozenset({"other", "unknown", "aborted", "unknown status"})
_RELATIONS: Final = {"adaption": "adaptation", "spin-off": "spin off"}


def metadata(answers: Answers) -> Part:
    page = values.mapping(answers.get("anime"))
    facts, graph = values.mapping(page.get("json_ld")), values.mapping(page.get("opengraph"))
    titles = values.items(page.get("titles"))
    start, end = _days(page, facts)
    return values.filled(
        {
            "title": values.text(page.get("name")),
            "title_english": _title(titles, "en", "title"),
            "title_japanese": _title(titles, "ja", "native"),
            "synonyms": [
                *(name for item in titles for name in values.texts([item.get("title"), item.get("native")])),
                *values.texts(page.get("synonyms")),
            ],
            "type": words.anime_type(_word(page.get("type"), _TYPES)),
            "status": words.anime_status(_word(page.get("status"), _STATUSES)),
            "episodes": values.whole(facts.get("numberOfEpisodes"), least=1),
            "month": words.month(start),
            "duration": values.minutes(page.get("minutes")),
            "source_material": words.source_material(_word(page.get("source_material"), {})),
            "synopsis": words.told(values.mapping(page.get("descriptions")).get("en")),
            "genres": values.texts(page.get("genres")),
            "tags": [*values.texts(page.get("genres")), *values.texts(page.get("tags"))],
            "covers": words.images(graph.get("image")),
            "external_links": [
                (name, address)
                for item in values.items(page.get("websites"))
                if (name := values.text(item.get("name"))) and (address := values.url(item.get("url")))
            ],
            "studios": words.companies(
                words.company(
                    item.get("name"),
                    CompanyType.ANIMATION_STUDIO,
                    company_ids=values.filled({"anisearch": values.identifier(item.get("id"))}),
                )
                for item in values.items(page.get("studios"))
            ),
            "aired_dates": values.filled({"from": values.days(start), "to": values.days(end)}) if start else None,
        }
    )


def _days(page: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[Any, Any]:
    """First and last day of the original version."""
    released = [*values.texts(page.get("released")), None, None]
    first = values.text(facts.get("startDate")) or released[0]
    last = values.text(facts.get("endDate")) or released[1]
    return airing.day_of_record(first), airing.day_of_record(last)


def _title(titles: list[Mapping[str, Any]], language: str, spelling: str) -> str | None:
    return next(
        (found for item in titles if item.get("lang") == language and (found := values.text(item.get(spelling)))), None
    )


def _word(value: object, names: Mapping[str, str]) -> str | None:
    """The catalogue's word as others write it; None where it says that it does not know."""
    word = (values.text(value) or "").casefold()
    if not word or word in _NO_WORD:
        return None
    return names.get(word) or word.replace("-", " ")


def episodes(answers: Answers) -> list[Part]:
    return [
        values.filled(
            {
                "episode_number": number,
                "title": values.text(episode.get("title")),
                "title_japanese": values.text(episode.get("title_japanese")),
                "title_romaji": values.text(episode.get("title_romaji")),
                "aired": values.days(airing.day_of_record(values.text(episode.get("aired")))),
                "duration": values.minutes(episode.get("minutes")),
                "filler": values.flag(episode.get("filler")),
                "recap": values.flag(episode.get("recap")),
            }
        )
        for episode in values.items(answers.get("episodes"))
        if (number := words.episode_number(episode.get("number")))
    ]


def relations(answers: Answers) -> list[Part]:
    return [
        values.filled(
            {
                "url": address,
                "title": values.text(related.get("title")),
                "relation_type": words.relation_type(_relation(related)),
                "type": None if related.get("kind") == "anime" else values.text(related.get("kind")),
                "is_anime": related.get("kind") == "anime",
            }
        )
        for related in values.items(answers.get("relations"))
        if (address := values.url(related.get("url")))
    ]


def _relation(related: Mapping[str, Any]) -> str | None:
    word = values.text(related.get("relation_type"))
    return _RELATIONS.get(word.casefold(), word) if word else None


def statistics(answers: Answers) -> Part:
    page = values.mapping(answers.get("anime"))
    rating = values.mapping(values.dig(page, "json_ld", "aggregateRating"))
    return values.filled(
        {
            "score": values.score(
                rating.get("ratingValue"), best=values.number(rating.get("bestRating")) or _BEST_SCORE
            ),
            "scored_by": values.whole(rating.get("ratingCount")),
            "rank": values.whole(page.get("rank"), least=1),
        }
    )


def characters(answers: Answers) -> list[Part]:
    found = values.items(answers.get("characters"))
    return [part for item in found if (part := _character(item)) is not None]


def _character(item: Mapping[str, Any]) -> Part | None:
    name, identifier = values.text(item.get("name")), values.identifier(item.get("id"))
    if name is None or identifier is None:
        return None
    favorites = values.whole(item.get("favorites"))
    return values.filled(
        {
            "name": given_first(name),
            "role": words.role(item.get("role")),
            "images": words.images(item.get("image")),
            "character_ids": {"anisearch": identifier},
            "character_pages": values.filled({"anisearch": values.url(item.get("url"))}),
            "statistics": {"anisearch": {"favorites": favorites}} if favorites is not None else None,
        }
    )


def staff(answers: Answers) -> list[Part]:
    found = []
    for person in values.items(values.dig(answers, "anime", "staff")):
        name, role = values.text(person.get("name")), values.text(person.get("role"))
        identifier = values.identifier(person.get("id"))
        if name and role:
            found.append(
                values.filled(
                    {
                        "name": given_first(name),
                        "role": role,
                        "group": staff_group(role),
                        "staff_ids": values.filled({"anisearch": identifier}),
                        "url": f"https://www.anisearch.com/person/{identifier}" if identifier else None,
                    }
                )
            )
    return found


def on_break(answers: Answers) -> bool:
    return words.on_break(values.dig(answers, "anime", "status"))


ANISEARCH: Final = Reader(
    metadata=metadata,
    episodes=episodes,
    relations=relations,
    statistics=statistics,
    characters=characters,
    staff=staff,
    on_break=on_break,
)
