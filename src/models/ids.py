"""Identity: canonical source URLs and the ids minted from them.

An id is minted once and then looked up. When minted, its 128 bits are the first 128 of the SHA-256 of a key, so that
two runs at the same time mint the same; 128 bits always fit the ULID text of 26 Crockford characters. The keys are

* an anime: its canonical source URL,
* an episode: ``<anime_id>|<canonical number>``,
* a character: ``<anime_id>|<catalogue>:<id>``, or ``<anime_id>|name:<folded name>`` where no catalogue knows it.

The golden vectors in ``tests/models/test_ids.py`` pin normalisation and hash: changing either would mint new ids for
known anime.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import StringConstraints

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_PATTERN: Final = "[0-7][0-9A-HJKMNP-TV-Z]{25}"

AnimeId = Annotated[str, StringConstraints(pattern=f"^ani_{_ULID_PATTERN}$")]
EpisodeId = Annotated[str, StringConstraints(pattern=f"^ep_{_ULID_PATTERN}$")]
CharacterId = Annotated[str, StringConstraints(pattern=f"^char_{_ULID_PATTERN}$")]

SOURCE_ORDER: Final = (
    "myanimelist.net",
    "anilist.co",
    "anidb.net",
    "kitsu.app",
    "anime-planet.com",
    "anisearch.com",
    "livechart.me",
    "animecountdown.com",
    "notify.moe",
    "simkl.com",
)
"""Hosts in the order in which one of an entry's sources is taken as canonical; the rest follow by alphabet."""

CHARACTER_KEY_ORDER: Final = ("mal", "anilist", "anidb", "kitsu", "animeplanet", "anisearch")
"""Catalogues in the order in which a character's id there becomes its key; the rest follow by alphabet."""

_HOST_ALIASES: Final = {
    "kitsu.io": "kitsu.app",
    "hummingbird.me": "kitsu.app",
    "livechart.com": "livechart.me",
    "anisearch.de": "anisearch.com",
}
_NUMBERED: Final = re.compile(r"^/anime/(\d+)(?:[/,].*)?$", re.IGNORECASE)
_NUMBERED_HOSTS: Final = frozenset(
    {"myanimelist.net", "anilist.co", "anidb.net", "anisearch.com", "livechart.me", "simkl.com"}
)
_SLUG_HOSTS: Final = frozenset({"kitsu.app", "anime-planet.com", "notify.moe"})
_SLUG: Final = re.compile(r"^/anime/([^/]+)(?:/.*)?$", re.IGNORECASE)
_ANIDB_SHORT: Final = re.compile(r"^/a(?:nime)?(\d+)$", re.IGNORECASE)
_MOST_EPISODES: Final = 1_000_000
_COUNTDOWN: Final = re.compile(r"^/(\d+)(?:/.*)?$")


@lru_cache(maxsize=16_384)
def normalise_source(url: str) -> str:
    """The one spelling of a source URL: https, no ``www.``, today's host, no slug behind a number, no query.

    Case is kept only where it carries meaning (notify.moe ids, unknown hosts' paths). Of unknown hosts the query is
    kept, sorted, because some of them (Anime News Network) hold the id there.

    Raises:
        ValueError: the text is no http(s) URL with a host.
    """
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not a source URL: {url!r}; expected https://<host>/<path>")
    host = parts.hostname.lower().removeprefix("www.").rstrip(".")
    host = _HOST_ALIASES.get(host, host)
    path = parts.path.rstrip("/") or "/"
    known = _known_path(host, path, parts.query)
    if known is not None:
        return f"https://{host}{known}"
    query = urlencode(sorted(parse_qsl(parts.query)))
    return f"https://{host}{'' if path == '/' and not query else path}{'?' + query if query else ''}"


def _known_path(host: str, path: str, query: str) -> str | None:
    if host in _NUMBERED_HOSTS and (match := _NUMBERED.match(path)):
        return f"/anime/{int(match[1])}"
    if host == "anidb.net":
        return _anidb_path(path, query)
    if host == "animecountdown.com":
        return f"/{int(match[1])}" if (match := _COUNTDOWN.match(path)) else None
    if host in _SLUG_HOSTS and (match := _SLUG.match(path)):
        return f"/anime/{match[1] if host == 'notify.moe' else match[1].lower()}"
    return None


