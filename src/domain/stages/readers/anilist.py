"""AniList: one ``Media`` object; characters and staff are edges. Scores end at 100, texts are HTML or Markdown."""

import re
from collections.abc import Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from domain.stages.readers.credits import staff_group
from models.vocabulary import CompanyType, RankingType, Season

_WORK_FORMATS: Final = frozenset({"MANGA", "NOVEL", "ONE_SHOT"})
_BEST_SCORE: Final = 100


def metadata(answers: Answers) -> Part:
    media = values.mapping(answers.get("anime"))
    title = values.mapping(media.get("title"))
    tags = [tag for tag in values.items(media.get("tags")) if not _is_spoiler(tag)]
    links = values.items(media.get("externalLinks"))
    start = values.mapping(media.get("startDate"))
    dates = {"from": _day(start), "to": _day(values.mapping(media.get("endDate")))}
    return values.filled(
        {
            "title": values.text(title.get("romaji")),
            "title_english": values.text(title.get("english")),
            "title_japanese": values.text(title.get("native")),
            "synonyms": [*filter(None, map(values.text, title.values())), *values.texts(media.get("synonyms"))],
            "type": words.anime_type(media.get("format")),
            "status": words.anime_status(media.get("status")),
            "episodes": values.whole(media.get("episodes"), least=1),
            "season": words.season(media.get("season")),
            "year": values.year(media.get("seasonYear")),
            "duration": values.minutes(media.get("duration")),
            "source_material": words.source_material(media.get("source")),
            "country_of_origin": _country(media.get("countryOfOrigin")),
            "nsfw": values.flag(media.get("isAdult")),
            "synopsis": words.told(media.get("description")),
            "genres": values.texts(media.get("genres")),
            "tags": [name for tag in tags if (name := values.text(tag.get("name")))],
            "themes": [theme for tag in tags if (theme := _theme(tag))],
            "covers": words.images(values.dig(media, "coverImage", "extraLarge")),
            "banners": words.images(media.get("bannerImage")),
            "trailers": _trailers(values.mapping(media.get("trailer"))),
            "external_links": [pair for link in links if link.get("type") != "STREAMING" and (pair := _link(link))],
            "streaming_info": [
                {"platform": pair[0], "url": pair[1]}
                for link in links
                if link.get("type") == "STREAMING" and (pair := _link(link))
            ],
            "studios": _companies(media, CompanyType.ANIMATION_STUDIO),
            "producers": _companies(media, CompanyType.PRODUCER),
            "aired_dates": values.filled(dates) if dates["from"] else None,
        }
    )


def _is_spoiler(tag: Mapping[str, Any]) -> bool:
    return bool(tag.get("isMediaSpoiler") or tag.get("isGeneralSpoiler"))


def _theme(tag: Mapping[str, Any]) -> Part | None:
    name = values.text(tag.get("name"))
    return values.filled({"name": name, "description": words.told(tag.get("description"))}) if name else None


def _country(value: object) -> str | None:
    found = values.text(value)
    return found if found and re.match(r"^[A-Z]{2}$", found) else None


def _day(value: Mapping[str, Any]) -> str | None:
    """Only a whole date; AniList's partial ones have no day to write."""
    found = values.partial_date(value)
    return found if found is not None and airing.day_of_record(found) is not None else None


def _trailers(trailer: Mapping[str, Any]) -> list[Part]:
    address = words.youtube(trailer.get("id")) if trailer.get("site") == "youtube" else None
    if address is None:
        return []
    return [values.filled({"url": address, "thumbnail_url": words.image(trailer.get("thumbnail"))})]


def _link(link: Mapping[str, Any]) -> tuple[str, str] | None:
    name, address = values.text(link.get("site")), values.url(link.get("url"))
    return (name, address) if name and address else None


def _companies(media: Mapping[str, Any], kind: CompanyType) -> list[Part]:
    animation = kind is CompanyType.ANIMATION_STUDIO
    nodes = (values.mapping(edge.get("node")) for edge in values.items(values.dig(media, "studios", "edges")))
    return words.companies(
        words.company(node.get("name"), kind, company_ids=values.filled({"anilist": values.identifier(node.get("id"))}))
        for node in nodes
        if bool(node.get("isAnimationStudio")) is animation
    )


def episodes(answers: Answers) -> list[Part]:
    media = values.mapping(answers.get("anime"))
    streamed = [_streamed(item) for item in values.items(media.get("streamingEpisodes"))]
    edges = [*values.items(answers.get("schedule")), *values.items(values.dig(media, "airingSchedule", "edges"))]
    scheduled = [values.mapping(edge.get("node")) for edge in edges]
    scheduled.append(values.mapping(media.get("nextAiringEpisode")))
    return [part for part in [*streamed, *map(_scheduled, scheduled)] if part is not None]


def _streamed(item: Mapping[str, Any]) -> Part | None:
    number, title = words.titled_episode(item.get("title"))
    if number is None:
        return None
    site, address = values.text(item.get("site")), values.url(item.get("url"))
    return values.filled(
        {
            "episode_number": number,
            "title": title,
            "thumbnails": words.images(item.get("thumbnail")),
            "streaming": {site: address} if site and address else None,
        }
    )


def _scheduled(node: Mapping[str, Any]) -> Part | None:
    number, seconds = words.episode_number(node.get("episode")), values.whole(node.get("airingAt"), least=1)
    aired = airing.instant_of_epoch(seconds) if seconds is not None else None
    return {"episode_number": number, "aired": values.days(aired)} if number and aired else None


