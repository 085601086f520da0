"""The servers that the adapters are tested against."""

from tests.support.fixtures import (
    _migrated_database,
    aws_endpoint,
    mongo_database,
    mongo_uri,
    valkey_url,
)

__all__ = ["_migrated_database", "aws_endpoint", "mongo_database", "mongo_uri", "valkey_url"]
