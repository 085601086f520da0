"""Whose word counts: for each field, the catalogues in the order in which they are believed.

``FIRST``: the first catalogue that says anything decides. ``UNION``: all are taken together, in this order, and of
what several say the first wording stays. A field that is missing here is not taken from any catalogue; a test holds
the table against the readers.
"""

from typing import Final

from models.events import Catalogue

J, A, K = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU
D, P, S = Catalogue.ANIDB, Catalogue.ANIMEPLANET, Catalogue.ANISEARCH
T = Catalogue.ANIMESCHEDULE

BY_SIZE: Final = (J, A, K, D, P, S, T)
"""MyAnimeList has most entries and most editors, then AniList; the rest as they compare."""

FIRST: Final = {
    "title": (J, A, K, D, P, T),
    "title_english": (J, A, K, D, T),
    "title_japanese": (J, A, D, K, T),  # the two that name people in kanji first
    "type": (J, A, D, K, T),
    "status": (J, A, T, K, P),
    "episodes": (J, A, D, K, T, P),
    "season": (J, A, T, P),
    "year": (J, A, T, P),
    "month": (J, T, D, K, P),
    "duration": (J, A, T, K),
    "rating": (J, K),
    "source_material": (J, A, T),
    "country_of_origin": (A,),
    "nsfw": (A, J, K),  # AniList says it of the anime itself, the others of an age rating
    "synopsis": (J, A, K, P, T, D),  # AniDB's are full of links and notes
    "background": (J,),
    "aired_dates": (J, A, D, K, P),
    "premiere_dates": (T,),
    "broadcast": (J,),
    "broadcast_schedule": (T,),
    "delay_information": (T,),
    "episode_overrides": (T,),
}

UNION: Final = {
    "synonyms": (J, A, K, D, P, T),
    "genres": (J, A, P, T),
    "tags": (J, A, K, D, P, T),
    "themes": (J, A, D, K),
    "demographics": (J,),
    "covers": (J, A, D, P, T),
    "posters": (K,),
    "banners": (A, K),
    "trailers": (J, A, K),
    "opening_themes": (J,),
    "ending_themes": (J,),
    "external_links": (J, A, D, T),
    "streaming_info": (J, A, T),
    "studios": (J, A, T, P, D),
    "producers": (J, A),
    "licensors": (J,),
}

EPISODE_FIRST: Final = {
    "title": (J, K, D, A),  # AniList's come from a streaming site
    "title_japanese": (J, K, D),
    "title_romaji": (J, K, D),
    "aired": (A, J, K, D),  # AniList alone knows the time of day, of what it has scheduled; else the record of days
    "duration": (J, K, D),
    "synopsis": (J, K, D),
    "score": (J,),
    "season_number": (K,),
    "filler": (J,),
    "recap": (J,),
}

EPISODE_UNION: Final = {
    "thumbnails": (K, A),
    "episode_pages": (J,),
    "streaming": (A,),
}

CHARACTERS: Final = (J, A, D, K, P)
"""The order in which catalogues' characters are merged: names and roles of an earlier one stay."""

STAFF: Final = (A, D)
RELATIONS: Final = (J, A, P, T)
STATISTICS: Final = (J, A, K, D, P, T)

SHORT_NAMES: Final = {catalogue: catalogue.value for catalogue in Catalogue} | {J: "mal"}
"""The names that the data uses for catalogues: Jikan serves MyAnimeList's records."""
