"""Jikan v4: MyAnimeList's records. Persons and characters are written ``Family, Given``."""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import staff_group
from models.vocabulary import CompanyType, Rating

_DURATION: Final = re.compile(r"(\d+)\s*(hr|min|sec)")
_UNIT_SECONDS: Final = {"hr": 3600, "min": 60, "sec": 1}
_THEME: Final = re.compile(
    r"^(?:#?\d+:\s*)?[\"\u201c](?P<title>.+?)[\"\u201d]\s+by\s+(?P<artist>.+?)"
    r"(?:\s+\(ep(?:s|isodes?)?\s*(?P<episodes>[^()]*)\))?$"
)
_SIGNATURE: Final = re.compile(r"^(https://cdn\.myanimelist\.net/[^?#]*)\?s=\w*$")
_BEST_EPISODE_SCORE: Final = 5
_STATUSES: Final = ("watching", "completed", "on_hold", "dropped", "plan_to_watch")


def metadata(answers: Answers) -> Part:
    anime = values.mapping(answers.get("anime"))
    rating = words.rating(anime.get("rating"))
    return values.filled(
        {
            "title": values.text(anime.get("title")),
            "title_english": values.text(anime.get("title_english")),
            "title_japanese": values.text(anime.get("title_japanese")),
            "synonyms": [
                *values.texts(anime.get("title_synonyms")),
                *(t for item in values.items(anime.get("titles")) if (t := values.text(item.get("title")))),
            ],
            "type": words.anime_type(anime.get("type")),
            "status": words.anime_status(anime.get("status")),
            "episodes": values.whole(anime.get("episodes"), least=1),
            "season": words.season(anime.get("season")),
            "year": values.year(anime.get("year")),
            "duration": duration(anime.get("duration")),
            "rating": rating,
            "nsfw": rating is Rating.RX if isinstance(rating, Rating) else None,
            "source_material": words.source_material(anime.get("source")),
            "synopsis": words.told(anime.get("synopsis")),
            "background": words.told(anime.get("background")),
            "genres": _names(anime, "genres") + _names(anime, "explicit_genres"),
            "tags": _names(anime, "themes"),
            "themes": [{"name": name} for name in _names(anime, "themes")],
            "demographics": _names(anime, "demographics"),
            "covers": words.images(
                _best_image(anime), *(_best_image({"images": item}) for item in values.items(answers.get("pictures")))
            ),
            "trailers": [*_trailers(anime.get("trailer")), *_promos(values.dig(answers, "videos", "promo"))],
            "opening_themes": _songs(values.dig(anime, "theme", "openings")),
            "ending_themes": _songs(values.dig(anime, "theme", "endings")),
            "external_links": _links(anime.get("external")),
            "streaming_info": [{"platform": name, "url": address} for name, address in _links(anime.get("streaming"))],
            "broadcast": _broadcast(anime.get("broadcast")),
            "studios": _companies(anime.get("studios"), CompanyType.ANIMATION_STUDIO),
            "producers": _companies(anime.get("producers"), CompanyType.PRODUCER),
            "licensors": _companies(anime.get("licensors"), CompanyType.LICENSOR),
            **_aired(values.mapping(anime.get("aired"))),
        }
    )


def duration(line: object) -> int | None:
    """Seconds of ``24 min per ep`` or ``1 hr 55 min``."""
    found = sum(int(count) * _UNIT_SECONDS[unit] for count, unit in _DURATION.findall(values.text(line) or ""))
    return found or None


def _names(anime: Mapping[str, Any], kind: str) -> list[str]:
    return [name for item in values.items(anime.get(kind)) if (name := values.text(item.get("name")))]


def _best_image(thing: Mapping[str, Any]) -> str | None:
    """Lists give ``?s=...`` with a picture that other answers give without; both addresses lead to it."""
    jpg = values.mapping(values.dig(thing, "images", "jpg"))
    found = values.url(jpg.get("large_image_url") or jpg.get("image_url"))
    return found and _SIGNATURE.sub(r"\1", found)


