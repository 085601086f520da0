"""AniDB, as parsed from its XML. People are written ``Family Given``; pictures are bare file names.

Its pages elsewhere are numbered by kind of site (``resource``); those whose sites are gone are left out, and so are
credits and trailers, which it lists among the episodes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

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
_RELATIONS: Final = {"music video": "music"}
_EPISODE_KINDS: Final = frozenset({None, 1, 2, 5, 6})
"""Regular ones, specials, parodies and others; 3 and 4 are credits and trailers."""


@dataclass(frozen=True)
class _Site:
    """``page`` has ``{}`` for the identifier; None where the answer has the whole URL."""

    name: str
    page: str | None = None
    streams: bool = False


_SITES: Final[Mapping[int, _Site]] = {
    1: _Site("Anime News Network", "https://www.animenewsnetwork.com/encyclopedia/anime.php?id={}"),
    2: _Site("MyAnimeList", "https://myanimelist.net/anime/{}"),
    4: _Site("Official Site"),
    5: _Site("Official Site (English)"),
    6: _Site("Wikipedia (English)", "https://en.wikipedia.org/wiki/{}"),
    7: _Site("Wikipedia (Japanese)", "https://ja.wikipedia.org/wiki/{}"),
    8: _Site("Syoboi Calendar", "https://cal.syoboi.jp/tid/{}/time"),
    9: _Site("allcinema", "https://www.allcinema.net/cinema/{}"),
    10: _Site("Anison Generation", "http://anison.info/data/program/{}.html"),
    11: _Site(".lain", "http://lain.gr.jp/{}"),
    14: _Site("VNDB", "https://vndb.org/{}"),
    19: _Site("Wikipedia (Korean)", "https://ko.wikipedia.org/wiki/{}"),
    20: _Site("Wikipedia (Chinese)", "https://zh.wikipedia.org/wiki/{}"),
    23: _Site("Twitter", "https://twitter.com/{}"),
    26: _Site("YouTube", "https://www.youtube.com/{}"),
    28: _Site("Crunchyroll", "https://www.crunchyroll.com/series/{}", streams=True),
    32: _Site("Amazon", "https://www.amazon.com/dp/{}", streams=True),
    33: _Site("Baidu Baike", "https://baike.baidu.com/item/{}"),
    34: _Site("Official Stream", streams=True),
    35: _Site("Official Blog"),
    38: _Site("Bangumi", "https://bgm.tv/subject/{}"),
    39: _Site("Douban", "https://movie.douban.com/subject/{}"),
    41: _Site("Netflix", "https://www.netflix.com/title/{}", streams=True),
    42: _Site("HIDIVE", "https://www.hidive.com/{}", streams=True),
    43: _Site("IMDb", "https://www.imdb.com/title/{}"),
    46: _Site("QQ Video", "https://v.qq.com/detail/{}", streams=True),
    47: _Site("Bilibili", "https://www.bilibili.com/{}", streams=True),
    48: _Site("Amazon Prime Video", "https://www.primevideo.com/detail/{}", streams=True),
}
_TMDB: Final = 44
"""Has two identifiers; two at other sites may be of two parts of the series, and which is which is not said."""


def metadata(answers: Answers) -> Part:
    anime = values.mapping(answers.get("anime"))
    titles = values.mapping(anime.get("titles"))
    tags = [
        tag
        for tag in values.items(anime.get("tags"))
        if values.whole(tag.get("weight"), least=1) and not tag.get("spoiler")
    ]
    pages = _pages(anime.get("resources"))
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
                values.filled({"name": name, "description": words.told(tag.get("description"))})
                for tag in tags
                if (name := values.text(tag.get("name")))
            ],
            "covers": words.images(_picture(anime.get("picture"))),
            "external_links": [
                *([("official site", official)] if official else []),
                *((site.name, address) for site, address in pages if not site.streams),
            ],
            "streaming_info": [{"platform": site.name, "url": address} for site, address in pages if site.streams],
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


def _pages(resources: object) -> list[tuple[_Site, str]]:
    return [found for item in values.items(resources) if (found := _page(item)) is not None]


def _page(resource: Mapping[str, Any]) -> tuple[_Site, str] | None:
    """A page elsewhere; None where no site of this kind is known."""
    kind = values.whole(resource.get("type"))
    identifiers = values.texts(resource.get("identifiers"))
    if kind == _TMDB and len(identifiers) == 2:  # noqa: PLR2004 - the number, and whether series or film
        number, form = map(_in_address, identifiers)
        return _Site("The Movie Database"), f"https://www.themoviedb.org/{form}/{number}"
    site = _SITES.get(kind) if kind is not None else None
    if site is None:
        return None
    if site.page is None:
        address = values.url(resource.get("url")) or values.url(next(iter(identifiers), None))
        return (site, address) if address else None
    return (site, site.page.format(_in_address(identifiers[0]))) if len(identifiers) == 1 else None


def _in_address(identifier: str) -> str:
    return quote(identifier, safe="/?=&:%@+,-._~")


def _work(creator: Mapping[str, Any]) -> str:
    return (values.text(creator.get("type")) or "").casefold()


def _picture(name: object) -> str | None:
    found = values.text(name)
    return f"{_PICTURES}{found}" if found and _PICTURE.match(found) else None


def episodes(answers: Answers) -> list[Part]:
    found = values.items(values.dig(answers, "anime", "episodes"))
    return [part for episode in found if (part := _episode(episode)) is not None]


def _episode(episode: Mapping[str, Any]) -> Part | None:
    number = words.episode_number(episode.get("epno") or episode.get("number"))
    if number is None or values.whole(episode.get("epno_type")) not in _EPISODE_KINDS:
        return None
    titles = values.mapping(episode.get("titles"))
    return values.filled(
        {
            "episode_number": number,
            "title": values.text(titles.get("en")),
            "title_japanese": values.text(titles.get("ja")),
            "title_romaji": values.text(titles.get("x-jat")),
            "aired": values.days(airing.day_of_record(values.text(episode.get("airdate")))),
            "duration": values.minutes(episode.get("length")),
            "synopsis": words.told(episode.get("summary")),
        }
    )


def relations(answers: Answers) -> list[Part]:
    found = []
    for related in values.items(values.dig(answers, "anime", "related_anime")):
        identifier, word = values.identifier(related.get("id")), values.text(related.get("type"))
        if identifier is not None:
            found.append(
                values.filled(
                    {
                        "url": f"https://anidb.net/anime/{identifier}",
                        "title": values.text(related.get("title")),
                        "relation_type": words.relation_type(_RELATIONS.get((word or "").casefold(), word)),
                        "is_anime": True,
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
            "description": words.told(item.get("description")),
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


ANIDB: Final = Reader(
    metadata=metadata,
    episodes=episodes,
    relations=relations,
    statistics=statistics,
    characters=characters,
    staff=staff,
)
