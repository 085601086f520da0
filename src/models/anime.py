"""The enriched entry: one anime with its episodes and characters.

The field names are those of the enriched file. Ways in and out:

* ``check_entry``: strict, for what we are about to write; problems come back with the fields named.
* ``read_entry``: tolerant, for what is stored or handed to us, the first enriched file included (``models.legacy``).
* ``dump_entry``: the JSON-ready form, without nulls. ``check_entry(dump_entry(e)) == e`` holds for every entry.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

import orjson
from pydantic import Field, StringConstraints, ValidationError, model_validator

from models.base import (
    CatalogueName,
    Count,
    DayOrInstant,
    EpisodeNumber,
    Image,
    Instant,
    Model,
    Rank,
    Seconds,
    SourceUrls,
    TenPointScore,
    Text,
    Url,
    Year,
)
from models.errors import InvalidEntry
from models.ids import AnimeId, EpisodeId, normalise_sources
from models.legacy import adopt, is_legacy
from models.people import CharacterEntry, StaffData
from models.provenance import CatalogueProvenance, Provenance
from models.vocabulary import (
    AnimeStatus,
    AnimeType,
    Month,
    RankingType,
    Rating,
    RelationType,
    Season,
    SourceMaterial,
    SystemStatus,
)

SYNC_OWNED_FIELDS: Final = frozenset({"system_status", "orphaned_at", "offered_sources", "sources"})
"""Fields that only the weekly comparison writes; a commit leaves them as they are in the store."""

STORE_FIELDS: Final = frozenset({"revision", "last_saga"})
"""Bookkeeping of the stores; not part of the portable content of an entry."""


class Images(Model):
    covers: list[Image] = Field(default_factory=list)
    posters: list[Image] = Field(default_factory=list)
    banners: list[Image] = Field(default_factory=list)


class EpisodeDetailEntry(Model):
    """``duration`` in seconds. ``aired`` is a day unless the source knows the time of day."""

    episode_id: EpisodeId
    episode_number: EpisodeNumber
    season_number: Count | None = None
    title: Text | None = None
    title_japanese: Text | None = None
    title_romaji: Text | None = None
    aired: DayOrInstant | None = None
    duration: Seconds | None = None
    synopsis: Text | None = None
    filler: bool = False
    recap: bool = False
    score: TenPointScore | None = None
    thumbnails: list[Image] = Field(default_factory=list)
    episode_pages: dict[CatalogueName, Url] = Field(default_factory=dict)
    streaming: dict[Text, Url] = Field(default_factory=dict)


class Theme(Model):
    name: Text
    description: Text | None = None


class ThemeSong(Model):
    """``title`` may hold the whole line of the catalogue; ``episodes`` is text such as ``1-12, 14-25``."""

    title: Text
    artist: Text | None = None
    episodes: Text | None = None


class Trailer(Model):
    url: Url
    title: Text | None = None
    thumbnail_url: Image | None = None


class RelatedAnime(Model):
    """A release names related anime by URL alone, so title is optional.

    ``anime_id``: of the entry that has this page among its sources, where there was one at the last commit. Items with
    the same id are what several catalogues say of one anime.
    """

    url: Url
    relation_type: RelationType
    title: Text | None = None
    anime_id: AnimeId | None = None


class RelatedWork(Model):
    """A manga, novel or other work that is no anime."""

    url: Url
    relation_type: RelationType
    title: Text | None = None
    type: Text | None = None


class StreamingPlatform(Model):
    platform: Text
    url: Url | None = None
    region: Text | None = None
    free: bool | None = None
    premium_required: bool | None = None
    dub_languages: list[Text] = Field(default_factory=list)
    subtitle_languages: list[Text] = Field(default_factory=list)


class ContextualRank(Model):
    rank: Rank
    type: RankingType
    format: Text | None = None
    year: Year | None = None
    season: Season | None = None
    all_time: bool = False


class Statistics(Model):
    """One catalogue's numbers. ``score_distribution``: votes by score, in the catalogue's own scale."""

    score: TenPointScore | None = None
    scored_by: Count | None = None
    rank: Rank | None = None
    popularity_rank: Rank | None = None
    members: Count | None = None
    favorites: Count | None = None
    contextual_ranks: list[ContextualRank] = Field(default_factory=list)
    score_distribution: dict[Text, Count] = Field(default_factory=dict)
    status_distribution: dict[Text, Count] = Field(default_factory=dict)


class Score(Model):
    """Means over the catalogues."""

    arithmetic_geometric_mean: TenPointScore
    arithmetic_mean: TenPointScore
    median: TenPointScore


class AiredDates(Model):
    """``string`` is the catalogue's own wording; it tells ``2018`` from ``Jan 1, 2018``."""

    from_date: DayOrInstant | None = Field(default=None, alias="from")
    to: DayOrInstant | None = None
    string: Text | None = None


