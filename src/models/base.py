"""What every model shares: strictness, and the small types that fields are made of.

There is one class tree and two ways into it. A model by itself is strict: unknown fields are refused and nothing is
coerced, which is right for what we write (``model_validate_json``, the constructor). What others wrote, or an older
version of ours, goes through ``Model.tolerant``: unknown fields are dropped and harmless coercions allowed.
"""

import functools
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from models.ids import canonical_number, normalise_source


class Model(BaseModel):
    """Base of everything an entry holds."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
        allow_inf_nan=False,
    )

    @classmethod
    def tolerant(cls, data: Mapping[str, object]) -> Self:
        """Read what others wrote: unknown fields are dropped at every depth, ``null`` counts as absent.

        Raises:
            pydantic.ValidationError: a known field holds what it cannot.
        """
        return cls.model_validate(without_nulls(data), strict=False, extra="ignore")


def without_nulls(value: Any) -> Any:
    """A copy without mapping values that are None, at every depth."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value


_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _day_or_instant(value: object) -> object:
    """Texts are parsed here, so that a day never becomes a midnight, whatever mode the validation runs in."""
    if not isinstance(value, str):
        return value
    if _DAY.match(value):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A moment, in UTC; written ``1998-04-02T16:00:00Z``. A time without offset is refused."""

DayOrInstant = Annotated[date | Instant, BeforeValidator(_day_or_instant)]
"""A day (``1998-04-03``) where that is all the source knows, else a moment (``1998-04-02T16:00:00Z``)."""


@functools.lru_cache(maxsize=1024)
def _canonical_source(value: str) -> str:
    """Cached, since an entry names the same URLs twice: as its sources and as those last offered."""
    canonical = normalise_source(value)
    if canonical != value:
        raise ValueError(f"not in canonical spelling; expected {canonical}")
    return value


def _unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("holds the same value twice")
    return values


def _canonical_episode_number(value: str) -> str:
    canonical = canonical_number(value)
    if canonical != value:
        raise ValueError(f"not in canonical spelling; expected {canonical}")
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=4096)]
SourceUrl = Annotated[
    str,
    AfterValidator(_canonical_source),
    WithJsonSchema({"type": "string", "format": "uri", "description": "A catalogue page in its canonical spelling."}),
]
SourceUrls = Annotated[list[SourceUrl], AfterValidator(_unique), Field(json_schema_extra={"uniqueItems": True})]
EpisodeNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"),
    AfterValidator(_canonical_episode_number),
]
"""Canonical text: ``1``, ``12.5``, ``S1``."""

PartialDate = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?|--[0-9]{2}-[0-9]{2})$")]
"""As much of a date as is known: ``1961-06-17``, ``1961-06``, ``1961``, or ``--06-17`` without the year."""

Year = Annotated[int, Field(ge=1900, le=2200)]
Count = Annotated[int, Field(ge=0)]
Rank = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=1)]
TenPointScore = Annotated[float, Field(ge=0, le=10)]
"""Every catalogue's score is brought to the scale from 0 to 10."""

CatalogueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""Short name of a catalogue as the enriched data uses it: ``mal``, ``anilist``, ``kitsu``, ``anidb``, ..."""

ExternalIds = dict[CatalogueName, Annotated[int, Field(ge=1)] | Text]
"""A thing's ids by catalogue."""


class FailedImage(Model):
    """Stands where an image could not be, or has not yet been, re-hosted."""

    image_url: Url
    error_message: Text


Image = Url | FailedImage
"""An image's URL, or the placeholder of one that failed."""
