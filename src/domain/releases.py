"""What a release of anime-offline-database is: its names, its limits, and how its lines tell the anime they mean."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.errors import BadInput
from models.ids import normalise_source
from models.offline import OfflineMetadata

ASSET_NAME: Final = "anime-offline-database.jsonl.zst"
"""The one asset of a release that is read."""

SCHEMA_NAME: Final = "anime-offline-database.jsonl.schema.json"
"""Last part of the ``$schema`` that line 1 names; the assets in other forms name other schemas."""

WHAT_TO_GIVE: Final = f"give the asset {ASSET_NAME} of a release, unchanged"

MIB: Final = 1024 * 1024

_TAG_IN_SCHEMA: Final = re.compile(r"/refs/tags/([A-Za-z0-9._-]{1,64})/")

_ALREADY_CANONICAL: Final = re.compile(
    r"https://(?:"
    r"(?:myanimelist\.net|anilist\.co|anidb\.net|anisearch\.com|livechart\.me|simkl\.com)/anime/(?:0|[1-9][0-9]*)"
    r"|(?:kitsu\.app|anime-planet\.com)/anime/[a-z0-9-]+"
    r"|notify\.moe/anime/[A-Za-z0-9_-]+"
    r"|animecountdown\.com/(?:0|[1-9][0-9]*)"
    r")"
).fullmatch


@dataclass(frozen=True, kw_only=True)
class ReleaseLimits:
    """Caps that a release must keep, so that a hostile or broken file cannot fill memory.

    ``max_window_bytes`` is what the ``zstd`` command itself accepts.
    """

    max_compressed_bytes: int = 64 * MIB
    max_unpacked_bytes: int = 1024 * MIB
    max_window_bytes: int = 128 * MIB
    max_line_bytes: int = 4 * MIB


@dataclass(frozen=True, kw_only=True)
class ReleaseFacts:
    """What a whole reading of a release has shown. ``sha256`` is of the file as given, compressed."""

    release: str
    entries: int
    sha256: str
    compressed_bytes: int
    unpacked_bytes: int


@dataclass(frozen=True, kw_only=True)
class ResolvedRelease:
    """A published release: its tag, the commit that the tag names, and where its asset is.

    ``sha256`` is the digest that the publisher states for the asset, where it states one.
    """

    tag: str
    sha: str
    asset_url: str
    asset_bytes: int
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Download:
    """What was received of an asset."""

    sha256: str
    size: int


def canonical_sources(urls: Iterable[str]) -> tuple[str, ...]:
    """As ``models.ids.normalise_sources``, several times faster where the URLs are canonical already.

    Raises:
        ValueError: one of them is no URL.
    """
    return tuple(sorted({url if _ALREADY_CANONICAL(url) else normalise_source(url) for url in urls}))


def check_metadata(metadata: OfflineMetadata) -> str:
    """The release's name: the tag in the URL of its schema, else the day of its last update.

    Raises:
        BadInput: line 1 belongs to another form of the dataset.
    """
    schema = metadata.schema_url
    if schema.rpartition("/")[2] != SCHEMA_NAME:
        raise BadInput(f"line 1 names another schema than {SCHEMA_NAME}; {WHAT_TO_GIVE}")
    tag = _TAG_IN_SCHEMA.search(schema)
    return tag[1] if tag else metadata.last_update


def text_identity(parts: Iterable[str], *, limit: int = 1000) -> str:
    """Parts as one text that a person can read and that is the same for the same parts, at most ``limit`` long."""
    text = " | ".join(parts)
    if len(text) <= limit:
        return text
    ending = f" ... (sha256 {hashlib.sha256(text.encode()).hexdigest()})"
    return text[: limit - len(ending)] + ending
