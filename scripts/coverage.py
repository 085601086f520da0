"""What the catalogues offer of an entry and what becomes of it, found by putting other values in place of theirs.

``leaves``: every place in the recorded answers, by what changes where another value stands there, or none. ``table``:
every field of the entry by catalogue. Nothing here knows what a catalogue has: a reader or a stage that drops something
changes what is found.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from domain.assemble import assemble
from domain.image_refs import image_refs
from domain.stages import values
from domain.stages.priority import SHORT_NAMES
from models.anime import AnimeEntry, Provenance
from models.events import Catalogue, Mode, Stage
from models.vocabulary import AnimeStatus, AnimeType, Rating, Season, SourceMaterial
from scripts.coverage_fields import fields, held
from scripts.coverage_made_up import made_up
from scripts.coverage_stages import FUNCTIONS, Said, heard, merged, said
from scripts.replayed import SUBJECT, answers

Path = tuple[str, ...]
Held = Mapping[str, Counter[str]]
ITEM: Final = "[]"

_CHARACTERS: Final = "characters"
_STAFF: Final = "staff"
_WHOLE: Final[frozenset[str]] = frozenset()
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, "0001-01-01T00:00:00Z")
"""The last is what AnimeSchedule writes where there is no date."""

_CLOSED_SETS: Final = (AnimeType, AnimeStatus, Season, SourceMaterial, Rating)
_ITEMS: Final = 3


# ----------------------------------------------------------------------------------------------- place by place


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A place in a catalogue's answers: keys, and ``[]`` for every item of a list.

    ``becomes``: the fields of the entry that change with it, or would if no other catalogue said the same. ``yields``:
    where there are none, the fields that it would change if no other catalogue had answered, each with the catalogues
    whose word is there instead.
    """

    catalogue: Catalogue
    path: str
    becomes: tuple[str, ...] = ()
    yields: Mapping[str, tuple[Catalogue, ...]] = field(default_factory=dict)


@functools.cache
def leaves() -> tuple[Leaf, ...]:
    return tuple(found for catalogue in answers() for found in _leaves(catalogue))


def _leaves(catalogue: Catalogue) -> Iterator[Leaf]:
    short = _shortened(answers()[catalogue])
    before = said(catalogue, short)
    for path in sorted(set(_paths(short))):
        changed: set[str] = set()
        alone: set[str] = set()
        for change in (_replaced, _taken_away, _another_word):
            now = said(catalogue, _at_path(short, path, change))
            functions = [name for name in FUNCTIONS if now[name] != before[name]]
            if functions:
                other = said(catalogue, _at_path(answers()[catalogue], path, change), functions)
                alone |= _changed(catalogue, other, [catalogue])
                changed = _changed(catalogue, other, answers())
            if changed:
                break
        yield _leaf(catalogue, ".".join(path), changed, alone)


def _leaf(catalogue: Catalogue, path: str, changed: set[str], alone: set[str]) -> Leaf:
    # What changes only beside others' words, such as the match of a character, is not what the place says.
    becomes = (changed & alone) or changed or {name for name in alone if _is_origin(name, catalogue, whole=True)}
    if becomes or not alone:
        return Leaf(catalogue=catalogue, path=path, becomes=tuple(sorted(becomes)))
    users = {name: [one for one, state in table()[name].items() if state is State.USED] for name in sorted(alone)}
    yields = {name: tuple(one for one in found if one is not catalogue) for name, found in users.items()}
    return Leaf(catalogue=catalogue, path=path, yields=yields)


def _changed(catalogue: Catalogue, other: Said, catalogues: Iterable[Catalogue]) -> set[str]:
    """The fields that change where the reader says this, and the stages are given the answers of these catalogues.

    People are many, and slow to match: where a few characters show a change the others are not asked, and the staff,
    which stands for itself, is left out where it is not the staff that changes.
    """
    every = frozenset(catalogues)
    rest = frozenset({_STAFF} - other.keys())
    few = _differing(catalogue, other, every, rest | {_CHARACTERS}) if _CHARACTERS in other else set[str]()
    return few or _differing(catalogue, other, every, rest)


