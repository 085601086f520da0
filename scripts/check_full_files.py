"""Checks that the models read whole files without losing a known field.

    python -m scripts.check_full_files [--enriched FILE] [RELEASE.jsonl[.zst] ...]

Each value of the input must be found in what we would write, at its place; ``LEGACY_CHANGES``, ``LEGACY_RENAMES`` and
``PLACES`` list every change, rename and drop that is meant. Prints counts; exit code 1 when something is lost.
"""

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import zstandard

from domain.derive import derive_entry
from models.anime import check_entry, dump_entry, read_entry
from models.errors import InvalidEntry
from models.ids import canonical_source, mint_anime_id, normalise_sources
from models.offline import check_line, decode_watched, is_placeholder_picture, read_metadata, read_offline

SHOWN: Final = 20
"""Losses that are printed one by one."""

MIDNIGHT: Final = "T00:00:00Z"
JAPANESE_MIDNIGHT: Final = "T15:00:00Z"


def _day(old: Any, new: Any) -> bool:
    if old.startswith("0001-01-01"):
        return new is None
    if old.endswith(JAPANESE_MIDNIGHT):
        return bool(new == (datetime.fromisoformat(old) + timedelta(hours=9)).date().isoformat())
    return bool(new == old.removesuffix(MIDNIGHT))


def _same_word(old: Any, new: Any) -> bool:
    return isinstance(new, str) and old.casefold().replace(" ", "_") == new.casefold().replace(" ", "_")


LEGACY_CHANGES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "id": lambda _, new: new is None,
    "sources": lambda old, new: new == list(normalise_sources(old)),
    "episode_details.*.episode_number": lambda old, new: new == str(old),
    "episode_details.*.aired": _day,
    "aired_dates.from": _day,
    "aired_dates.to": _day,
    "premiere_dates.*": _day,
    "characters.*.character_ids.*": lambda old, new: new == (old or None),
    "characters.*.role": _same_word,
    "staff_data.*.*.type": _same_word,
}
"""What becomes of a value of the first enriched file that is not simply kept; see ``models.legacy``."""

LEGACY_RENAMES: Final[Mapping[str, str]] = {
    "staff_data.production_staff.*.*.name_japanese": "native_name",
}

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "sources.*": ("sources.*", "offered_sources.*"),
    "title": ("title",),
    "type": ("type",),
    "episodes": ("episodes",),
    "status": ("status",),
    "animeSeason.season": ("season",),
    "animeSeason.year": ("year",),
    "picture": ("images.covers.*.image_url",),
    "thumbnail": ("images.covers.*.image_url",),
    "duration.value": ("duration",),
    "duration.unit": (),
    "score.arithmeticGeometricMean": ("score.arithmetic_geometric_mean",),
    "score.arithmeticMean": ("score.arithmetic_mean",),
    "score.median": ("score.median",),
    "synonyms.*": ("synonyms.*",),
    "studios.*": ("staff_data.studios.*.name",),
    "producers.*": ("staff_data.producers.*.name",),
    "relatedAnime.*": ("related_anime.*.url",),
    "tags.*": ("tags.*",),
}
"""Where a release's value is found in the entry derived from it. The duration's unit is seconds by the schema."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar with its path, list positions written as ``*``."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from leaves(item, f"{path}.*")
    else:
        yield path, value


def lost_from_enriched(old: Any, new: Any, path: str = "") -> list[str]:
    """Values of an entry of the first enriched file that are not in what we write of it."""
    change = next((check for pattern, check in LEGACY_CHANGES.items() if fnmatchcase(path, pattern)), None)
    if change is not None:
        return [] if change(old, new) else [f"{path}: {old!r} became {new!r}"]
    if isinstance(old, Mapping):
        kept = new if isinstance(new, Mapping) else {}
        renamed = {key: _renamed(f"{path}.{key}" if path else key) for key in old}
        return [
            loss
            for key, item in old.items()
            for loss in lost_from_enriched(item, kept.get(renamed[key] or key), f"{path}.{key}" if path else key)
        ]
    if isinstance(old, list):
        filled = [item for item in old if not _blank(item)]
        kept_items = new if isinstance(new, list) else []
        if len(filled) != len(kept_items):
            return [f"{path}: {len(filled)} items became {len(kept_items)}"]
        pairs = zip(filled, kept_items, strict=True)
        return [loss for item, kept_item in pairs for loss in lost_from_enriched(item, kept_item, f"{path}.*")]
    same = _blank(old) or (new == _trim(old) if isinstance(old, str) else new == old)
    return [] if same else [f"{path}: {old!r} became {new!r}"]


def _renamed(path: str) -> str | None:
    return next((name for pattern, name in LEGACY_RENAMES.items() if fnmatchcase(path, pattern)), None)


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not _trim(value))


def _trim(value: str) -> str:
    return value.strip("\u200b\ufeff").strip()


def lost_from_line(line: Mapping[str, Any], derived: Mapping[str, Any]) -> list[str]:
    """Values of a release's line that are not in the entry derived from it."""
    found: dict[str, set[Any]] = {}
    for path, value in leaves(derived):
        found.setdefault(path, set()).add(value)
    lost = []
    for path, value in leaves(line):
        places = PLACES.get(path)
        if places is None:
            lost.append(f"{path}: no place for {value!r}")
        elif not _tells_nothing(path, value):
            wanted = normalise_sources([value])[0] if path == "sources.*" else value
            lost += [f"{place}: {value!r} is missing" for place in places if wanted not in found.get(place, set())]
    return lost


