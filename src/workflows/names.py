"""Names that a machine or a lock accepts, made from run ids, which may hold dots."""

import hashlib
import re
from typing import Final

_REFUSED: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGITS: Final = 8


def name_part(run_id: str) -> str:
    """The run id where it is a legal name; else one that no other run id gives, at most 73 characters long."""
    part = _REFUSED.sub("_", run_id)
    return part if part == run_id else f"{part}-{hashlib.sha256(run_id.encode()).hexdigest()[:_DIGITS]}"
