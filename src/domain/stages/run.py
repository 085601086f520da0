"""The way into the stages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.stages.characters import characters
from domain.stages.episodes import episodes
from domain.stages.metadata import metadata
from domain.stages.relationships import relationships
from domain.stages.statistics import statistics
from models.anime import AnimeEntry
from models.events import Catalogue, EnrichmentSubject, Stage


def run_stage(
    stage: Stage,
    answers: Mapping[Catalogue, Mapping[str, Any]],
    subject: EnrichmentSubject,
    *,
    at: datetime | None = None,
    stored: AnimeEntry | None = None,
) -> dict[str, Any]:
    """A part of an entry: JSON-ready, with the field names of ``models.anime.AnimeEntry``, without ids; beside them,
    under ``provenance``, what ``merging.Notes`` holds, and under ``doubtful_matches`` the characters that may be one.

    ``answers`` are what each catalogue gave, by kind of answer. A catalogue that is missing, or whose answers are not
    of the expected shape, only takes away what it would have said. ``at``: when they answered; without it nothing is
    said of episodes that are to come. ``stored``: the entry as it is, whose episodes that have aired the next one
    follows on, however few the catalogues list now.
    """
    match stage:
        case Stage.METADATA:
            return metadata(answers, subject)
        case Stage.EPISODES:
            return episodes(answers, at=at, stored=stored)
        case Stage.RELATIONSHIPS:
            return relationships(answers, subject)
        case Stage.STATISTICS:
            return statistics(answers)
        case Stage.CHARACTERS:
            return characters(answers)
