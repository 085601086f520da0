"""Lines of a release: read whole, read fast, and held against the schema."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InvalidEntry
from models.ids import normalise_sources
from models.offline import (
    OfflineEntry,
    check_line,
    decode_watched,
    is_placeholder_picture,
    read_metadata,
    read_offline,
)
from tests.support.samples import FIRST, SECOND, cowboy_bebop_line, release_lines

REQUIRED = frozenset(
    {
        "sources", "title", "type", "episodes", "status", "animeSeason", "picture", "thumbnail", "synonyms", "studios",
        "producers", "relatedAnime", "tags",
    }
)  # fmt: skip
"""As the schema of the dataset has it."""


def cowboy_bebop(**fields: Any) -> bytes:
    return json.dumps(json.loads(cowboy_bebop_line()) | fields).encode()


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_every_line_is_accepted_and_written_as_it_was(path: Any) -> None:
    _, *lines = release_lines(path)
    for line in lines:
        check_line(line)
        assert read_offline(line).model_dump(mode="json", exclude_none=True) == json.loads(line)


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_the_fast_decoder_reads_the_same(path: Any) -> None:
    _, *lines = release_lines(path)
    for line in lines:
        watched, offered = decode_watched(line), read_offline(line)
        assert watched.canonical_sources == offered.canonical_sources
        assert (watched.title, watched.status, watched.episodes) == (offered.title, offered.status, offered.episodes)


def test_metadata_is_the_first_line_and_no_other() -> None:
    first, second, *_ = release_lines(SECOND)
    metadata = read_metadata(first)
    assert metadata.last_update == "2026-01-31"
    assert metadata.license.name.startswith("Open Data Commons Open Database License")
    with pytest.raises(InvalidEntry):
        read_metadata(second)
    for read in (read_offline, decode_watched, check_line):
        with pytest.raises(InvalidEntry):
            read(first)


def test_required_fields_are_those_of_the_dataset() -> None:
    assert {field.alias for field in OfflineEntry.model_fields.values() if field.is_required()} == REQUIRED


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_a_missing_field_is_refused_and_named(field: str) -> None:
    line = json.loads(cowboy_bebop_line())
    del line[field]
    for read in (read_offline, check_line):
        with pytest.raises(InvalidEntry, match=field):
            read(json.dumps(line).encode())


def test_fields_that_the_schema_does_not_know_are_ignored() -> None:
    line = cowboy_bebop(mood="melancholic", animeSeason={"season": "SPRING", "year": 1998, "month": 4})
    check_line(line)
    assert read_offline(line) == read_offline(cowboy_bebop_line())


@pytest.mark.parametrize("read", [read_offline, decode_watched, check_line])
@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"sources":'])
def test_what_is_no_json_object_is_refused(read: Any, line: bytes) -> None:
    with pytest.raises(InvalidEntry):
        read(line)


_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3000)
    | st.sampled_from(
        ["", "TV", "FINISHED", "https://myanimelist.net/anime/1", "https://a b", "https://a\n", "ftp://a"]
    )
    | st.lists(st.sampled_from(["", "https://kitsu.app/anime/1", "no url"]) | st.integers(0, 1), max_size=2)
    | st.fixed_dictionaries(
        {},
        optional={
            "season": st.sampled_from(["FALL", "UNDEFINED", "AUTUMN"]),
            "year": st.integers(1900, 1910) | st.none(),
            "value": st.integers(-1, 2),
            "unit": st.sampled_from(["SECONDS", "MINUTES"]),
        },
    )
)


@settings(max_examples=500)
@given(field=st.sampled_from(sorted(REQUIRED | {"duration", "score"})), value=_VALUES)
def test_both_ways_of_checking_a_line_agree(field: str, value: object) -> None:
    line = cowboy_bebop(**{field: value})
    assert _accepts(read_offline, line) == _accepts(check_line, line)


def _accepts(read: Any, line: bytes) -> bool:
    try:
        read(line)
    except InvalidEntry:
        return False
    return True


def test_sources_are_looked_up_in_canonical_spelling_and_kept_as_offered() -> None:
    spelled = ["https://kitsu.io/anime/1", "http://www.myanimelist.net/anime/1/Cowboy_Bebop"]
    line = cowboy_bebop(sources=spelled)
    assert read_offline(line).sources == spelled
    assert read_offline(line).canonical_sources == decode_watched(line).canonical_sources == normalise_sources(spelled)


def test_the_picture_that_stands_for_none_is_known() -> None:
    base = "https://raw.githubusercontent.com/manami-project/anime-offline-database/master/pics"
    assert is_placeholder_picture(f"{base}/no_pic.png")
    assert is_placeholder_picture(f"{base}/no_pic_thumbnail.png")
    assert not is_placeholder_picture("https://media.kitsu.app/anime/poster_images/1/large.jpg")
