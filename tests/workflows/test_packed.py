"""Compressed, hashed lines: what comes out is what went in, or an error."""

import hashlib
import io

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from domain.snapshot_format import ANIMES_FILE, SnapshotFile
from models.errors import Malformed
from workflows.packed import PackedWriter, packed_lines


def packed(lines: list[bytes]) -> tuple[bytes, SnapshotFile]:
    sink = io.BytesIO()
    writer = PackedWriter(ANIMES_FILE, sink)
    for line in lines:
        writer.write(line + b"\n")
    described = writer.finish()
    return sink.getvalue(), described


def read(body: bytes, described: SnapshotFile) -> list[bytes]:
    return list(packed_lines(io.BytesIO(body), described))


@given(st.lists(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b" ")), max_size=50))
def test_lines_come_back(lines: list[bytes]) -> None:
    body, described = packed(lines)
    assert read(body, described) == lines


def test_the_description_says_what_lies_there() -> None:
    body, described = packed([b"one", b"two"])
    plain = b"one\ntwo\n"
    assert (described.lines, described.bytes, described.stored_bytes) == (2, len(plain), len(body))
    assert described.sha256 == hashlib.sha256(plain).hexdigest()
    assert described.stored_sha256 == hashlib.sha256(body).hexdigest()
    assert zstandard.ZstdDecompressor().stream_reader(body).read() == plain


def test_lines_longer_than_a_read_come_back() -> None:
    lines = [b"x" * 3_000_000, b"", b"y"]
    body, described = packed(lines)
    assert read(body, described) == lines


def test_every_truncation_is_noticed() -> None:
    body, described = packed([bytes([65 + n % 26]) * 40 for n in range(30)])
    for length in range(len(body)):
        with pytest.raises(Malformed):
            read(body[:length], described)


def test_every_changed_byte_is_noticed() -> None:
    body, described = packed([b"some line", b"another line"])
    for position in range(len(body)):
        changed = bytearray(body)
        changed[position] ^= 0xFF
        with pytest.raises(Malformed):
            read(bytes(changed), described)


def test_what_follows_the_end_is_noticed() -> None:
    body, described = packed([b"one"])
    for more in (b"x", b"\0" * 100, body):
        with pytest.raises(Malformed):
            read(body + more, described)


def test_a_file_that_unpacks_to_more_than_described_is_stopped() -> None:
    body, _ = packed([b"0" * 5_000_000])
    _, described = packed([b"0"])
    with pytest.raises(Malformed, match="more than 2 bytes"):
        read(body, described)
