"""Which key of the vector index each function has, held against what its code can come to ask of the index."""

import pytest

from components.application.concerns import Concern
from components.application.pipeline import FUNCTIONS
from components.qdrant.rights import RIGHTS, IndexRights
from tests.components import mongo_needs
from workflows.ports import Vectors

CONSUMERS = {spec.task: spec.index for spec in FUNCTIONS if spec.index is not None}

READING = {"get", "search", "scan", "count"}
WRITING = {"upsert", "restore", "delete", "insert_missing", "overwrite", "set_payload", "remove"}


@pytest.fixture(autouse=True)
def _ports_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo_needs, "PORTS", {"vectors": "vectors", "schema": "schema"})


def needed(task: str) -> IndexRights | None:
    """``vectors`` is also the name of what a point holds, whose methods are not the port's."""
    methods = mongo_needs.methods_of(task)
    called = {name for port, name in methods if port == "vectors"}
    if ("schema", "migrate") in methods:
        return IndexRights.MANAGE
    if called & WRITING:
        return IndexRights.WRITE
    return IndexRights.READ if called & READING else None


def test_every_method_of_the_index_is_judged() -> None:
    methods = {name for name in vars(Vectors) if not name.startswith("_")}

    assert methods == READING | WRITING


def test_every_function_with_the_index_has_a_key_and_no_other() -> None:
    assert {spec.task for spec in FUNCTIONS if Concern.VECTOR_INDEX in spec.concerns} == CONSUMERS.keys()


@pytest.mark.parametrize("task", sorted(CONSUMERS))
def test_a_key_permits_what_the_function_does_and_no_more(task: str) -> None:
    assert RIGHTS[CONSUMERS[task]] == needed(task)


def test_a_function_without_the_index_asks_nothing_of_it() -> None:
    without = [spec.task for spec in FUNCTIONS if Concern.VECTOR_INDEX not in spec.concerns]

    assert {task: needed(task) for task in without if needed(task)} == {}
