"""The baseline is written conditionally, and so moves on once."""

import pytest

from models.errors import AlreadyExists, Malformed
from tests.support.fakes import FakeObjects
from workflows import keys, sync_state
from workflows.sync_state import PendingAnime, SyncState

ONE = PendingAnime(anime_id="ani_00000000000000000000000001", sources=("https://anilist.co/anime/1",))
FIRST = SyncState(release="2026-04", sha="a" * 40, pending=(ONE,))
SECOND = SyncState(release="2026-05", sha="b" * 40)


def test_there_is_no_baseline_before_the_first() -> None:
    assert sync_state.load(FakeObjects()) is None


def test_what_is_written_is_read_again() -> None:
    objects = FakeObjects()
    created = sync_state.create(objects, FIRST)
    assert sync_state.load(objects) == created
    assert created.state == FIRST


def test_a_first_baseline_overwrites_none() -> None:
    objects = FakeObjects()
    sync_state.create(objects, FIRST)
    with pytest.raises(AlreadyExists):
        sync_state.create(objects, SECOND)
    assert (loaded := sync_state.load(objects)) is not None
    assert loaded.state == FIRST


def test_of_two_that_read_the_same_baseline_one_wins() -> None:
    objects = FakeObjects()
    read = sync_state.create(objects, FIRST)
    won = sync_state.advance(objects, SECOND, over=read)
    with pytest.raises(AlreadyExists, match="another run moved the baseline on"):
        sync_state.advance(objects, FIRST.model_copy(update={"pending": ()}), over=read)
    assert sync_state.load(objects) == won


def test_an_equal_state_is_not_written_again() -> None:
    objects = FakeObjects()
    read = sync_state.create(objects, FIRST)
    sync_state.advance(objects, SECOND, over=read)
    assert sync_state.advance(objects, FIRST, over=read) == read


@pytest.mark.parametrize("body", [b"", b"{}", b'{"release": "x", "sha": "not a sha!", "pending": []}'])
def test_another_shape_is_refused(body: bytes) -> None:
    objects = FakeObjects()
    objects.put(keys.SYNC_STATE, body)
    with pytest.raises(Malformed):
        sync_state.load(objects)


def test_the_enriched_database_is_marked_and_keeps_its_other_metadata() -> None:
    objects = FakeObjects()
    objects.put(keys.ENRICHED_DATABASE, b"[]", metadata={keys.SOURCE_SHA_METADATA: "old", "made-by": "snapshot"})
    sync_state.record_source_sha(objects, "new")
    info = objects.head(keys.ENRICHED_DATABASE)
    assert info is not None
    assert info.metadata == {keys.SOURCE_SHA_METADATA: "new", "made-by": "snapshot"}


def test_nothing_is_marked_where_there_is_no_enriched_database() -> None:
    objects = FakeObjects()
    sync_state.record_source_sha(objects, "new")
    assert objects.keys() == ()
