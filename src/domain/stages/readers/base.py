"""What a reader gives: one catalogue's answers in the words of an entry, before any merging.

Values are JSON-ready and carry the field names of ``models.anime``; what a catalogue does not say is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answers = Mapping[str, Any]
"""By kind of answer (``anime``, ``characters`` ...), as the catalogue's client left them."""

Part = dict[str, Any]


def _no_part(_answers: Answers) -> Part:
    return {}


def _no_parts(_answers: Answers) -> list[Part]:
    return []


def _no_break(_answers: Answers) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """``metadata`` may hold ``studios``, ``producers`` and ``licensors`` beside an entry's own fields.

    ``episodes``: parts of episodes, each with ``episode_number``. ``relations``: parts of related anime and works,
    told apart by ``is_anime``. ``staff``: production staff, each with its ``group``. ``characters``: parts whose
    ``voice_actors`` are whole persons with their ``language``. ``on_break``: whether nobody knows when, or that, it
    goes on.
    """

    metadata: Callable[[Answers], Part] = _no_part
    episodes: Callable[[Answers], list[Part]] = _no_parts
    relations: Callable[[Answers], list[Part]] = _no_parts
    statistics: Callable[[Answers], Part] = _no_part
    characters: Callable[[Answers], list[Part]] = _no_parts
    staff: Callable[[Answers], list[Part]] = _no_parts
    on_break: Callable[[Answers], bool] = _no_break
