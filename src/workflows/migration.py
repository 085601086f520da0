"""Brings the stores to the schema that stands in the code, when a deployment asks for it."""

from collections.abc import Callable, Sequence
from typing import Final

from models.collections import schema_hash
from models.errors import BadInput
from models.events import MigrateInput, MigrateOutput
from workflows.ports import Migration, Schema
from workflows.retrying import with_retries

WAITS: Final = (2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds. A deployment makes cluster, users and keys just before, and not every node knows them at once."""


def migrate(
    event: MigrateInput,
    schemas: Sequence[Schema],
    *,
    sleep: Callable[[float], None],
    waits: Sequence[float] = WAITS,
) -> MigrateOutput:
    """No store is changed before all of them have been found able to follow.

    Raises:
        BadInput: the caller asks for another schema than the code has.
        SchemaConflict: a store cannot follow; the message says what to do.
        Unavailable: a store did not answer in time; the same call goes on where this one ended.
    """
    ours = schema_hash()
    if event.schema_hash not in {None, ours}:
        raise BadInput("the deployed function has another schema than the program that calls it; deploy its code first")
    for schema in schemas:
        with_retries(schema.check, waits=waits, sleep=sleep)
    done = sum((with_retries(schema.migrate, waits=waits, sleep=sleep) for schema in schemas), Migration())
    return MigrateOutput(created=done.created, changed=done.changed, left_over=done.left_over, schema_hash=ours)
