"""Small pictures that stand for real ones in the replay, drawn here and marked as synthetic."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from PIL import Image, ImageDraw

_FORMATS: Final = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
_WIDTHS: Final = (96, 112, 128)
_RATIO: Final = (4, 3)
_BANNER_SIZE: Final = (256, 72)
_MAIN_CHARACTERS: Final = 7
_EPISODE_THUMBNAILS: Final = 4
_ANIMESCHEDULE_IMAGES: Final = "https://img.animeschedule.net/production/assets/public/img/"
_ANIDB_IMAGES: Final = "https://cdn.anidb.net/images/main/"


def draw(url: str) -> tuple[str, bytes]:
    """File name extension and bytes of the picture of a URL. Colour and size follow from the URL's hash."""
    suffix = urlsplit(url).path.rpartition(".")[2].lower()
    extension = "jpg" if _FORMATS.get(suffix, "JPEG") == "JPEG" else suffix
    digest = hashlib.sha256(url.encode()).digest()
    width = _WIDTHS[digest[0] % len(_WIDTHS)]
    size = _BANNER_SIZE if "banner" in url or "cover_image" in url else (width, width * _RATIO[0] // _RATIO[1])
    picture = Image.new("RGB", size, (digest[1], digest[2], digest[3]))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((4, 4, size[0] - 5, size[1] - 5), outline=(255, 255, 255))
    pen.text((8, size[1] // 2 - 10), "SYNTHETIC", fill=(255, 255, 255))
    pen.text((8, size[1] // 2 + 4), digest.hex()[:12], fill=(255, 255, 255))
    body = io.BytesIO()
    picture.save(body, _FORMATS[extension], quality=70)
    return extension, body.getvalue()


def replay_name(url: str, extension: str) -> str:
    """``<host>/GET <path and query, percent-encoded>.<extension>``."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{parts.hostname}/GET {quote(target, safe='')}.{extension}"


def cowboy_bebop_urls(recorded: Mapping[str, Any]) -> Iterator[str]:
    """Covers, banners, a few thumbnails and the main characters. ``recorded``: file stem -> parsed JSON."""
    jikan = recorded["jikan_anime_1_full"]["data"]["images"]
    yield jikan["jpg"]["large_image_url"]
    yield jikan["webp"]["large_image_url"]
    anilist = recorded["anilist_1_collected"]
    yield anilist["coverImage"]["extraLarge"]
    yield anilist["bannerImage"]
    kitsu = recorded["kitsu_anime_1"]
    for size in ("original", "large", "small"):
        yield kitsu["anime"]["attributes"]["posterImage"][size]
    yield kitsu["anime"]["attributes"]["coverImage"]["original"]
    yield recorded["animeplanet_cowboy_bebop"]["opengraph"]["image"]
    yield _ANIMESCHEDULE_IMAGES + recorded["animeschedule_cowboy_bebop"]["imageVersionRoute"]
    yield _ANIDB_IMAGES + recorded["anidb_23_parsed"]["picture"]
    for episode in kitsu["episodes"][:_EPISODE_THUMBNAILS]:
        yield episode["attributes"]["thumbnail"]["original"]
    for edge in anilist["characters"]["edges"]:
        if edge["role"] == "MAIN":
            yield edge["node"]["image"]["large"]
    yield from _jikan_characters(recorded["jikan_characters_full_collected"])
    for character in recorded["anidb_23_parsed"]["characters"][:_MAIN_CHARACTERS]:
        yield _ANIDB_IMAGES + character["picture"]


def _jikan_characters(characters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    favourites = sorted(characters, key=lambda item: -int(item["favorites"]))[:_MAIN_CHARACTERS]
    for item in favourites:
        character = item.get("character", item)
        yield character["images"]["jpg"]["image_url"]


def enriched_urls(entries: Sequence[Mapping[str, Any]], *, every: int) -> Iterator[str]:
    """The first cover of every so-many-th entry; what is not drawn fails when it is asked for, as it would."""
    for entry in entries[::every]:
        covers: list[str] = [*entry["images"]["covers"], *entry["images"]["posters"]]
        yield from covers[:1]


def write_images(urls: Iterator[str], replay: Path) -> int:
    """Replace the pictures of the replay; what else is recorded there stays."""
    for picture in sorted(replay.glob("*/GET *")):
        if picture.suffix.removeprefix(".") in _FORMATS:
            picture.unlink()
    wanted = sorted(set(urls))
    for url in wanted:
        extension, body = draw(url)
        path = replay / replay_name(url, extension)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return len(wanted)
