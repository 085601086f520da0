"""Whose word counts: for each field, the catalogues in the order in which they are believed, and why.

``FIRST_RULES``: the first catalogue that says anything decides. ``UNION_RULES``: all are taken together, in this order,
and of what several say the first wording stays. A field that is missing here is not taken from any catalogue; a test
holds the table against the readers. ``docs/priorities.md`` is made of it (``scripts/make_priorities.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.events import Catalogue

J, A, K = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU
D, P, S = Catalogue.ANIDB, Catalogue.ANIMEPLANET, Catalogue.ANISEARCH
T = Catalogue.ANIMESCHEDULE

BY_SIZE: Final = (J, A, K, D, P, S, T)
"""MyAnimeList has most entries and most editors, then AniList; the rest as they compare."""


@dataclass(frozen=True)
class Rule:
    order: tuple[Catalogue, ...]
    why: str


FIRST_RULES: Final[Mapping[str, Rule]] = {
    "title": Rule((J, A, K, D, P, S, T), "the romaji of MyAnimeList is what other databases key on"),
    "title_english": Rule((J, A, K, D, S, T), "the licensed title; the larger catalogues are corrected soonest"),
    "title_japanese": Rule((J, A, D, K, S, T), "AniDB before Kitsu: it names people and titles in kanji throughout"),
    "type": Rule((J, A, D, K, P, S, T), "the larger catalogues; AniDB's types are coarser, Kitsu's copied"),
    "status": Rule((J, A, T, K, P, S), "AnimeSchedule follows what airs, the last two lag behind"),
    "episodes": Rule((J, A, D, K, T, P, S), "AniDB counts each broadcast; AnimeSchedule plans ahead"),
    "season": Rule((J, A, T, P, S), "the season of the broadcast in Japan; the last two derive theirs from the date"),
    "year": Rule((J, A, T, P, S), "of the season, so in its order"),
    "month": Rule((J, T, D, K, P, S), "of the first broadcast; AniList gives none beside its dates"),
    "duration": Rule((J, A, T, K, P, S), "without advertisements; Kitsu's is the length of the slot"),
    "rating": Rule((J, K), "MyAnimeList's set is the one we keep; Kitsu words its own in parts of it"),
    "source_material": Rule((J, A, T, S), "MyAnimeList's words are the finest"),
    "country_of_origin": Rule((A,), "of the others none says it"),
    "nsfw": Rule((A, J, K), "AniList says it of the anime itself, the others of an age rating"),
    "synopsis": Rule((J, A, K, P, T, S, D), "written by editors first; AniDB's are full of links and notes"),
    "background": Rule((J,), "MyAnimeList alone has it"),
    "aired_dates": Rule((J, A, D, K, P, S), "MyAnimeList words how exact its dates are; a known day before a month"),
    "premiere_dates": Rule((T,), "AnimeSchedule alone knows moments, and those of subtitles and dubs"),
    "broadcast": Rule((J,), "the weekly slot in Japanese time is MyAnimeList's alone"),
    "broadcast_schedule": Rule((T,), "AnimeSchedule alone follows subtitles and dubs"),
    "delay_information": Rule((T,), "AnimeSchedule alone records delays"),
    "episode_overrides": Rule((T,), "AnimeSchedule alone records renumbered weeks"),
}

UNION_RULES: Final[Mapping[str, Rule]] = {
    "synonyms": Rule((J, A, K, D, P, S, T), "every spelling finds the anime; the larger catalogues' come first"),
    "genres": Rule(
        (J, A, P, S, T),
        "a closed set; MyAnimeList's themes are looked through as well, Kitsu's and AniDB's words are tags",
    ),
    "tags": Rule((J, A, K, D, P, S, T), "more words find more; in lower case, each once"),
    "themes": Rule(
        (J, A, D, K),
        "with the first description that any gives; AniDB's and Kitsu's are long lists. A known theme"
        " that a catalogue calls a genre is one as well; genres, demographics and content warnings are none",
    ),
    "demographics": Rule((J,), "a closed set; others say it among their tags, which are looked through as well"),
    "content_warnings": Rule((P,), "a closed set; others say it among their tags, which are looked through as well"),
    "covers": Rule((J, A, D, P, S, T), "the largest file of each catalogue"),
    "posters": Rule((K,), "Kitsu's portrait picture"),
    "banners": Rule((A, K), "the wide pictures"),
    "trailers": Rule((J, A, K), "each video once"),
    "opening_themes": Rule((J,), "MyAnimeList alone lists songs with artist and episodes"),
    "ending_themes": Rule((J,), "as for openings"),
    "external_links": Rule((J, A, D, S, T), "each page once, under the name of the first that has it"),
    "streaming_info": Rule((J, A, K, D, T), "each platform once"),
    "studios": Rule((J, A, K, T, P, S, D), "one company under all its ids; AniDB lists studios among people"),
    "producers": Rule((J, A, K), "those that tell them from studios"),
    "licensors": Rule((J, K), "those that tell them from producers"),
}

EPISODE_RULES: Final[Mapping[str, Rule]] = {
    "title": Rule((J, K, D, S, A), "AniList's come from a streaming site"),
    "title_japanese": Rule((J, K, D, S), "MyAnimeList's are complete most often"),
    "title_romaji": Rule((J, K, D, S), "as for the Japanese title"),
    "duration": Rule((J, K, D, S), "MyAnimeList's is in seconds, the others' in minutes"),
    "synopsis": Rule((J, K, D), "MyAnimeList's are written for each episode"),
    "score": Rule((J,), "no other catalogue rates episodes in public"),
    "season_number": Rule((K,), "Kitsu alone counts seasons"),
    "filler": Rule((J, S), "the two that mark filler"),
    "recap": Rule((J, S), "the two that mark recaps"),
}

EPISODE_AIRED: Final = Rule(
    (A, J, K, D, S),
    "decided by rule (domain.airing.decide_aired), the order breaks ties: what a list has as aired before a moment to"
    " come; a moment before a day; of two days next to each other the one of the"
    " weekly slot, since late nights are written under the day before; of three or more what most say; else the first"
    " showing",
)

EPISODE_UNION_RULES: Final[Mapping[str, Rule]] = {
    "thumbnails": Rule((K, A, J), "Kitsu's are larger; the others' come from streaming sites"),
    "episode_pages": Rule((J,), "MyAnimeList alone has a page an episode"),
    "streaming": Rule((A,), "AniList alone lists where an episode is streamed"),
}

CHARACTERS_RULE: Final = Rule((J, A, D, K, P, S), "names and roles of an earlier catalogue stay, the rest is filled in")
STAFF_RULE: Final = Rule(
    (A, J, K, D, P, S), "AniList has native names, pictures and lives; of the others what is missing"
)
RELATIONS_RULE: Final = Rule(
    (J, A, K, D, P, S, T), "every page is kept; of one anime the first catalogue's word stands"
)
STATISTICS_RULE: Final = Rule((J, A, K, D, P, S, T), "each catalogue's numbers stand by themselves")

FIRST: Final = {name: rule.order for name, rule in FIRST_RULES.items()}
UNION: Final = {name: rule.order for name, rule in UNION_RULES.items()}
EPISODE_FIRST: Final = {name: rule.order for name, rule in EPISODE_RULES.items()}
EPISODE_UNION: Final = {name: rule.order for name, rule in EPISODE_UNION_RULES.items()}
CHARACTERS: Final = CHARACTERS_RULE.order
STAFF: Final = STAFF_RULE.order
RELATIONS: Final = RELATIONS_RULE.order
STATISTICS: Final = STATISTICS_RULE.order

SHORT_NAMES: Final = {catalogue: catalogue.value for catalogue in Catalogue} | {J: "mal"}
"""The names that the data uses for catalogues: Jikan serves MyAnimeList's records."""
