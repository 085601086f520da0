"""Zip files that hold nothing of the machine or the hour they were made: same content, same bytes."""

import os
import tempfile
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import IO, Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that the format knows."""

_UNIX: Final = 3
_FILE: Final = 0o100644 << 16
"""A regular file that everybody may read: Lambda runs code as a user who owns none of it."""

_LEVEL: Final = 6


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Members as they are: packing sources would save little, and how far one packs differs between builds of zlib."""
    content = BytesIO()
    _write(content, members, zipfile.ZIP_STORED)
    return content.getvalue()


def write_deflated(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """The bytes are the same wherever Python is built with the same zlib."""
    with path.open("wb") as file:
        _write(file, members, zipfile.ZIP_DEFLATED)


def replace_if_different(path: Path, content: bytes) -> None:
    """Whoever reads the file at the same time, or writes it too, sees a whole one."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _write(file: IO[bytes], members: Iterable[tuple[str, bytes]], compression: int) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in sorted(members):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _FILE
            archive.writestr(info, content, compression, _LEVEL)
