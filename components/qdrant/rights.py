"""Who reaches the vector index, and with which rights. Each consumer has a key of its own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class IndexRights(StrEnum):
    """What a key permits."""

    MANAGE = "manage"
    """Everything, collections and their indexes included."""
    WRITE = "write"
    """Reading and writing points of the named collections."""
    READ = "read"
    """Reading points of the named collections."""


class IndexConsumer(StrEnum):
    """Whoever has a key: functions that need the same rights share one, and a service has its own."""

    MIGRATION = "migration"
    WRITERS = "writers"
    READERS = "readers"
    AGENT = "agent"


RIGHTS: Final[Mapping[IndexConsumer, IndexRights]] = {
    IndexConsumer.MIGRATION: IndexRights.MANAGE,
    IndexConsumer.WRITERS: IndexRights.WRITE,
    IndexConsumer.READERS: IndexRights.READ,
    IndexConsumer.AGENT: IndexRights.READ,
}
