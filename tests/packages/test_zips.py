"""The same content gives the same bytes, whatever the machine, the order and the hour."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from components.packages.zips import replace_if_different, write_deflated, zipped

MEMBERS = [("b/second.py", b"2\r\n"), ("a.py", b"1\n"), ("b/first.py", b"")]


def deflated(folder: Path) -> Callable[[list[tuple[str, bytes]]], bytes]:
    def write(members: list[tuple[str, bytes]]) -> bytes:
        write_deflated(folder / "x.zip", members)
        return (folder / "x.zip").read_bytes()

    return write


def test_the_order_of_the_members_does_not_show(tmp_path: Path) -> None:
    for make in (zipped, deflated(tmp_path)):
        assert make(MEMBERS[::-1]) == make(MEMBERS)


def test_members_are_sorted_have_no_time_and_may_be_read_by_everybody(tmp_path: Path) -> None:
    for make in (zipped, deflated(tmp_path)):
        with zipfile.ZipFile(io.BytesIO(make(MEMBERS))) as archive:
            assert archive.namelist() == ["a.py", "b/first.py", "b/second.py"]
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}
            assert {info.create_system for info in archive.infolist()} == {3}
            assert archive.read("b/second.py") == b"2\r\n"


def test_sources_are_stored_so_that_no_build_of_zlib_shows() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(MEMBERS))) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_file_that_is_as_wanted_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "build/a.zip"
    replace_if_different(path, b"one")
    inode = path.stat().st_ino

    replace_if_different(path, b"one")
    assert path.stat().st_ino == inode

    replace_if_different(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["a.zip"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    replace_if_different(path, b"one")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        replace_if_different(path, b"two")

    assert path.read_bytes() == b"one"
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]
