"""Where an entry's content comes from, over several enrichments."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.airing import RULES_OF_WHAT_COMES
from domain.stages.merging import PROVENANCE
from models.events import Stage
from models.provenance import Conflict, DoubtfulMatch, Provenance, UnknownValue

DOUBTFUL: Final = "doubtful_matches"
"""Under this name the last stage's part holds the characters that may be one."""

NOTED: Final = frozenset({PROVENANCE, DOUBTFUL})
"""Names in the stages' parts that are no fields of an entry."""


def merged_provenance(base: Provenance | None, latest: Provenance) -> Provenance:
    """What the latest enrichment says of the catalogues it asked; of others the earlier word stays.

    A catalogue that failed now keeps telling when it last answered, since what it gave then is still in the entry.
    """
    earlier = base.catalogues if base is not None else {}
    catalogues = dict(earlier)
    for name, now in latest.catalogues.items():
        before = earlier.get(name)
        if now.fetched_at is None and before is not None:
            now = now.model_copy(update={"fetched_at": before.fetched_at})  # noqa: PLW2901 - the same, completed
        catalogues[name] = now
    return (base or Provenance()).model_copy(update={"catalogues": catalogues})


def with_new_catalogues(base: Provenance, latest: Provenance) -> Provenance:
    """After one episode alone was asked for: what each catalogue lacks of the whole entry stays as it was told."""
    return base.model_copy(update={"catalogues": {**latest.catalogues, **base.catalogues}})


def noted_origins(parts: Mapping[Stage, Mapping[str, Any]]) -> dict[str, Any]:
    """What the stages say of where their values come from, by path."""
    return {path: origin for part in parts.values() for path, origin in _notes(part).get("origins", {}).items()}


def noted_for_reviewers(parts: Mapping[Stage, Mapping[str, Any]]) -> dict[str, Any]:
    """``conflicts``, ``unknown_values`` and ``doubtful_matches`` of the stages, as models."""
    found = list(parts.values())
    return {
        "conflicts": [Conflict.tolerant(one) for part in found for one in _notes(part).get("conflicts", ())],
        "unknown_values": [
            UnknownValue.tolerant(one) for part in found for one in _notes(part).get("unknown_values", ())
        ],
        "doubtful_matches": [DoubtfulMatch.tolerant(one) for part in found for one in part.get(DOUBTFUL, ())],
    }


def of_one_episode(before: Iterable[Conflict], now: Iterable[Conflict], number: str) -> list[Conflict]:
    """The conflicts after one episode was brought up to date, and when the next one airs.

    Its own and those about what is to come are as they are now, the others' as before.
    """

    def concerns(conflict: Conflict) -> bool:
        own = conflict.items == number or conflict.rule in RULES_OF_WHAT_COMES
        return own and conflict.field.startswith("episode_details/")

    return [*(one for one in before if not concerns(one)), *(one for one in now if concerns(one))]


def last_fetched(provenance: Provenance) -> datetime | None:
    """When the latest answer of any catalogue came."""
    return max((one.fetched_at for one in provenance.catalogues.values() if one.fetched_at is not None), default=None)


def _notes(part: Mapping[str, Any]) -> Mapping[str, Any]:
    found = part.get(PROVENANCE)
    return found if isinstance(found, Mapping) else {}
