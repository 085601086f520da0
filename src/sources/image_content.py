"""What a downloaded body really is.

Magic bytes decide, never the server's word. SVG is refused because it is a document that can hold script. The whole
picture is decoded once, so that a truncated one is found before it is stored, and what cameras and editors leave in
a file (EXIF with a position, comments) is cut out without touching the picture.
"""

import hashlib
import io
import struct
import threading
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

from models.errors import Permanent
from workflows.ports import DownloadedImage

MAX_PIXELS: Final = 40_000_000
MAX_FRAMES: Final = 300

_UNPACKING: Final = threading.Lock()
"""One picture at a time: the largest takes 620 MiB unpacked, and downloads run side by side. Filters of warnings are of
the whole process, too."""

_KINDS: Final = (
    (b"\xff\xd8\xff", "jpg", "image/jpeg", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "png", "image/png", "PNG"),
    (b"GIF87a", "gif", "image/gif", "GIF"),
    (b"GIF89a", "gif", "image/gif", "GIF"),
)
_PNG_TEXT_CHUNKS: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_WEBP_TEXT_CHUNKS: Final = frozenset({b"EXIF", b"XMP "})
_WEBP_METADATA_FLAGS: Final = 0x08 | 0x04
_JPEG_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_METADATA: Final = frozenset({0xE1, 0xED, 0xFE})
"""APP1 (EXIF, XMP), APP13 (IPTC) and comments."""
_JPEG_START_OF_SCAN: Final = 0xDA


class NotAnImage(Permanent):
    """The body is no picture of a kind that we store."""


def inspect_image(body: bytes) -> DownloadedImage:
    """Raises:
    NotAnImage: wrong kind, broken, too many pixels or frames.
    """
    extension, content_type, pillow_format = _kind(body)
    _check_picture(body, pillow_format)
    clean = _STRIPPERS.get(extension, bytes)(body)
    return DownloadedImage(
        body=clean, sha256=hashlib.sha256(clean).hexdigest(), extension=extension, content_type=content_type
    )


def _kind(body: bytes) -> tuple[str, str, str]:
    for magic, extension, content_type, pillow_format in _KINDS:
        if body.startswith(magic):
            return extension, content_type, pillow_format
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp", "image/webp", "WEBP"
    raise NotAnImage("the body is not JPEG, PNG, GIF or WebP")


def _check_picture(body: bytes, pillow_format: str) -> None:
    try:
        with _UNPACKING, warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(body), formats=[pillow_format]) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise NotAnImage(f"the picture has {width} x {height} pixels; at most {MAX_PIXELS} are stored")
                if getattr(picture, "n_frames", 1) > MAX_FRAMES:
                    raise NotAnImage(f"the picture has more than {MAX_FRAMES} frames")
                picture.load()
    except NotAnImage:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        Image.DecompressionBombError,
        Warning,
    ) as error:
        raise NotAnImage(f"the picture is broken or truncated ({type(error).__name__})") from None


def _strip_jpeg(body: bytes) -> bytes:
    kept = bytearray(body[:2])
    position = 2
    while position + 4 <= len(body) and body[position] == 0xFF:
        marker = body[position + 1]
        if marker == _JPEG_START_OF_SCAN:
            break
        if marker in _JPEG_STANDALONE or marker == 0xFF:
            kept += body[position : position + (1 if marker == 0xFF else 2)]
            position += 1 if marker == 0xFF else 2
            continue
        end = position + 2 + int.from_bytes(body[position + 2 : position + 4])
        if marker not in _JPEG_METADATA:
            kept += body[position:end]
        position = end
    return bytes(kept) + body[position:]


def _strip_png(body: bytes) -> bytes:
    kept = bytearray(body[:8])
    position = 8
    while position + 12 <= len(body):
        length = int.from_bytes(body[position : position + 4])
        kind = body[position + 4 : position + 8]
        end = position + 12 + length
        if kind not in _PNG_TEXT_CHUNKS:
            kept += body[position:end]
        position = end
        if kind == b"IEND":
            break
    return bytes(kept)


def _strip_webp(body: bytes) -> bytes:
    chunks = bytearray()
    position = 12
    while position + 8 <= len(body):
        kind = body[position : position + 4]
        length = int.from_bytes(body[position + 4 : position + 8], "little")
        end = position + 8 + length + (length & 1)
        chunk = bytearray(body[position:end])
        if kind == b"VP8X":
            chunk[8] &= ~_WEBP_METADATA_FLAGS & 0xFF
        if kind not in _WEBP_TEXT_CHUNKS:
            chunks += chunk
        position = end
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + bytes(chunks)


_STRIPPERS: Final = {"jpg": _strip_jpeg, "png": _strip_png, "webp": _strip_webp}