def _trailers(value: object) -> list[Part]:
    trailer = values.mapping(value)
    address = values.url(trailer.get("url")) or words.youtube(trailer.get("youtube_id"))
    if address is None:
        return []
    pictures = values.mapping(trailer.get("images"))
    picture = words.image(pictures.get("maximum_image_url") or pictures.get("large_image_url"))
    return [values.filled({"url": address, "thumbnail_url": picture})]


def _promos(value: object) -> list[Part]:
    return [
        values.filled({**trailer, "title": values.text(promo.get("title"))})
        for promo in values.items(value)
        for trailer in _trailers(promo.get("trailer"))
    ]


def _songs(lines: object) -> list[Part]:
    return [_song(line) for line in values.texts(lines)]


def _song(line: str) -> Part:
    match = _THEME.match(line)
    return (
        values.filled({name: values.text(part) for name, part in match.groupdict().items()})
        if match
        else {"title": line}
    )


def _links(value: object) -> list[tuple[str, str]]:
    return [
        (name, address)
        for item in values.items(value)
        if (name := values.text(item.get("name"))) and (address := values.url(item.get("url")))
    ]


def _broadcast(value: object) -> Part:
    broadcast = values.mapping(value)
    clock = values.text(broadcast.get("time"))
    return values.filled(
        {
            "day": values.text(broadcast.get("day")),
            "time": clock if clock and airing.parse_clock(clock) else None,
            "timezone": values.text(broadcast.get("timezone")),
            "string": values.text(broadcast.get("string")),
        }
    )


def _companies(value: object, kind: CompanyType) -> list[Part]:
    return words.companies(
        words.company(
            item.get("name"),
            kind,
            url=values.url(item.get("url")),
            company_ids=values.filled({"mal": values.identifier(item.get("mal_id"))}),
        )
        for item in values.items(value)
    )


def _aired(aired: Mapping[str, Any]) -> Part:
    first = airing.day_of_record(values.text(aired.get("from")))
    dates = {
        "from": values.days(first),
        "to": values.days(airing.day_of_record(values.text(aired.get("to")))),
        "string": values.text(aired.get("string")),
    }
    # Without a month the record says the first of January; it does not mean it.
    known = values.dig(aired, "prop", "from", "month") is not None
    return {
        "aired_dates": values.filled(dates) if first else {},
        "month": words.month(first) if known else None,
    }


def episodes(answers: Answers) -> list[Part]:
    details = {
        number: item
        for item in values.items(answers.get("episode_details"))
        if (number := words.episode_number(item.get("mal_id")))
    }
    listed = [
        _episode(number, {**values.filled(item), **values.filled(details.get(number, {}))})
        for item in values.items(answers.get("episodes"))
        if (number := words.episode_number(item.get("mal_id")))
    ]
    return [*listed, *_pictured(values.dig(answers, "videos", "episodes"))]


def _pictured(videos: object) -> list[Part]:
    """The pictures of a streaming site, by the number in ``Episode 12``."""
    found = ((words.titled_episode(item.get("episode"))[0], item) for item in values.items(videos))
    return [
        {"episode_number": number, "thumbnails": pictures}
        for number, item in found
        if number is not None and (pictures := words.images(_best_image(item)))
    ]


def _episode(number: str, episode: Mapping[str, Any]) -> Part:
    return values.filled(
        {
            "episode_number": number,
            "title": values.text(episode.get("title")),
            "title_japanese": values.text(episode.get("title_japanese")),
            "title_romaji": values.text(episode.get("title_romanji")),
            "aired": values.days(airing.day_of_record(values.text(episode.get("aired")))),
            "duration": values.whole(episode.get("duration"), least=1),
            "synopsis": words.told(episode.get("synopsis")),
            "filler": values.flag(episode.get("filler")),
            "recap": values.flag(episode.get("recap")),
            "score": values.score(episode.get("score"), best=_BEST_EPISODE_SCORE),
            "episode_pages": values.filled({"mal": values.url(episode.get("url"))}),
        }
    )


