"""Points in order of their ids, from memory or from runs on disk."""

import random

import pytest

from domain.snapshot_format import unpack_vectors
from models.vectors import VectorPoint
from workflows.point_order import by_anime_id


def points(count: int) -> list[VectorPoint]:
    vectors = unpack_vectors({"text": "zczMPc3MTD6amZk+"})
    return [
        VectorPoint(anime_id=f"ani_{number:05d}", vectors=vectors, payload={"title": f"é {number}", "sources": ["a"]})
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 50])
def test_every_point_comes_once_in_order_and_unchanged(count: int) -> None:
    shuffled = points(count)
    random.Random(count).shuffle(shuffled)
    assert list(by_anime_id(iter(shuffled), held=7)) == points(count)


def test_few_points_need_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    assert list(by_anime_id(reversed(points(6)), held=7)) == points(6)
    with pytest.raises(TypeError):
        list(by_anime_id(points(7), held=7))
