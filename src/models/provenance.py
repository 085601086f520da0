"""Where the values of an entry come from, and what a reviewer should look at.

Places in an entry are written as paths: ``title``, ``images/covers``, ``episode_details/title``. Items of a list are
named by position from 1, episodes by number, the values of a mapping by key; numbers in a row are written ``1-10``.

A path may lead into the items of a list. ``staff_data/studios`` says whose the studios are, as items;
``staff_data/studios/url`` whose the URL of those is that it names, where another catalogue than the studio's own filled
it in. Of episodes and characters, which are put together of what all tell, each field is told by itself:
``characters/description``. An item that several catalogues made together, such as the images of a character, stands
with each of them. Ids by catalogue (``staff_ids``, ``company_ids``) name theirs themselves.
"""

from typing import Final

from pydantic import Field

from models.base import CatalogueName, ExternalIds, Instant, Model, Text
from models.vocabulary import ProvenanceStatus

RELEASE: Final = "release"
"""Stands for a catalogue where a value was taken from the line of a release."""

REVIEWER: Final = "reviewer"
"""Stands for a catalogue where a person wrote the value in a review."""


class UnknownField(Model):
    """A field of a catalogue's answers that nobody here knows; ``times`` it came."""

    path: Text
    times: int


class CatalogueProvenance(Model):
    """``fetched_at``: of the latest answer that held something. ``reason``: what is missing of it, and why.
    ``unknown_fields``: the most frequent ones; many at once are the first sign that an API has changed."""

    status: ProvenanceStatus
    fetched_at: Instant | None = None
    reason: Text | None = None
    unknown_fields: list[UnknownField] = Field(default_factory=list)


class Origin(Model):
    """One catalogue's share in a value. ``items``: which of them, such as ``1-3, 7``; without it everything there.

    ``fetched_at`` is given only where it is not the catalogue's own: of the last answer that offered the value, where
    the latest does not any more, or of one about this episode alone.
    """

    catalogue: CatalogueName
    items: Text | None = None
    fetched_at: Instant | None = None


class Conflict(Model):
    """Catalogues that say different things, further apart than wordings are; ``values`` by catalogue, in words.

    ``chosen`` is whose value was taken, ``rule`` why.
    """

    field: Text
    values: dict[CatalogueName, Text]
    chosen: CatalogueName
    rule: Text
    items: Text | None = None


class UnknownValue(Model):
    """A catalogue's word for a field of a closed set that none of the set's members stands for."""

    field: Text
    catalogue: CatalogueName
    value: Text


class DoubtfulMatch(Model):
    """Characters of several catalogues, or voices of one character, that may be one; they were kept apart."""

    names: list[Text]
    catalogues: list[CatalogueName]
    ids: list[ExternalIds] = Field(default_factory=list)
    reason: Text


class Provenance(Model):
    """``fields``: by path, whose values these are. A path that is missing has no value, or one of unknown origin.

    ``conflicts``, ``unknown_values`` and ``doubtful_matches`` are those of the latest enrichment.
    """

    catalogues: dict[CatalogueName, CatalogueProvenance] = Field(default_factory=dict)
    fields: dict[Text, list[Origin]] = Field(default_factory=dict)
    conflicts: list[Conflict] = Field(default_factory=list)
    unknown_values: list[UnknownValue] = Field(default_factory=list)
    doubtful_matches: list[DoubtfulMatch] = Field(default_factory=list)
