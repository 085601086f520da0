"""Brings the stores to the schema that stands in the code, when a deployment asks for it."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from models.collections import schema_hash
from models.errors import BadInput, Retryable
from models.events import MigrateInput, MigrateOutput
from workflows.ports import Migration, Schema

PAUSE: Final = 5.0
"""Seconds between attempts: cluster, users and keys are made just before, and not every node knows them at once."""

T = TypeVar("T")


def migrate(
    event: MigrateInput,
    schemas: Sequence[Schema],
    *,
    sleep: Callable[[float], None],
    out_of_time: Callable[[], bool],
) -> MigrateOutput:
    """No store is changed before all of them have been found able to follow. What may succeed later is repeated until
    ``out_of_time``.

    Raises:
        BadInput: the caller asks for another schema than the code has.
        SchemaConflict: a store cannot follow; the message says what to do.
        Unavailable: a store did not answer in time; the same call goes on where this one ended.
    """
    ours = schema_hash()
    if event.schema_hash not in {None, ours}:
        raise BadInput("the deployed function has another schema than the program that calls it; deploy its code first")

    def patiently(action: Callable[[], T]) -> T:
        while True:
            try:
                return action()
            except Retryable:
                if out_of_time():
                    raise
                sleep(PAUSE)

    for schema in schemas:
        patiently(schema.check)
    done = sum((patiently(schema.migrate) for schema in schemas), Migration())
    return MigrateOutput(created=done.created, changed=done.changed, left_over=done.left_over, schema_hash=ours)