def _anidb_path(path: str, query: str) -> str | None:
    if match := _ANIDB_SHORT.match(path):
        return f"/anime/{int(match[1])}"
    number = dict(parse_qsl(query)).get("aid", "")
    return f"/anime/{int(number)}" if number.isdecimal() else None


def normalise_sources(urls: Iterable[str]) -> tuple[str, ...]:
    """Canonical spellings, each once, in alphabetical order.

    Raises:
        ValueError: one of them is no URL.
    """
    return tuple(sorted({normalise_source(url) for url in urls}))


def source_host(url: str) -> str:
    """The host of a canonical source URL."""
    return urlsplit(url).hostname or ""


def canonical_source(sources: Iterable[str]) -> str:
    """The source an anime's id is minted from: first by ``SOURCE_ORDER``, then by alphabet.

    Raises:
        ValueError: there is none.
    """
    known = {host: position for position, host in enumerate(SOURCE_ORDER)}
    candidates = normalise_sources(sources)
    if not candidates:
        raise ValueError("an anime needs at least one source URL")
    return min(candidates, key=lambda url: (known.get(source_host(url), len(known)), url))


def mint_anime_id(canonical: str) -> str:
    """The id of the anime whose canonical source URL this is."""
    return f"ani_{_ulid_text(_digest_bits(normalise_source(canonical)))}"


def mint_episode_id(anime_id: str, number: str) -> str:
    return f"ep_{_ulid_text(_digest_bits(f'{anime_id}|{canonical_number(number)}'))}"


def mint_character_id(anime_id: str, key: str) -> str:
    """``key`` as ``character_key`` gives it."""
    return f"char_{_ulid_text(_digest_bits(f'{anime_id}|{key}'))}"


def mint_review_id(execution: str) -> str:
    """One review an execution, so that a repeated request finds its own."""
    return f"rev_{_ulid_text(_digest_bits(execution))}"


def character_key(character_ids: Mapping[str, int | str], name: str) -> str:
    """``<catalogue>:<id>`` of the first catalogue that knows the character, else ``name:<folded name>``."""
    known = {catalogue: position for position, catalogue in enumerate(CHARACTER_KEY_ORDER)}
    for catalogue in sorted(character_ids, key=lambda c: (known.get(c, len(known)), c)):
        return f"{catalogue}:{character_ids[catalogue]}"
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return f"name:{folded}"


def canonical_number(value: int | float | str) -> str:
    """An episode number as text: ``1``, ``12.5``, ``S1``; ``01``, ``1.0`` and ``s01`` are spellings of them.

    Raises:
        ValueError: neither a number from 0 to a million nor a letter followed by one.
    """
    text = unicodedata.normalize("NFKC", str(value)).strip().upper()
    prefix = text[:1] if text[:1].isalpha() and text[:1].isascii() else ""
    try:
        number = Decimal(text[len(prefix) :])
    except InvalidOperation:
        raise ValueError(f"not an episode number: {value!r}; expected 1, 12.5 or S1") from None
    if not number.is_finite() or not 0 <= number < _MOST_EPISODES:
        raise ValueError(f"not an episode number: {value!r}; expected 1, 12.5 or S1")
    digits = f"{number.normalize():f}"
    return f"{prefix}{digits}"


def is_special(number: str) -> bool:
    """Whether a canonical number names a special, which a release's episode count leaves out."""
    return number[:1].isalpha()


def point_id(identifier: str) -> str:
    """The Qdrant point id of an id: the same 128 bits as a UUID."""
    value = 0
    for character in identifier.rpartition("_")[2]:
        value = value * 32 + _CROCKFORD.index(character)
    return str(uuid.UUID(int=value))


def ulid_from_bits(bits: int) -> str:
    """ULID text of a 128-bit number, such as a lock's token."""
    return _ulid_text(bits)


def _digest_bits(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:16])


def _ulid_text(bits: int) -> str:
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))
