"""A migration of all stores: who is asked first, what is repeated, and what the answer says."""

import pytest

from models.collections import schema_hash
from models.errors import BadInput, SchemaConflict, Unavailable
from models.events import MigrateInput, MigrateOutput
from workflows.migration import PAUSE, migrate
from workflows.ports import Migration

CURRENT = MigrateInput(schema_hash=schema_hash())


class FakeSchema:
    """Says into ``calls`` what it is asked for; ``failures`` are raised in turn, one a call."""

    def __init__(self, name: str, calls: list[str], *failures: Exception, done: Migration | None = None) -> None:
        self.name = name
        self.calls = calls
        self.done = done or Migration()
        self.failures = list(failures)

    def check(self) -> None:
        self._called("check")

    def migrate(self) -> Migration:
        self._called("migrate")
        return self.done

    def _called(self, method: str) -> None:
        self.calls.append(f"{self.name}.{method}")
        if self.failures:
            raise self.failures.pop(0)


def never() -> bool:
    return False


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s for nothing")


def test_every_store_is_checked_before_the_first_one_changes() -> None:
    calls: list[str] = []
    schemas = (FakeSchema("documents", calls), FakeSchema("vectors", calls))

    migrate(CURRENT, schemas, sleep=no_sleep, out_of_time=never)

    assert calls == ["documents.check", "vectors.check", "documents.migrate", "vectors.migrate"]


def test_the_answer_adds_up_what_was_done() -> None:
    calls: list[str] = []
    schemas = (
        FakeSchema("documents", calls, done=Migration(created=("animes",), changed=("animes.status",))),
        FakeSchema("vectors", calls, done=Migration(created=("animes",), left_over=("old",))),
    )

    assert migrate(CURRENT, schemas, sleep=no_sleep, out_of_time=never) == MigrateOutput(
        created=("animes", "animes"), changed=("animes.status",), left_over=("old",), schema_hash=schema_hash()
    )


@pytest.mark.parametrize("asked", [None, schema_hash()])
def test_whoever_names_no_schema_means_the_one_in_the_code(asked: str | None) -> None:
    assert migrate(MigrateInput(schema_hash=asked), (), sleep=no_sleep, out_of_time=never).schema_hash == schema_hash()


def test_a_function_whose_code_is_not_that_of_the_program_touches_nothing() -> None:
    calls: list[str] = []

    with pytest.raises(BadInput, match="deploy its code first"):
        migrate(
            MigrateInput(schema_hash="another"), (FakeSchema("documents", calls),), sleep=no_sleep, out_of_time=never
        )

    assert calls == []


def test_a_store_that_cannot_follow_keeps_the_others_from_changing() -> None:
    calls: list[str] = []
    schemas = (FakeSchema("documents", calls), FakeSchema("vectors", calls, SchemaConflict("size")))

    with pytest.raises(SchemaConflict):
        migrate(CURRENT, schemas, sleep=no_sleep, out_of_time=never)

    assert calls == ["documents.check", "vectors.check"]


def test_a_store_that_was_made_a_moment_ago_is_waited_for() -> None:
    calls: list[str] = []
    waited: list[float] = []
    not_yet = [Unavailable("not yet")] * 2

    migrate(CURRENT, (FakeSchema("documents", calls, *not_yet),), sleep=waited.append, out_of_time=never)

    assert calls == ["documents.check"] * 3 + ["documents.migrate"]
    assert waited == [PAUSE] * 2


def test_a_store_that_never_answers_ends_the_migration_when_its_time_is_over() -> None:
    calls: list[str] = []
    silent = [Unavailable("down")] * 20
    time_left = iter([False, False, True])

    with pytest.raises(Unavailable):
        migrate(
            CURRENT,
            (FakeSchema("documents", calls, *silent),),
            sleep=lambda _seconds: None,
            out_of_time=lambda: next(time_left),
        )

    assert calls == ["documents.check"] * 3
