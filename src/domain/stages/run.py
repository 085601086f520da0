"""The way into the stages."""

from collections.abc import Mapping
from typing import Any

from domain.stages.characters import characters
from domain.stages.episodes import episodes
from domain.stages.metadata import metadata
from domain.stages.relationships import relationships
from domain.stages.statistics import statistics
from models.events import Catalogue, EnrichmentSubject, Stage


def run_stage(
    stage: Stage, answers: Mapping[Catalogue, Mapping[str, Any]], subject: EnrichmentSubject
) -> dict[str, Any]:
    """A part of an entry: JSON-ready, with the field names of ``models.anime.AnimeEntry``, without ids.

    ``answers`` are what each catalogue gave, by kind of answer. A catalogue that is missing, or whose answers are not
    of the expected shape, only takes away what it would have said.
    """
    match stage:
        case Stage.METADATA:
            return metadata(answers, subject)
        case Stage.EPISODES:
            return episodes(answers)
        case Stage.RELATIONSHIPS:
            return relationships(answers, subject)
        case Stage.STATISTICS:
            return statistics(answers)
        case Stage.CHARACTERS:
            return characters(answers)
