"""Kitsu, JSON:API: resources with ``attributes``. Dates are days, ratings are percents, votes go from 2 to 20."""

from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader

_BEST_SCORE: Final = 100
_ENGLISH: Final = ("en", "en_us")
_JAPANESE: Final = ("ja_jp",)
_ROMAJI: Final = ("en_jp",)


def _attributes(resource: object) -> Mapping[str, Any]:
    return values.mapping(values.dig(resource, "attributes"))


def metadata(answers: Answers) -> Part:
    anime = _attributes(answers.get("anime"))
    titles = values.mapping(anime.get("titles"))
    start = airing.day_of_record(values.text(anime.get("startDate")))
    dates = {"from": values.days(start), "to": values.days(airing.day_of_record(values.text(anime.get("endDate"))))}
    categories = [_attributes(resource) for resource in values.items(answers.get("categories"))]
    trailer = words.youtube(anime.get("youtubeVideoId"))
    return values.filled(
        {
            "title": values.text(anime.get("canonicalTitle")),
            "title_english": _first(titles, _ENGLISH),
            "title_japanese": _first(titles, _JAPANESE),
            "synonyms": [
                *filter(None, map(values.text, titles.values())),
                *values.texts(anime.get("abbreviatedTitles")),
            ],
            "type": words.anime_type(anime.get("subtype") or anime.get("showType")),
            "status": words.anime_status(anime.get("status")),
            "episodes": values.whole(anime.get("episodeCount"), least=1),
            "month": words.month(start),
            "duration": values.minutes(anime.get("episodeLength")),
            "rating": words.RATING_GUIDES.get((values.text(anime.get("ageRatingGuide")) or "").casefold()),
            "nsfw": values.flag(anime.get("nsfw")),
            "synopsis": values.prose(anime.get("synopsis") or anime.get("description")),
            "tags": [name for category in categories if (name := values.text(category.get("title")))],
            "themes": [
                values.filled({"name": name, "description": values.prose(category.get("description"))})
                for category in categories
                if (name := values.text(category.get("title")))
            ],
            "posters": words.images(values.dig(anime, "posterImage", "original")),
            "banners": words.images(values.dig(anime, "coverImage", "original")),
            "trailers": [{"url": trailer}] if trailer else None,
            "aired_dates": values.filled(dates) if start else None,
        }
    )


def _first(titles: Mapping[str, Any], languages: tuple[str, ...]) -> str | None:
    return next((found for language in languages if (found := values.text(titles.get(language)))), None)


def episodes(answers: Answers) -> list[Part]:
    resources = map(_attributes, values.items(answers.get("episodes")))
    return [part for attributes in resources if (part := _episode(attributes)) is not None]


def _episode(episode: Mapping[str, Any]) -> Part | None:
    number, titles = words.episode_number(episode.get("number")), values.mapping(episode.get("titles"))
    if number is None:
        return None
    return values.filled(
        {
            "episode_number": number,
            "season_number": values.whole(episode.get("seasonNumber")),
            "title": _first(titles, ("en_us", "en")) or values.text(episode.get("canonicalTitle")),
            "title_japanese": _first(titles, _JAPANESE),
            "title_romaji": _first(titles, _ROMAJI),
            "aired": values.days(airing.day_of_record(values.text(episode.get("airdate")))),
            "duration": values.minutes(episode.get("length")),
            "synopsis": values.prose(episode.get("synopsis") or episode.get("description")),
            "thumbnails": words.images(values.dig(episode, "thumbnail", "original")),
        }
    )


def statistics(answers: Answers) -> Part:
    anime = _attributes(answers.get("anime"))
    votes = {
        str(score): count
        for score, found in values.mapping(anime.get("ratingFrequencies")).items()
        if (count := values.whole(found)) is not None
    }
    return values.filled(
        {
            "score": values.score(anime.get("averageRating"), best=_BEST_SCORE),
            "scored_by": sum(votes.values()) or None,
            "rank": values.whole(anime.get("ratingRank"), least=1),
            "popularity_rank": values.whole(anime.get("popularityRank"), least=1),
            "members": values.whole(anime.get("userCount")),
            "favorites": values.whole(anime.get("favoritesCount")),
            "score_distribution": votes,
        }
    )


def characters(answers: Answers) -> list[Part]:
    """The links name no one by themselves; their characters come included in the answer, by id."""
    included = {
        values.text(resource.get("id")): resource for resource in values.items(answers.get("character_resources"))
    }
    found = []
    for link in values.items(answers.get("characters")):
        identifier = values.text(values.dig(link, "relationships", "character", "data", "id"))
        character = _attributes(included.get(identifier))
        name = values.text(character.get("canonicalName")) or values.text(character.get("name"))
        if name is not None and identifier is not None:
            found.append(_character(name, identifier, link, character))
    return found


def _character(name: str, identifier: str, link: Mapping[str, Any], character: Mapping[str, Any]) -> Part:
    return values.filled(
        {
            "name": name,
            "name_native": values.text(values.dig(character, "names", "ja_jp")),
            "role": words.role(_attributes(link).get("role")),
            "description": values.prose(character.get("description")),
            "images": words.images(values.dig(character, "image", "original")),
            "character_ids": {"kitsu": values.identifier(identifier)},
        }
    )


KITSU: Final = Reader(metadata=metadata, episodes=episodes, statistics=statistics, characters=characters)
