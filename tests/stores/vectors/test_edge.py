"""What only the embedded engine can get wrong: its folder, and that it belongs to one process."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import Malformed, NotFound, Permanent, Unavailable
from models.vectors import VectorPoint
from stores.vectors.edge import EdgeVectors
from stores.vectors.edge_engine import close_engines
from stores.vectors.edge_schema import EdgeSchema
from tests.support.contracts.samples import anime_id, point


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    close_engines(tmp_path)


def test_a_collection_that_was_not_made_is_not_found(folder: Path) -> None:
    with pytest.raises(NotFound):
        EdgeVectors(folder).count()


def test_points_survive_a_restart(folder: Path) -> None:
    EdgeSchema(folder).migrate()
    vectors = EdgeVectors(folder)
    vectors.insert_missing([point(1)])
    vectors.upsert(point(2, saga="s"), base_revision=None, saga="s")

    close_engines(folder)

    assert vectors.count() == 2
    found = vectors.get(anime_id(2))
    assert found is not None
    assert found.payload == point(2, saga="s").payload


def test_an_engine_whose_folder_is_gone_is_closed_in_silence(folder: Path) -> None:
    """As when a stack removes its data before its process ends."""
    EdgeSchema(folder / "stack").migrate()
    vectors = EdgeVectors(folder / "stack")
    vectors.insert_missing([point(1)])
    shutil.rmtree(folder / "stack")

    close_engines(folder)

    with pytest.raises(NotFound):
        vectors.count()


def test_adapters_of_one_folder_share_the_engine(folder: Path) -> None:
    EdgeSchema(folder).migrate()
    one, other = EdgeVectors(folder), EdgeVectors(folder / "x" / "..")

    one.insert_missing([point(1)])

    assert other.count() == 1


_OTHER_PROCESS = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from models.errors import Unavailable
from stores.vectors.edge import EdgeVectors
try:
    EdgeVectors(Path({folder!r})).count()
except Unavailable:
    print("unavailable")
"""


def test_another_process_gets_unavailable(folder: Path) -> None:
    EdgeSchema(folder).migrate()
    script = _OTHER_PROCESS.format(path=[part for part in sys.path if part], folder=str(folder))

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert answer.stdout.strip() == "unavailable", answer.stderr


def test_a_damaged_folder_is_unavailable(folder: Path) -> None:
    (folder / "animes").mkdir()
    (folder / "animes" / "segments").write_bytes(b"no folder")

    with pytest.raises(Unavailable):
        EdgeVectors(folder).count()


def test_a_vector_of_wrong_length_is_refused(folder: Path) -> None:
    EdgeSchema(folder).migrate()
    vectors = EdgeVectors(folder)

    with pytest.raises(Permanent):
        vectors.overwrite([VectorPoint(anime_id=anime_id(1), vectors={"text": [1.0, 0.0]}, payload={})])


def test_a_point_of_somebody_else_is_malformed(folder: Path) -> None:
    import qdrant_edge

    EdgeSchema(folder).migrate()
    vectors = EdgeVectors(folder)
    foreign = qdrant_edge.Point("00000000-0000-0000-0000-000000000001", {"text": [1.0] * 256}, {"x": 1})
    vectors._shard().update(qdrant_edge.UpdateOperation.upsert_points([foreign]))

    with pytest.raises(Malformed):
        list(vectors.scan(with_vectors=False))
