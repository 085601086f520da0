"""The enriched file: the whole database as one JSON document, ``{"license": ..., "data": [entry, ...], ...}``.

It is written as a stream, one entry a line, and read with one entry decoded at a time: in memory are the file's bytes
and never all the entries. What the stores keep for themselves (``revision``, ``last_saga``) is not part of it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
import orjson

from models.anime import STORE_FIELDS, AnimeEntry, dump_entry, read_entry
from models.errors import BadInput, InvalidEntry

HEADER: Final[dict[str, Any]] = {
    "license": {
        "name": "Open Data Commons Open Database License (ODbL) v1.0 + Database Contents License (DbCL) v1.0",
        "url": "https://opendatacommons.org/licenses/odbl/1-0/",
    },
    "derivedFrom": "https://github.com/manami-project/anime-offline-database",
}
"""Entries derive from anime-offline-database, so the file as a whole stands under that database's licence."""

_NAMED_PROBLEMS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Written:
    entries: int
    episodes: int
    characters: int


def portable(entry: AnimeEntry) -> dict[str, Any]:
    """The JSON-ready form of an entry as the file holds it."""
    return {field: value for field, value in dump_entry(entry).items() if field not in STORE_FIELDS}


class EnrichedFileWriter:
    """Writes the file piece by piece; ``finish`` completes it."""

    def __init__(self, write: Callable[[bytes], object], *, last_update: date) -> None:
        self._write = write
        self._entries = self._episodes = self._characters = 0
        opening = orjson.dumps({**HEADER, "lastUpdate": last_update.isoformat()})
        write(opening[:-1] + b',"data":[')

    def add(self, entry: AnimeEntry) -> None:
        self._write((b",\n" if self._entries else b"\n") + orjson.dumps(portable(entry), option=orjson.OPT_SORT_KEYS))
        self._entries += 1
        self._episodes += len(entry.episode_details)
        self._characters += len(entry.characters)

    def finish(self) -> Written:
        """The total stands at the end, since it is not known before."""
        self._write(b"\n]," + orjson.dumps({"enrichmentInfo": {"totalAnime": self._entries}})[1:] + b"\n")
        return Written(entries=self._entries, episodes=self._episodes, characters=self._characters)


def write_enriched(write: Callable[[bytes], object], entries: Iterable[AnimeEntry], *, last_update: date) -> Written:
    """The whole file, from a stream of entries."""
    writer = EnrichedFileWriter(write, last_update=last_update)
    for entry in entries:
        writer.add(entry)
    return writer.finish()


class _File(msgspec.Struct):
    data: list[msgspec.Raw]


class EnrichedFile:
    """An enriched file that was given: ours, or the first one, whose entries are adopted (see ``models.legacy``)."""

    def __init__(self, body: bytes) -> None:
        """Raises:
        BadInput: it is not JSON, or not of this shape.
        """
        try:
            self._data = msgspec.json.decode(body, type=_File).data
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(
                f"the file is no enriched database ({error}); expected JSON of the form"
                ' {"license": ..., "data": [entry, ...]}'
            ) from error

    def __len__(self) -> int:
        return len(self._data)

    def entries(self) -> Iterator[AnimeEntry]:
        """One after the other; may be asked for again.

        Raises:
            BadInput: an entry is not readable; the message names it.
        """
        return (_read(raw, position) for position, raw in enumerate(self._data, start=1))


def _read(raw: msgspec.Raw, position: int) -> AnimeEntry:
    try:
        data = orjson.loads(memoryview(raw))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"entry {position} of the file is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadInput(f"entry {position} of the file is no object")
    try:
        return read_entry(data)
    except InvalidEntry as error:
        named = "; ".join(error.problems[:_NAMED_PROBLEMS])
        more = len(error.problems) - _NAMED_PROBLEMS
        raise BadInput(
            f"entry {position} of the file ({data.get('title', 'without title')}) is not valid: {named}"
            + (f"; and {more} more" if more > 0 else "")
        ) from error
