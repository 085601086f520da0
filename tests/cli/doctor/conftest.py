"""The servers that the doctor is tested against."""

from tests.support.fixtures import aws_endpoint, mongo_uri, valkey_url

__all__ = ["aws_endpoint", "mongo_uri", "valkey_url"]
