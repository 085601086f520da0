"""Files of lines, compressed with zstd and hashed on their way in and out; memory does not grow with their size."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import zstandard

from domain.snapshot_format import SnapshotFile
from models.errors import Malformed
from workflows.ports import ObjectWriter

_LEVEL: Final = 3
_CHUNK: Final = 1 << 20


class PackedWriter:
    """Writes lines; ``finish`` ends the file and tells what it holds."""

    def __init__(self, name: str, sink: ObjectWriter) -> None:
        self._name = name
        self._sink = sink
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
        self._plain = hashlib.sha256()
        self._stored = hashlib.sha256()
        self._lines = self._bytes = self._stored_bytes = 0

    def write(self, line: bytes) -> None:
        """``line`` ends with the only newline in it."""
        self._lines += 1
        self._bytes += len(line)
        self._plain.update(line)
        self._store(self._compressor.compress(line))

    def finish(self) -> SnapshotFile:
        self._store(self._compressor.flush())
        return SnapshotFile(
            name=self._name,
            lines=self._lines,
            bytes=self._bytes,
            sha256=self._plain.hexdigest(),
            stored_bytes=self._stored_bytes,
            stored_sha256=self._stored.hexdigest(),
        )

    def _store(self, data: bytes) -> None:
        if data:
            self._stored.update(data)
            self._stored_bytes += len(data)
            self._sink.write(data)


def packed_lines(stream: BinaryIO, described: SnapshotFile) -> Iterator[bytes]:
    """The lines of a file, without their newline; the last one comes before the file is known to be whole.

    Raises:
        Malformed: the file is not what was described; also where it is truncated, which zstd itself does not notice.
    """
    stored = hashlib.sha256()
    plain = hashlib.sha256()
    size = count = 0
    rest = b""
    for data in _unpacked(stream, stored, described):
        size += len(data)
        if size > described.bytes:
            raise _not_described(described, f"it unpacks to more than {described.bytes} bytes")
        plain.update(data)
        *lines, rest = (rest + data).split(b"\n")
        count += len(lines)
        yield from lines
    if rest or count != described.lines:
        raise _not_described(described, f"it has {count} whole lines, not {described.lines}")
    if (plain.hexdigest(), stored.hexdigest()) != (described.sha256, described.stored_sha256):
        raise _not_described(described, "its SHA-256 is another one")


class _Digest:
    """Passes a stream on and hashes what comes by; ``read`` is all that the decompressor calls."""

    def __init__(self, stream: BinaryIO, digest: "hashlib._Hash") -> None:
        self._stream = stream
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        return data


def _unpacked(stream: BinaryIO, stored: "hashlib._Hash", described: SnapshotFile) -> Iterator[bytes]:
    source = _Digest(stream, stored)
    try:
        with zstandard.ZstdDecompressor().stream_reader(cast("BinaryIO", source), closefd=False) as reader:
            while data := reader.read(_CHUNK):
                yield data
    except zstandard.ZstdError as error:
        raise _not_described(described, f"it is not zstd ({error})") from error
    while source.read(_CHUNK):
        pass


def _not_described(described: SnapshotFile, why: str) -> Malformed:
    return Malformed(f"{described.name} is not the file that the snapshot's manifest describes: {why}")