def _tells_nothing(path: str, value: Any) -> bool:
    if path == "animeSeason.season":
        return bool(value == "UNDEFINED")
    return path in {"picture", "thumbnail"} and is_placeholder_picture(value)


@dataclass(kw_only=True)
class Tally:
    """``problems`` hold where it is and what is wrong."""

    entries: int = 0
    values: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, where: object, values: int, losses: Sequence[str]) -> None:
        self.entries += 1
        self.values += values
        self.problems += [f"{where}: {loss}" for loss in losses]


def check_enriched_file(path: Path) -> Tally:
    tally = Tally()
    for old in json.loads(path.read_text())["data"]:
        try:
            entry = read_entry(old)
            written = dump_entry(entry)
            losses = lost_from_enriched(old, written)
            if check_entry(written) != entry:
                losses.append("what we write is read as something else")
        except InvalidEntry as error:
            losses = list(error.problems)
        tally.add(old.get("title"), sum(1 for _ in leaves(old)), losses)
    return tally


def release_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        if path.suffix == ".zst":
            yield from io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(source))
        else:
            yield from source


def check_release_file(path: Path) -> Tally:
    tally = Tally()
    lines = release_lines(path)
    try:
        read_metadata(next(lines, b""))
    except InvalidEntry as error:
        tally.problems.append(f"first line: {error}")
    for number, line in enumerate(lines, start=2):
        try:
            tally.add(f"line {number}", *_values_and_losses(line))
        except InvalidEntry as error:
            tally.add(f"line {number}", 0, error.problems)
    return tally


def _values_and_losses(line: bytes) -> tuple[int, list[str]]:
    check_line(line)
    old = json.loads(line)
    offered, watched = read_offline(line), decode_watched(line)
    losses = []
    if offered.model_dump(mode="json", exclude_none=True) != old:
        losses.append("the line is not the same after reading and writing it")
    if (list(watched.sources), watched.title, watched.status, watched.episodes) != (
        offered.sources,
        offered.title,
        offered.status,
        offered.episodes,
    ):
        losses.append("the fast decoder reads something else")
    derived = derive_entry(offered, mint_anime_id(canonical_source(offered.sources)))
    written = dump_entry(derived)
    if check_entry(written) != derived:
        losses.append("what we write is read as something else")
    return sum(1 for _ in leaves(old)), losses + lost_from_line(old, written)


def main() -> int:
    parser = argparse.ArgumentParser(description="Check that whole files are read without loss.")
    parser.add_argument("--enriched", type=Path, help="an enriched file")
    parser.add_argument("releases", type=Path, nargs="*", help="releases as .jsonl or .jsonl.zst")
    arguments = parser.parse_args()
    tallies = {path: check_release_file(path) for path in arguments.releases}
    if arguments.enriched:
        tallies[arguments.enriched] = check_enriched_file(arguments.enriched)
    if not tallies:
        parser.error("give at least one file")
    for path, tally in tallies.items():
        print(f"{path.name}: {tally.entries} entries, {tally.values} values, {len(tally.problems)} lost")
        for problem in tally.problems[:SHOWN]:
            print(f"  {problem}")
    return 1 if any(tally.problems for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
