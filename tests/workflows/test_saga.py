from typing import Literal

import pytest

from models.errors import Malformed
from models.ids import mint_anime_id
from models.vectors import VectorPoint
from tests.support.crashing import Faults
from tests.support.fakes import FakeObjects
from workflows.saga import SagaRecord, StoredPoint, close_record, load_record, open_record

ANIME = mint_anime_id("https://myanimelist.net/anime/1")
OPEN = SagaRecord(execution="refresh-1", anime_id=ANIME, state="open", change=None)
Closed = Literal["done", "undone"]


@pytest.fixture
def objects() -> FakeObjects:
    return FakeObjects()


def test_the_first_record_stays(objects: FakeObjects) -> None:
    open_record(OPEN, objects)
    close_record(ANIME, OPEN.execution, "undone", objects)
    assert open_record(OPEN, objects).state == "undone"


@pytest.mark.parametrize(("first", "second"), [("done", "undone"), ("undone", "done")])
def test_a_closed_record_stays_as_it_is(objects: FakeObjects, first: Closed, second: Closed) -> None:
    open_record(OPEN, objects)
    assert close_record(ANIME, OPEN.execution, first, objects).state == first
    assert close_record(ANIME, OPEN.execution, second, objects).state == first
    stored = load_record(ANIME, OPEN.execution, objects)
    assert stored is not None
    assert stored.state == first


@pytest.mark.parametrize("opened", [True, False])
def test_of_two_that_close_it_at_once_one_wins(objects: FakeObjects, opened: bool) -> None:
    if opened:
        open_record(OPEN, objects)
    faults = Faults(hooks={0: lambda: close_record(ANIME, OPEN.execution, "done", objects)})
    closed = close_record(ANIME, OPEN.execution, "undone", faults.wrap("objects", objects))
    assert closed.state == "done"


def test_each_execution_has_its_own(objects: FakeObjects) -> None:
    open_record(OPEN, objects)
    assert load_record(ANIME, "refresh-2", objects) is None


def test_what_is_no_record_is_refused(objects: FakeObjects) -> None:
    objects.put(OPEN.key, b'{"state": "maybe"}')
    with pytest.raises(Malformed):
        load_record(ANIME, OPEN.execution, objects)


def test_a_point_comes_back_as_it_was() -> None:
    point = VectorPoint(anime_id=ANIME, vectors={"text": [0.1, -0.2, 1 / 3]}, payload={"revision": 1, "genres": []})
    stored = StoredPoint.model_validate_json(StoredPoint.of(point).model_dump_json())
    assert stored.point(ANIME) == point
