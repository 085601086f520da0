"""Made-up answers that hold every key that the readers look for, so that a field which no recorded answer gives can be
told from one that a catalogue never does.

They are the recorded ones and what these lack, in the documented shapes; of the catalogues whose pages the clients
parse, the synthetic pages of the tests. ``unfound`` is the proof that nothing is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from models.events import Catalogue
from scripts.coverage_stages import said
from scripts.replayed import answers
from sources import anidb_xml, animeplanet_page, anisearch_page

PAGES: Final = Path(__file__).resolve().parents[1] / "tests/data/synthetic"

_DAY: Final = {"year": 2031, "month": 4, "day": 5}
_MOMENT: Final = "2031-04-05T15:00:00Z"
_OVERRIDE: Final = {"overrideDate": _MOMENT, "overrideEpisode": 2, "episodesAired": 1}
_PICTURE: Final = {"jpg": {"large_image_url": "https://cdn.example/1.jpg"}}
_WORDS: Final = ("Seinen", "Violence")
"""Of the closed sets that are looked for among the tags."""
_THUMBNAIL: Final = {"maximum_image_url": "https://cdn.example/2.jpg"}


def _linked(kind: str) -> dict[str, Any]:
    return {kind: {"data": {"id": "7", "type": f"{kind}s"}}}


def _resource(**attributes: Any) -> dict[str, Any]:
    return {"id": "7", "attributes": attributes}


_MORE: Final[Mapping[Catalogue, Mapping[str, Any]]] = {
    Catalogue.JIKAN: {
        "anime": {
            "demographics": [{"name": "Seinen"}],
            "explicit_genres": [{"name": "Erotica"}],
            "title_synonyms": ["Letters"],
        },
        "pictures": [_PICTURE],
        "staff": [
            {
                "person": {
                    "mal_id": 7,
                    "name": "Yamano, Aoi",
                    "url": "https://myanimelist.net/people/7",
                    "images": _PICTURE,
                },
                "positions": ["Director"],
            }
        ],
        "episodes": [{"mal_id": 1001, "score": 4.5}],
        "statistics": {
            **dict.fromkeys(("watching", "completed", "on_hold", "dropped", "plan_to_watch"), 1),
            "scores": [{"score": 10, "votes": 1}],
        },
        "videos": {
            "promo": [{"title": "PV", "trailer": {"url": "https://www.youtube.com/watch?v=1", "images": _THUMBNAIL}}],
            "episodes": [{"episode": "Episode 1", "images": _PICTURE}],
        },
        "characters": [
            {
                "character": {"mal_id": 7, "name": "Mio", "images": _PICTURE},
                "voice_actors": [{"language": "Japanese", "person": {"name": "Yamano, Aoi", "images": _PICTURE}}],
            }
        ],
        "character_details": [{"mal_id": 7, "name": "Mio", "images": _PICTURE}],
    },
    Catalogue.ANILIST: {
        "anime": {
            "startDate": _DAY,
            "endDate": _DAY,
            "airingSchedule": {"edges": [{"node": {"episode": 1, "airingAt": 1_933_000_000}}]},
            "nextAiringEpisode": {"episode": 2, "airingAt": 1_933_600_000},
            "tags": [{"name": word} for word in _WORDS],
            "rankings": [{"rank": 1, "type": "RATED", "season": "SPRING"}],
            "relations": {"edges": [{"relationType": "SEQUEL", "node": {"id": 7, "type": "ANIME"}}]},
        },
        "schedule": [{"node": {"episode": 3, "airingAt": 1_934_200_000}}],
        "characters": [{"role": "MAIN", "node": {"id": 7, "name": {"full": "Mio"}, "bloodType": "A"}}],
    },
    Catalogue.KITSU: {
        "anime": {"attributes": {"abbreviatedTitles": ["Let"]}},
        "categories": [_resource(title=word) for word in _WORDS],
        "episodes": [
            _resource(
                number=1001,
                seasonNumber=1,
                titles={"en_us": "Letters", "ja_jp": "\u624b\u7d19", "en_jp": "Tegami"},
                canonicalTitle="Letters",
                airdate="2031-04-05",
                length=24,
                synopsis="A letter comes.",
                thumbnail={"original": "https://media.example/3.jpg"},
            )
        ],
        "characters": [
            {
                "id": "7",
                "attributes": {"role": "main"},
                "relationships": {"character": {"data": {"id": "7"}}, "voices": {"data": [{"id": "7"}]}},
            }
        ],
        "character_resources": [
            _resource(
                canonicalName="Mio",
                names={"ja_jp": "\u6faa"},
                description="A girl.",
                image={"original": "https://media.example/1.jpg"},
                otherNames=["Mi"],
                malId=7,
            )
        ],
        "voices": [{**_resource(locale="ja_jp"), "relationships": {**_linked("person"), **_linked("mediaCharacter")}}],
        "people": [
            _resource(
                canonicalName="Aoi Yamano",
                names={"ja_jp": "\u5c71\u91ce\u8475"},
                image={"original": "https://media.example/2.jpg"},
                description="Born in Kobe.",
            )
        ],
        "staff": [{**_resource(role="Director"), "relationships": _linked("person")}],
        "productions": [
            {**_resource(role=role), "relationships": _linked("producer")}
            for role in ("studio", "producer", "licensor")
        ],
        "producers": [_resource(name="Studio Kumo")],
        "streaming_links": [
            {
                **_resource(url="https://stream.example/1", subs=["en"], dubs=["ja"]),
                "relationships": _linked("streamer"),
            }
        ],
        "streamers": [_resource(siteName="Stream")],
        "media_relationships": [
            {**_resource(role="sequel"), "relationships": {"destination": {"data": {"id": "7", "type": kind}}}}
            for kind in ("anime", "manga")
        ],
        "related_media": [_resource(canonicalTitle="Letters", subtype="manga")],
    },
    Catalogue.ANIDB: {"anime": {"tags": [{"name": word, "weight": 600} for word in _WORDS]}},
    Catalogue.ANIMEPLANET: {"anime": {"json_ld": {"alternateName": "Letters"}, "tags": list(_WORDS)}},
    Catalogue.ANISEARCH: {"anime": {"tags": list(_WORDS)}},
    Catalogue.ANIMESCHEDULE: {
        "anime": {
            **dict.fromkeys(
                (
                    "subPremier",
                    "dubPremier",
                    "delayedFrom",
                    "delayedUntil",
                    "subDelayedFrom",
                    "subDelayedUntil",
                    "dubDelayedFrom",
                    "dubDelayedUntil",
                ),
                _MOMENT,
            ),
            "delayedDesc": "Moved.",
            "genres": [{"name": word} for word in _WORDS],
            "names": {"english": "Letters", "abbreviation": "Let", "synonyms": ["Letter"]},
            "episodeOverride": _OVERRIDE,
            "subEpisodeOverride": _OVERRIDE,
            "dubEpisodeOverride": _OVERRIDE,
        }
    },
}


def _anidb() -> dict[str, Any]:
    return {"anime": anidb_xml.parsed_anime((PAGES / "anidb-anime.xml").read_bytes(), number="99001")[0]}


def _animeplanet() -> dict[str, Any]:
    page = (PAGES / "animeplanet-anime.html").read_bytes()
    return {"anime": animeplanet_page.parsed_anime(page, slug="letters-from-a-star", today=date(2032, 1, 1))[0]}


def _anisearch() -> dict[str, Any]:
    return {
        "anime": anisearch_page.parsed_anime((PAGES / "anisearch-anime.html").read_bytes(), number="99101")[0],
        "relations": anisearch_page.parsed_relations((PAGES / "anisearch-relations.html").read_bytes()),
        "episodes": anisearch_page.parsed_episodes((PAGES / "anisearch-episodes.html").read_bytes()),
        "characters": anisearch_page.parsed_characters((PAGES / "anisearch-characters.html").read_bytes()),
    }


_IN_PAGES: Final[Mapping[Catalogue, Callable[[], dict[str, Any]]]] = {
    Catalogue.ANIDB: _anidb,
    Catalogue.ANIMEPLANET: _animeplanet,
    Catalogue.ANISEARCH: _anisearch,
}


def made_up(catalogue: Catalogue) -> dict[str, Any]:
    """The recorded answers, or those of the synthetic pages, with what they lack."""
    known = _IN_PAGES[catalogue]() if catalogue in _IN_PAGES else answers()[catalogue]
    whole: dict[str, Any] = _with(known, _MORE.get(catalogue, {}))
    return whole


def _with(known: Any, more: Any) -> Any:
    """Mappings are joined, lists put one behind the other; anything else is replaced."""
    if isinstance(known, Mapping) and isinstance(more, Mapping):
        return {**known, **{key: _with(known.get(key), value) for key, value in more.items()}}
    return [*known, *more] if isinstance(known, list) and isinstance(more, list) else more


class _Watched(dict[str, Any]):
    """An object of an answer that notes which of its keys are looked for."""

    def __init__(self, content: Mapping[str, Any], path: str, asked: set[str]) -> None:
        super().__init__(content)
        self._path, self._asked = path, asked

    def get(self, key: str, default: Any = None) -> Any:
        self._asked.add(f"{self._path}.{key}")
        return super().get(key, default)


def unfound(catalogue: Catalogue, given: Mapping[str, Any]) -> set[str]:
    """The places that a catalogue's reader looks at, and where nothing stands in any item of these answers."""
    asked: set[str] = set()
    said(catalogue, _watched(given, "", asked))
    return {path.removeprefix(".") for path in asked - set(_filled(given, ""))}


def _watched(value: Any, path: str, asked: set[str]) -> Any:
    if isinstance(value, Mapping):
        return _Watched({key: _watched(item, f"{path}.{key}", asked) for key, item in value.items()}, path, asked)
    return [_watched(item, f"{path}.[]", asked) for item in value] if isinstance(value, list) else value


def _filled(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if item not in (None, "", [], {}):
                yield f"{path}.{key}"
            yield from _filled(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _filled(item, f"{path}.[]")
