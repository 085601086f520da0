"""AniDB, as parsed from its XML. People are written ``Family Given``; pictures are bare file names."""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import COMPANY_CREDITS, staff_group
from models.vocabulary import CompanyType

_PICTURES: Final = "https://cdn.anidb.net/images/main/"
_PICTURE: Final = re.compile(r"^[\w.-]+\.(?:jpe?g|png|webp)$", re.IGNORECASE)
_NOTES: Final = re.compile(r"\n(?:Source|Note): .*\Z", re.DOTALL)
_NO_GENDER: Final = frozenset({"unknown", "none/does not apply"})


def metadata(answers: Answers) -> Part:
    anime = values.mapping(answers.get("anime"))
    titles = values.mapping(anime.get("titles"))
    tags = [tag for tag in values.items(anime.get("tags")) if values.whole(tag.get("weight"), least=1)]
    start = airing.day_of_record(values.text(anime.get("startdate")))
    dates = {"from": values.days(start), "to": values.days(airing.day_of_record(values.text(anime.get("enddate"))))}
    official = values.url(anime.get("url"))
    synopsis = values.prose(anime.get("description"))
    creators = values.items(anime.get("creators"))
    return values.filled(
        {
            "title": values.text(titles.get("main")),
            "title_english": values.text(titles.get("english")),
            "title_japanese": values.text(titles.get("japanese")),
            "synonyms": [*filter(None, [values.text(titles.get("main"))]), *values.texts(titles.get("synonyms"))],
            "type": words.anime_type(anime.get("type")),
            "episodes": values.whole(anime.get("episodecount"), least=1),
            "month": words.month(start),
            "synopsis": values.text(_NOTES.sub("", synopsis)) if synopsis else None,
            "tags": [name for tag in tags if (name := values.text(tag.get("name")))],
            "themes": [
                values.filled({"name": name, "description": values.prose(tag.get("description"))})
                for tag in tags
                if (name := values.text(tag.get("name")))
            ],
            "covers": words.images(_picture(anime.get("picture"))),
            "external_links": [("official site", official)] if official else None,
            "studios": words.companies(
                words.company(
                    creator.get("name"),
                    CompanyType.ANIMATION_STUDIO,
                    company_ids=values.filled({"anidb": values.identifier(creator.get("id"))}),
                )
                for creator in creators
                if _work(creator) in COMPANY_CREDITS
            ),
            "aired_dates": values.filled(dates) if start else None,
        }
    )


def _work(creator: Mapping[str, Any]) -> str:
    return (values.text(creator.get("type")) or "").casefold()


def _picture(name: object) -> str | None:
    found = values.text(name)
    return f"{_PICTURES}{found}" if found and _PICTURE.match(found) else None


def episodes(answers: Answers) -> list[Part]:
    found = []
    for episode in values.items(values.dig(answers, "anime", "episodes")):
        number = words.episode_number(episode.get("epno") or episode.get("number"))
        titles = values.mapping(episode.get("titles"))
        if number is not None:
            found.append(
                values.filled(
                    {
                        "episode_number": number,
                        "title": values.text(titles.get("en")),
                        "title_japanese": values.text(titles.get("ja")),
                        "title_romaji": values.text(titles.get("x-jat")),
                        "aired": values.days(airing.day_of_record(values.text(episode.get("airdate")))),
                        "duration": values.minutes(episode.get("length")),
                        "synopsis": values.prose(episode.get("summary")),
                    }
                )
            )
    return found


def statistics(answers: Answers) -> Part:
    rating = values.mapping(values.dig(answers, "anime", "ratings", "permanent"))
    return values.filled(
        {"score": values.score(rating.get("value"), best=10), "scored_by": values.whole(rating.get("count"))}
    )


def characters(answers: Answers) -> list[Part]:
    found = values.items(values.dig(answers, "anime", "characters"))
    return [part for item in found if (part := _character(item)) is not None]


def _character(item: Mapping[str, Any]) -> Part | None:
    name, identifier = values.text(item.get("name")), values.identifier(item.get("id"))
    if name is None or identifier is None:
        return None
    gender = values.text(item.get("gender"))
    rating = values.filled(
        {"score": values.score(item.get("rating"), best=10), "scored_by": values.whole(item.get("rating_votes"))}
    )
    voice = _voice(values.mapping(item.get("seiyuu")))
    return values.filled(
        {
            "name": name,
            "role": words.role(item.get("type")),
            "character_type": values.text(item.get("character_type")),
            "description": values.prose(item.get("description")),
            "gender": None if gender is None or gender in _NO_GENDER else gender.capitalize(),
            "images": words.images(_picture(item.get("picture"))),
            "character_ids": {"anidb": identifier},
            "character_pages": {"anidb": f"https://anidb.net/character/{identifier}"},
            "statistics": {"anidb": rating} if rating else None,
            "voice_actors": [voice] if voice else None,
        }
    )


def _voice(person: Mapping[str, Any]) -> Part | None:
    name = values.text(person.get("name"))
    if name is None:
        return None
    identifier = values.identifier(person.get("id"))
    return values.filled(
        {
            "name": name,
            "language": "Japanese",
            "staff_ids": values.filled({"anidb": identifier}),
            "url": f"https://anidb.net/creator/{identifier}" if identifier else None,
            "image": words.image(_picture(person.get("picture"))),
        }
    )


def staff(answers: Answers) -> list[Part]:
    found = []
    for creator in values.items(values.dig(answers, "anime", "creators")):
        name, role = values.text(creator.get("name")), values.text(creator.get("type"))
        identifier = values.identifier(creator.get("id"))
        if name and role and role.casefold() not in COMPANY_CREDITS:
            found.append(
                values.filled(
                    {
                        "name": name,
                        "role": role,
                        "group": staff_group(role),
                        "staff_ids": values.filled({"anidb": identifier}),
                        "url": f"https://anidb.net/creator/{identifier}" if identifier else None,
                    }
                )
            )
    return found


ANIDB: Final = Reader(metadata=metadata, episodes=episodes, statistics=statistics, characters=characters, staff=staff)
