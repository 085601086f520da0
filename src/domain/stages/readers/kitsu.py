"""Kitsu, JSON:API: resources with ``attributes``. Dates are days, ratings are percents, votes go from 2 to 20."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import staff_group
from models.vocabulary import CompanyType

_BEST_SCORE: Final = 100
_ENGLISH: Final = ("en", "en_us")
_JAPANESE: Final = ("ja_jp",)
_ROMAJI: Final = ("en_jp",)
_MEDIA: Final = frozenset({"anime", "manga", "drama"})
_COMPANY_ROLES: Final = {
    "studio": CompanyType.ANIMATION_STUDIO,
    "producer": CompanyType.PRODUCER,
    "licensor": CompanyType.LICENSOR,
}
_LOCALES: Final = {
    "ja_jp": "Japanese",
    "ja": "Japanese",
    "jp": "Japanese",
    "us": "English",
    "en": "English",
    "en_us": "English",
    "fr": "French",
    "es": "Spanish",
    "kr": "Korean",
    "ko": "Korean",
    "de": "German",
    "br": "Portuguese (BR)",
    "pt_br": "Portuguese (BR)",
    "it": "Italian",
    "hu": "Hungarian",
    "he": "Hebrew",
    "cn": "Mandarin",
}
"""The catalogue writes countries and languages; the words are those of the other catalogues."""


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
            "rating": words.rating(anime.get("ageRatingGuide")),
            "nsfw": values.flag(anime.get("nsfw")),
            "synopsis": words.told(anime.get("synopsis") or anime.get("description")),
            "tags": [name for category in categories if (name := values.text(category.get("title")))],
            "themes": [
                values.filled({"name": name, "description": words.told(category.get("description"))})
                for category in categories
                if (name := values.text(category.get("title")))
            ],
            "streaming_info": _streaming(answers),
            "studios": _companies(answers, CompanyType.ANIMATION_STUDIO),
            "producers": _companies(answers, CompanyType.PRODUCER),
            "licensors": _companies(answers, CompanyType.LICENSOR),
            "posters": words.images(values.dig(anime, "posterImage", "original")),
            "banners": words.images(values.dig(anime, "coverImage", "original")),
            "trailers": [{"url": trailer}] if trailer else None,
            "aired_dates": values.filled(dates) if start else None,
        }
    )


def _first(titles: Mapping[str, Any], languages: tuple[str, ...]) -> str | None:
    return next((found for language in languages if (found := values.text(titles.get(language)))), None)


def _by_id(answers: Answers, kind: str) -> dict[str, Mapping[str, Any]]:
    """The attributes of included resources."""
    found = ((values.text(resource.get("id")), resource) for resource in values.items(answers.get(kind)))
    return {identifier: _attributes(resource) for identifier, resource in found if identifier is not None}


def _related_id(resource: object, name: str) -> str:
    return values.text(values.dig(resource, "relationships", name, "data", "id")) or ""


def _streaming(answers: Answers) -> list[Part]:
    """A link names its platform by a resource of its own; without it the host of the link stands."""
    streamers = _by_id(answers, "streamers")
    found = []
    for link in values.items(answers.get("streaming_links")):
        told, address = _attributes(link), values.url(_attributes(link).get("url"))
        streamer = values.mapping(streamers.get(_related_id(link, "streamer")))
        if address is not None:
            found.append(
                values.filled(
                    {
                        "platform": values.text(streamer.get("siteName")) or urlsplit(address).hostname,
                        "url": address,
                        "subtitle_languages": values.texts(told.get("subs")),
                        "dub_languages": values.texts(told.get("dubs")),
                    }
                )
            )
    return [part for part in found if "platform" in part]


def _companies(answers: Answers, kind: CompanyType) -> list[Part]:
    producers = _by_id(answers, "producers")
    found = []
    for production in values.items(answers.get("productions")):
        identifier = _related_id(production, "producer")
        if _COMPANY_ROLES.get((values.text(_attributes(production).get("role")) or "").casefold()) is kind:
            ids = values.filled({"kitsu": values.identifier(identifier)})
            found.append(words.company(values.mapping(producers.get(identifier)).get("name"), kind, company_ids=ids))
    return words.companies(found)


def relations(answers: Answers) -> list[Part]:
    media = _by_id(answers, "related_media")
    found = []
    for link in values.items(answers.get("media_relationships")):
        data = values.mapping(values.dig(link, "relationships", "destination", "data"))
        kind, identifier = values.text(data.get("type")), values.text(data.get("id"))
        if kind in _MEDIA and identifier is not None and identifier.isalnum():
            told = values.mapping(media.get(identifier))
            form = values.text(told.get("subtype")) or kind
            found.append(
                values.filled(
                    {
                        "url": f"https://kitsu.app/{kind}/{identifier}",
                        "title": values.text(told.get("canonicalTitle")),
                        "relation_type": words.relation_type(_attributes(link).get("role")),
                        "type": None if kind == "anime" else form.lower(),
                        "is_anime": kind == "anime",
                    }
                )
            )
    return found


def staff(answers: Answers) -> list[Part]:
    """A credit may name several kinds of work: ``Director, Storyboard``."""
    people = _by_id(answers, "people")
    found = []
    for credit in values.items(answers.get("staff")):
        identifier = _related_id(credit, "person")
        person = _person(values.mapping(people.get(identifier)), identifier)
        if person is not None:
            roles = (values.text(role) for role in (values.text(_attributes(credit).get("role")) or "").split(","))
            found += [{**person, "role": role, "group": staff_group(role)} for role in roles if role is not None]
    return found


def _person(person: Mapping[str, Any], identifier: str) -> Part | None:
    name = values.text(person.get("canonicalName")) or values.text(person.get("name"))
    if name is None:
        return None
    return values.filled(
        {
            "name": name,
            "native_name": values.text(values.dig(person, "names", "ja_jp")),
            "staff_ids": values.filled({"kitsu": values.identifier(identifier)}),
            "image": words.image(values.dig(person, "image", "original")),
            "biography": words.told(person.get("description")),
        }
    )


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
            "synopsis": words.told(episode.get("synopsis") or episode.get("description")),
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
            found.append(_character(name, identifier, link, character) | _voices(link, answers))
    return found


def _voices(link: Mapping[str, Any], answers: Answers) -> Part:
    """The voices of a link, which point back to it; their persons come included as well."""
    people = _by_id(answers, "people")
    own = values.text(link.get("id"))
    listed = {values.text(item.get("id")) for item in values.items(values.dig(link, "relationships", "voices", "data"))}
    found = []
    for voice in values.items(answers.get("voices")):
        if values.text(voice.get("id")) in listed or (own and _related_id(voice, "mediaCharacter") == own):
            identifier = _related_id(voice, "person")
            person = _person(values.mapping(people.get(identifier)), identifier)
            language = _LOCALES.get((values.text(_attributes(voice).get("locale")) or "").casefold())
            if person is not None and language is not None:
                found.append({**person, "language": language})
    return {"voice_actors": found} if found else {}


def _character(name: str, identifier: str, link: Mapping[str, Any], character: Mapping[str, Any]) -> Part:
    return values.filled(
        {
            "name": name,
            "name_native": values.text(values.dig(character, "names", "ja_jp")),
            "role": words.role(_attributes(link).get("role")),
            "description": words.told(character.get("description")),
            "images": words.images(values.dig(character, "image", "original")),
            "nicknames": values.texts(character.get("otherNames")),
            "character_ids": values.filled(
                {"kitsu": values.identifier(identifier), "mal": values.identifier(character.get("malId"))}
            ),
        }
    )


KITSU: Final = Reader(
    metadata=metadata,
    episodes=episodes,
    relations=relations,
    statistics=statistics,
    characters=characters,
    staff=staff,
)
