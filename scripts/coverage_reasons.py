"""Why something that a catalogue offers is not in an entry, and why no catalogue gives some of an entry's fields.

Each reason stands for places in the answers of one catalogue, or of all (``*``); in a place ``*`` stands for anything.
A test holds the tables against the recorded answers: nothing is left out without a reason here, and no reason is idle.
What gives way to another catalogue's word needs none: ``scripts.coverage`` finds out whose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from models.events import Catalogue

ANY: Final = "*"
J, A, K = Catalogue.JIKAN.value, Catalogue.ANILIST.value, Catalogue.KITSU.value
D, P, T = Catalogue.ANIDB.value, Catalogue.ANIMEPLANET.value, Catalogue.ANIMESCHEDULE.value


@dataclass(frozen=True)
class Reason:
    catalogue: str
    places: tuple[str, ...]
    why: str

    def covers(self, catalogue: str, path: str) -> bool:
        """A list's ``[]`` is written out, and is no pattern."""
        plain = path.replace("[]", "#")
        return self.catalogue in {ANY, catalogue} and any(
            fnmatchcase(plain, one.replace("[]", "#")) for one in self.places
        )


_SMALLER: Final = "a smaller or otherwise encoded file of a picture that is taken"
_ITSELF: Final = "the anime's own page or number there: among the entry's sources"
_BOOKKEEPING: Final = "the catalogue's own bookkeeping"
_FORM: Final = "says what kind of record it is, which its place says already"
_LOOKS: Final = "how the catalogue's own pages look"
_PAGE_OF_A_WORD: Final = "number, kind or page of a word; the word is taken"

REASONS: Final = (
    Reason(ANY, ("*.small_image_url", "*.medium_image_url"), _SMALLER),
    Reason(ANY, ("*.image.medium", "*.coverImage.large", "*.coverImage.medium", "*.coverImage.small"), _SMALLER),
    Reason(J, ("*.images.jpg.image_url", "*.images.webp.*", "anime.trailer.images.*image_url"), _SMALLER),
    Reason(K, ("*Image.tiny", "*Image.large", "*Image.medium", "*Image.small"), _SMALLER),
    Reason(
        K,
        ("*Image.meta.dimensions.*", "anime.attributes.coverImageTopOffset"),
        "of files that are not taken as they are",
    ),
    Reason(P, ("anime.json_ld.image", "anime.opengraph.image:secure_url"), _SMALLER),
    Reason(J, ("anime.mal_id", "anime.url"), _ITSELF),
    Reason(A, ("anime.id", "anime.idMal"), _ITSELF),
    Reason(K, ("anime.id", "anime.attributes.slug"), _ITSELF),
    Reason(D, ("anime.anidb_id",), _ITSELF),
    Reason(P, ("anime.json_ld.url", "anime.opengraph.url", "anime.slug"), _ITSELF),
    Reason(T, ("anime.id", "anime.route"), _ITSELF),
    Reason(
        T, ("anime.websites.mal", "anime.websites.aniList", "anime.websites.kitsu", "anime.websites.anidb"), _ITSELF
    ),
    Reason(J, ("anime.approved",), _BOOKKEEPING),
    Reason(
        A, ("anime.updatedAt", "anime.externalLinks.[].id", "anime.rankings.[].id", "anime.tags.[].id"), _BOOKKEEPING
    ),
    Reason(K, ("*.createdAt", "*.updatedAt", "*.totalMediaCount", "*.childCount"), _BOOKKEEPING),
    Reason(D, ("anime.characters.[].update", "anime.tags.[].id", "anime.tags.[].count"), _BOOKKEEPING),
    Reason(P, ("anime.related_count", "anime.related_anime.[].slug"), _BOOKKEEPING),
    Reason(K, ("*.type", "categories.[].id", "episodes.[].id", "characters.[].id"), _FORM),
    Reason(P, ("*@type", "*@context", "anime.domain", "anime.opengraph.type", "anime.opengraph.site_name"), _FORM),
    Reason(D, ("anime.characters.[].character_type_id",), "the number of a word; the word is taken"),
    Reason(J, ("anime.*.[].type", "anime.genres.[].*", "anime.themes.[].*"), _PAGE_OF_A_WORD),
    Reason(J, ("anime.relations.[].entry.[].mal_id",), "part of the page, which is taken"),
    Reason(K, ("categories.[].attributes.slug", "categories.[].attributes.nsfw"), _PAGE_OF_A_WORD),
    Reason(T, ("anime.*.[].route", "anime.season.route"), _PAGE_OF_A_WORD),
    Reason(A, ("anime.externalLinks.[].color", "anime.externalLinks.[].icon", "anime.coverImage.color"), _LOOKS),
    Reason(T, ("anime.stats.color*",), _LOOKS),
    Reason(
        P,
        ("anime.page_title", "anime.meta_description", "anime.opengraph.title", "anime.opengraph.description"),
        _LOOKS,
    ),
    Reason(J, ("anime.aired.prop.*",), "the dates once more in parts; only the missing month of the first is needed"),
    Reason(J, ("anime.airing",), "follows from the status"),
    Reason(J, ("anime.trailer.embed_url", "anime.trailer.youtube_id"), "the trailer's address once more"),
    Reason(
        J,
        ("episodes.[].*", "characters.[].character.name", "character_details.[].favorites", "character_details.[].url"),
        "stands in the list and in the details; what is taken from one is not needed from the other",
    ),
    Reason(A, ("anime.meanScore",), "stands in where there is no average score"),
    Reason(A, ("anime.externalLinks.[].language",), "an entry says no language of a link"),
    Reason(A, ("anime.rankings.[].context",), "the rank in words, which follow from its other fields"),
    Reason(A, ("anime.relations.edges.[].node.status",), "of another anime: its own entry says it"),
    Reason(A, ("anime.relations.edges.[].node.title.english",), "stands in where there is no romaji"),
    Reason(A, ("anime.studios.edges.[].isMain",), "the order of the studios says it"),
    Reason(
        A, ("anime.tags.[].category", "anime.tags.[].rank"), "an entry gives tags and themes no weight and no group"
    ),
    Reason(A, ("anime.tags.[].isAdult",), "the rating says it of the anime"),
    Reason(
        A, ("characters.[].voiceActorRoles.*",), "the voices once more; without a note of role or dub they add nothing"
    ),
    Reason(A, ("*.age",), "changes with every year; the day of birth is taken"),
    Reason(K, ("anime.attributes.ageRating",), "coarser than the guide beside it"),
    Reason(K, ("anime.attributes.description", "episodes.[].attributes.description"), "the synopsis once more"),
    Reason(K, ("anime.attributes.showType",), "the subtype once more"),
    Reason(K, ("anime.attributes.totalLength",), "follows from episodes and duration"),
    Reason(K, ("episodes.[].attributes.canonicalTitle",), "stands in where there is no English title"),
    Reason(K, ("characters.[].attributes.role",), "of characters that the recording does not name"),
    Reason(D, ("anime.ratings.temporary.*", "anime.ratings.review.*"), "AniDB's own score is the permanent one"),
    Reason(
        P,
        ("anime.json_ld.actor.[].*",),
        "names without characters or languages; the voices of others have both",
    ),
    Reason(P, ("anime.json_ld.aggregateRating.*",), "how many wrote reviews, and where the scale begins"),
    Reason(T, ("anime.season.title", "anime.season.year"), "season and year once more"),
    Reason(T, ("anime.stats.trackedRating",), "of a site's own lists, beside the number of those that keep the anime"),
)


