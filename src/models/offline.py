"""A release of anime-offline-database: one JSON object a line, the first line being the metadata.

Two ways to read a line. ``OfflineEntry`` holds all of it and is what an enriched entry is derived from.
``WatchedEntry`` holds only what the weekly comparison looks at; its decoder skips over the rest, ten times faster, and
34,000 of them fit in memory. ``check_line`` holds a whole line against the schema at that speed.

Fields that the schema does not know are ignored; a known field of another shape is an error. The URLs are kept as the
release spells them.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from models.base import Text, Url
from models.errors import InvalidEntry
from models.ids import normalise_sources

EARLIEST_YEAR: Final = 1907
"""The schema's lower bound: the year of the oldest known anime."""

_NO_PICTURE: Final = "/pics/no_pic"


class OfflineType(StrEnum):
    TV = "TV"
    MOVIE = "MOVIE"
    OVA = "OVA"
    ONA = "ONA"
    SPECIAL = "SPECIAL"
    UNKNOWN = "UNKNOWN"


class OfflineStatus(StrEnum):
    FINISHED = "FINISHED"
    ONGOING = "ONGOING"
    UPCOMING = "UPCOMING"
    UNKNOWN = "UNKNOWN"


class OfflineSeasonName(StrEnum):
    SPRING = "SPRING"
    SUMMER = "SUMMER"
    FALL = "FALL"
    WINTER = "WINTER"
    UNDEFINED = "UNDEFINED"


class OfflineModel(BaseModel):
    """What the dataset publishes: camelCase names, and more fields than we know some day."""

    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
    )


class OfflineSeason(OfflineModel):
    season: OfflineSeasonName
    year: Annotated[int, Field(ge=EARLIEST_YEAR)] | None = None


class OfflineDuration(OfflineModel):
    value: Annotated[int, Field(ge=1)]
    unit: Literal["SECONDS"]


class OfflineScore(OfflineModel):
    arithmetic_geometric_mean: Annotated[float, Field(ge=1, le=10)]
    arithmetic_mean: Annotated[float, Field(ge=1, le=10)]
    median: Annotated[float, Field(ge=1, le=10)]


class OfflineEntry(OfflineModel):
    """One line of a release. ``episodes`` 0 means not known; studios and producers are in lower case."""

    sources: Annotated[list[Url], Field(min_length=1)]
    title: Text
    type: OfflineType
    episodes: Annotated[int, Field(ge=0)]
    status: OfflineStatus
    anime_season: OfflineSeason
    picture: Url
    thumbnail: Url
    duration: OfflineDuration | None = None
    score: OfflineScore | None = None
    synonyms: list[str]
    studios: list[str]
    producers: list[str]
    related_anime: list[Url]
    tags: list[str]

    @property
    def canonical_sources(self) -> tuple[str, ...]:
        """Sorted, each once, in the spelling by which an anime is looked up."""
        return normalise_sources(self.sources)


class OfflineLicense(OfflineModel):
    name: str
    url: str


class OfflineScoreRange(OfflineModel):
    min_inclusive: float
    max_inclusive: float


class OfflineMetadata(OfflineModel):
    """The first line. ``last_update`` is a day, as text."""

    schema_url: Annotated[str, Field(alias="$schema")]
    license: OfflineLicense
    repository: str
    score_range: OfflineScoreRange | None = None
    last_update: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class WatchedEntry(msgspec.Struct, frozen=True, gc=False):
    """What the comparison of two releases looks at; ``title`` is for reports and reviewers."""

    sources: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    title: Annotated[str, msgspec.Meta(min_length=1)]
    status: OfflineStatus
    episodes: Annotated[int, msgspec.Meta(ge=0)]

    @property
    def canonical_sources(self) -> tuple[str, ...]:
        """Sorted, each once, in the spelling by which an anime is looked up."""
        return normalise_sources(self.sources)


class _SchemaSeason(msgspec.Struct, gc=False):
    season: OfflineSeasonName
    year: Annotated[int, msgspec.Meta(ge=EARLIEST_YEAR)] | None = None


class _SchemaDuration(msgspec.Struct, gc=False):
    value: Annotated[int, msgspec.Meta(ge=1)]
    unit: Literal["SECONDS"]


_ScoreValue = Annotated[float, msgspec.Meta(ge=1, le=10)]


class _SchemaScore(msgspec.Struct, gc=False, rename="camel"):
    arithmetic_geometric_mean: _ScoreValue
    arithmetic_mean: _ScoreValue
    median: _ScoreValue


_HttpUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://\S+\Z", max_length=4096)]


class _SchemaEntry(msgspec.Struct, gc=False, rename="camel"):
    """The same fields as ``OfflineEntry``; a test holds the two together."""

    sources: Annotated[list[_HttpUrl], msgspec.Meta(min_length=1)]
    title: Annotated[str, msgspec.Meta(min_length=1)]
    type: OfflineType
    episodes: Annotated[int, msgspec.Meta(ge=0)]
    status: OfflineStatus
    anime_season: _SchemaSeason
    picture: _HttpUrl
    thumbnail: _HttpUrl
    synonyms: list[str]
    studios: list[str]
    producers: list[str]
    related_anime: list[_HttpUrl]
    tags: list[str]
    duration: _SchemaDuration | None = None
    score: _SchemaScore | None = None


_WATCHED: Final = msgspec.json.Decoder(WatchedEntry)
_SCHEMA: Final = msgspec.json.Decoder(_SchemaEntry)


def decode_watched(line: bytes) -> WatchedEntry:
    """Only the watched fields of a line.

    Raises:
        InvalidEntry: it is no JSON object, or a watched field is missing or of another shape.
    """
    try:
        return _WATCHED.decode(line)
    except msgspec.DecodeError as error:
        raise InvalidEntry([str(error)]) from error


def check_line(line: bytes) -> None:
    """Hold a whole line against the schema of the dataset, without keeping it.

    Raises:
        InvalidEntry: it does not fit, or is no JSON object.
    """
    try:
        _SCHEMA.decode(line)
    except msgspec.DecodeError as error:
        raise InvalidEntry([str(error)]) from error


def read_offline(line: bytes | str) -> OfflineEntry:
    """All of a line.

    Raises:
        InvalidEntry: it does not fit the schema, or is no JSON object.
    """
    try:
        return OfflineEntry.model_validate_json(line)
    except ValidationError as error:
        raise InvalidEntry(_problems(error)) from error


def read_metadata(line: bytes | str) -> OfflineMetadata:
    """The first line of a release.

    Raises:
        InvalidEntry: it is not the metadata line.
    """
    try:
        return OfflineMetadata.model_validate_json(line)
    except ValidationError as error:
        raise InvalidEntry(_problems(error)) from error


def is_placeholder_picture(url: str) -> bool:
    """Whether this is the dataset's own picture that stands for none."""
    return _NO_PICTURE in url


def _problems(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, detail['loc'])) or 'line'}: {detail['msg']}"
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
