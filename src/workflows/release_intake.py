"""Reading a release: in a first pass to see that it is whole and right, later for what it says.

A release is one zstd frame of JSON lines. Every pass decompresses with the same checks, in pieces of bounded size, so
the file is never in memory whole and a hostile one cannot fill it:

* the window and the unpacked size are capped,
* the frame must come to its end (a decompressor alone takes a truncated file for a short one), hold what its header
  says, and be the last thing in the file.
"""

import hashlib
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Final, NoReturn, Protocol

import msgspec
import zstandard

from domain.releases import (
    MIB,
    WHAT_TO_GIVE,
    Download,
    ReleaseFacts,
    ReleaseLimits,
    ResolvedRelease,
    canonical_sources,
    check_metadata,
)
from models.errors import BadInput, InvalidEntry
from models.offline import WatchedEntry, check_line, decode_watched, read_metadata
from workflows.ports import ObjectWriter

OpenStream = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens the release anew, from its beginning, for reading forward."""

_BLOCK: Final = 64 * 1024
_PIECE: Final = 256
"""Compressed bytes given to the decompressor at a time. zstd repeats 128 KiB in 4 bytes at best, so what comes out
stays at 8 MiB whatever the file is made of; real releases give 3 KiB."""

_HEADER: Final = 18
"""The longest zstd frame header."""

_UNKNOWN_SIZE: Final = zstandard.CONTENTSIZE_UNKNOWN


class ReleaseSource(Protocol):
    """Where releases are published."""

    def resolve(self, tag: str | None) -> ResolvedRelease:
        """The release of that tag; the newest for None or ``latest``.

        Raises:
            NotFound: no such release, or it has no such asset.
            BadInput: the text cannot be a tag.
            Retryable, Permanent: the source does not answer, or not sensibly.
        """
        ...

    def download(
        self, release: ResolvedRelease, open_writer: Callable[[], AbstractContextManager[ObjectWriter]]
    ) -> Download:
        """Streams the asset into a writer, a new one for each attempt; one that failed leaves nothing.

        Raises:
            Malformed: it is not what the publisher says, by size or digest.
            BadInput: it is larger than allowed.
            Retryable, Permanent: the source does not answer, or not sensibly.
        """
        ...


def verify_release(open_stream: OpenStream, *, sha256: str | None, limits: ReleaseLimits) -> ReleaseFacts:
    """The first pass: the digest of the file as given, then every line against the schema of the dataset.

    Raises:
        BadInput: it is not a whole, right release; one line that says what is wrong and what to do.
    """
    facts = _Reading(limits)
    with open_stream() as stream:
        if sha256 is not None:
            _check_digest(stream, sha256, limits)
    with open_stream() as stream:
        lines = facts.lines(stream)
        release = _metadata(next(lines, b""))
        entries = 0
        for number, line in enumerate(lines, start=2):
            _check_line(number, line)
            entries += 1
    if entries == 0:
        raise BadInput(f"the release holds no entries; {WHAT_TO_GIVE}")
    return ReleaseFacts(
        release=release,
        entries=entries,
        sha256=facts.digest.hexdigest(),
        compressed_bytes=facts.compressed,
        unpacked_bytes=facts.unpacked,
    )


def read_entries(stream: BinaryIO, *, limits: ReleaseLimits) -> Iterator[WatchedEntry]:
    """The watched fields of every entry, in order.

    Raises:
        BadInput: as ``verify_release``.
    """
    for number, line in enumerate(_entry_lines(stream, limits), start=2):
        try:
            yield decode_watched(line)
        except InvalidEntry as error:
            _refuse_line(number, error)


def read_lines(
    stream: BinaryIO, *, wanted: Container[int], limits: ReleaseLimits
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole entries, with their positions (the first entry is 0), of those positions that are wanted.

    Raises:
        BadInput: as ``verify_release``.
    """
    for position, line in enumerate(_entry_lines(stream, limits)):
        if position in wanted:
            yield position, msgspec.json.decode(line, type=dict[str, Any])


def _entry_lines(stream: BinaryIO, limits: ReleaseLimits) -> Iterator[bytes]:
    lines = _Reading(limits).lines(stream)
    next(lines, None)
    return lines