def reason(catalogue: Catalogue, path: str) -> Reason | None:
    return next((one for one in REASONS if one.covers(catalogue.value, path)), None)


DROPPED: Final = {
    "synonyms": "repeats a title, or another synonym up to case and width",
    "external_links": "a page that the sources or the streaming sites list, or that another catalogue has",
    "genres": "no genre of the closed set; it is a tag or a content warning, and a theme where it is a known one",
    "tags": "a content warning, which is listed by itself",
    "themes": "a genre, demographic or content warning, which is listed by itself or among the tags",
}
"""Items of lists that a reader gives and the entry does not have."""

_WEEKLY: Final = "the weekly comparison with the release writes it"
_MINTED: Final = "our own id"

OURS: Final[Mapping[str, str]] = {
    "anime_id": _MINTED,
    "episode_details/episode_id": _MINTED,
    "characters/character_id": _MINTED,
    "related_anime/anime_id": "our own id of the other anime, put in where that is stored",
    "sources": "the pages by which the release knows the anime",
    "offered_sources": _WEEKLY,
    "system_status": _WEEKLY,
    "orphaned_at": _WEEKLY,
    "enriched": "what the enrichment says of itself",
    "enrichment_metadata": "what the enrichment says of itself",
    "provenance": "where the other fields come from",
    "locked_fields": "written by a reviewer",
    "revision": "the stores' bookkeeping",
    "last_saga": "the stores' bookkeeping",
}
"""Fields of an entry, each with all that is below it, that are no catalogue's to give."""

_OF_NO_SITE: Final = "no catalogue says it of a streaming site"
_OF_FIRST_FILES: Final = "only files of the first enriched form have it"

NOBODYS: Final[Mapping[str, str]] = {
    "staff_data/production_staff/language": "a person speaks a language as a voice only",
    "staff_data/production_staff/enhancement_status": _OF_FIRST_FILES,
    "staff_data/voice_actors/enhancement_status": _OF_FIRST_FILES,
    "streaming_info/region": _OF_NO_SITE,
    "streaming_info/free": _OF_NO_SITE,
    "streaming_info/premium_required": _OF_NO_SITE,
    "streaming_licenses": _OF_FIRST_FILES,
}
"""Fields of an entry that no catalogue's answers have."""
