"""Small pictures drawn for tests."""

import io
from typing import Any

from PIL import Image


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (32, 24), colour: str = "teal", **options: Any) -> bytes:
    """``kind`` is one of Pillow's formats; ``options`` go to its ``save``."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def animation(frames: int) -> bytes:
    out = io.BytesIO()
    first, *rest = (Image.new("L", (4, 4), number * 7 % 256) for number in range(frames))
    first.save(out, "GIF", save_all=True, append_images=rest, duration=20)
    return out.getvalue()