def relations(answers: Answers) -> list[Part]:
    return [
        values.filled(
            {
                "url": values.url(work.get("url")),
                "title": values.text(work.get("name")),
                "relation_type": words.relation_type(relation.get("relation")),
                "type": None if work.get("type") == "anime" else values.text(work.get("type")),
                "is_anime": work.get("type") == "anime",
            }
        )
        for relation in values.items(values.dig(answers, "anime", "relations"))
        for work in values.items(relation.get("entry"))
    ]


def statistics(answers: Answers) -> Part:
    anime, told = values.mapping(answers.get("anime")), values.mapping(answers.get("statistics"))
    votes = {
        str(item["score"]): count
        for item in values.items(told.get("scores"))
        if isinstance(item.get("score"), int) and (count := values.whole(item.get("votes"))) is not None
    }
    statuses = {name: count for name in _STATUSES if (count := values.whole(told.get(name))) is not None}
    return values.filled(
        {
            "score": values.score(anime.get("score"), best=10),
            "scored_by": values.whole(anime.get("scored_by")),
            "rank": values.whole(anime.get("rank"), least=1),
            "popularity_rank": values.whole(anime.get("popularity"), least=1),
            "members": values.whole(anime.get("members")),
            "favorites": values.whole(anime.get("favorites")),
            "score_distribution": votes,
            "status_distribution": statuses,
        }
    )


def staff(answers: Answers) -> list[Part]:
    found = []
    for edge in values.items(answers.get("staff")):
        person = values.mapping(edge.get("person"))
        name = given_first(person.get("name"))
        if name is not None:
            known = {
                "name": name,
                "staff_ids": values.filled({"mal": values.identifier(person.get("mal_id"))}),
                "url": values.url(person.get("url")),
                "image": words.image(_best_image(person)),
            }
            found += [
                values.filled({**known, "role": role, "group": staff_group(role)})
                for role in values.texts(edge.get("positions"))
            ]
    return found


def characters(answers: Answers) -> list[Part]:
    details = {values.identifier(item.get("mal_id")): item for item in values.items(answers.get("character_details"))}
    found = []
    for edge in values.items(answers.get("characters")):
        character = values.mapping(edge.get("character"))
        detail = values.mapping(details.get(values.identifier(character.get("mal_id"))))
        name = values.text(detail.get("name")) or given_first(character.get("name"))
        if name is not None:
            found.append(_character(name, edge, character, detail))
    return found


def _character(name: str, edge: Mapping[str, Any], character: Mapping[str, Any], detail: Mapping[str, Any]) -> Part:
    kanji = values.text(detail.get("name_kanji"))
    favorites = values.whole(edge.get("favorites"))
    return values.filled(
        {
            "name": name,
            "name_kanji": kanji,
            "nicknames": values.texts(detail.get("nicknames")),
            "role": words.role(edge.get("role")),
            "description": words.told(detail.get("about")),
            "images": words.images(_best_image(detail) or _best_image(character)),
            "character_ids": values.filled({"mal": values.identifier(character.get("mal_id"))}),
            "character_pages": values.filled({"mal": values.url(character.get("url"))}),
            "statistics": {"mal": {"favorites": favorites}} if favorites is not None else None,
            "voice_actors": [
                voice for item in values.items(edge.get("voice_actors")) if (voice := _voice(item)) is not None
            ],
        }
    )


def _voice(item: Mapping[str, Any]) -> Part | None:
    person = values.mapping(item.get("person"))
    name, language = given_first(person.get("name")), values.text(item.get("language"))
    if name is None or language is None:
        return None
    return values.filled(
        {
            "name": name,
            "language": language,
            "staff_ids": values.filled({"mal": values.identifier(person.get("mal_id"))}),
            "url": values.url(person.get("url")),
            "image": words.image(_best_image(person)),
        }
    )


def given_first(name: object) -> str | None:
    """``Given Family`` of ``Family, Given``; a name without exactly one comma stays as it is."""
    found = values.text(name)
    if found is None or found.count(",") != 1:
        return found
    family, _, given = found.partition(",")
    return values.text(f"{given.strip()} {family.strip()}")


JIKAN: Final = Reader(
    metadata=metadata,
    episodes=episodes,
    relations=relations,
    statistics=statistics,
    characters=characters,
    staff=staff,
)