def relations(answers: Answers) -> list[Part]:
    found = []
    for edge in values.items(values.dig(answers, "anime", "relations", "edges")):
        node = values.mapping(edge.get("node"))
        identifier, form = values.identifier(node.get("id")), values.text(node.get("format"))
        if identifier is None:
            continue
        is_anime = form not in _WORK_FORMATS and node.get("type") != "MANGA"
        title = values.mapping(node.get("title"))
        found.append(
            values.filled(
                {
                    "url": f"https://anilist.co/{'anime' if is_anime else 'manga'}/{identifier}",
                    "title": values.text(title.get("romaji")) or values.text(title.get("english")),
                    "relation_type": words.relation_type(edge.get("relationType")),
                    "type": None if is_anime or form is None else form.lower().replace("_", " "),
                    "is_anime": is_anime,
                }
            )
        )
    return found


def statistics(answers: Answers) -> Part:
    media = values.mapping(answers.get("anime"))
    rankings = values.items(media.get("rankings"))
    scores = _distribution(media, "scoreDistribution", "score")
    return values.filled(
        {
            "score": values.score(media.get("averageScore") or media.get("meanScore"), best=_BEST_SCORE),
            "scored_by": sum(scores.values()) or None,
            "rank": _all_time(rankings, RankingType.RATED),
            "popularity_rank": _all_time(rankings, RankingType.POPULAR),
            "members": values.whole(media.get("popularity")),
            "favorites": values.whole(media.get("favourites")),
            "contextual_ranks": [rank for item in rankings if (rank := _rank(item)) is not None],
            "score_distribution": scores,
            "status_distribution": _distribution(media, "statusDistribution", "status"),
            "trending": values.whole(media.get("trending")),
        }
    )


def _distribution(media: Mapping[str, Any], kind: str, label: str) -> dict[str, int]:
    return {
        str(item[label]): amount
        for item in values.items(values.dig(media, "stats", kind))
        if isinstance(item.get(label), int | str) and (amount := values.whole(item.get("amount"))) is not None
    }


def _all_time(rankings: list[Mapping[str, Any]], kind: RankingType) -> int | None:
    ranks = (
        values.whole(item.get("rank"), least=1) for item in rankings if item.get("allTime") and item.get("type") == kind
    )
    return next((rank for rank in ranks if rank is not None), None)


def _rank(item: Mapping[str, Any]) -> Part | None:
    rank, kind = values.whole(item.get("rank"), least=1), values.member(RankingType, item.get("type"))
    if rank is None or kind is None:
        return None
    return values.filled(
        {
            "rank": rank,
            "type": kind,
            "format": values.text(item.get("format")),
            "year": values.year(item.get("year")),
            "season": values.member(Season, item.get("season")),
            "all_time": bool(item.get("allTime")),
        }
    )


def characters(answers: Answers) -> list[Part]:
    edges = values.items(answers.get("characters"))
    return [part for edge in edges if (part := _character(edge, values.mapping(edge.get("node")))) is not None]


def _character(edge: Mapping[str, Any], node: Mapping[str, Any]) -> Part | None:
    name, identifier = values.mapping(node.get("name")), values.identifier(node.get("id"))
    full = values.text(name.get("full"))
    if full is None or identifier is None:
        return None
    favorites = values.whole(node.get("favourites"))
    return values.filled(
        {
            "name": full,
            "name_native": values.text(name.get("native")),
            "nicknames": values.texts(name.get("alternative")),
            "role": words.role(edge.get("role")),
            "description": words.told(node.get("description")),
            "gender": values.text(node.get("gender")),
            "age": _age(node.get("age")),
            "date_of_birth": values.partial_date(node.get("dateOfBirth")),
            "blood_type": values.text(node.get("bloodType")),
            "images": words.images(values.dig(node, "image", "large")),
            "character_ids": {"anilist": identifier},
            "character_pages": {"anilist": f"https://anilist.co/character/{identifier}"},
            "statistics": {"anilist": {"favorites": favorites}} if favorites is not None else None,
            "voice_actors": [
                {**voice, "language": language}
                for person in values.items(edge.get("voiceActors"))
                if (voice := _person(person)) is not None
                and (language := values.text(person.get("languageV2"))) is not None
            ],
        }
    )


def _age(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else values.text(value)


def _person(person: Mapping[str, Any]) -> Part | None:
    name, identifier = values.mapping(person.get("name")), values.identifier(person.get("id"))
    full = values.text(name.get("full"))
    if full is None or identifier is None:
        return None
    years = person.get("yearsActive")
    return values.filled(
        {
            "name": full,
            "native_name": values.text(name.get("native")),
            "alternative_names": values.texts(name.get("alternative")),
            "staff_ids": {"anilist": identifier},
            "url": f"https://anilist.co/staff/{identifier}",
            "image": words.image(values.dig(person, "image", "large")),
            "biography": words.told(person.get("description")),
            "birth_date": values.partial_date(person.get("dateOfBirth")),
            "hometown": values.text(person.get("homeTown")),
            "gender": values.text(person.get("gender")),
            "blood_type": values.text(person.get("bloodType")),
            "primary_occupations": values.texts(person.get("primaryOccupations")),
            "years_active": [
                year for item in (years if isinstance(years, list) else []) if (year := values.year(item))
            ],
            "community_favorites": values.whole(person.get("favourites")),
        }
    )


def staff(answers: Answers) -> list[Part]:
    found = []
    for edge in values.items(answers.get("staff")):
        person, role = _person(values.mapping(edge.get("node"))), values.text(edge.get("role"))
        if person is not None and role is not None:
            found.append({**person, "role": role, "group": staff_group(role)})
    return found


def on_break(answers: Answers) -> bool:
    return words.on_break(values.dig(answers, "anime", "status"))


ANILIST: Final = Reader(
    metadata=metadata,
    episodes=episodes,
    relations=relations,
    statistics=statistics,
    characters=characters,
    staff=staff,
    on_break=on_break,
)
