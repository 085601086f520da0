"""AnimeSchedule v3: premieres and weekly slots are moments; year 1 means none. Links have no scheme."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain import airing
from domain.stages import values
from domain.stages.readers import words
from domain.stages.readers.base import Answers, Part, Reader
from models.vocabulary import CompanyType, Month

_PICTURES: Final = "https://img.animeschedule.net/production/assets/public/img/"
_BEST_SCORE: Final = 100
_OFFICIAL: Final = "official"
_CATALOGUES: Final = frozenset({"mal", "aniList", "kitsu", "anidb", "animePlanet"})
_PLATFORMS: Final = {
    "crunchyroll": "Crunchyroll",
    "funimation": "Funimation",
    "wakanim": "Wakanim",
    "amazon": "Amazon Prime Video",
    "hidive": "HIDIVE",
    "hulu": "Hulu",
    "youtube": "YouTube",
    "netflix": "Netflix",
    "disney": "Disney Plus",
    "apple": "Apple TV",
}


def metadata(answers: Answers) -> Part:
    anime = values.mapping(answers.get("anime"))
    names = values.mapping(anime.get("names"))
    websites = values.mapping(anime.get("websites"))
    picture = values.text(anime.get("imageVersionRoute"))
    return values.filled(
        {
            "title": values.text(anime.get("title")),
            "title_english": values.text(names.get("english")),
            "title_japanese": values.text(names.get("native")),
            "synonyms": [
                *filter(None, (values.text(anime.get("title")), values.text(names.get("abbreviation")))),
                *values.texts(names.get("synonyms")),
            ],
            "type": _first(words.anime_type(name) for name in _names(anime, "mediaTypes")),
            "status": words.anime_status(anime.get("status")),
            "episodes": values.whole(anime.get("episodes"), least=1),
            "season": words.season(values.dig(anime, "season", "season")),
            "year": values.year(anime.get("year")),
            "month": values.member(Month, anime.get("month")),
            "duration": values.minutes(anime.get("lengthMin")),
            "source_material": _first(words.source_material(name) for name in _names(anime, "sources")),
            "synopsis": words.told(anime.get("description")),
            "genres": _names(anime, "genres"),
            "tags": _names(anime, "genres"),
            "covers": words.images(f"{_PICTURES}{picture}" if picture else None),
            "external_links": _external(websites),
            "streaming_info": [
                {"platform": _PLATFORMS[name], "url": link}
                for name, value in websites.items()
                if name in _PLATFORMS and (link := _link(value))
            ],
            "studios": words.companies(
                words.company(name, CompanyType.ANIMATION_STUDIO) for name in _names(anime, "studios")
            ),
            "premiere_dates": values.filled(
                {
                    "original": _moment(anime, "premier"),
                    "sub": _moment(anime, "subPremier"),
                    "dub": _moment(anime, "dubPremier"),
                }
            ),
            "broadcast_schedule": values.filled(
                {
                    "jpn_time": _moment(anime, "jpnTime"),
                    "sub_time": _moment(anime, "subTime"),
                    "dub_time": _moment(anime, "dubTime"),
                }
            ),
            "delay_information": _delays(anime),
            "episode_overrides": values.filled(
                {
                    "main_override": _override(anime.get("episodeOverride")),
                    "sub_override": _override(anime.get("subEpisodeOverride")),
                    "dub_override": _override(anime.get("dubEpisodeOverride")),
                }
            ),
        }
    )


def _names(anime: Mapping[str, Any], kind: str) -> list[str]:
    return [name for item in values.items(anime.get(kind)) if (name := values.text(item.get("name")))]


def _first(found: Iterable[Any]) -> Any:
    """The first that is known, else the first."""
    words_found = [item for item in found if item is not None]
    known = (item for item in words_found if not isinstance(item, values.Unknown))
    return next(known, words_found[0] if words_found else None)


def _moment(anime: Mapping[str, Any], name: str) -> str | None:
    found: str | None = values.days(airing.instant_of_record(values.text(anime.get(name))))
    return found


def _link(value: object) -> str | None:
    found = values.text(value)
    return values.url(found if found is None or "://" in found else f"https://{found}")


def _external(websites: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("official site" if name == _OFFICIAL else name, link)
        for name, value in websites.items()
        if name not in _PLATFORMS and name not in _CATALOGUES and (link := _link(value))
    ]


def _delays(anime: Mapping[str, Any]) -> Part | None:
    dates = values.filled(
        {
            "delayed_from": _moment(anime, "delayedFrom"),
            "delayed_until": _moment(anime, "delayedUntil"),
            "sub_delayed_from": _moment(anime, "subDelayedFrom"),
            "sub_delayed_until": _moment(anime, "subDelayedUntil"),
            "dub_delayed_from": _moment(anime, "dubDelayedFrom"),
            "dub_delayed_until": _moment(anime, "dubDelayedUntil"),
            "delay_reason": values.text(anime.get("delayedDesc")),
        }
    )
    return {**dates, "delayed_timetable": True} if dates else None


def _override(value: object) -> Part | None:
    override = values.mapping(value)
    return values.filled(
        {
            "override_date": _moment(override, "overrideDate"),
            "override_episode": values.whole(override.get("overrideEpisode"), least=1),
            "episodes_aired": values.whole(override.get("episodesAired"), least=1),
        }
    )


def relations(answers: Answers) -> list[Part]:
    return [
        {
            "url": f"https://animeschedule.net/anime/{route}",
            "relation_type": words.relation_type(kind),
            "is_anime": True,
        }
        for kind, routes in values.mapping(values.dig(answers, "anime", "relations")).items()
        for route in values.texts(routes)
    ]


def statistics(answers: Answers) -> Part:
    stats = values.mapping(values.dig(answers, "anime", "stats"))
    return values.filled(
        {
            "score": values.score(stats.get("averageScore"), best=_BEST_SCORE),
            "scored_by": values.whole(stats.get("ratingCount")),
            "members": values.whole(stats.get("trackedCount")),
        }
    )


ANIMESCHEDULE: Final = Reader(metadata=metadata, relations=relations, statistics=statistics)
