"""What a downloaded body must be to be stored, and what is taken out of it."""

import hashlib
import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from sources.image_content import MAX_FRAMES, NotAnImage, inspect_image
from tests.support.pictures import animation, picture

POSITION = b"50.0000"


@pytest.mark.parametrize(
    ("kind", "extension", "content_type"),
    [
        ("JPEG", "jpg", "image/jpeg"),
        ("PNG", "png", "image/png"),
        ("GIF", "gif", "image/gif"),
        ("WEBP", "webp", "image/webp"),
    ],
)
def test_the_magic_bytes_decide_the_type(kind: str, extension: str, content_type: str) -> None:
    image = inspect_image(picture(kind))
    assert (image.extension, image.content_type) == (extension, content_type)
    assert image.sha256 == hashlib.sha256(image.body).hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>not found</body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0"?><svg/>',
        b"\xff\xd8\xff<script>alert(1)</script>",
        b"GIF89a/*<script>*/",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnImage):
        inspect_image(body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    body = picture(kind, size=(200, 200))
    with pytest.raises(NotAnImage):
        inspect_image(body[: len(body) // 2])


def test_a_small_file_of_very_many_pixels_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    with pytest.raises(NotAnImage, match=r"pixels|DecompressionBomb"):
        inspect_image(bomb)


def test_an_animation_of_very_many_frames_is_refused() -> None:
    with pytest.raises(NotAnImage, match="frames"):
        inspect_image(animation(MAX_FRAMES + 1))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_go_and_the_picture_stays(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = f"taken at {POSITION.decode()}"
    body = picture(kind, exif=exif)
    assert POSITION in body
    clean = inspect_image(body).body
    assert POSITION not in clean
    with Image.open(io.BytesIO(body)) as before, Image.open(io.BytesIO(clean)) as after:
        assert before.tobytes() == after.tobytes()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_inspection(tail: bytes) -> None:
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b""):
        try:
            inspect_image(start + tail)
        except NotAnImage:
            continue


def test_one_picture_is_unpacked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight of the largest at once would take more memory than the function has."""
    load, others = ImageFile.ImageFile.load, threading.Event()
    inside: list[int] = []
    most: list[int] = []

    def watched(image: ImageFile.ImageFile) -> object:
        inside.append(1)
        most.append(len(inside))
        others.wait(0.05)  # room for another thread to come in, if any could; none has to be waited for
        try:
            return load(image)
        finally:
            inside.pop()

    monkeypatch.setattr(ImageFile.ImageFile, "load", watched)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(inspect_image, [picture("JPEG")] * 4))

    assert max(most) == 1
    assert len(most) >= 4
