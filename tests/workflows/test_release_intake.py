"""The first pass refuses what is no whole, right release, in one line, and later passes give what stands in it."""

import hashlib
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, BinaryIO, Final

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.releases import MIB, ReleaseFacts, ReleaseLimits
from models.errors import BadInput
from tests.support.samples import SECOND, release_lines
from workflows.release_intake import read_entries, read_lines, verify_release

LIMITS: Final = ReleaseLimits()
LINES: Final = release_lines(SECOND)


class ForwardOnly(io.RawIOBase):
    """As a download: it cannot be rewound, and gives at most so many bytes at a time."""

    def __init__(self, body: bytes, at_a_time: int = 10_000) -> None:
        self._rest = body
        self._at_a_time = at_a_time

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest[: min(len(buffer), self._at_a_time)]
        self._rest = self._rest[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def opening(body: bytes) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with io.BufferedReader(ForwardOnly(body)) as stream:
            yield stream

    return opened


def packed(lines: tuple[bytes, ...] | list[bytes], *, level: int = 3, sized: bool = True) -> bytes:
    text = b"".join(line + b"\n" for line in lines)
    if sized:
        return zstandard.ZstdCompressor(level=level).compress(text)
    unsized = zstandard.ZstdCompressor(level=level).compressobj()
    return unsized.compress(text) + unsized.flush()


def verified(body: bytes, *, sha256: str | None = None, limits: ReleaseLimits = LIMITS) -> ReleaseFacts:
    return verify_release(opening(body), sha256=sha256, limits=limits)


def refused(body: bytes, match: str, *, sha256: str | None = None, limits: ReleaseLimits = LIMITS) -> None:
    with pytest.raises(BadInput, match=match) as raised:
        verified(body, sha256=sha256, limits=limits)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def changed(number: int, **fields: Any) -> bytes:
    """The sample with fields of one line replaced; None leaves a field out."""
    line = {**json.loads(LINES[number]), **fields}
    kept = {name: value for name, value in line.items() if value is not None}
    return packed([*LINES[:number], json.dumps(kept).encode(), *LINES[number + 1 :]])


@pytest.mark.parametrize("sized", [True, False])
def test_a_whole_release_is_accepted_with_its_facts(sized: bool) -> None:
    body = packed(LINES, sized=sized)
    facts = verified(body, sha256=hashlib.sha256(body).hexdigest())
    assert facts == ReleaseFacts(
        release="2026-05",
        entries=len(LINES) - 1,
        sha256=hashlib.sha256(body).hexdigest(),
        compressed_bytes=len(body),
        unpacked_bytes=sum(len(line) + 1 for line in LINES),
    )


def test_the_last_line_needs_no_end_and_lines_may_end_as_on_windows() -> None:
    body = zstandard.ZstdCompressor().compress(b"\r\n".join(LINES))
    assert verified(body).entries == len(LINES) - 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000_000), st.booleans())
def test_every_truncation_is_noticed(cut: int, sized: bool) -> None:
    body = packed(LINES[:40], sized=sized)
    with pytest.raises(BadInput):
        verified(body[: cut % len(body)])


@pytest.mark.parametrize("sized", [True, False])
def test_a_file_that_lacks_its_last_byte_is_called_truncated(sized: bool) -> None:
    refused(packed(LINES, sized=sized)[:-1], r"truncated.*download it again")


@pytest.mark.parametrize("body", [b"", b"{", b"PK\x03\x04" + bytes(100), b"\n".join(LINES), b"\x1f\x8b" + bytes(50)])
def test_what_is_not_zstd_is_refused(body: bytes) -> None:
    refused(body, r"not zstd.*anime-offline-database\.jsonl\.zst")


