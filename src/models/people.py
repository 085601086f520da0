"""The people, companies and characters of an anime."""

from typing import Annotated

from pydantic import Field, StringConstraints

from models.base import (
    CatalogueName,
    Count,
    ExternalIds,
    Image,
    Model,
    PartialDate,
    TenPointScore,
    Text,
    Url,
)
from models.ids import CharacterId
from models.vocabulary import CharacterRole, CompanyType

GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Company(Model):
    name: Text
    type: CompanyType
    url: Url | None = None
    company_ids: ExternalIds = Field(default_factory=dict)


class Person(Model):
    """``years_active`` holds the first year and, where it is over, the last."""

    name: Text
    native_name: Text | None = None
    alternative_names: list[Text] = Field(default_factory=list)
    staff_ids: ExternalIds = Field(default_factory=dict)
    url: Url | None = None
    image: Image | None = None
    biography: Text | None = None
    birth_date: PartialDate | None = None
    hometown: Text | None = None
    gender: Text | None = None
    blood_type: Text | None = None
    language: Text | None = None
    primary_occupations: list[Text] = Field(default_factory=list)
    years_active: list[Annotated[int, Field(ge=1000, le=2200)]] = Field(default_factory=list)
    community_favorites: Count | None = None
    enhancement_status: Text | None = None


class StaffMember(Person):
    role: Text


class VoiceActor(Person):
    """``character_assignments`` are the names of the characters that the person voices."""

    character_assignments: list[Text] = Field(default_factory=list)


class StaffData(Model):
    """``production_staff`` by kind of work (``directors``, ...), ``voice_actors`` by language (``japanese``, ...)."""

    studios: list[Company] = Field(default_factory=list)
    producers: list[Company] = Field(default_factory=list)
    licensors: list[Company] = Field(default_factory=list)
    production_staff: dict[GroupName, list[StaffMember]] = Field(default_factory=dict)
    voice_actors: dict[GroupName, list[VoiceActor]] = Field(default_factory=dict)


class CharacterVoice(Model):
    """Who voices a character, in which language."""

    name: Text
    language: Text
    native_name: Text | None = None
    staff_ids: ExternalIds = Field(default_factory=dict)
    url: Url | None = None
    image: Image | None = None


class CharacterStatistics(Model):
    favorites: Count | None = None
    score: TenPointScore | None = None
    scored_by: Count | None = None


class CharacterEntry(Model):
    """``age`` is text, since it may be ``23 (Physical), 77 (Actual)``. ``character_type``: AniDB tells ships apart."""

    character_id: CharacterId
    name: Text
    name_kanji: Text | None = None
    name_native: Text | None = None
    name_variations: list[Text] = Field(default_factory=list)
    nicknames: list[Text] = Field(default_factory=list)
    role: CharacterRole
    character_type: Text | None = None
    description: Text | None = None
    gender: Text | None = None
    age: Text | None = None
    date_of_birth: PartialDate | None = None
    blood_type: Text | None = None
    images: list[Image] = Field(default_factory=list)
    character_ids: ExternalIds = Field(default_factory=dict)
    character_pages: dict[CatalogueName, Url] = Field(default_factory=dict)
    statistics: dict[CatalogueName, CharacterStatistics] = Field(default_factory=dict)
    voice_actors: list[CharacterVoice] = Field(default_factory=list)