class PremiereDates(Model):
    original: DayOrInstant | None = None
    sub: DayOrInstant | None = None
    dub: DayOrInstant | None = None


class Broadcast(Model):
    """The weekly slot as the catalogue words it, in its own time zone: ``Saturdays``, ``01:00``, ``Asia/Tokyo``."""

    day: Text | None = None
    time: Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] | None = None
    timezone: Text | None = None
    string: Text | None = None


class BroadcastSchedule(Model):
    """An instant of the weekly slot of each version."""

    jpn_time: Instant | None = None
    sub_time: Instant | None = None
    dub_time: Instant | None = None


class DelayInformation(Model):
    delayed_timetable: bool = False
    delay_reason: Text | None = None
    delayed_from: DayOrInstant | None = None
    delayed_until: DayOrInstant | None = None
    sub_delayed_from: DayOrInstant | None = None
    sub_delayed_until: DayOrInstant | None = None
    dub_delayed_from: DayOrInstant | None = None
    dub_delayed_until: DayOrInstant | None = None


class EpisodeOverride(Model):
    override_date: DayOrInstant | None = None
    override_episode: Count | None = None
    episodes_aired: Count | None = None


class EpisodeOverrides(Model):
    main_override: EpisodeOverride | None = None
    sub_override: EpisodeOverride | None = None
    dub_override: EpisodeOverride | None = None


class EnrichmentMetadata(Model):
    source: Text
    enriched_at: Instant
    success: bool
    error_message: Text | None = None


class AnimeEntry(Model):
    """One anime.

    ``episodes`` 0 means not known; ``duration`` is seconds an episode. ``enriched`` says whether the entry ever went
    through enrichment; False for those made from a release alone. ``offered_sources`` are the URLs that the last
    release offered, None as long as none has. ``locked_fields`` are paths (``domain.locks``) that a person wrote in a
    review; no later run changes what lies there.
    """

    anime_id: AnimeId
    sources: Annotated[SourceUrls, Field(min_length=1)]

    title: Text
    title_english: Text | None = None
    title_japanese: Text | None = None
    synonyms: list[Text] = Field(default_factory=list)

    type: AnimeType
    status: AnimeStatus
    episodes: Count
    season: Season | None = None
    year: Year | None = None
    month: Month | None = None
    duration: Seconds | None = None
    rating: Rating | None = None
    source_material: SourceMaterial | None = None
    country_of_origin: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    nsfw: bool | None = None

    synopsis: Text | None = None
    background: Text | None = None
    genres: list[Text] = Field(default_factory=list)
    tags: list[Text] = Field(default_factory=list)
    themes: list[Theme] = Field(default_factory=list)
    demographics: list[Text] = Field(default_factory=list)
    content_warnings: list[Text] = Field(default_factory=list)

    images: Images = Field(default_factory=Images)
    trailers: list[Trailer] = Field(default_factory=list)
    opening_themes: list[ThemeSong] = Field(default_factory=list)
    ending_themes: list[ThemeSong] = Field(default_factory=list)

    episode_details: list[EpisodeDetailEntry] = Field(default_factory=list)
    characters: list[CharacterEntry] = Field(default_factory=list)
    staff_data: StaffData | None = None
    related_anime: list[RelatedAnime] = Field(default_factory=list)
    relations: list[RelatedWork] = Field(default_factory=list)

    statistics: dict[CatalogueName, Statistics] = Field(default_factory=dict)
    score: Score | None = None
    popularity_trends: dict[CatalogueName, Count] = Field(default_factory=dict)

    external_links: dict[Text, Url] = Field(default_factory=dict)
    streaming_info: list[StreamingPlatform] = Field(default_factory=list)
    streaming_licenses: list[Text] = Field(default_factory=list)

    aired_dates: AiredDates | None = None
    premiere_dates: PremiereDates | None = None
    broadcast: Broadcast | None = None
    broadcast_schedule: BroadcastSchedule | None = None
    delay_information: DelayInformation | None = None
    episode_overrides: EpisodeOverrides | None = None

    enriched: bool
    enrichment_metadata: EnrichmentMetadata | None = None
    provenance: Provenance = Field(default_factory=Provenance)
    locked_fields: list[Text] = Field(default_factory=list)

    system_status: SystemStatus = SystemStatus.ACTIVE
    orphaned_at: Instant | None = None
    offered_sources: SourceUrls | None = None

    revision: Count = 0
    last_saga: Text | None = None

    @model_validator(mode="after")
    def _each_id_once(self) -> Self:
        for field, ids in (
            ("episode_details", [episode.episode_id for episode in self.episode_details]),
            ("episode_details", [episode.episode_number for episode in self.episode_details]),
            ("characters", [character.character_id for character in self.characters]),
        ):
            repeated = sorted({value for value in ids if ids.count(value) > 1}) if len(set(ids)) < len(ids) else []
            if repeated:
                raise ValueError(f"{field} holds {', '.join(repeated)} more than once")
        return self


