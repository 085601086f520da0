"""Stage 3: related anime and the works that an anime comes from or led to, one a page."""

from collections.abc import Mapping

from domain.stages import values
from domain.stages.merging import read_all
from domain.stages.priority import RELATIONS
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue, EnrichmentSubject
from models.ids import normalise_source


def relationships(answers: Mapping[Catalogue, Answers], subject: EnrichmentSubject) -> Part:
    """``related_anime`` and ``relations``; a page of the anime itself is left out."""
    own = set(subject.sources)
    anime: dict[str, Part] = {}
    works: dict[str, Part] = {}
    for _, part in read_all(answers, RELATIONS, lambda reader: reader.relations):
        address = _canonical(part.get("url"))
        if address is None or address in own:
            continue
        kept = {name: value for name, value in part.items() if name != "is_anime"}
        (anime if part["is_anime"] else works).setdefault(address, {**kept, "url": address})
    return values.filled({"related_anime": list(anime.values()), "relations": list(works.values())})


def _canonical(address: str | None) -> str | None:
    """As sources are spelled, so that a related anime is found by its page; None for what is no URL."""
    try:
        return normalise_source(address) if address else None
    except ValueError:
        return None
