"""The one spelling of a JSON value, so that equal content has an equal hash.

The SHA-256 of a proposed entry is what a reviewer sees, what the decision carries, and what the commit compares.
"""

import hashlib
from typing import Any

import orjson

from models.anime import dump_entry
from models.base import Model


def canonical_bytes(value: Model | Any) -> bytes:
    """UTF-8 JSON with sorted keys and no blanks; an entry, or a part of one, in its form without nulls."""
    content = dump_entry(value) if isinstance(value, Model) else value
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def sha256_of(value: Model | Any) -> str:
    """SHA-256, in hexadecimal, of the value's canonical bytes."""
    return sha256_of_bytes(canonical_bytes(value))


def sha256_of_bytes(body: bytes) -> str:
    """For a stored object, whose body is what was hashed."""
    return hashlib.sha256(body).hexdigest()