def read_entry(data: Mapping[str, object], *, anime_id: str | None = None) -> AnimeEntry:
    """Read an entry tolerantly: unknown fields dropped, ``null`` is absent, source URLs brought to canonical spelling.

    An entry without ``anime_id`` is taken as one of the first enriched file and adopted (see ``models.legacy``);
    ``anime_id`` is the id under which that anime is known already, where it is.

    Raises:
        InvalidEntry: a known field holds what it cannot.
    """
    try:
        if is_legacy(data):
            return AnimeEntry.tolerant(adopt(data, anime_id=anime_id))
        return AnimeEntry.tolerant({**data, **_canonical_sources(data)})
    except ValidationError as error:
        raise InvalidEntry(problems(error)) from error
    except ValueError as error:
        raise InvalidEntry([str(error)]) from error


def check_entry(data: Mapping[str, object] | bytes | str) -> AnimeEntry:
    """Read an entry strictly, from JSON or its Python form: unknown fields and coercions are refused.

    Raises:
        InvalidEntry: with a line for each problem, the field first.
    """
    text = data if isinstance(data, bytes | str) else orjson.dumps(data)
    try:
        return AnimeEntry.model_validate_json(text)
    except ValidationError as error:
        raise InvalidEntry(problems(error)) from error


def dump_entry(entry: Model) -> dict[str, Any]:
    """The JSON-ready form of an entry, or of an episode or character: no nulls, dates as text."""
    return entry.model_dump(mode="json", exclude_none=True)


def problems(error: ValidationError) -> list[str]:
    """``characters.3.name: Field required``, without the offending values."""
    lines = [
        f"{'.'.join(map(str, detail['loc'])) or 'entry'}: {detail['msg']}"
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return list(dict.fromkeys(lines))


def _canonical_sources(data: Mapping[str, object]) -> dict[str, object]:
    """Older spellings of source URLs in stored entries, brought up to date; what is no list is left to validation."""
    canonical: dict[str, object] = {}
    for field in ("sources", "offered_sources"):
        urls = data.get(field)
        if isinstance(urls, list | tuple) and all(isinstance(url, str) for url in urls):
            canonical[field] = list(normalise_sources(urls))
    return canonical


__all__ = [
    "STORE_FIELDS",
    "SYNC_OWNED_FIELDS",
    "AiredDates",
    "AnimeEntry",
    "Broadcast",
    "BroadcastSchedule",
    "CatalogueProvenance",
    "CharacterEntry",
    "ContextualRank",
    "DelayInformation",
    "EnrichmentMetadata",
    "EpisodeDetailEntry",
    "EpisodeOverride",
    "EpisodeOverrides",
    "Images",
    "PremiereDates",
    "Provenance",
    "RelatedAnime",
    "RelatedWork",
    "Score",
    "StaffData",
    "Statistics",
    "StreamingPlatform",
    "Theme",
    "ThemeSong",
    "Trailer",
    "check_entry",
    "dump_entry",
    "problems",
    "read_entry",
]
