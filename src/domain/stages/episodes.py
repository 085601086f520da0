"""Stage 2: episodes, one a number, each field from the catalogue that is believed first for it."""

from collections.abc import Mapping
from decimal import Decimal

from domain.stages import values
from domain.stages.merging import Offers, first, read_all
from domain.stages.priority import BY_SIZE, EPISODE_FIRST, EPISODE_UNION
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue
from models.ids import is_special

_ADDRESSED = ("episode_pages", "streaming")


def episodes(answers: Mapping[Catalogue, Answers]) -> Part:
    """``episode_details`` without ids, by number, specials last."""
    by_number: dict[str, dict[Catalogue, Part]] = {}
    for catalogue, part in read_all(answers, BY_SIZE, lambda reader: reader.episodes):
        known = by_number.setdefault(part["episode_number"], {})
        # A catalogue may tell of an episode in two places, such as a schedule and a streaming site.
        known[catalogue] = values.together(known.get(catalogue, {}), part)
    details = [_episode(number, by_number[number]) for number in sorted(by_number, key=number_order)]
    return {"episode_details": details} if details else {}


def number_order(number: str) -> tuple[str, Decimal]:
    """Sort key of canonical numbers: the regular ones first, then specials by letter."""
    prefix = number[0] if is_special(number) else ""
    return prefix, Decimal(number[len(prefix) :])


def _episode(number: str, offers: Offers) -> Part:
    part = {"episode_number": number, **first(offers, EPISODE_FIRST)}
    for name, order in EPISODE_UNION.items():
        offered = [offers[c][name] for c in order if c in offers and name in offers[c]]
        if name in _ADDRESSED:
            part[name] = {label: address for pages in reversed(offered) for label, address in pages.items()}
        else:
            part[name] = list(dict.fromkeys(item for listed in offered for item in listed))
    return values.filled(part)