def _differing(catalogue: Catalogue, other: Said, every: frozenset[Catalogue], shorter: frozenset[str]) -> set[str]:
    found = {one: _said(one, shorter) for one in answers() if one in every}
    found[catalogue] = {**found[catalogue], **_in_short(catalogue, other, shorter)}
    stages = [stage for stage in Stage if heard(stage) & other.keys()]
    now = merged(found, stages)
    changed: set[str] = set()
    for stage in stages:
        before, after = _held_by(every, stage, shorter), held(now[stage])
        changed |= {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return changed


@functools.cache
def _said(catalogue: Catalogue, shorter: frozenset[str] = _WHOLE) -> Said:
    return _in_short(catalogue, said(catalogue, answers()[catalogue]), shorter)


@functools.cache
def _held_by(catalogues: frozenset[Catalogue], stage: Stage, shorter: frozenset[str] = _WHOLE) -> Held:
    return held(merged({one: _said(one, shorter) for one in answers() if one in catalogues}, [stage])[stage])


def _in_short(catalogue: Catalogue, found: Said, shorter: frozenset[str]) -> Said:
    """A few of the characters, and none of the staff."""
    short: dict[str, Any] = dict(found)
    if _CHARACTERS in shorter & found.keys():
        short[_CHARACTERS] = _of_few(catalogue, found[_CHARACTERS])
    if _STAFF in shorter & found.keys():
        short[_STAFF] = []
    return short


def _of_few(catalogue: Catalogue, characters: list[Any]) -> list[Any]:
    """Those of a few characters; by position where a change left all in their places, since ids may have changed."""
    known = _said(catalogue)[_CHARACTERS]
    ids = known if len(known) == len(characters) else characters
    return [one for one, told in zip(characters, ids, strict=True) if few_characters() & _pairs(told["character_ids"])]


@functools.cache
def few_characters() -> frozenset[tuple[str, str]]:
    """The ids, by catalogue, of the first characters that the same catalogues know, and the first with each field."""
    seen: Counter[tuple[str, ...]] = Counter()
    few: set[tuple[str, str]] = set()
    for character in parts()[Stage.CHARACTERS][_CHARACTERS]:
        known = sorted(character["character_ids"])
        kinds = [(*known, name) for name in character]
        if any(seen[kind] < _ITEMS for kind in kinds):
            few |= _pairs(character["character_ids"])
        seen.update(kinds)
    return frozenset(few)


def _pairs(ids: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(name, str(number)) for name, number in ids.items()}


def _shortened(value: Any) -> Any:
    """With the first items of each list, and those that have something which none before them has."""
    if isinstance(value, Mapping):
        return {key: _shortened(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    kept: list[Any] = []
    seen: set[Path] = set()
    for number, item in enumerate(value):
        short = _shortened(item)
        paths = set(_paths(short))
        if number < _ITEMS or not paths <= seen:
            kept.append(short)
            seen |= paths
    return kept


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of every value that says something."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from _paths(item, (*path, ITEM))
    elif value not in _NOTHING:
        yield path


def _taken_away(_value: Any) -> None:
    return None


def _replaced(value: Any) -> Any:
    """Another value that could stand there as well."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value[:-1]}7" if isinstance(value, str) and "://" in value else f"{value}7"


def _another_word(value: Any) -> Any:
    """Of the closed set that the word is of; without it our own reckoning may come to the same."""
    for words in _CLOSED_SETS:
        known = values.member(words, value)
        if known is not None:
            return next(one.value for one in words if one is not known)
    return value


def _at_path(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy that differs along the path only."""
    if not path:
        return change(value)
    if isinstance(value, Mapping):
        return {key: _at_path(item, path[1:], change) if key == path[0] else item for key, item in value.items()}
    if isinstance(value, list) and path[0] == ITEM:
        return [_at_path(item, path[1:], change) for item in value]
    return value


# ------------------------------------------------------------------------------------------- field by catalogue


class State(StrEnum):
    """``USED``: values of the catalogue are in the entry. ``OFFERED``: an entry of this catalogue alone has the field,
    and in the entry of all another's word stands. ``READ``: the recorded answers do not say it, made-up ones do."""

    USED = "used"
    OFFERED = "offered"
    READ = "read"


@functools.cache
def table() -> Mapping[str, Mapping[Catalogue, State]]:
    """By path of a field and catalogue; a catalogue that is missing never gives the field."""
    return {one.path: _states(one.path) for one in fields()}


def _states(name: str) -> dict[Catalogue, State]:
    given = [one for one in answers() if name in _alone(one)]
    used = [one for one in answers() if name in _lost_without(one) or _is_origin(name, one)]
    # Of what several say, such as the number of an episode, no one is the origin.
    used = used or [one for one in given if _alone(one)[name] & _whole().get(name, Counter())]
    states = {
        **{one: State.READ for one in Catalogue if name in _made_up(one)},
        **dict.fromkeys(given, State.OFFERED),
        **dict.fromkeys(used, State.USED),
    }
    return {one: states[one] for one in Catalogue if one in states}


def _alone(catalogue: Catalogue) -> Held:
    return _all_held(frozenset({catalogue}))


def _whole() -> Held:
    return _all_held(frozenset(answers()))


@functools.cache
def _all_held(catalogues: frozenset[Catalogue]) -> Held:
    return {name: there for stage in Stage for name, there in _held_by(catalogues, stage).items()}


@functools.cache
def _made_up(catalogue: Catalogue) -> frozenset[str]:
    found = merged({catalogue: said(catalogue, made_up(catalogue))})
    return frozenset(name for part in found.values() for name in held(part))


@functools.cache
def _lost_without(catalogue: Catalogue) -> frozenset[str]:
    """The fields of which values are missing where this catalogue did not answer."""
    rest = _all_held(frozenset(answers()) - {catalogue})
    return frozenset(name for name, there in _whole().items() if there - rest.get(name, Counter()))


def _is_origin(name: str, catalogue: Catalogue, *, whole: bool = False) -> bool:
    """Whether the entry's provenance says that what this catalogue says is there. Of what several say alike the first
    is the origin. ``whole``: of the value, not of some of its items."""
    steps = name.split("/")
    told = entry().provenance.fields
    named = [one for end in range(1, len(steps) + 1) for one in told.get("/".join(steps[:end]), ())]
    if SHORT_NAMES[catalogue] not in {one.catalogue for one in named if not (whole and one.items)}:
        return False
    return bool(_alone(catalogue).get(name, Counter()) & _whole().get(name, Counter()))


@functools.cache
def entry() -> AnimeEntry:
    """Cowboy Bebop of all catalogues, with every picture as the catalogues have it."""
    return assemble(
        parts=parts(),
        images={image.url: image.url for image in image_refs(parts())},
        subject=SUBJECT,
        base=None,
        provenance=Provenance(),
        mode=Mode.NEW,
    )


@functools.cache
def parts() -> Mapping[Stage, Mapping[str, Any]]:
    return merged({one: _said(one) for one in answers()})
