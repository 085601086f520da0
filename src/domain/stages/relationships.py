"""Stage 3: related anime and the works that an anime comes from or led to, one a page."""

from collections.abc import Mapping

from domain.stages import values
from domain.stages.merging import Notes, read_all
from domain.stages.priority import RELATIONS
from domain.stages.readers.base import Answers, Part
from domain.stages.values import Unknown
from models.events import Catalogue, EnrichmentSubject
from models.ids import normalise_source
from models.vocabulary import RelationType


def relationships(answers: Mapping[Catalogue, Answers], subject: EnrichmentSubject) -> Part:
    """``related_anime`` and ``relations``; a page of the anime itself is left out."""
    own = set(subject.sources)
    notes = Notes()
    anime: dict[str, tuple[Catalogue, Part]] = {}
    works: dict[str, tuple[Catalogue, Part]] = {}
    for catalogue, part in read_all(answers, RELATIONS, lambda reader: reader.relations):
        address = _canonical(part.get("url"))
        if address is None or address in own:
            continue
        kept = {name: value for name, value in part.items() if name != "is_anime"}
        if isinstance(kept.get("relation_type"), Unknown):
            notes.unknown("relation_type", catalogue, kept["relation_type"])
            kept["relation_type"] = RelationType.OTHER
        (anime if part["is_anime"] else works).setdefault(address, (catalogue, {**kept, "url": address}))
    part = {
        "related_anime": notes.items("related_anime", list(anime.values())),
        "relations": notes.items("relations", list(works.values())),
    }
    return notes.beside(values.filled(part))


def _canonical(address: object) -> str | None:
    """As sources are spelled, so that a related anime is found by its page; None for what is no URL."""
    found = values.url(address)
    try:
        return values.url(normalise_source(found)) if found else None
    except ValueError:
        return None
