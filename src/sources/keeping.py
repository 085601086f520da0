"""How long answers are kept, and the form they are kept in.

A kept answer is one zstd frame: a line of JSON about it, then the body as it came. It never holds what a request was
signed with, and neither does its key.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
import zstandard

from sources.http import MAX_BYTES, Response

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

STALE_SECONDS: Final = 8 * DAY
"""Beyond its time an answer stands in for a catalogue that fails: from one weekly run to the next, and a day."""

NEGATIVE_SECONDS: Final = HOUR / 2
"""What does not exist may be added soon; this keeps repeated executions from asking for it again and again."""

MOST_BYTES: Final = 1024 * 1024
"""Of one kept answer, compressed. The longest list of characters takes a fifth; a cache of half a gigabyte holds what
matters only if nobody fills it with single answers."""

_LEVEL: Final = 3
_VERSION: Final = 1
_LONGEST_LINE: Final = 8 * 1024


class Kind(StrEnum):
    """What an answer is of; see ``LIFETIMES``."""

    ANIME = "anime"
    EPISODES = "episodes"
    EPISODE = "episode"
    CHARACTERS = "characters"
    CHARACTER = "character"
    STAFF = "staff"
    STATISTICS = "statistics"
    RELATIONS = "relations"
    MEDIA = "media"
    """Themes, pictures, videos, links."""
    TIMETABLE = "timetable"


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds during which an answer counts as fresh, of an anime that has ended or not begun, and of one on air."""

    settled: float
    airing: float


LIFETIMES: Final[Mapping[Kind, Lifetime]] = {
    Kind.ANIME: Lifetime(settled=DAY, airing=3 * HOUR),
    # An episode's own execution runs within the hour of its airing and must not be told of the week before.
    Kind.EPISODES: Lifetime(settled=DAY, airing=HOUR),
    # On air is here the episode itself: one that aired weeks ago changes as seldom as those of a series that ended.
    Kind.EPISODE: Lifetime(settled=7 * DAY, airing=HOUR),
    Kind.CHARACTERS: Lifetime(settled=7 * DAY, airing=DAY),
    Kind.CHARACTER: Lifetime(settled=14 * DAY, airing=14 * DAY),
    Kind.STAFF: Lifetime(settled=7 * DAY, airing=DAY),
    Kind.STATISTICS: Lifetime(settled=DAY, airing=6 * HOUR),
    Kind.RELATIONS: Lifetime(settled=7 * DAY, airing=DAY),
    Kind.MEDIA: Lifetime(settled=7 * DAY, airing=DAY),
    Kind.TIMETABLE: Lifetime(settled=HOUR, airing=HOUR),
}


def _keep_any(_: Any) -> None:
    """Whatever could be read."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How an answer is kept; made by the catalogue's own module, which knows what it asks for.

    ``item`` is its key without the catalogue: ``anime:1``, ``anime:1:episodes:2``. ``airing`` tells from the value
    whether the anime is on air, and never raises; where it is missing or says None, ``of`` is the item of an answer
    that does.

    ``check`` reads the value as its step will, and raises where the step would: an error in disguise, or a shape that
    nobody can use. Such an answer is not kept, and takes no good one's place. One of which a few rows are left out is
    kept as any other: a row that lacks its name lacks it for weeks, so asking again would mend nothing, the reviewer
    is told each time it is read, and the body is kept as it came, for a reader that knows more.
    """

    item: str
    kind: Kind
    of: str | None = None
    airing: Callable[[Any], bool | None] | None = None
    check: Callable[[Any], object] = _keep_any


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An answer as it is kept. ``asked`` identifies the request, without its credentials: an answer to another one is
    none, also under the same key. ``missing`` is the message where the catalogue has no such thing. Times are seconds
    since the epoch."""

    asked: str
    at: float
    fresh_until: float
    airing: bool
    missing: str | None
    content_type: str
    body: bytes

    def response(self) -> Response:
        return Response(status=200, headers={"content-type": self.content_type}, body=self.body)


def packed(kept: Kept) -> bytes:
    line = {
        "v": _VERSION,
        "asked": kept.asked,
        "at": kept.at,
        "fresh": kept.fresh_until,
        "airing": kept.airing,
        "missing": kept.missing,
        "type": kept.content_type,
    }
    return zstandard.ZstdCompressor(level=_LEVEL).compress(orjson.dumps(line) + b"\n" + kept.body)


def unpacked(value: bytes) -> Kept | None:
    """None where it is nothing that this version has packed."""
    try:
        size = zstandard.get_frame_parameters(value).content_size
        if size > MAX_BYTES + _LONGEST_LINE:
            return None
        line, separator, body = zstandard.ZstdDecompressor().decompress(value).partition(b"\n")
        about: Any = orjson.loads(line)
        if not separator or about["v"] != _VERSION:
            return None
        at, fresh_until = float(about["at"]), float(about["fresh"])
        missing = about["missing"]
        if not (math.isfinite(at) and math.isfinite(fresh_until)):
            return None
        return Kept(
            asked=str(about["asked"]),
            at=at,
            fresh_until=fresh_until,
            airing=about["airing"] is True,
            missing=None if missing is None else str(missing),
            content_type=str(about["type"]),
            body=body,
        )
    except (zstandard.ZstdError, ValueError, KeyError, TypeError):
        return None