def test_a_damaged_file_is_refused() -> None:
    whole = bytearray(packed(LINES))
    whole[len(whole) // 2 : len(whole) // 2 + 400] = bytes(400)
    with pytest.raises(BadInput):
        verified(bytes(whole))


def test_what_follows_the_frame_is_refused() -> None:
    body = packed(LINES)
    refused(body + b"more", "more follows")
    refused(body + packed(LINES[1:3]), "more follows")


def test_another_digest_is_refused_before_anything_is_unpacked() -> None:
    refused(packed(LINES), "SHA-256 is .* not 0000", sha256="0" * 64)
    refused(b"no zstd", "SHA-256", sha256="0" * 64)


def test_too_many_compressed_bytes_are_refused() -> None:
    limits = replace(LIMITS, max_compressed_bytes=20_000)
    refused(packed(LINES), "too large", limits=limits)
    refused(packed(LINES), "too large", sha256="0" * 64, limits=limits)


@pytest.mark.parametrize("sized", [True, False])
def test_too_many_unpacked_bytes_are_refused(sized: bool) -> None:
    refused(packed(LINES, sized=sized), "too large when unpacked", limits=replace(LIMITS, max_unpacked_bytes=100_000))


def test_a_bomb_is_refused_without_filling_memory() -> None:
    """A gigabyte of blanks in 33 KB: only little is unpacked at a time, so the caps are met long before the end."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    body = b"".join(compressor.compress(b" " * MIB) for _ in range(1024)) + compressor.flush()
    assert len(body) < 40_000
    tracemalloc.start()
    try:
        refused(body, "a line is longer", limits=replace(LIMITS, max_unpacked_bytes=2048 * MIB))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * MIB


def test_a_window_beyond_the_cap_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = compressor.compress(b"\n".join(LINES)) + compressor.flush()
    assert verified(body).entries == len(LINES) - 1
    refused(body, "--long", limits=replace(LIMITS, max_window_bytes=64 * MIB))


def test_an_endless_line_is_refused() -> None:
    refused(
        packed([LINES[0], b'"' + b"a" * 200_000]), "a line is longer", limits=replace(LIMITS, max_line_bytes=100_000)
    )


@pytest.mark.parametrize(
    ("first", "match"),
    [
        (LINES[1], "line 1 is not the metadata"),
        (b"[]", "line 1 is not the metadata"),
        (b"not json", "line 1 is not the metadata"),
        (LINES[0].replace(b".jsonl.schema.json", b"-minified.schema.json"), "line 1 names another schema"),
    ],
)
def test_line_1_has_to_be_the_metadata_of_the_schema(first: bytes, match: str) -> None:
    refused(packed([first, *LINES[1:]]), match)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"sources": None}, "sources"),
        ({"sources": []}, "sources"),
        ({"sources": "https://anilist.co/anime/1"}, "sources"),
        ({"title": None}, "title"),
        ({"status": "AIRING"}, "status"),
        ({"episodes": "12"}, "episodes"),
        ({"episodes": -1}, "episodes"),
        ({"tags": None}, "tags"),
        ({"animeSeason": {}}, "season"),
    ],
)
def test_each_line_has_to_fit_the_schema(fields: dict[str, Any], problem: str) -> None:
    refused(changed(7, **fields), rf"line 8 of the release .*{problem}")


def test_a_source_that_is_no_url_is_refused() -> None:
    refused(changed(7, sources=["https://"]), "line 8 of the release")


def test_a_line_that_is_cut_is_refused() -> None:
    refused(packed([*LINES[:5], LINES[5][:-20]]), "line 6 of the release")


def test_a_release_without_entries_is_refused() -> None:
    refused(packed(LINES[:1]), "holds no entries")


def test_entries_come_in_order_with_what_is_watched() -> None:
    with opening(packed(LINES))() as stream:
        read = [
            (entry.title, list(entry.sources), entry.status, entry.episodes)
            for entry in read_entries(stream, limits=LIMITS)
        ]
    wanted = [json.loads(line) for line in LINES[1:]]
    assert read == [(line["title"], line["sources"], line["status"], line["episodes"]) for line in wanted]


def test_whole_lines_come_for_the_positions_that_are_wanted() -> None:
    with opening(packed(LINES))() as stream:
        found = dict(read_lines(stream, wanted={0, 41}, limits=LIMITS))
    assert found == {0: json.loads(LINES[1]), 41: json.loads(LINES[42])}


def test_a_later_pass_notices_a_truncation_too() -> None:
    with opening(packed(LINES)[:-1])() as stream, pytest.raises(BadInput, match="truncated"):
        list(read_entries(stream, limits=LIMITS))