class _Reading:
    """One pass over a release, and what it has counted so far."""

    def __init__(self, limits: ReleaseLimits) -> None:
        self._limits = limits
        self.digest = hashlib.sha256()
        self.compressed = 0
        self.unpacked = 0

    def lines(self, stream: BinaryIO) -> Iterator[bytes]:
        """Lines without their ends; blank ones are left out."""
        rest = b""
        for data in self._unpack(stream):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > self._limits.max_line_bytes or max(map(len, whole), default=0) > self._limits.max_line_bytes:
                raise BadInput(
                    f"a line is longer than {self._limits.max_line_bytes / MIB:g} MiB, so this is no release in JSON "
                    f"lines; {WHAT_TO_GIVE}"
                )
            yield from (line for line in whole if line and not line.isspace())
        if rest and not rest.isspace():
            yield rest

    def _pieces(self, stream: BinaryIO) -> Iterator[bytes]:
        while block := stream.read(_BLOCK):
            self.digest.update(block)
            self.compressed += len(block)
            if self.compressed > self._limits.max_compressed_bytes:
                _refuse_size(self._limits)
            view = memoryview(block)
            for start in range(0, len(block), _PIECE):
                yield bytes(view[start : start + _PIECE])

    def _unpack(self, stream: BinaryIO) -> Iterator[bytes]:
        pieces = self._pieces(stream)
        head = b""
        while len(head) < _HEADER and (piece := next(pieces, b"")):
            head += piece
        declared = self._check_header(head)
        frame = zstandard.ZstdDecompressor(max_window_size=self._limits.max_window_bytes).decompressobj()
        try:
            yield self._counted(frame.decompress(head))
            for piece in pieces:
                if frame.eof:
                    self._refuse_more()
                yield self._counted(frame.decompress(piece))
        except zstandard.ZstdError as error:
            raise BadInput(f"the file is damaged (zstd: {error}); download it again") from error
        if frame.unused_data:
            self._refuse_more()
        if not frame.eof or declared not in {_UNKNOWN_SIZE, self.unpacked}:
            expected = "" if declared == _UNKNOWN_SIZE else f" of {declared:,}"
            raise BadInput(f"the file is truncated: it ends after {self.unpacked:,}{expected} bytes; download it again")

    def _check_header(self, head: bytes) -> int:
        """The unpacked size that the frame's header states."""
        try:
            header = zstandard.get_frame_parameters(head)
        except zstandard.ZstdError as error:
            raise BadInput(f"the file is not zstd-compressed; {WHAT_TO_GIVE}") from error
        if header.window_size > self._limits.max_window_bytes:
            raise BadInput(
                f"the file wants {header.window_size / MIB:,.0f} MiB of memory to unpack, "
                f"{self._limits.max_window_bytes / MIB:,.0f} MiB are allowed; compress it without --long"
            )
        if header.content_size != _UNKNOWN_SIZE and header.content_size > self._limits.max_unpacked_bytes:
            self._refuse_unpacked()
        return int(header.content_size)

    def _counted(self, data: bytes) -> bytes:
        self.unpacked += len(data)
        if self.unpacked > self._limits.max_unpacked_bytes:
            self._refuse_unpacked()
        return data

    def _refuse_unpacked(self) -> NoReturn:
        raise BadInput(
            f"the release is too large when unpacked, the limit is {self._limits.max_unpacked_bytes / MIB:,.0f} MiB; "
            "check the file, or raise the stack's limit release_max_unpacked_mib"
        )

    def _refuse_more(self) -> NoReturn:
        raise BadInput(f"more follows behind the end of the compressed data; {WHAT_TO_GIVE}")


def _refuse_size(limits: ReleaseLimits) -> NoReturn:
    raise BadInput(
        f"the file is too large, the limit is {limits.max_compressed_bytes / MIB:,.0f} MiB; "
        "check the file, or raise the stack's limit release_max_compressed_mib"
    )


def _check_digest(stream: BinaryIO, expected: str, limits: ReleaseLimits) -> None:
    digest, size = hashlib.sha256(), 0
    while block := stream.read(MIB):
        digest.update(block)
        size += len(block)
        if size > limits.max_compressed_bytes:
            _refuse_size(limits)
    if digest.hexdigest() != expected.lower():
        raise BadInput(
            f"the file's SHA-256 is {digest.hexdigest()}, not {expected}; download it again, or give the digest of the "
            "compressed file as it is"
        )


def _metadata(line: bytes) -> str:
    try:
        return check_metadata(read_metadata(line))
    except InvalidEntry as error:
        raise BadInput(
            f"line 1 is not the metadata of a release ({_one_line('; '.join(error.problems))}); {WHAT_TO_GIVE}"
        ) from error


def _check_line(number: int, line: bytes) -> None:
    try:
        check_line(line)
        canonical_sources(decode_watched(line).sources)
    except InvalidEntry as error:
        _refuse_line(number, error)
    except ValueError as error:
        raise BadInput(f"line {number:,} of the release: {_one_line(str(error))}; {WHAT_TO_GIVE}") from error


def _refuse_line(number: int, error: InvalidEntry) -> NoReturn:
    problem = _one_line("; ".join(error.problems))
    raise BadInput(f"line {number:,} of the release does not fit its schema: {problem}; {WHAT_TO_GIVE}") from error


def _one_line(text: str, limit: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
